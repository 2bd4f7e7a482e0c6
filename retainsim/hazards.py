"""Hazards: what feeds each reason for leaving, and how much of it is whose doing.

Sources add hazard for whole cells (segment x origin), put factors on cells or on single customers, or strain
customers one by one. A source is called after its mechanism, with what it is after a dot where there are several:
`account_managers.follow`. Reasons and mechanisms may be closed, to see what closing a leak is worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints
from retainsim.laws import Duration
from retainsim.pool import Pool


@dataclass(frozen=True)
class Strain:
    """Extra hazard a customer carries from bad touches, for one reason, with a half-life (months)."""

    source: str
    reason: int
    half_life: float

    @property
    def column(self) -> str:
        """Return the pool column that holds it (hazard per customer-month)."""
        return f"strain.{self.source}"


@dataclass(frozen=True)
class Closed:
    """Leaks that are taken as closed: nobody leaves for these reasons, these mechanisms drive nobody away."""

    reasons: frozenset[str] = frozenset()
    mechanisms: frozenset[str] = frozenset()

    def shuts(self, source: str, reason: str) -> bool:
        """True where nothing comes of what a source does for a reason."""
        return reason in self.reasons or owner(source) in self.mechanisms


def owner(source: str) -> str:
    """Return the mechanism a source belongs to."""
    return source.partition(".")[0]


_NO_CELL = np.zeros((0, 0), np.bool_)


class Hazards:
    """The sources of one world.

    Parameters
    ----------
    reasons
        Names, sorted.
    shape
        Segments, origins, reasons.
    """

    def __init__(self, pool: Pool, reasons: tuple[str, ...], shape: tuple[int, int, int], closed: Closed) -> None:
        self._pool, self.reasons, self._shape, self.closed = pool, reasons, shape, closed
        self._adds: dict[tuple[str, str], Floats] = {}
        self._factors: dict[str, Floats] = {}
        self._each: dict[str, NDArray[np.bool_]] = {}
        self._whole: set[str] = set()
        self.strains: dict[str, Strain] = {}
        self.levers = self._next_levers = np.ones((shape[0], shape[2]))
        self.table = np.zeros(shape)
        """Hazard per customer-month of a frailty of 1 and no strain, shape (segments, origins, reasons)."""
        self.is_new = True
        """True where a source has said something since the last hold."""

    def add(self, source: str, reason: str, hazard: Floats) -> None:
        """Feed a reason: hazard per customer-month, shape (segments,) or (segments, origins)."""
        wide = hazard[:, None] if hazard.ndim == 1 else hazard
        wide = wide * (not self.closed.shuts(source, reason))
        self._adds[reason, source], self.is_new = np.broadcast_to(wide, self._shape[:2]), True

    def multiply(self, source: str, reasons: Iterable[str], factor: Floats | float) -> None:
        """Multiply the hazards of some reasons; the factor broadcasts to (segments, origins)."""
        wide = np.ones(self._shape)
        mine = [self.reasons.index(reason) for reason in reasons]
        wide[:, :, mine] = np.broadcast_to(self._mild(source, factor), self._shape[:2])[:, :, None]
        self._factors[source], self.is_new = wide, True

    def announce(self, source: str, reasons: Iterable[str], *, whole: bool = False) -> None:
        """Announce a factor that differs from customer to customer; 1 until its column is written.

        One on the `whole` hazard multiplies strain too, as a lever does.
        """
        self._each[source] = np.isin(np.array(self.reasons), list(reasons))
        if whole:
            self._whole.add(source)
        self._pool.own(f"factor.{source}", np.float64(1.0))

    def each(self, source: str, factors: Floats) -> Floats:
        """Return the factors of single customers that count."""
        return np.asarray(self._mild(source, factors), dtype=np.float64)

    def strain(self, strain: Strain) -> None:
        """Announce a strain, or another half-life for it."""
        if strain.source not in self.strains:
            self._pool.own(strain.column, np.float64(0.0))
        self.strains[strain.source] = replace(strain)

    def lever(self, levers: Floats) -> None:
        """Multiply the whole hazard by a table of shape (segments, reasons), from the next hold on."""
        self._next_levers, self.is_new = levers, True

    def hold(self) -> tuple[NDArray[np.bool_], Floats, Floats]:
        """Return which cells change, with the table and levers to put in force; sources in the order of their names."""
        if not self.is_new:
            return _NO_CELL, self.table, self.levers
        table, self.is_new = np.zeros(self._shape), False
        for reason, source in sorted(self._adds):
            table[:, :, self.reasons.index(reason)] += self._adds[reason, source]
        table = table * self.factors() * self._next_levers[:, None, :] * self.open_reasons
        changed = (table != self.table).any(axis=2) | (self.levers != self._next_levers).any(axis=1)[:, None]
        return changed, table, self._next_levers

    @property
    def open_reasons(self) -> Floats:
        """Return 1 for every reason one may leave for, 0 for those closed."""
        return np.array([float(reason not in self.closed.reasons) for reason in self.reasons])

    def factors(self) -> Floats:
        """Return the product of all factors that hold for whole cells, shape (segments, origins, reasons)."""
        product = np.ones(self._shape)
        for source in sorted(self._factors):
            product *= self._factors[source]
        return product

    def rates(self, rows: Ints, without: str = "") -> Floats:
        """Return hazards net of duration, strain and the factors of one source, shape (reasons, rows)."""
        pool = self._pool
        by_reason = np.ascontiguousarray(self.table.reshape(-1, len(self.reasons)).T)
        hazards = by_reason.take(pool["cell"][rows], axis=1)  # a third of the time of indexing
        hazards *= pool["frailty"][rows]
        for source in sorted(self._each.keys() - {without}):
            factor = pool[f"factor.{source}"][rows]
            for reason in np.flatnonzero(self._each[source]):  # in place: a mask would copy
                hazards[reason] *= factor
        return hazards

    def strained(self, rows: Ints) -> Floats | None:
        """Return strain by reason, lever included, shape (reasons, rows); None where nobody carries any."""
        if not self.strains:
            return None
        total = np.zeros((len(self.reasons), len(rows)))
        segment = self._pool["segment"][rows]
        for source in sorted(self.strains):
            strain = self.strains[source]
            total[strain.reason] += self._pool[strain.column][rows] * self.levers[segment, strain.reason]
        for source in sorted(self._whole):
            total[self._each[source]] *= self._pool[f"factor.{source}"][rows]
        return total if total.any() else None

    def base_share(self) -> Floats:
        """Return the share of each cell's hazard that is its base, shape (segments, origins, reasons)."""
        total, base = np.zeros(self._shape), np.zeros(self._shape)
        for reason, source in sorted(self._adds):
            total[:, :, self.reasons.index(reason)] += self._adds[reason, source]
            if source == "reasons":
                base[:, :, self.reasons.index(reason)] = self._adds[reason, source]
        return np.divide(base, total, out=np.ones_like(base), where=total > 0)

    def feeds(self, rows: Ints, times: Floats, durations: tuple[Duration, ...]) -> dict[str, Floats]:
        """Split what made each customer leave, for its reason at its time, over mechanisms; shares sum to 1.

        Hazard and strain count as they stand at that moment; of a factor F above 1 the share 1 - 1/F is its own
        doing, several factors sharing it by their logarithms.
        """
        if self._is_bare():
            return {"reasons": np.ones(len(rows))}
        reason, cell = self._pool["reason"][rows].astype(np.int64), self._pool["cell"][rows]
        worse = self._worse(rows, reason, cell)
        excess = -np.expm1(-sum(worse.values(), np.zeros(len(rows))))
        level = self._pool["frailty"][rows] * self._each_product(rows, reason) * self._tempo(rows, times, durations)
        level = level * self.factors().reshape(-1, len(self.reasons))[cell, reason]
        parts = {source: level * (1 - excess) * hazard for source, hazard in self._added(reason, cell).items()}
        whole = sum(parts.values(), np.zeros(len(rows))) / np.maximum(1 - excess, 1e-300)
        logs = sum(worse.values(), np.zeros(len(rows)))
        for source, log in worse.items():
            share = np.divide(log, logs, out=np.zeros_like(log), where=logs > 0)
            parts[source] = parts.get(source, np.zeros(len(rows))) + whole * excess * share
        for source, strain in self.strains.items():
            mine = np.where(reason == strain.reason, self._pool[strain.column][rows], 0.0)
            parts[source] = parts.get(source, np.zeros(len(rows))) + mine
        return _shares(parts, len(rows))

    def _is_bare(self) -> bool:
        """True where nothing but the bases feeds any reason, and nothing makes them worse."""
        is_calm = all((factor <= 1.0).all() for factor in self._factors.values())
        return is_calm and not (self._each or self.strains) and all(source == "reasons" for _, source in self._adds)

    def _added(self, reason: Ints, cell: Ints) -> dict[str, Floats]:
        found: dict[str, Floats] = {}
        for name, source in sorted(self._adds):
            mine = np.where(reason == self.reasons.index(name), self._adds[name, source].ravel()[cell], 0.0)
            found[source] = found.get(source, np.zeros(len(reason))) + mine
        return found

    def _worse(self, rows: Ints, reason: Ints, cell: Ints) -> dict[str, Floats]:
        """Return the logarithms of factors above 1, by source."""
        found = {}
        for source, factor in sorted(self._factors.items()):
            found[source] = np.log(np.maximum(factor.reshape(-1, len(self.reasons))[cell, reason], 1.0))
        for source, reasons in sorted(self._each.items()):
            factor = np.where(reasons[reason], self._pool[f"factor.{source}"][rows], 1.0)
            found[source] = found.get(source, 0.0) + np.log(np.maximum(factor, 1.0))
        return {source: logs for source, logs in found.items() if logs.any()}

    def _each_product(self, rows: Ints, reason: Ints) -> Floats:
        """Return the product of factors of single customers, levers left out: these touch all parts alike."""
        product = np.ones(len(rows))
        for source in sorted(self._each.keys() - self._whole):
            product *= np.where(self._each[source][reason], self._pool[f"factor.{source}"][rows], 1.0)
        return product

    def _tempo(self, rows: Ints, times: Floats, durations: tuple[Duration, ...]) -> Floats:
        """Return the duration factor of each customer at its time."""
        tenure, segment = times - self._pool["joined"][rows], self._pool["segment"][rows]
        tempo = np.ones(len(rows))
        for index, law in enumerate(durations):
            if not law.is_constant and (mine := segment == index).any():
                late = np.maximum(tenure[mine], 1e-6)
                tempo[mine] = (law.cumulative(late) - law.cumulative(late * (1 - 1e-6))) / (late * 1e-6)
        return tempo

    def _mild(self, source: str, factor: Floats | float) -> Floats | float:
        return np.minimum(factor, 1.0) if owner(source) in self.closed.mechanisms else factor


def _shares(parts: dict[str, Floats], count: int) -> dict[str, Floats]:
    """Return each part as a share of the whole, by mechanism; where there is no whole, bases have all of it."""
    total = sum((parts[source] for source in sorted(parts)), np.zeros(count))
    found: dict[str, Floats] = {"reasons": (total == 0.0).astype(np.float64)}
    for source in sorted(parts):
        share = np.divide(parts[source], total, out=np.zeros_like(total), where=total > 0)
        found[owner(source)] = found.get(owner(source), np.zeros(count)) + share
    return found
