"""Fit: the command writes a scenario that is valid, says whether it reproduces the data, and overwrites nothing."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from fit import firm

from retainsim.fit import replay


@pytest.fixture
def table(here, monkeypatch):
    """A folder with customers.csv, whose replay is short."""
    monkeypatch.setattr(replay, "REPLICATIONS", 3)
    firm.customers(500, years=2).to_csv(here / "customers.csv", index=False)
    return here


def test_a_scenario_a_report_and_a_verdict_come_out(table, play):
    found = play("fit", "customers.csv", "-o", "mine.toml", "--by", "plan")
    assert found.stdout.startswith("The scenario reproduces")
    assert "still there after" in found.stdout
    assert "start   = signup_date" in found.stderr
    assert "500 rows, 500 used, 0 left out" in found.stderr
    assert (table / "mine-fit" / "report.html").is_file()
    play("validate", "mine.toml")
    play("run", "mine.toml", "--replications", "2", "--no-charts", "--quiet")


def test_json_is_one_object_and_nothing_else(table, answer):
    found = answer("fit", "customers.csv", "--by", "none")
    assert found["question"] == "fit"
    assert found["data"]["rows"] == 500
    assert found["file"] == "customers.toml"
    assert list(found["segments"]) == ["customers"]
    assert {"observed", "simulated", "low", "high", "agrees"} <= set(found["checks"][0])


def test_columns_are_said_by_role(table, play):
    text = (table / "customers.csv").read_text("utf-8").replace("signup_date", "born").replace("cancel_date", "gone")
    (table / "customers.csv").write_text(text, encoding="utf-8")
    play("fit", "customers.csv", code=3)
    found = play("fit", "customers.csv", "--map", "start=born", "--map", "end=gone", "--by", "none")
    assert "start   = born  (date of joining, as you said)" in found.stderr


@pytest.mark.parametrize("taken", ["mine.toml", "mine-fit/run.json"])
def test_nothing_is_overwritten_without_force(table, play, taken):
    path = table / taken
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}", encoding="utf-8")
    assert "exists already" in play("fit", "customers.csv", "-o", "mine.toml", code=2).stderr
    assert path.read_text("utf-8") == "{}"
    play("fit", "customers.csv", "-o", "mine.toml", "--by", "none", "--force", "--quiet")
    assert (table / "mine.toml").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere.csv",), 3, "there is no such file"),
        (("customers.csv", "-o", "mine.txt"), 2, "does not end in .toml"),
        (("customers.csv", "-o", "no/mine.toml"), 2, "no such folder"),
        (("customers.csv", "--map", "start"), 2, "name every role once"),
        (("customers.csv", "--map", "birth=x"), 2, "there is no 'birth'"),
        (("customers.csv", "--observed-until", "tomorrow"), 2, "is no date"),
        (("customers.csv", "--by", "nothing"), 3, "there is no such column"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(table, play, words, code, said):
    assert said in play("fit", *words, code=code).stderr
    assert not list(table.glob("*-fit"))


def test_an_uncertain_scenario_is_written_and_valid(table, play):
    play("fit", "customers.csv", "--by", "none", "--uncertain", "--quiet")
    text = (table / "customers.toml").read_text("utf-8")
    assert "annual_churn = { beta = [" in text
    assert json.loads(play("validate", "customers.toml", "--json").stdout)


def test_quiet_says_nothing_beside_the_answer(table, play):
    assert play("fit", "customers.csv", "--by", "none", "--quiet").stderr == ""


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_terminal(table, play, width):
    found = play("fit", "customers.csv", "--by", "plan", "--force", env={"COLUMNS": str(width)})
    rows = [
        line for line in found.stdout.splitlines() if " to " in line and line.rstrip().endswith(("agrees", "parts"))
    ]
    assert rows
    assert max(map(len, rows)) <= width


def test_a_folder_is_no_scenario_to_write(table, play):
    assert "does not end in .toml" in play("fit", "customers.csv", "-o", ".", code=2).stderr
