"""The whale curve, on customers worked by hand."""

import numpy as np
import pandas as pd
import pytest

from retainsim.study.profitability import GRID, curve


def table(values, *, replication=0, spell=1, arm="a", first=0):
    names = [f"{first + place:x}" for place in range(len(values))]
    columns = {"arm": arm, "replication": replication, "customer": names, "spell": spell, "value": values}
    return pd.DataFrame(columns)


def test_the_best_fifth_may_bring_more_than_all_the_profit():
    """Ten customers: two bring 60 each, seven 1, one takes 47 away: 120 of a profit of 80 are 150 %."""
    found = curve(table([1.0, 60.0, 1.0, 1.0, -47.0, 1.0, 60.0, 1.0, 1.0, 1.0]), "a", [0])
    assert found.total == pytest.approx([80.0])
    assert found.best == pytest.approx([120.0])
    assert found.losing == pytest.approx([0.1])
    assert found.profit.max() == pytest.approx(127.0)


def test_where_all_are_alike_it_is_straight():
    found = curve(pd.concat([table([2.0] * 7), table([3.0] * 7, replication=1)]), "a", [0, 1])
    assert found.profit == pytest.approx(np.array([14.0 * GRID, 21.0 * GRID]))


def test_who_came_twice_is_one_customer():
    found = curve(pd.concat([table([5.0, 1.0]), table([-3.0], spell=2)]), "a", [0])
    assert found.total == pytest.approx([3.0])
    assert found.profit[0, 50] == pytest.approx(2.0)


def test_other_arms_are_left_out_and_who_is_nobody_brings_nothing():
    found = curve(table([1.0]), "b", [0, 1])
    assert (found.profit.shape, found.profit.any(), found.losing.tolist()) == ((2, len(GRID)), False, [0.0, 0.0])
