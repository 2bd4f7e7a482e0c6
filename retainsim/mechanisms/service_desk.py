"""Service desk: customers ask, a desk of so many agents answers, and who waits too long hangs up.

Each customer calls by a clock of its own, and with every complaint. The calls of a span are played one by one, first
come, first served or key accounts first; lengths and patience are exponential, so that the desk in balance is an
Erlang-A queue. Waiting beyond what is tolerable strains, and so does hanging up. Touches carry the time of the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import model_validator

from retainsim import mechanism
from retainsim.clocks import PER_SPELL
from retainsim.mechanism import Word, setting
from retainsim.workings.hours import Hours
from retainsim.workings.queueing import Answers, Calls, by_resource, first_come_first_served, staffed

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often customers call, who answers and when, and what waiting does."""

    agents: int = setting(..., "agents", "who answer calls; at 0 everybody hangs up", ge=0, le=10_000)
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
        self._free, self.answered, self.hung_up = np.zeros(0), 0, 0
        self.waited_minutes = self.busy_minutes = 0.0

    def hold(self, world: World) -> None:
        """Set how often customers call, when the desk is open and how many answer."""
        now = world.now.mechanisms.service_desk
        world.churn.set_half_life(self._strain, now.half_life)
        clients = [world.now.account(segment) for segment in world.segments]
        rates = [now.contacts if client is None or client.contacts is None else client.contacts for client in clients]
        world.clocks.set_rate("service_desk", np.array(rates), world.time)
        self._are_clients = np.array([client is not None for client in clients])
        self._hours = Hours(now.opens_at, now.closes_at, now.days_per_week)
        if len(self._free) != now.agents:
            self._free = staffed(self._free, now.agents, float(self._hours.minutes(np.array(world.time))))

    def serve(self, world: World, start: float, end: float) -> None:
        """Play the calls of the span, and tell what became of them."""
        if not self._calls:
            return
        now, pool = world.now.mechanisms.service_desk, world.pool
        rows, times, occasions = (np.concatenate(parts) for parts in zip(*self._calls, strict=True))
        self._calls.clear()
        order = np.lexsort((occasions, pool["name"][rows], times))
        rows, times, occasions = rows[order], times[order], occasions[order]
        handling = world.luck.exponential("service_desk.handling", pool["name"][rows], occasions)
        patience = world.luck.exponential("service_desk.patience", pool["name"][rows], occasions)
        is_key = (pool["size"][rows] > now.key_size) | self._are_clients[pool["segment"][rows]]
        minutes = self._hours.minutes(times), handling * now.handling_minutes, patience * now.patience_minutes
        calls = Calls(*minutes, priority=np.where(is_key, 0, 1))
        play = by_resource if now.priority == "key_accounts" and is_key.any() else first_come_first_served
        answers = play(calls, self._free, self._hours.shifts(start, end))
        self._note(calls, answers)
        world.observe(
            "service_desk", end, calls=len(times), hung_up=(~answers.answered).sum(),
            waited_minutes=answers.waits.sum(), busy_minutes=calls.handling[answers.answered].sum(),
        )  # fmt: skip
        self._tell(rows, times, answers)

    def settle(self, world: World, start: float, end: float) -> None:
        """Pay the agents."""
        assert not self._calls, "complaints are told before the desk serves"
        now = world.now.mechanisms.service_desk
        world.money.flow("service_desk", now.agents * now.agent_cost, (start, end))

    def _complain(self, rows: Ints, times: Floats) -> None:
        """Let complaints be calls, whose occasions count downwards: neither kind moves the other's luck."""
        if self._world.now.mechanisms.service_desk.complaints_call:
            pool, order = self._world.pool, np.argsort(rows, kind="stable")
            rows, times = rows[order], times[order]
            again = np.arange(len(rows)) - np.searchsorted(rows, rows)  # 0 for the first of a row, 1 for the next
            earlier = (pool["spell"][rows].astype(np.int64) - 1) * PER_SPELL + pool["service_desk.complaints"][rows]
            self._calls.append((rows, times, -1 - earlier - again))
            np.add.at(pool["service_desk.complaints"], rows, 1)

    def _note(self, calls: Calls, answers: Answers) -> None:
        """Remember when agents are free, and count calls and minutes."""
        self._free = answers.free
        self.answered += int(answers.answered.sum())
        self.hung_up += int((~answers.answered).sum())
        self.waited_minutes += float(answers.waits.sum())
        self.busy_minutes += float(calls.handling[answers.answered].sum())

    def _tell(self, rows: Ints, times: Floats, answers: Answers) -> None:
        """Tell what happened to each caller, and strain who stays."""
        world, now = self._world, self._world.now.mechanisms.service_desk
        late = np.maximum(answers.waits - now.tolerable_minutes, 0.0)
        for touch, which in (("contact", answers.answered), ("hang_up", ~answers.answered), ("wait", late > 0.0)):
            waits = [f"{wait:.0f} minutes" for wait in answers.waits[which]] if world.trace else ""
            world.touch(touch, rows[which], times[which], why=np.array(waits, dtype=object))
        strain = now.strain_per_hang_up * ~answers.answered + now.strain_per_minute * late
        hurt = (strain > 0.0) & (world.pool["leaves"][rows] > world.time)
        if hurt.any():
            left = strain[hurt] * 0.5 ** ((world.time - times[hurt]) / now.half_life)
            world.churn.build(self._strain, rows[hurt], left, world.time)
