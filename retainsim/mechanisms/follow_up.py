"""Follow up: a call some weeks after a purchase, a failure or whatever else eases what strains the customer.

A touch brings a call unless one is to come already. Calls are made when they are due; once those due first have used up
a month's capacity, the others of that month lapse. Who is reached is eased, may take back a notice it has given (then a
bonus is paid), and may refer more for a while; all of that from the end of the span settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import model_validator

from retainsim import mechanism
from retainsim.clocks import PER_SPELL
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """Whom the firm calls and when, and what a call does and costs."""

    after: list[Word] = setting(["join", "purchase"], "touches", "what a call follows", min_length=1)
    after_months: float = setting(1.0, "months", "time from there to the call (assumption)", ge=0, le=120)
    capacity_per_month: float | None = setting(None, "calls per month", "most calls; default: no limit", ge=0, le=1e9)
    reach: float = setting(0.6, "share", "calls that reach the customer (assumption)", ge=0, le=1)
    eases: float = setting(0.5, "share", "part of all strain taken from who is reached (assumption)", ge=0, le=1)
    cost: float = setting(0.0, "money per call", "paid for every call, whether it reaches anybody or not", ge=0)
    withdraws: float = setting(0.0, "share", "those reached under notice who take it back (assumption)", ge=0, le=1)
    bonus: float = setting(0.0, "money", "paid to a customer who takes back its notice", ge=0)
    referral_factor: float = setting(1.0, "factor", "referrals of who is reached (assumption: as ever)", ge=0, le=10)
    lasts_months: float = setting(3.0, "months", "how long they refer so (assumption)", ge=0, le=600)

    @model_validator(mode="after")
    def _can_be_called(self) -> Settings:
        if {"leave", "follow_up"} & {*self.after}:
            raise ValueError('no call follows "leave" or "follow_up"; leave them out (win_back asks who has left)')
        return self


class Mechanism(mechanism.Mechanism):
    """Books calls as it hears of touches, makes those due, and lets them act once all touches are known."""

    lines = {"follow_up": "variable"}
    touches = ("follow_up",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where no notice is taken back: strain is eased only where another mechanism strains."""
        return bool(today.mechanisms.follow_up.withdraws == 0)

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where one call may take the place of another."""
        return today.mechanisms.follow_up.capacity_per_month is not None

    def attach(self, world: World) -> None:
        """Open the line, listen, and keep for each customer when its latest call is or was due."""
        self._world, self._month, self._capacity, self._left = world, -1, 0.0, 0.0
        self._heard: list[tuple[Ints, Floats]] = []
        world.ledger.open("follow_up", "variable")
        world.pool.own("follow_up.due", np.float64(-np.inf))
        world.pool.own("follow_up.calls", np.int32(0))
        world.pool.own("follow_up.refers_until", np.float64(-np.inf))
        world.clocks.vary("referrals", "follow_up")
        for touch in world.today.mechanisms.follow_up.after:
            world.touches.listen(touch, "follow_up", lambda *touches: self._heard.append(touches))
        world.touches.listen("follow_up", "follow_up", self._act)

    def hold(self, world: World) -> None:
        """Renew the month's capacity, and let those reached lately refer more."""
        now, month = world.now.mechanisms.follow_up, int(world.time + 1e-9)
        capacity = 1e9 if now.capacity_per_month is None else now.capacity_per_month
        if month != self._month:
            self._left = capacity + self._left % 1.0
        elif capacity != self._capacity:
            self._left = min(max(self._left + (capacity - self._capacity) * (month + 1.0 - world.time), 0.0), capacity)
        self._month, self._capacity = month, capacity
        rows = world.pool.rows()
        refers = world.pool["follow_up.refers_until"][rows] > world.time
        factors = np.where(refers, now.referral_factor, 1.0)
        world.clocks.set_each("referrals", "follow_up", rows, factors, world.time)

    def arrive(self, world: World, start: float, end: float) -> None:
        """Find the calls booked earlier that are due in the span (start, end], months."""
        due = world.pool["follow_up.due"]
        rows = np.flatnonzero((due > start) & (due <= end) & world.pool["present"])
        self._due = [(rows, due[rows].copy(), self._occasions(rows))]

    def serve(self, world: World, start: float, end: float) -> None:
        """Make the calls due in the span, those due first as far as capacity goes, and note whom they reach."""
        now, names, leaves = world.now.mechanisms.follow_up, world.pool["name"], world.pool["leaves"]
        self._book(start, end)
        rows, times, occasions = (np.concatenate(parts) for parts in zip(*self._due, strict=True))
        order = np.lexsort((names[rows], times))
        order = order[leaves[rows[order]] > times[order]][: int(self._left + 1e-9)]
        self._left = max(self._left - len(order), 0.0)
        rows, times, occasions = rows[order], times[order], occasions[order]
        reached = world.luck.uniform("follow_up.reach", names[rows], occasions) < now.reach
        self._reached = rows[reached], times[reached], occasions[reached]
        world.money.pay("follow_up", rows, times, now.cost)
        world.touch("follow_up", rows, times, why=np.where(reached, "reached", "missed"))

    def settle(self, world: World, start: float, end: float) -> None:
        """Book calls for what other mechanisms told only when they served."""
        self._book(end, end)

    def _book(self, start: float, end: float) -> None:
        """Book a call after `start` for each touch heard, in order of time, of a customer who has none to come."""
        if not self._heard:
            return
        pool, now = self._world.pool, self._world.now.mechanisms.follow_up
        rows, times = (np.concatenate(parts) for parts in zip(*self._heard, strict=True))
        self._heard.clear()
        order = np.lexsort((pool["name"][rows], times))
        rows, times = rows[order], times[order]
        while len(rows):  # in rounds: whether a customer's second touch brings a call depends on its first
            first = np.unique(rows, return_index=True)[1]
            free = first[pool["follow_up.due"][rows[first]] < times[first]]
            mine, due = rows[free], np.maximum(times[free] + now.after_months, np.nextafter(start, np.inf))
            pool["follow_up.due"][mine] = due
            pool["follow_up.calls"][mine] += 1
            mine, due = mine[due <= end], due[due <= end]
            self._due.append((mine, due, self._occasions(mine)))
            rows, times = np.delete(rows, first), np.delete(times, first)

    def _occasions(self, rows: Ints) -> Ints:
        """Return the number of each customer's latest call, from 0; apart from those before it left and came back."""
        pool = self._world.pool
        return pool["follow_up.calls"][rows] - 1 + (pool["spell"][rows].astype(np.int64) - 1) * PER_SPELL

    def _act(self, rows: Ints, times: Floats) -> None:
        """Let calls act on those reached who stay: after all that the span has put on them."""
        world, now, pool = self._world, self._world.now.mechanisms.follow_up, self._world.pool
        rows, times, occasions = (part[pool["leaves"][self._reached[0]] > world.time] for part in self._reached)
        people, calls = np.unique(rows, return_counts=True)
        strained = (world.churn.strain_on(people) > 0.0) & (now.eases > 0.0)
        world.churn.ease_all(people[strained], 1.0 - (1.0 - now.eases) ** calls[strained], world.time)
        draw = world.luck.uniform("follow_up.withdraw", pool["name"][rows], occasions)
        won = np.flatnonzero((pool["notice"][rows] <= times) & (draw < now.withdraws))
        won = won[np.sort(np.unique(rows[won], return_index=True)[1])]  # once each, still in order of time
        world.churn.withdraw(rows[won], world.time)
        world.money.pay("follow_up", rows[won], times[won], now.bonus)
        pool["follow_up.refers_until"][people] = world.time + now.lasts_months
