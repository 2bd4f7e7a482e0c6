"""Estimate: a number read from data, with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NORMAL = 1.959963984540054
"""Half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 95 % interval.

    Parameters
    ----------
    value, low, high
        In the unit of what is estimated; an end that the data do not give is where the parameter itself ends.
    note
        What a reader must know of it; empty mostly.
    """

    value: float
    low: float
    high: float
    note: str = ""

    @property
    def error(self) -> float:
        """Return a standard error that stands for the interval: its width over 3.92."""
        return (self.high - self.low) / (2 * NORMAL)

    def mapped(self, function: Callable[[float], float]) -> Estimate:
        """Return the estimate of a monotone function of the number, rising or falling."""
        low, high = sorted((function(self.low), function(self.high)))
        return Estimate(function(self.value), low, high, self.note)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high
