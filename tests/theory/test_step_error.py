"""What is held from one settlement to the next: the error of a step, and how it falls with the step.

The same customers on the same luck, played with a step and with one of a sixteenth of a month.
"""

import math

import numpy as np
import pytest
from experiment import check, heads, log, measured, play
from scipy import integrate

from retainsim import theory

FINEST = 1 / 16
N = 2000


def stay(step, change=None, retention=None):
    """Return the discounted customer-months to the horizon, for a change or a lever on a ramp."""
    arm = {"retention": retention} if retention else {"change": [change]}
    found = play(
        months=24,
        customers=N,
        segments={"s": {"annual_churn": 0.3, "price": 1.0}},
        run={"step": step, "seed": 71},
        arms={"baseline": arm},
    )
    return measured(found, "npv_to_horizon")


RAMPS = {
    "churn": {"change": {"set": "segments.s.annual_churn", "to": 0.8, "from_month": 0, "ramp_months": 16}},
    "price": {"change": {"set": "segments.s.price", "to": 9.0, "from_month": 0, "ramp_months": 16}},
    "lever": {"retention": {"points": 25, "from_month": 0, "ramp_months": 16}},
    "churn from mid-month": {
        "change": {"set": "segments.s.annual_churn", "to": 0.8, "from_month": 3.4, "ramp_months": 12.3}
    },
    "lever from mid-month": {"retention": {"points": 25, "from_month": 3.4, "ramp_months": 12.3}},
}


@pytest.fixture(scope="module")
def finest():
    return {ramp: stay(FINEST, **RAMPS[ramp]) for ramp in RAMPS}


def errors(ramp, steps, finest):
    """Return the relative error of each step: of the mean over replications, against the finest."""
    found = [abs(float((stay(step, **RAMPS[ramp]) - finest[ramp]).mean() / finest[ramp].mean())) for step in steps]
    log.info("%s: %s", ramp, ", ".join(f"step {s:g} error {e:.2e}" for s, e in zip(steps, found, strict=True)))
    return found


@pytest.mark.parametrize("ramp", ["churn", "price", "lever"])
def test_halving_the_step_halves_the_error_of_a_ramp_at_least(ramp, finest):
    """Held at the middle of each step, so the error is of second order: a quarter is what to expect."""
    whole, half, quarter = errors(ramp, (1.0, 0.5, 0.25), finest)
    assert whole < 5e-4
    assert half < whole / 2
    assert quarter < half / 2


@pytest.mark.parametrize("ramp", RAMPS)
def test_a_month_s_step_is_near_enough_wherever_a_ramp_begins(ramp, finest):
    assert errors(ramp, (1.0,), finest)[0] < 2e-3


@pytest.mark.parametrize("ramp", ["churn", "price", "lever"])
def test_a_step_that_does_not_divide_a_month_is_no_worse_than_twice_a_longer_one(ramp, finest):
    """Months cut such steps in two, so a value must be held at the middle of what it is held for."""
    whole, *cut = errors(ramp, (1.0, 0.75, 0.6), finest)
    assert max(cut) < 2 * whole


def test_a_ramp_on_churn_loses_who_the_integral_of_its_hazard_loses():
    n = 200_000
    change = {"set": "segments.s.annual_churn", "to": 0.8, "from_month": 6, "ramp_months": 20}
    found = play(
        months=36,
        customers=n // 2,
        segments={"s": {"annual_churn": 0.3}},
        arms={"baseline": {"change": [change]}},
        run={"seed": 72},
    )

    def hazard(t):
        return -math.log1p(-(0.3 + 0.5 * min(1, max(0, t - 6) / 20))) / 12

    for month in (6, 12, 18, 26, 36):
        passed = integrate.quad(hazard, 0, month, points=[x for x in (6, 26) if x < month] or None)[0]
        share = math.exp(-passed)
        check(heads(found)["s"][month] / n, share, theory.binomial_se(share, n), f"ramp at {month}, n = {n}")


def test_reviews_further_apart_than_a_month_change_nothing_where_nothing_is_reviewed():
    change = {"set": "segments.s.annual_churn", "to": 0.8, "from_month": 3, "ramp_months": 12}
    found = {step: stay(step, change) for step in (1.0, 3.0, 12.0)}
    assert np.array_equal(found[3.0], found[1.0])
    assert np.array_equal(found[12.0], found[1.0])
