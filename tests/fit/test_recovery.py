"""Recovery: lives the model itself has played give its numbers back, with intervals that keep their word.

Each law: 20 replications of a segment whose 1,500 customers are new at month 0, followed for 72 months, half of the rows
seen from a tenure of 6 months on only (left truncation). Every law's parameters are estimated in each.
"""

import math

import numpy as np
import pytest
from experiment import play
from scipy import stats
from unit.making import parameters, setup

from retainsim import engine
from retainsim.draws import Luck
from retainsim.engine import calendar
from retainsim.fit import law
from retainsim.fit.buying import fit_buying
from retainsim.fit.purchase import Purchases
from retainsim.fit.spells import Spells

REPETITIONS, CUSTOMERS, MONTHS, LATE = 20, 1500, 72, 6.0
CHURN = 0.3
HAZARD = -math.log1p(-CHURN)
GAMMA, BETA = {"kind": "gamma", "variance": 1.0}, {"kind": "beta", "a": 0.8, "b": 2.0}
POWER = {"kind": "power", "power": 0.7}
STEPS = {"kind": "steps", "months": [6, 24], "factors": [1.5, 1.0, 0.4]}
CASES = {
    "exponential": ({}, {"annual_churn": CHURN}),
    "weibull": ({"duration": POWER}, {"annual_churn": CHURN, "power": 0.7}),
    "gamma": ({"frailty": GAMMA}, {"annual_churn": 1 - 1 / (1 + HAZARD), "variance": 1.0}),
    "gamma-power": (
        {"frailty": GAMMA, "duration": {"kind": "power", "power": 1.4}},
        {"annual_churn": 1 - 1 / (1 + HAZARD), "variance": 1.0, "power": 1.4},
    ),
    "sbg": ({"frailty": BETA}, {"annual_churn": 0.8 / 2.8, "a": 0.8, "b": 2.0}),
    "bdw": (
        {"frailty": BETA, "duration": {"kind": "power", "power": 1.4}},
        {"annual_churn": 0.8 / 2.8, "a": 0.8, "b": 2.0, "power": 1.4},
    ),
    "steps": (
        {"duration": STEPS},
        {
            f"hazard {name}": f * HAZARD / 12
            for name, f in zip(["0-6 months", "6-24 months", "from 24 months"], STEPS["factors"], strict=True)
        },
    ),
    "sbg by contract": ({"frailty": BETA, "term_months": 12}, {"annual_churn": 0.8 / 2.8, "a": 0.8, "b": 2.0}),
}
SCALES = {"annual_churn": lambda x: math.log(-math.log1p(-x)), "variance": lambda x: x}


def played():
    """Play one firm in which each case is a segment, and return its customers' lives."""
    segments = {}
    for name, (segment, _) in CASES.items():
        churn = {} if segment.get("frailty") == BETA else {"annual_churn": CHURN}
        segments[name.replace(" ", "_")] = segment | churn
    customers = CUSTOMERS * len(segments)
    return play(replications=REPETITIONS, months=MONTHS, customers=customers, segments=segments, keep=True).customers


def lives(table, name):
    """Yield the customers of a case as spells, replication by replication."""
    for _, mine in table[table["segment"] == name.replace(" ", "_")].groupby("replication"):
        left = mine["left_month"].notna().to_numpy()
        exits = mine["left_month"].fillna(MONTHS).to_numpy(float)
        entry = np.where(np.arange(len(mine)) % 2, LATE, 0.0)
        yield Spells.of(exits[exits > entry], left[exits > entry], entry=entry[exits > entry])


@pytest.fixture(scope="module")
def found():
    """Return, for each case and parameter, what is true and the estimates of all repetitions."""
    fitted, table = {}, played()
    for name, (_, truth) in CASES.items():
        kind = name.split(" ")[0]
        more = {"grain": 12.0} if "contract" in name else {"knots": (6.0, 24.0)} if kind == "steps" else {}
        spells = list(lives(table, name))
        if "contract" in name:
            spells = [each.at_renewals(12.0) for each in spells]
        fits = [law.fit_law(each, kind, **more) for each in spells]
        fitted |= {(name, key): (value, [fit.estimates[key] for fit in fits]) for key, value in truth.items()}
    return fitted


