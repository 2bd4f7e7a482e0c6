"""Survival: how many stay, and for which reason the others leave, by tenure, without any law behind it.

Kaplan & Meier (1958) for staying, Aalen & Johansen (1978) for leaving by reason; both with customers who come under
observation late (left truncation): nobody is at risk before, or at, the tenure of entry. Intervals are Greenwood's, on
the scale ln(-ln S), so that they keep within 0 and 1. What left truncation leaves unseen is the law before the first
entry, and few at risk soon after it make the curve jump: then look at `at_risk`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.spells import Spells, counts

UNKNOWN = "unknown"
"""The reason of those who left without one."""


@dataclass(frozen=True)
class Curve:
    """A step function of tenure with pointwise 95 % intervals; every array has an entry per tenure at which some left.

    Parameters
    ----------
    tenure
        Months, rising; a value holds from its tenure on, `start` before the first.
    value, low, high
        Shares of newcomers.
    at_risk
        Customers under observation just before each tenure.
    last
        Tenure (months) beyond which nobody was seen; the curve says nothing there.
    """

    tenure: Floats
    value: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    start: float
    last: float

    def at(self, months: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return value, low and high at tenures (months), each of their shape; nan beyond `last`."""
        asked = np.asarray(months, dtype=np.float64)
        place = np.searchsorted(self.tenure, asked, side="right")
        columns = (np.append(self.start, column)[place] for column in (self.value, self.low, self.high))
        value, low, high = (np.where(asked > self.last, np.nan, column) for column in columns)
        return value, low, high

    def estimate(self, months: float) -> Estimate:
        """Return the value at a tenure (months) with its 95 % interval."""
        value, low, high = self.at(months)
        return Estimate(float(value), float(low), float(high))


@dataclass(frozen=True)
class _Table:
    """Leavers (k, reasons + unknown) and customers at risk (k,) at each tenure (k,) at which some left."""

    tenure: Floats
    left: Floats
    at_risk: Floats
    last: float

    @property
    def staying(self) -> Floats:
        """Return Kaplan and Meier's survival after each tenure."""
        return np.cumprod(1 - self.left.sum(axis=1) / self.at_risk)

    @property
    def greenwood(self) -> Floats:
        """Return Greenwood's terms; 0 where all left, after which nothing moves."""
        left = self.left.sum(axis=1)
        rest = self.at_risk - left
        return np.where(rest > 1e-9 * self.at_risk, left / (self.at_risk * np.where(rest > 0, rest, 1.0)), 0.0)


def kaplan_meier(spells: Spells) -> Curve:
    """Estimate the share of newcomers still there, by tenure; 1 million rows take some 0.3 s."""
    table = _table(spells)
    survival = table.staying
    low, high = _interval(survival, survival**2 * np.cumsum(table.greenwood))
    return Curve(table.tenure, survival, low, high, table.at_risk, 1.0, table.last)


def incidence(spells: Spells) -> dict[str, Curve]:
    """Estimate the share of newcomers who have left for each reason, by tenure: they and survival add up to 1.

    By reason in the order of `spells.reasons`; "unknown" last, where some left without one. The variance is that of
    Marubini & Valsecchi (1995, section 10.2); with one reason it is Greenwood's.
    """
    table = _table(spells)
    names = (*spells.reasons, UNKNOWN)
    used = [k for k in range(len(names)) if k < len(spells.reasons) or table.left[:, k].any()]
    before = np.append(1.0, table.staying)[:-1]
    return {names[k]: _incidence(table, before, table.left[:, k]) for k in used}


def nelson_aalen(spells: Spells) -> tuple[Floats, Floats]:
    """Estimate cumulative hazard: tenures (k,) at which some left, and what has accumulated at each."""
    table = _table(spells)
    return table.tenure, np.cumsum(table.left.sum(axis=1) / table.at_risk)


def churn(spells: Spells, months: float = 12.0) -> Estimate:
    """Estimate the share of newcomers gone after `months`, by Kaplan and Meier, with its 95 % interval."""
    return kaplan_meier(spells).estimate(months).mapped(lambda share: 1 - share)


def _incidence(table: _Table, before: Floats, left: Floats) -> Curve:
    n, greenwood = table.at_risk, table.greenwood
    gone = np.cumsum(before * left / n)
    one, two, three = (np.cumsum(greenwood * gone**k) for k in (0, 1, 2))
    own = np.cumsum(before**2 * (n - left) * left / n**3)
    cross, crossed = np.cumsum(before * left / n**2), np.cumsum(before * left / n**2 * gone)
    variance = gone**2 * one - 2 * gone * two + three + own - 2 * (gone * cross - crossed)
    low, high = _interval(1 - gone, np.maximum(variance, 0.0))
    return Curve(table.tenure, gone, 1 - high, 1 - low, n, 0.0, table.last)


def _table(spells: Spells) -> _Table:
    weight, left = spells.weights, spells.left
    tenure, place = np.unique(spells.exit[left], return_inverse=True)
    kinds = len(spells.reasons) + 1
    cell = place * kinds + spells.reason[left] % kinds  # -1 becomes the last
    gone = counts(cell, weight[left], len(tenure) * kinds).reshape(len(tenure), kinds)
    at_risk = _until(spells.entry, weight, tenure) - _until(spells.exit, weight, tenure)
    return _Table(tenure, gone, at_risk, float(spells.exit.max(initial=0.0)))


def _until(times: Floats, weight: Floats, tenure: Floats) -> Floats:
    """Return how many have a time before each tenure."""
    place = np.searchsorted(tenure, times, side="right")
    return np.cumsum(counts(place, weight, len(tenure) + 1))[:-1]


def _interval(share: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of a share by ln(-ln); where it is 0, from 0 to where it was last above it."""
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    half = NORMAL * np.sqrt(variance) / np.abs(safe * np.log(safe))
    with np.errstate(over="ignore"):  # so wide an interval ends at 0
        low, high = safe ** np.exp(half), safe ** np.exp(-half)
    low, high = np.where(inside, low, share), np.where(inside, high, share)
    ended = np.flatnonzero(share <= 0)
    if len(ended) and ended[0] > 0:
        high[ended] = high[ended[0] - 1]
    return low, high
