"""The command `explain`: the page fits the terminal and says everything."""

import pytest
from rich.cells import cell_len

SECTIONS = ("Taps", "Leaks", "Pool", "Money", "Mechanisms", "Arms", "Run")


def test_every_section_is_there_in_order(play):
    text = play("explain", "quick.toml").stdout
    places = [text.index(f"\n{name}") for name in SECTIONS]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_terminal_and_lose_no_name(shipped, play, width):
    text = play("explain", "scenarios/telco.toml", env={"COLUMNS": str(width)}).stdout
    rules = [line for line in text.splitlines() if line.startswith("─")]
    assert len(rules) >= 4
    assert max(map(cell_len, rules)) <= width
    assert "…" not in text
    assert text.count("month_to_month") >= 4


def test_many_segments_are_told_in_several_tables(here, play):
    more = "".join(f"[segments.segment_{i}]\nprice = 1.0\nannual_churn = 0.{i + 1}\n" for i in range(8))
    file = here / "quick.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{more}", encoding="utf-8")
    text = play("explain", "quick.toml", env={"COLUMNS": "60"}).stdout
    assert text.count("kept 12 months") == 3
    assert all(f"segment_{i}" in text for i in range(8))


def test_the_page_says_whether_the_pool_holds(play):
    assert "The pool holds its size: at first 1.6 join" in play("explain", "quick.toml").stdout
    shrinking = play("explain", "quick.toml", "--set", "acquisition.advertising.joins=0.1").stdout
    assert "The pool shrinks" in shrinking


def test_a_lever_is_told_with_both_retentions_and_its_factor(play):
    text = play("explain", "quick.toml").stdout
    assert "from 78.0 % to 83.0 % over 12 months: hazards x 0.75" in text
    assert "costs EUR 1.50 per customer-month" in text


def test_what_is_not_known_is_listed(play):
    setting = "segments.small.annual_churn={ normal = [0.22, 0.02] }"
    text = play("explain", "quick.toml", "--set", setting).stdout
    assert "segments.small.annual_churn: normal = [0.22, 0.02]" in text
    assert "Not known" not in play("explain", "quick.toml").stdout


def test_uncalibrated_hazards_are_said_to_be_so(play):
    assert "calibrate = false" in play("explain", "quick.toml", "--set", "churn.calibrate=false").stdout


def test_a_title_cannot_control_the_terminal(play):
    found = play("explain", "quick.toml", "--set", r'title="\u001b[31mred"', code=3)
    assert "\x1b" not in found.output
    assert "control character U+001B" in found.output


def test_json_is_one_object(answer):
    assert answer("explain", "quick.toml")["pool"]["customers"] == 80
