"""The best split of a budget: what is decided, what is compared, what is refused."""

import pytest

import retainsim
from retainsim.study import optimise as study
from retainsim.study.advice import moves
from retainsim.study.trials import Trials
from study.quick import TEXT, scenario

SPEND, PROGRAMME = "acquisition.advertising.spend", "mechanisms.retention_programme.spend_per_customer"
BOTH = TEXT + "\n[mechanisms.retention_programme]\nspend_per_customer = 0.5\neffect = 0.05\nceiling = 0.5\n"
BOUNDS = {SPEND: "0:3000", PROGRAMME: "0:10"}


@pytest.fixture(scope="module")
def split():
    return retainsim.optimise(scenario(text=BOTH), BOUNDS, budget=975.0, jobs=1)


def test_the_answer_has_what_is_promised(split):
    report = split.report
    assert set(report["best"]) == set(report["today"]) == set(report["marginal"]) == set(BOUNDS)
    assert report["today"] == {SPEND: 900.0, PROGRAMME: 0.5}
    assert 0.0 <= report["p_best"] <= 1.0
    assert {"mean", "low", "high"} <= set(report["gain"])
    assert split.charts == ("optimise",)


def test_the_best_keeps_to_bounds_and_budget(split):
    best = split.report["best"]
    assert best[SPEND] + 150 * best[PROGRAMME] <= 975.0 * (1 + 1e-9)
    assert 0 <= best[SPEND] <= 3000
    assert 0 <= best[PROGRAMME] <= 10
    assert split.report["budget"]["best"] == pytest.approx(best[SPEND] + 150 * best[PROGRAMME])


def test_the_gain_is_measured_on_luck_that_neither_search_nor_competition_has_seen(split):
    trials = Trials(scenario(text=BOTH), jobs=1)
    fresh = range(4 + 10, 4 + 10 + 4)  # 4 replications to search on, 10 to compete on
    own, today = (trials.variant("baseline", plan) for plan in (split.report["best"], {}))
    difference = trials.values(own, "npv", fresh) - trials.values(today, "npv", fresh)
    assert split.report["gain"]["mean"] == pytest.approx(difference.mean(), rel=1e-12)


def test_the_plans_that_competed_hold_todays_and_the_winner_first(split):
    plans = split.tables["plans"]
    assert plans["is_today"].sum() == 1
    assert plans.iloc[0][SPEND] == split.report["best"][SPEND]
    assert len(plans) == split.report["plans"]


def test_moves_are_in_money_where_costs_are_known(split):
    best, found = split.report["best"], moves(split.report)
    assert found == {SPEND: best[SPEND] - 900.0, PROGRAMME: pytest.approx(150 * (best[PROGRAMME] - 0.5))}


def test_the_same_question_has_the_same_answer_for_any_number_of_processes(split):
    assert retainsim.optimise(scenario(text=BOTH), BOUNDS, budget=975.0, jobs=2).report == split.report


def test_the_next_unit_is_a_paired_difference_between_two_plans(split):
    trials = Trials(scenario(text=BOTH), jobs=1)
    fresh = range(14, 18)
    more, less = (trials.variant("baseline", {SPEND: value}) for value in (1200.0, 600.0))
    slope = (trials.values(more, "npv", fresh) - trials.values(less, "npv", fresh)) / 600.0
    assert split.report["marginal"][SPEND]["today"]["mean"] == pytest.approx(slope.mean(), rel=1e-9)


def test_a_best_at_a_bound_is_told():
    """Nobody minds a price in this firm, so the highest is the best."""
    price = "segments.small.price"
    found = retainsim.optimise(scenario(), {price: "62:70"}, jobs=1)
    assert found.report["best"] == {price: 70.0}
    assert any("the best lies at the bound of 70" in warning for warning in found.warnings)
    assert any("today's plan lies outside" in warning for warning in found.warnings)


def test_a_step_stays_within_the_bounds_and_is_whole_where_only_that_may_stand():
    axis = study.axis_of(scenario(), SPEND, "0:3000")
    assert study._step(axis, 900.0) == (600.0, 1200.0)
    assert study._step(axis, 3000.0) == (2700.0, 3000.0)
    whole = study.axis_of(
        scenario(text=TEXT + "[mechanisms.service_desk]\nagents = 3\n"), "mechanisms.service_desk.agents", "1:5"
    )
    assert study._step(whole, 3.0) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"vary": {}}, "no lever is named"),
        ({"vary": {SPEND: "0:10:3"}}, "the search takes bounds"),
        ({"vary": {"run.discount_rate": "0.05:0.1"}}, "nobody decides it"),
        ({"vary": {"arms.retention.retention.points": "1:8"}}, "add --arm retention"),
        ({"vary": {SPEND: "0:10"}, "arm": "advertising"}, "the arm advertising changes"),
        ({"vary": {SPEND: "0:10"}, "arm": "nobody"}, "there is no arm 'nobody'"),
        ({"vary": {SPEND: "0:10"}, "measure": "nvp"}, "there is no measure 'nvp'"),
        ({"vary": {"segments.small.price": "50:70"}, "budget": 1000.0}, "--cost"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked, says):
    with pytest.raises(retainsim.UsageError, match=says):
        retainsim.optimise(scenario(), jobs=1, **asked)
