"""Overflow: who waits how long at several desks, where a desk with nobody to serve may help another.

An agent takes the calls of its own desk first, by priority and in order of arrival; where none waits there, it takes
one that has waited long enough at a desk it helps. No agent is idle while it may take a call, and none is broken off.

At one and the same moment all callers come first, then calls become ripe for help, then agents become free and take
them, then callers hang up. Which desk's agent comes first at one moment is left open: moments are never the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.workings.queueing import Answers, Calls, limits

if TYPE_CHECKING:
    import simpy


@dataclass(frozen=True, eq=False)
class Team:
    """The agents of one desk.

    Attributes
    ----------
    free
        When each agent is free (minutes since month 0), shape (agents,), any order.
    helps
        The desks whose calls its agents may take, by their place among the desks.
    overflow
        Minutes a call of this desk waits before agents of others may take it; may be 0 or infinite.
    """

    free: Floats
    helps: tuple[int, ...] = ()
    overflow: float = np.inf


@dataclass(frozen=True, eq=False)
class Shared:
    """What became of calls at several desks, in their order.

    Attributes
    ----------
    waits, answered
        As of `Answers`.
    taker
        The desk whose agent took it, by its place among the desks; -1 where nobody did.
    free
        When the agents of each desk are free after these calls, rising.
    """

    waits: Floats
    answered: np.ndarray[Any, np.dtype[np.bool_]]
    taker: Ints
    free: tuple[Floats, ...]


def apart(parts: Sequence[Answers], reached: Ints) -> Shared:
    """Put the answers of desks that know nothing of each other together, in the order of all calls."""
    waits, answered = np.zeros(len(reached)), np.zeros(len(reached), dtype=np.bool_)
    for desk, part in enumerate(parts):
        waits[reached == desk], answered[reached == desk] = part.waits, part.answered
    return Shared(waits, answered, np.where(answered, reached, -1), tuple(part.free for part in parts))


def by_desks(calls: Calls, reached: Ints, teams: Sequence[Team], shifts: Floats | None = None) -> Shared:
    """Answer calls at several desks as one SimPy model.

    Parameters
    ----------
    calls, shifts
        As in `queueing.first_come_first_served`; all desks keep the same hours.
    reached
        The desk each call reaches, by its place in `teams`.
    """
    return _Floor(calls, reached, teams, shifts).play()


class _Floor:
    """All desks at work: what waits where, who is idle, and what has been taken."""

    def __init__(self, calls: Calls, reached: Ints, teams: Sequence[Team], shifts: Floats | None) -> None:
        import simpy

        latest, self._in_vain = limits(calls, shifts)
        self._calls, self._teams, self._reached = calls, teams, reached.tolist()
        self._latest, self._handling = latest.tolist(), calls.handling.tolist()
        self._rank = np.broadcast_to(calls.priority, calls.times.shape).tolist()
        self._env = simpy.Environment()
        self._begun = [np.nan] * len(self._reached)
        self._taker = [-1] * len(self._reached)
        self._free = [team.free.tolist() for team in teams]
        self._waiting, self._ripe = ([list[tuple[int, int]]() for _ in teams] for _ in range(2))
        self._idle: list[list[simpy.Event]] = [[] for _ in teams]
        self._helpers = [[h for h, team in enumerate(teams) if desk in team.helps] for desk in range(len(teams))]

    def play(self) -> Shared:
        """Play all calls to their end."""
        # Everything is scheduled at 0: no moment is rounded by adding differences up, and callers precede agents.
        times = self._calls.times.tolist()
        coming = [call for call, time in enumerate(times) if time <= self._latest[call]]  # or else it is closed
        for call in coming:
            self._schedule(times[call], call, self._arrive)
        for call in coming:
            ripe = times[call] + self._teams[self._reached[call]].overflow
            if self._helpers[self._reached[call]] and ripe <= self._latest[call] and ripe < np.inf:
                self._schedule(ripe, call, self._ripen)
        for desk, free in enumerate(self._free):
            for place in range(len(free)):
                self._env.process(self._agent(desk, place))
        self._env.run()
        starts = np.array(self._begun, dtype=np.float64)
        answered = ~np.isnan(starts)
        waits = np.where(answered, starts - self._calls.times, self._in_vain)
        free = tuple(np.sort(np.array(each, dtype=np.float64)) for each in self._free)
        return Shared(waits, answered, np.array(self._taker, dtype=np.int64), free)

    def _schedule(self, time: float, call: int, what: Any) -> None:
        self._env.timeout(time, call).callbacks.append(lambda event: what(event.value))

    def _arrive(self, call: int) -> None:
        desk = self._reached[call]
        if self._idle[desk]:
            self._give(call, desk)
        else:
            heapq.heappush(self._waiting[desk], (self._rank[call], call))

    def _ripen(self, call: int) -> None:
        """Let an idle agent of a desk that helps take a call, or note that one may."""
        desk = self._reached[call]
        if self._taker[call] >= 0:
            return
        helper = next((h for h in self._helpers[desk] if self._idle[h]), None)
        if helper is None:
            heapq.heappush(self._ripe[desk], (self._rank[call], call))
        else:
            self._give(call, helper)

    def _give(self, call: int, desk: int) -> None:
        self._taker[call] = desk
        self._idle[desk].pop(0).succeed(call)

    def _agent(self, desk: int, place: int) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(max(0.0, self._free[desk][place]))
        while True:
            call = self._next(desk)
            if call is None:
                self._idle[desk].append(bell := self._env.event())
                call = yield bell
            self._begun[call] = self._env.now
            yield self._env.timeout(self._handling[call])
            self._free[desk][place] = self._env.now

    def _next(self, desk: int) -> int | None:
        """Take the call an agent of a desk answers next, if one waits."""
        for queues in ([self._waiting[desk]], [self._ripe[other] for other in self._teams[desk].helps]):
            ready = [queue for queue in queues if self._clear(queue)]
            if ready:
                _, call = heapq.heappop(min(ready))
                self._taker[call] = desk
                return call
        return None

    def _clear(self, queue: list[tuple[int, int]]) -> bool:
        """Drop from the head of a queue who has been answered or has hung up; True where somebody is left."""
        while queue and (self._taker[queue[0][1]] >= 0 or self._latest[queue[0][1]] < self._env.now):
            heapq.heappop(queue)
        return bool(queue)
