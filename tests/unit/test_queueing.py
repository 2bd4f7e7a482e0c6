"""Who waits how long at a desk: by hand, against a desk played moment by moment, and by what must hold of any desk.

The random calls come at, last for and wait multiples of an eighth of a minute: sums are then exact and moments
coincide often, so that the order of what happens at one moment is tested too.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainsim.draws import Luck, key, name
from retainsim.workings.queueing import Calls, by_resource, first_come_first_served, staffed
from unit.making import EXAMPLES

INF = np.inf
both = pytest.mark.parametrize("desk", [first_come_first_served, by_resource])


def numbers(*values):
    return np.array(values, dtype=float)


def calls_of(*rows, priority=0):
    """Return calls given as (time, handling, patience)."""
    times, handling, patience = np.array(rows, dtype=float).reshape(-1, 3).T
    return Calls(times, handling, patience, np.array(priority) if np.ndim(priority) else priority)


def found(answers):
    return answers.waits.tolist(), answers.answered.tolist(), answers.free.tolist()


def same(one, other):
    assert found(one) == found(other)


def moment_by_moment(calls, free, shifts=None):
    """Play the desk from moment to moment, callers before agents: written anew, from the words alone."""
    n, free, queue, coming = len(calls.times), sorted(free), [], 0
    shifts = [(0.0, INF)] if shifts is None else shifts
    closing = [next((float(c) for o, c in shifts if o <= t < c), None) for t in calls.times]
    priority = np.broadcast_to(calls.priority, n)
    waits = [0.0 if c is None else min(p, c - t) for t, p, c in zip(calls.times, calls.patience, closing, strict=True)]
    answered = [False] * n

    while coming < n or (queue and free):
        now = max(free[0], calls.times[coming - 1]) if queue and free else INF
        if coming < n and calls.times[coming] <= now:
            queue += [coming] if closing[coming] is not None else []
            coming += 1
            continue
        call = min(queue, key=lambda c: (priority[c], c))
        queue.remove(call)
        if now <= calls.times[call] + calls.patience[call] and now < closing[call]:
            waits[call], answered[call] = now - calls.times[call], True
            free = sorted([*free[1:], now + calls.handling[call]])
    return waits, answered, free


EIGHTHS = st.integers(0, 64).map(lambda n: n / 8)
PATIENCE = st.one_of(EIGHTHS, st.just(INF))
DESKS = st.lists(EIGHTHS, max_size=4).map(lambda free: np.array(free, dtype=float))
MANNED = st.lists(EIGHTHS, min_size=1, max_size=4).map(np.array)


@st.composite
def some_calls(draw, patience=PATIENCE, priority=st.just(0), handling=EIGHTHS):
    gaps = st.integers(0, 12).map(lambda n: n / 8)
    rows = draw(st.lists(st.tuples(gaps, handling, patience, priority), max_size=25))
    gap, handled, patient, rank = np.array(rows, dtype=float).reshape(-1, 4).T
    return Calls(np.cumsum(gap), handled, patient, rank.astype(np.int64))


@st.composite
def some_shifts(draw):
    edges = draw(st.sets(st.integers(0, 240), max_size=8).filter(lambda edges: len(edges) % 2 == 0))
    return np.array(sorted(edges), dtype=float).reshape(-1, 2) / 8


RANKED = some_calls(priority=st.integers(0, 3))
HOURS = st.none() | some_shifts()


# By hand


@both
def test_a_call_that_finds_an_agent_free_does_not_wait(desk):
    same_as = ([0, 0], [True, True], [6, 7])
    assert found(desk(calls_of((1, 5, 0), (2, 5, 0)), numbers(0, 0))) == same_as


@both
def test_one_agent_answers_one_after_the_other(desk):
    waits, answered, free = found(desk(calls_of((0, 4, INF), (1, 3, INF), (2, 2, INF)), numbers(0)))
    assert (waits, answered, free) == ([0, 3, 5], [True] * 3, [9])


@both
def test_two_agents_take_the_longest_waiting_as_each_becomes_free(desk):
    calls = calls_of((0, 4, INF), (0, 6, INF), (1, 1, INF), (2, 5, INF), (3, 1, INF))
    assert found(desk(calls, numbers(0, 0))) == ([0, 0, 3, 3, 3], [True] * 5, [7, 10])


@both
def test_who_hangs_up_waits_as_long_as_its_patience_and_takes_nobodys_time(desk):
    calls = calls_of((0, 10, INF), (1, 100, 2), (4, 1, INF))
    assert found(desk(calls, numbers(0))) == ([0, 2, 6], [True, False, True], [11])


@both
def test_a_call_whose_turn_comes_as_its_patience_ends_is_answered(desk):
    assert found(desk(calls_of((0, 3, INF), (1, 1, 2), (1, 1, 2.5)), numbers(0))) == (
        [0, 2, 2.5],
        [True, True, False],
        [4],
    )


@both
def test_agents_are_busy_until_their_free_times(desk):
    assert found(desk(calls_of((1, 1, INF), (2, 1, 0.5)), numbers(8, 5))) == ([4, 0.5], [True, False], [6, 8])


@both
def test_without_agents_everybody_hangs_up_or_waits_for_ever(desk):
    assert found(desk(calls_of((0, 1, 3), (1, 1, INF), (1, 1, 0)), np.zeros(0))) == ([3, INF, 0], [False] * 3, [])


@both
@pytest.mark.parametrize("shifts", [None, numbers(0, 60).reshape(1, 2), np.zeros((0, 2))])
def test_without_calls_the_agents_stay_as_free_as_they_were(desk, shifts):
    assert found(desk(calls_of(), numbers(7, 3), shifts)) == ([], [], [3, 7])


@both
def test_a_closed_desk_answers_nobody_and_who_calls_hangs_up_at_once(desk):
    calls = calls_of((0, 1, INF), (10, 1, INF), (19.5, 1, INF), (20, 1, INF), (35, 1, 5))
    shifts = numbers(10, 20, 40, 50).reshape(2, 2)
    assert found(desk(calls, numbers(0), shifts)) == ([0] * 5, [False, True, True, False, False], [20.5])


@both
def test_a_call_in_vain_takes_no_idle_agents_place(desk):
    calls = calls_of((8, 1, INF), (10, 1, INF))
    assert found(desk(calls, numbers(0, 5), numbers(10, 20).reshape(1, 2))) == ([0, 0], [False, True], [5, 11])


@both
def test_at_closing_the_queue_hangs_up_and_the_service_begun_goes_on(desk):
    calls = calls_of((5, 30, INF), (6, 1, 2), (7, 1, INF), (36, 1, INF))
    shifts = numbers(0, 10, 30, 60).reshape(2, 2)
    assert found(desk(calls, numbers(0), shifts)) == ([0, 2, 3, 0], [True, False, False, True], [37])


@both
def test_a_turn_that_comes_at_the_moment_of_closing_comes_too_late(desk):
    calls = calls_of((0, 10, INF), (4, 1, INF))
    assert found(desk(calls, numbers(0), numbers(0, 10).reshape(1, 2))) == ([0, 6], [True, False], [10])
    assert found(desk(calls, numbers(0), numbers(0, 10.5).reshape(1, 2))) == ([0, 6], [True, True], [11])


@both
def test_a_service_that_outlasts_the_night_keeps_its_agent_from_the_morning_queue(desk):
    calls = calls_of((9, 25, INF), (31, 1, INF))
    assert found(desk(calls, numbers(0), numbers(0, 10, 30, 60).reshape(2, 2))) == ([0, 3], [True, True], [35])


def test_the_lower_number_is_answered_first_and_equals_in_order_of_arrival():
    calls = calls_of((0, 10, INF), (1, 1, INF), (2, 1, INF), (3, 1, INF), priority=[5, 1, 0, 1])
    assert by_resource(calls, numbers(0)).waits.tolist() == [0, 10, 8, 9]


def test_of_callers_of_the_same_moment_the_lower_number_is_answered_first_even_by_an_idle_agent():
    calls = calls_of((1, 4, INF), (1, 2, INF), priority=[1, 0])
    assert by_resource(calls, numbers(0)).waits.tolist() == [2, 0]


def test_nobodys_service_is_broken_off_for_a_better_customer():
    calls = calls_of((0, 10, INF), (1, 1, INF), priority=[9, 0])
    assert by_resource(calls, numbers(0)).waits.tolist() == [0, 9]


def test_a_call_overtaken_until_its_patience_ends_hangs_up():
    calls = calls_of((0, 4, INF), (1, 1, 5), (2, 4, INF), priority=[1, 1, 0])
    assert found(by_resource(calls, numbers(0))) == ([0, 5, 2], [True, False, True], [8])


def test_first_come_first_served_looks_at_no_priority():
    rows = ((0, 10, INF), (1, 1, INF), (2, 1, INF))
    same(*(first_come_first_served(calls_of(*rows, priority=p), numbers(0)) for p in (0, [2, 1, 0])))


@pytest.mark.parametrize("times", [[1, 0.5], [-1, 0]])
def test_calls_out_of_order_or_before_month_0_are_refused(times):
    with pytest.raises(AssertionError):
        Calls(np.array(times), np.ones(2), np.ones(2))


# The three desks agree


@EXAMPLES
@given(some_calls(), DESKS, HOURS)
def test_the_recursion_and_the_resource_give_the_same_waits(calls, free, shifts):
    same(first_come_first_served(calls, free, shifts), by_resource(calls, free, shifts))


@EXAMPLES
@given(some_calls(), DESKS, HOURS)
def test_the_recursion_is_the_desk_played_moment_by_moment(calls, free, shifts):
    assert found(first_come_first_served(calls, free, shifts)) == moment_by_moment(calls, free, shifts)


@EXAMPLES
@given(RANKED, DESKS, HOURS)
def test_the_resource_is_the_desk_played_moment_by_moment(calls, free, shifts):
    assert found(by_resource(calls, free, shifts)) == moment_by_moment(calls, free, shifts)


def busy_month(count=36_000, start=0.0):
    """Return a month of calls at a desk of ten with little to spare, none of them at a round moment."""
    luck, names = Luck(5, 0), name(key("call"), np.arange(count))
    times = start + np.cumsum(luck.exponential("arrival", names)) / 10
    return Calls(times, luck.exponential("handling", names), 2 * luck.exponential("patience", names))


@pytest.mark.parametrize("start", [0.0, 60 * 43_830.0])
def test_a_month_of_36_000_calls_has_the_same_waits_either_way_bit_by_bit(start):
    calls, free = busy_month(start=start), start + np.arange(10.0)
    one, other = first_come_first_served(calls, free), by_resource(calls, free)
    same(one, other)
    assert 0.05 < 1 - one.answered.mean() < 0.2
    assert (one.waits <= calls.patience).all()
    assert (one.waits[~one.answered] == calls.patience[~one.answered]).all()


# What must hold of any desk


@EXAMPLES
@given(some_calls(), DESKS, HOURS, st.integers(0, 25))
def test_two_spans_played_one_after_the_other_are_the_long_span(calls, free, shifts, cut):
    parts = [
        Calls(calls.times[part], calls.handling[part], calls.patience[part]) for part in (slice(cut), slice(cut, None))
    ]
    for desk in (first_come_first_served, by_resource):
        whole, first = desk(calls, free, shifts), desk(parts[0], free, shifts)
        second = desk(parts[1], first.free, shifts)
        assert np.append(first.waits, second.waits).tolist() == whole.waits.tolist()
        assert second.free.tolist() == whole.free.tolist()


@EXAMPLES
@given(some_calls(patience=st.just(INF)), MANNED, st.integers(1, 3))
def test_more_agents_never_lengthen_the_wait_of_the_patient(calls, free, more):
    """A theorem call by call: the agents' free times, sorted, are none of them later (Kiefer & Wolfowitz)."""
    few = first_come_first_served(calls, free)
    many = first_come_first_served(calls, staffed(free, len(free) + more, 0.0))
    assert (many.waits <= few.waits).all()
    assert (many.free[more:] <= few.free).all()


