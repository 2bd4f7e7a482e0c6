"""Flow: how many join a month through each channel, and whether the season or a trend shows in it.

Counts are Poisson around a rate, or scatter more widely; then intervals widen by the root of the dispersion (quasi-
Poisson). Twelve seasonal factors are taken only from two years or more, because one year cannot tell a season from an
event; they are drawn towards 1 by as much as chance alone would have made them differ (empirical Bayes: factors ~
Gamma with mean 1), and told only where they beat no season at 1 in 20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.fit.estimate import NORMAL, Estimate

YEAR = 12
_DECIDES = 1.3527717270  # half the 90 % point of chi-square(1): 1 in 20 where a variance may only be 0 or more


@dataclass(frozen=True)
class Joins:
    """How many join through a channel.

    Parameters
    ----------
    today
        Joins a month now, seasons taken out: the mean, or the end of the trend where there is one.
    mean
        Joins a month over the window.
    trend
        Relative growth a year.
    has_trend
        True where the interval of the trend leaves 0 out.
    seasonality
        Twelve factors of mean 1, January first; None where they do not beat none.
    dispersion
        Variance of counts over that of Poisson counts; 1 or more.
    note
        Why there are no seasons, or what was assumed.
    """

    today: Estimate
    mean: Estimate
    trend: Estimate
    has_trend: bool
    seasonality: tuple[float, ...] | None
    dispersion: float
    note: str = ""


def joins(counts: ArrayLike, *, first: int = 0) -> Joins:
    """Estimate joins from counts by month.

    Parameters
    ----------
    counts
        Joins in each whole month of the window, (months,), the first to the last; months without any are 0.
    first
        Calendar month of the first count, 0 for January.

    Raises
    ------
    UsageError
        If there is no month, or a count is below 0 or no number.
    """
    seen = np.asarray(counts, dtype=np.float64)
    if seen.ndim != 1 or not len(seen) or not (np.isfinite(seen).all() and (seen >= 0).all()):
        raise UsageError("flow: joins need one count of 0 or more for each month; give at least one month")
    season = (first + np.arange(len(seen))) % YEAR
    factors, note = _seasons(seen, season)
    model = _Trend(seen, np.ones(len(seen)) if factors is None else factors[season])
    trend = model.trend()
    has_trend = len(seen) >= YEAR and not trend.low <= 0 <= trend.high
    mean = model.mean()
    today = model.end() if has_trend else mean
    return Joins(
        today, mean, trend, has_trend, None if factors is None else tuple(factors.tolist()), model.spread, note
    )


class _Trend:
    """A log-linear trend of Poisson counts with known factors, fitted by Newton's method (two numbers)."""

    def __init__(self, seen: Floats, factors: Floats) -> None:
        self._seen, self._factors = seen, factors
        self._time = (np.arange(len(seen)) - (len(seen) - 1) / 2) / YEAR
        self._point = self._fit()
        self._information = self._weighed(self._expected(self._point))
        self.spread = self._dispersion()

    def trend(self) -> Estimate:
        """Return relative growth a year."""
        half = NORMAL * math.sqrt(self.spread * float(np.linalg.pinv(self._information)[1, 1]))
        slope = float(self._point[1])
        return Estimate(slope, slope - half, slope + half).mapped(math.expm1)

    def mean(self) -> Estimate:
        """Return joins a month over the window, with Garwood's exact limits widened by the dispersion."""
        total, months = float(self._seen.sum()), float(self._factors.sum())
        shrunk = total / self.spread
        low = special.gammaincinv(shrunk, 0.025) if total else 0.0
        high = special.gammaincinv(shrunk + 1, 0.975)
        return Estimate(total / months, float(low) * self.spread / months, float(high) * self.spread / months)

    def end(self) -> Estimate:
        """Return joins a month at the end of the window, on the trend."""
        where = np.array([1.0, self._time[-1] + 0.5 / YEAR])
        half = NORMAL * math.sqrt(self.spread * float(where @ np.linalg.pinv(self._information) @ where))
        middle = float(where @ self._point)
        return Estimate(middle, middle - half, middle + half).mapped(math.exp)

    def _fit(self) -> Floats:
        point = np.array([math.log(max(self._seen.sum(), 0.5) / self._factors.sum()), 0.0])
        if np.count_nonzero(self._seen) < 2:
            return point
        for _ in range(50):
            expected = self._expected(point)
            gap = self._seen - expected
            step = np.linalg.pinv(self._weighed(expected)) @ np.array([gap.sum(), self._time @ gap])
            point = point + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < 1e-10:
                break
        return point

    def _expected(self, point: Floats) -> Floats:
        return np.asarray(self._factors * np.exp(point[0] + point[1] * self._time))

    def _weighed(self, expected: Floats) -> Floats:
        design = np.stack([np.ones(len(self._time)), self._time])
        return np.asarray((design * expected) @ design.T)

    def _dispersion(self) -> float:
        """Return Pearson's dispersion of what trend and factors leave; 1 where it is less, or cannot be told."""
        expected, free = self._expected(self._point), len(self._seen) - 2
        if free < 1:
            return 1.0
        return max(1.0, float(((self._seen - expected) ** 2 / np.maximum(expected, 1e-9)).sum() / free))


def _seasons(seen: Floats, season: np.ndarray) -> tuple[Floats | None, str]:
    """Return twelve shrunk factors of mean 1, or None and why."""
    if len(seen) < 2 * YEAR:
        return None, f"{len(seen)} months cannot tell a season from an event; two years can"
    factors = np.ones(YEAR)
    gain = 0.0
    for _ in range(3):  # trend and factors take turns; twice is enough to settle them
        model = _Trend(seen, factors[season])
        level = model._expected(model._point) / factors[season]
        spread = _within(seen, level, season)
        came, due = (np.bincount(season, each, YEAR) / spread for each in (seen, level))
        factors, gain = _shrunk(came, due)
    if gain <= _DECIDES:
        return None, "twelve seasonal factors do not beat none at 1 in 20"
    return factors, f"seasonal factors drawn towards 1; they beat none by {gain:.1f} in log-likelihood"


def _within(seen: Floats, level: Floats, season: np.ndarray) -> float:
    """Return the dispersion of counts around their calendar month's own mean: scatter that is no season."""
    own = np.bincount(season, seen, YEAR) / np.bincount(season, level, YEAR)
    expected = np.maximum(level * own[season], 1e-9)
    return max(1.0, float(((seen - expected) ** 2 / expected).sum() / (len(seen) - YEAR)))


def _shrunk(came: Floats, due: Floats) -> tuple[Floats, float]:
    """Return gamma-Poisson factors of mean 1, and what their scatter adds to the log-likelihood of none."""

    def likelihood(log_k: float) -> float:
        k = math.exp(log_k)
        made = special.gammaln(k + came) - special.gammaln(k) + k * math.log(k) - (k + came) * np.log(k + due)
        return float(made.sum())

    none = float((-due).sum())
    found = optimize.minimize_scalar(lambda x: -likelihood(x), bounds=(-2.0, 12.0), method="bounded")
    k = math.exp(float(found.x))
    factors = (k + came) / (k + due)
    return factors / factors.mean(), -float(found.fun) - none
