"""Service desk: customers ask, a desk of so many agents answers, and who waits too long hangs up.

Each customer calls by a clock of its own, and with every complaint. The calls of a span are played one by one, first
come, first served or key accounts first; lengths and patience are exponential, so that the desk in balance is an
Erlang-A queue. Waiting beyond what is tolerable strains, and so does hanging up. Touches carry the time of the call.

There may be several desks, each with agents and a queue of its own. Which of them a call reaches is its own luck, by
their shares of the calls. A desk with nobody to serve may help another, with calls that have waited there long enough.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import model_validator

from retainsim import mechanism
from retainsim.clocks import PER_SPELL
from retainsim.mechanism import Word, setting
from retainsim.workings.hours import Hours
from retainsim.workings.overflow import Shared, Team, apart, by_desks
from retainsim.workings.performance import performance
from retainsim.workings.queueing import Calls, by_resource, first_come_first_served, staffed
from retainsim.workings.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Desk(mechanism.Settings):
    """One of several desks: who answers there, and which calls reach it."""

    agents: int = setting(..., "agents", "who answer its calls; at 0 everybody hangs up", ge=0, le=10_000)
    share: float | None = setting(
        None, "share", "of the calls of the segments it serves; default: an even part of what others leave", ge=0, le=1
    )
    segments: list[Word] | None = setting(None, "segments", "whose calls it answers; default: everybody's")
    handling_minutes: float | None = setting(
        None, "minutes", "mean length of a call; default: as at all desks", gt=0, le=10_080
    )
    agent_cost: float | None = setting(None, "money per agent-month", "default: as at all desks", ge=0)
    helps: list[Word] = setting([], "desks", "desks whose calls its agents take where none of its own waits")
    overflow_minutes: float = setting(
        2.0, "minutes", "a call waits here before a desk that helps may take it (assumption)", ge=0, le=1e9
    )


class Settings(mechanism.Settings):
    """How often customers call, who answers and when, and what waiting does."""

    agents: int | None = setting(
        None, "agents", "who answer calls; at 0 everybody hangs up; must be given unless desks are", ge=0, le=10_000
    )
    desks: dict[Word, Desk] = setting({}, "desks", "several desks by name, instead of agents")
    agent_cost: float = setting(0.0, "money per agent-month", "cost of an agent, busy or not", ge=0)
    contacts: float = setting(0.3, "calls per customer-month", "how often customers call (assumption)", ge=0, le=1000)
    complaints_call: bool = setting(True, "", "whoever complains about a failure calls too")
    handling_minutes: float = setting(10.0, "minutes", "mean length of a call (assumption)", gt=0, le=10_080)
    patience_minutes: float = setting(15.0, "minutes", "mean before hanging up (assumption); 1e9: never", gt=0, le=1e9)
    tolerable_minutes: float = setting(5.0, "minutes", "a wait that strains nobody (assumption)", ge=0, le=1e9)
    strain_per_hang_up: float = setting(0.02, "per customer-month", "hazard that it adds (assumption)", ge=0, le=10)
    strain_per_minute: float = setting(
        0.001, "per customer-month", "hazard that each minute beyond the tolerable adds (assumption)", ge=0, le=10
    )
    half_life: float = setting(3.0, "months", "time in which strain halves (assumption)", ge=0.01, le=600)
    reason: Word = setting("indifference", "", 'the reason it feeds (with keaveney-1995, "response" is closest)')
    priority: Literal["none", "key_accounts"] = setting("none", "", "who is answered before all others")
    key_size: float = setting(3.0, "factor", "key accounts are named clients and above this size (assumption)", ge=0)
    opens_at: float = setting(0.0, "hours", "hour of the day at which it opens", ge=0, lt=24)
    closes_at: float = setting(24.0, "hours", "hour of the day at which it closes, and who waits hangs up", gt=0, le=24)
    days_per_week: int = setting(7, "days", "days of the week on which it opens", ge=1, le=7)

    @model_validator(mode="after")
    def _opens(self) -> Settings:
        if self.closes_at <= self.opens_at:
            raise ValueError(f"closes_at ({self.closes_at:g}) must be after opens_at ({self.opens_at:g}), the same day")
        return self

    @model_validator(mode="after")
    def _is_staffed(self) -> Settings:
        if self.agents is None and not self.desks:
            raise ValueError("agents is missing; give how many answer calls, or several desks: [...desks.NAME]")
        if self.agents is not None and self.desks:
            raise ValueError(f"agents ({self.agents}) and desks are both given; give one: each desk has its own agents")
        return self

    def each(self) -> dict[str, Desk]:
        """Return the desks by name, in order, with all they do not say themselves; one alone has no name."""
        desks = self.desks or {"": Desk(agents=self.agents or 0)}
        shared = {"handling_minutes": self.handling_minutes, "agent_cost": self.agent_cost}
        own = {name: {k: v for k, v in shared.items() if getattr(desk, k) is None} for name, desk in desks.items()}
        return {name: desks[name].model_copy(update=own[name]) for name in sorted(desks)}


class Mechanism(mechanism.Mechanism):
    """A clock of calls for each customer, and the desk that plays those of a span together."""

    lines = {"service_desk": "variable"}
    touches = ("contact", "hang_up", "wait")
    hears = ("complaint",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where nothing strains."""
        return not (today.mechanisms.service_desk.strain_per_hang_up or today.mechanisms.service_desk.strain_per_minute)

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where it strains customers that others call too."""
        return not Mechanism.is_closed_form(today)

    def attach(self, world: World) -> None:
        """Open the line, announce the strain, start the clock and count from nothing."""
        now, self._world = world.now.mechanisms.service_desk, world
        world.ledger.open("service_desk", "variable")
        self._strain = world.churn.add_strain("service_desk", now.reason, now.half_life)
        world.pool.own("service_desk.complaints", np.int32(0))
        world.clocks.add("service_desk", lambda *calls: self._calls.append(calls))
        world.touches.listen("complaint", "service_desk", self._complain)
        self._calls: list[tuple[Ints, Floats, Ints]] = []
        self._free: dict[str, Floats] = {}
        self.answered = self.hung_up = 0
        self.waited_minutes = self.busy_minutes = 0.0

    def hold(self, world: World) -> None:
        """Set how often customers call, which desks their calls reach, when these are open and how many answer."""
        now = world.now.mechanisms.service_desk
        world.churn.set_half_life(self._strain, now.half_life)
        clients = [world.now.account(segment) for segment in world.segments]
        rates = [now.contacts if client is None or client.contacts is None else client.contacts for client in clients]
        world.clocks.set_rate("service_desk", np.array(rates), world.time)
        self._are_clients = np.array([client is not None for client in clients])
        self._hours = Hours(now.opens_at, now.closes_at, now.days_per_week)
        self._desks = now.each()
        minute = float(self._hours.minutes(np.array(world.time)))
        for name, desk in self._desks.items():
            if len(free := self._free.get(name, np.zeros(0))) != desk.agents or name not in self._free:
                self._free[name] = staffed(free, desk.agents, minute)
        segments = [s if client is None else client.segment for s, client in zip(world.segments, clients, strict=True)]
        desks = self._desks.values()
        serves = [[desk.segments is None or segment in desk.segments for desk in desks] for segment in segments]
        self._board = Switchboard.of([desk.share for desk in desks], serves)

    def serve(self, world: World, start: float, end: float) -> None:
        """Play the calls of the span, and tell what became of them."""
        if not self._calls:
            return
        now, pool = world.now.mechanisms.service_desk, world.pool
        rows, times, occasions = (np.concatenate(parts) for parts in zip(*self._calls, strict=True))
        self._calls.clear()
        order = np.lexsort((occasions, pool["name"][rows], times))
        rows, times, occasions = rows[order], times[order], occasions[order]
        names, segments = pool["name"][rows], pool["segment"][rows]
        reached = np.zeros(len(rows), dtype=np.int64)
        if len(self._desks) > 1:
            reached = self._board.reach(world.luck.uniform("service_desk.desk", names, occasions), segments)
        lengths = np.array([desk.handling_minutes for desk in self._desks.values()])[reached]
        handling = world.luck.exponential("service_desk.handling", names, occasions) * lengths
        patience = world.luck.exponential("service_desk.patience", names, occasions) * now.patience_minutes
        is_key = (pool["size"][rows] > now.key_size) | self._are_clients[segments]
        calls = Calls(self._hours.minutes(times), handling, patience, priority=np.where(is_key, 0, 1))
        found = self._play(calls, reached, self._hours.shifts(start, end))
        self._free = dict(zip(self._desks, found.free, strict=True))
        self._note(calls, reached, found, (start, end))
        self._tell(rows, times, reached, found)

    def _play(self, calls: Calls, reached: Ints, shifts: Floats | None) -> Shared:
        """Let every desk answer its calls; desks that help no other know nothing of it."""
        now, names = self._world.now.mechanisms.service_desk, list(self._desks)
        is_ranked = now.priority == "key_accounts" and not np.all(calls.priority)
        if any(desk.helps for desk in self._desks.values()):
            places = [tuple(names.index(other) for other in desk.helps) for desk in self._desks.values()]
            paired = zip(self._desks.items(), places, strict=True)
            teams = [Team(self._free[name], helps, desk.overflow_minutes) for (name, desk), helps in paired]
            return by_desks(calls if is_ranked else replace(calls, priority=0), reached, teams, shifts)
        play = by_resource if is_ranked else first_come_first_served
        return apart([play(calls.taken(reached == i), self._free[n], shifts) for i, n in enumerate(names)], reached)

    def settle(self, world: World, start: float, end: float) -> None:
        """Pay the agents."""
        assert not self._calls, "complaints are told before the desk serves"
        costs = [desk.agents * (desk.agent_cost or 0.0) for desk in self._desks.values()]
        world.money.flow("service_desk", sum(costs), (start, end))
        if len(costs) > 1:
            self._observe(end, agent_cost=[cost * (end - start) for cost in costs])

    def _complain(self, rows: Ints, times: Floats) -> None:
        """Let complaints be calls, whose occasions count downwards: neither kind moves the other's luck."""
        if self._world.now.mechanisms.service_desk.complaints_call:
            pool, order = self._world.pool, np.argsort(rows, kind="stable")
            rows, times = rows[order], times[order]
            again = np.arange(len(rows)) - np.searchsorted(rows, rows)  # 0 for the first of a row, 1 for the next
            earlier = (pool["spell"][rows].astype(np.int64) - 1) * PER_SPELL + pool["service_desk.complaints"][rows]
            self._calls.append((rows, times, -1 - earlier - again))
            np.add.at(pool["service_desk.complaints"], rows, 1)

    def _note(self, calls: Calls, reached: Ints, found: Shared, span: tuple[float, float]) -> None:
        """Count calls and minutes of a span (start, end], of all desks and, where there are several, of each."""
        agents = np.array([desk.agents for desk in self._desks.values()])
        done = performance(calls, reached, found, agents * self._hours.open_minutes(*span))
        total = {measure: float(by_desk.sum()) for measure, by_desk in done.items()}
        if len(agents) > 1:
            self._observe(span[1], **done)
        self._world.observe("service_desk", span[1], **total)
        self.answered += int(total["calls"] - total["hung_up"])
        self.hung_up += int(total["hung_up"])
        self.waited_minutes += total["waited_minutes"]
        self.busy_minutes += total["busy_minutes"]

    def _observe(self, month: float, **measures: Sequence[float] | Floats) -> None:
        """Keep measures of each of several desks: `calls.billing`."""
        for index, name in enumerate(self._desks):
            mine = {f"{measure}.{name}": values[index] for measure, values in measures.items()}
            self._world.observe("service_desk", month, **mine)

    def _tell(self, rows: Ints, times: Floats, reached: Ints, found: Shared) -> None:
        """Tell what happened to each caller, and strain who stays."""
        world, now = self._world, self._world.now.mechanisms.service_desk
        late = np.maximum(found.waits - now.tolerable_minutes, 0.0)
        for touch, which in (("contact", found.answered), ("hang_up", ~found.answered), ("wait", late > 0.0)):
            why = self._reasons(found.waits[which], reached[which]) if world.trace else ""
            world.touch(touch, rows[which], times[which], why=why)
        strain = now.strain_per_hang_up * ~found.answered + now.strain_per_minute * late
        hurt = (strain > 0.0) & (world.pool["leaves"][rows] > world.time)
        if hurt.any():
            left = strain[hurt] * 0.5 ** ((world.time - times[hurt]) / now.half_life)
            world.churn.build(self._strain, rows[hurt], left, world.time)

    def _reasons(self, waits: Floats, reached: Ints) -> NDArray[np.object_]:
        """Say how long each waited, and at which desk where there are several."""
        at = [f" at {name}" if name else "" for name in self._desks]
        told = [f"{w:.0f} minute{'' if round(w) == 1 else 's'}{at[d]}" for w, d in zip(waits, reached, strict=True)]
        return np.array(told, dtype=object)
