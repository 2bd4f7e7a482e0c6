"""What it is worth to know before deciding, against cases worked by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from retainsim import theory
from retainsim.study.information import evpi, expected, partial_evpi, probability_best

GOOD, BAD = 100.0, -80.0
TWO_POINT = np.array([[0.0, GOOD]] * 3 + [[0.0, BAD]] * 2)
"""Doing nothing, and a plan that brings 100 with probability 0.6 and else loses 80: 28 on average."""


def test_a_two_point_prior_is_worth_what_the_hand_says():
    """Knowing, one would take the plan in 0.6 of the cases: 60 instead of 28."""
    assert evpi(TWO_POINT) == pytest.approx(32.0)


def test_three_options_are_worth_what_the_hand_says():
    """Means 2, 3 and 1; the best of each draw 6 and 4, so 5 on average instead of 3."""
    assert evpi(np.array([[0.0, 6.0, 1.0], [4.0, 0.0, 1.0]])) == pytest.approx(2.0)


def test_knowing_what_changes_no_decision_is_worth_nothing():
    assert evpi(np.array([[0.0, 1.0], [0.0, 9.0], [0.0, 3.0]])) == 0.0


def test_the_best_option_is_right_as_often_as_it_is_best():
    assert probability_best(TWO_POINT) == (1, pytest.approx(0.6))


def test_luck_is_not_taken_for_ignorance():
    """2,000 draws of the two-point prior under luck of sd 300: by cases 32 within 4 standard errors, raw far more."""
    rng, n = np.random.default_rng(1), 2000
    case = np.tile([1.0, 1.0, 1.0, 0.0, 0.0], n // 5)
    plan = np.where(case == 1.0, GOOD, BAD) + rng.normal(0, 300, n)
    values = np.column_stack([np.zeros(n), plan])
    found = partial_evpi(case, values)
    se = 300 * math.sqrt(0.4 / n + 0.6 / n)
    assert theory.within(found, 32.0, se)
    assert evpi(values) > 32.0 + 4 * se


def test_an_input_that_makes_it_all_is_worth_the_closed_form():
    """D ~ N(m, s): E max(0, D) - m = s phi(m / s) - m Phi(-m / s), of 4,000 draws under luck of sd 2 s."""
    rng, n, m, s = np.random.default_rng(2), 4000, 40.0, 100.0
    x = stats.norm.ppf((np.arange(n) + 0.5) / n)
    values = np.column_stack([np.zeros(n), m + s * x + rng.normal(0, 2 * s, n)])
    truth = s * stats.norm.pdf(m / s) - m * stats.norm.cdf(-m / s)
    assert theory.within(partial_evpi(x, values), truth, 2 * s / math.sqrt(n))


def test_an_input_that_makes_nothing_is_worth_nothing():
    """What regression finds in 1,000 draws of pure luck (sd 100, mean 40) is less than 1."""
    rng, n = np.random.default_rng(3), 1000
    values = np.column_stack([np.zeros(n), 40.0 + rng.normal(0, 100, n)])
    assert partial_evpi(rng.uniform(size=n), values) < 1.0


def test_a_curved_surface_of_two_inputs_is_found():
    """Without luck, a product and a square are met to rounding."""
    rng, n = np.random.default_rng(4), 300
    x = rng.normal(size=(n, 2))
    surface = 3.0 + x[:, 0] * x[:, 1] - 2.0 * x[:, 1] ** 2
    np.testing.assert_allclose(expected(x, surface[:, None])[:, 0], surface, atol=1e-9)
