"""Firm: fixed costs, tax and inflation, whatever the pool does."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play

DELTA = math.log(1.1) / 12
FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}


def by_month(outcome, line):
    return outcome.lines[line].sum(axis=(1, 2))


def test_fixed_costs_run_for_every_month_of_the_horizon():
    outcome = play(parameters(firm={"fixed_costs": 200.0}, pool={"customers": 0}, acquisition={"ads": {"joins": 0.0}}))
    assert by_month(outcome, "fixed_costs") == pytest.approx(np.array([0.0] + [200.0] * 24))
    assert outcome.npv_to_horizon == pytest.approx(-200.0 * -math.expm1(-24 * DELTA) / DELTA)


def test_fixed_costs_belong_to_no_segment_and_no_channel():
    line = play(parameters(firm={"fixed_costs": 200.0})).lines["fixed_costs"]
    assert line[:, :-1].sum() == line[:, :, :-1].sum() == 0.0


def test_inflation_raises_prices_costs_to_serve_and_fixed_costs_alike():
    outcome = play(parameters(firm={"fixed_costs": 200.0, "inflation": 0.06}, segments=FIXED, pool={"customers": 10}))
    g = math.log(1.06) / 12
    months = np.arange(24)
    growth = np.exp(g * months) * math.expm1(g) / g
    for line, amount in (("fixed_costs", 200.0), ("revenue", 500.0), ("cost_to_serve", 50.0), ("cost_of_sales", 100.0)):
        assert by_month(outcome, line)[1:] == pytest.approx(amount * growth), line
    valued = 500.0 * -math.expm1((g - DELTA) * 24) / (DELTA - g)
    assert outcome.values["revenue"].sum() == pytest.approx(valued)


def test_tax_is_a_share_of_every_months_profit():
    outcome = play(
        parameters(
            firm={"fixed_costs": 200.0, "tax_rate": 0.3}, acquisition={"ads": {"joins": 5.0, "cost_per_join": 99.0}}
        )
    )
    profit = by_month(outcome, "revenue") - sum(
        by_month(outcome, line) for line in ("cost_of_sales", "cost_to_serve", "acquisition", "fixed_costs")
    )
    assert by_month(outcome, "tax") == pytest.approx(0.3 * profit)


def test_after_tax_is_what_is_left_of_before_tax_where_nothing_is_capital():
    """Also with days to pay: tax is dated by the cash behind it."""
    for more in ({}, {"pays_after_months": 3.0}, {"billing": {"every_months": 12.0}}):
        tables = {"segments": {"small": SEGMENT | more}, "acquisition": {"ads": {"joins": 5.0, "cost_per_join": 99.0}}}
        before, after = play(parameters(**tables)), play(parameters(firm={"tax_rate": 0.3}, **tables))
        assert after.npv_to_horizon == pytest.approx(0.7 * before.npv_to_horizon)
        assert after.closing == pytest.approx(0.7 * before.closing)
        assert after.equity == pytest.approx(0.7 * before.equity)


def test_a_change_of_the_tax_rate_taxes_only_what_comes_after_it():
    change = [{"set": "firm.tax_rate", "to": 0.5, "from_month": 12.0}]
    outcome = play(parameters(firm={"tax_rate": 0.25}), arm(change=change))
    profit = by_month(outcome, "revenue") - by_month(outcome, "cost_of_sales") - by_month(outcome, "cost_to_serve")
    assert by_month(outcome, "tax")[1:] / profit[1:] == pytest.approx(np.repeat([0.25, 0.5], 12))
