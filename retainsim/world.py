"""World: all that a mechanism sees of one replication of one arm, and the settlement that moves it on.

Factors and rates are held from one settlement to the next. A settlement plays a span exactly: joins, rings and
leavings at their own times, money for the time each customer was present. A process that changes the world in
between calls `change`, which settles up to now first, so that what came before ran under the old hazards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from retainsim import gate
from retainsim.acquisition import Acquisition, Joiners
from retainsim.bases import Bases
from retainsim.churn import Churn
from retainsim.clocks import Clocks
from retainsim.draws import Floats, Ints, Luck
from retainsim.hazards import Closed
from retainsim.ledger import Ledger, month_row
from retainsim.money import Money
from retainsim.opening import default_mix, open_pool
from retainsim.pool import Pool
from retainsim.touches import Touches
from retainsim.trace import Trace
from retainsim.worth import Worth

if TYPE_CHECKING:
    from retainsim.mechanism import Event, Mechanism
    from retainsim.scenario.arms import Timeline
    from retainsim.scenario.schema import Arm, Parameters


@dataclass(frozen=True)
class Setup:
    """What one arm starts from: the file's parameters, the arm and its timeline, calibrated bases and lever."""

    today: Parameters
    arm: Arm
    timeline: Timeline
    bases: Bases
    lever_factor: float = 1.0
    closed: Closed | None = None


