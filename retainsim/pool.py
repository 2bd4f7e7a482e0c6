"""Pool: who is here, one array per trait.

A row is a place in memory, nothing more: rows move when the pool is packed, so no one may keep them from one
settlement to the next. What identifies a customer is its `name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Ints

Column = NDArray[Any]

_TRAITS: dict[str, Any] = {
    "name": np.uint64(0),
    "present": np.bool_(False),
    "segment": np.int16(0),
    "origin": np.int16(0),
    "cohort": np.int16(0),
    "cell": np.int64(0),
    "joined": np.float64(0.0),
    "size": np.float64(1.0),
    "frailty": np.float64(1.0),
    "since": np.float64(0.0),
    "notice": np.float64(np.inf),
    "leaves": np.float64(np.inf),
    "reason": np.int16(-1),
    "ends": np.float64(np.inf),
    "ends_for": np.int32(0),
    "ender": np.int16(-1),
    "stale": np.bool_(False),
    "relit": np.int16(0),
    "lapses": np.float64(0.0),
    "spell": np.int16(1),
}
"""Every trait of a customer with its default.

`cell` is segment x origins + origin, kept beside them because it is looked up most; `joined` is the month of joining
(negative for the opening pool), `since` the month up to which the fuses have been burnt, `notice` and `leaves` the
months at which a fuse burns through and the customer goes, `size` the volume bought relative to the segment's. `ends`
is a month at which the customer goes in any case, `ends_for` why, `ender` the source that ended its life (-1: a fuse
did); `relit` counts notices withdrawn, `lapses` is the hazard of dropping out after a purchase, `spell` counts the
times the customer has come.
"""


_BLOCK, _AHEAD = 8192, 2048
"""Rows looked at together, and rows made ready before they are needed."""


def blocks(rows: Ints) -> Iterator[Ints]:
    """Yield rows in blocks whose working arrays stay in a processor's cache: half the time in a large pool."""
    for first in range(0, len(rows), _BLOCK):
        yield rows[first : first + _BLOCK]


class Pool:
    """Growing columns of customers; those who left stay as dead rows until the pool is packed.

    Parameters
    ----------
    cells
        How many cells (segments x origins) there are; a row that is dead, or not placed yet, stands in the one after.
    """

    def __init__(self, cells: int = 1) -> None:
        self.size, self._cells = 0, cells
        self._counts = np.zeros(cells + 1, np.int64)
        self._dead = self._ready = 0
        self._capacity = 1024
        self._defaults: dict[str, Any] = {}
        self._columns: dict[str, Column] = {}
        self._lasting: list[str] = []
        for name, default in _TRAITS.items():
            self.own(name, default, lasts=name in ("frailty", "size", "lapses"))
        self._defaults["cell"] = np.int64(cells)

    def own(self, name: str, default: Any, *, lasts: bool = False) -> None:
        """Add a column with a typed numpy default; its owner alone writes to it.

        What lasts belongs to the person: a customer who leaves and comes back has it again.
        """
        if lasts:
            self._lasting.append(name)
        self._defaults[name] = default
        self._columns[name] = column = np.empty(self._capacity, np.asarray(default).dtype)
        column[: self._ready] = default

    def __getitem__(self, name: str) -> Column:
        """Return the column as a writable view, one value per row, dead rows included."""
        return self._columns[name][: self.size]

    def lasting(self, rows: Ints) -> dict[str, Column]:
        """Return a copy of what belongs to these persons, by column."""
        return {name: self[name][rows].copy() for name in self._lasting}

    def __len__(self) -> int:
        """Count the customers present."""
        return self.size - self._dead

    def rows(self) -> Ints:
        """Return the rows of those present."""
        return np.flatnonzero(self["present"])

    def append(self, count: int) -> Ints:
        """Add `count` customers with default traits, to be placed in a cell, and return their rows."""
        first, size = self.size, self.size + count
        if size > self._ready:
            self._prepare(size)
        self.size = size
        self["present"][first:] = True
        self._counts[-1] += count
        return np.arange(first, size)

    def place(self, rows: Ints, cells: Ints | int) -> None:
        """Put customers into cells, out of those they were in."""
        column = self["cell"]
        self._counts -= np.bincount(column[rows], minlength=self._cells + 1)
        column[rows] = cells
        self._counts += np.bincount(column[rows], minlength=self._cells + 1)

    def remove(self, rows: Ints) -> None:
        """Take customers out; their rows are dead from now on."""
        self["present"][rows] = False
        self["leaves"][rows] = np.inf
        self.place(rows, self._cells)
        self._dead += len(rows)

    def count(self) -> Ints:
        """Count those present by cell; kept as they come and go, which is a tenth of a run's time less."""
        return self._counts[: self._cells].copy()

    def recount(self) -> Ints:
        """Count those present by cell, row by row."""
        return np.bincount(self["cell"][self.rows()], minlength=self._cells)

    def pack(self) -> None:
        """Drop dead rows once they are the majority, so that memory and time follow those present."""
        if self._dead <= max(1024, self.size // 2):
            return
        kept = self.rows()
        for column in self._columns.values():
            column[: len(kept)] = column[kept]
        self._counts[-1] -= self._dead
        self.size, self._dead = len(kept), 0
        self._ready = self.size

    def _prepare(self, size: int) -> None:
        """Write defaults to the rows up to `size` and some more, not to all that may come: memory is what is used."""
        if size > self._capacity:
            self._grow(size)
        ready = min(size + _AHEAD, self._capacity)
        for name, column in self._columns.items():
            column[self._ready : ready] = self._defaults[name]
        self._ready = ready

    def _grow(self, size: int) -> None:
        self._capacity = 2 * size
        for name, column in self._columns.items():
            self._columns[name] = larger = np.empty(self._capacity, column.dtype)
            larger[: self._ready] = column[: self._ready]
