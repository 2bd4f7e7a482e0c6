"""Incidence: what has left and what is still there is all there is, and its intervals are those of means."""

import numpy as np
import pandas as pd
import pytest

from retainsim.study.compare import ratio
from retainsim.study.incidence import incidence


def table(rows, arm="a"):
    """Return lifetimes: (replication, tenure month, at risk, left for p, left for q)."""
    columns = ["replication", "tenure_month", "at_risk", "left_p", "left_q"]
    return pd.DataFrame(rows, columns=columns).assign(arm=arm, segment="s")


def drawn(seed, replications=10, months=12, joining=40, rates=(0.03, 0.05)):
    """Return lifetimes whose replications have a rate of their own, and so more than the luck of single customers."""
    luck, rows = np.random.default_rng(seed), []
    for replication in range(replications):
        own = np.array(rates) * luck.gamma(8.0, 1 / 8.0)
        there = joining
        for month in range(months):
            left = luck.multinomial(there, [*own, 1 - own.sum()])[:2]
            rows.append((replication, month, there, *left))
            there = (there - left.sum()) * (months - month - 1) // (months - month)  # fewer are watched for longer
    return table(rows)


def test_shares_of_those_there_and_of_those_gone_add_up_to_one():
    found = incidence(drawn(1), "a", range(10))
    assert found.shares.sum(axis=0) == pytest.approx(np.ones(13), abs=1e-14)
    assert found.shares.min() >= 0.0
    assert (np.diff(found.shares[1:], axis=1) >= 0.0).all()
    assert np.abs(found.sway.sum(axis=1)).max() < 1e-12
    assert np.abs(found.sway.mean(axis=0)).max() < 1e-12


def test_those_there_are_as_kaplan_and_meier_say():
    lives = drawn(2)
    total = lives.groupby("tenure_month")[["at_risk", "left_p", "left_q"]].sum()
    expected = (1 - (total["left_p"] + total["left_q"]) / total["at_risk"]).cumprod()
    assert incidence(lives, "a", range(10)).there[1:] == pytest.approx(expected.to_numpy(), rel=1e-12)


def test_one_reason_is_not_counted_as_if_the_others_did_not_exist():
    lives = drawn(3)
    total = lives.groupby("tenure_month")[["at_risk", "left_p"]].sum()
    alone = 1 - (1 - total["left_p"] / total["at_risk"]).cumprod()
    found = incidence(lives, "a", range(10))
    assert found.gone(12, ["p"])["mean"] < alone.iloc[-1] - 0.01


def test_the_interval_of_the_first_month_is_that_of_a_ratio_of_means():
    lives = drawn(4)
    first = lives[lives["tenure_month"] == 0]
    expected = ratio(first["left_q"].to_numpy(float), first["at_risk"].to_numpy(float))
    found = incidence(lives, "a", range(10)).gone(1, ["q"])
    assert [found[key] for key in ("mean", "low", "high")] == pytest.approx(
        [expected[k] for k in ("mean", "low", "high")]
    )


def test_the_interval_of_a_cohort_that_all_are_watched_of_is_that_of_the_mean_share():
    shares = np.array([[9, 7, 4], [10, 8, 5], [8, 4, 4]])
    rows = [(r, m, row[m], row[m] - row[m + 1], 0) for r, row in enumerate(np.c_[[10] * 3, shares]) for m in range(3)]
    found = incidence(table(rows), "a", range(3)).estimate(3)
    values = shares[:, -1] / 10
    half = 4.302652729911275 * values.std(ddof=1) / np.sqrt(3)
    assert [found[k] for k in ("mean", "low", "high")] == pytest.approx([values.mean() + d for d in (0, -half, half)])


def test_a_replication_in_which_nobody_joins_counts_as_one():
    rows = [(0, 0, 10, 2, 0), (1, 0, 10, 4, 0)]
    two, three = (incidence(table(rows), "a", range(n)).estimate(1) for n in (2, 3))
    assert [two["mean"], three["mean"]] == pytest.approx([0.7, 0.7])
    assert three["high"] - three["low"] < two["high"] - two["low"]


def test_arms_are_compared_replication_by_replication():
    one = drawn(5)
    other = one.assign(arm="b", left_p=np.maximum(one["left_p"] - 1, 0))
    both = pd.concat([one, other])
    mine, theirs = (incidence(both, arm, range(10)) for arm in ("b", "a"))
    paired = mine.estimate(12, other=theirs)
    widths = [each.estimate(12)["high"] - each.estimate(12)["low"] for each in (mine, theirs)]
    assert paired["mean"] == pytest.approx(mine.there[12] - theirs.there[12])
    assert paired["high"] - paired["low"] < min(widths) / 2


def test_nothing_is_estimated_of_nobody():
    found = incidence(table([]), "a", range(3))
    assert found.months == 0
    assert found.there.tolist() == [1.0]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """400 runs of 20 replications whose rates differ: 95 % +- 4 standard errors of 1.1 points."""
    rates = 0.08 * np.random.default_rng(6).gamma(8.0, 1 / 8.0, 200_000)
    expected, held = np.mean((1 - rates) ** 6), []
    for seed in range(400):
        found = incidence(drawn(1000 + seed, replications=20, months=6, joining=600), "a", range(20)).estimate(6)
        held.append(found["low"] <= expected <= found["high"])
    assert abs(np.mean(held) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / 400)
