"""Seek: the value at which a paired difference vanishes, with an interval that comes from the replications.

A first look with few replications finds the range; a curve of all replications over it shows where the mean difference
changes its sign; a bracketing method finds the value. On common luck the mean is a deterministic function of the value,
with small steps where a customer more joins or stays. The interval holds every value at which a t-test on all
replications cannot tell the difference from zero (the inversion of the test, which is Fieller's for a straight line).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import half_width
from retainsim.study.gap import Gap
from retainsim.study.scout import Scout, crossings, spaced

_MOST_POINTS = 13
_FINE = 0.01
"""A root is found to this share of its interval."""
_WIDENINGS = 6
_LOOKS = 10
_NOTHING = 1e-9


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Parameters
    ----------
    values, table
        Values of the key, in order, and the differences there, shape (values, replications).
    root
        Where the mean difference vanishes; None where it does not.
    low, high
        Ends of the 95 % interval of the root; None where the replications set no end.
    slope
        By how much the mean difference grows per unit of the key around the root.
    others
        Further values at which it seems to vanish, approximately.
    looked
        From where to where was looked.
    faults
        Why values beyond that are not possible, if they are not.
    """

    values: Floats
    table: Floats
    root: float | None
    low: float | None
    high: float | None
    slope: float | None
    others: list[float]
    looked: tuple[float, float]
    faults: dict[float, str]

    @property
    def means(self) -> Floats:
        """Return the mean difference at each value."""
        return np.asarray(self.table.mean(axis=1))

    @property
    def is_monotone(self) -> bool:
        """True where the mean difference never clearly turns back between neighbouring values."""
        steps = np.diff(self.table, axis=0)
        clear = [float(np.sign(s.mean())) for s in steps if abs(s.mean()) > (half_width(s) or 0.0)]
        return len(set(clear)) < 2

    @property
    def is_flat(self) -> bool:
        """True where the difference is the same at every value."""
        return bool(np.ptp(self.table, axis=0).max() == 0.0)


def seek(gap: Gap, between: tuple[float, float] | None) -> Found:
    """Find where the difference vanishes, in a range or, without one, outwards from today.

    Raises
    ------
    ScenarioError
        If no value in the range is possible.
    """
    scout = Scout(gap, *(between or gap.goal.limits))
    scout.explore(is_given=between is not None)
    curve = _Curve(gap)
    place = _bracket(scout, curve)
    root = low = high = slope = None
    if place is not None:
        root, step, slope = curve.root(*place)
        low, high = curve.interval(root, step, (scout.low, scout.high))
    values = curve.values
    looked = float(scout.values.min()), float(scout.values.max())
    table = np.array([curve.rows[value] for value in values])
    return Found(values, table, root, low, high, slope, _others(scout, root), looked, scout.faults)


def _bracket(scout: Scout, curve: _Curve) -> tuple[float, float] | None:
    """Return neighbouring values of the curve, the nearest to today, between which the difference changes its sign."""
    found = crossings(scout.means)
    if found:
        curve.play(_window(scout, min(found, key=lambda pair: _distance(scout.values, pair, scout.today))))
        if (place := curve.nearest(scout.today)) is not None:
            return place
    curve.play(_thinned(scout))
    place = curve.nearest(scout.today)
    if place is None and (best := _closest(scout)) is not None:
        curve.play([best])
        place = curve.nearest(scout.today)
    return place


def _distance(values: Floats, pair: tuple[int, int], today: float) -> float:
    """Return how far a bracket is from today; nothing if today lies in it."""
    low, high = values[pair[0]], values[pair[1]]
    return float(max(low - today, today - high, 0.0))


def _window(scout: Scout, pair: tuple[int, int]) -> list[float]:
    """Return values from one before today and a bracket to one after them, spaced evenly."""
    values = scout.values
    here = int(np.argmin(np.abs(values - scout.today)))
    first, last = max(min(here, pair[0]) - 1, 0), min(max(here, pair[1]) + 1, len(values) - 1)
    return [*spaced(values[first], values[last]), scout.today, *values[list(pair)]]


def _thinned(scout: Scout) -> list[float]:
    """Return the values looked at, or as many of them as a curve needs, the closest to the goal among them."""
    places = np.unique(np.linspace(0, len(scout.values) - 1, _MOST_POINTS).round().astype(int))
    return [*scout.values[places], scout.values[int(np.argmin(np.abs(scout.means)))]]


def _closest(scout: Scout) -> float | None:
    """Return the value between those looked at that comes nearest to the goal; None where one of the ends does."""
    from scipy.optimize import minimize_scalar

    values, best = scout.values, int(np.argmin(np.abs(scout.means)))
    if best in (0, len(values) - 1) or scout.is_whole:
        return None
    bounds = values[best - 1], values[best + 1]
    few = scout.gap.few
    found = minimize_scalar(
        lambda x: abs(float(scout.gap.at([float(x)], few).mean())),
        bounds=bounds, method="bounded", options={"maxiter": _LOOKS, "xatol": 1e-3 * (bounds[1] - bounds[0])},
    )  # fmt: skip
    return float(found.x)


