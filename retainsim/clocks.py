"""Clocks: what happens to a customer again and again, at exact times.

A clock is a fuse renewed at each ring: an exponential allowance keyed by customer, clock and occasion, burnt at
the rate in force. Its owner is told who rang when, and may change the customer at that very moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats, Ints, Luck
from retainsim.pool import Pool

PER_SPELL = 1_000_000
"""Rings a customer can have before it leaves and comes back."""

Ring = Callable[[Ints, Floats, Ints], None]
"""Called with rows, exact times (months) and occasions (0 for the first ring)."""


@dataclass
class _Clock:
    ring: Ring
    rate: Floats


class Clocks:
    """All clocks of one world; their state lives in the pool."""

    def __init__(self, pool: Pool, luck: Luck) -> None:
        self._pool, self._luck = pool, luck
        self._clocks: dict[str, _Clock] = {}
        self._varied: dict[str, list[str]] = {}
        self.is_done: Callable[[], bool] = lambda: True
        """Asked when nothing more rings; False where it has let customers in whose clocks may."""

    def add(self, clock: str, ring: Ring) -> None:
        """Add a clock that stands still until it is given a rate."""
        self._clocks[clock] = _Clock(ring, np.zeros(0))

    def vary(self, clock: str, source: str, *, lasts: bool = False) -> None:
        """Announce a factor on a clock's rate that differs from customer to customer; 1 until set.

        What lasts belongs to the person: a customer who leaves and comes back has it again.
        """
        self._varied[clock] = sorted([*self._varied.get(clock, []), f"{clock}.by.{source}"])
        self._pool.own(f"{clock}.by.{source}", np.float64(1.0), lasts=lasts)

    def set_each(self, clock: str, source: str, rows: Ints, factors: Floats, time: float) -> None:
        """Set the announced factor of some customers from `time` (months) on."""
        column = self._pool[f"{clock}.by.{source}"]
        changed = column[rows] != factors
        rows, factors = rows[changed], factors[changed]
        if clock in self._clocks and self._clocks[clock].rate.size:
            self._burn(clock, rows, np.full(len(rows), time))
            column[rows] = factors
            self._project(clock, rows)
        else:
            column[rows] = factors

    def give_each(self, clock: str, source: str, rows: Ints, factors: Floats) -> None:
        """Set the announced factor of customers who have just come, before their clocks are wound."""
        self._pool[f"{clock}.by.{source}"][rows] = factors

    def rate_of(self, clock: str, rows: Ints) -> Floats:
        """Return the rate in force for each customer (rings per customer-month)."""
        rate = self._clocks[clock].rate
        return self._rate(clock, rows) if rate.size else np.zeros(len(rows))

    def set_rate(self, clock: str, rate: Floats, time: float) -> None:
        """Set the rate of each segment (rings per customer-month, shape (segments,)) from `time` on."""
        mine = self._clocks[clock]
        if np.array_equal(mine.rate, rate) or (not mine.rate.size and not rate.any()):
            return
        if not mine.rate.size:
            self._wind(clock, mine, rate, time)
            return
        rows = self._pool.rows()
        self._burn(clock, rows, np.full(len(rows), time))
        mine.rate = rate
        self._project(clock, rows)

    def start(self, rows: Ints, times: Floats) -> None:
        """Wind every running clock for customers who join at `times`."""
        earlier = (self._pool["spell"][rows].astype(np.int64) - 1) * PER_SPELL
        for clock, mine in self._clocks.items():
            if mine.rate.size:
                self._pool[f"{clock}.occasion"][rows] = earlier
                self._renew(clock, rows, times)

    def move(self, rows: Ints, times: Floats, segments: Ints) -> None:
        """Go on at the rates of other segments from `times` on."""
        running = [clock for clock, mine in self._clocks.items() if mine.rate.size]
        for clock in running:
            self._burn(clock, rows, times)
        self._pool["segment"][rows] = segments
        for clock in running:
            self._project(clock, rows)

    def settle(self, until: float) -> None:
        """Let everything ring that rings up to `until` while its customer is still there.

        In rounds: each customer's next ring, whichever clock it is of, is played before the one after it, so that a
        ring may change the customer's other clocks, or bring a customer whose own clocks ring in the same span.
        """
        running = [clock for clock in sorted(self._clocks) if self._clocks[clock].rate.size]
        if not running:
            return
        pool, rows, known = self._pool, self._pool.rows(), self._pool.size
        while True:
            rings = np.array([pool[f"{clock}.rings"][rows] for clock in running])
            first = rings.min(axis=0)
            is_due = (first <= until) & (first < pool["leaves"][rows])
            rows = rows[is_due]  # a ring changes nobody else's clocks, so who is not due now will not be
            if not len(rows):
                if self.is_done():
                    break
                rows, known = np.arange(known, pool.size), pool.size
                continue
            which = rings[:, is_due].argmin(axis=0)
            for index, clock in enumerate(running):
                mine = rows[which == index]
                if len(mine):
                    self._ring(clock, mine)

    def _ring(self, clock: str, rows: Ints) -> None:
        pool = self._pool
        times, occasions = pool[f"{clock}.rings"][rows], pool[f"{clock}.occasion"][rows].astype(np.int64)
        pool[f"{clock}.occasion"][rows] += 1
        self._renew(clock, rows, times)
        self._clocks[clock].ring(rows, times, occasions)

    def _wind(self, clock: str, mine: _Clock, rate: Floats, time: float) -> None:
        for column in ("fuse", "since", "rings"):
            self._pool.own(f"{clock}.{column}", np.float64(np.inf))
        self._pool.own(f"{clock}.occasion", np.int32(0))
        mine.rate = rate
        rows = self._pool.rows()
        self._renew(clock, rows, np.full(len(rows), time))

    def _renew(self, clock: str, rows: Ints, times: Floats) -> None:
        pool = self._pool
        occasions = pool[f"{clock}.occasion"][rows].astype(np.int64)
        pool[f"{clock}.fuse"][rows] = self._luck.exponential(clock, pool["name"][rows], occasions)
        pool[f"{clock}.since"][rows] = times
        self._project(clock, rows)

    def _burn(self, clock: str, rows: Ints, times: Floats) -> None:
        pool = self._pool
        rate = self._rate(clock, rows)
        passed = times - pool[f"{clock}.since"][rows]
        pool[f"{clock}.fuse"][rows] = np.maximum(pool[f"{clock}.fuse"][rows] - rate * passed, 0.0)
        pool[f"{clock}.since"][rows] = times

    def _project(self, clock: str, rows: Ints) -> None:
        pool = self._pool
        rate = self._rate(clock, rows)
        wait = np.full(len(rows), np.inf)
        np.divide(pool[f"{clock}.fuse"][rows], rate, out=wait, where=rate > 0)
        pool[f"{clock}.rings"][rows] = pool[f"{clock}.since"][rows] + wait

    def _rate(self, clock: str, rows: Ints) -> Floats:
        rate = self._clocks[clock].rate[self._pool["segment"][rows]]
        for column in self._varied.get(clock, ()):
            rate = rate * self._pool[column][rows]
        return rate
