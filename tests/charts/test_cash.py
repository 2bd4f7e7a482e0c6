"""The chart of cash: what it says of money that goes in first, and of when it is back."""

import dataclasses

import pytest
from visible_text import texts

from retainsim.errors import UsageError


def said(found, **which):
    return found.plot.cash(**which).figure.get_label().replace("\u00a0", " ")


def written(found, **which):
    return " ".join(text.get_text() for text in texts(found.plot.cash(**which).figure)).replace("\u00a0", " ")


def with_gain(results, path):
    """Return the run with another gain over the baseline, the same in every replication."""
    table = results.monthly.copy()
    wide = table["arm"] == "retention"
    base = table[table["arm"] == "baseline"].set_index(["replication", "month"])["present_value"]
    keys = list(zip(table.loc[wide, "replication"], table.loc[wide, "month"], strict=True))
    table.loc[wide, "present_value"] = [base[key] + path.get(key[1], 0.0) for key in keys]
    return dataclasses.replace(results, monthly=table)


def test_money_put_in_and_back_is_told_with_its_months(plain):
    found = with_gain(plain, {2: -3_000.0, 5: 1_000.0, 9: 7_000.0})
    assert said(found, arm="retention").endswith("EUR 3.0 k short at the deepest, back in month 9")
    text = written(found, arm="retention")
    assert "at the deepest, in\nmonth 2" in text or "in month 2" in text.replace("\n", " ")
    assert "month 9" in text
    assert "+EUR 5.0 k" in text


def test_money_that_is_not_back_is_said_not_to_be(plain):
    found = with_gain(plain, {2: -3_000.0, 9: 1_000.0})
    assert said(found, arm="retention").endswith("short at the deepest, not back within two years")


def test_what_costs_nothing_first_has_no_trough(plain):
    found = with_gain(plain, {2: 3_000.0})
    assert said(found, arm="retention").endswith("EUR 3.0 k ahead after two years, with no money to put in first")
    assert "deepest" not in written(found, arm="retention")


def test_the_baseline_alone_is_its_own_cash(plain):
    assert "of cash in two years" in said(plain, arm="baseline")


def test_the_whale_curve_needs_customers(plain, run):
    with pytest.raises(UsageError, match=r"run it with customers=True \(--customers\)"):
        plain.plot.whale_curve()
    assert "whale_curve" in dir(run("plain").plot)
    assert "whale_curve" not in dir(plain.plot)


def test_the_whale_curve_ends_at_the_profit_of_all_customers(run):
    found = run("plain")
    lines = [line for line in found.plot.whale_curve(arm="retention").lines if len(line.get_xdata()) == 101]
    ends = sorted(line.get_ydata()[-1] for line in lines)
    totals = found.customers.groupby(["arm", "replication"])["value"].sum().groupby("arm").mean()
    assert ends == pytest.approx(sorted(totals[["baseline", "retention"]]))
