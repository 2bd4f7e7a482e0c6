"""Theory of buying: segments without a contract against BG/NBD, Pareto/NBD and gamma-gamma (LITERATURE section 5b-d).

Purchases are counted customer by customer, so that every standard error comes from as many independent customers as n
says. Times are months: parameters published in weeks are taken as if they were.
"""

import math

import numpy as np
import pytest
from experiment import check, check_shares, mean
from scipy import integrate, special
from unit.making import arm, parameters, play, setup

from retainsim import engine, theory
from retainsim.calibration import calibrate
from retainsim.closing import future_value
from retainsim.draws import Luck
from retainsim.engine import calendar
from retainsim.laws import Lapse

SAME = {"kind": "same", "mean": 10.0}
CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}  # Fader, Hardie & Lee 2005
RICH = {"r": 2.0, "alpha": 3.0, "a": 1.0, "b": 0.7}
LOYAL = {"r": 0.8, "alpha": 1.5, "a": 2.0, "b": 8.0}
BG_NBD = pytest.mark.parametrize("law", [CDNOW, RICH, LOYAL], ids=["cdnow", "rich", "loyal"])
CDNOW_PARETO = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}  # likewise
KEEN = {"r": 2.0, "alpha": 3.0, "s": 2.0, "beta": 20.0}
ODD = {"r": 0.8, "alpha": 0.5, "s": 1.0, "beta": 40.0}  # s = 1, where the published E[X(t)] has a pole
PARETO_NBD = pytest.mark.parametrize("law", [CDNOW_PARETO, KEEN, ODD], ids=["cdnow", "keen", "odd"])


def shop(law, *, spend=SAME, **more):
    """Return a segment that buys purchase by purchase under a law of purchases and dropout."""
    buys = {"per_month": law["r"] / law["alpha"], "shape": law["r"], "spend": spend}
    if "a" in law:
        return {"buying": "purchases", "purchases": buys | {"dropout": {"a": law["a"], "b": law["b"]}}} | more
    churn = -math.expm1(-12 * law["s"] / law["beta"])
    frailty = {"kind": "gamma", "variance": 1 / law["s"]}
    return {"buying": "purchases", "purchases": buys, "annual_churn": churn, "frailty": frailty} | more


def firm(segment, *, customers=0, tenure="new", months=60, **tables):
    tables = {"run": {"months": months}, "pool": {"customers": customers, "tenure": tenure}} | tables
    return parameters(segments={"shop": segment}, churn={"reasons": {"bored": 1.0}}, **tables)


class Counter:
    """Plays a firm and counts what every customer of the opening pool has bought, and whether it is still there."""

    def __init__(self, today, *, seed=5, bases=None):
        self.world = engine.build(setup(today, bases=bases), Luck(seed, 0))
        self.names = np.sort(self.world.pool["name"].copy())
        self.bought = np.zeros(len(self.names), dtype=int)
        self.world.touches.listen("purchase", "test", self._count)
        self.world.env.process(calendar(self.world))

    def _count(self, rows, times):
        bought = self.world.pool["name"][rows]
        ours = np.isin(bought, self.names)
        np.add.at(self.bought, np.searchsorted(self.names, bought[ours]), 1)

    def at(self, month):
        """Return purchases by `month`, one count per customer, and how many customers are still there."""
        self.world.env.run(until=month + 1e-6)
        return self.bought, int(np.isin(self.world.pool["name"][self.world.pool.rows()], self.names).sum())


def check_counts(counts, expected, what):
    """Check the mean of independent counts."""
    check(counts.mean(), expected, counts.std(ddof=1) / math.sqrt(len(counts)), f"{what}, n = {len(counts)}")


# Newcomers


@BG_NBD
def test_newcomers_buy_and_drop_out_as_the_bg_nbd_says(law):
    n = 40_000
    found = Counter(firm(shop(law), customers=n))
    for month in (3, 12, 36):
        bought, active = found.at(month)
        check_counts(bought, theory.bg_nbd_purchases(month, **law), f"purchases by {month}")
        share = theory.bg_nbd_active(month, **law)
        check(active / n, share, theory.binomial_se(share, n), f"active at {month}, n = {n}")


def test_how_many_buy_how_often_is_as_the_bg_nbd_says():
    n = 40_000
    bought, _ = Counter(firm(shop(CDNOW), customers=n)).at(24)
    counts = np.bincount(np.minimum(bought, 8), minlength=9)
    chances = theory.bg_nbd_chances(range(8), time=24, **CDNOW)
    check_shares(counts, [*chances, 1 - chances.sum()], n, f"purchases by 24, n = {n}")


