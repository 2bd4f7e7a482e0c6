"""Whom an arm saves: by name, as many as the measure says, worth what the books say."""

import functools

import numpy as np
import pandas as pd
import pytest
import tomli_w
from scipy.stats import binomtest

import retainsim
from retainsim.errors import UsageError
from retainsim.study.saved import compared, saved, whom
from unit.making import SEGMENT

SEGMENTS = {
    "small": SEGMENT | {"share": 0.7, "frailty": {"kind": "gamma", "variance": 0.5}},
    "large": SEGMENT | {"share": 0.3, "price": 300.0, "annual_churn": 0.15},
}
FIVE = {"points": 5.0, "cost": {"per_customer_month": 1.0}}
AIMED = {
    "everyone": {"retention": FIVE},
    "valuable": {"retention": FIVE | {"targets": "most_valuable", "share": 0.6}},
    "at_risk": {"retention": FIVE | {"targets": "most_at_risk", "share": 0.6}},
}


@functools.cache
def run(closing="expected", replications=6, **extra):
    mechanisms = {"win_back": {"reach": 0.9, "accept": 0.8, "after_months": 3.0}}
    tree = {
        "run": {"months": 24, "seed": 5, "closing_value": closing},
        "pool": {"customers": 600},
        "segments": SEGMENTS,
        "churn": {"reasons": {"price": 1.0, "service": 3.0}},
        "acquisition": {"ads": {"joins": 10.0, "cost_per_join": 30.0}},
        "arms": AIMED if not extra else {"everyone": AIMED["everyone"]},
        "mechanisms": mechanisms if extra else {},
        "firm": {"tax_rate": 0.2},
    }
    return retainsim.run(retainsim.loads(tomli_w.dumps(tree)), replications=replications, jobs=1, customers=True)


def by_replication(found, column):
    return found.groupby("replication")[column].sum().to_numpy(float)


def difference(results, arm, measure="npv"):
    table = results.outcomes.pivot_table(index="replication", columns="arm", values=measure)
    return (table[arm] - table["baseline"]).to_numpy(float)


def counted(results, arm):
    return results.outcomes.loc[results.outcomes["arm"] == arm, "saved"].to_numpy(float)


@pytest.mark.parametrize("arm", AIMED)
def test_as_many_are_named_as_the_measure_counts(arm):
    found = run().saved(arm)
    named = found[found["kind"] == "saved"].groupby("replication").size().to_numpy(float)
    assert (named == counted(run(), arm)).all()
    assert run().report["arms"][arm]["whom"]["saved"] == run().report["arms"][arm]["versus_baseline"]["saved"]


def test_who_came_back_by_itself_is_not_saved():
    found = run(winning_back=True)
    mine = found.saved("everyone")
    named = mine[mine["kind"] == "saved"].groupby("replication").size().to_numpy(float)
    assert (named == counted(found, "everyone")).all()
    there = found.customers[(found.customers["arm"] == "baseline") & found.customers["left_month"].isna()]
    ids = set(zip(there["replication"], there["customer"], strict=True))
    assert (there["spell"] > 1).any()
    assert not ids & set(zip(*(mine.loc[mine["kind"] == "saved", c] for c in ("replication", "customer")), strict=True))


@pytest.mark.parametrize("closing", ["expected", "none"])
@pytest.mark.parametrize("arm", AIMED)
def test_what_customers_are_worth_more_is_what_the_arm_is_worth(arm, closing):
    """No money but that of customers differs between these arms, so all of the difference is theirs."""
    found = run(closing)
    everybody = compared(found.customers, arm, months=24, with_closing=closing == "expected")
    worth = everybody.groupby("replication")["worth"].sum().to_numpy(float)
    assert worth == pytest.approx(difference(found, arm), rel=1e-8)
    parts = found.report["arms"][arm]["whom"]["worth"]
    gain = found.report["arms"][arm]["versus_baseline"]["npv"]["mean"]
    assert sum(part["mean"] for part in parts.values()) == pytest.approx(gain, rel=1e-8)


def test_nobody_leaves_sooner_for_a_lever_that_only_eases():
    for arm in AIMED:
        kinds = set(run().saved(arm)["kind"])
        assert kinds == {"saved", "later"}


def test_a_saved_customer_left_before_and_is_there_now():
    found = run().saved("at_risk")
    mine, later = found[found["kind"] == "saved"], found[found["kind"] == "later"]
    assert mine["left_month"].isna().all()
    assert (mine["left_month_baseline"] <= 24).all()
    assert mine["months_gained"].to_numpy() == pytest.approx(24 - mine["left_month_baseline"].to_numpy())
    assert (later["left_month"] > later["left_month_baseline"]).all()
    assert (later["worth_beyond"] == 0.0).all()
    assert set(found["reason_baseline"]) == {"price", "service"}
    assert found["customer"].str.fullmatch("[0-9a-f]{16}").all()
    assert found.groupby("replication")["worth"].apply(lambda w: w.is_monotonic_decreasing).all()


