"""Queueing: who waits how long at a desk, first come, first served or by priority, hang-ups and hours included.

Those who hang up take no agent's time, so a call needs to know only how late it may be answered and when an agent
is free. First come, first served, that is a recursion over the calls (Kiefer & Wolfowitz 1955, reneging added);
with priorities it is a SimPy model. On the same calls of equal priority both give the same waits, bit by bit.

At one and the same moment all callers come first, then agents become free and take them, then callers hang up.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from retainsim.draws import Floats, Ints


@dataclass(frozen=True, eq=False)
class Calls:
    """What reaches the desk within one span: arrays of one entry per call, in order of arrival.

    Calls of the same moment have come in the order given.

    Attributes
    ----------
    times
        When each comes: minutes since month 0, not negative, never falling.
    handling
        Minutes an agent spends on it, not negative and finite.
    patience
        Minutes it waits before it hangs up; may be 0 or infinite.
    priority
        Whole numbers, the lower first; one for all, or one for each call.
    """

    times: Floats
    handling: Floats
    patience: Floats
    priority: Ints | int = 0

    def __post_init__(self) -> None:
        """Make sure of what every result would silently be wrong without."""
        assert self.times.shape == self.handling.shape == self.patience.shape
        assert not len(self.times) or (self.times[0] >= 0 and bool(np.all(self.times[:-1] <= self.times[1:])))

    def taken(self, which: np.ndarray[Any, np.dtype[np.bool_]]) -> Calls:
        """Return some of the calls, shape (calls,)."""
        rank = self.priority if isinstance(self.priority, int) else self.priority[which]
        return Calls(self.times[which], self.handling[which], self.patience[which], rank)


@dataclass(frozen=True, eq=False)
class Answers:
    """What became of calls, in their order.

    Attributes
    ----------
    waits
        Minutes until each was answered or hung up; infinite where neither ever happens.
    answered
        Whether an agent took it.
    free
        When each agent is free after these calls (minutes since month 0), rising, shape (agents,): what the next
        span starts from. An agent without a call keeps the moment it had, which may be long past.
    """

    waits: Floats
    answered: np.ndarray[Any, np.dtype[np.bool_]]
    free: Floats


def first_come_first_served(calls: Calls, free: Floats, shifts: Floats | None = None) -> Answers:
    """Answer calls in order of arrival, whatever their priority.

    Two spans played one after the other, the second with the `free` of the first, are the long span: who waits
    when a span ends is answered within it, at the moment its turn will come.

    Parameters
    ----------
    calls
        The calls of a span. One that would have to wait longer than its patience hangs up at its end.
    free
        When each agent is free (minutes since month 0), shape (agents,), any order; with no agents all hang up.
    shifts
        When the desk answers: rows [opens, closes) in minutes since month 0, shape (n, 2), in order and apart;
        None if it never closes. A service begun goes on to its end. Who is in the queue at closing hangs up then,
        who calls while it is closed does so at once. So a desk open day and night is None, not days that touch.
    """
    latest, in_vain = limits(calls, shifts)
    agents: list[float] = np.sort(free).tolist()  # sorted, hence a heap
    begun = [np.nan] * len(calls.times)
    if agents:
        # A loop over calls, since each depends on all before it: 36,000 take some 20 ms as plain floats.
        each = zip(calls.times.tolist(), latest.tolist(), calls.handling.tolist(), strict=True)
        for call, (time, until, handling) in enumerate(each):
            start = agents[0] if agents[0] > time else time
            if start <= until:
                begun[call] = start
                heapq.heapreplace(agents, start + handling)
    return _answers(calls, begun, in_vain, agents)


def by_resource(calls: Calls, free: Floats, shifts: Floats | None = None) -> Answers:
    """Answer calls by priority, and in order of arrival among equals: the same desk as a SimPy model.

    Nobody's service is broken off for another. Arguments as in `first_come_first_served`. Who waits when a span
    ends is answered before anyone of the next, whatever the priority; exact where spans end while it is closed.
    """
    import simpy

    latest, in_vain = (limit.tolist() for limit in limits(calls, shifts))
    priority = np.broadcast_to(calls.priority, calls.times.shape).tolist()
    handling, next_free = calls.handling.tolist(), free.tolist()
    begun = [np.nan] * len(priority)
    env = simpy.Environment()
    queue = simpy.PriorityStore(env)

    def join(arrival: simpy.Event) -> None:
        queue.put((priority[arrival.value], arrival.value))

    def agent(place: int) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(max(0.0, next_free[place]))
        while True:
            _, call = yield queue.get()
            if env.now <= latest[call]:  # or else it has hung up meanwhile
                begun[call] = env.now
                yield env.timeout(handling[call])
                next_free[place] = env.now

    # All arrivals are scheduled at 0: no moment is rounded by adding differences up, and callers precede agents.
    for call, time in enumerate(calls.times.tolist()):
        if time <= latest[call]:  # or else the desk is closed
            env.timeout(time, call).callbacks.append(join)
    for place in range(len(next_free)):
        env.process(agent(place))
    env.run()
    return _answers(calls, begun, in_vain, next_free)


def staffed(free: Floats, agents: int, now: float) -> Floats:
    """Return when the agents of a desk are free once there are `agents` (0 or more) of them, rising.

    Those who come are free `now` (minutes since month 0); calls that already wait keep the moment they were given.
    Those who go are the first to be free: the idle at once, then whoever is through first, after its last call, so
    that the desk is down to its number as soon as it can be without breaking a promise.
    """
    staying = np.sort(free)[max(0, len(free) - agents) :]
    return np.sort(np.append(staying, np.full(agents - len(staying), now)))


def limits(calls: Calls, shifts: Floats | None) -> tuple[Floats, Floats]:
    """Return the last moment each call may be answered at (minutes since month 0), and how long it waits in vain.

    That moment is before the call itself where the desk is closed.
    """
    latest = calls.times + calls.patience
    if shifts is None:
        return latest, calls.patience
    opens, closes = shifts.T
    shift = np.searchsorted(opens, calls.times, side="right") - 1
    closing = np.append(closes, -np.inf)[shift]  # -1, before the first shift, is never open
    in_vain = np.minimum(calls.patience, np.maximum(closing - calls.times, 0.0))
    return np.minimum(latest, np.nextafter(closing, -np.inf)), in_vain


def _answers(calls: Calls, begun: list[float], in_vain: Floats | list[float], free: list[float]) -> Answers:
    """Return what became of calls, from when each was answered (minutes since month 0, nan if never)."""
    starts = np.array(begun, dtype=np.float64)
    answered = ~np.isnan(starts)
    waits = np.where(answered, starts - calls.times, in_vain)
    return Answers(waits, answered, np.sort(np.array(free, dtype=np.float64)))
