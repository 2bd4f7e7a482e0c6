"""Census: why the opening pool leaves, and how much of it is the bases' doing, as calibration needs to know.

Leavings are expected rather than counted where that can be: what a customer burns of its fuses until it leaves is, on
average, the chance that it leaves (the compensator of its leaving), with a fiftieth of the variance of a count. Under
contracts a burnt fuse only gives notice, and leavings are counted.
"""

from __future__ import annotations

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.hazards import Hazards
from retainsim.laws import Duration
from retainsim.pool import Pool

_COLUMN = "census.segment"


class Census:
    """The census of one world.

    Parameters
    ----------
    pool
        With the opening pool in it, and nobody else yet.
    hazards, durations
        What customers leave by, and the duration law of each segment.
    is_counted
        True where leavings are counted.
    """

    def __init__(self, pool: Pool, hazards: Hazards, durations: tuple[Duration, ...], *, is_counted: bool) -> None:
        self._pool, self._hazards, self._durations, self.is_counted = pool, hazards, durations, is_counted
        shape = len(durations), len(hazards.reasons)
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
        """Count who leaves; of those whose life was ended, `base` is the share that bases fed."""
        segment, reason = self._pool[_COLUMN][rows], self._pool["reason"][rows]
        base = np.where(self._pool["ender"][rows] >= 0, base, self._fed_by_bases(rows, reason.astype(np.int64)))
        mine = segment >= 0
        where = segment[mine], reason[mine]
        np.add.at(self.base, where, base[mine])
        np.add.at(self.other, where, 1.0 - base[mine])

    def _fed_by_bases(self, rows: Ints, reason: Ints) -> Floats:
        """Return the share of each leaving that was the base's doing, as it stands at the end.

        A factor on a base is the base's, other than where leavings are told by mechanism: without the base it would
        do nothing. Who gave notice before month 0 did so under the bases.
        """
        who = np.arange(len(rows))
        bare = self._hazards.rates(rows)[reason, who] * self._tempo(rows)
        strain = self._hazards.strained(rows)
        whole = bare if strain is None else bare + strain[reason, who]
        cells = self._hazards.base_share().reshape(-1, len(self._hazards.reasons))[self._pool["cell"][rows], reason]
        share = np.divide(bare * cells, whole, out=np.ones_like(whole), where=whole > 0)
        return np.where(self._pool["notice"][rows] <= 0.0, 1.0, share)

    def _tempo(self, rows: Ints) -> Floats:
        """Return the duration factor of each customer over the last month before its notice."""
        tenure = np.maximum(self._pool["notice"][rows] - self._pool["joined"][rows], 1.0)
        each = np.array([law.cumulative(tenure) - law.cumulative(tenure - 1.0) for law in self._durations])
        return np.asarray(each[self._pool["segment"][rows], np.arange(len(rows))])
