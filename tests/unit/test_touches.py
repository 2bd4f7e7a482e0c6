"""Touches are told in an order nobody can see through: kind by kind by name, then in order of time."""

import numpy as np
import pytest

from retainsim.draws import key, name
from retainsim.pool import Pool
from retainsim.touches import Touches

NAMES = name(key("test"), np.arange(5))


def pool_of(names):
    pool = Pool()
    pool.append(len(names))
    pool["name"][:] = names
    return pool


@pytest.fixture
def firm():
    """A pool of five, its touches, and what has been told so far."""
    pool = pool_of(NAMES)
    return pool, Touches(pool), []


def hear(touches, told, *kinds, listener="someone"):
    """Let a listener write down what it is told: kind, rows, times."""
    for kind in kinds:
        touches.listen(
            kind, listener, lambda rows, times, kind=kind: told.append((kind, rows.tolist(), times.tolist()))
        )


def happen(touches, kind, rows, times):
    touches.happen(kind, np.array(rows, dtype=np.int64), np.array(times, dtype=float))


def test_kinds_are_told_in_the_order_of_their_names_whenever_they_happened(firm):
    _, touches, told = firm
    hear(touches, told, "wait", "contact", "failure")
    for kind, time in (("wait", 0.1), ("failure", 0.2), ("contact", 0.9)):
        happen(touches, kind, [0], [time])
    touches.deliver()
    assert [kind for kind, _, _ in told] == ["contact", "failure", "wait"]


def test_touches_of_a_kind_are_told_together_in_order_of_time(firm):
    _, touches, told = firm
    hear(touches, told, "contact")
    happen(touches, "contact", [3, 1], [0.7, 0.2])
    happen(touches, "contact", [0, 3], [0.5, 0.1])
    touches.deliver()
    assert told == [("contact", [3, 1, 0, 3], [0.1, 0.2, 0.5, 0.7])]


def test_touches_of_one_moment_are_told_by_customer_whatever_the_row():
    heard = []
    for order in ([0, 1, 2, 3, 4], [3, 0, 4, 2, 1]):
        pool, told = pool_of(NAMES[order]), []
        touches = Touches(pool)
        hear(touches, told, "contact")
        happen(touches, "contact", range(5), np.full(5, 0.5))
        touches.deliver()
        heard.append(pool["name"][told[0][1]].tolist())
    assert heard[0] == heard[1] == sorted(NAMES.tolist())


def test_listeners_are_told_in_the_order_of_their_names_not_of_their_coming(firm):
    _, touches, _ = firm
    order = []
    for listener in ("surveys", "failures", "perception"):
        touches.listen("contact", listener, lambda rows, times, who=listener: order.append(who))
    happen(touches, "contact", [0], [0.5])
    touches.deliver()
    assert order == ["failures", "perception", "surveys"]


def test_what_follows_from_a_touch_is_told_in_the_same_delivery(firm):
    _, touches, told = firm
    hear(touches, told, "complaint", "visit", "wait")
    touches.listen("failure", "failures", lambda rows, times: touches.happen("complaint", rows, times + 0.1))
    touches.listen("complaint", "managers", lambda rows, times: touches.happen("visit", rows, times + 0.1))
    happen(touches, "wait", [1], [0.3])
    happen(touches, "failure", [2], [0.5])
    touches.deliver()
    assert [(kind, rows) for kind, rows, _ in told] == [("complaint", [2]), ("visit", [2]), ("wait", [1])]
    assert told[1][2] == pytest.approx([0.7])


def test_a_kind_that_happens_again_while_it_is_told_is_told_again(firm):
    _, touches, told = firm
    hear(touches, told, "contact")
    touches.listen(
        "contact", "again", lambda rows, times: touches.happen("contact", rows[times < 2], times[times < 2] + 1)
    )
    happen(touches, "contact", [4], [0.5])
    touches.deliver()
    assert [times for _, _, times in told] == [[0.5], [1.5], [2.5]]


def test_what_nobody_listens_to_is_forgotten(firm):
    _, touches, told = firm
    happen(touches, "contact", [0], [0.5])
    touches.deliver()
    hear(touches, told, "contact")
    touches.deliver()
    assert told == []


def test_a_touch_is_told_once(firm):
    _, touches, told = firm
    hear(touches, told, "contact")
    happen(touches, "contact", [0], [0.5])
    touches.deliver()
    touches.deliver()
    assert len(told) == 1


def test_a_touch_of_nobody_is_none(firm):
    _, touches, told = firm
    hear(touches, told, "contact")
    happen(touches, "contact", [], [])
    touches.deliver()
    assert told == []
