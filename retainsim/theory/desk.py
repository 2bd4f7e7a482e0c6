"""Desk: a queue of Poisson contacts, exponential service and patience, first come first served (V8)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from retainsim.theory.survival import Floats


class Queue(NamedTuple):
    """The steady state of a desk.

    `abandon` is the share of contacts that give up, `wait` the mean wait of all of them in the rates' unit of
    time, `length` the mean number waiting, `utilisation` the busy share of the agents' time and `delayed`
    the share of contacts that wait at all.
    """

    abandon: float
    wait: float
    length: float
    utilisation: float
    delayed: float


def erlang_a_states(arrivals: float, service: float, *, patience: float, agents: int) -> Floats:
    """Return the probabilities of 0, 1, 2, ... contacts at the desk; `patience` must be above 0.

    Cut after 60 states of which each has less than half its predecessor's probability.
    """
    tail = 60 + math.ceil(max(0.0, (2 * arrivals - agents * service) / patience))
    present = np.arange(1.0, agents + tail + 1)
    drain = np.minimum(present, agents) * service + np.maximum(present - agents, 0) * patience
    return np.asarray(special.softmax(np.append(0.0, np.cumsum(np.log(arrivals / drain)))))


def erlang_a(arrivals: float, service: float, *, patience: float, agents: int) -> Queue:
    """Return the Erlang-A (M/M/n+M) desk; `patience` is the rate at which one who waits gives up."""
    states = erlang_a_states(arrivals, service, patience=patience, agents=agents)
    length = float(np.maximum(np.arange(len(states)) - agents, 0) @ states)
    abandon = patience * length / arrivals
    busy = arrivals * (1 - abandon) / (agents * service)
    return Queue(abandon, length / arrivals, length, busy, float(states[agents:].sum()))


def erlang_c(arrivals: float, service: float, *, agents: int) -> Queue:
    """Return the Erlang-C (M/M/n) desk, where nobody gives up: infinite waits once work fills the agents."""
    offered = arrivals / service
    if offered >= agents:
        return Queue(0.0, math.inf, math.inf, 1.0, 1.0)
    blocked = 1.0
    for agent in range(1, agents + 1):
        blocked = offered * blocked / (agent + offered * blocked)
    delayed = blocked / (1 - offered / agents * (1 - blocked))
    wait = delayed / (agents * service - arrivals)
    return Queue(0.0, wait, arrivals * wait, offered / agents, delayed)