def test_the_most_valuable_are_worth_more_each_than_those_of_an_even_lever_and_these_than_those_at_risk():
    """Paired by replication, n = 12: a sign test at 0.1 %, two-sided."""
    found = run(replications=12)
    means = {}
    for arm in AIMED:
        mine = found.saved(arm)
        means[arm] = mine[mine["kind"] == "saved"].groupby("replication")["worth"].mean()
    for better, worse in (("valuable", "everyone"), ("everyone", "at_risk")):
        wins = int((means[better] > means[worse]).sum())
        assert wins > 6
        assert binomtest(wins, 12, 0.5).pvalue < 1e-3, (better, worse, wins)


def lives(rows):
    columns = [
        "arm",
        "replication",
        "customer",
        "spell",
        "joined_month",
        "left_month",
        "reason",
        "value",
        "closing_value",
    ]
    return pd.DataFrame(rows, columns=columns).assign(segment="s", channel="existing")


def test_every_kind_by_hand():
    nan = float("nan")
    base = [
        ("a", 3.0, "x", 10.0, 0.0), ("b", 4.0, "x", 9.0, 0.0), ("c", nan, "", 50.0, 7.0), ("d", 8.0, "y", 20.0, 0.0),
        ("e", nan, "", 50.0, 7.0), ("g", 2.0, "x", 1.0, 0.0),
    ]  # fmt: skip
    arm = [
        ("a", nan, "", 60.0, 5.0), ("b", 6.0, "y", 11.0, 0.0), ("c", 9.0, "x", 40.0, 0.0), ("d", 5.0, "x", 14.0, 0.0),
        ("e", nan, "", 48.0, 7.0), ("f", nan, "", 3.0, 1.0),
    ]  # fmt: skip
    table = lives([
        (name, 0, who, 1, 0.0, left, why, value, ahead)
        for name, rows in (("baseline", base), ("arm", arm)) for who, left, why, value, ahead in rows
    ])  # fmt: skip
    found = compared(table, "arm", months=10, with_closing=True).reset_index().set_index("customer")
    assert found["kind"].to_dict() == {
        "a": "saved", "b": "later", "c": "lost", "d": "sooner", "e": "same", "f": "other", "g": "other"
    }  # fmt: skip
    assert found["worth"].to_dict() == {"a": 55, "b": 2, "c": -17, "d": -6, "e": -2, "f": 4, "g": -1}
    assert found["months_gained"].to_dict() == {"a": 7, "b": 2, "c": -1, "d": -3, "e": 0, "f": 0, "g": 0}
    without = compared(table, "arm", months=10, with_closing=False).reset_index().set_index("customer")
    assert without["worth"]["a"] == 50
    assert saved(table, "arm", months=10, with_closing=True)["customer"].tolist() == ["a", "b", "d", "c"]


def test_the_top_tenth_of_ten_is_one():
    rows = [("baseline", 0, f"{i:x}", 1, 0.0, 1.0, "x", 0.0, 0.0) for i in range(10)]
    rows += [("arm", 0, f"{i:x}", 1, 0.0, float("nan"), "", 31.0 if i == 4 else 1.0, 0.0) for i in range(10)]
    found = whom(lives(rows), "arm", [0], months=10, with_closing=True)
    assert found["top_tenth"]["mean"] == pytest.approx(31 / 40)
    assert found["worth"]["saved"]["mean"] == pytest.approx(40.0)
    assert found["by_segment"]["s"]["saved"]["mean"] == 10


def test_replications_in_which_nobody_is_saved_count_as_none():
    rows = [("baseline", 0, "a", 1, 0.0, 1.0, "x", 0.0, 0.0), ("arm", 0, "a", 1, 0.0, float("nan"), "", 8.0, 0.0)]
    found = whom(lives(rows), "arm", [0, 1, 2, 3], months=10, with_closing=True)
    assert found["saved"]["mean"] == 0.25
    assert found["worth"]["saved"]["mean"] == 2.0
    assert found["top_tenth"]["mean"] == 1.0
    nobody = whom(lives([]), "arm", [0, 1], months=10, with_closing=True)
    assert (nobody["saved"]["mean"], nobody["worth_each"]["mean"]) == (0.0, None)


def test_a_run_without_customers_says_how_to_get_them():
    bare = retainsim.run(run().scenario, replications=2, jobs=1)
    with pytest.raises(UsageError, match=r"run it with customers=True \(--customers\)"):
        bare.saved()
    assert "whom" not in bare.report["arms"]["everyone"]


@pytest.mark.parametrize("arm", ["baseline", "nobody"])
def test_only_another_arm_can_save_anybody(arm):
    with pytest.raises(UsageError, match=r"there is no arm .* to compare; the arms are everyone, valuable, at_risk"):
        run().saved(arm)


def test_keeping_customers_changes_no_other_number():
    bare = retainsim.run(run().scenario, replications=6, jobs=1)
    pd.testing.assert_frame_equal(bare.outcomes, run().outcomes, check_exact=True)
    for name, arm in bare.report["arms"].items():
        assert arm == {key: value for key, value in run().report["arms"][name].items() if key != "whom"}


def test_the_folder_has_them_by_name(tmp_path):
    folder = run().save(tmp_path / "run")
    table = pd.read_parquet(folder / "saved.parquet")
    assert table["arm"].unique().tolist() == list(AIMED)
    assert np.array_equal(table[table["arm"] == "at_risk"]["worth"], run().saved("at_risk")["worth"])
    again = retainsim.open_run(folder)
    pd.testing.assert_frame_equal(again.saved("valuable"), run().saved("valuable"))
