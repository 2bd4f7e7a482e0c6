"""Payback and trough of cash, on series worked by hand."""

import numpy as np
import pandas as pd
import pytest

from retainsim.study.cash import gains, payback, trough

INVESTS = [-100.0, -130.0, -60.0, 10.0, 40.0]
"""Deepest in month 1, back for good in month 3."""
AT_ONCE = [0.0, 5.0, 10.0, 20.0, 30.0]
NEVER = [-50.0, -40.0, -90.0, -20.0, -10.0]
RELAPSES = [-10.0, 5.0, -5.0, 0.0, 10.0]
"""Back in month 3: the month 1 was no more than a visit."""


def paths(*each):
    return np.array(each).T


def test_payback_is_when_the_gain_is_back_for_good():
    found = payback(paths(INVESTS, AT_ONCE, RELAPSES, RELAPSES))
    assert (found["mean"], found["share"], found["never"]) == (2.25, 1.0, 0.0)
    assert (found["p05"], found["median"], found["p95"]) == (0.0, 3.0, 3.0)


def test_never_is_later_than_any_month():
    found = payback(paths(INVESTS, AT_ONCE, NEVER, NEVER, NEVER))
    assert (found["mean"], found["share"], found["never"]) == (1.5, 0.4, pytest.approx(0.6))
    assert (found["p05"], found["median"], found["p95"]) == (0.0, None, None)


def test_what_never_pays_back_has_no_month():
    assert payback(paths(NEVER, NEVER)) == {
        "mean": None, "share": 0.0, "never": 1.0, "p05": None, "median": None, "p95": None
    }  # fmt: skip


def test_the_trough_is_the_deepest_point_and_its_month():
    found = trough(paths(INVESTS, NEVER, AT_ONCE))
    depths = [-130.0, -90.0, 0.0]
    assert found["mean"] == pytest.approx(np.mean(depths))
    assert found["median"] == -90.0
    assert (found["p05"], found["p95"]) == pytest.approx((np.quantile(depths, 0.05), np.quantile(depths, 0.95)))
    assert found["low"] < found["mean"] < found["high"]
    assert found["month"] == 1.5  # months 1 and 2; who is never under has none


def test_who_puts_nothing_in_has_no_trough():
    assert trough(paths(AT_ONCE, AT_ONCE)) == {
        "mean": 0.0, "low": 0.0, "high": 0.0, "p05": 0.0, "p95": 0.0, "median": 0.0, "month": None
    }  # fmt: skip


def test_what_rounding_leaves_of_nothing_is_no_trough():
    assert trough(paths([0.0, -1e-7, 1e6], [0.0, -1e-7, 1e6]))["month"] is None


def test_gains_are_those_of_an_arm_over_the_baseline_added_up_over_months():
    table = pd.DataFrame(
        [
            ("baseline", 0, 0, 5.0), ("baseline", 0, 1, 5.0), ("baseline", 1, 0, 1.0), ("baseline", 1, 1, 2.0),
            ("x", 0, 0, -10.0), ("x", 0, 1, 25.0), ("x", 1, 0, 1.0), ("x", 1, 1, 3.0), ("y", 0, 0, 9.0),
        ],
        columns=["arm", "replication", "month", "present_value"],
    )  # fmt: skip
    assert gains(table, "x").tolist() == [[-15.0, 0.0], [5.0, 1.0]]
    assert gains(table, "baseline", None).tolist() == [[5.0, 1.0], [10.0, 3.0]]
