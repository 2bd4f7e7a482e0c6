"""Arms are compared person by person: what an arm does not touch stays as it is, to the byte."""

from functools import cache

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.making import SEGMENT, arm, differing, parameters, play, setup

import retainsim
from invariants.scenarios import scenarios
from retainsim.draws import Luck
from retainsim.engine import build, calendar, replicate
from retainsim.scenario.schema import Arm

EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
GAMMA = {"kind": "gamma", "variance": 0.5}


@EXAMPLES
@given(scenarios(), st.sampled_from([0.0, 0.7, 40.0]))
def test_what_starts_at_the_horizon_or_later_changes_nothing_to_the_byte(drawn, late):
    """Changes and investments; for levers see tests/mechanisms/test_retention.py."""
    today, each, factor = drawn
    start = today.run.months + late
    segment = min(today.segments)
    more = [{"set": f"segments.{segment}.cost_to_serve", "by": 9.0, "from_month": start, "ramp_months": 3.0},
            {"set": "firm.tax_rate", "to": 0.9, "from_month": start}]  # fmt: skip
    tree = each.model_dump(exclude_none=True)
    tree = tree | {
        "change": [*tree["change"], *more],
        "investment": [*tree["investment"], {"at_month": start, "amount": 1e6}],
    }
    wanted = replicate(setup(today, each, factor=factor), Luck(0, 0))
    assert differing(wanted, replicate(setup(today, Arm.model_validate(tree), factor=factor), Luck(0, 0))) == []


@EXAMPLES
@given(scenarios())
def test_a_replication_is_the_same_whatever_was_played_before_it_on_the_same_luck(drawn):
    today, each, factor = drawn
    fresh, shared = Luck(0, 0), Luck(0, 0)
    replicate(setup(today), shared)
    replicate(setup(today, each, factor=1.0), shared)
    assert differing(*(replicate(setup(today, each, factor=factor), luck) for luck in (fresh, shared))) == []


def fates(world):
    """Play a world and return when each customer came and left and why, by name."""
    world.env.process(calendar(world))
    world.env.run(until=world.today.run.months)
    world.finish()
    gone = [np.concatenate(parts).tolist() for parts in zip(*world.departed, strict=True)]
    rows = world.pool.rows()
    here = zip(world.pool["name"][rows].tolist(), world.pool["joined"][rows].tolist(), strict=True)
    return {n: (j, t, why) for n, j, t, why in zip(*gone[:3], gone[5], strict=True)} | {
        n: (j, np.inf, -1) for n, j in here
    }


@pytest.mark.parametrize("term", [None, 12.0])
@pytest.mark.parametrize("delay", [0.05, 50.0])
def test_a_customer_saved_in_one_arm_changes_nobody_elses_fate(term, delay):
    segment = SEGMENT | {"frailty": GAMMA} | ({"term_months": term} if term else {})
    today = parameters(
        pool={"customers": 500}, acquisition={"ads": {"joins": 20.0}}, segments={"small": segment}, run={"months": 36}
    )
    plain, saved = (build(setup(today), Luck(0, 0)) for _ in range(2))
    row = int(np.argsort(plain.pool["leaves"])[20])
    name, why = int(plain.pool["name"][row]), int(plain.pool["reason"][row])
    saved.pool[f"fuse.{why}"][row] += delay
    saved.churn.project(np.array([row]))
    before, after = fates(plain), fates(saved)
    assert {n for n in {*before, *after} if before.get(n) != after.get(n)} == {name}
    assert after[name][1] > before[name][1]


@pytest.mark.parametrize("eager", [False, True])
def test_a_lever_saves_only_those_who_would_have_left_for_its_reasons_and_adds_nobody(eager):
    today = parameters(
        pool={"customers": 500}, acquisition={"ads": {"joins": 20.0}}, segments={"small": SEGMENT | {"frailty": GAMMA}}
    )
    lever = arm(retention={"churn": 0.5, "reasons": ["price"]})
    one, two = (play(today, each, factor=0.5, eager=eager) for each in (None, lever))
    before, after = (
        dict(zip(o.departed[0].tolist(), zip(o.departed[2].tolist(), o.departed[5].tolist(), strict=True), strict=True))
        for o in (one, two)
    )
    assert after.keys() <= before.keys()
    assert np.array_equal(one.joined, two.joined)
    for name, (time, why) in before.items():
        if why == 1:
            assert after[name] == (pytest.approx(time, abs=1e-9), 1)
        elif name in after:
            assert after[name][0] > time
    assert len(after) < len(before)


def test_more_joins_only_add_customers_and_change_no_one_elses_fate():
    today = parameters(
        pool={"customers": 300}, acquisition={"ads": {"joins": 20.0}}, segments={"small": SEGMENT | {"frailty": GAMMA}}
    )
    one, two = play(today), play(today, arm(change=[{"set": "acquisition.ads.joins", "times": 1.3}]))
    for table in ("departed", "present"):
        before, after = getattr(one, table), getattr(two, table)
        kept = np.isin(after[0], before[0])
        order = [np.argsort(names) for names in (before[0], after[0][kept])]
        assert all(np.array_equal(b[order[0]], a[kept][order[1]]) for b, a in zip(before, after, strict=True))
    assert two.joined.sum() > one.joined.sum()


