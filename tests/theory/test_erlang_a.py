"""The service desk as a queue with known laws: Erlang-A, where callers hang up, Erlang-C and priorities (case V8).

The standard error of every measure comes from replications, which share no luck.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from experiment import check, mean, ratio

from retainsim import theory
from retainsim.draws import Luck, key, name
from retainsim.workings.queueing import Calls, by_resource, first_come_first_served

WARM_UP, RUNS = 200.0, 20
LARGE = {"arrivals": 48.0, "agents": 50}
SMALL = {"arrivals": 10.0, "agents": 10}
PATIENCE = 0.5
"""Rate at which one who waits hangs up, per minute; service takes a minute in the mean throughout."""


class Measured(NamedTuple):
    """What 20 runs of a desk showed after warming up: one number per run, summed over calls or minutes."""

    minutes: float
    calls: np.ndarray
    abandoned: np.ndarray
    waited: np.ndarray  # minutes, by calls of the window
    delayed: np.ndarray
    queued: np.ndarray  # caller-minutes in the queue within the window
    busy: np.ndarray  # agent-minutes within the window


def poisson_calls(run, until, *, arrivals, patience, seed=8):
    """Return the calls of one run: luck of their own for each run, and the same for every size of desk."""
    luck = Luck(seed, run)
    names = name(key("call"), np.arange(math.ceil(arrivals * until + 8 * math.sqrt(arrivals * until))))
    times = np.cumsum(luck.exponential("arrival", names)) / arrivals
    assert times[-1] > until
    waits = luck.exponential("patience", names) / patience if patience else np.full(len(names), np.inf)
    here = times < until
    return Calls(times[here], luck.exponential("handling", names)[here], waits[here])


def overlap(begin, end, until):
    """Return how much of each interval falls after the warm-up and before the end (minutes)."""
    return np.clip(end, WARM_UP, until) - np.clip(begin, WARM_UP, until)


def run_of(run, minutes, agents, **load):
    """Return the measures of one run of a desk that starts empty."""
    until = WARM_UP + minutes
    calls = poisson_calls(run, until, **load)
    answers = first_come_first_served(calls, np.zeros(agents))
    counted, turn = calls.times >= WARM_UP, calls.times + answers.waits
    busy = overlap(turn, turn + calls.handling, until)[answers.answered]
    return (
        counted.sum(),
        (counted & ~answers.answered).sum(),
        answers.waits[counted].sum(),
        (counted & (answers.waits > 0)).sum(),
        overlap(calls.times, turn, until).sum(),
        busy.sum(),
    )


@cache
def measured(minutes, *, arrivals, agents, patience=PATIENCE, runs=RUNS):
    found = [run_of(run, minutes, agents, arrivals=arrivals, patience=patience) for run in range(runs)]
    return Measured(minutes, *np.array(found, dtype=float).T)


def check_desk(desk, expected, agents, what):
    """Check every measure of a desk against the closed form; return share abandoned, mean wait, utilisation."""
    n = f"n = {desk.calls.sum():.0f} calls"
    lost, lost_se = ratio(desk.abandoned, desk.calls)
    wait, wait_se = ratio(desk.waited, desk.calls)
    use, use_se = mean(desk.busy / (agents * desk.minutes))
    check(lost, expected.abandon, lost_se, f"{what} share abandoned, {n}")
    check(wait, expected.wait, wait_se, f"{what} mean wait in minutes, {n}")
    check(use, expected.utilisation, use_se, f"{what} utilisation, {n}")
    check(*_against(ratio(desk.delayed, desk.calls), expected.delayed), f"{what} share delayed, {n}")
    check(*_against(mean(desk.queued / desk.minutes), expected.length), f"{what} mean queue, {n}")
    return lost, wait, use


def _against(observed, expected):
    return observed[0], expected, observed[1]


def check_identity(desk, what):
    """Check P(ab) = theta E[W]: those who wait hang up at the rate of their patience."""
    surplus, se = mean((desk.abandoned - PATIENCE * desk.waited) / desk.calls)
    check(surplus, 0.0, se, f"{what} share abandoned less theta times wait")


def test_v8_a_desk_of_ten_loses_and_keeps_waiting_as_erlang_a_says():
    desk = measured(2000, **SMALL)
    expected = theory.erlang_a(10, 1, patience=PATIENCE, agents=10)
    assert expected[:4] == pytest.approx((0.10391, 0.20783, 2.0783, 0.8961), rel=5e-5)
    check_desk(desk, expected, 10, "V8 (10, 1, .5, 10)")
    check_identity(desk, "V8 (10, 1, .5, 10)")


def test_v8_a_desk_of_fifty_loses_and_keeps_waiting_as_erlang_a_says():
    desk = measured(500, **LARGE)
    check_desk(desk, theory.erlang_a(48, 1, patience=PATIENCE, agents=50), 50, "V8 (48, 1, .5, 50)")
    check_identity(desk, "V8 (48, 1, .5, 50)")


@pytest.mark.long
def test_v8_five_thousand_minutes_of_the_desk_of_fifty_are_as_close_as_published():
    desk = measured(5000, **LARGE)
    lost, wait, use = check_desk(
        desk, theory.Queue(0.03091, 0.061825, 2.968, 0.9303, 0.4678), 50, "V8 (48, 1, .5, 50), long"
    )
    assert lost == pytest.approx(0.03091, abs=0.003)
    assert wait == pytest.approx(0.061825, abs=0.006)
    assert use == pytest.approx(0.9303, abs=0.005)
    assert lost == pytest.approx(PATIENCE * wait, rel=0.02)


def test_v8_with_endless_patience_a_desk_waits_as_erlang_c_says():
    desk = measured(1000, arrivals=8.0, agents=10, patience=0)
    check_desk_of_the_patient(desk, theory.erlang_c(8, 1, agents=10), 10, "V8 (8, 1, 0, 10)")


@pytest.mark.long
def test_v8_with_endless_patience_the_desk_of_fifty_keeps_callers_waiting_21_seconds():
    desk = measured(5000, **LARGE, patience=0)
    expected = theory.erlang_c(48, 1, agents=50)
    wait = check_desk_of_the_patient(desk, expected, 50, "V8 (48, 1, 0, 50)")
    assert 60 * wait == pytest.approx(20.83, rel=0.1)
    assert desk.queued.mean() / desk.minutes == pytest.approx(16.67, rel=0.1)


def check_desk_of_the_patient(desk, expected, agents, what):
    """Check a desk nobody hangs up on against Erlang-C; return its mean wait (minutes)."""
    n = f"n = {desk.calls.sum():.0f} calls"
    assert desk.abandoned.sum() == 0
    wait, wait_se = ratio(desk.waited, desk.calls)
    check(wait, expected.wait, wait_se, f"{what} mean wait in minutes, {n}")
    check(*_against(ratio(desk.delayed, desk.calls), expected.delayed), f"{what} share delayed, {n}")
    check(*_against(mean(desk.queued / desk.minutes), expected.length), f"{what} mean queue, {n}")
    check(*_against(mean(desk.busy / (agents * desk.minutes)), expected.utilisation), f"{what} utilisation, {n}")
    return wait


@pytest.mark.parametrize("agents", [8, 9, 11, 12])
def test_more_agents_lose_fewer_calls_and_shorten_the_mean_wait_as_erlang_a_says(agents):
    """What holds of the mean though not of every single call (unit/test_queueing.py)."""
    desk = measured(500, arrivals=10.0, agents=agents)
    check_desk(desk, theory.erlang_a(10, 1, patience=PATIENCE, agents=agents), agents, f"Erlang-A, {agents} agents")
    fewer = measured(500, arrivals=10.0, agents=agents - 1)
    assert (desk.abandoned < fewer.abandoned).all()
    assert (desk.waited < fewer.waited).all()


def test_two_priorities_wait_as_long_as_cobham_says():
    """W_k = C / (n mu) / ((1 - s_(k-1)) (1 - s_k)): C the share delayed, s_k the load of classes 1 to k."""
    arrivals, agents, share, minutes = 3.4, 4, 0.4, 1000
    loads = np.array([0.0, share, 1.0]) * arrivals / agents
    expected = theory.erlang_c(arrivals, 1, agents=agents).delayed / agents / ((1 - loads[:-1]) * (1 - loads[1:]))
    waited, counts = np.zeros((2, RUNS)), np.zeros((2, RUNS))
    for run in range(RUNS):
        calls = poisson_calls(run, WARM_UP + minutes, arrivals=arrivals, patience=0)
        rank = (Luck(9, run).uniform("rank", name(key("call"), np.arange(len(calls.times)))) > share).astype(np.int64)
        answers = by_resource(Calls(calls.times, calls.handling, calls.patience, rank), np.zeros(agents))
        for each in (0, 1):
            of = (rank == each) & (calls.times >= WARM_UP)
            waited[each, run], counts[each, run] = answers.waits[of].sum(), of.sum()
    for each in (0, 1):
        observed, se = ratio(waited[each], counts[each])
        check(observed, expected[each], se, f"Cobham class {each + 1}, n = {counts[each].sum():.0f} calls")
