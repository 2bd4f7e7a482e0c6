"""Sensitivity indices of functions whose indices are known."""

import numpy as np
import pytest

from retainsim.study.indices import LUCK, design, indices

SLOPES = np.array([3.0, 1.0, 2.0])


def noise(luck):
    """Return one number for each luck, uniform over all that there are."""
    return (luck + 0.5) / (luck.max() + 1.0)


@pytest.fixture(scope="module")
def plan():
    return design(["a", "b"], 1024, seed=5)


@pytest.fixture(scope="module")
def additive(plan):
    """y = 3 a + b + 2 luck: shares 9, 1 and 4 of 14."""
    return indices(plan, 7.0 + np.column_stack([plan.ranks, noise(plan.luck)]) @ SLOPES)


def test_indices_of_an_additive_function_are_the_squares_of_its_slopes(additive):
    for name, slope in zip(("a", "b", LUCK), SLOPES, strict=True):
        for kind in ("first", "total"):
            assert additive[name][kind]["mean"] == pytest.approx(slope**2 / 14, abs=0.03)


@pytest.mark.parametrize("kind", ["first", "total"])
def test_indices_of_an_additive_function_sum_to_1(additive, kind):
    assert sum(each[kind]["mean"] for each in additive.values()) == pytest.approx(1.0, abs=0.03)


def test_what_only_acts_together_has_no_index_of_its_own(plan):
    found = indices(plan, (plan.ranks[:, 0] - 0.5) * (plan.ranks[:, 1] - 0.5))
    for name in ("a", "b"):
        assert abs(found[name]["first"]["mean"]) < 0.05
        assert found[name]["total"]["mean"] == pytest.approx(1.0, abs=0.05)
    assert found[LUCK]["total"]["mean"] == 0.0


def test_an_interval_surrounds_its_index(additive):
    for each in additive.values():
        for kind in ("first", "total"):
            assert each[kind]["low"] < each[kind]["mean"] < each[kind]["high"]


def test_pairs_share_their_inputs_and_nothing_of_their_luck(plan):
    for column in plan.ranks.T:
        assert np.array_equal(*plan.pairs(column).T)
    luck = plan.pairs(plan.luck)
    assert len(np.unique(luck)) == 2 * plan.draws


def test_what_does_not_vary_has_no_indices(plan):
    assert all(each["total"]["mean"] == 0.0 for each in indices(plan, np.full(len(plan.luck), 3.0)).values())


def test_the_same_seed_gives_the_same_design():
    one, two, other = (design(["a"], 16, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.ranks, two.ranks)
    assert not np.array_equal(one.ranks, other.ranks)
