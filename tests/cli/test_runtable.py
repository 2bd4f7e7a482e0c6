"""The table of arms: it fits the terminal, and its numbers can be compared."""

import pytest
from rich.cells import cell_len

from retainsim.cli.runtable import Scale

TITLE = "A rather long title of an arm [that] says what it does with everybody who may leave in any month"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(play, width):
    settings = ("--set", f"arms.retention.title={TITLE}")
    text = play("run", "quick.toml", "--no-charts", *settings, env={"COLUMNS": str(width)}).stdout
    table = text[
        text.index("NPV\n" if width < 72 else "  NPV") - 30 : text.index("NPV with closing value, before tax. R")
    ]
    lines = table.splitlines()[1:]
    assert len(lines) > 6
    assert max(map(cell_len, lines)) <= width
    assert "…" not in table


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_of_a_title_and_no_number_is_lost(play, width):
    settings = ("--set", f"arms.retention.title={TITLE}", "--json")
    words = ("run", "quick.toml", "--no-charts", "--set", f"arms.retention.title={TITLE}")
    text = play(*words, env={"COLUMNS": str(width)}).stdout
    table = text[text.index("12 mo.") :]
    assert all(word in table for word in TITLE.split())
    assert table.count(" to ") >= 5
    assert settings


def test_without_arms_there_is_nothing_to_compare_with(here, play):
    text = (here / "quick.toml").read_text(encoding="utf-8")
    (here / "alone.toml").write_text(text[: text.index("[arms.")], encoding="utf-8")
    table = play("run", "alone.toml", "--no-charts").stdout
    assert "baseline" not in table[table.index("NPV\n") :].replace("Baseline", "")
    assert "P(bet" not in table


def test_a_horizon_under_a_year_has_no_retention(play):
    table = play("run", "quick.toml", "--no-charts", "--set", "run.months=6").stdout
    assert "nan" not in table.lower()
    assert "none" not in table.lower()


@pytest.mark.parametrize(
    ("amounts", "written"),
    [
        ([9.83e6, 12.2e6], ["9.83", "12.20"]),
        ([2.4e6, 15e3], ["2,400", "15"]),
        ([-360_000.0, 210_000.0, 530_000.0], ["-0.36", "0.21", "0.53"]),
        ([134.0, 300.0], ["134", "300"]),
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
