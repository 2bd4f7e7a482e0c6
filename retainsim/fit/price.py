"""Price: what customers pay a month, how much it differs, and how it runs with tenure.

A scenario has one price per segment, and through `key_accounts` a lognormal spread of sizes around it, 1 on average; so
the price told is the mean, with which revenue comes out right, and the spread is the standard deviation of ln price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.spells import Bools

APART = 0.25
"""Spread of ln price from which sizes need a mechanism (assumption): the top tenth then pays half as much more."""


@dataclass(frozen=True)
class Price:
    """What customers of a segment pay (money per customer-month).

    Parameters
    ----------
    mean
        With the interval of the mean.
    median
        Half pay less.
    spread
        Standard deviation of ln price among those who pay: `sigma` of `key_accounts`.
    n
        Customers whose price is known.
    free
        Share of them who pay nothing.
    """

    mean: Estimate
    median: float
    spread: Estimate
    n: int
    free: float

    @property
    def is_spread(self) -> bool:
        """True where prices differ so much that `key_accounts` should say so."""
        return self.spread.low > APART


@dataclass(frozen=True)
class Growth:
    """How price runs with tenure: `premium_per_year` or `volume_per_year` of the mechanism `growth`.

    Parameters
    ----------
    per_year
        Relative growth of what is paid, per year of tenure.
    is_clear
        True where the interval leaves 0 out.
    note
        What the number cannot tell.
    """

    per_year: Estimate
    is_clear: bool
    note: str


def price(amounts: ArrayLike) -> Price:
    """Estimate the price of a segment from what its customers pay, (n,), money a month; nan where unknown.

    Raises
    ------
    UsageError
        If no price is known, or one is below 0.
    """
    paid = _known(amounts)
    logs = np.log(paid[paid > 0])
    half = NORMAL * float(paid.std(ddof=1)) / math.sqrt(len(paid)) if len(paid) > 1 else math.nan
    mean = float(paid.mean())
    return Price(
        Estimate(mean, max(mean - half, 0.0) if half == half else math.nan, mean + half),
        float(np.median(paid)),
        _deviation(logs),
        len(paid),
        1 - len(logs) / len(paid),
    )


def growth(amounts: ArrayLike, tenure: ArrayLike) -> Growth:
    """Estimate growth with tenure (months, (n,)) from what customers pay today; standard errors allow for any scatter.

    Across customers, not within: if those who stay long paid more from the start, it shows here as growth.
    """
    paid, months = np.asarray(amounts, dtype=np.float64), np.asarray(tenure, dtype=np.float64)
    use = (paid > 0) & np.isfinite(months)
    note = "across customers of different tenure: who stays long may have paid more from the start"
    years = months[use] / 12
    if use.sum() < 3 or float(np.ptp(years)) == 0:
        return Growth(Estimate(0.0, -1.0, math.inf), False, "too few tenures to tell")
    slope, error = _slope(years, np.log(paid[use]))
    found = Estimate(slope, slope - NORMAL * error, slope + NORMAL * error).mapped(math.expm1)
    return Growth(found, not found.low <= 0 <= found.high, note)


def grown(before: ArrayLike, after: ArrayLike, years: ArrayLike) -> Growth:
    """Estimate growth within customers, from what each paid `before` and `years` later, all (n,)."""
    first, last, passed = (np.asarray(each, dtype=np.float64) for each in (before, after, years))
    use = (first > 0) & (last > 0) & (passed > 0)
    if use.sum() < 3:
        return Growth(Estimate(0.0, -1.0, math.inf), False, "too few customers with two prices to tell")
    gain, span = np.log(last[use] / first[use]), passed[use]
    slope = float((gain * span).sum() / (span**2).sum())
    error = math.sqrt(float(((gain - slope * span) ** 2 * span**2).sum())) / float((span**2).sum())
    found = Estimate(slope, slope - NORMAL * error, slope + NORMAL * error).mapped(math.expm1)
    return Growth(found, not found.low <= 0 <= found.high, "within customers")


def _slope(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the slope of a least-squares line and its heteroscedasticity-consistent standard error (HC1)."""
    off = x - x.mean()
    square = float(off @ off)
    slope = float(off @ y) / square
    rest = y - y.mean() - slope * off
    error = math.sqrt(float(off**2 @ rest**2) * len(x) / (len(x) - 2)) / square
    return slope, error


def _known(amounts: ArrayLike) -> Floats:
    paid = np.asarray(amounts, dtype=np.float64)
    known: Bools = np.isfinite(paid)
    if not known.any():
        raise UsageError("price: no price is known; leave prices out, or give at least one")
    if (paid[known] < 0).any():
        row = int(np.argmax(known & (paid < 0)))
        raise UsageError(f"price: {paid[row]:g} in row {row}; a price is 0 or more")
    return paid[known]


def _deviation(logs: Floats) -> Estimate:
    """Return the standard deviation of ln price; its interval allows for tails other than a normal law's."""
    if len(logs) < 2:
        return Estimate(0.0, 0.0, math.inf)
    off = logs - logs.mean()
    variance = float(off @ off) / (len(logs) - 1)
    if variance < 1e-20:
        return Estimate(0.0, 0.0, 0.0)
    fourth = float((off**4).mean())
    half = NORMAL * math.sqrt(max(fourth - variance**2, 0.0) / len(logs)) / variance
    return Estimate(variance, variance * math.exp(-half), variance * math.exp(half)).mapped(math.sqrt)
