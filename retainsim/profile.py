"""Profile: how an amount runs over tenure, integrated exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np

from retainsim.draws import Floats, Ints

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

    def __hash__(self) -> int:
        """Hash by content, once: a table of a profile is looked up at every settlement."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.starts, self.terms))

    @cached_property
    def is_constant(self) -> bool:
        """True where the factor is 1 at every tenure."""
        return self == Profile()

    def at(self, tenure: Floats) -> Floats:
        """Return the factor at `tenure` (months, any shape)."""
        table = _table(self, 0.0)
        stretch = np.searchsorted(table.starts, tenure, side="right") - 1
        return np.asarray(
            sum(v[stretch] * np.exp(r[stretch] * (tenure - table.starts[stretch])) for v, r in table.terms)
        )

    def integral(self, tenure: Floats, rate: float = 0.0) -> Floats:
        """Integrate factor(a) x exp(rate a) over a from 0 to `tenure` (months), with `rate` per month."""
        table = _table(self, rate)
        stretch = np.searchsorted(table.starts, tenure, side="right") - 1
        return table.before[stretch] + table.within(stretch, tenure - table.starts[stretch])

    @classmethod
    def fading(cls, extra: float, months: int) -> Profile:
        """Start at 1 + extra and fall evenly to 1 over whole `months`, held at the middle of each."""
        values = tuple(1.0 + extra * (1.0 - (month + 0.5) / months) for month in range(months))
        return cls.steps(tuple(float(month) for month in range(months + 1)), (*values, 1.0))

    def plus(self, other: Profile, weight: float) -> Profile:
        """Return the sum of this profile and `weight` times another."""
        starts = tuple(sorted(set(self.starts) | set(other.starts)))
        added = [[(value * weight, rate) for value, rate in other.terms_from(s)] for s in starts]
        return Profile(starts, tuple((*self.terms_from(s), *more) for s, more in zip(starts, added, strict=True)))

    def times(self, other: Profile) -> Profile:
        """Return the product of two profiles."""
        if other.is_constant:
            return self
        starts = tuple(sorted(set(self.starts) | set(other.starts)))
        return Profile(starts, tuple(_product(self.terms_from(s), other.terms_from(s)) for s in starts))

    def terms_from(self, start: float) -> Terms:
        """Return the terms in force at `start`, taken from there."""
        stretch = int(np.searchsorted(self.starts, start, side="right")) - 1
        passed = start - self.starts[stretch]
        return tuple((value * math.exp(rate * passed), rate) for value, rate in self.terms[stretch])


@dataclass(frozen=True)
class _Table:
    """A profile times exp(rate a), in arrays by stretch: starts, terms (value and growth), integral before each."""

    starts: Floats
    terms: tuple[tuple[Floats, Floats], ...]
    before: Floats

    def within(self, stretch: Ints, inside: Floats) -> Floats:
        """Integrate from the start of each stretch over `inside` months."""
        parts = (v[stretch] * exponential_span(inside, r[stretch]) for v, r in self.terms)
        return np.asarray(sum(parts))


@lru_cache(maxsize=1024)
def _table(profile: Profile, rate: float) -> _Table:
    """Lay a profile out in arrays; the same few are asked for at every settlement."""
    starts = np.array(profile.starts)
    width = max(len(terms) for terms in profile.terms)
    padded = [(*terms, *(((0.0, 0.0),) * (width - len(terms)))) for terms in profile.terms]
    wide = np.array(padded)
    weights = np.exp(rate * starts)
    terms = tuple((wide[:, i, 0] * weights, wide[:, i, 1] + rate) for i in range(width))
    table = _Table(starts, terms, np.zeros(len(starts)))
    widths = np.diff(starts)
    parts = table.within(np.arange(len(widths)), widths)
    return replace(table, before=np.concatenate([[0.0], np.cumsum(parts)]))


def exponential_span(width: Floats, rate: Floats | float) -> Floats:
    """Integrate exp(rate x) over x from 0 to `width` (months), exactly also where the rate is 0."""
    if isinstance(rate, float):
        return np.asarray(np.expm1(rate * width) / rate) if rate else width
    still = rate == 0.0
    if not still.any():
        return np.asarray(np.expm1(rate * width) / rate)
    safe = np.where(still, -1.0, rate)
    return np.where(still, width, np.expm1(safe * width) / safe)


def _product(one: Terms, two: Terms) -> Terms:
    return tuple((a * b, p + q) for a, p in one for b, q in two)


def between(start: Floats | float, end: Floats | float, rate: float) -> Floats:
    """Integrate exp(rate t) over t from start to end (months)."""
    width = np.asarray(end, dtype=np.float64) - start
    return width if rate == 0.0 else np.exp(rate * np.asarray(start)) * np.expm1(rate * width) / rate


def over(profile: Profile, joined: Floats, start: Floats, end: Floats, rate: float) -> Floats:
    """Integrate profile(tenure) x exp(rate t) over t from start to end (months)."""
    if profile.is_constant:
        return between(start, end, rate)
    inside = profile.integral(end - joined, rate) - profile.integral(start - joined, rate)
    return inside * np.exp(rate * joined)
