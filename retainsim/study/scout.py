"""Scout: where a break-even may lie, found with few replications: a first look, growing outwards from today."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import ScenarioError
from retainsim.study.shortfall import Shortfall

POINTS = 9
"""Values looked at in a range that is given."""
_OFFSETS = (0.25, 0.5, 1.0, 2.0, 4.0)
_FARTHEST = 2.0**40
_STEPS = (1.0, 1e3, 1e6)
_WIDE = 50.0
_HALVINGS = 8


class Scout:
    """What few replications show of a gap, value by value.

    Parameters
    ----------
    gap
        The difference.
    low, high
        Where values may lie; infinite where there is no limit.
    """

    def __init__(self, gap: Shortfall, low: float, high: float) -> None:
        self.gap, self.low, self.high = gap, low, high
        self.is_whole = gap.goal.is_whole
        self.today = self._fit(gap.goal.today)
        self.faults: dict[float, str] = {}
        self._rows: dict[float, Floats] = {}

    @property
    def values(self) -> Floats:
        """Return the values looked at, in order."""
        return np.array(sorted(self._rows))

    @property
    def table(self) -> Floats:
        """Return the differences there, shape (values, few replications)."""
        return np.array([self._rows[value] for value in self.values])

    @property
    def means(self) -> Floats:
        """Return the mean difference at each of them."""
        return np.array([self._rows[value].mean() for value in self.values])

    def look(self, values: Iterable[float]) -> None:
        """Look at values; where one is not possible, at the last one before it that is."""
        wanted = dict.fromkeys(self._possible(self._fit(value)) for value in values)
        new = [value for value in wanted if value is not None and value not in self._rows]
        for value, row in zip(new, self.gap.at(new, self.gap.few), strict=True):
            self._rows[value] = row

    def explore(self, *, is_given: bool) -> None:
        """Look over a range that is given or narrow (shares), else outwards from today until the sign changes.

        Raises
        ------
        ScenarioError
            If no value is possible.
        """
        if math.isfinite(self.high - self.low) and (is_given or self.high - self.low <= 1.0):
            self.look([*spaced(self.low, self.high), self.today])
        else:
            self._grow(abs(self.today) or self._scale())
        if not self._rows:
            raise ScenarioError(next(iter(self.faults.values())))

    def _grow(self, scale: float) -> None:
        self.look([self.today, *(self.today + side * scale * o for side in (1, -1) for o in _OFFSETS)])
        offset = _OFFSETS[-1]
        while offset < _FARTHEST and not crossings(self.means):
            more = [side * o * offset for side in (1, -1) if self._is_promising(side) for o in (2.0, 4.0)]
            before = len(self._rows)
            self.look(self.today + scale * each for each in more)
            if len(self._rows) == before:
                return
            offset *= 4.0

    def _is_promising(self, side: int) -> bool:
        """True where the difference shrinks towards zero as one goes outwards."""
        sizes = np.abs(self.means)[::side]
        return len(sizes) > 1 and bool(sizes[-1] < sizes[-2] * (1 - 1e-12))

    def _scale(self) -> float:
        """Return how far to step from a value of zero: as far as a straight line takes to reach the goal."""
        for step in _STEPS:
            self.look([self.today, self.today + step])
            means = self.means
            if len(means) > 1 and means[0] != means[-1]:
                reach = abs(means[0] / (means[-1] - means[0])) * step
                return reach if reach > 0 else step
        return 1.0

    def _fit(self, value: float) -> float:
        """Return the nearest value within the limits, whole where it must be."""
        inside = min(max(value, self.low), self.high)
        return float(round(inside)) if self.is_whole else float(inside)

    def _possible(self, value: float) -> float | None:
        """Return the value if it is possible, else the last possible one on the way to it from today; None if none."""
        fault = self.gap.fault(value)
        if fault is None:
            return value
        self.faults[value] = fault
        good, bad = self.today, value
        if self.gap.fault(good) is not None:
            return None
        for _ in range(_HALVINGS):
            middle = self._fit((good + bad) / 2)
            good, bad = (middle, bad) if self.gap.fault(middle) is None else (good, middle)
        return good


def spaced(low: float, high: float) -> Floats:
    """Return values from low to high, evenly spaced, or by factors where the range is wide."""
    is_wide = low > 0 and high / low > _WIDE
    return np.geomspace(low, high, POINTS) if is_wide else np.linspace(low, high, POINTS)


def crossings(means: Floats) -> list[tuple[int, int]]:
    """Return the places between which a sequence changes its sign; twice the same place where it is zero."""
    signs = np.sign(means)
    found = [(i, i) for i in np.flatnonzero(signs == 0).tolist()]
    return sorted(found + [(i, i + 1) for i in np.flatnonzero(signs[:-1] * signs[1:] < 0).tolist()])


def distance(values: Floats, pair: tuple[int, int], today: float) -> float:
    """Return how far a bracket is from today; nothing if today lies in it."""
    low, high = values[pair[0]], values[pair[1]]
    return float(max(low - today, today - high, 0.0))
