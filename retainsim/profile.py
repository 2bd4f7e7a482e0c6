"""Profile: how an amount runs over tenure, integrated exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retainsim.draws import Floats

Terms: TypeAlias = tuple[tuple[float, float], ...]
"""Sum of exponentials on one stretch: (value at its start, growth per month)."""


@dataclass(frozen=True)
class Profile:
    """A factor over tenure: on each stretch a sum of exponentials; the last stretch goes on for ever.

    Parameters
    ----------
    starts
        Tenures (months) at which stretches start, the first 0.
    terms
        The exponentials of each stretch.
    """

    starts: tuple[float, ...] = (0.0,)
    terms: tuple[Terms, ...] = (((1.0, 0.0),),)

    @classmethod
    def growing(cls, yearly_factor: float, until_months: float) -> Profile:
        """Grow by a factor a year up to a tenure, then stay."""
        rate = math.log(yearly_factor) / 12.0
        if rate == 0.0 or until_months == 0.0:
            return cls()
        return cls((0.0, until_months), (((1.0, rate),), ((math.exp(rate * until_months), 0.0),)))

    @classmethod
    def easing(cls, half_life: float, floor: float) -> Profile:
        """Fall from 1 to `floor`, half the way in every `half_life` (months)."""
        return cls((0.0,), (((floor, 0.0), (1.0 - floor, -math.log(2.0) / half_life)),))

    @classmethod
    def steps(cls, starts: tuple[float, ...], values: tuple[float, ...]) -> Profile:
        """Hold each value from its start (months, the first 0) on."""
        return cls(starts, tuple(((value, 0.0),) for value in values))

    @property
    def is_constant(self) -> bool:
        """True where the factor is 1 at every tenure."""
        return self == Profile()

    def at(self, tenure: Floats) -> Floats:
        """Return the factor at `tenure` (months, any shape)."""
        stretch, inside = self._locate(tenure)
        total = np.zeros_like(inside)
        for values, rates in zip(*self._columns(), strict=True):
            total += values[stretch] * np.exp(rates[stretch] * inside)
        return total

    def integral(self, tenure: Floats, rate: float = 0.0) -> Floats:
        """Integrate factor(a) x exp(rate a) over a from 0 to `tenure` (months), with `rate` per month."""
        stretch, inside = self._locate(tenure)
        return self._before(rate)[stretch] + self._within(stretch, inside, rate)

    def times(self, other: Profile) -> Profile:
        """Return the product of two profiles."""
        if other.is_constant:
            return self
        starts = tuple(sorted(set(self.starts) | set(other.starts)))
        return Profile(starts, tuple(_product(self._from(s), other._from(s)) for s in starts))

    def _from(self, start: float) -> Terms:
        """Return the terms in force at `start`, taken from there."""
        stretch = int(np.searchsorted(self.starts, start, side="right")) - 1
        passed = start - self.starts[stretch]
        return tuple((value * math.exp(rate * passed), rate) for value, rate in self.terms[stretch])

    def _locate(self, tenure: Floats) -> tuple[Floats, Floats]:
        starts = np.array(self.starts)
        stretch = np.searchsorted(starts, tenure, side="right") - 1
        return stretch, tenure - starts[stretch]

    def _columns(self) -> tuple[Floats, Floats]:
        """Return values and rates, shape (most terms, stretches), short stretches filled with zeros."""
        width = max(len(terms) for terms in self.terms)
        padded = [(*terms, *(((0.0, 0.0),) * (width - len(terms)))) for terms in self.terms]
        return np.array(padded).transpose(2, 1, 0)[0], np.array(padded).transpose(2, 1, 0)[1]

    def _within(self, stretch: Floats, inside: Floats, rate: float) -> Floats:
        total = np.zeros_like(inside)
        for values, rates in zip(*self._columns(), strict=True):
            total += values[stretch] * exponential_span(inside, rates[stretch] + rate)
        return total * np.exp(rate * np.array(self.starts)[stretch])

    def _before(self, rate: float) -> Floats:
        """Return the integral up to each start."""
        widths = np.diff(np.array(self.starts))
        parts = self._within(np.arange(len(widths)), widths, rate)
        return np.concatenate([[0.0], np.cumsum(parts)])


def exponential_span(width: Floats, rate: Floats | float) -> Floats:
    """Integrate exp(rate x) over x from 0 to `width` (months), exactly also where the rate is 0."""
    rate = np.asarray(rate, dtype=np.float64)
    safe = np.where(rate == 0.0, 1.0, rate)
    return np.where(rate == 0.0, width, np.expm1(safe * width) / safe)


def _product(one: Terms, two: Terms) -> Terms:
    return tuple((a * b, p + q) for a, p in one for b, q in two)
