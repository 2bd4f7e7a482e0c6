"""Retention: an arm's lever on all hazards in scope, and what it costs."""

import numpy as np
import pytest
from unit.making import SEGMENT, arm, differing, parameters, play, setup, world

from retainsim.calibration import calibrate, solve_lever
from retainsim.errors import ScenarioError
from retainsim.expectation import expected_retention
from retainsim.scenario.schema import Retention

TWO = {"small": SEGMENT | {"share": 0.7}, "large": SEGMENT | {"share": 0.3, "annual_churn": 0.1}}
COST = {"once": 500.0, "per_month": 10.0, "per_customer_month": 1.5}


def lever(**table):
    return arm(retention={"churn": 0.9} | table)


def relative(today, each, *, factor=0.9, at=0.0):
    """Return the factors on hazards at a month, shape (segments, reasons)."""
    found = world(today, each, factor=factor)
    found.env.run(until=max(at, 1e-9))
    found.change()
    return found.churn.table[:, 0] / setup(today).bases.hazards


def test_it_multiplies_every_hazard():
    assert relative(parameters(segments=TWO), lever()) == pytest.approx(np.full((2, 2), 0.9))


def test_it_multiplies_only_the_reasons_and_segments_named():
    found = relative(parameters(segments=TWO), lever(reasons=["service"], segments=["small"]))
    assert found == pytest.approx(np.array([[1.0, 1.0], [1.0, 0.9]]))


def test_it_starts_on_its_month_at_once_or_along_a_ramp():
    today = parameters()
    assert relative(today, lever(from_month=4.5), at=4.4) == pytest.approx(np.ones((1, 2)))
    assert relative(today, lever(from_month=4.5), at=4.6) == pytest.approx(np.full((1, 2), 0.9))
    ramp = lever(from_month=4.0, ramp_months=10.0)
    assert relative(today, ramp, at=9.0) == pytest.approx(np.full((1, 2), 1 - 0.1 * 5.5 / 10))
    assert relative(today, ramp, at=14.0) == pytest.approx(np.full((1, 2), 0.9))


def test_it_saves_and_never_costs_a_customer():
    today = parameters(
        pool={"customers": 2000}, segments={"small": SEGMENT | {"frailty": {"kind": "gamma", "variance": 0.5}}}
    )
    without, with_it = world(today), world(today, lever(), factor=0.9)
    assert (with_it.pool["leaves"] > without.pool["leaves"]).all()


def test_its_costs_are_posted_once_a_month_and_for_every_customer_in_scope():
    today = parameters(segments=TWO, acquisition={"ads": {"joins": 5.0}}, run={"months": 24, "discount_rate": 0.0})
    found = play(today, lever(cost=COST), factor=0.9)
    months = found.customer_months
    assert found.lines["retention"].sum() == pytest.approx(500.0 + 24 * 10.0 + 1.5 * months)
    assert found.values["retention"].sum() == pytest.approx(found.lines["retention"].sum())
    small = play(today, lever(cost=COST, segments=["small"]), factor=0.9).lines["retention"]
    assert small[:, 0].sum() == 0.0
    assert small[:, -1].sum() == pytest.approx(500.0 + 24 * 10.0)


def test_its_costs_start_when_it_does():
    today = parameters(segments={"small": SEGMENT | {"annual_churn": 0.0}}, pool={"customers": 100})
    paid = play(today, lever(cost=COST, from_month=10.5), factor=0.9).lines["retention"].sum(axis=(1, 2))
    assert paid[:11].sum() == 0.0
    assert paid[11] == pytest.approx(500.0 + 5.0 + 75.0)
    assert paid[12] == pytest.approx(10.0 + 150.0)


def test_it_changes_the_churn_of_joiners_too_and_of_those_who_come_later():
    today = parameters(pool={"customers": 0}, acquisition={"ads": {"joins": 300.0}}, run={"months": 36})
    lives = [play(today, each, factor=f) for each, f in ((None, 1.0), (lever(from_month=18.0), 0.5))]
    assert np.array_equal(lives[0].left[:19], lives[1].left[:19])
    later = [o.left[19:].sum() / o.pool[18:-1].sum() for o in lives]
    assert later[1] / later[0] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("start", [24.0, 25.0, 1000.0])
def test_a_lever_that_starts_after_the_horizon_changes_nothing_to_the_last_byte(start):
    today = parameters()
    late = play(today, lever(from_month=start, cost=COST), factor=0.9)
    without = play(today)
    late.lines.pop("retention", None)
    late.values.pop("retention", None)
    late.classes.pop("retention", None)
    assert differing(without, late) == []


# What a lever asks for