@pytest.mark.long
def test_intervals_cover_what_is_true_19_times_out_of_20(found):
    """All parameters of all laws, 20 repetitions each; binomial bound at 4 standard errors, and 90 to 99 %.

    Parameters of one fit lean on each other, so that they count as half as many independent ones.
    """
    covered = np.array([sum(truth in each for each in estimates) for truth, estimates in found.values()])
    n = REPETITIONS * len(found)
    share = covered.sum() / n
    assert 0.90 <= share <= 0.99, dict(zip(found, covered, strict=True))
    assert share == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / (n / 2)))
    assert covered.min() >= stats.binom.ppf(1e-4, REPETITIONS, 0.95), dict(zip(found, covered, strict=True))


@pytest.mark.long
def test_estimates_are_right_on_average(found):
    """The mean of 20 estimates lies within 4 standard errors of what is true, on the scale each is estimated on."""
    off = {}
    for (name, key), (truth, estimates) in found.items():
        scale = SCALES.get(key, math.log)
        values = np.array([scale(each.value) for each in estimates])
        off[name, key] = (values.mean() - scale(truth)) / (values.std(ddof=1) / math.sqrt(REPETITIONS))
    z = np.array(list(off.values()))
    assert np.abs(z).max() < 4, off
    assert np.mean(np.abs(z) < 2) >= 0.8, off


# Buying: customers of one world are independent of one another, so that 20 lots of 1,000 are 20 samples.

SHOPS = {
    "bg-nbd": {"r": 0.8, "alpha": 2.5, "a": 0.9, "b": 3.0},
    "pareto-nbd": {"r": 0.8, "alpha": 2.5, "s": 0.9, "beta": 10.0},
}
SPEND = {"kind": "gamma", "mean": 30.0, "p": 6.0, "q": 4.0}


class Till:
    """Plays a firm and notes every purchase: by whom, when and for how much."""

    def __init__(self, law, *, customers, months):
        buys = {"per_month": law["r"] / law["alpha"], "shape": law["r"], "spend": SPEND}
        segment = {"buying": "purchases", "purchases": buys}
        if "a" in law:
            segment["purchases"] = buys | {"dropout": {"a": law["a"], "b": law["b"]}}
        else:
            churn = -math.expm1(-12 * law["s"] / law["beta"])
            segment |= {"annual_churn": churn, "frailty": {"kind": "gamma", "variance": 1 / law["s"]}}
        today = parameters(
            segments={"shop": segment},
            churn={"reasons": {"bored": 1.0}},
            run={"months": months + 6},  # the last month of a run is settled by what ends the run
            pool={"customers": customers, "tenure": "new"},
        )
        self._world = engine.build(setup(today), Luck(11, 0))
        self._names, self._notes = np.sort(self._world.pool["name"].copy()), []
        self._world.touches.listen("purchase", "test", self._note)
        self._world.env.process(calendar(self._world))
        self._world.env.run(until=months + 1e-6)
        self._months = months

    def _note(self, rows, times):
        self._notes.append((self._world.pool["name"][rows], times))

    def purchases(self):
        """Yield each lot of customers as purchases."""
        names, times = (np.concatenate(each) for each in zip(*self._notes, strict=True))
        place = np.searchsorted(self._names, names)
        again = times > 1e-9
        repeats = np.bincount(place[again], minlength=len(self._names))
        last = np.zeros(len(self._names))
        np.maximum.at(last, place[again], times[again])
        for lot in np.array_split(np.arange(len(self._names)), REPETITIONS):
            yield Purchases.of(repeats[lot], last[lot], np.full(len(lot), float(self._months)))


@pytest.mark.long
@pytest.mark.parametrize("kind", SHOPS)
def test_buyers_the_model_has_played_give_their_law_back(kind):
    """20 lots of 1,000 for 36 months. The four parameters of a lot lean on one another, so they count as one: at least
    0.95 - 4 standard errors (0.76); and means within 4 standard errors."""
    truth = SHOPS[kind]
    fits = [fit_buying(each, kind) for each in Till(truth, customers=1000 * REPETITIONS, months=36).purchases()]
    covered = np.mean([value in fit.estimates[name] for fit in fits for name, value in truth.items()])
    assert covered >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / REPETITIONS)
    for name, value in truth.items():
        logs = np.log([fit.estimates[name].value for fit in fits])
        assert abs(logs.mean() - math.log(value)) < 4 * logs.std(ddof=1) / math.sqrt(REPETITIONS), name
