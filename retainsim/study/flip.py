"""Flip: the value of an input at which the better of two arms changes, with its interval, for many inputs at once.

The root of the mean difference is bracketed among few values, found on few replications, and then moved to where all
replications have it by secants: common luck makes the difference smooth, so that two of them are enough. The interval
is that of the mean difference there, divided by its slope: it comes from luck, not from the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import half_width
from retainsim.study.gap import Gap
from retainsim.study.input import Input

Bracket = tuple[Input, tuple[float, float]]
"""An input, and two values of it between which the better arm changes."""
_ROUNDS = 6
_LINEAR = 3.0
"""Half widths of its interval over which the difference is taken to be straight, as it is over the interval itself."""
_STEPS = 25
_NEAR = 0.01
"""How near (share of the bracket) the root on few replications is sought: the others move it further."""


@dataclass(frozen=True)
class Flip:
    """Where the better arm changes: value with 95 % interval, in the unit of the input.

    `falls` is True where the arm that is better today is beaten below the value, False where above.
    """

    mean: float
    low: float
    high: float
    falls: bool


@dataclass
class _Root:
    """A root on its way: where it is now, and the slope of the mean difference there."""

    asked: Input
    value: float
    slope: float
    difference: Floats
    is_found: bool = False

    def told(self, difference: Floats) -> None:
        """Take in the difference where the root is now, and move on; it is found where the move was short."""
        self.difference, mean = difference, float(difference.mean())
        before, self.value = self.value, float(np.clip(self.value - mean / self.slope, *self.asked.widest))
        self.is_found = abs(self.value - before) <= _LINEAR * self.width

    @property
    def width(self) -> float:
        """Return half the width of the root's interval: that of the mean difference, divided by the slope."""
        return (half_width(self.difference) or 0.0) / abs(self.slope)

    def flip(self, today: float) -> Flip:
        """Return the root with its interval, within the range that was searched."""
        low, high = self.asked.widest
        ends = max(self.value - self.width, low), min(self.value + self.width, high)
        return Flip(self.value, *ends, falls=self.value < today)


def bracket(values: Sequence[float], means: Sequence[float], today: float) -> tuple[float, float] | None:
    """Return the two neighbours among rising values between which the mean changes its sign, nearest to today's.

    Where it is nothing, it has no sign: neither arm is better.
    """
    known = [(value, mean) for value, mean in zip(values, means, strict=True) if mean != 0.0]
    found = [(one[0], other[0]) for one, other in pairwise(known) if one[1] * other[1] < 0.0]
    return min(found, key=lambda ends: max(0.0, ends[0] - today, today - ends[1]), default=None)


def look(gap: Gap, asked: Input, scouts: Sequence[int]) -> tuple[float, float] | None:
    """Return the bracket of an input: on all replications in its plausible range, on few far beyond it."""
    values = sorted({*asked.widest, *asked.inner})
    means = [float(gap.at(asked, value, None if value in asked.inner else scouts).mean()) for value in values]
    return bracket(values, means, asked.today)


def find(gap: Gap, brackets: Sequence[Bracket], scouts: Sequence[int]) -> dict[str, Flip]:
    """Find the root in every bracket, by key: on the replications `scouts` first, then on all."""
    if not brackets:
        return {}
    roots = _scouted(gap, brackets, scouts)
    for _ in range(_ROUNDS):
        open_ones = [root for root in roots if not root.is_found]
        gap.play([(root.asked, root.value) for root in open_ones])
        for root in open_ones:
            root.told(gap.at(root.asked, root.value))
    return {root.asked.key: root.flip(root.asked.today) for root in roots}


def _moves(gap: Gap, asked: Input, ends: tuple[float, float], scouts: Sequence[int]) -> list[float]:
    """Return by how much all replications differ from the scouts at both ends of a bracket, where they were played."""
    return [
        float(gap.at(asked, end).mean() - gap.at(asked, end, scouts).mean()) if end in asked.inner else 0.0
        for end in ends
    ]


def _scouted(gap: Gap, brackets: Sequence[Bracket], scouts: Sequence[int]) -> list[_Root]:
    """Find all roots on few replications, by Chandrupatla's method, and the slopes around them."""
    from scipy.optimize import elementwise

    moves = np.array([_moves(gap, *each, scouts) for each in brackets])
    lows, highs = (np.array([ends[side] for _, ends in brackets], dtype=np.float64) for side in (0, 1))

    def means(shares: Floats, places: Floats) -> Floats:
        """Return the mean difference at shares of the way through the brackets, moved as all others move its ends."""
        which = places.astype(int)
        moved = moves[which, 0] * (1.0 - shares) + moves[which, 1] * shares
        values = lows[which] + shares * (highs - lows)[which]
        points = [(brackets[place][0], float(value)) for place, value in zip(which, values, strict=True)]
        gap.play(points, scouts)
        return moved + np.array([gap.at(*point, scouts).mean() for point in points])

    places = np.arange(len(brackets), dtype=np.float64)
    ends = np.zeros(len(brackets)), np.ones(len(brackets))
    found = elementwise.find_root(means, ends, args=(places,), tolerances={"xatol": _NEAR}, maxiter=_STEPS)
    (left, right), (below, above) = found.bracket, found.f_bracket
    is_hit = (left == right) | (below == above)  # a zero met exactly leaves no bracket around it
    left, right = np.where(is_hit, ends[0], left), np.where(is_hit, ends[1], right)
    slopes = (means(right, places) - means(left, places)) / ((right - left) * (highs - lows))
    values = lows + found.x * (highs - lows)
    roots = zip(brackets, values, slopes, strict=True)
    return [_Root(asked, float(value), float(slope), np.zeros(0)) for (asked, _), value, slope in roots]
