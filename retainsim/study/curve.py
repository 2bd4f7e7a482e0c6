"""Curve: a paired difference with all replications, value by value, where it vanishes, and how surely.

On common luck the mean is a deterministic function of the value, with small steps where a customer more joins or stays:
a bracketing method finds where it changes its sign. The interval holds every value at which a t-test on all
replications cannot tell the difference from zero (the inversion of the test, which is Fieller's for a straight line).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import half_width
from retainsim.study.scout import crossings, distance
from retainsim.study.shortfall import Shortfall

_FINE = 0.01
"""A root is found to this share of its interval."""
_WIDENINGS = 6
_NOTHING, _NEAR = 1e-9, 1e-6


class Curve:
    """The difference with all replications, at the values played so far (`rows`)."""

    def __init__(self, gap: Shortfall) -> None:
        self.gap = gap
        self.rows: dict[float, Floats] = {}

    @property
    def values(self) -> Floats:
        """Return the values played, in order."""
        return np.array(sorted(self.rows))

    def play(self, values: Iterable[float]) -> None:
        """Play those values that are possible, all at once."""
        whole = [float(round(v)) if self.gap.goal.is_whole else float(v) for v in values]
        new = [v for v in dict.fromkeys(whole) if v not in self.rows and self.gap.fault(v) is None]
        for value, row in zip(new, self.gap.at(new), strict=True):
            self.rows[value] = row

    def mean(self, value: float) -> float:
        """Return the mean difference at a value."""
        self.play([value])
        return float(self.rows[value].mean())

    def nearest(self, today: float) -> tuple[float, float] | None:
        """Return the bracket nearest to today."""
        values = self.values
        pairs = crossings(np.array([self.rows[v].mean() for v in values]))
        if not pairs:
            return None
        low, high = min(pairs, key=lambda pair: distance(values, pair, today))
        return float(values[low]), float(values[high])

    def root(self, low: float, high: float) -> tuple[float, float, float]:
        """Return where the mean vanishes between two values, the half-width of its interval, the slope around it.

        The last two follow from the bracket, which is wide enough for the steps of the mean not to matter.
        """
        from scipy.optimize import brentq

        if self.gap.goal.is_whole and low < high:
            root = self._root_of_whole(low, high)
            return root, *self.around(root)
        guess = low + (high - low) * self.mean(low) / (self.mean(low) - self.mean(high)) if low < high else low
        half, slope = self.around(guess)
        fine = max(_FINE * half, 1e-10 * (high - low))
        root = low if low == high else float(brentq(self._mean_at, low, high, xtol=fine, rtol=1e-14))
        return root, self._width(root) if self._agree(root) else half, slope

    def _mean_at(self, value: float) -> float:
        return self.mean(float(value))

    def _width(self, root: float) -> float:
        """Return how far from a root at which all replications agree the next value is at which they do not.

        0 where they disagree as soon as the value moves.
        """
        others = [value for value in self.values if not self._agree(value)]
        step = min((abs(value - root) for value in others), default=0.0)
        near = [x for x in (root - _NEAR * step, root + _NEAR * step) if self.gap.fault(x) is None]
        self.play(near)
        if not any(self._agree(x) for x in near):
            return 0.0
        below, above = ([abs(v - root) for v in others if (v > root) == side] for side in (False, True))
        return max(min(below, default=step), min(above, default=step))

    def _agree(self, value: float) -> bool:
        """True where the difference is nothing in every replication, but for rounding."""
        widest = max(float(np.ptp(row)) for row in self.rows.values())
        return float(np.abs(self.rows[value]).max()) <= _NOTHING * widest

    def _root_of_whole(self, low: float, high: float) -> float:
        """Return where a straight line between the two neighbouring whole numbers vanishes."""
        while high - low > 1:
            middle = float(math.floor((low + high) / 2))
            low, high = (middle, high) if self.mean(middle) * self.mean(low) > 0 else (low, middle)
        share = self.mean(low) / (self.mean(low) - self.mean(high))
        return low + share * (high - low)

    def interval(self, root: float, step: float, limits: tuple[float, float]) -> tuple[float | None, float | None]:
        """Return the ends of all values whose difference is not told from zero by a t-test at 5 %.

        Where the difference is nothing in every replication, though not only at the root, as where nobody's fate hangs
        on a little more or less, the step stands for the ends.
        """
        if step == 0.0:
            return root, root
        low, high = (min(max(root + side * step, limits[0]), limits[1]) for side in (-1, 1))
        if root in self.rows and self._agree(root):
            return low, high
        self.play([low, high])
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
