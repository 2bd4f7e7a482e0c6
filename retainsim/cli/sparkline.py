"""Sparkline: how a number runs over time, in one row of letters per series, so that rows compare by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
"""Heights, from the lowest of all series to the highest."""
LEAST, MOST = 12, 24
"""Letters below which a line says nothing, and above which more of them say no more."""


def can_be_written(encoding: str) -> bool:
    """Tell whether a terminal of this encoding knows the letters."""
    try:
        BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def lines(series: Sequence[Sequence[float]], width: int) -> list[str]:
    """Draw every series (all of one length) in at most `width` letters, all on one scale.

    The first letter is the first value and the last one the last; a series shorter than `width` has a letter each.
    """
    low, high = extent(series)
    return ["".join(_block(values[at], low, high) for at in _places(len(values), width)) for values in series]


def extent(series: Iterable[Iterable[float]]) -> tuple[float, float]:
    """Return the lowest and the highest value of all series: the ends of the scale."""
    values = [value for each in series for value in each]
    return min(values), max(values)


def _places(count: int, width: int) -> list[int]:
    """Return which of `count` values are drawn: evenly spread, both ends among them."""
    drawn = min(count, width)
    return [round(i * (count - 1) / max(drawn - 1, 1)) for i in range(drawn)]


def _block(value: float, low: float, high: float) -> str:
    """Return the letter of a value; where nothing changes at all, the one in the middle."""
    height = (value - low) / (high - low) if high > low else 0.5
    return BLOCKS[min(int(height * len(BLOCKS)), len(BLOCKS) - 1)]
