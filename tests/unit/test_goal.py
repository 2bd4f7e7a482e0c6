"""What is varied against what: what is clear is taken as meant, and what is not is refused with the choices named."""

import numpy as np
import pytest

import retainsim
from retainsim.errors import ScenarioError, UsageError
from retainsim.study.breakeven import breakeven
from retainsim.study.goal import Goal
from retainsim.study.shortfall import Shortfall
from retainsim.study.trials import Trials

TEXT = """
title = "Small"
[run]
months = 6
seed = 2
replications = 3
[pool]
customers = 40
[segments.small]
price = 20.0
annual_churn = 0.4
[acquisition.ads]
spend = 100.0
joins = 2.0
ceiling = 5.0
[arms.retention]
retention = { points = 5, cost = { per_customer_month = 0.5 } }
[arms.more]
change = [ { set = "acquisition.ads.spend", times = 2.0, from_month = 3 } ]
"""
SPEND, COST = "acquisition.ads.spend", "arms.retention.retention.cost.per_customer_month"


@pytest.fixture(scope="module")
def file():
    return retainsim.loads(TEXT)


def goal(file, key, **more):
    asked = {"arm": None, "match": None, "target": None, "measure": "npv", "both": None, **more}
    return Goal.of(file, key, **asked)


@pytest.mark.parametrize(
    ("key", "more", "says"),
    [
        ("segments.small.prize", {"match": "more"}, 'did you mean "price"?'),
        ("title", {"match": "more"}, "title is no number"),
        ("run.seed", {"match": "more"}, "steers how the scenario is played"),
        (SPEND, {}, r"--match ARM \(retention or more\) or --target VALUE"),
        (SPEND, {"match": "more", "target": 1.0}, "not both"),
        (SPEND, {"match": "mor"}, 'there is no arm \'mor\'.*did you mean "more"?'),
        (SPEND, {"match": "baseline"}, "the arm baseline is the one varied"),
        (COST, {"arm": "more"}, "belongs to the arm retention"),
        ("arms.retentoin.retention.points", {}, "retentoin"),
        ("mechanisms.referrals.rate", {"match": "more"}, "not switched on"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_what_can(file, key, more, says):
    with pytest.raises(UsageError, match=says):
        goal(file, key, **more)


def test_a_key_of_an_arm_varies_that_arm_against_the_baseline(file):
    found = goal(file, COST)
    assert (found.arm, found.match, found.today) == ("retention", "baseline", 0.5)


def test_a_key_of_the_run_holds_on_both_sides_and_others_do_not(file):
    assert goal(file, "run.discount_rate", arm="more", match="baseline").both
    assert not goal(file, "pool.customers", arm="more", match="baseline").both
    assert goal(file, "pool.customers", arm="more", match="baseline", both=True).both


@pytest.mark.parametrize(
    ("between", "says"), [((5, 5), "the second must be larger"), ((-1, 5), "must be a number at least 0")]
)
def test_a_range_must_be_one_and_within_the_limits(file, between, says):
    with pytest.raises(UsageError, match=says):
        goal(file, SPEND, match="more").bracket(between)


def test_the_arms_own_change_gives_way_to_the_value(file):
    mine = goal(file, SPEND, arm="more", match="baseline")
    assert mine.plan == 200.0
    gap = Shortfall(Trials(file, jobs=1), mine)
    assert np.array_equal(gap.at([100.0]), np.zeros((1, 3)))
    answer = breakeven(file, SPEND, arm="more", match="baseline", between=(60, 180), jobs=1)
    assert answer.report["value"]["mean"] == pytest.approx(100.0)
    assert any("changes acquisition.ads.spend itself (to EUR 200 per month)" in text for text in answer.warnings)


def test_what_is_matched_stays_as_it_is(file):
    lab = Trials(file, jobs=1)
    gap = Shortfall(lab, goal(file, SPEND, match="more"))
    own = lab.values(lab.variant("baseline", {SPEND: 150.0})) - lab.values(lab.variant("more"))
    assert np.array_equal(gap.at([150.0])[0], own)


def test_an_unknown_measure_is_refused_with_the_known_ones(file):
    with pytest.raises(UsageError, match="there is no measure 'pool'; give"):
        breakeven(file, SPEND, match="more", measure="pool", jobs=1)


def test_a_measure_that_is_not_known_of_so_short_a_run_is_refused(file):
    with pytest.raises(UsageError, match="retention_12m is not known of every replication"):
        breakeven(file, SPEND, match="more", measure="retention_12m", jobs=1)


def test_a_lever_beyond_its_scope_is_not_possible_and_says_why(file):
    with pytest.raises(ScenarioError, match="ask for at most"):
        breakeven(file, "arms.retention.retention.points", between=(60, 80), jobs=1)


def test_a_target_is_met_at_the_value_found(file):
    lab = Trials(file, jobs=1)
    target = float(lab.values(lab.variant("baseline", {"segments.small.price": 25.0})).mean())
    report = breakeven(file, "segments.small.price", target=target, jobs=1).report
    assert report["value"]["mean"] == pytest.approx(25.0, rel=1e-3)
    assert report["match"] is None