@pytest.mark.parametrize(
    "each",
    [
        {"change": [{"set": "acquisition.ads.spend", "times": 2.0, "from_month": 4.0, "ramp_months": 6.0}]},
        {"change": [{"set": "churn.reasons.price", "times": 0.3, "from_month": 4.0, "ramp_months": 6.0}]},
        {"retention": {"churn": 0.5, "from_month": 4.0, "ramp_months": 6.0}},
    ],
    ids=["spend", "reason", "lever"],
)
def test_a_change_at_another_time_leaves_a_ramp_alone(each):
    """Who joins and leaves does not hang on when the price changes: DESIGN section 4, re-hold only what changed."""
    channels = {"ads": {"spend": 300.0, "joins": 40.0, "ceiling": 90.0}}
    today = parameters(pool={"customers": 3000}, acquisition=channels)
    price = {"set": "segments.small.price", "times": 1.5, "from_month": 5.6}
    priced = each | {"change": [*each.get("change", []), price]}
    one, two = (play(today, arm(**tables), factor=0.5) for tables in (each, priced))
    lives = []
    for outcome in (one, two):  # in the order of their names: who left is listed span by span
        order = np.argsort(outcome.departed[0])
        lives.append([np.asarray(column)[order] for column in outcome.departed])
    for column in (0, 3, 4, 5):
        assert np.array_equal(lives[0][column], lives[1][column])
    for column in (1, 2):
        np.testing.assert_allclose(lives[0][column], lives[1][column], rtol=1e-12)
    assert differing(one.joined, two.joined) == []


# Everything that an arm may change


RICH = {
    "title": "Everything", "run": {"months": 9, "replications": 2},
    "firm": {"fixed_costs": 100.0, "tax_rate": 0.2, "inflation": 0.03},
    "pool": {"customers": 200},
    "plans": {"yearly": {"price": 20.0}},
    "segments": {
        "small": SEGMENT | {"discount": 0.1, "volume": 2.0, "pays_after_months": 1.0, "moves": {"large": 0.02}},
        "large": {"plan": "yearly", "gross_margin": 0.5, "cost_to_serve": 3.0, "annual_churn": 0.2},
    },
    "churn": {"reasons": {"price": 1.0, "service": 2.0}, "calibrate": False},
    "acquisition": {
        "ads": {"spend": 300.0, "joins": 40.0, "ceiling": 90.0, "carry_over": 0.5, "lag_months": 2.0, "seasonality": [1.0] * 12,
                "mix": {"small": 1.0, "large": 2.0}},
        "hill": {"spend": 300.0, "joins": 40.0, "curve": "hill", "half": 200.0, "power": 1.5},
        "web": {"joins": 30.0, "cost_per_join": 10.0, "hazard_factor": 1.4, "first_discount": 0.2, "first_discount_months": 4.0},
    },
    "mechanisms": {
        "breach": {"at_month": 4.5, "per_year": 6.0, "wary": 0.02, "fine": 5.0, "cost_per_record": 1.0, "half_life": 3.0},
        "growth": {"volume_per_year": 0.1, "premium_per_year": 0.1, "until_years": 1.0, "cost_to_serve_half_life": 6.0,
                   "cost_to_serve_floor": 0.3},
        "retention_programme": {"spend_per_customer": 1.0, "effect": 0.1, "effect_at": 1.5, "ceiling": 0.5, "targets": "random",
                                "reach": 0.5, "backfire": 1.1},
    },
}  # fmt: skip
PROGRAMME, BREACH = "mechanisms.retention_programme", "mechanisms.breach"
REFERRALS = {"rate": 0.05, "reward": 3.0, "hazard_factor": 0.9, "extra_margin": 0.2, "fades_over_months": 12}
LATE_SPEND = [{"set": f"acquisition.{c}.spend", "times": 1.5} for c in ("ads", "hill")]


def numbers(tree, path=()):
    """Yield the path of every number of a scenario that an arm might change."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, (dict, list)):
            yield from numbers(value, (*path, key))
        elif (
            isinstance(value, (int, float)) and not isinstance(value, bool) and path and path[0] not in ("run", "pool")
        ):
            yield ".".join(map(str, (*path, key)))


def rich(referrals):
    tree = dict(RICH)
    if referrals:
        segments = {n: {k: v for k, v in s.items() if k != "moves"} for n, s in tree["segments"].items()}
        tree |= {"segments": segments, "mechanisms": tree["mechanisms"] | {"referrals": REFERRALS}}
    return tree


LIKE_OTHERS = {
    f"acquisition.ads.seasonality.{month}" for month in (0, *range(2, 12))
}  # each is heeded in its month alone
TARGETS = [(False, path) for path in numbers(rich(False)) if path not in LIKE_OTHERS] + [
    (True, f"mechanisms.referrals.{k}") for k in REFERRALS
]


@pytest.mark.parametrize(("referrals", "target"), TARGETS)
def test_every_number_an_arm_may_change_changes_something(referrals, target):
    """What a scenario accepts and then ignores is worse than what it refuses."""
    amount = {"by": 6.0} if target.endswith(("fades_over_months", "breach.per_year")) else {"times": 1.2}
    change = {"set": target, "from_month": 1.0} | amount
    others = [c for c in LATE_SPEND if c["set"] != target]
    try:
        found = scenario_of(rich(referrals), [change, *others])
    except retainsim.ScenarioError as error:
        assert "an arm cannot change" in str(error)
        return
    with_it = play(found.parameters, found.arms["other"])
    assert differing(without(referrals, tuple(c["set"] for c in others)), with_it)


def scenario_of(tree, changes):
    return retainsim.loads(tomli_w.dumps(tree | {"arms": {"other": {"change": changes}}}))


@cache
def without(referrals, kept):
    """Return the outcome with the changes that are made anyway."""
    found = scenario_of(rich(referrals), [c for c in LATE_SPEND if c["set"] in kept])
    return play(found.parameters, found.arms["other"])
