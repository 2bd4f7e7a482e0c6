"""Exchange rates beside closed forms and beside paired runs."""

import math

import numpy as np
import pytest
from experiment import check, mean, measured, scenario
from scipy.integrate import quad

import retainsim
from retainsim.study.exchange import exchange, lever_arm
from retainsim.study.stage import Stage
from retainsim.study.tap import Tap, newcomers

CHURN, PRICE, RATE = 0.3, 10.0, 0.10
TAP = {"spend": 100.0, "joins": 5.0, "ceiling": 12.0}


def firm(*, run=(), arms=None, tap=TAP, **more):
    segment = {"annual_churn": CHURN, "price": PRICE, "gross_margin": 0.6, "cost_to_serve": 1.0}
    arms = arms or {"retention": {"retention": {"points": 5}}}
    return scenario(
        segments={"all": segment}, months=36, customers=200, run={"discount_rate": RATE, **dict(run)}, calibrate=True,
        acquisition={"tap": tap}, arms=arms, **more,
    )  # fmt: skip


def tap_of(firm):
    return Tap(firm.parameters, "tap", newcomers(firm.parameters, Stage.of(firm).calibration)["tap"])


def worth_of_a_join(months, closing):
    """Return the value at month 0 of one join a month: a flow of margin until leaving or the end of what is counted."""
    hazard, rate = -math.log(1 - CHURN) / 12, math.log(1 + RATE) / 12
    margin, both = PRICE * 0.6 - 1.0, -math.log(1 - CHURN) / 12 + math.log(1 + RATE) / 12
    assert hazard < both
    found, _ = quad(
        lambda t: math.exp(-rate * t) * margin * -math.expm1(-both * (months - t + closing)) / both, 0, months
    )
    return found


@pytest.mark.parametrize(("closing", "years"), [("none", 5.0), ("expected", 5.0), ("expected", 20.0)])
def test_a_join_is_worth_the_margin_until_it_leaves_or_is_counted_no_more(closing, years):
    found = tap_of(firm(run={"closing_value": closing, "closing_years": years})).worth
    expected = worth_of_a_join(36, 12 * years if closing == "expected" else 0.0)
    assert found == pytest.approx(expected, rel=1e-3)


def test_spend_gains_in_paired_runs_what_is_expected_of_it():
    """60 replications of 200 customers and 5 to 8 joins a month; expected gain against the paired mean."""
    more = {"spend": {"change": [{"set": "acquisition.tap.spend", "by": 80.0}]}}
    played = firm(arms=more, run={"closing_value": "expected", "step": 3.0})
    results = retainsim.run(played, replications=60, jobs=1)
    gain, se = mean(measured(results, "npv", "spend") - measured(results, "npv"))
    check(gain, tap_of(played).gain(80.0), se, "gain of spend")


def test_a_point_and_the_spend_that_buys_it_have_the_same_npv():
    tap = tap_of(firm())
    worth = {
        "mean": 0.5 * tap.gain(tap._most()),
        "low": 0.25 * tap.gain(tap._most()),
        "high": 3 * tap.gain(tap._most()),
    }
    found = tap.bought(worth)
    assert [tap.gain(found[end]) for end in ("mean", "low")] == pytest.approx([worth["mean"], worth["low"]])
    assert found["high"] is None
    assert found["best"]["npv"] == pytest.approx(tap.gain(found["best"]["spend"]))


def test_the_best_spend_is_where_the_next_join_costs_what_it_is_worth():
    """1 / a'(A) in NPV: the bill of one unit a month over the worth of one join a month."""
    tap = tap_of(firm())
    at = 100.0 + tap._most()
    cost = tap.channel.marginal_cost(at, 100.0)
    assert cost * tap.bill == pytest.approx(tap.worth, rel=1e-3)


def rates_of(firm, gains):
    stage = Stage.of(firm)
    levers = {name: lever for name in firm.arms if (lever := stage.lever(name)) is not None}
    return exchange(firm, gains, stage.calibration, levers), levers


def test_the_three_readings_of_five_per_cent_are_a_factor_of_one_over_churn_apart():
    rates, levers = rates_of(firm(), {"retention": np.array([100.0, 120.0, 110.0])})
    points, relative, churn = rates["readings"]
    lost = 1 - levers["retention"].before
    assert points["points"] == pytest.approx(5.0)
    assert points["points"] / churn["points"] == pytest.approx(1 / lost)
    assert points["points"] / relative["points"] == pytest.approx(1 / (1 - lost))
    assert points["npv"]["mean"] == pytest.approx(110.0)
    assert churn["npv"]["mean"] < relative["npv"]["mean"] < 110.0
    assert rates["npv"]["mean"] == pytest.approx(22.0)


@pytest.mark.parametrize(("reading", "lever"), [("relative", {"relative": 1.05}), ("churn", {"churn": 0.95})])
def test_a_reading_that_is_played_comes_to_what_was_said_of_it(reading, lever):
    """40 replications of 200 customers: the paired gain is within the interval, give or take 4 standard errors."""
    arms = {"five": {"retention": {"points": 5}}, "other": {"retention": lever}}
    played = firm(arms=arms, run={"closing_value": "expected", "step": 3.0})
    results = retainsim.run(played, replications=40, jobs=1)
    gain, se = mean(measured(results, "npv", "other") - measured(results, "npv"))
    said = next(row for row in results.report["exchange"]["readings"] if row["reading"] == reading)["npv"]
    assert said["low"] - 4 * se <= gain <= said["high"] + 4 * se


def test_the_arm_that_is_free_tells_the_rate_and_one_that_does_more_does_not():
    lever = {"retention": {"points": 5}}
    arms = {
        "more": {**lever, "change": [{"set": "acquisition.tap.spend", "times": 2.0}]},
        "paid": {"retention": {"points": 5, "cost": {"per_customer_month": 1.0}}},
        "free": lever,
    }
    played = firm(arms=arms)
    stage = Stage.of(played)
    levers = {name: stage.lever(name) for name in arms}
    assert lever_arm(played, levers) == "free"
    assert lever_arm(played, {"more": levers["more"], "paid": levers["paid"]}) == "paid"
    assert lever_arm(played, {"more": levers["more"]}) is None


def test_keeping_one_for_a_year_costs_the_yearly_bill_over_the_share_it_keeps():
    arms = {"paid": {"retention": {"points": 5, "cost": {"per_customer_month": 1.0}}}}
    rates, _ = rates_of(firm(arms=arms), {"paid": np.array([1.0, 2.0])})
    kept = next(row for row in rates["margins"] if row["how"] == "keep")
    assert (kept["cost_is"], kept["cost"]) == ("average", pytest.approx(12.0 / 0.05, rel=1e-6))
    won = next(row for row in rates["margins"] if row["how"] == "win")
    assert won["per_money"] == pytest.approx(won["clv"] / won["cost"])
    assert won["clv"] == pytest.approx(kept["clv"], rel=1e-9)