@PARETO_NBD
def test_newcomers_buy_and_leave_as_the_pareto_nbd_says(law):
    n = 40_000
    found, life = Counter(firm(shop(law), customers=n)), {"s": law["s"], "beta": law["beta"]}
    for month in (3, 12, 36):
        bought, alive = found.at(month)
        check_counts(bought, float(theory.pareto_nbd_purchases(month, **law)), f"purchases by {month}")
        share = float(theory.pareto_nbd_active(month, **life))
        check(alive / n, share, theory.binomial_se(share, n), f"alive at {month}, n = {n}")


def test_without_a_law_of_rates_everybody_buys_at_the_same_rate():
    """Poisson purchases: mean and variance 0.5 x 12."""
    n = 40_000
    segment = {"buying": "purchases", "purchases": {"per_month": 0.5, "spend": SAME}, "annual_churn": 0.0}
    bought, _ = Counter(firm(segment, customers=n)).at(12)
    check_counts(bought, 6.0, "purchases by 12")
    check(bought.var(ddof=1), 6.0, math.sqrt((6.0 + 2 * 36.0) / n), f"variance of purchases, n = {n}")


# The settled pool: tenure has density S(a) over ten years, and rates and chances are those of survivors


def settled(value, present, age=120.0):
    """Average what customers of tenure a bring, times S(a) already, over a settled pool."""
    above, below = (integrate.quad(f, 0, age, epsrel=1e-6, limit=200)[0] for f in (value, present))
    return above / below


@BG_NBD
def test_a_settled_pool_buys_and_drops_out_as_the_bg_nbd_says(law):
    n = 40_000
    found = Counter(firm(shop(law), customers=n, tenure="settled"))

    def present(tenure):
        return theory.bg_nbd_active(tenure, **law)

    for month in (1, 12):
        bought, active = found.at(month)
        until, since = (lambda a, m=m: theory.bg_nbd_purchases(a + m, **law) for m in (month, 0))
        expected = settled(lambda a, f=until, g=since: f(a) - g(a), present)
        check_counts(bought, expected, f"purchases by {month}")
        share = theory.retention_settled(present, span_months=month)
        check(active / n, share, theory.binomial_se(share, n), f"active at {month}, n = {n}")


@PARETO_NBD
def test_a_settled_pool_buys_and_leaves_as_the_pareto_nbd_says(law):
    n, month = 40_000, 12
    bought, alive = Counter(firm(shop(law), customers=n, tenure="settled")).at(month)

    def present(tenure):
        return float(theory.pareto_nbd_active(tenure, s=law["s"], beta=law["beta"]))

    def buys(tenure):
        return float(np.diff(theory.pareto_nbd_purchases(np.array([tenure, tenure + month]), **law))[0])

    check_counts(bought, settled(buys, present), f"purchases by {month}")
    share = theory.retention_settled(present, span_months=month)
    check(alive / n, share, theory.binomial_se(share, n), f"alive at {month}, n = {n}")


def test_a_pool_of_a_given_tenure_is_what_is_left_of_newcomers():
    n, law = 40_000, RICH
    bought, active = Counter(firm(shop(law), customers=n, tenure={"months": 18.0})).at(6)
    before = theory.bg_nbd_active(18, **law)
    gain = theory.bg_nbd_purchases(24, **law) - theory.bg_nbd_purchases(18, **law)
    check_counts(bought, gain / before, "purchases from 18 to 24")
    share = theory.bg_nbd_active(24, **law) / before
    check(active / n, share, theory.binomial_se(share, n), f"active at 24 of those at 18, n = {n}")


class Ranks:
    """Luck without chance: as many ranks, evenly spread, as there are names."""

    def uniform(self, purpose, names):
        return (np.arange(len(names)) + 0.5) / len(names)


@pytest.mark.parametrize("tenure", [0.0, 6.0, 60.0])
@BG_NBD
def test_the_chances_of_survivors_are_those_of_the_law(law, tenure):
    """Mean of p and of its square over Beta(a, b) weighted by (alpha / (alpha + p t))^r, to 0.1 %."""
    found = Lapse(**law).draw_chance(Ranks(), np.zeros(20_000, np.uint64), np.full(20_000, tenure))
    active = theory.bg_nbd_active(tenure, **law)
    for power in (1, 2):
        raised = {"a": law["a"] + power, "b": law["b"]}  # p^k times Beta(a, b) is in proportion to Beta(a + k, b)
        moment = math.exp(special.betaln(raised["a"], law["b"]) - special.betaln(law["a"], law["b"]))
        expected = moment * theory.bg_nbd_active(tenure, **(law | raised)) / active
        assert (found**power).mean() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("a", "b"), [(1.0, 1e6), (1e4, 1e6), (1e4, 1e-3), (0.01, 0.01), (1e4, 1e4)])
