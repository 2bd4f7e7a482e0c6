"""Ranking and selection keeps what it claims, on plans whose means are known."""

import numpy as np
import pytest

from retainsim.study.selection import confidence, select

MEANS = np.array([0.0, 0.6, 1.0, 0.9, -2.0])
REPETITIONS = 200


def known(noise, means, common=3.0, own=1.0):
    """Return a sampling callback: values share luck common to all plans and have some of their own."""
    shared = noise.normal(0.0, common, 500)
    single = noise.normal(0.0, own, (len(means), 500))
    return lambda plans, which: np.array([means[p] + shared[list(which)] + single[p, list(which)] for p in plans])


@pytest.fixture(scope="module")
def repeated():
    noise = np.random.default_rng(11)
    return [select(known(noise, MEANS), 5, indifference=0.3, most=200) for _ in range(REPETITIONS)]


def test_the_best_is_chosen_at_least_as_often_as_is_claimed(repeated):
    """200 repetitions; one-sided 4 standard errors of a share around the mean claim."""
    right, claimed = (
        np.array([f(each) for each in repeated], float) for f in (lambda s: s.best == 2, lambda s: s.p_best)
    )
    assert right.mean() >= claimed.mean() - 4 * np.sqrt(claimed.mean() * (1 - claimed.mean()) / REPETITIONS)


def test_a_plan_that_is_best_by_more_than_what_matters_is_chosen_in_95_of_100():
    """200 repetitions of KN at alpha = 0.05: at least 190 expected right; 4 standard errors of 3.1 below."""
    noise, means = np.random.default_rng(12), np.array([0.0, 0.0, 0.5, 0.0])
    right = sum(select(known(noise, means), 4, indifference=0.5, most=400).best == 2 for _ in range(REPETITIONS))
    assert right >= 190 - 4 * np.sqrt(REPETITIONS * 0.95 * 0.05)


def test_a_plan_far_behind_is_taken_out_early(repeated):
    assert np.mean([each.sampled[4] for each in repeated]) < 0.5 * np.mean([each.sampled[3] for each in repeated])


def test_luck_that_is_common_to_all_plans_costs_no_replications():
    few, many = (
        select(known(np.random.default_rng(3), MEANS, common=c), 5, indifference=0.3, most=400).values.shape[1]
        for c in (0.0, 30.0)
    )
    assert few == many


def test_no_more_replications_are_played_than_allowed():
    found = select(known(np.random.default_rng(4), np.zeros(3), own=50.0), 3, indifference=0.1, most=23)
    assert found.values.shape == (3, 23)


def test_plans_that_are_the_same_are_both_best():
    found = select(lambda plans, which: np.array([[float(i) for i in which] for _ in plans]), 2, indifference=1.0)
    assert (found.best, found.p_best) == (0, 1.0)
    assert found.values.shape == (2, 10)


def test_one_plan_is_best():
    assert select(known(np.random.default_rng(5), MEANS[:1]), 1, indifference=1.0).p_best == 1.0


def test_confidence_counts_every_rival():
    values = np.array([[3.0, 5.0, 4.0, 4.0], [2.9, 5.1, 3.8, 4.0], [3.1, 4.8, 4.1, 3.6]])
    pairs = [confidence(values[[0, other]], 0) for other in (1, 2)]
    assert confidence(values, 0) == pytest.approx(1 - sum(1 - pair for pair in pairs))
