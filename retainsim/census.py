"""Census: why the opening pool leaves, and how much of it is the bases' doing, as calibration needs to know.

Leavings are expected rather than counted where that can be: what a customer burns of its fuses until it leaves is, on
average, the chance that it leaves (the compensator of its leaving), with a fiftieth of the variance of a count. Under
contracts a burnt fuse only gives notice, and leavings are counted.
"""

from __future__ import annotations

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool

_COLUMN = "census.segment"


class Census:
    """The census of one world.

    Parameters
    ----------
    pool
        With the opening pool in it, and nobody else yet.
    shape
        Segments and reasons.
    is_counted
        True where leavings are counted.
    """

    def __init__(self, pool: Pool, shape: tuple[int, int], *, is_counted: bool) -> None:
        self._pool, self.is_counted = pool, is_counted
        pool.own(_COLUMN, np.int16(-1))
        pool[_COLUMN][:] = pool["segment"]
        self.customers = np.bincount(pool["segment"], minlength=shape[0]).astype(np.float64)
        self.base, self.other = np.zeros(shape), np.zeros(shape)
        """Leavings of the opening pool by opening segment and reason: fed by bases, and by mechanisms."""

    def burn(self, rows: Ints, whole: Floats, base: Floats) -> None:
        """Add what customers burn, shape (reasons, rows)."""
        segment = self._pool[_COLUMN][rows]
        mine = np.flatnonzero(segment >= 0)
        for table, part in ((self.base, base), (self.other, whole - base)):
            for reason in range(table.shape[1]):
                table[:, reason] += np.bincount(segment[mine], part[reason, mine], len(table))

    def expect(self, rows: Ints, reason: int, chances: Floats) -> None:
        """Add chances that lives were ended by a mechanism."""
        segment = self._pool[_COLUMN][rows]
        mine = segment >= 0
        self.other[:, reason] += np.bincount(segment[mine], chances[mine], len(self.other))

    def count(self, rows: Ints, base: Floats) -> None:
        """Count who leaves, with the share of each leaving that bases fed."""
        segment, reason = self._pool[_COLUMN][rows], self._pool["reason"][rows]
        mine = segment >= 0
        where = segment[mine], reason[mine]
        np.add.at(self.base, where, base[mine])
        np.add.at(self.other, where, 1.0 - base[mine])
