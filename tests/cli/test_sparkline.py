"""The letters of a sparkline: one scale, both ends, and only where they can be written."""

import pytest

from retainsim.cli import sparkline


def test_the_lowest_of_all_is_the_lowest_letter_and_the_highest_the_highest():
    first, second = sparkline.lines([[10, 20, 30], [20, 40, 90]], 20)
    assert first[0] == "▁"
    assert second[-1] == "█"


def test_equal_values_have_the_same_height_in_every_series():
    first, second = sparkline.lines([[0, 50, 100], [50, 50, 50]], 20)
    assert set(second) == {first[1]}


def test_a_higher_value_never_has_a_lower_letter():
    (line,) = sparkline.lines([list(range(100))], 100)
    heights = [sparkline.BLOCKS.index(letter) for letter in line]
    assert heights == sorted(heights)
    assert {heights.count(height) for height in range(8)} == {12, 13}


@pytest.mark.parametrize("width", [8, 9, 16, 60, 61, 200])
def test_a_line_holds_its_first_and_its_last_value_and_no_more_than_it_may(width):
    values = [0.0] + [50.0] * 59 + [100.0]
    (line,) = sparkline.lines([values], width)
    assert len(line) == min(width, 61)
    assert (line[0], line[-1]) == ("▁", "█")
    assert set(line[1:-1]) == {"▅"}


def test_what_never_changes_lies_in_the_middle():
    assert sparkline.lines([[5.0, 5.0], [5.0, 5.0]], 20) == ["▅▅", "▅▅"]


@pytest.mark.parametrize(
    ("encoding", "knows"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("no-such", False)]
)
def test_only_an_encoding_that_knows_the_letters_gets_them(encoding, knows):
    assert sparkline.can_be_written(encoding) is knows
