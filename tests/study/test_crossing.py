"""Where a difference changes its sign, and how well that is known."""

import numpy as np
import pytest

from retainsim.study.crossing import crossings

XS = np.linspace(0.0, 10.0, 6)


def test_a_straight_line_is_crossed_where_it_is_zero():
    values = (XS - 3.3)[:, None] + np.zeros((1, 5))
    (found,) = crossings(XS, values)
    assert found["at"] == pytest.approx(3.3)
    assert found["low"] == pytest.approx(3.3)
    assert found["rises"]


def test_every_change_of_sign_is_found_and_a_touch_is_none():
    hump = (4.0 - (XS - 5.0) ** 2)[:, None] + np.zeros((1, 3))
    assert [each["rises"] for each in crossings(XS, hump)] == [True, False]
    assert crossings(XS, (XS**2)[:, None] + np.zeros((1, 3))) == []
    assert crossings(XS, np.zeros((6, 3))) == []


def test_a_value_at_which_the_mean_is_exactly_zero_is_found_once():
    values = (XS - 4.0)[:, None] + np.array([[-1.0, 0.0, 1.0]])
    (found,) = crossings(XS, values)
    assert found["at"] == 4.0


def test_the_interval_covers_where_the_true_line_crosses():
    """1,000 repetitions of 30 replications: 950 expected, standard error 6.9; two-sided 4 SE."""
    noise = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        shift, tilt = noise.normal(0.0, 2.0, 30), noise.normal(0.0, 0.1, 30)
        (found,) = crossings(XS, (XS - 5.3)[:, None] * (1.0 + tilt) + shift)
        covered += found["low"] <= 5.3 <= found["high"]
    assert abs(covered - 950) < 4 * np.sqrt(1000 * 0.95 * 0.05)
