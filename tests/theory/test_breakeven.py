"""Break-even values beside closed forms: what they are, and how often their intervals hold the truth."""

import math

import numpy as np
import pytest
from experiment import check, scenario

import retainsim
from retainsim import theory
from retainsim.study.breakeven import breakeven

JOINS = "acquisition.tap.joins"
POOL = 250
"""The joins are a tenth of what this many customers lose in a year, month by month: 1.2 times as many are stationary."""


def firm_with_a_tap(churn, months, **more):
    """Return customers who come by one channel, and an arm with five points more retention."""
    joins = 0.1 * POOL * -math.log1p(0.05 - churn)
    term = more.pop("term", None)
    segment = {"annual_churn": churn} | ({"term_months": term} if term else {})
    tap = {"joins": joins, "cost_per_join": 0}
    return scenario(
        segments={"all": segment}, months=months, run={"step": 12.0}, calibrate=True, acquisition={"tap": tap},
        arms={"retention": {"retention": {"points": 5}}}, **more,
    )  # fmt: skip


def se_of(value, replications):
    """Return the standard error behind a 95 % interval."""
    from scipy.special import stdtrit

    return (value["high"] - value["low"]) / 2 / float(stdtrit(replications - 1, 0.975))


def joins_worth_five_points(firm, n):
    """Return the relative rise in joins that gives the pool of the arm, and its standard error."""
    joins = firm.value(JOINS)
    found = breakeven(
        firm, JOINS, match="retention", measure="pool_end", between=(joins, 2 * joins), replications=n, jobs=1
    ).report["value"]
    return found["mean"] / joins - 1, se_of(found, n) / joins


@pytest.mark.parametrize("churn", [0.15, 0.2, 0.3])
def test_five_points_are_worth_the_joins_that_the_algebra_of_the_stationary_pool_says(churn):
    """ln(1 - c) / ln(1 - c + .05) - 1, from 8 replications of a pool that is stationary in the arm from month 0 on.

    So it is in the baseline too, with the joins sought, whatever the horizon.
    """
    customers = round(1.2 * POOL)
    found, se = joins_worth_five_points(firm_with_a_tap(churn, 120, customers=customers), 8)
    check(found, theory.equivalent_extra_joins(churn, 0.05, continuous=True), se, f"churn {churn}")


@pytest.mark.long
@pytest.mark.parametrize("churn", [0.3, 0.4])
def test_with_yearly_renewal_they_are_worth_their_share_of_the_churn_that_is_left(churn):
    """.05 / (c - .05): after 25 years the pool is within e^-7 of stationary at worst; 8 replications."""
    found, se = joins_worth_five_points(firm_with_a_tap(churn, 300, term=12), 8)
    check(found, theory.equivalent_extra_joins(churn, 0.05, continuous=False), se, f"churn {churn}")


def test_a_programme_may_cost_what_the_run_says_it_can_afford():
    arm = {"retention": {"points": 5, "cost": {"per_customer_month": 0.01}}}
    firm = scenario(segments={"all": {"annual_churn": 0.3}}, customers=300, calibrate=True, arms={"programme": arm})
    key = "arms.programme.retention.cost.per_customer_month"
    found = breakeven(firm, key, measure="npv_to_horizon", replications=6, jobs=1).report["value"]
    free = firm.replace({key: 0.0})
    run = retainsim.run(free, replications=6, jobs=1).report["arms"]["programme"]["versus_baseline"]
    affordable = run["affordable_per_customer_month"]
    assert found["mean"] == pytest.approx(affordable["mean"], rel=1e-9)
    assert [found["low"], found["high"]] == pytest.approx([affordable["low"], affordable["high"]], rel=1e-3)


HALF_YEAR, CHURN, POINTS = 6, 0.4, 0.2


def firm(seed):
    """Return 60 customers for half a year, and an arm that keeps more of them."""
    return scenario(
        segments={"all": {"annual_churn": CHURN, "price": 10.0, "gross_margin": 0.6, "cost_to_serve": 1.0}},
        months=HALF_YEAR, customers=60, run={"step": 6.0, "seed": seed, "discount_rate": 0.0}, calibrate=True,
        arms={"retention": {"retention": {"points": 100 * POINTS}}},
    )  # fmt: skip


def true_price():
    """Return the price at which the baseline earns in half a year what the arm earns at a price of 10."""
    months = [-math.expm1(-h * HALF_YEAR) / h for h in (-math.log(1 - CHURN) / 12, -math.log(1 - CHURN + POINTS) / 12)]
    return ((10.0 * 0.6 - 1.0) * months[1] / months[0] + 1.0) / 0.6


@pytest.mark.long
def test_the_interval_of_a_break_even_value_holds_the_truth_as_often_as_it_says():
    """95 % nominal; of 200 seeded repetitions with 4 replications each, 90 to 99 % hold it (issue's own bar)."""
    held = 0
    for seed in range(200):
        answer = breakeven(
            firm(seed), "segments.all.price", match="retention", between=(8, 20), replications=4, jobs=1
        ).report["value"]
        held += answer["low"] <= true_price() <= answer["high"]
    assert 0.90 * 200 <= held <= 0.99 * 200, held


def test_the_interval_narrows_with_more_replications():
    widths = []
    for n in (4, 64):
        value = breakeven(firm(3), "segments.all.price", match="retention", replications=n, jobs=1).report["value"]
        widths.append(value["high"] - value["low"])
    assert np.diff(widths) < 0