def test_where_callers_hang_up_an_agent_more_can_lengthen_the_wait_of_one_of_them():
    """Why the law above is for the patient: the second agent takes long calls that one agent would have lost.

    With hang-ups fewer are lost on average, which theory/test_erlang_a.py checks, but not for every single call.
    """
    calls = calls_of((0, 2, INF), (1, 10, INF), (3, 100, 0), (11.5, 100, 0), (12, 1, INF))
    assert first_come_first_served(calls, numbers(0)).waits.tolist() == [0, 1, 0, 0, 0]
    assert first_come_first_served(calls, numbers(0, 0)).waits.tolist() == [0, 0, 0, 0, 91]


@EXAMPLES
@given(some_calls(handling=st.just(2.5)), MANNED, st.integers(1, 3))
def test_more_agents_never_lose_more_of_equally_long_calls(calls, free, more):
    """A theorem, hang-ups or not: the k-th answer is never later, so there are never fewer of them."""
    few = first_come_first_served(calls, free)
    many = first_come_first_served(calls, staffed(free, len(free) + more, 0.0))
    assert many.answered.sum() >= few.answered.sum()


@EXAMPLES
@given(RANKED.filter(lambda calls: len(calls.times)), DESKS, HOURS, st.data())
def test_a_higher_priority_never_lengthens_ones_own_wait(calls, free, shifts, data):
    """A theorem, hang-ups or not: until its turn comes, the desk takes the same calls as it would have."""
    me = data.draw(st.integers(0, len(calls.times) - 1))
    raised = calls.priority.copy()
    raised[me] -= data.draw(st.integers(1, 3))
    before = by_resource(calls, free, shifts)
    after = by_resource(dataclasses.replace(calls, priority=raised), free, shifts)
    assert after.waits[me] <= before.waits[me]
    assert after.answered[me] >= before.answered[me]


