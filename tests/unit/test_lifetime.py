"""How long those who join are watched: everybody is at risk in the months they are seen through, and leaves in one."""

from types import SimpleNamespace

import numpy as np
import pytest

from retainsim.study.lifetime import count

MONTHS, REASONS = 6, 2


def outcome(departed=(), present=(), movers=(), segments=2):
    """Return what `count` reads of an outcome: lives as (name, joined, left, segment, reason, spell)."""
    gone = np.array([(n, j, t, s, 0, r, p) for n, j, t, s, r, p in departed], dtype=float).T
    here = np.array([(n, j, s, 0, p) for n, j, s, p in present], dtype=float).reshape(-1, 5).T
    names, joined, segment, origin, spell = here
    as_int = (1, 3, 4, 5, 6)[1:]
    left = np.zeros((MONTHS + 1, segments, 1, REASONS), int)
    columns = tuple(c.astype(int) if i in as_int else c for i, c in enumerate(gone)) if len(departed) else ()
    return SimpleNamespace(
        pool=np.zeros((MONTHS + 1, segments, 1)),
        left=left,
        departed=columns,
        present=(names, joined, segment.astype(int), origin.astype(int), spell.astype(int)),
        movers=tuple(np.array(column) for column in movers),
    )


def test_who_stays_is_at_risk_in_every_month_that_ends_before_the_horizon():
    found = count(outcome(present=[(1, 1.5, 0, 1)]))
    assert found[0, :, 0].tolist() == [1, 1, 1, 1, 0, 0]
    assert found[0, :, 1:].sum() == 0


def test_who_leaves_is_at_risk_up_to_the_month_of_leaving_and_leaves_in_it():
    found = count(outcome(departed=[(1, 0.5, 2.75, 1, 1, 1)]))
    assert found[1, :, 0].tolist() == [1, 1, 1, 0, 0, 0]
    assert found[1, 2].tolist() == [1, 0, 1]
    assert found[0].sum() == 0


def test_a_month_that_the_horizon_cuts_counts_for_nobody_whether_they_leave_in_it_or_stay():
    found = count(outcome(departed=[(1, 3.5, 5.9, 0, 0, 1)], present=[(2, 3.5, 0, 1)]))
    assert found[0, :, 0].tolist() == [2, 2, 0, 0, 0, 0]
    assert found[0, :, 1:].sum() == 0


@pytest.mark.parametrize("off", [-1e-12, 0.0, 1e-12])
def test_a_renewal_after_whole_months_ends_the_month_before_it(off):
    found = count(outcome(departed=[(1, 0.25, 3.25 + off, 0, 0, 1)]))
    assert found[0, :, 0].tolist() == [1, 1, 1, 0, 0, 0]
    assert found[0, 2, 1] == 1


def test_newcomers_at_month_0_are_watched_to_the_horizon_itself():
    found = count(outcome(departed=[(1, -0.0, 6.0, 0, 0, 1)], present=[(2, 0.0, 0, 1)]))
    assert found[0, :, 0].tolist() == [2] * 6
    assert found[0, 5, 1] == 1


def test_an_opening_pool_with_a_past_and_those_who_come_back_are_left_out():
    found = count(outcome(departed=[(1, -3.0, 2.0, 0, 0, 1)], present=[(2, -0.5, 0, 1), (3, 1.0, 0, 2)]))
    assert found.sum() == 0


def test_who_moves_stays_in_the_segment_joined():
    movers = ([7, 9, 7], [0, 1, 1])  # 7 went from 0 to 1 and back to 0
    found = count(outcome(departed=[(7, 0.0, 1.5, 1, 0, 1)], present=[(8, 0.0, 1, 1)], movers=movers))
    assert found[:, 0, 0].tolist() == [1, 1]
    assert found[0, 1, 1] == 1


def test_nobody_is_counted_where_nobody_is():
    assert count(outcome()).shape == (2, MONTHS, 1 + REASONS)
    assert count(outcome()).sum() == 0


def test_moves_of_nobody_but_those_who_came_back_change_nothing():
    found = count(outcome(present=[(8, 0.0, 1, 1)], movers=(np.zeros(0, np.uint64), np.zeros(0, np.int16))))
    assert found[:, 0, 0].tolist() == [0, 1]