READINGS = {
    "points": ({"points": 5.0}, lambda r: r + 0.05),
    "relative": ({"relative": 1.05}, lambda r: r * 1.05),
    "churn": ({"churn": 0.95}, lambda r: 1 - 0.95 * (1 - r)),
}
FRAIL = {name: segment | {"frailty": {"kind": "gamma", "variance": 0.5}} for name, segment in TWO.items()}
BOUND = {name: segment | {"term_months": 12.0} for name, segment in FRAIL.items()}


@pytest.mark.parametrize("segments", [TWO, FRAIL, BOUND], ids=["plain", "frail", "bound"])
@pytest.mark.parametrize("reading", READINGS)
def test_the_factor_gives_the_retention_asked_for(reading, segments):
    today, (table, goal) = parameters(segments=segments), READINGS[reading]
    found = calibrate(today)
    solved = solve_lever(today, found, Retention(**table), "here")
    assert solved.after == pytest.approx(goal(solved.before), abs=1e-7)
    after = expected_retention(today, found.bases, np.full((2, 2), solved.factor))
    assert np.array([0.3, 0.7]) @ after == pytest.approx(goal(0.3 * 0.9 + 0.7 * 0.7), abs=1e-7)


def test_five_points_by_closed_form():
    """One segment, constant hazard: 0.70 to 0.75 takes a factor of ln 0.75 / ln 0.70."""
    today = parameters()
    solved = solve_lever(today, calibrate(today), Retention(points=5.0), "here")
    assert solved.factor == pytest.approx(np.log(0.75) / np.log(0.70), abs=1e-8)


def test_a_narrower_scope_takes_a_stronger_factor():
    today = parameters()
    found = calibrate(today)
    solved = solve_lever(today, found, Retention(points=5.0, reasons=["service"]), "here")
    wanted = (np.log(0.75) / np.log(0.70) - 0.25) / 0.75
    assert solved.factor == pytest.approx(wanted, abs=1e-8)


def test_the_pool_that_is_simulated_has_the_retention_asked_for():
    """n = 40,000 customers: 12-month retention within 4 standard errors of 0.75."""
    today = parameters(pool={"customers": 40_000}, run={"months": 12}, segments={"small": FRAIL["small"]})
    found = calibrate(today)
    solved = solve_lever(today, found, Retention(points=5.0), "here")
    outcome = play(today, arm(retention={"points": 5.0}), bases=found.bases, factor=solved.factor)
    assert abs(outcome.retention_12m - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 40_000)


# A lever that reaches some

AIMS = ["random", "most_valuable", "most_at_risk"]
SICK = {"failures": {"rate": 0.3, "strain": 0.02, "half_life": 4.0, "reason": "service"}}


def aimed(targets, share=0.25, **table):
    return lever(targets=targets, share=share, **table)


def eased(found):
    """Return whose hazard is eased, among those present."""
    return found.pool["factor.retention"][found.pool.rows()] < 1.0


@pytest.mark.parametrize("targets", AIMS)
@pytest.mark.parametrize("mechanisms", [{}, SICK], ids=["plain", "strained"])
def test_reaching_all_of_them_is_reaching_everyone(targets, mechanisms):
    """Without joiners, who are reached from the next review on only. Strain is eased too."""
    today = parameters(segments=FRAIL, mechanisms=mechanisms)
    all_of_them, everyone = (play(today, each, factor=0.5) for each in (aimed(targets, 1.0), lever()))
    assert np.array_equal(all_of_them.left, everyone.left)
    assert all_of_them.npv_to_horizon == pytest.approx(everyone.npv_to_horizon, rel=1e-12)
    assert all_of_them.fed.keys() == everyone.fed.keys()
    for source, fed in everyone.fed.items():
        assert all_of_them.fed[source] == pytest.approx(fed, rel=1e-9)


@pytest.mark.parametrize("targets", AIMS)
def test_at_no_strength_it_changes_nothing_wherever_it_aims(targets):
    today = parameters(segments=FRAIL, acquisition={"ads": {"joins": 5.0}}, mechanisms=SICK)
    without, idle = play(today), play(today, aimed(targets), factor=1.0)
    assert np.array_equal(without.left, idle.left)
    assert without.npv_to_horizon == idle.npv_to_horizon


@pytest.mark.parametrize("targets", AIMS)
def test_a_lever_that_starts_after_the_horizon_reaches_nobody(targets):
    today = parameters()
    late = play(today, aimed(targets, from_month=24.0, cost=COST), factor=0.5)
    assert np.array_equal(late.left, play(today).left)
    assert "retention" not in late.lines


def test_the_most_valuable_are_those_who_bring_most():
    segments = {"small": SEGMENT | {"share": 0.7}, "large": SEGMENT | {"share": 0.3, "price": 200.0}}
    found = world(parameters(segments=segments), aimed("most_valuable"), factor=0.5)
    large = found.pool["segment"][found.pool.rows()] == found.segments.index("large")
    assert eased(found).sum() == round(0.25 * len(large))
    assert large[eased(found)].all()


