"""The command that sweeps: what it prints, keeps, recalls and refuses."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

VARY = ("--vary", "acquisition.advertising.spend=450:1800:4")


def test_the_answer_is_a_sentence_with_a_number_a_table_and_the_place_of_the_chart(play):
    result = play("sweep", "quick.toml", *VARY, "-o", "out")
    first = result.stdout.splitlines()[0]
    assert any(letter.isdigit() for letter in first)
    assert "than today's plan" in first
    assert "95 %:" in first
    assert "advertising" in result.stdout
    assert "chart: out/charts/sweep.png" in result.stderr
    assert "folder: out" in result.stderr


def test_json_names_the_rows_and_the_file_of_the_table(answer):
    found = answer("sweep", "quick.toml", *VARY, "-o", "out", "--no-charts")
    assert found["file"] == "out/sweep.parquet"
    assert found["rows"] == len(pd.read_parquet(found["file"])) > 0
    kept = json.loads(Path("out/answer.json").read_text(encoding="utf-8"))
    assert kept["file"] == "sweep.parquet"


def test_two_keys_are_printed_as_a_grid_and_drawn_as_a_map(play):
    result = play("sweep", "quick.toml", "--map", "-o", "out", "--set", "run.months=6", env={"COLUMNS": "100"})
    assert "across: retention gain, percentage points; down: advertising spend, EUR per month" in result.stdout
    assert Path("out/charts/isoprofit.svg").is_file()
    table = pd.read_parquet("out/sweep.parquet")
    assert table["point"].nunique() == 81


def test_three_keys_are_printed_as_the_points_at_which_most_is_gained(play):
    keys = ("--assume", "segments.small.price=50:70", "--assume", "segments.small.annual_churn=0.1:0.3")
    result = play("sweep", "quick.toml", *VARY, *keys, "--design", "lhs", "--points", "14", "-o", "out")
    assert "The 12 points at which most is gained, of 14." in result.stdout
    assert not list(Path("out").glob("charts/*.png"))


def test_what_is_known_from_earlier_is_told_and_not_played_again(play):
    first = play("sweep", "quick.toml", *VARY, "-o", "runs/one", "--no-charts")
    again = play("sweep", "quick.toml", *VARY, "-o", "runs/two", "--no-charts")
    assert "4 of 4 points were known from earlier" in again.stderr
    assert again.stdout == first.stdout
    assert Path("runs/one/answer.json").read_bytes() == Path("runs/two/answer.json").read_bytes()


def test_the_same_command_goes_on_after_a_kill_also_in_a_folder_that_is_named(here, play):
    words = ["sweep", "quick.toml", "--vary", "acquisition.advertising.spend=450:1800:9", "-o", "out", "--no-charts"]
    words += ["--set", "pool.customers=20000", "--jobs", "1"]
    command = [sys.executable, "-m", "retainsim", *words]
    process = subprocess.Popen(command, cwd=here, env=dict(os.environ), stderr=subprocess.PIPE)
    limit = time.monotonic() + 60
    while not list(Path("out/store").glob("*")) and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert json.loads(Path("out/run.json").read_text(encoding="utf-8"))["status"] == "running"
    play("sweep", "quick.toml", *words[2:])
    assert json.loads(Path("out/run.json").read_text(encoding="utf-8"))["status"] == "done"
    play("sweep", "quick.toml", *words[2:], code=2)


def test_an_unfinished_folder_of_another_question_is_not_gone_on_with(here, play):
    place = Path("out")
    place.mkdir()
    (place / "run.json").write_text('{"status": "running", "question": "tornado"}', encoding="utf-8")
    assert "exists already" in play("sweep", "quick.toml", *VARY, "-o", "out", code=2).stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing is varied"),
        (("--vary", "acquisition.advertising.spend"), "is no KEY=RANGE"),
        (("--vary", "acquisition.advertising.spent=1:2:3"), 'did you mean "spend"'),
        ((*VARY, *VARY), "is set twice"),
        ((*VARY, "--design", "lhs"), "takes both: --design lhs --points N"),
        ((*VARY, "--points", "5"), "takes both: --design lhs --points N"),
        ((*VARY, "--map"), "says itself what is varied"),
        ((*VARY, "--channel", "advertising"), "--channel belongs to --map"),
        (("--map", "--arm", "advertising"), "is no arm with a retention lever"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_exit_code_2(play, words, says):
    assert says in play("sweep", "quick.toml", *words, code=2).output
    assert not Path("runs").exists()


@pytest.mark.parametrize("columns", [30, 60, 80, 104, 110, 200])
def test_no_number_is_cut_however_narrow_the_terminal_and_arms_without_room_are_named(play, columns):
    result = play("sweep", "quick.toml", *VARY, "-o", "out", "--no-charts", env={"COLUMNS": str(columns)})
    table = result.stdout[result.stdout.index("down: ") :]
    assert "…" not in table
    for value in ("450", "900", "1,350", "1,800"):
        assert value in table
    for arm in ("retention", "advertising"):
        assert arm in table


def test_a_damaged_point_is_named_and_played_again(play):
    first = play("sweep", "quick.toml", *VARY, "-o", "runs/one", "--no-charts").stdout
    victim = sorted(Path("runs/one/store").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-3])
    again = play("sweep", "quick.toml", *VARY, "-o", "runs/two", "--no-charts")
    assert f"one/store/{victim.name} was damaged; it was computed again" in again.stderr
    assert again.stdout == first
