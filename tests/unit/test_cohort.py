"""Cohorts: who came in the same stretch of months, and which share of them is still there."""

import numpy as np
import pandas as pd
import pytest

from retainsim.study.cohort import MOST, cohorts, length


def tables(lives, months):
    """Return heads and arrivals of lives (joined, left), as a run's tables of cohorts and of detail have them."""
    heads, arrivals = {}, []
    for joined, left in lives:
        first = int(np.ceil(joined))
        arrivals += [(first, 1, 0)] * (first > 0)
        for month in range(first, months + 1):
            if left > month:
                heads[first, month - first] = heads.get((first, month - first), 0) + 1
    rows = [(*key, n) for key, n in heads.items()]
    return (
        pd.DataFrame(rows, columns=["joined_month", "tenure_month", "alive"]),
        pd.DataFrame(arrivals, columns=["month", "joined", "returned"]),
    )


LIVES = [(0.5, 9.5), (1.2, 1.7), (2.4, 99.0), (3.5, 99.0), (5.1, 25.0), (0.0, 6.5), (0.0, 99.0), (23.5, 99.0)]


@pytest.mark.parametrize(
    ("months", "every"), [(1, 1), (12, 1), (13, 3), (24, 3), (60, 6), (120, 12), (241, 24), (1200, 120), (20_000, 1667)]
)
def test_a_horizon_is_cut_into_a_dozen_stretches_at_most(months, every):
    assert length(months) == every
    assert months <= MOST * every


def test_a_cohort_is_followed_from_the_end_of_its_stretch():
    found = cohorts(*tables(LIVES, 24), months=24, replications=1, is_new=False)
    assert found.every == 3
    assert found.firsts == (1, 4, 7, 10, 13, 16, 19, 22)
    assert found.came.tolist() == [3, 2, 0, 0, 0, 0, 0, 1]
    assert found.shares[0].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3])
    assert found.shares[1, :7].tolist() == [1.0] * 7
    assert np.isnan(found.shares[1, 7])
    assert np.isnan(found.shares[2]).all()
    assert found.shares[7, 0] == 1.0
    assert np.isnan(found.shares[7, 1:]).all()


def test_an_opening_pool_of_newcomers_is_the_first_cohort():
    found = cohorts(*tables(LIVES, 24), months=24, replications=1, is_new=True)
    assert found.firsts[:2] == (0, 1)
    assert found.came[0] == 2
    assert found.shares[0].tolist() == [1.0] * 3 + [0.5] * 6


def test_who_came_is_a_mean_over_replications():
    heads, arrivals = tables(LIVES, 24)
    heads["alive"] /= 2
    found = cohorts(heads, arrivals, months=24, replications=2, is_new=False)
    assert found.came[0] == 1.5
    assert found.shares[0, 0] == pytest.approx(2 / 3)


def test_months_beyond_the_last_whole_stretch_are_left_out():
    found = cohorts(*tables(LIVES, 26), months=26, replications=1, is_new=False)
    assert len(found.firsts) == 8
    assert found.shares.shape == (8, 8)
