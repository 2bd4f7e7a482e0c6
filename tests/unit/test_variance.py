"""The spread of an answer is taken apart as it was put together, and intervals hold what they claim."""

import math

import numpy as np
import pytest

from retainsim import theory
from retainsim.study.variance import components, jackknife

LUCK, IGNORANCE = 4.0, 9.0


def made(rng, rows, columns=2):
    """Return values whose rows differ by ignorance and whose columns differ by luck."""
    return rng.normal(0, math.sqrt(IGNORANCE), (rows, 1)) + rng.normal(0, math.sqrt(LUCK), (rows, columns))


def test_components_are_those_worked_by_hand():
    """Rows (1, 3) and (5, 9): within 2 and 8, mean 5; means 2 and 7, variance 12.5, less 5 / 2."""
    assert components(np.array([[1.0, 3.0], [5.0, 9.0]])) == (5.0, 10.0)


def test_a_small_ignorance_may_be_estimated_below_zero():
    """Three equal rows: means without variance, less 2 / 2."""
    assert components(np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])) == (2.0, -1.0)


@pytest.mark.parametrize("columns", [2, 5])
def test_known_components_come_out(columns):
    """n = 20,000 rows; standard errors of a balanced one-way design (Searle, Casella & McCulloch 1992, 4.5)."""
    n = 20_000
    luck, ignorance = components(made(np.random.default_rng(1), n, columns))
    between = columns * IGNORANCE + LUCK
    se_luck = LUCK * math.sqrt(2 / (n * (columns - 1)))
    se_ignorance = math.sqrt(2 / columns**2 * (between**2 / (n - 1) + LUCK**2 / (n * (columns - 1))))
    assert theory.within(luck, LUCK, se_luck)
    assert theory.within(ignorance, IGNORANCE, se_ignorance)


def test_intervals_hold_the_truth_as_often_as_they_claim():
    """95 % of 400 repetitions, 64 rows each; 4 standard errors are 4.4 points."""
    rng, hits = np.random.default_rng(2), np.zeros(2)
    for _ in range(400):
        values = made(rng, 64)
        found = jackknife(64, lambda rows, values=values: np.array(components(values[rows])))
        hits += [each["low"] <= truth <= each["high"] for each, truth in zip(found, (LUCK, IGNORANCE), strict=True)]
    assert (hits / 400 > 0.95 - 0.044).all()
    assert (hits / 400 < 0.95 + 0.044).all()


def test_the_interval_of_a_mean_is_the_one_of_student():
    """With a group for each row, leaving one out at a time gives the standard error of the mean."""
    values = np.random.default_rng(3).normal(size=20)
    (found,) = jackknife(20, lambda rows: np.array([values[rows].mean()]))
    half = 2.0930240544 * values.std(ddof=1) / math.sqrt(20)
    assert found["low"] == pytest.approx(values.mean() - half)
    assert found["high"] == pytest.approx(values.mean() + half)