def test_any_law_of_dropping_out_that_may_be_given_can_be_worked_out(a, b):
    law = {"r": 2.0, "alpha": 3.0, "a": a, "b": b}
    tenures = np.array([0.0, 1.0, 12.0, 60.0])
    expected = [theory.bg_nbd_active(tenure, **law) for tenure in tenures]
    assert Lapse(**law).staying(tenures) == pytest.approx(expected, abs=1e-7)
    chances = Lapse(**law).draw_chance(Ranks(), np.zeros(4, np.uint64), tenures)
    assert ((chances >= 0) & (chances <= 1)).all()


# Who joins


@pytest.mark.parametrize("law", [RICH, KEEN], ids=["bg_nbd", "pareto_nbd"])
def test_who_joins_buys_on_joining_and_then_as_newcomers_do(law):
    """60 join a month for a year: purchases A x integral of 1 + E[X(u)], customers A x integral of S; 20 firms."""
    today, rate, months, firms = firm(shop(law), months=12, acquisition={"ads": {"joins": 60.0}}), 60.0, 12, 20
    outcomes = [play(today, seed=5, replication=r) for r in range(firms)]
    if "a" in law:
        buys = lambda u: theory.bg_nbd_purchases(u, **law)  # noqa: E731
        stays = lambda u: theory.bg_nbd_active(u, **law)  # noqa: E731
    else:
        buys = lambda u: float(theory.pareto_nbd_purchases(u, **law))  # noqa: E731
        stays = lambda u: float(theory.pareto_nbd_active(u, s=law["s"], beta=law["beta"]))  # noqa: E731
    expected = rate * integrate.quad(lambda u: 1 + buys(u), 0, months)[0]
    found, se = mean([o.purchases.sum() for o in outcomes])
    check(found, expected, se, f"purchases in {months} months, n = {firms} firms")
    pool = theory.pool_from_empty(rate, stays, time=months)
    check(np.mean([o.pool[-1].sum() for o in outcomes]), pool, math.sqrt(pool / firms), f"pool, n = {firms} firms")


# What they spend


GAMMA = {"kind": "gamma", "mean": 40.0, "p": 6.25, "q": 7.0}
LOGNORMAL = {"kind": "lognormal", "mean": 40.0, "between": 0.5, "within": 0.3}


def first_two(spend, n=40_000):
    """Return the first two purchases of everybody who made two, shape (2, customers)."""
    segment = {"buying": "purchases", "purchases": {"per_month": 1.0, "spend": spend}, "annual_churn": 0.0}
    today = firm(segment, customers=n, months=4)
    trace = engine.replicate(setup(today), Luck(5, 0), trace=True).trace
    parts = [part for part in trace.parts if part[2] == "money" and part[4] == "revenue"]
    names, times, amounts = (np.concatenate([part[i] for part in parts]) for i in (0, 1, 5))
    order = np.lexsort((times, names))
    names, amounts = names[order], amounts[order]
    first = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    first = first[(first + 1 < len(names)) & (names[np.minimum(first + 1, len(names) - 1)] == names[first])]
    return np.array([amounts[first], amounts[first + 1]])


def check_moments(pair, expected, variance, covariance, what):
    """Check mean and variance of two alike variables, and their covariance."""
    one, two = pair - expected
    check_counts(pair.mean(axis=0), expected, f"mean {what}")
    check_counts((one**2 + two**2) / 2, variance, f"variance of {what}")
    check_counts(one * two, covariance, f"covariance of {what}")


def test_spend_is_gamma_gamma():
    """Customers' means vary by mean^2 / (q - 2), purchases of one by its mean^2 / p; n customers, seed 5."""
    gamma = GAMMA["mean"] * (GAMMA["q"] - 1) / GAMMA["p"]
    law = {"p": GAMMA["p"], "q": GAMMA["q"], "gamma": gamma}
    expected, between = theory.gamma_gamma_mean(**law), theory.gamma_gamma_variance(**law)
    within = (expected**2 + between) / GAMMA["p"]
    check_moments(first_two(GAMMA), expected, between + within, between, "spend")


def test_spend_is_lognormal():
    between, within = LOGNORMAL["between"] ** 2, LOGNORMAL["within"] ** 2
    pair = first_two(LOGNORMAL)
    check_counts(pair.mean(axis=0), 40.0, "mean spend")
    expected = math.log(40.0) - (between + within) / 2
    check_moments(np.log(pair), expected, between + within, between, "log spend")


def test_spend_may_be_the_same_for_all():
    assert (first_two(SAME, n=500) == 10.0).all()


# Calibration


