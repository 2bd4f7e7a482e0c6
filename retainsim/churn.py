"""Churn: why customers leave: reasons add, factors multiply, strain builds and eases.

Each customer carries one exponential allowance (fuse) per reason. It leaves for the first reason whose
cumulative hazard uses its fuse up. A projected leaving stays valid until that customer's hazard changes, so
only customers whose hazard did change are burnt down and projected anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints, Luck
from retainsim.laws import Duration
from retainsim.pool import Pool


_ENDLESS = 1e4
"""Cumulative hazard nobody goes through in a simulated year."""


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
        self._pool, self._luck, self.reasons, self._durations = pool, luck, reasons, durations
        self._shape = (len(durations), origins, len(reasons))
        self._adds: dict[tuple[str, str], Floats] = {}
        self._factors: dict[str, Floats] = {}
        self._levers = self._next_levers = np.ones((len(durations), len(reasons)))
        self._each: dict[str, Floats] = {}
        self._strains: dict[str, Strain] = {}
        self.terms = np.full(self._shape[:2], np.inf)
        self.table = np.zeros(self._shape)
        """Hazard per customer-month of a frailty of 1 and no strain, shape (segments, origins, reasons)."""
        self.jolted = False
        """True where somebody left at the very moment a span ended."""
        self.eager = False
        """Settle everybody at every settlement instead of only those whose hazard changed; same result."""
        for index in range(len(reasons)):
            pool.own(f"fuse.{index}", np.float64(np.inf))

    # -- what mechanisms call ---------------------------------------------------------------------------------

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
        fuse = self._pool[f"fuse.{index}"]
        self.jolted = True
        fuse[rows] += math.log1p(-share)
        gone = fuse[rows] <= 0.0
        self.project(rows[~gone])
        self._pool["notice"][rows[gone]] = self._pool["leaves"][rows[gone]] = time
        self._pool["reason"][rows[gone]] = index

    # -- what the world calls ---------------------------------------------------------------------------------

    def light(self, rows: Ints) -> None:
        """Give new customers their fuses."""
        names = self._pool["name"][rows]
        for index, reason in enumerate(self.reasons):
            self._pool[f"fuse.{index}"][rows] = self._luck.exponential(f"churn.{reason}", names)

    def open(self, rows: Ints, hazards: Floats) -> None:
        """Start the opening pool under base hazards, shape (segments, reasons), notices already given kept."""
        self.table = np.broadcast_to(hazards[:, None, :], self._shape).copy()
        self.project(rows)
        self.burn(rows[self._free(rows, 0.0)], 0.0)

    def hold(self, time: float) -> None:
        """Work out the hazards in force from `time` on, and project anew whom they touch."""
        table = self._compute()
        changed = (table != self.table).any(axis=2)
        if not changed.any():
            return
        rows = self._pool.rows()
        if not changed.all():
            rows = rows[changed.ravel()[self._pool["cell"][rows]]]
        with self._changing(rows, time):
            self.table, self._levers = table, self._next_levers

    def make_immortal(self) -> None:
        """Give everybody fuses that never burn through, so that `used` tells the hazard gone through."""
        for index in range(len(self.reasons)):
            self._pool[f"fuse.{index}"][:] = _ENDLESS
        self.project(self._pool.rows())

    def used(self, time: float) -> Floats:
        """Return the cumulative hazard the immortal have gone through by `time`, shape (reasons, rows)."""
        rows = self._pool.rows()
        self.burn(rows, time)
        return np.array([_ENDLESS - self._pool[f"fuse.{i}"][rows] for i in range(len(self.reasons))])

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

    def rates(self, rows: Ints) -> Floats:
        """Return the hazard per customer-month net of duration and strain, shape (reasons, rows)."""
        pool = self._pool
        by_reason = np.ascontiguousarray(self.table.reshape(-1, len(self.reasons)).T)
        hazards = by_reason[:, pool["cell"][rows]] * pool["frailty"][rows]
        for source in sorted(self._each):
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
        pool = self._pool
        passed, span = self._passed(rows, time), time - pool["since"][rows]
        hazards, strained = self.rates(rows), self._strained(rows)
        for index in range(len(self.reasons)):
            used = hazards[index] * passed + (strained[index] * span if strained else 0.0)
            pool[f"fuse.{index}"][rows] -= used
        pool["since"][rows] = time

    def project(self, rows: Ints) -> None:
        """Find when and why each of these customers leaves if nothing changes any more."""
        if not len(rows):
            return
        strained = self._strained(rows)
        wait, why = self._race(rows) if not strained else self._strained_race(rows, strained)
        pool = self._pool
        pool["notice"][rows] = notice = pool["since"][rows] + wait
        pool["reason"][rows] = why
        pool["leaves"][rows] = self._renewal(rows, notice)

    # -- the arithmetic ---------------------------------------------------------------------------------------

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

    def _passed(self, rows: Ints, time: float | Floats) -> Floats:
        """Return how much Lambda grows from `since` to `time`."""
        since, joined = self._pool["since"][rows], self._pool["joined"][rows]
        if all(law.is_constant for law in self._durations):
            return np.asarray(time - since)
        until = time - joined
        passed = np.empty(len(rows))
        for law, mine in self._by_segment(rows):
            passed[mine] = law.cumulative(until[mine]) - law.cumulative((since - joined)[mine])
        return passed

    def _wait(self, rows: Ints, amount: Floats) -> Floats:
        """Return how long after `since` Lambda has grown by `amount`."""
        if all(law.is_constant for law in self._durations):
            return amount
        tenure = self._pool["since"][rows] - self._pool["joined"][rows]
        wait = np.empty(len(rows))
        for law, mine in self._by_segment(rows):
            wait[mine] = law.inverse(law.cumulative(tenure[mine]) + amount[mine]) - tenure[mine]
        return np.maximum(wait, 0.0)

    def _by_segment(self, rows: Ints) -> Iterable[tuple[Duration, Ints]]:
        segment = self._pool["segment"][rows]
        for index, law in enumerate(self._durations):
            mine = np.flatnonzero(segment == index)
            if len(mine):
                yield law, mine

    def _race(self, rows: Ints) -> tuple[Floats, Ints]:
        """Let the reasons race for customers without strain: one inversion of Lambda for the winner."""
        hazards = self.rates(rows)
        first, why = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int16)
        with np.errstate(divide="ignore", invalid="ignore"):
            for index in range(len(self.reasons)):
                fuse = np.maximum(self._pool[f"fuse.{index}"][rows], 0.0)
                needed = np.where(hazards[index] > 0.0, fuse / hazards[index], np.inf)
                why[needed < first] = index
                np.minimum(first, needed, out=first)
        return self._wait(rows, first), why

    def _strained(self, rows: Ints) -> dict[int, Floats]:
        """Return the strain of each reason that has any, lever included; empty where nobody carries strain."""
        if not self._strains:
            return {}
        total = {i: np.zeros(len(rows)) for i in range(len(self.reasons))}
        segment = self._pool["segment"][rows]
        for source in sorted(self._strains):
            strain = self._strains[source]
            total[strain.reason] += self._pool[strain.column][rows] * self._levers[segment, strain.reason]
        return total if any(s.any() for s in total.values()) else {}

    def _strained_race(self, rows: Ints, strained: dict[int, Floats]) -> tuple[Floats, Ints]:
        """Let the reasons race where strain, which is not stretched by duration, burns beside the hazard."""
        hazards = self.rates(rows)
        first, why = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int16)
        with np.errstate(divide="ignore", invalid="ignore"):
            for index in range(len(self.reasons)):
                fuse = np.maximum(self._pool[f"fuse.{index}"][rows], 0.0)
                alone = np.where(hazards[index] > 0, fuse / hazards[index], np.inf)
                apart = np.where(strained[index] > 0, fuse / strained[index], np.inf)
                needed = np.minimum(self._wait(rows, alone), apart)
                both = np.flatnonzero((hazards[index] > 0) & (strained[index] > 0) & (needed > 0))
                mine = rows[both], hazards[index, both], strained[index][both]
                needed[both] = self._solve(*mine, fuse[both], needed[both])
                why[needed < first] = index
                np.minimum(first, needed, out=first)
        return first, why

    def _solve(self, rows: Ints, hazard: Floats, strain: Floats, fuse: Floats, high: Floats) -> Floats:
        """Find the wait, at most `high`, at which hazard and strain together use the fuse up.

        The amount burnt rises with the wait, and 60 halvings leave nothing a double can tell.
        """
        since, low = self._pool["since"][rows], np.zeros(len(rows))
        for _ in range(60):
            middle = (low + high) / 2
            enough = hazard * self._passed(rows, since + middle) + strain * middle >= fuse
            high, low = np.where(enough, middle, high), np.where(enough, low, middle)
        return high

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