@EXAMPLES
@given(some_calls(patience=st.just(INF), priority=st.integers(0, 3), handling=st.just(1.5)), MANNED)
def test_priority_only_hands_the_waits_of_equally_long_calls_from_one_to_another(calls, free):
    ranked, plain = by_resource(calls, free), first_come_first_served(calls, free)
    assert ranked.waits.sum() == plain.waits.sum()
    assert ranked.free.tolist() == plain.free.tolist()


@EXAMPLES
@given(some_calls(), DESKS, HOURS)
def test_agents_work_exactly_as_long_as_the_calls_they_answer(calls, free, shifts):
    answers = first_come_first_served(calls, free, shifts)
    begun = calls.times + answers.waits
    for moment in begun[answers.answered]:
        in_service = answers.answered & (begun <= moment) & (moment < begun + calls.handling)
        assert in_service.sum() + (free > moment).sum() <= len(free)


@EXAMPLES
@given(RANKED, DESKS, some_shifts())
def test_nothing_handed_in_is_changed(calls, free, shifts):
    handed_in = [*vars(calls).values(), free, shifts]
    before = [array.copy() for array in handed_in]
    for desk in (first_come_first_served, by_resource):
        for answers in (desk(calls, free, shifts), desk(calls, free)):
            assert not any(np.shares_memory(answers.waits, array) for array in handed_in)
            assert not any(np.shares_memory(answers.free, array) for array in handed_in)
    staffed(free, 2, 1.0)
    assert all(np.array_equal(one, other) for one, other in zip(before, handed_in, strict=True))


