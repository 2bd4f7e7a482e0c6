"""Failures: things go wrong; who complains may be made good, less so where a second failure comes soon after a first.

A failure strains the customer; a recovery takes back its part of that strain from its own time on. The recovery
paradox is found for satisfaction, not for what customers do (de Matos, Henrique & Rossi 2007); recovery almost never
offsets a failure in full (Knox & van Oest 2014), least of all where failures come close (Maxham & Netemeyer 2002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often things go wrong, what is made good of it, and what remains."""

    rate: float = setting(0.02, "failures per customer-month", "things that go wrong (assumption)", ge=0, le=20)
    complain: float = setting(0.5, "share", "failures complained about (assumption: 0.3 to 0.7)", ge=0, le=1)
    made_good: float = setting(0.7, "share", "complaints made good (assumption)", ge=0, le=1)
    recovery_months: float = setting(0.1, "months", "mean of the exponential wait for it (assumption)", ge=0, le=60)
    in_time_months: float = setting(0.25, "months", "a recovery after longer is late (assumption)", ge=0, le=600)
    eases: float = setting(
        0.75, "share", "of a failure's strain, what a recovery in time takes back (assumption, 0.6 to 0.9 after Knox & "
        "van Oest 2014); above 1 it also takes the excess, as a share, of what other failures left", ge=0, le=2,
    )  # fmt: skip
    late_share: float = setting(0.5, "share", "of that effect, what a late recovery has (assumption)", ge=0, le=1)
    second_within: float = setting(6.0, "months", "a failure so soon after one is a second (assumption)", ge=0, le=600)
    second_factor: float = setting(2.0, "factor", "strain of a second failure (assumption)", ge=0, le=100)
    second_recovery_factor: float = setting(0.5, "share", "effect recovery has then (assumption)", ge=0, le=1)
    strain: float = setting(0.02, "per customer-month", "hazard a failure adds (assumption)", ge=0, le=10)
    half_life: float = setting(6.0, "months", "time in which it halves (assumption)", gt=0, le=600)
    cost: float = setting(0.0, "money per recovery", "paid when a complaint is made good", ge=0)
    reason: Word = setting("product", "", "the reason it feeds; of keaveney-1995 core_failure is the one")