def _others(scout: Scout, root: float | None) -> list[float]:
    """Return where else the first look saw the difference vanish, by straight lines between its values."""
    if root is None:
        return []
    values, means = scout.values, scout.means
    found = [
        float(values[i] - means[i] * (values[j] - values[i]) / (means[j] - means[i] or 1.0))
        for i, j in crossings(means)
    ]
    mine = min(found, key=lambda value: abs(value - root), default=None)
    return [value for value in found if value != mine]


class _Curve:
    """The difference with all replications, at the values played so far."""

    def __init__(self, gap: Gap) -> None:
        self.gap = gap
        self.rows: dict[float, Floats] = {}

    @property
    def values(self) -> Floats:
        return np.array(sorted(self.rows))

    def play(self, values: Iterable[float]) -> None:
        """Play those values that are possible, all at once."""
        whole = [float(round(v)) if self.gap.goal.is_whole else float(v) for v in values]
        new = [v for v in dict.fromkeys(whole) if v not in self.rows and self.gap.fault(v) is None]
        for value, row in zip(new, self.gap.at(new), strict=True):
            self.rows[value] = row

    def mean(self, value: float) -> float:
        self.play([value])
        return float(self.rows[value].mean())

    def nearest(self, today: float) -> tuple[float, float] | None:
        """Return the bracket nearest to today."""
        values = self.values
        pairs = crossings(np.array([self.rows[v].mean() for v in values]))
        if not pairs:
            return None
        low, high = min(pairs, key=lambda pair: _distance(values, pair, today))
        return float(values[low]), float(values[high])

    def root(self, low: float, high: float) -> tuple[float, float, float]:
        """Return where the mean vanishes between two values, the half-width of its interval, the slope around it.

        The last two follow from the bracket, which is wide enough for the steps of the mean not to matter.
        """
        from scipy.optimize import brentq

        if self.gap.goal.is_whole and low < high:
            root = self._root_of_whole(low, high)
            return root, *self.around(root)
        if low == high:
            return low, *self.around(low)
        guess = low + (high - low) * self.mean(low) / (self.mean(low) - self.mean(high))
        half, slope = self.around(guess)
        fine = max(_FINE * half, 1e-10 * (high - low))
        root = float(brentq(lambda x: self.mean(float(x)), low, high, xtol=fine, rtol=1e-14))
        return root, 0.0 if self._is_exact(root) else half, slope

    def _is_exact(self, root: float) -> bool:
        """True where all replications agree on the root but for rounding."""
        widest = max(float(np.ptp(row)) for row in self.rows.values())
        return (half_width(self.rows[root]) or 0.0) <= _NOTHING * widest

    def _root_of_whole(self, low: float, high: float) -> float:
        """Return where a straight line between the two neighbouring whole numbers vanishes."""
        while high - low > 1:
            middle = float(math.floor((low + high) / 2))
            low, high = (middle, high) if self.mean(middle) * self.mean(low) > 0 else (low, middle)
        share = self.mean(low) / (self.mean(low) - self.mean(high))
        return low + share * (high - low)

    def interval(self, root: float, step: float, limits: tuple[float, float]) -> tuple[float | None, float | None]:
        """Return the ends of all values whose difference is not told from zero by a t-test at 5 %."""
        if step == 0.0:
            return root, root
        self.play(min(max(root + side * step, limits[0]), limits[1]) for side in (-1, 1))
        return self._end(root, -step, limits), self._end(root, step, limits)

    def around(self, root: float) -> tuple[float, float]:
        """Return the half-width of the interval, were the difference a straight line, and the slope of that line."""
        values = self.values
        after = int(np.clip(np.searchsorted(values, root, side="right"), 1, len(values) - 1))
        first = after - 2 if values[after - 1] == root and after > 1 else after - 1
        low, high = values[first], values[after]
        slope = (self.mean(high) - self.mean(low)) / (high - low)
        half, change = half_width(self._row(root)) or 0.0, np.abs(self.rows[high] - self.rows[low]).max()
        half = 0.0 if half <= _NOTHING * change else half
        return max(half / abs(slope), float(self.gap.goal.is_whole and half > 0)), float(slope)

    def _row(self, value: float) -> Floats:
        """Return the differences at a value, on a straight line between its neighbours where it is not played."""
        if value in self.rows:
            return self.rows[value]
        values = self.values
        after = int(np.searchsorted(values, value))
        low, high = values[after - 1], values[after]
        share = (value - low) / (high - low)
        return (1 - share) * self.rows[low] + share * self.rows[high]

    def _end(self, root: float, step: float, limits: tuple[float, float]) -> float | None:
        """Walk outwards until the difference is told from zero; return where that begins, or the limit."""
        from scipy.optimize import brentq

        inner, mine = root, self._row(root)
        for widening in range(_WIDENINGS):
            outer = min(max(root + step * 2.0**widening, limits[0]), limits[1])
            outer = float(round(outer)) if self.gap.goal.is_whole else outer
            if outer == inner or self.gap.fault(outer) is not None:
                return inner
            self.play([outer])
            theirs = self.rows[outer]

            def excess(share: float, one: Floats = mine, two: Floats = theirs) -> float:
                row = (1 - share) * one + share * two
                return abs(float(row.mean())) - (half_width(row) or 0.0)

            if excess(1.0) > 0:
                return root if excess(0.0) > 0 else inner + (outer - inner) * float(brentq(excess, 0.0, 1.0))
            inner, mine = outer, theirs
        return None