# Agents come and go


def test_agents_who_come_are_free_now():
    assert staffed(numbers(9, 3), 4, 5.0).tolist() == [3, 5, 5, 9]


def test_the_first_to_be_free_go_first():
    assert staffed(numbers(9, 3, 7), 2, 5.0).tolist() == [7, 9]
    assert staffed(numbers(9, 3, 7), 1, 5.0).tolist() == [9]


def test_a_desk_can_be_emptied_and_filled_again():
    assert staffed(numbers(9, 3), 0, 5.0).tolist() == []
    assert staffed(np.zeros(0), 2, 5.0).tolist() == [5, 5]


@EXAMPLES
@given(DESKS)
def test_as_many_agents_as_before_change_nothing(free):
    assert staffed(free, len(free), 4.0).tolist() == np.sort(free).tolist()


@EXAMPLES
@given(some_calls(patience=st.just(INF)), DESKS, st.integers(1, 5), st.integers(1, 3))
def test_staffing_more_agents_never_lengthens_the_wait_of_the_patient(calls, free, agents, more):
    """Whether agents come, go or stay, a desk staffed with more of them is ahead at every moment."""
    now = 8.0
    later = Calls(now + calls.times, calls.handling, calls.patience)
    few = first_come_first_served(later, staffed(free, agents, now))
    many = first_come_first_served(later, staffed(free, agents + more, now))
    assert (many.waits <= few.waits).all()
