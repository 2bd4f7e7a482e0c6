"""Who waits how long at several desks: by hand, against one desk each, moment by moment, and in balance.

Where desks help nobody random calls are multiples of an eighth of a minute, as in test_queueing, so that moments
coincide often. Where they do, no two moments are the same: which of two desks comes first is nobody's promise.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainsim import theory
from retainsim.draws import Luck, key, name
from retainsim.workings.overflow import Team, apart, by_desks
from retainsim.workings.queueing import Calls, by_resource, first_come_first_served
from retainsim.workings.switchboard import Switchboard
from unit.making import EXAMPLES
from unit.test_queueing import DESKS, HOURS, RANKED, calls_of, numbers, some_calls

INF = np.inf


@st.composite
def floors(draw, calls=RANKED, free=DESKS):
    """Return calls, the desk of three each reaches, and teams that may help each other."""
    found = draw(calls)
    reached = draw(st.lists(st.integers(0, 2), min_size=len(found.times), max_size=len(found.times)))
    helps = [
        tuple(draw(st.lists(st.sampled_from([d for d in range(3) if d != desk]), unique=True))) for desk in range(3)
    ]
    overflow = st.sampled_from([0.0, 0.5, 2.0, INF])
    teams = [Team(draw(free), helps[desk], draw(overflow)) for desk in range(3)]
    return found, np.array(reached, dtype=np.int64), teams


@st.composite
def busy_floors(draw):
    """Return 24 calls at any moments, and desks of few agents that may help each other."""
    luck, names = Luck(draw(st.integers(0, 10**6)), 0), name(key("call"), np.arange(24))
    gap, handling, patience, rank = (
        luck.uniform(purpose, names) for purpose in ("gap", "handling", "patience", "rank")
    )
    patience = np.where(patience > 0.8, INF, 30 * patience)
    calls = Calls(np.cumsum(2 * gap), 8 * handling, patience, (3 * rank).astype(np.int64))
    free = [9 * luck.uniform(f"free.{desk}", names[: draw(st.integers(0, 2))]) for desk in range(3)]
    _, _, teams = draw(floors(free=st.just(np.zeros(0))))
    teams = [Team(own, team.helps, team.overflow) for own, team in zip(free, teams, strict=True)]
    return calls, (3 * luck.uniform("desk", names)).astype(np.int64), teams


def told(found):
    return found.waits.tolist(), found.answered.tolist(), found.taker.tolist(), [each.tolist() for each in found.free]


def moment_by_moment(calls, reached, teams, shifts=None):
    """Play all desks from one moment to the next, written anew from the words alone: no events, no heaps."""
    shifts = [(0.0, INF)] if shifts is None else shifts
    count, teams_free = len(calls.times), [sorted(team.free) for team in teams]
    rank = np.broadcast_to(calls.priority, count)
    closing = [next((float(c) for o, c in shifts if o <= t < c), None) for t in calls.times]
    waits = [0.0 if c is None else min(p, c - t) for t, p, c in zip(calls.times, calls.patience, closing, strict=True)]
    taker, ripe = [-1] * count, [t + teams[d].overflow for t, d in zip(calls.times, reached, strict=True)]
    moments = sorted({*calls.times, *(r for r in ripe if r < INF), *(f for each in teams_free for f in each)})

    def may_wait(call, now):
        return taker[call] < 0 and closing[call] is not None and calls.times[call] <= now

    def is_there(call, now):
        return may_wait(call, now) and now <= calls.times[call] + calls.patience[call] and now < closing[call]

    while moments:
        now = moments.pop(0)
        for own in (True, False):
            for desk, team in enumerate(teams):
                while teams_free[desk] and teams_free[desk][0] <= now:
                    mine = [c for c in range(count) if is_there(c, now)]
                    if own:
                        mine = [c for c in mine if reached[c] == desk]
                    else:
                        mine = [c for c in mine if reached[c] in team.helps and ripe[c] <= now]
                    if not mine:
                        break
                    call = min(mine, key=lambda c: (rank[c], c))
                    waits[call], taker[call] = now - calls.times[call], desk
                    teams_free[desk] = sorted([*teams_free[desk][1:], now + calls.handling[call]])
                    moments = sorted({*moments, now + calls.handling[call]})
    return waits, [t >= 0 for t in taker], taker, teams_free


# By hand


def test_a_call_that_has_waited_long_enough_is_taken_by_a_desk_that_helps():
    calls, reached = calls_of((0, 10, INF), (1, 5, INF)), np.array([0, 0])
    found = by_desks(calls, reached, [Team(numbers(0), overflow=3.0), Team(numbers(0), helps=(0,))])
    assert told(found) == ([0, 3], [True, True], [0, 1], [[10], [9]])


def test_nobody_helps_who_is_not_told_to():
    calls, reached = calls_of((0, 10, INF), (1, 5, INF)), np.array([0, 0])
    found = by_desks(calls, reached, [Team(numbers(0), overflow=3.0), Team(numbers(0))])
    assert told(found) == ([0, 9], [True, True], [0, 0], [[15], [0]])


def test_an_agent_takes_calls_of_its_own_desk_before_older_ones_of_others():
    calls, reached = calls_of((0, 9, INF), (1, 9, INF), (2, 1, INF), (3, 1, INF)), np.array([0, 1, 0, 1])
    found = by_desks(calls, reached, [Team(numbers(0), overflow=0.0), Team(numbers(0), helps=(0,))])
    assert found.waits.tolist() == [0, 0, 7, 7]
    assert found.taker.tolist() == [0, 1, 0, 1]


def test_who_hangs_up_before_help_may_come_takes_nobodys_time():
    calls, reached = calls_of((0, 10, INF), (1, 5, 2)), np.array([0, 0])
    found = by_desks(calls, reached, [Team(numbers(0), overflow=3.0), Team(numbers(0), helps=(0,))])
    assert told(found) == ([0, 2], [True, False], [0, -1], [[10], [0]])


def test_a_desk_without_agents_can_be_helped_out():
    calls = calls_of((1, 5, INF), (2, 1, INF))
    found = by_desks(calls, np.array([0, 0]), [Team(np.zeros(0), overflow=1.5), Team(numbers(0), helps=(0,))])
    assert told(found) == ([1.5, 5.5], [True, True], [1, 1], [[], [8.5]])


# Against other desks


@EXAMPLES
@given(busy_floors(), HOURS)
def test_the_floor_is_what_happens_from_moment_to_moment(floor, shifts):
    calls, reached, teams = floor
    hours = shifts if shifts is not None and len(shifts) else None
    expected = moment_by_moment(calls, reached, teams, None if hours is None else hours.tolist())
    assert told(by_desks(calls, reached, teams, hours)) == expected


@EXAMPLES
@given(floors(), HOURS)
def test_desks_that_help_nobody_are_one_desk_each(floor, shifts):
    """On the same calls the waits of SimPy with several desks, of SimPy and of the recursion are the same, bit by bit."""
    calls, reached, teams = floor
    alone = [Team(team.free) for team in teams]
    for play, own in (
        (by_resource, calls),
        (first_come_first_served, Calls(calls.times, calls.handling, calls.patience)),
    ):
        parts = [play(own.taken(reached == desk), team.free, shifts) for desk, team in enumerate(alone)]
        assert told(by_desks(own, reached, alone, shifts)) == told(apart(parts, reached))


@EXAMPLES
@given(floors(calls=some_calls()), st.integers(0, 2))
def test_help_that_comes_never_is_no_help(floor, helped):
    calls, reached, teams = floor
    never = [Team(team.free, team.helps) for team in teams]
    assert told(by_desks(calls, reached, never)) == told(by_desks(calls, reached, [Team(t.free) for t in teams]))


@EXAMPLES
@given(floors(calls=some_calls()))
def test_every_call_ends_once_and_every_minute_worked_is_somebodys(floor):
    calls, reached, teams = floor
    found = by_desks(calls, reached, teams)
    assert (found.answered == (found.taker >= 0)).all()
    allowed = [{desk} | {other for other in range(3) if desk in teams[other].helps} for desk in range(3)]
    assert all(taker in allowed[desk] for desk, taker in zip(reached, found.taker, strict=True) if taker >= 0)
    begun = calls.times + found.waits
    for desk, team in enumerate(teams):
        mine = found.taker == desk
        for moment in begun[mine]:
            in_service = mine & (begun <= moment) & (moment < begun + calls.handling)
            assert in_service.sum() + (team.free > moment).sum() <= len(team.free)


@EXAMPLES
@given(
    floors(calls=some_calls(patience=st.just(INF), handling=st.just(1.5)), free=st.just(numbers(0))), st.integers(0, 2)
)
def test_one_more_agent_never_makes_all_of_the_patient_wait_longer_in_sum(floor, desk):
    """Equally long calls, nobody idle while it may take one: desks that all help each other at once."""
    calls, reached, _ = floor
    others = [tuple(other for other in range(3) if other != desk) for desk in range(3)]
    few = [Team(numbers(0), others[i], 0.0) for i in range(3)]
    many = [Team(numbers(*[0] * (1 + (i == desk))), others[i], 0.0) for i in range(3)]
    assert by_desks(calls, reached, many).waits.sum() <= by_desks(calls, reached, few).waits.sum()


def test_desks_that_help_each_other_at_once_lose_and_wait_as_one_erlang_a_desk_with_all_agents():
    """Two desks of 4 agents, a third and two thirds of the calls, patience of 20 minutes in the mean; 40 batches of
    2,000 calls: who is answered next does not change how many are there, nobody being idle while a call waits.
    """
    luck, names = Luck(3, 0), name(key("call"), np.arange(80_000))
    draws = [luck.exponential(purpose, names) for purpose in ("gap", "handling", "patience")]
    calls = Calls(np.cumsum(draws[0]), 8.0 * draws[1], 20.0 * draws[2])
    reached = (luck.uniform("desk", names) < 2 / 3).astype(np.int64)
    teams = [Team(np.zeros(4), helps=(1 - desk,), overflow=0.0) for desk in range(2)]
    found = by_desks(calls, reached, teams)
    expected = theory.erlang_a(1.0, 1 / 8, patience=1 / 20, agents=8)
    for measure, wanted in ((~found.answered, expected.abandon), (found.waits, expected.wait)):
        batches = measure.reshape(40, -1).mean(axis=1)[1:]
        assert theory.within(batches.mean(), wanted, batches.std(ddof=1) / math.sqrt(len(batches)))
    apart_ = by_desks(calls, reached, [Team(np.zeros(4)), Team(np.zeros(4))])
    assert found.waits.mean() < 0.8 * apart_.waits.mean()


# The switchboard


def reached(shares, serves, draws, segment=0):
    board = Switchboard.of(shares, serves)
    return board.reach(np.array(draws), np.full(len(draws), segment)).tolist()


def test_calls_are_shared_among_desks_as_they_say_and_the_rest_goes_to_who_says_nothing():
    assert reached([0.3, 0.5, 0.2], [[True] * 3], [0.0, 0.29, 0.31, 0.79, 0.81, 1 - 1e-16]) == [0, 0, 1, 1, 2, 2]
    assert reached([0.3, None, None], [[True] * 3], [0.29, 0.31, 0.64, 0.66]) == [0, 1, 1, 2]
    assert reached([1.0, 0.0], [[True] * 2], [0.0, 1 - 1e-16]) == [0, 0]
    assert reached([None], [[True]], [0.0, 0.999]) == [0, 0]


def test_a_desk_answers_whom_it_serves_alone():
    serves = [[True, False, True], [False, True, True]]
    assert reached([0.5, 1.0, None], serves, [0.1, 0.4, 0.6, 0.9], segment=0) == [0, 0, 2, 2]
    assert reached([0.5, 1.0, None], serves, [0.1, 0.4, 0.6, 0.9], segment=1) == [1, 1, 1, 1]


def test_a_larger_share_of_the_first_desk_takes_calls_from_the_next_and_moves_no_other():
    draws = np.linspace(0.001, 0.999, 999)
    few, many = (np.array(reached([share, None], [[True] * 2], draws)) for share in (0.3, 0.4))
    assert ((few != many) == ((draws >= 0.3) & (draws < 0.4))).all()


@pytest.mark.parametrize("shares", [[0.5, 0.7], [0.0, 0.0]])
def test_shares_that_the_rules_refuse_still_send_every_call_somewhere(shares):
    assert set(reached(shares, [[True] * 2], [0.01, 0.5, 0.99])) <= {0, 1}
