"""Revenue at risk: by hand, against the pooled shortfall and the normal law, and what is no risk."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from retainsim import theory
from retainsim.draws import Luck, key, name
from retainsim.study.concentration import revenue_at_risk
from retainsim.workings.concentration import expected_shortfall, herfindahl, largest_share
from unit.making import EXAMPLES

amounts = st.lists(st.floats(0.0, 1e6), min_size=1, max_size=40).map(np.array)


def test_by_hand():
    """Two replications of two quarters, the worst half of four: 0.5 and 0.8 of what their quarter brings."""
    quarters = np.array([[50.0, 240.0], [150.0, 160.0]])
    assert 1.0 - revenue_at_risk(quarters, 0.5).mean() == pytest.approx((0.5 + 0.8) / 2)


@EXAMPLES
@given(st.integers(2, 30), st.integers(1, 20), st.integers(0, 10**6))
def test_the_mean_of_the_parts_is_the_shortfall_of_all_quarters_together(replications, count, seed):
    draw = Luck(seed, 0).uniform("quarter", name(key("q"), np.arange(replications * count)))
    quarters = 1.0 + draw.reshape(replications, count)
    relative = (quarters / quarters.mean(axis=0)).ravel()
    assert revenue_at_risk(quarters).mean() == pytest.approx(1.0 - expected_shortfall(relative), abs=1e-12)


def test_of_normal_quarters_it_is_sd_times_the_density_at_the_quantile_over_the_share():
    """n = 400 replications of 25 quarters, sd 0.1: 0.1 phi(z) / 0.05 = 0.206; z = 4."""
    draw = Luck(5, 0).normal("quarter", name(key("q"), np.arange(10_000))).reshape(400, 25)
    found = revenue_at_risk(100.0 * (1.0 + 0.1 * draw))
    expected = 0.1 * stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05
    assert theory.within(found.mean(), expected, found.std(ddof=1) / math.sqrt(400))


def test_growth_instalments_and_quarters_without_revenue_are_no_risk():
    quarters = np.tile([0.0, 10.0, 900.0, 20.0, 40.0], (6, 1))
    assert revenue_at_risk(quarters).tolist() == [0.0] * 6
    assert np.isnan(revenue_at_risk(np.zeros((3, 4)))).all()
    assert np.isnan(revenue_at_risk(np.zeros((3, 0)))).all()


@EXAMPLES
@given(amounts, st.integers(0, 50))
def test_shares_lie_between_those_of_equals_and_of_one_who_has_all(found, count):
    if found.sum() > 0:
        share = largest_share(found, count)
        assert min(count, len(found)) / len(found) - 1e-9 <= share <= 1.0 + 1e-9
        assert 1 / len(found) - 1e-9 <= herfindahl(found) <= largest_share(found) + 1e-9
    assert largest_share(found, 0) == largest_share(np.zeros(0), 3) == 0.0
