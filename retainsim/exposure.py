"""Exposure: the customer-months of a span, cell by cell, for whatever is the same for all of a cell.

A running head count by segment, origin and cohort, corrected for the exact time of each coming and going.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool
from retainsim.profile import between

_Noted: TypeAlias = tuple[Ints, Floats, Floats, Floats]
"""Who came to or left a cell in a span: cells, times (months), heads (1 or -1), sizes."""


class Exposure:
    """The head count of one world.

    Parameters
    ----------
    cells
        How many segments, origins and cohorts there are: the shape of all that is returned.
    """

    def __init__(self, pool: Pool, cells: tuple[int, int, int]) -> None:
        self._pool, self._cells = pool, cells
        self.heads = self.sizes = np.zeros(cells)
        """Customers present, and the volume they buy, which is the same array until somebody's size is not 1."""
        self._events: list[_Noted] = []

    def note(self, rows: Ints, times: Floats, sign: float) -> None:
        """Let customers enter (sign 1) or leave (sign -1) their cells at their own times within the span (months)."""
        sizes = self._pool["size"][rows]
        if self.sizes is self.heads and (sizes != 1.0).any():
            self.sizes = self.heads.copy()
        self._events.append((self._cells_of(rows), times, np.full(len(rows), sign), sign * sizes))

    def begin(self) -> None:
        """Take customers noted so far as present from the start of the next span."""
        if self._events:
            cells, _, heads, sizes = self._noted()
            if self.sizes is not self.heads:
                self.sizes += self._summed(cells, sizes)
            self.heads += self._summed(cells, heads)
            self._events.clear()

    def over(self, start: float, end: float, rate: float) -> tuple[Floats, Floats]:
        """Return customer-months and size-months of the span (start, end], weighted by exp(rate x time)."""
        whole = float(between(start, end, rate))
        heads = self.heads * whole
        sizes = heads if self.sizes is self.heads else self.sizes * whole
        if self._events:
            cells, times, head, size = self._noted()
            rest = between(times, end, rate)
            if sizes is not heads:
                sizes += self._summed(cells, size * rest)
            heads += self._summed(cells, head * rest)
        return heads, sizes

    def by_cell(self, rows: Ints, *amounts: Floats) -> list[Floats]:
        """Add amounts of each of these customers up by cell."""
        cells = self._cells_of(rows)
        return [self._summed(cells, each) for each in amounts]

    def _cells_of(self, rows: Ints) -> Ints:
        return np.asarray(self._pool["cell"][rows] * self._cells[2] + self._pool["cohort"][rows])

    def _noted(self) -> _Noted:
        """Return everything noted since the span began as one."""
        if len(self._events) > 1:
            cells, times, heads, sizes = (np.concatenate(column) for column in zip(*self._events, strict=True))
            self._events = [(cells, times, heads, sizes)]
        return self._events[0]

    def _summed(self, cells: Ints, amounts: Floats) -> Floats:
        sums = np.asarray(np.bincount(cells, amounts, self.heads.size), dtype=np.float64)
        return sums.reshape(self._cells)
