"""Acquisition: how customers come: channels add, factors multiply.

Potential joiners of a channel are points of a Poisson process on the plane time x rate; those below the rate in
force join. A point's name hangs on its cell of the plane (channel, calendar month, strip) alone, so more spend
adds joiners and moves nobody else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from retainsim.draws import Floats, Ints, Luck, Names, key, name

STRIP = 4.0
"""Height of a strip of the plane, joins a month: part of every customer's identity, so it never changes."""


@dataclass(frozen=True)
class Joiners:
    """Customers about to join: one entry each."""

    names: Names
    times: Floats
    origins: Ints
    segments: Ints


@dataclass
class _Channel:
    origin: int
    rate: float = 0.0
    price: float = 0.0
    mix: Floats = field(default_factory=lambda: np.ones(1))
    month: int = -1
    strips: int = 0
    points: tuple[Names, Floats, Floats] = field(default_factory=lambda: _nothing())


class Acquisition:
    """All taps of one world."""

    def __init__(self, luck: Luck, origins: tuple[str, ...]) -> None:
        self._luck, self._origins = luck, origins
        self._channels: dict[str, _Channel] = {}
        self._factors: dict[str, dict[str, float]] = {}

    def add(self, channel: str) -> None:
        """Add a channel; it brings nobody until it is given a rate."""
        self._channels[channel] = _Channel(self._origins.index(channel))

    def set_rate(self, channel: str, rate: float) -> None:
        """Hold `rate` joins a month from now on."""
        self._channels[channel].rate = rate

    def set_mix(self, channel: str, weights: Floats) -> None:
        """Say to which segments those who join belong, shape (segments,), any scale."""
        self._channels[channel].mix = weights

    def set_price(self, channel: str, price: float) -> None:
        """Set the price of each join (money)."""
        self._channels[channel].price = price

    def multiply(self, source: str, channel: str, factor: float) -> None:
        """Multiply the rate of one channel."""
        self._factors.setdefault(channel, {})[source] = factor

    def rate(self, channel: str) -> float:
        """Return the joins a month in force, factors included."""
        factors = self._factors.get(channel, {})
        return self._channels[channel].rate * math.prod(factors[source] for source in sorted(factors))

    def prices(self) -> Floats:
        """Return the price of a join (money) by origin."""
        prices = np.zeros(len(self._origins))
        for mine in self._channels.values():
            prices[mine.origin] = mine.price
        return prices

    def arrivals(self, start: float, end: float) -> Joiners:
        """Return who joins in (start, end], a span within one calendar month."""
        found = [self._arrivals(c, start, end) for c in sorted(self._channels)]
        if not found:
            return Joiners(*_nothing()[:2], np.zeros(0, np.int64), np.zeros(0, np.int64))
        return Joiners(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _arrivals(self, channel: str, start: float, end: float) -> tuple[Names, Floats, Ints, Ints]:
        mine, rate = self._channels[channel], self.rate(channel)
        self._prepare(channel, mine, int(math.ceil(end)) - 1, int(math.ceil(rate / STRIP)))
        names, times, heights = mine.points
        chosen = np.flatnonzero((times > start) & (times <= end) & (heights < rate))
        names = names[chosen]
        segments = self._luck.choice("acquisition.segment", names, mine.mix)
        return names, times[chosen], np.full(len(names), mine.origin), segments

    def _prepare(self, channel: str, mine: _Channel, month: int, strips: int) -> None:
        """Have the points of a month at hand, up to a number of strips."""
        if mine.month != month:
            mine.month, mine.strips, mine.points = month, 0, _nothing()
        if strips > mine.strips:
            more = self._points(channel, month, np.arange(mine.strips, strips))
            both = zip(mine.points, more, strict=True)
            names, times, heights = (np.concatenate(parts) for parts in both)
            mine.strips, mine.points = strips, (names, times, heights)

    def _points(self, channel: str, month: int, strips: Ints) -> tuple[Names, Floats, Floats]:
        """Return names, times (months) and heights (joins a month) of the points in some strips."""
        cells = name(key("acquisition", channel), month, strips)
        counts = self._luck.poisson("acquisition.points", cells, STRIP)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        names = name(0, (np.arange(len(first)) - first)) ^ np.repeat(cells, counts)
        names = name(key("customer"), names.astype(np.int64))
        times = month + self._luck.uniform("acquisition.time", names)
        heights = np.repeat(strips, counts) + self._luck.uniform("acquisition.height", names)
        return names, times, heights * STRIP


def _nothing() -> tuple[Names, Floats, Floats]:
    return np.zeros(0, np.uint64), np.zeros(0), np.zeros(0)
