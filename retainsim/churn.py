"""Churn: why customers leave: reasons add, factors multiply, strain builds and eases.

Each customer carries one exponential allowance (fuse) per reason. It leaves for the first reason whose
cumulative hazard uses its fuse up. A projected leaving stays valid until that customer's hazard changes, so
only customers whose hazard did change are burnt down and projected anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints, Luck
from retainsim.fuses import Fuses
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
    """

    def __init__(
        self,
        pool: Pool,
        luck: Luck,
        *,
        reasons: tuple[str, ...],
        durations: tuple[Duration, ...],
        origins: int,
    ) -> None:
        self._pool, self._luck, self.reasons = pool, luck, reasons
        self._shape = (len(durations), origins, len(reasons))
        self._adds: dict[tuple[str, str], Floats] = {}
        self._factors: dict[str, Floats] = {}
        self._levers = self._next_levers = np.ones((len(durations), len(reasons)))
        self._each: dict[str, NDArray[np.bool_]] = {}
        self._strains: dict[str, Strain] = {}
        self._fuses = Fuses(pool, len(reasons), durations, np.full(self._shape[:2], np.inf))
        self.table = np.zeros(self._shape)
        """Hazard per customer-month of a frailty of 1 and no strain, shape (segments, origins, reasons)."""
        self.jolted = False  # True where somebody left at the very moment a span ended
        self.eager = False
        """Settle everybody at every settlement instead of only those whose hazard changed; same result."""

    @property
    def terms(self) -> Floats:
        """Return contract lengths (months, infinity without), shape (segments, origins); writable."""
        return self._fuses.terms

    def add(self, source: str, reason: str, hazard: Floats) -> None:
        """Feed a reason: hazard per customer-month, shape (segments,) or (segments, origins)."""
        wide = hazard[:, None] if hazard.ndim == 1 else hazard
        self._adds[reason, source] = np.broadcast_to(wide, self._shape[:2])

    def multiply(self, source: str, reasons: Iterable[str], factor: Floats | float) -> None:
        """Multiply the hazards of some reasons; the factor broadcasts to (segments, origins)."""
        wide = np.ones(self._shape)
        mine = [self.reasons.index(reason) for reason in reasons]
        wide[:, :, mine] = np.broadcast_to(factor, self._shape[:2])[:, :, None]
        self._factors[source] = wide

    def lever(self, reasons: Iterable[str], factor: Floats) -> None:
        """Multiply the whole hazard, strain included, of some reasons; shape (segments,)."""
        levers = np.ones((self._shape[0], self._shape[2]))
        levers[:, [self.reasons.index(reason) for reason in reasons]] = factor[:, None]
        self.lever_table(levers)

    def lever_table(self, levers: Floats) -> None:
        """Multiply the whole hazard by a table of shape (segments, reasons), from the next hold on."""
        self._next_levers = levers

    def multiply_each(self, source: str, reasons: Iterable[str]) -> None:
        """Announce a factor that differs from customer to customer; 1 until set."""
        self._each[source] = np.isin(np.array(self.reasons), list(reasons))
        self._pool.own(f"factor.{source}", np.float64(1.0))

    def set_each(self, source: str, rows: Ints, factors: Floats, time: float) -> None:
        """Set the announced factor of some customers from `time` (months) on."""
        column = self._pool[f"factor.{source}"]
        changed = column[rows] != factors
        with self._changing(rows[changed], time):
            column[rows] = factors

    def add_strain(self, source: str, reason: str, half_life: float) -> Strain:
        """Announce a leak that strains customers one by one; strain halves every `half_life` months."""
        strain = Strain(source, self.reasons.index(reason), half_life)
        self._strains[source] = strain
        self._pool.own(strain.column, np.float64(0.0))
        return strain

    def set_half_life(self, strain: Strain, half_life: float) -> None:
        """Let strain of a source halve in another time (months) from now on."""
        self._strains[strain.source] = replace(strain, half_life=half_life)

    def build(self, strain: Strain, rows: Ints, amounts: Floats, time: float) -> None:
        """Add strain (hazard per customer-month, already eased since its touch) from `time` on."""
        with self._changing(rows, time):
            np.add.at(self._pool[strain.column], rows, amounts)

    def ease(self, strain: Strain, rows: Ints, share: float, time: float) -> None:
        """Take a share of the strain away from `time` on; a share above 1 leaves none."""
        with self._changing(rows, time):
            self._pool[strain.column][rows] *= max(0.0, 1.0 - share)

    def jolt(self, rows: Ints, reason: str, share: float, time: float) -> None:
        """Lose a share of these customers at once, whatever their contract.

        Adds -ln(1 - share) to the cumulative hazard, without frailty; who has given notice keeps its date.
        """
        index = self.reasons.index(reason)
        rows = rows[self._free(rows, time)]
        self.burn(rows, time)
        gone = self._fuses.shorten(index, rows, -math.log1p(-share) if share < 1.0 else math.inf)
        self.jolted = True
        self.project(rows[~gone])
        self._pool["notice"][rows[gone]] = self._pool["leaves"][rows[gone]] = time
        self._pool["reason"][rows[gone]] = index

    def light(self, rows: Ints) -> None:
        """Give new customers their fuses."""
        for index, reason in enumerate(self.reasons):
            self._fuses.light(index, rows, self._luck.exponential(f"churn.{reason}", self._pool["name"][rows]))

    def open(self, rows: Ints, hazards: Floats) -> None:
        """Start the opening pool under base hazards, shape (segments, reasons), notices already given kept."""
        self.table = np.broadcast_to(hazards[:, None, :], self._shape).copy()
        self.project(rows)
        self.burn(rows[self._free(rows, 0.0)], 0.0)

    def hold(self, time: float) -> None:
        """Work out the hazards in force from `time` on, and project anew whom they touch."""
        table = self._compute()
        changed = (table != self.table).any(axis=2) | (self._levers != self._next_levers).any(axis=1)[:, None]
        if not changed.any():
            return
        rows = self._pool.rows()
        if not changed.all():
            rows = rows[changed.ravel()[self._pool["cell"][rows]]]
        with self._changing(rows, time):
            self.table, self._levers = table, self._next_levers

    def make_immortal(self) -> None:
        """Give everybody fuses that never burn through, so that `used` tells the hazard gone through."""
        self._fuses.make_endless()
        self.project(self._pool.rows())

    def used(self, time: float) -> Floats:
        """Return the cumulative hazard the immortal have gone through by `time`, shape (reasons, rows)."""
        rows = self._pool.rows()
        self.burn(rows, time)
        return self._fuses.used(rows)

    def settle(self, start: float, end: float) -> None:
        """Let strain ease over the span (start, end], and project anew those who carry any."""
        if not self._strains and not self.eager:
            return
        carrying = np.full(self._pool.size, self.eager)
        for strain in self._strains.values():
            carrying |= self._pool[strain.column] > 0.0
        rows = np.flatnonzero(carrying & self._pool["present"])
        with self._changing(rows, end):
            for strain in self._strains.values():
                self._pool[strain.column][rows] *= 0.5 ** ((end - start) / strain.half_life)

    def leavers(self, until: float) -> Ints:
        """Return the rows of those who have left by `until`."""
        return np.flatnonzero(self._pool["leaves"] <= until)

    def rates(self, rows: Ints, without: str = "") -> Floats:
        """Return hazards net of duration, strain and the factors of one source, shape (reasons, rows)."""
        pool = self._pool
        by_reason = np.ascontiguousarray(self.table.reshape(-1, len(self.reasons)).T)
        hazards = by_reason[:, pool["cell"][rows]] * pool["frailty"][rows]
        for source in sorted(self._each.keys() - {without}):
            hazards[self._each[source]] *= pool[f"factor.{source}"][rows]
        return hazards

    @contextmanager
    def _changing(self, rows: Ints, time: float) -> Iterator[None]:
        """Burn fuses under the old hazard, let the body change it, and project those still free to leave."""
        rows = rows[self._free(rows, time)]
        self.burn(rows, time)
        yield
        self.project(rows)

    def _free(self, rows: Ints, time: float) -> NDArray[np.bool_]:
        """True for those who have given no notice by `time`."""
        return self._pool["notice"][rows] > time

    def burn(self, rows: Ints, time: float | Floats) -> None:
        """Use the fuses of these customers up to `time` (months; one for all, or one each)."""
        self._fuses.burn(rows, time, self.rates(rows), self._strained(rows))

    def project(self, rows: Ints) -> None:
        """Find when and why each of these customers leaves if nothing changes any more."""
        self._fuses.project(rows, self.rates(rows), self._strained(rows))

    def factors(self) -> Floats:
        """Return the product of all factors that hold for whole cells, shape (segments, origins, reasons)."""
        product = np.ones(self._shape)
        for source in sorted(self._factors):
            product *= self._factors[source]
        return product

    def _compute(self) -> Floats:
        table = np.zeros(self._shape)
        for reason, source in sorted(self._adds):
            table[:, :, self.reasons.index(reason)] += self._adds[reason, source]
        return table * self.factors() * self._next_levers[:, None, :]

    def _strained(self, rows: Ints) -> Floats | None:
        """Return strain by reason, lever included, shape (reasons, rows); None where nobody carries any."""
        if not self._strains:
            return None
        total = np.zeros((len(self.reasons), len(rows)))
        segment = self._pool["segment"][rows]
        for source in sorted(self._strains):
            strain = self._strains[source]
            total[strain.reason] += self._pool[strain.column][rows] * self._levers[segment, strain.reason]
        return total if total.any() else None
