"""World: all that a mechanism sees of one replication of one arm, and the settlement that moves it on.

Factors and rates are held from one settlement to the next. A settlement plays a span exactly: joins, rings and
leavings at their own times, money for the time each customer was present. A process that changes the world in
between calls `change`, which settles up to now first, so that what came before ran under the old hazards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import simpy

from retainsim.acquisition import Acquisition, Joiners
from retainsim.bases import Bases
from retainsim.churn import Churn
from retainsim.clocks import Clocks
from retainsim.draws import Floats, Ints, Luck
from retainsim.ledger import Ledger, cohort_width, month_row
from retainsim.money import Money
from retainsim.opening import default_mix, open_pool
from retainsim.pool import Pool

if TYPE_CHECKING:
    from retainsim.mechanism import Mechanism
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


class World:
    """One replication of one arm."""

    def __init__(self, setup: Setup, luck: Luck, mechanisms: Sequence[Mechanism], *, eager: bool = False) -> None:
        self.env = simpy.Environment()
        self.luck, self.today, self.arm, self.bases = luck, setup.today, setup.arm, setup.bases
        self.now, self._timeline, self.lever_factor = setup.timeline.at(0.0), setup.timeline, setup.lever_factor
        self.segments, self.channels = setup.bases.segments, tuple(sorted(self.today.acquisition))
        self.origins = self.today.origins
        self._mechanisms = mechanisms
        self._build()
        self.churn.eager = self.money.by_customer = eager
        for each in mechanisms:
            each.attach(self)
        self.settled, self._closed, self._ended = 0.0, -1, False
        self._taxed = np.zeros(self.today.run.months + 1)
        self._taxed[0] = self.now.firm.tax_rate
        open_pool(self)
        self.hold()

    def _build(self) -> None:
        run, bases = self.today.run, self.bases
        self.pool = Pool(len(self.segments) * len(self.origins))
        self.ledger = Ledger(
            run.months, len(self.segments), len(self.origins), len(bases.reasons), self.today.discounting
        )
        self.churn = Churn(
            self.pool, self.luck, reasons=bases.reasons, durations=bases.durations, origins=len(self.origins)
        )
        self.clocks = Clocks(self.pool, self.luck)
        self.acquisition = Acquisition(self.luck, self.origins)
        self.money = Money(self.pool, self.ledger, self.segments, self.origins)
        self._default_mix = default_mix(self.today, bases)
        self.left_early = 0
        """Of those who joined at least 12 months before the horizon, how many left within 12 months."""
        self.departed: list[tuple[np.ndarray, ...]] = []
        """Names, months of joining and leaving, segments, origins and reasons of those who left."""
        self.money.hold(self.now)
        self.churn.terms[:] = [[self.now.plan(s, o).term_months or np.inf for o in self.origins] for s in self.segments]

    @property
    def time(self) -> float:
        """Return the month it is."""
        return float(self.env.now)

    @property
    def window(self) -> tuple[float, float]:
        """Return the last stop up to now and the next one after it (months): month's ends and reviews are stops."""
        time, every = self.time + 1e-9, self.today.run.step
        month, review = np.floor(time), np.floor(time / every)
        return float(max(month, review * every)), float(min(month + 1.0, (review + 1.0) * every))

    @property
    def in_force(self) -> float:
        """Return the month whose settings are held: now, or infinity once temporary changes have ended."""
        return np.inf if self._ended else self.time

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
        segment, origin = self.pool["segment"][rows], self.pool["origin"][rows]
        return self.money.margin_rate()[segment, origin]

    def move(self, rows: Ints, segments: Ints, times: Floats) -> None:
        """Move customers to other segments at their own times, within the span being settled."""
        self.money.move_out(rows, times)
        self.ledger.count_moves(times, self.pool["segment"][rows], segments, self.pool["origin"][rows])
        free = self.pool["notice"][rows] > times
        self.churn.burn(rows[free], times[free])
        self._change_frailty(rows, segments)
        self.clocks.move(rows, times, segments)
        self.pool["cell"][rows] = segments * len(self.origins) + self.pool["origin"][rows]
        self.money.enter(rows, times)
        self.churn.project(rows[free])

    def hold(self) -> None:
        """Hold factors, rates and tariffs as they are now until the next settlement."""
        self.now = self._timeline.at(self.in_force, self.window)
        for each in self._mechanisms:
            each.hold(self)
        self.money.hold(self.now)
        self.churn.hold(self.time)

    def review(self) -> None:
        """Let every mechanism look at the pool and act."""
        for each in self._mechanisms:
            each.review(self)

    def settle(self) -> None:
        """Play the span from the last settlement to now."""
        start, end = self.settled, self.time
        if end <= start:
            return
        self._close(start)
        self.admit(self.acquisition.arrivals(start, end))
        self.clocks.settle(end)
        self._depart(end)
        self.money.settle_present(end)
        for each in self._mechanisms:
            each.settle(self, start, end)
        self.money.settle(start, end)
        self.churn.settle(start, end)
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
        self.ledger.tax_values(self._taxed)

    def count(self) -> Ints:
        """Count those present by segment and origin, from the pool itself."""
        return self.pool.count().reshape(len(self.segments), len(self.origins))

    def _close(self, time: float) -> None:
        """Close the month that ends at `time`, once all that happened at that very moment is known."""
        if self.churn.jolted:
            self._depart(time)
            self.churn.jolted = False
        if time == int(time) and time > self._closed:
            self._closed = int(time)
            self.ledger.pool[self._closed] = self.count()
            self.money.close(self._closed)
            self.ledger.tax(self._closed, self._taxed[self._closed])

    def admit(self, joiners: Joiners) -> None:
        """Let customers join at their own times, within the span being settled."""
        if not len(joiners.names):
            return
        pool, rows = self.pool, self.pool.append(len(joiners.names))
        row = month_row(float(joiners.times.max()))
        pool["name"][rows], pool["joined"][rows] = joiners.names, joiners.times
        pool["cohort"][rows] = -(-row // cohort_width(self.ledger.months))
        pool["since"][rows] = joiners.times
        pool["segment"][rows], pool["origin"][rows] = joiners.segments, joiners.origins
        pool["cell"][rows] = joiners.segments * len(self.origins) + joiners.origins
        for index, law in enumerate(self.bases.frailties):
            mine = rows[joiners.segments == index]
            if not law.is_none:
                pool["frailty"][mine] = law.draw(self.luck, pool["name"][mine])
        self.churn.light(rows)
        self.churn.project(rows)
        self.clocks.start(rows, joiners.times)
        self.money.enter(rows, joiners.times)
        self.ledger.count(self.ledger.joined, row, joiners.segments, joiners.origins)
        self._pay_for(joiners, row)

    def _pay_for(self, joiners: Joiners, row: int) -> None:
        prices = self.acquisition.prices()[joiners.origins]
        if not prices.any():
            return
        shape = len(self.segments), len(self.origins)
        cells = joiners.segments * shape[1] + joiners.origins
        paid = (prices, prices * np.exp(-self.ledger.discounting * joiners.times))
        nominal, valued = (np.bincount(cells, amounts, shape[0] * shape[1]).reshape(shape) for amounts in paid)
        self.ledger.add("acquisition", row, nominal.astype(np.float64), valued.astype(np.float64))

    def _depart(self, until: float) -> None:
        rows = self.churn.leavers(until)
        if not len(rows):
            return
        pool = self.pool
        times = pool["leaves"][rows].copy()
        self.money.settle_rows(rows, times)
        self.money.leave(rows, times)
        where = pool["segment"][rows], pool["origin"][rows], pool["reason"][rows]
        np.add.at(self.ledger.left, (np.ceil(times).astype(np.int64), *where), 1)
        self._watch(pool["joined"][rows], times)
        self.departed.append((pool["name"][rows], pool["joined"][rows], times, *where))
        self.pool.remove(rows)

    def _watch(self, joined: Floats, left: Floats) -> None:
        """Count who left within 12 months of joining, among those watched for so long."""
        watched = (joined >= 0.0) & (joined <= self.ledger.months - 12.0)
        self.left_early += int((watched & (left - joined <= 12.0 + 1e-9)).sum())

    def _change_frailty(self, rows: Ints, segments: Ints) -> None:
        """Keep each customer's rank where the new segment's law of frailty differs."""
        laws, pool = self.bases.frailties, self.pool
        for old in np.unique(pool["segment"][rows]):
            for new in np.unique(segments):
                mine = rows[(pool["segment"][rows] == old) & (segments == new)]
                if laws[old] != laws[new] and len(mine):
                    pool["frailty"][mine] = laws[new].quantile(laws[old].rank(pool["frailty"][mine]))
