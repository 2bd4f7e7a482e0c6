"""Prices: means, spreads and growth with intervals that cover, and refusals that name the row."""

import numpy as np
import pytest

from retainsim.errors import UsageError
from retainsim.fit.price import grown, growth, price


def test_intervals_of_mean_and_spread_cover():
    """300 segments of 400 lognormal prices (sigma 0.5): 95 % within 4 standard errors (5 %), the spread's within 6."""
    n, means, spreads = 300, 0, 0
    for seed in range(n):
        found = price(np.random.default_rng(seed).lognormal(3, 0.5, 400))
        means += np.exp(3 + 0.125) in found.mean
        spreads += 0.5 in found.spread
    assert means / n == pytest.approx(0.95, abs=0.05)
    assert spreads / n == pytest.approx(0.95, abs=0.06)


def test_unknown_prices_are_left_out_and_free_ones_counted():
    found = price([10.0, np.nan, 0.0, 20.0, 10.0])
    assert found.n == 4
    assert found.mean.value == 10
    assert found.median == 10
    assert found.free == 0.25


def test_one_price_for_all_is_no_spread():
    found = price(np.full(50, 9.99))
    assert found.spread.value == found.spread.high == 0
    assert not found.is_spread
    assert price(np.random.default_rng(1).lognormal(3, 0.8, 500)).is_spread


def test_growth_with_tenure_is_told_per_year():
    """300 segments of 300, 5 % a year, scatter that is widest at both ends of tenure: intervals cover 95 % within 4 standard errors."""
    n, covered = 300, 0
    for seed in range(n):
        rng = np.random.default_rng(seed)
        months = rng.uniform(0, 60, 300)
        paid = 20 * 1.05 ** (months / 12) * np.exp(rng.normal(size=300) * np.abs(months - 30) / 50)
        covered += 0.05 in growth(paid, months).per_year
    assert covered / n == pytest.approx(0.95, abs=0.05)


def test_growth_within_customers_is_told_per_year():
    rng = np.random.default_rng(4)
    first, years = rng.uniform(10, 50, 500), rng.uniform(0.5, 4, 500)
    found = grown(first, first * 1.08**years * np.exp(rng.normal(0, 0.1, 500)), years)
    assert 0.08 in found.per_year
    assert found.is_clear
    assert found.per_year.error < 0.01


def test_too_little_to_tell_growth_says_so():
    assert not growth([10.0, 12.0], [1.0, 20.0]).is_clear
    assert not growth([10.0, 12.0, 13.0], [5.0, 5.0, 5.0]).is_clear
    assert "too few" in grown([1.0], [1.0], [1.0]).note


@pytest.mark.parametrize(("amounts", "said"), [([np.nan], "no price"), ([1.0, -2.0], "row 1")])
def test_what_is_no_price_is_refused(amounts, said):
    with pytest.raises(UsageError, match=said):
        price(amounts)