@pytest.mark.parametrize("tenure", ["new", "settled"])
def test_observed_churn_comes_out_and_purchases_follow_the_pareto_nbd_behind_it(tenure):
    """30 % of the opening pool leave in a year; s = 1 / variance, beta = s / base."""
    n, variance = 40_000, 1.5
    segment = shop(KEEN, annual_churn=0.3, frailty={"kind": "gamma", "variance": variance})
    today = firm(segment, customers=n, tenure=tenure)
    bases = calibrate(today).bases
    bought, alive = Counter(today, bases=bases).at(12)
    check(1 - alive / n, 0.3, theory.binomial_se(0.3, n), f"churn of a {tenure} pool, n = {n}")
    law = {"r": KEEN["r"], "alpha": KEEN["alpha"], "s": 1 / variance, "beta": 1 / variance / bases.hazards.sum()}

    def present(tenure):
        return float(theory.pareto_nbd_active(tenure, s=law["s"], beta=law["beta"]))

    def buys(tenure):
        return float(np.diff(theory.pareto_nbd_purchases(np.array([tenure, tenure + 12.0]), **law))[0])

    expected = buys(0.0) if tenure == "new" else settled(buys, present)
    check_counts(bought, expected, f"purchases by 12 in a {tenure} pool")
    if tenure == "new":
        assert present(12.0) == pytest.approx(0.7, abs=1e-9)


def test_raw_numbers_are_not_calibrated():
    """12 b = -ln(1 - churn): with frailty fewer than observed leave in the first year."""
    n, variance = 40_000, 1.5
    segment = shop(KEEN, annual_churn=0.3, frailty={"kind": "gamma", "variance": variance})
    _, alive = Counter(firm(segment, customers=n)).at(12)
    share = (1 - variance * math.log(0.7)) ** (-1 / variance)
    check(alive / n, share, theory.binomial_se(share, n), f"alive at 12, n = {n}")
    assert share > 0.72


# What customers are still worth


MONEY = {"gross_margin": 0.6, "cost_to_serve": 1.5}


def worth(law, months, *, margin=6.0, cost=1.5, rate=0.10):
    """Integrate margin x purchases and cost x presence of a newcomer over `months`, discounted (money)."""
    discount = math.log1p(rate) / 12
    if "a" in law:
        total = lambda u: theory.bg_nbd_purchases(u, **law)  # noqa: E731
        stays = lambda u: theory.bg_nbd_active(u, **law)  # noqa: E731
    else:
        total = lambda u: float(theory.pareto_nbd_purchases(u, **law))  # noqa: E731
        stays = lambda u: float(theory.pareto_nbd_active(u, s=law["s"], beta=law["beta"]))  # noqa: E731
    late = integrate.quad(lambda u: discount * math.exp(-discount * u) * total(u), 0, months)[0]
    sales = math.exp(-discount * months) * total(months) + late
    return margin * sales - cost * integrate.quad(lambda u: math.exp(-discount * u) * stays(u), 0, months)[0]


@pytest.mark.parametrize("law", [CDNOW, RICH, KEEN, ODD], ids=["cdnow", "rich", "keen", "odd"])
def test_the_value_of_newcomers_is_what_they_are_expected_to_buy(law):
    """Over 60 months: each customer valued at its own rate and chance of dropping out; n newcomers, seed 5."""
    n = 40_000
    world = Counter(firm(shop(law, **MONEY), customers=n)).world
    values = future_value(world, world.pool.rows(), 60.0)
    check_counts(values, worth(law, 60), "value of a newcomer over 60 months")


@pytest.mark.long
@pytest.mark.parametrize("law", [RICH, LOYAL, KEEN], ids=["rich", "loyal", "keen"])
def test_the_closing_value_is_what_the_next_years_bring(law):
    """60 months from the horizon of 24 on, valued and played: 24 firms with a settled pool, joins up to the horizon."""
    tables = {"customers": 1000, "tenure": "settled", "acquisition": {"ads": {"joins": 20.0}}}
    stop = arm(change=[{"set": "acquisition.ads.joins", "to": 0.0, "from_month": 24.0}])
    segment, gaps, values = shop(law, spend=GAMMA, **MONEY), [], []
    for replication in range(24):
        valued = play(firm(segment, months=24, **tables), seed=5, replication=replication)
        played = play(firm(segment, months=84, **tables), stop, seed=5, replication=replication)
        values.append(valued.closing.sum())
        gaps.append(values[-1] - (played.npv_to_horizon - valued.npv_to_horizon))
    found, se = mean(gaps)
    check(found, 0.0, se, f"closing value of {np.mean(values):.0f} less what is played, n = 24 firms")
    assert se < 0.02 * np.mean(values)