class World:
    """One replication of one arm."""

    def __init__(
        self,
        setup: Setup,
        luck: Luck,
        mechanisms: Sequence[Mechanism],
        *,
        eager: bool = False,
        trace: bool = False,
        worth: bool = False,
    ) -> None:
        self.env = simpy.Environment()
        self.luck, self.today, self.arm, self.bases = luck, setup.today, setup.arm, setup.bases
        self.now, self._timeline, self.lever_factor = setup.timeline.at(0.0), setup.timeline, setup.lever_factor
        self.segments, self.channels = setup.bases.segments, tuple(sorted(self.today.acquisition))
        self.origins = self.today.origins
        self.mechanisms = sorted(mechanisms, key=lambda mechanism: type(mechanism).__module__)
        self._build(setup.closed)
        self.churn.eager = self.money.by_customer = eager or trace
        self.trace = Trace(self.pool) if trace else None
        self.worth = Worth(self.pool, self.ledger) if worth else None
        self.money.watchers = [each for each in (self.trace, self.worth) if each is not None]
        for each in mechanisms:
            each.attach(self)
        self.settled, self._closed, self._ended = 0.0, -1, False
        self._taxed = np.append(self.now.firm.tax_rate, np.zeros(self.today.run.months))
        open_pool(self)
        rows, names = self.pool.rows(), np.array(self.segments, dtype=object)
        self.touch("opening", rows, np.zeros(len(rows)), why=names[self.pool["segment"][rows]])
        self.hold()

    def _build(self, closed: Closed | None) -> None:
        run, bases = self.today.run, self.bases
        self.pool = Pool(len(self.segments) * len(self.origins))
        self.ledger = Ledger(
            run.months, len(self.segments), len(self.origins), len(bases.reasons), self.today.discounting
        )
        self.churn = Churn(
            self.pool,
            self.luck,
            reasons=bases.reasons,
            durations=bases.durations,
            origins=len(self.origins),
            closed=closed,
        )
        self.churn.is_patient = True
        self.touches = Touches(self.pool)
        self.clocks = Clocks(self.pool, self.luck)
        self.clocks.is_done, self._is_ringing, self._waiting = self._admit_waiting, False, list[Joiners]()
        self.acquisition = Acquisition(self.luck, self.origins)
        self.money = Money(self.pool, self.ledger, self.segments, self.origins)
        self._default_mix = default_mix(self.today, bases)
        self.left_early = self.left_first_year = 0
        """Who left within 12 months: of those who joined at least 12 months before the horizon; of the opening pool."""
        self.observed: list[tuple[str, float, str, float]] = []
        """What mechanisms saw of themselves: mechanism, month, measure, value."""
        self.departed: list[tuple[np.ndarray, ...]] = []
        """Names, months of joining and leaving, segments, origins, reasons and spells of those who left."""
        self.movers: list[tuple[np.ndarray, ...]] = []
        """Names and former segments of those who moved before they left for the first time."""
        self.money.hold(self.now, 0.0)
        self.churn.terms[:] = [[self.now.plan(s, o).term_months or np.inf for o in self.origins] for s in self.segments]

    @property
    def time(self) -> float:
        """Return the month it is."""
        return float(self.env.now)

    @property
    def window(self) -> tuple[float, float]:
        """Return the last stop up to now and the next one after it (months): month's ends and reviews are stops."""
        time, every = self.time + 1e-9, self.today.run.step
        month, review = math.floor(time), math.floor(time / every)
        return float(max(month, review * every)), float(min(month + 1.0, (review + 1.0) * every))

    @property
    def in_force(self) -> float:
        """Return the month whose settings are held: now, or infinity once temporary changes have ended."""
        return np.inf if self._ended else self.time

    def events(self, kind: type[Event]) -> list[Any]:
        """Return what is scheduled in the arm, of one kind, within the horizon."""
        return [e for e in self.arm.event if isinstance(e, kind) and e.at_month < self.today.run.months]

    def touch(self, touch: str, rows: Ints, times: Floats, *, why: np.ndarray | str = "") -> None:
        """Let something pass between the firm and these customers, each at its own time (months)."""
        self.touches.happen(touch, rows, times)
        if self.trace is not None:
            self.trace.note(touch, rows, times, why=why)

    def observe(self, mechanism: str, month: float, **measures: float) -> None:
        """Keep what a mechanism sees of itself, such as the utilisation of a desk, for the tables of the run."""
        self.observed += [(mechanism, month, measure, float(value)) for measure, value in measures.items()]

    def change(self) -> None:
        """Let whatever changed take effect now: settle up to now under the old hazards, then hold the new."""
        self.settle()
        self.hold()

    def season(self) -> int:
        """Return the calendar month, 0 for January (for the month of the start where no date is given)."""
        first = self.today.run.start.month - 1 if self.today.run.start else 0
        return (first + int(np.floor(self.time + 1e-9))) % 12

    def mix(self, mix: dict[str, float] | None) -> Floats:
        """Return joiners by segment, any scale: as given, or so that a pool in balance stays in balance."""
        if mix is None:
            return self._default_mix
        return np.array([mix.get(segment, 0.0) for segment in self.segments])

    def value_rate(self, rows: Ints) -> Floats:
        """Return what each customer brings per month now: margin less cost to serve (money)."""
        return self.money.margin_rate(rows)

    def move(self, rows: Ints, segments: Ints, times: Floats) -> None:
        """Move customers to other segments at their own times, within the span being settled."""
        gate.move(self, rows, segments, times)

    def hold(self) -> None:
        """Hold factors, rates and tariffs as they are now until the next settlement."""
        self.now = self._timeline.at(self.in_force, self.window)
        if self.worth is not None:
            self.worth.tax_rate = self.now.firm.tax_rate
        self.money.hold(self.now, self.time)  # so that mechanisms see today's prices
        for each in self.mechanisms:
            each.hold(self)
        self.money.hold(self.now, self.time)  # with the shapes they give
        self.churn.hold(self.time)
        self.churn.flush()

    def review(self) -> None:
        """Let every mechanism look at the pool and act."""
        for each in self.mechanisms:
            each.review(self)

    def settle(self) -> None:
        """Play the span from the last settlement to now."""
        start, end = self.settled, self.time
        if end <= start:
            return
        self.churn.flush()  # of what has changed since the last hold; before it, all that a span changes is held anew
        self._close(start)
        self.admit(self.acquisition.arrivals(start, end))
        for each in self.mechanisms:
            each.arrive(self, start, end)
        self._is_ringing = True
        self.clocks.settle(end)
        self._is_ringing = False
        self.churn.settle(start, end)
        self.touches.deliver()
        for each in self.mechanisms:
            each.serve(self, start, end)
        self.touches.deliver()
        gate.depart(self, end)
        self.touches.deliver()
        self.money.settle_present(end)
        for each in self.mechanisms:
            each.settle(self, start, end)
        self.money.settle(start, end)
        self._taxed[month_row(end)] += self.now.firm.tax_rate * (end - start)
        self.pool.pack()
        self.settled = end

    def end_changes(self) -> None:
        """Hold what stands once every temporary change has ended and every ramp is done; nothing runs on."""
        self._ended = True
        self.hold()

    def finish(self) -> None:
        """Close the books at the horizon."""
        self.settle()
        self._close(self.settled)
        assert (self.pool.count() == self.pool.recount()).all(), "the pool has lost count of who is where"
        if self.trace is not None:
            self.trace.close(self.pool.rows(), np.full(len(self.pool), self.time))
        self.ledger.tax_values(self._taxed)

    def count(self) -> Ints:
        """Count those present by segment and origin, as the pool has it."""
        return self.pool.count().reshape(len(self.segments), len(self.origins))

    def _close(self, time: float) -> None:
        """Close the month that ends at `time`, once all that happened at that very moment is known."""
        if self.churn.jolted:
            gate.depart(self, time)
            self.churn.jolted = False
        if time == int(time) and time > self._closed:
            self._closed = int(time)
            self.ledger.pool[self._closed] = self.count()
            self.money.close(self._closed)
            self.ledger.tax(self._closed, self._taxed[self._closed])

    def admit(self, joiners: Joiners) -> None:
        """Let customers join, or come back, at their own times, within the span being settled.

        Who comes through somebody's clock waits until no clock of those present rings, and comes with the others.
        """
        if self._is_ringing:
            self._waiting.append(joiners)
        else:
            gate.admit(self, joiners)

    def _admit_waiting(self) -> bool:
        """Let in who waits; True where nobody does."""
        waiting, self._waiting = self._waiting, []
        for joiners in gate.together(waiting):
            gate.admit(self, joiners)
        return not waiting

    def welcome(self, rows: Ints) -> None:
        """Let every mechanism give new customers the traits it owns."""
        for each in self.mechanisms:
            each.welcome(self, rows)
