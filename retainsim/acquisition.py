"""Acquisition: how customers come: channels add, factors multiply.

Potential joiners of a channel are points of a Poisson process on the plane time x rate; those below the rate in
force join. A point's name hangs on its cell of the plane (channel, calendar month, strip) alone, so more spend
adds joiners and moves nobody else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from retainsim.draws import Floats, Ints, Luck, Names, key, mix, name
from retainsim.pool import Column

STRIP = 4.0
"""Height of a strip of the plane, joins a month: part of every customer's identity, so it never changes."""
_YEAR, _WIDEST = 12, 64
"""Months and most strips drawn at a time; they change no luck, only how often it is asked for."""


@dataclass(frozen=True)
class Joiners:
    """Customers about to join: one entry each.

    Those who come back bring their spell (2 for the first return) and what belongs to the person, by column.
    """

    names: Names
    times: Floats
    origins: Ints
    segments: Ints
    spells: Ints | None = None
    traits: Mapping[str, Column] | None = None


@dataclass(frozen=True)
class _Points:
    """Points of the plane: a year of one channel up to a height, by month; `starts` has one entry more than months."""

    names: Names
    times: Floats
    heights: Floats
    starts: Ints
    strips: int

    @property
    def height(self) -> float:
        """Return the height up to which all points are known, joins a month."""
        return self.strips * STRIP

    def within(self, month: int, start: float, end: float, rate: float) -> Ints:
        """Return the places of those in (start, end] below `rate`, all in one month of the year."""
        first, last = self.starts[month], self.starts[month + 1]
        times = self.times[first:last]
        below = self.heights[first:last] < rate
        return first + np.flatnonzero(below & (times > start) & (times <= end))


@dataclass
class _Channel:
    origin: int
    rate: float = 0.0
    price: float = 0.0
    mix: Floats = field(default_factory=lambda: np.ones(1))


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
        """Multiply the rate of one channel, or of another origin."""
        self._factors.setdefault(channel, {})[source] = factor

    def rate(self, channel: str) -> float:
        """Return the joins a month in force, factors included."""
        return self._channels[channel].rate * self.factor(channel)

    def factor(self, origin: str) -> float:
        """Return the product of all factors on an origin; what else brings customers thins its own by it."""
        factors = self._factors.get(origin, {})
        return math.prod(factors[source] for source in sorted(factors))

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
            return Joiners(*_nothing(), np.zeros(0, np.int64), np.zeros(0, np.int64))
        names, times, origins, segments = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Joiners(names, times, origins, segments)

    def _arrivals(self, channel: str, start: float, end: float) -> tuple[Names, Floats, Ints, Ints]:
        mine, rate = self._channels[channel], self.rate(channel)
        year, month = divmod(math.ceil(end) - 1, _YEAR)
        points = self._points(channel, year, rate)
        places = points.within(month, start, end, rate)
        names, times = points.names[places], points.times[places]
        segments = self._luck.choice("acquisition.segment", names, mine.mix)
        return names, times, np.full(len(names), mine.origin), segments

    def _points(self, channel: str, year: int, rate: float) -> _Points:
        """Return the points of a year at least up to a rate, remembered for the other arms of the replication."""
        where = ("acquisition", channel, year)
        known = self._luck.memory.get(where, _NONE)
        assert isinstance(known, _Points)
        if known.height < rate:
            drawn = _draw_points(self._luck, channel, year, (known.strips, _reach(rate)))
            self._luck.memory[where] = known = _together([known, drawn]) if known.strips else drawn
        return known


def _reach(rate: float) -> int:
    """Return how many strips are drawn for a rate: 16, doubled while that is not enough, from 64 on 64 more."""
    strips = 16
    while strips * STRIP < rate:
        strips += min(strips, _WIDEST)
    return strips


def _draw_points(luck: Luck, channel: str, year: int, layer: tuple[int, int]) -> _Points:
    """Draw the points of a year in a layer: a Poisson number in each cell, placed evenly."""
    height = layer[1] - layer[0]
    months, strips = np.divmod(np.arange(_YEAR * height), height)
    strips += layer[0]
    cells = name(key("acquisition", channel), year * _YEAR + months, strips)
    counts = luck.poisson("acquisition.points", cells, STRIP)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    names = mix(np.repeat(cells, counts) + name(0, np.arange(len(first)) - first))
    times = year * _YEAR + np.repeat(months, counts) + luck.uniform("acquisition.time", names)
    heights = np.repeat(strips, counts) + luck.uniform("acquisition.height", names)
    starts = np.append(0, np.cumsum(counts.reshape(_YEAR, height).sum(axis=1)))
    return _Points(names, times, heights * STRIP, starts, layer[1])


def _together(layers: list[_Points]) -> _Points:
    """Put layers of one year together, month by month and within a month from below."""
    months = np.concatenate([np.repeat(np.arange(_YEAR), np.diff(layer.starts)) for layer in layers])
    order = np.argsort(months, kind="stable")
    names, times, heights = (
        np.concatenate([getattr(layer, column) for layer in layers])[order] for column in ("names", "times", "heights")
    )
    starts = np.sum([layer.starts for layer in layers], axis=0)
    return _Points(names, times, heights, starts, layers[-1].strips)


def _nothing() -> tuple[Names, Floats]:
    return np.zeros(0, np.uint64), np.zeros(0)


_NONE = _Points(*_nothing(), np.zeros(0), np.zeros(_YEAR + 1, np.int64), 0)
