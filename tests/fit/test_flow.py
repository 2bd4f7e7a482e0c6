"""Joins: rates with honest intervals, seasons only where there are any, trends told apart from both."""

import numpy as np
import pytest
from scipy import stats

from retainsim.errors import UsageError
from retainsim.fit.flow import joins

SEASON = np.array([0.6, 0.7, 0.9, 1.0, 1.1, 1.3, 1.4, 1.3, 1.1, 1.0, 0.9, 0.7])


def months(n, *, rate=50.0, season=None, growth=0.0, seed=1, first=0):
    time = np.arange(n) / 12
    factors = np.ones(n) if season is None else season[(first + np.arange(n)) % 12]
    return np.random.default_rng(seed).poisson(rate * factors * (1 + growth) ** time)


def test_the_mean_of_poisson_counts_has_its_exact_interval():
    """Two months, too few to see a dispersion: Garwood's limits by chi-square quantiles."""
    found = joins([30, 34]).mean
    assert found.value == 32
    assert found.low == pytest.approx(stats.chi2.ppf(0.025, 2 * 64) / 4)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * 65) / 4)


def test_nobody_joining_still_has_an_upper_end():
    found = joins(np.zeros(24))
    assert found.mean.value == found.mean.low == 0
    assert 0.1 < found.mean.high < 0.2


def test_intervals_of_the_rate_cover_it():
    """400 windows of 24 months at 20 a month: 95 % within 4 standard errors (4.4 %)."""
    n = 400
    covered = sum(20 in joins(months(24, rate=20, seed=s)).mean for s in range(n))
    assert covered / n == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / n))


def test_counts_that_scatter_more_widely_have_wider_intervals():
    rng = np.random.default_rng(2)
    wide = rng.poisson(50 * rng.gamma(5, 0.2, 48))
    found, plain = joins(wide), joins(months(48))
    assert found.dispersion > 4
    assert found.mean.high - found.mean.low > 1.8 * (plain.mean.high - plain.mean.low)


def test_a_season_is_found_and_begins_in_the_right_month():
    found = joins(months(48, season=SEASON, rate=80, first=5), first=5)
    assert np.array(found.seasonality) == pytest.approx(SEASON / SEASON.mean(), abs=0.15)
    assert np.mean(found.seasonality) == pytest.approx(1)


def test_a_season_is_drawn_towards_1_where_counts_are_few():
    few = [joins(months(24, season=SEASON, rate=8, seed=s)).seasonality for s in range(40)]
    told = np.array([each for each in few if each is not None])
    assert len(told) > 10
    assert np.std(told, axis=1).mean() < 1.15 * np.std(SEASON)


def test_no_season_is_told_more_than_1_time_in_20():
    """400 windows of 36 months without one: at most 5 % + 4 standard errors."""
    n = 400
    told = sum(joins(months(36, rate=30, seed=s)).seasonality is not None for s in range(n))
    assert told / n < 0.05 + 4 * np.sqrt(0.05 * 0.95 / n)


def test_one_year_tells_no_season():
    found = joins(months(23, season=SEASON))
    assert found.seasonality is None
    assert "two years" in found.note


def test_a_trend_is_told_and_today_lies_at_its_end():
    found = joins(months(36, growth=0.4, rate=60))
    assert found.has_trend
    assert 0.4 in found.trend
    assert 60 * 1.4**3 in found.today
    assert found.mean.value < found.today.low


def test_trends_without_one_are_told_1_time_in_20():
    n = 400
    told = sum(joins(months(24, seed=s)).has_trend for s in range(n))
    assert told / n < 0.05 + 4 * np.sqrt(0.05 * 0.95 / n)


def test_a_season_is_no_trend():
    """From February to July and round again: half a season more at the end."""
    found = joins(months(30, season=SEASON, rate=100, first=1), first=1)
    assert 0 in found.trend


@pytest.mark.parametrize("counts", [[], [1, -1], [1, np.nan], [[1, 2]]])
def test_what_is_no_count_by_month_is_refused(counts):
    with pytest.raises(UsageError, match="one count"):
        joins(counts)