def test_the_most_at_risk_are_those_with_the_highest_hazard_lever_left_out():
    found = world(parameters(segments=FRAIL), aimed("most_at_risk"), factor=0.5)
    for _ in range(3):
        rows = found.pool.rows()
        hazard = found.churn.rates(rows, without="retention").sum(axis=0)
        assert hazard[eased(found)].min() >= hazard[~eased(found)].max()
        assert eased(found).sum() == round(0.25 * len(rows))
        found.review()
        found.hold()


def test_only_those_in_scope_are_reached():
    segments = {"small": SEGMENT | {"share": 0.7}, "large": SEGMENT | {"share": 0.3, "price": 200.0}}
    found = world(parameters(segments=segments), aimed("most_valuable", segments=["small"]), factor=0.5)
    small = found.pool["segment"][found.pool.rows()] == found.segments.index("small")
    assert eased(found).sum() == round(0.25 * small.sum())
    assert small[eased(found)].all()


@pytest.mark.parametrize("targets", AIMS)
def test_only_those_reached_are_paid_for(targets):
    """A quarter of 10,000 customers, of whom few leave: a quarter of the time, and of it in scope only."""
    today = parameters(
        pool={"customers": 10_000}, segments={"a": SEGMENT | {"share": 0.6, "annual_churn": 0.01}, "b": SEGMENT},
        run={"months": 12, "discount_rate": 0.0},
    )  # fmt: skip
    each = aimed(targets, cost={"per_customer_month": 1.5}, segments=["a"], from_month=6.0)
    paid = play(today, each, factor=0.9).lines["retention"]
    time = play(today).alive[6:12, 0].sum(axis=(1, 2)).mean() * 6
    assert paid[:, 0].sum() == pytest.approx(1.5 * 0.25 * time, rel=0.05 if targets == "random" else 0.005)
    assert paid[:, 1:].sum() == paid[:7].sum() == 0.0


def test_a_share_at_random_by_closed_form():
    """0.70 to 0.75 by half of them: these must come to 0.80, which takes a factor of ln 0.80 / ln 0.70."""
    today = parameters()
    solved = solve_lever(today, calibrate(today), Retention(points=5.0, targets="random", share=0.5), "here")
    assert solved.factor == pytest.approx(np.log(0.80) / np.log(0.70), abs=1e-8)
    assert (solved.after, solved.error) == (pytest.approx(0.75, abs=1e-9), 0.0)


def test_where_customers_are_alike_it_does_not_matter_who_is_most_at_risk():
    """One segment, constant hazard, nobody joins: those reached are a share that is kept up as some leave.

    With hazard b and a share s reached at any time, all leave at b (1 - s + s f): the factor is solved for by hand.
    """
    today = parameters(pool={"customers": 2000})
    solved = solve_lever(today, calibrate(today), Retention(points=5.0, targets="most_at_risk", share=0.5), "here")
    by_hand = (np.log(0.75) / np.log(0.70) - 0.5) / 0.5
    assert 0.0 < solved.error < 1e-3
    slope = 0.75 * -np.log(0.70) * 0.5  # of retention in the factor, where it is found
    assert abs(solved.factor - by_hand) < (4 * solved.error + abs(solved.after - 0.75)) / slope + 0.01


@pytest.mark.parametrize(
    ("targets", "most"), [("random", "3.00 points"), ("most_at_risk", r"\d\.\d\d points"), ("most_valuable", "points")]
)
def test_what_those_reached_cannot_give_is_refused_with_the_most_they_can(targets, most):
    today = parameters(pool={"customers": 2000})
    asked = Retention(points=20.0, targets=targets, share=0.1)
    with pytest.raises(ScenarioError, match=f"{most}, or reach a larger share") as refused:
        solve_lever(today, calibrate(today), asked, "arms.x.retention")
    assert "reached at random" in str(refused.value) or "10 % most" in str(refused.value)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"targets": "most_at_risk"}, "say which share of the customers it reaches"),
        ({"share": 0.3}, r"share \(0.3\) without targets: say whom it reaches"),
        ({"targets": "everyone", "share": 0.3}, "without targets"),
        ({"targets": "random", "share": 0.0}, "greater than 0"),
        ({"targets": "the_best", "share": 0.1}, "most_valuable"),
    ],
)
def test_a_scope_that_says_too_little_or_too_much_is_refused(table, says):
    with pytest.raises(ValueError, match=says):
        Retention(points=5.0, **table)


def test_everyone_is_who_a_lever_reaches_that_says_nothing():
    today = parameters(segments=TWO)
    assert differing(play(today, lever(cost=COST), factor=0.9),
                     play(today, lever(cost=COST, targets="everyone"), factor=0.9)) == []  # fmt: skip
