"""Churn: why customers leave: reasons add, factors multiply, strain builds and eases.

Each customer carries one exponential allowance (fuse) per reason. It leaves for the first reason whose
cumulative hazard uses its fuse up. A projected leaving stays valid until that customer's hazard changes, so
only customers whose hazard did change are burnt down and projected anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retainsim.census import Census
from retainsim.draws import Floats, Ints, Luck
from retainsim.fuses import Fuses
from retainsim.hazards import Closed, Hazards, Strain, owner
from retainsim.laws import Duration
from retainsim.pool import Pool, blocks


class Churn:
    """All leaks of one world.

    Parameters
    ----------
    reasons
        Names, sorted.
    durations
        The duration law of each segment.
    origins
        How many origins there are: `existing` and the channels.
    closed
        Leaks taken as closed.
    """

    def __init__(
        self,
        pool: Pool,
        luck: Luck,
        *,
        reasons: tuple[str, ...],
        durations: tuple[Duration, ...],
        origins: int,
        closed: Closed | None = None,
    ) -> None:
        self._pool, self._luck, self.reasons = pool, luck, reasons
        self._shape = (len(durations), origins, len(reasons))
        self._durations, self._closed = durations, closed or Closed()
        self.hazards = Hazards(pool, reasons, self._shape, self._closed)
        self._fuses = Fuses(pool, len(reasons), durations, np.full(self._shape[:2], np.inf))
        self._enders: list[str] = []
        self._ends_expected: dict[str, tuple[int, Floats]] = {}
        self.jolted = False  # True where somebody left at the very moment a span ended
        self._is_stale = self.is_patient = False
        """Project those whose hazard changed once, when `flush` is called, instead of at every change."""
        self.eager = False
        """Settle everybody at every settlement instead of only those whose hazard changed; same result."""
        self.census: Census | None = None

    @property
    def table(self) -> Floats:
        """Return the hazard in force of a frailty of 1 and no strain, shape (segments, origins, reasons)."""
        return self.hazards.table

    @property
    def terms(self) -> Floats:
        """Return contract lengths (months, infinity without), shape (segments, origins); writable."""
        return self._fuses.terms

    def add(self, source: str, reason: str, hazard: Floats) -> None:
        """Feed a reason: hazard per customer-month, shape (segments,) or (segments, origins)."""
        self.hazards.add(source, reason, hazard)

    def multiply(self, source: str, reasons: Iterable[str], factor: Floats | float) -> None:
        """Multiply the hazards of some reasons; the factor broadcasts to (segments, origins)."""
        self.hazards.multiply(source, reasons, factor)

    def lever(self, reasons: Iterable[str], factor: Floats) -> None:
        """Multiply the whole hazard, strain included, of some reasons; shape (segments,)."""
        levers = np.ones((self._shape[0], self._shape[2]))
        levers[:, [self.reasons.index(reason) for reason in reasons]] = factor[:, None]
        self.lever_table(levers)

    def lever_table(self, levers: Floats) -> None:
        """Multiply the whole hazard by a table of shape (segments, reasons), from the next hold on."""
        self.hazards.lever(levers)

    def multiply_each(self, source: str, reasons: Iterable[str], *, whole: bool = False) -> None:
        """Announce a factor of each customer's own, on the `whole` hazard with its strain or without; 1 until set."""
        self.hazards.announce(source, reasons, whole=whole)

    def set_each(self, source: str, rows: Ints, factors: Floats, time: float) -> None:
        """Set the announced factor of some customers from `time` (months) on."""
        column, counted = self._pool[f"factor.{source}"], self.hazards.each(source, factors)
        changed = column[rows] != counted
        with self._changing(rows[changed], time):
            column[rows] = counted

    def give_each(self, source: str, rows: Ints, factors: Floats) -> None:
        """Set the announced factor of customers who have just come, before their fuses are lit."""
        self._pool[f"factor.{source}"][rows] = self.hazards.each(source, factors)

    def add_strain(self, source: str, reason: str, half_life: float) -> Strain:
        """Announce a leak that strains customers one by one; strain halves every `half_life` months."""
        strain = Strain(source, self.reasons.index(reason), half_life)
        self.hazards.strain(strain)
        return strain

    def set_half_life(self, strain: Strain, half_life: float) -> None:
        """Let strain of a source halve in another time (months) from now on."""
        self.hazards.strain(replace(strain, half_life=half_life))

    def build(self, strain: Strain, rows: Ints, amounts: Floats, time: float) -> None:
        """Add strain (hazard per customer-month, already eased since its touch) from `time` on."""
        if not self._closed.shuts(strain.source, self.reasons[strain.reason]):
            with self._changing(np.unique(rows), time):
                np.add.at(self._pool[strain.column], rows, amounts)

    def ease(self, strain: Strain, rows: Ints, share: Floats | float, time: float) -> None:
        """Take a share of the strain away from `time` on; a share above 1 leaves none."""
        with self._changing(rows, time):
            self._pool[strain.column][rows] *= np.maximum(0.0, 1.0 - share)

    def ease_all(self, rows: Ints, share: Floats | float, time: float) -> None:
        """Take a share of every strain these customers carry away from `time` on, whatever made it."""
        for source in sorted(self.hazards.strains):
            self.ease(self.hazards.strains[source], rows, share, time)

    def strain_on(self, rows: Ints) -> Floats:
        """Return the strain each of these customers carries (hazard per customer-month), all sources together."""
        columns = [self._pool[self.hazards.strains[s].column][rows] for s in sorted(self.hazards.strains)]
        return np.sum(columns, axis=0) if columns else np.zeros(len(rows))

    def jolt(self, rows: Ints, reason: str, share: Floats | float, time: float, *, source: str) -> None:
        """Lose a share of these customers (one for all, or one each) at once, whatever their contract.

        Adds -ln(1 - share) to the cumulative hazard, without frailty; who has given notice keeps its date.
        """
        index = self.reasons.index(reason)
        free = self._free(rows, time) & (not self._closed.shuts(source, reason))
        shares = np.broadcast_to(share, rows.shape)[free]
        rows = rows[free]
        self.burn(rows, time)
        with np.errstate(divide="ignore"):
            gone = self._fuses.shorten(index, rows, -np.log1p(-shares))
        self.jolted = True
        self.project(rows[~gone])
        self._finish(rows[gone], index, np.full(int(gone.sum()), time), source)

    def end(self, rows: Ints, reason: str, times: Floats, *, source: str) -> None:
        """End lives at their own times (months), in this span or later, whatever the contract.

        Who leaves before for another reason does; the earliest of several ends counts.
        """
        index = self.reasons.index(reason)
        sooner = (times < self._pool["ends"][rows]) & (not self._closed.shuts(source, reason))
        rows, times = rows[sooner], times[sooner]
        self._pool["ends"][rows], self._pool["ends_for"][rows] = times, index * 1000 + self._ender(source)
        before = rows[times < self._pool["leaves"][rows]]
        self._apply_ends(before)

    def expect_ends(self, source: str, reason: str, hazard: Floats) -> None:
        """Say how fast lives are expected to be ended by a source (per customer-month, shape (segments,))."""
        self._ends_expected[source] = self.reasons.index(reason), hazard * self.is_open(source, reason)

    def is_open(self, source: str, reason: str) -> bool:
        """True unless this leak is taken as closed."""
        return not self._closed.shuts(source, reason)

    def expected_ends(self, rows: Ints) -> Floats:
        """Return the hazard at which each of these lives is expected to be ended, by no fuse."""
        total = np.zeros(self._shape[0])
        for source in sorted(self._ends_expected):
            total = total + self._ends_expected[source][1]
        return np.asarray(total[self._pool["segment"][rows]] + self._pool["lapses"][rows])

    def withdraw(self, rows: Ints, time: float) -> None:
        """Take back the notice of customers bound until a renewal: the burnt fuse is lit anew.

        Rows without a notice in force are left as they are.
        """
        pool = self._pool
        rows = rows[(pool["notice"][rows] <= time) & (pool["leaves"][rows] > time) & (pool["leaves"][rows] < np.inf)]
        pool["relit"][rows] += 1
        for index, reason in enumerate(self.reasons):
            mine = rows[pool["reason"][rows] == index]
            occasions = pool["relit"][mine].astype(np.int64) * 1000 + pool["spell"][mine]
            lengths = self._luck.exponential(f"churn.{reason}", pool["name"][mine], occasions)
            self._fuses.light(index, mine, lengths)
        pool["since"][rows] = time
        self.project(rows)

    def light(self, rows: Ints) -> None:
        """Give new customers their fuses; who has come back has others."""
        names, spells = self._pool["name"][rows], self._pool["spell"][rows].astype(np.int64) - 1
        occasions: Ints | int = spells if spells.any() else 0
        lengths = self._luck.exponentials([f"churn.{reason}" for reason in self.reasons], names, occasions)
        for index, mine in enumerate(lengths):
            self._fuses.light(index, rows, mine)

    def open(self, rows: Ints, hazards: Floats) -> None:
        """Start the opening pool under base hazards, shape (segments, reasons), notices already given kept."""
        self.hazards.table = np.broadcast_to(hazards[:, None, :], self._shape) * self.hazards.open_reasons
        self.project(rows)
        self.burn(rows[self._free(rows, 0.0)], 0.0)

    def carry(self, rows: Ints, strains: Mapping[str, Sequence[float]]) -> None:
        """Let the opening pool carry the strain it has come to carry, by source the mean of each segment."""
        segment = self._pool["segment"][rows]
        for source in sorted(strains.keys() & self.hazards.strains.keys()):
            strain = self.hazards.strains[source]
            if not self._closed.shuts(source, self.reasons[strain.reason]):
                self._pool[strain.column][rows] = np.asarray(strains[source])[segment]
        self.project(rows[self._free(rows, 0.0)])

    def carried(self, rows: Ints) -> dict[str, Floats]:
        """Return the strain of these customers added up, by source and segment."""
        segment = self._pool["segment"][rows]
        return {
            source: np.bincount(segment, self._pool[strain.column][rows], self._shape[0]).astype(np.float64)
            for source, strain in sorted(self.hazards.strains.items())
        }

    def hold(self, time: float) -> None:
        """Work out the hazards in force from `time` on, and project anew whom they touch."""
        changed, table, levers = self.hazards.hold()
        if not changed.any():
            return
        rows = self._pool.rows()
        if not changed.all():
            rows = rows[changed.ravel()[self._pool["cell"][rows]]]
        with self._changing(rows, time):
            self.hazards.table, self.hazards.levers = table, levers

    def settle(self, start: float, end: float) -> None:
        """Let strain ease over the span (start, end] for those who are still there at its end.

        What touches of the span add afterwards is eased already.
        """
        strains = self.hazards.strains.values()
        if not strains and not self.eager:
            return
        carrying = np.full(self._pool.size, self.eager)
        for strain in strains:
            carrying |= self._pool[strain.column] > 0.0
        rows = np.flatnonzero(carrying & self._pool["present"] & (self._pool["leaves"] > end))
        with self._changing(rows, end):
            for strain in strains:
                self._pool[strain.column][rows] *= 0.5 ** ((end - start) / strain.half_life)

    def leavers(self, until: float) -> Ints:
        """Return the rows of those who have left by `until`."""
        return np.flatnonzero(self._pool["leaves"] <= until)

    def feeds(self, rows: Ints, times: Floats) -> dict[str, Floats]:
        """Split each of these leavers over the mechanisms that made it leave; shares sum to 1 for each."""
        shares = self.hazards.feeds(rows, self._pool["notice"][rows], self._durations)
        ender = self._pool["ender"][rows]
        for index in np.unique(ender[ender >= 0]) if self._enders else ():
            mine, name = ender == index, owner(self._enders[index])
            shares = {who: np.where(mine, 0.0, share) for who, share in shares.items()}
            shares[name] = shares.get(name, np.zeros(len(rows))) + mine
        return shares

    def free_rows(self, time: float) -> Ints:
        """Return the rows of those present who have given no notice by `time`."""
        rows = self._pool.rows()
        return rows[self._free(rows, time)]

    def unexpected(self, rows: Ints) -> NDArray[np.bool_]:
        """True for lives that were ended by no fuse and by nothing that said how fast it ends them."""
        expected = [i for i, source in enumerate(self._enders) if source in self._ends_expected]
        ender = self._pool["ender"][rows]
        return np.asarray((ender >= 0) & ~np.isin(ender, expected))

    def rates(self, rows: Ints, without: str = "") -> Floats:
        """Return hazards net of duration, strain and the factors of one source, shape (reasons, rows)."""
        return self.hazards.rates(rows, without)

    def factors(self) -> Floats:
        """Return the product of all factors that hold for whole cells, shape (segments, origins, reasons)."""
        return self.hazards.factors()

    @contextmanager
    def _changing(self, rows: Ints, time: float) -> Iterator[None]:
        """Burn fuses under the old hazard, let the body change it, and project those still free to leave."""
        rows = rows[self._free(rows, time)]
        self.burn(rows[self._pool["since"][rows] < time], time)
        yield
        if self.is_patient:
            self._pool["stale"][rows] = True
            self._is_stale |= len(rows) > 0
        else:
            self.project(rows)

    def flush(self) -> None:
        """Project everybody whose hazard has changed since the last time."""
        if self._is_stale:
            self._is_stale = False
            self.project(np.flatnonzero(self._pool["stale"] & self._pool["present"]))

    def _free(self, rows: Ints, time: float) -> NDArray[np.bool_]:
        """True for those who have given no notice by `time`."""
        return self._pool["notice"][rows] > time

    def burn(self, rows: Ints, time: float | Floats) -> None:
        """Use the fuses of these customers up to `time` (months; one for all, or one each)."""
        if not len(rows):  # as for most changes: the first at a moment burns, the others find it done
            return
        hazards, strained = self.hazards.rates(rows), self.hazards.strained(rows)
        if self.census is not None and not self.census.is_counted:
            whole, bare = self._fuses.amounts(rows, time, hazards, strained)
            self.census.burn(rows, whole, bare * self._base_share(rows))
            span = np.maximum(time - self._pool["since"][rows], 0.0)
            for reason, hazard in self._ends_expected.values():
                self.census.expect(rows, reason, hazard[self._pool["segment"][rows]] * span)
        self._fuses.burn(rows, time, hazards, strained)

    def project(self, rows: Ints) -> None:
        """Find when and why each of these customers leaves if nothing changes any more."""
        for part in blocks(rows):
            self._fuses.project(part, self.hazards.rates(part), self.hazards.strained(part))
        self._pool["ender"][rows], self._pool["stale"][rows] = -1, False
        if self._enders:
            self._apply_ends(rows[self._pool["ends"][rows] < self._pool["leaves"][rows]])

    def _apply_ends(self, rows: Ints) -> None:
        pool = self._pool
        reason, ender = np.divmod(pool["ends_for"][rows], 1000)
        pool["notice"][rows] = np.minimum(pool["notice"][rows], pool["ends"][rows])
        pool["leaves"][rows], pool["reason"][rows], pool["ender"][rows] = pool["ends"][rows], reason, ender

    def _finish(self, rows: Ints, reason: int, times: Floats, source: str) -> None:
        self._pool["notice"][rows] = self._pool["leaves"][rows] = times
        self._pool["reason"][rows], self._pool["ender"][rows] = reason, self._ender(source)
        self._pool["stale"][rows] = False

    def _ender(self, source: str) -> int:
        if source not in self._enders:
            self._enders.append(source)
        return self._enders.index(source)

    def _base_share(self, rows: Ints) -> Floats:
        shares = self.hazards.base_share().reshape(-1, len(self.reasons))
        return np.asarray(shares[self._pool["cell"][rows]].T)