class Mechanism(mechanism.Mechanism):
    """A clock per customer; strain in two parts: what lasts, and what a recovery on its way will take back."""

    lines = {"failures": "variable"}
    touches = ("failure", "complaint", "recovery", "unresolved")

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where no failure strains anybody."""
        return today.mechanisms.failures.rate * today.mechanisms.failures.strain == 0.0

    def attach(self, world: World) -> None:
        """Open the line, announce the strain and start the clock."""
        settings, self._world = world.now.mechanisms.failures, world
        world.ledger.open("failures", "variable")
        self._lasting = world.churn.add_strain("failures", settings.reason, settings.half_life)
        self._open = world.churn.add_strain("failures.open", settings.reason, settings.half_life)
        world.pool.own("failures.last", np.float64(-np.inf), lasts=True)
        world.pool.own("failures.cases", np.int32(0))
        world.clocks.add("failures", self._ring)
        world.touches.listen("failure", "failures", self._strain)
        world.touches.listen("recovery", "failures", self._ease)
        self._felt, self._cases = np.zeros(0, _FELT), np.zeros(0, _CASE)

    def hold(self, world: World) -> None:
        """Set how often things go wrong, and how fast strain eases by itself."""
        now = self._now = world.now.mechanisms.failures
        world.clocks.set_rate("failures", np.full(len(world.segments), now.rate), world.time)
        world.churn.set_half_life(self._lasting, now.half_life)
        world.churn.set_half_life(self._open, now.half_life)

    def serve(self, world: World, start: float, end: float) -> None:
        """Make good what is due, for who is still there, and pay for it."""
        rows, cases = _of_those_present(world, self._cases)
        there = world.pool["leaves"][rows] >= np.minimum(cases["due"], end)
        rows, cases, due = rows[there], cases[there], cases["due"][there] <= end
        self._relief, self._cases = _relief(rows, cases, due, end, self._now.half_life), cases[~due]
        rows, cases = rows[due], cases[due]
        np.subtract.at(world.pool["failures.cases"], rows, 1)
        world.touch("recovery", rows, cases["due"], why=np.where(cases["late"], "late", "in_time").astype(object))
        world.money.pay("failures", rows, cases["due"], self._now.cost)

    def _ring(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Decide what becomes of each failure; what it does to the customer acts from the end of the span."""
        world, now, names = self._world, self._now, self._world.pool["name"][rows]
        second = times - world.pool["failures.last"][rows] <= now.second_within
        world.pool["failures.last"][rows] = times
        complains = world.luck.uniform("failures.complain", names, occasions) < now.complain
        good = complains & (world.luck.uniform("failures.made_good", names, occasions) < now.made_good)
        waits = now.recovery_months * world.luck.exponential("failures.recovery", names, occasions)
        late = waits > now.in_time_months
        eased = now.eases * np.where(late, now.late_share, 1.0) * np.where(second, now.second_recovery_factor, 1.0)
        strain = now.strain * np.where(second, now.second_factor, 1.0)
        taken = strain * np.minimum(eased, 1.0) * good
        self._felt = np.append(self._felt, np.rec.fromarrays([rows, times, strain - taken, taken], _FELT))
        columns = [names, times, times + waits, taken, np.maximum(eased - 1.0, 0.0), late]
        self._cases = np.append(self._cases, np.rec.fromarrays(columns, _CASE)[good])
        world.pool["failures.cases"][rows] += good
        for touch, who in (("failure", slice(None)), ("complaint", complains), ("unresolved", complains & ~good)):
            world.touch(touch, rows[who], times[who])

    def _strain(self, rows: Ints, times: Floats) -> None:
        """Strain those who felt a failure in the span and are still there."""
        felt, self._felt = self._felt, self._felt[:0]
        felt = felt[self._world.pool["leaves"][felt["row"]] > self._world.time]
        fades = 0.5 ** ((self._world.time - felt["time"]) / self._now.half_life)
        self._apply(self._world.churn.build, felt["row"], felt["open"] * fades, felt["lasting"] * fades)

    def _ease(self, rows: Ints, times: Floats) -> None:
        """Take back what recoveries ease, of who is still there."""
        rows, share, beyond = self._relief
        here = self._world.pool["leaves"][rows] > self._world.time
        self._apply(self._world.churn.ease, rows[here], share[here], beyond[here])

    def _apply(self, change: Any, rows: Ints, opened: Floats, lasting: Floats) -> None:
        for strain, part in ((self._open, opened), (self._lasting, lasting)):
            if (some := part > 0.0).any():
                change(strain, rows[some], part[some], self._world.time)


_FELT = np.dtype([("row", "i8"), ("time", "f8"), ("lasting", "f8"), ("open", "f8")])
"""A failure of the span: whose, when, and the two parts of its strain (hazard per customer-month)."""
_CASE = np.dtype([("name", "u8"), ("felt", "f8"), ("due", "f8"), ("open", "f8"), ("beyond", "f8"), ("late", "?")])
"""A complaint that will be made good at month `due`: the strain that goes then, and the share of all other strain."""


def _of_those_present(world: World, cases: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Return the rows of those who have not left since their case was opened, and their cases."""
    pool = world.pool
    rows = np.flatnonzero((pool["failures.cases"] > 0) & pool["present"])
    rows = rows[np.argsort(pool["name"][rows])]
    place = np.searchsorted(pool["name"][rows], cases["name"])
    known = np.flatnonzero(np.append(pool["name"][rows], np.uint64(0))[place] == cases["name"])
    mine = rows[place[known]]
    since = pool["joined"][mine] <= cases["felt"][known]
    return mine[since], cases[known[since]]


def _relief(rows: Ints, cases: NDArray[Any], due: NDArray[Any], end: float, half_life: float) -> tuple[Any, ...]:
    """Return whose strain recoveries ease, and by what share: what is open, and what lasts."""
    whose, index = np.unique(rows, return_inverse=True)
    left = cases["open"] * 0.5 ** ((end - cases["felt"]) / half_life)
    taken, whole, beyond = (np.bincount(index, w, len(whose)) for w in (left * due, left, cases["beyond"] * due))
    return whose, taken / np.where(whole > 0, whole, 1.0), beyond
