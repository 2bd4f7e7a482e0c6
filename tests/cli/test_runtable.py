"""The table of arms: it fits the terminal, and its numbers can be compared."""

import re

import pytest
from rich.cells import cell_len

from retainsim.cli.runtable import Scale
from retainsim.cli.sparkline import BLOCKS, LEAST
from retainsim.results import open_run

TITLE = "A rather long title of an arm [that] says what it does with everybody who may leave in any month"


def table_at(play, width, *words):
    """Return the table that `run` prints at a width, headings included."""
    text = play("run", "quick.toml", "--no-charts", *words, env={"COLUMNS": str(width)}).stdout
    return text[text.index("\n\n") + 2 : text.index("NPV with closing value, before tax. R")]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(play, width):
    table = table_at(play, width, "--set", f"arms.retention.title={TITLE}")
    assert len(table.splitlines()) > 6
    assert max(map(cell_len, table.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_of_a_title_and_no_number_is_lost(play, width):
    table = table_at(play, width, "--set", f"arms.retention.title={TITLE}")
    assert all(word in table for word in TITLE.split())
    assert table.count(" to ") == 5
    assert "…" not in table


def test_without_arms_there_is_nothing_to_compare_with(here, play):
    text = (here / "quick.toml").read_text(encoding="utf-8")
    (here / "quick.toml").write_text(text[: text.index("[arms.")], encoding="utf-8")
    table = table_at(play, 80)
    assert "baseline" not in table
    assert "P(better)" not in table
    assert table.count("Baseline") == 1


def test_a_horizon_under_a_year_has_no_retention(play):
    table = play("run", "quick.toml", "--no-charts", "--set", "run.months=6").stdout
    assert "nan" not in table.lower()
    assert "none" not in table.lower()


@pytest.mark.parametrize(
    ("amounts", "written"),
    [
        ([9.83e6, 12.2e6], ["9.83", "12.20"]),
        ([2.4e6, 15e3], ["2,400", "15"]),
        ([-360_000.0, 210_000.0, 530_000.0], ["-360", "210", "530"]),
        ([134.0, 300.0], ["134", "300"]),
        ([2.4e6, 0.5e6], ["2.40", "0.50"]),
        ([0.0], ["0.00"]),
        ([3.0e9, 4.5e9], ["3.00", "4.50"]),
    ],
)
def test_a_column_has_one_scale_in_which_the_smallest_amount_still_shows(amounts, written):
    scale = Scale.of(amounts)
    assert [scale(amount) for amount in amounts] == written


def test_gains_carry_their_sign():
    scale = Scale.of([2e6])
    assert (scale(2e6, "+"), scale(-2e6, "+")) == ("+2.00", "-2.00")


def test_amounts_in_thousands_are_written_in_full(play):
    words = ("run", "quick.toml", "--no-charts", "-q")
    one = play(*words).stdout
    thousand = play(*words, "--set", 'currency={ code = "EUR", unit = "thousand" }').stdout
    assert "EUR k" in one
    assert "EUR m" in thousand


def drawn(text):
    """Return the lines of the pool in an output, in the order of the arms."""
    return re.findall(f"[{BLOCKS}]{{{LEAST},}}", text)


def test_where_there_is_room_every_arm_has_a_line_of_its_pool(play):
    text = play("run", "quick.toml", "--no-charts", env={"COLUMNS": "120"}).stdout
    assert len(drawn(text)) == 3
    low, high = re.search(r"lowest month \((\S+), ▁\) to its highest \((\S+), █\)", text).groups()
    assert float(low) < float(high)


@pytest.mark.parametrize("width", [60, 80])
def test_on_a_narrow_terminal_the_lines_go_first(play, width):
    text = play("run", "quick.toml", "--no-charts", env={"COLUMNS": str(width)}).stdout
    assert not drawn(text)
    assert "Lines:" not in text
    assert text.count("100 %") + text.count(" 0 %") + text.count("33 %") + text.count("67 %") >= 2


@pytest.mark.parametrize("width", range(72, 170, 14))
def test_lines_never_make_the_table_wider_than_the_terminal_nor_titles_longer_than_two_lines(play, width):
    table = table_at(play, width, "--set", "arms.retention.title=Everybody stays a good deal longer than before")
    assert max(map(cell_len, table.splitlines())) <= width
    if drawn(table):
        assert len(table.splitlines()) <= 4 + 2 * 3


def test_the_lines_are_drawn_from_the_mean_pools_of_the_arms(here, play):
    play("run", "quick.toml", "--no-charts", "-o", "kept")
    means = open_run("kept").monthly.groupby(["arm", "month"])["pool"].mean()
    text = play("run", "quick.toml", "--no-charts", env={"COLUMNS": "160"}).stdout
    low, high = means.min(), means.max()
    for arm, line in zip(["baseline", "retention", "advertising"], drawn(text), strict=True):
        heights = [BLOCKS.index(block) for block in line]
        expected = (means[arm].to_numpy() - low) / (high - low) * len(BLOCKS)
        assert len(line) == 13
        assert all(0 <= value - height <= 1 for value, height in zip(expected, heights, strict=True))


def test_a_terminal_without_the_letters_gets_the_table_without_lines(shell):
    done = shell("run", "quick.toml", "--no-charts", env={"PYTHONIOENCODING": "latin-1", "COLUMNS": "140"})
    assert done.returncode == 0, done.stderr
    assert "Lines:" not in done.stdout
    assert "pool, month" not in done.stdout
