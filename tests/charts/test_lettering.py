"""Text is cut, broken and placed so that it fits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim.charts.lettering import BOUND, balance, clean, cut, spread, width, wrap

TEXT = st.text(st.sampled_from("abc W$_^\\{}<é"), max_size=120)


def test_what_cannot_be_seen_is_taken_out():
    assert clean("a\tb\n c\u200b\u202ed\x00") == "a b cd"


@given(TEXT, st.integers(40, 400), st.integers(1, 4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_the_room(text, room, lines, bold):
    found = wrap(text, 12, room, lines, bold).split("\n")
    assert len(found) <= lines
    assert max(width(line, 12, bold) for line in found) <= room


@given(TEXT, st.integers(60, 400))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_where_there_are_lines_enough(text, room):
    assert wrap(text, 12, room, 1000).replace("\n", "").replace(" ", "") == text.replace(" ", "")


def test_what_is_left_over_is_cut_with_an_ellipsis():
    assert cut("as long as it takes", 12, 60).endswith("…")
    assert cut("short", 12, 60) == "short"


def test_balanced_lines_are_no_more_than_it_takes():
    text = "Five points more retention, at a price that nobody knows"
    plain, balanced = wrap(text, 12, 300, 3), balance(text, 12, 300, 3)
    assert balanced.count("\n") == plain.count("\n")
    lengths = [[width(line, 12) for line in found.split("\n")] for found in (balanced, plain)]
    assert max(lengths[0]) - min(lengths[0]) <= max(lengths[1]) - min(lengths[1])


def test_a_number_is_not_parted_from_its_unit():
    assert f"2.4{BOUND}m" in wrap(f"EUR 2.4{BOUND}m", 12, width("EUR 2.4", 12) + 1, 2).split("\n")


@given(st.lists(st.tuples(st.floats(-5, 15), st.floats(0.1, 1)), min_size=1, max_size=9))
@settings(max_examples=100, deadline=None)
def test_spread_labels_do_not_overlap_and_stay_inside(boxes):
    wanted, heights = zip(*boxes, strict=True)
    middles = spread(wanted, heights, 0.0, 10.0)
    half = np.array(heights) / 2
    order = np.argsort(middles)
    assert (np.diff(middles[order]) >= half[order][1:] + half[order][:-1] - 1e-9).all()
    assert (middles - half).min() >= -1e-9
    assert (middles + half).max() <= 10.0 + 1e-9


def test_labels_with_room_enough_stay_where_they_are():
    assert spread([1.0, 5.0, 3.0], [1.0, 1.0, 1.0], 0.0, 10.0) == pytest.approx([1.0, 5.0, 3.0])


def test_the_first_of_equals_stands_on_top():
    assert spread([2.0, 2.0], [1.0, 1.0], 0.0, 10.0) == pytest.approx([2.5, 1.5])
