"""Spells: what is refused, what is cut, and what counting equal rows together keeps."""

import numpy as np
import pytest

from retainsim.errors import UsageError
from retainsim.fit.spells import Spells


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"exit": [1.0, 0.0], "left": True}, "row 1"),
        ({"exit": [1.0, np.nan], "left": True}, "row 1"),
        ({"exit": [5.0, 3.0], "left": True, "entry": [2.0, 3.0]}, "row 1"),
        ({"exit": [5.0], "left": True, "entry": -1.0}, "row 0"),
        ({"exit": [5.0], "left": True, "weight": 0.0}, "weight"),
        ({"exit": [5.0], "left": True, "reason": 2, "reasons": ("price",)}, "reason"),
        ({"exit": [5.0], "left": False, "reason": 0, "reasons": ("price",)}, "reason"),
        ({"exit": [5.0, 6.0], "left": [True, False, True]}, "shapes"),
    ],
)
def test_rows_that_cannot_be_lives_are_refused_by_number(columns, said):
    with pytest.raises(UsageError, match=said):
        Spells.of(**columns)


def test_a_window_of_tenure_keeps_the_months_within_it():
    spells = Spells.of([5, 10, 20], [True, True, False], entry=[0, 8, 0], reason=[0, 0, -1], reasons=("price",))
    early, late = spells.between(0, 9), spells.between(9, np.inf)
    assert early.exposure + late.exposure == spells.exposure
    assert early.events + late.events == spells.events
    assert late.entry.tolist() == [9, 9]
    assert early.reason.tolist() == [0, -1, -1]


def test_renewals_round_who_stays_down_and_who_left_to_the_date():
    spells = Spells.of([11.9, 17.0, 5.0, 24.1], [True, False, False, True], entry=[0, 0, 0, 13.0])
    found = spells.at_renewals(12.0)
    assert found.exit.tolist() == [12.0, 12.0, 24.0]
    assert found.entry.tolist() == [0.0, 0.0, 12.0]
    assert found.left.tolist() == [True, False, True]
