"""Fuses: the allowance of cumulative hazard each customer carries per reason, burnt down and projected exactly.

A customer leaves for the first reason whose cumulative hazard uses its fuse up (random time change), whatever path
the hazard takes. Duration is integrated in closed form; strain burns beside it at the level held since the last
settlement.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints
from retainsim.laws import Duration
from retainsim.pool import Pool


class Fuses:
    """The fuses of a pool, one column per reason.

    Parameters
    ----------
    count
        How many reasons there are.
    durations
        The duration law of each segment.
    terms
        Contract length by segment and origin (months), infinity without one.
    """

    def __init__(self, pool: Pool, count: int, durations: tuple[Duration, ...], terms: Floats) -> None:
        self._pool, self._durations, self.terms = pool, durations, terms
        self._columns = [f"fuse.{index}" for index in range(count)]
        self._is_plain = all(law.is_constant for law in durations)
        for column in self._columns:
            pool.own(column, np.float64(np.inf))

    def light(self, reason: int, rows: Ints, lengths: Floats) -> None:
        """Give customers their fuse for a reason."""
        self._pool[self._columns[reason]][rows] = lengths

    def shorten(self, reason: int, rows: Ints, amount: Floats | float) -> NDArray[np.bool_]:
        """Take a piece off the fuse for a reason at once; True for those it uses up."""
        fuse = self._pool[self._columns[reason]]
        fuse[rows] -= amount
        return fuse[rows] <= 0.0

    def burn(self, rows: Ints, time: float | Floats, hazards: Floats, strain: Floats | None) -> None:
        """Use fuses up to `time`, under hazards and strain of shape (reasons, rows)."""
        passed, span = self._passed(rows, time), time - self._pool["since"][rows]
        for index, column in enumerate(self._columns):
            used = hazards[index] * passed + (0.0 if strain is None else strain[index] * span)
            self._pool[column][rows] -= used
        self._pool["since"][rows] = time

    def amounts(
        self, rows: Ints, time: float | Floats, hazards: Floats, strain: Floats | None
    ) -> tuple[Floats, Floats]:
        """Return what burning up to `time` would use, with strain and without, shape (reasons, rows) each."""
        passed, span = self._passed(rows, time), time - self._pool["since"][rows]
        bare = hazards * passed
        return bare if strain is None else bare + strain * span, bare

    def project(self, rows: Ints, hazards: Floats, strain: Floats | None) -> None:
        """Write down when each customer gives notice, why, and when it goes, if nothing changes any more."""
        pool = self._pool
        wait, why = self._race(rows, hazards) if strain is None else self._strained_race(rows, hazards, strain)
        pool["notice"][rows] = notice = pool["since"][rows] + wait
        pool["reason"][rows] = why
        pool["leaves"][rows] = self._renewal(rows, notice)

    def _race(self, rows: Ints, hazards: Floats) -> tuple[Floats, Ints]:
        """Let the reasons race: without strain, one inversion of Lambda for the winner will do."""
        left = np.array([self._left(index, rows) for index in range(len(self._columns))])
        needed = _share(left, hazards)
        return self._wait(rows, needed.min(axis=0)), needed.argmin(axis=0)

    def _strained_race(self, rows: Ints, hazards: Floats, strain: Floats) -> tuple[Floats, Ints]:
        """Let the reasons race where strain, which duration does not stretch, burns beside the hazard."""
        first, why = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int64)
        for index in range(len(self._columns)):
            left = self._left(index, rows)
            if self._is_plain:
                needed = _share(left, hazards[index] + strain[index])
                why[needed < first] = index
                np.minimum(first, needed, out=first)
                continue
            needed = np.minimum(self._wait(rows, _share(left, hazards[index])), _share(left, strain[index]))
            both = np.flatnonzero((hazards[index] > 0) & (strain[index] > 0) & (left > 0) & (needed < np.inf))
            mine = rows[both], hazards[index, both], strain[index, both]
            needed[both] = self._solve(*mine, left[both], needed[both])
            why[needed < first] = index
            np.minimum(first, needed, out=first)
        return first, why

    def _solve(self, rows: Ints, hazard: Floats, strain: Floats, left: Floats, high: Floats) -> Floats:
        """Find the wait, at most `high`, at which hazard and strain together use up what is left of a fuse.

        The amount burnt rises with the wait, and 60 halvings leave nothing a double can tell.
        """
        since, low = self._pool["since"][rows], np.zeros(len(rows))
        for _ in range(60):
            middle = (low + high) / 2
            enough = hazard * self._passed(rows, since + middle) + strain * middle >= left
            high, low = np.where(enough, middle, high), np.where(enough, low, middle)
        return high

    def _left(self, reason: int, rows: Ints) -> Floats:
        return np.maximum(self._pool[self._columns[reason]][rows], 0.0)

    def _passed(self, rows: Ints, time: float | Floats) -> Floats:
        """Return how much Lambda grows from `since` to `time`."""
        since, joined = self._pool["since"][rows], self._pool["joined"][rows]
        if self._is_plain:
            return np.asarray(time - since)
        until = time - joined
        passed = np.empty(len(rows))
        for law, mine in self._by_segment(rows):
            passed[mine] = law.cumulative(until[mine]) - law.cumulative((since - joined)[mine])
        return passed

    def _wait(self, rows: Ints, amount: Floats) -> Floats:
        """Return how long after `since` Lambda has grown by `amount`."""
        if self._is_plain:
            return amount
        tenure = self._pool["since"][rows] - self._pool["joined"][rows]
        wait = np.empty(len(rows))
        for law, mine in self._by_segment(rows):
            wait[mine] = law.inverse(law.cumulative(tenure[mine]) + amount[mine]) - tenure[mine]
        return np.maximum(wait, 0.0)

    def _by_segment(self, rows: Ints) -> Iterator[tuple[Duration, Ints]]:
        segment = self._pool["segment"][rows]
        for index, law in enumerate(self._durations):
            mine = np.flatnonzero(segment == index)
            if len(mine):
                yield law, mine

    def _renewal(self, rows: Ints, notice: Floats) -> Floats:
        """Return when a customer who gives notice goes: at once, or at the next renewal of its contract."""
        if not np.isfinite(self.terms).any():
            return notice
        terms = self.terms.ravel()[self._pool["cell"][rows]]
        bound = np.isfinite(terms) & np.isfinite(notice)
        joined = self._pool["joined"][rows[bound]]
        leaves = notice.copy()
        periods = np.ceil((notice[bound] - joined) / terms[bound] - 1e-12)
        leaves[bound] = joined + terms[bound] * np.maximum(periods, 1.0)
        return leaves


def _share(left: Floats, rate: Floats) -> Floats:
    """Return how long `left` lasts at a rate; for ever at none."""
    lasts = np.full(left.shape, np.inf)
    with np.errstate(over="ignore"):
        return np.divide(left, rate, out=lasts, where=rate > 0.0)
