"""Means with their intervals, and arms compared with the baseline, replication by replication."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from retainsim.study.compare import (
    compare,
    confidence_above_zero,
    differences,
    estimate,
    expected_loss,
    half_width,
    ratio,
    shares_of_best,
)

RNG = np.random.default_rng(3)
SAMPLES = [RNG.normal(5, 2, 2), RNG.normal(-1e6, 1e5, 30), RNG.exponential(1, 100), np.array([0.0, 1e-300, 3.0])]


@pytest.mark.parametrize("values", SAMPLES)
def test_an_interval_is_students(values):
    found = estimate(values)
    wanted = stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values))
    assert (found["low"], found["high"]) == pytest.approx(wanted, rel=1e-9)
    assert found["mean"] == pytest.approx(values.mean())
    assert half_width(values) == pytest.approx((wanted[1] - wanted[0]) / 2)


def test_percentiles_are_of_the_replications_not_of_the_mean():
    found = estimate(np.arange(101.0))
    assert (found["p05"], found["p95"]) == (5.0, 95.0)


def test_one_replication_has_a_mean_and_no_interval_and_none_has_nothing():
    assert estimate(np.array([4.0])) == {"mean": 4.0, "low": None, "high": None, "p05": 4.0, "p95": 4.0}
    assert set(estimate(np.array([])).values()) == {None}
    assert set(estimate(np.array([np.nan, np.nan])).values()) == {None}
    assert half_width(np.array([1.0])) is None
    assert confidence_above_zero(np.array([1.0])) is None


def test_what_is_not_known_of_a_replication_is_left_out():
    assert estimate(np.array([1.0, np.nan, 3.0])) == estimate(np.array([1.0, 3.0]))


def test_the_same_in_every_replication_has_an_interval_of_no_width():
    found = estimate(np.full(5, 7.0))
    assert found["low"] == found["high"] == 7.0


@pytest.mark.parametrize("values", SAMPLES)
def test_confidence_above_zero_is_one_less_the_one_sided_p_value(values):
    wanted = 1 - stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
    assert confidence_above_zero(values) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(("value", "wanted"), [(3.0, 1.0), (-3.0, 0.0), (0.0, 0.5)])
def test_a_difference_that_never_varies_is_certain(value, wanted):
    assert confidence_above_zero(np.full(4, value)) == wanted


def test_an_interval_covers_the_truth_95_times_in_100():
    """10,000 samples of 8 normals: coverage within 4 standard errors of 0.95."""
    samples = np.random.default_rng(0).normal(2.0, 5.0, (10_000, 8))
    half = np.array([half_width(sample) for sample in samples])
    covered = np.abs(samples.mean(axis=1) - 2.0) <= half
    assert abs(covered.mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 10_000)


def test_a_ratio_of_paired_means_has_the_interval_of_the_delta_method():
    """2,000 samples of 60: coverage of the true ratio within 4 standard errors of 0.95, give or take a point."""
    rng = np.random.default_rng(1)
    below = rng.normal(10.0, 2.0, (2000, 60))
    above = 3.0 * below + rng.normal(0.0, 5.0, (2000, 60))
    found = [ratio(a, b) for a, b in zip(above, below, strict=True)]
    covered = np.array([f["low"] <= 3.0 <= f["high"] for f in found])
    assert abs(covered.mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000) + 0.01
    assert found[0]["mean"] == pytest.approx(above[0].mean() / below[0].mean())


def test_a_ratio_to_what_may_be_zero_is_not_given():
    below = np.array([-1.0, 1.0, 0.5, -0.4])
    assert set(ratio(np.ones(4), below).values()) == {None}


def test_the_expected_loss_counts_only_where_the_arm_loses():
    assert expected_loss(np.array([3.0, -1.0, -2.0, 10.0])) == pytest.approx(0.75)
    assert expected_loss(np.array([3.0, 0.0])) == 0.0


OUTCOMES = pd.DataFrame(
    {
        "arm": ["baseline"] * 3 + ["more"] * 3,
        "replication": [0, 1, 2, 2, 0, 1],
        "npv": [10.0, 20.0, 30.0, 36.0, 11.0, 22.0],
        "pool_end": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    }
)


def test_arms_are_paired_by_replication_not_by_row():
    assert differences(OUTCOMES, "more")["npv"].sort_index().tolist() == [1.0, 2.0, 6.0]


def test_a_comparison_estimates_the_paired_difference_of_every_measure():
    found = compare(OUTCOMES, "more")
    assert found.index.tolist() == ["npv", "pool_end"]
    assert found.loc["npv"].to_dict() == pytest.approx(estimate(np.array([1.0, 2.0, 6.0])))
    assert found.loc["pool_end", "low"] == found.loc["pool_end", "high"] == 0.0


def test_comparing_the_other_way_round_turns_the_sign():
    one, two = compare(OUTCOMES, "more").loc["npv"], compare(OUTCOMES, "baseline", "more").loc["npv"]
    assert (one["mean"], one["low"], one["high"]) == pytest.approx((-two["mean"], -two["high"], -two["low"]))


def test_arms_that_tie_for_the_highest_npv_share_the_replication():
    npv = {"baseline": [1.0, 5.0, 2.0, 0.0], "one": [3.0, 5.0, 1.0, 0.0], "two": [2.0, 4.0, 0.0, 0.0]}
    rows = [(arm, r, value) for arm, values in npv.items() for r, value in enumerate(values)]
    found = shares_of_best(pd.DataFrame(rows, columns=["arm", "replication", "npv"]))
    assert found == pytest.approx({"baseline": (0.5 + 1 + 1 / 3) / 4, "one": (1 + 0.5 + 1 / 3) / 4, "two": 1 / 12})
