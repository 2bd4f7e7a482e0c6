"""The command `run`: what it prints, what it keeps, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime

import pandas as pd
import pytest

from retainsim.study import runs

RUN = ("run", "quick.toml", "--no-charts")


def folders(here):
    return sorted(path.name for path in (here / "runs").iterdir())


def test_the_verdict_comes_before_the_table_and_the_table_before_what_a_customer_is_worth(play):
    text = play(*RUN).stdout
    places = [text.index(part) for part in ("more than the baseline", "P(better)", "Lifetime value", "Self-check")]
    assert places == sorted(places)


def test_every_sentence_of_the_verdict_is_printed(here, play):
    text = play(*RUN, "-o", "mine").stdout
    verdict = json.loads((here / "mine" / "summary.json").read_text(encoding="utf-8"))["verdict"]
    assert all(sentence in text.splitlines() for sentence in verdict)


def test_the_answer_on_stdout_names_no_path_and_no_warning(play):
    result = play(*RUN)
    assert "runs/" not in result.stdout
    assert "warning" not in result.stdout
    assert "run folder: runs/" in result.stderr


def test_json_prints_what_the_summary_holds(here, play):
    result = play(*RUN, "-o", "mine", "--json")
    assert result.stdout == (here / "mine" / "summary.json").read_text(encoding="utf-8")


def test_the_run_folder_is_named_by_scenario_time_and_hash(here, play):
    play(*RUN)
    (name,) = folders(here)
    found = re.fullmatch(r"quick-(\d{8}-\d{6})-([0-9a-f]{8})", name)
    assert abs((datetime.strptime(found[1], "%Y%m%d-%H%M%S") - datetime.now()).total_seconds()) < 120
    summary = json.loads((here / "runs" / name / "summary.json").read_text(encoding="utf-8"))
    assert summary["scenario"]["sha256"].startswith(found[2])


def test_two_runs_within_a_second_get_two_folders(here, play, monkeypatch):
    monkeypatch.setattr("retainsim.cli.place._name", lambda scenario, question: "quick-20260101-000000-00000000")
    for _ in range(3):
        play(*RUN)
    assert folders(here) == [f"quick-20260101-000000-00000000{suffix}" for suffix in ("", "-2", "-3")]


def test_a_run_is_never_overwritten_without_force(here, play):
    play(*RUN, "-o", "mine")
    before = (here / "mine" / "summary.json").read_bytes()
    result = play(*RUN, "-o", "mine", "--seed", "2", code=2)
    assert "mine exists already" in result.stderr
    assert "--force" in result.stderr
    assert (here / "mine" / "summary.json").read_bytes() == before
    play(*RUN, "-o", "mine", "--seed", "2", "--force")
    assert json.loads((here / "mine" / "summary.json").read_text(encoding="utf-8"))["run"]["seed"] == 2


def test_charts_of_an_overwritten_run_do_not_stay_beside_the_new_one(here, play):
    play(*RUN, "-o", "mine")
    charts = here / "mine" / "charts"
    charts.mkdir()
    (charts / "npv.png").write_bytes(b"old")
    (charts / "notes.txt").write_text("mine", encoding="utf-8")
    play(*RUN, "-o", "mine", "--force")
    assert [path.name for path in charts.iterdir()] == ["notes.txt"]


def test_charts_are_drawn_into_the_run_folder(here, play):
    result = play("run", "quick.toml", "-o", "mine")
    names = {path.suffix for path in (here / "mine" / "charts").iterdir()}
    assert names == {".png", ".svg"}
    assert "charts: mine/charts" in result.stderr


@pytest.mark.parametrize("out", ["quick.toml", "quick.toml/inside", "/proc/nowhere/x", "nul\0l"])
def test_an_unwritable_folder_is_found_before_the_run(here, play, monkeypatch, out):
    monkeypatch.setattr(runs, "run", lambda *_, **__: pytest.fail("it ran"))
    result = play(*RUN, "-o", out, code=2)
    assert "choose another place" in result.stderr
    assert not (here / "runs").exists()


def test_a_failed_run_leaves_no_folder(here, play):
    result = play(*RUN, "--set", "arms.retention.retention.points=40", code=3)
    assert "ask for at most" in result.stderr
    assert not (here / "runs").exists()


def test_a_failed_run_leaves_what_was_there(here, play):
    (here / "mine").mkdir()
    play(*RUN, "-o", "mine", "--set", "arms.retention.retention.points=40", code=3)
    assert list((here / "mine").iterdir()) == []


def test_a_run_says_that_it_is_running_while_it_is(here, play, monkeypatch):
    seen = []
    original = runs.Task.play

    def look(task, replication):
        seen.append(json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))["status"])
        return original(task, replication)

    monkeypatch.setattr(runs.Task, "play", look)
    play(*RUN, "-o", "mine", "--jobs", "1")
    assert set(seen) == {"running"}
    assert json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))["status"] == "done"


def test_seed_and_replications_and_set_reach_the_scenario_that_is_kept(here, play):
    play(*RUN, "-o", "mine", "--seed", "5", "--replications", "2", "--set", "segments.small.price=70")
    summary = json.loads((here / "mine" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["run"]["seed"], summary["run"]["replications"]) == (5, 2)
    kept = (here / "mine" / "scenario.toml").read_text(encoding="utf-8")
    assert "price = 70" in kept
    assert "replications = 2" in kept


def test_the_kept_scenario_gives_the_same_run_again(here, play):
    play(*RUN, "-o", "one", "--seed", "5", "--replications", "2")
    play("run", "one/scenario.toml", "--no-charts", "-o", "two")
    one, two = (json.loads((here / name / "summary.json").read_text(encoding="utf-8")) for name in ("one", "two"))
    assert one["arms"] == two["arms"]


def test_a_wrong_value_is_the_scenarios_fault(play):
    assert "segments.small.annual_churn" in play(*RUN, "--set", "segments.small.annual_churn=22", code=3).stderr


def test_a_missing_file_is_told_with_a_suggestion(play):
    assert 'did you mean "quick.toml"?' in play("run", "quik.toml", code=3).stderr


def test_quiet_leaves_only_the_answer(play):
    result = play(*RUN, "--quiet", "--set", "churn.target_annual=0.01")
    assert result.stderr == ""
    assert "Lifetime value" in result.stdout


def test_warnings_go_to_stderr(play):
    assert "warning: " in play(*RUN, "--set", "churn.target_annual=0.01").stderr


def test_a_precision_that_is_not_reached_ends_in_four(play, monkeypatch):
    monkeypatch.setattr(runs, "MOST", 4)
    monkeypatch.setattr(runs, "CHECK_EVERY", 2)
    result = play(*RUN, "--set", "run.precision=0.0001", code=4)
    assert "precision asked for was not reached after 4 replications" in result.stderr
    assert "Lifetime value" in result.stdout


def test_replications_take_the_place_of_a_precision(here, play):
    text = (here / "quick.toml").read_text(encoding="utf-8")
    (here / "exact.toml").write_text(text.replace("replications = 3", "precision = 0.0001"), encoding="utf-8")
    play("run", "exact.toml", "--no-charts", "--replications", "3")


def interrupt_at(monkeypatch, replication):
    original = runs.Task.play

    def play_until(task, index):
        if index == replication:
            raise KeyboardInterrupt
        return original(task, index)

    monkeypatch.setattr(runs.Task, "play", play_until)


def test_an_interrupted_run_keeps_what_is_finished(here, play, monkeypatch):
    interrupt_at(monkeypatch, 2)
    result = play("run", "quick.toml", "--jobs", "1", "-o", "mine", code=130)
    assert "interrupted: 2 finished replications are kept in mine" in result.stderr
    assert json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))["status"] == "interrupted"
    assert not (here / "mine" / "charts").exists()
    assert "Lifetime value" in result.stdout


def test_a_run_interrupted_before_anything_is_played_leaves_nothing(here, play, monkeypatch):
    interrupt_at(monkeypatch, 0)
    result = play(*RUN, "--jobs", "1", code=130)
    assert "nothing was kept" in result.stderr
    assert result.stdout == ""
    assert not (here / "runs").exists()


def test_a_run_interrupted_early_is_gone_on_with_by_the_same_command(here, play, monkeypatch):
    with monkeypatch.context() as patched:
        interrupt_at(patched, 1)
        result = play(*RUN, "--jobs", "1", code=130)
    assert "the same command goes on from there" in result.stderr
    assert result.stdout == ""
    arms = 3
    assert f"{arms} of {3 * arms} outcomes were known from earlier runs" in play(*RUN, "--jobs", "1").stderr


def test_ctrl_c_in_a_real_process_keeps_what_is_finished(here):
    words = [sys.executable, "-m", "retainsim", *RUN, "--jobs", "1", "--replications", "100000", "-o", "mine"]
    process = subprocess.Popen(
        words, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the checks run in the background
    )  # fmt: skip
    try:
        while not (here / "mine" / "run.json").exists() and process.poll() is None:
            time.sleep(0.1)
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert "finished replications are kept in mine" in errors
    assert "Lifetime value" in output


def test_a_run_whose_answer_nobody_reads_is_still_kept_with_its_charts(here):
    reads, writes = os.pipe()
    os.close(reads)
    words = [sys.executable, "-m", "retainsim", "run", "quick.toml", "-o", "mine"]
    done = subprocess.run(words, stdout=writes, stderr=subprocess.PIPE, text=True, check=False, cwd=here)
    os.close(writes)
    assert done.returncode == 0, done.stderr
    assert list((here / "mine" / "charts").glob("*.png"))


# -- what a run may find out besides -----------------------------------------------------------------------------

FAILING = ("--set", 'mechanisms.failures={ rate = 0.05, strain = 0.004, cost = 3, reason = "price" }')


def test_leaks_are_told_after_the_arms_and_kept(here, play):
    text = play(*RUN, *FAILING, "--leaks", "-o", "mine").stdout
    table = pd.read_parquet(here / "mine" / "leaks.parquet")
    places = [text.index(part) for part in ("P(better)", "Which leak is worth closing", "Lifetime value")]
    assert places == sorted(places)
    part = text[places[1] : places[2]]
    names = [leak.replace("_", " ") for leak in table.loc[table["left"] > 0, "leak"]]
    assert [part.index(f"\n{name}") for name in names] == sorted(part.index(f"\n{name}") for name in names)
    assert "failures (mechanism)" in part
    assert "The leak most worth closing is " in text


def test_a_leak_that_nobody_leaves_through_is_named_and_has_no_row(play):
    breach = ("--set", "mechanisms.breach={ per_year = 1e-6 }")
    text = play(*RUN, *breach, "--leaks").stdout
    part = text[text.index("Which leak is worth closing") : text.index("Lifetime value")]
    assert "\nbreach" not in part
    nobody = part[part.index("Nobody leaves through ") :]
    assert "breach" in nobody and nobody.split("\n")[0].endswith(" or breach (mechanism).")


def test_leaks_are_in_the_answer_as_json(here, play, answer):
    found = answer(*RUN, "--leaks", "-o", "mine")["leaks"]
    table = pd.read_parquet(here / "mine" / "leaks.parquet")
    assert [leak["leak"] for leak in found] == table["leak"].to_list()
    assert found[0]["npv"] == table["npv"].iloc[0]


def test_without_leaks_nothing_is_said_of_them(here, play):
    text = play(*RUN, "-o", "mine").stdout
    assert "leak" not in text
    assert not any((here / "mine" / f"{name}.parquet").exists() for name in ("leaks", "events", "customers"))


def test_the_chart_of_leaks_is_drawn_where_there_are_any(here, play):
    result = play("run", "quick.toml", "--leaks", "-o", "mine")
    drawn = {path.name for path in (here / "mine" / "charts").iterdir()}
    assert {"leaks.png", "leaks.svg"} <= drawn
    assert f"({len(drawn)} files)" in result.stderr


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_the_table_of_leaks_fits_the_terminal_and_loses_nothing(here, play, width):
    text = play(*RUN, *FAILING, "--leaks", "-q", "-o", "mine", env={"COLUMNS": str(width)}).stdout
    table = text[text.index("Which leak") : text.index("Each leak of the baseline")]
    assert max(map(len, table.splitlines())) <= width
    leaks = pd.read_parquet(here / "mine" / "leaks.parquet")
    assert table.count(" to ") == (leaks["left"] > 0).sum() > 5
    assert "…" not in table


def test_the_events_of_a_trace_agree_with_the_books_line_by_line(here, play):
    play(*RUN, *FAILING, "--trace", "-o", "mine")
    events, detail = (pd.read_parquet(here / "mine" / f"{name}.parquet") for name in ("events", "detail"))
    money = events[events["what"] == "money"].groupby(["arm", "line"], observed=True)["amount"].sum()
    books = detail[(detail["replication"] == 0) & (detail["segment"] != "")].groupby("arm", observed=True)
    assert set(events["arm"]) == {"baseline", "retention", "advertising"}
    assert set(events["replication"]) == {0}
    assert {"revenue", "cost_of_sales", "cost_to_serve", "failures", "retention"} <= set(money.index.unique("line"))
    for (arm, line), amount in money.items():
        assert amount == pytest.approx(books[line].sum()[arm], rel=1e-9), (arm, line)


def test_the_events_of_a_trace_count_who_came_and_went(here, play):
    play(*RUN, "--trace", "-o", "mine")
    events, outcomes = (pd.read_parquet(here / "mine" / f"{name}.parquet") for name in ("events", "outcomes"))
    first = outcomes[outcomes["replication"] == 0].set_index("arm")
    for what, column in (("join", "joined"), ("leave", "left")):
        counts = events[events["what"] == what].groupby("arm")["customer"].size()
        assert counts.to_dict() == first[column].to_dict()


def test_looking_closer_changes_no_outcome(here, play):
    play(*RUN, *FAILING, "-o", "plain")
    plain = (here / "plain" / "outcomes.parquet").read_bytes()
    for index, words in enumerate((["--trace"], ["--leaks"], ["--customers"], ["--trace", "--leaks"])):
        play(*RUN, *FAILING, *words, "-o", f"other{index}")
        assert (here / f"other{index}" / "outcomes.parquet").read_bytes() == plain, words


def test_the_leaks_of_an_overwritten_run_do_not_stay_beside_the_new_one(here, play):
    play(*RUN, "--leaks", "--trace", "-o", "mine")
    play(*RUN, "-o", "mine", "--force")
    assert not (here / "mine" / "leaks.parquet").exists()
    assert not (here / "mine" / "events.parquet").exists()


def test_a_failing_self_check_is_loud(play, monkeypatch):
    def fail(*_args):
        check = {"name": "pool at the horizon", "simulated": 90.0, "low": 95.0, "high": 105.0, "theory": 100.0}
        return [{**check, "ok": False}]

    monkeypatch.setattr("retainsim.study.report.self_check", fail)
    result = play(*RUN)
    assert "SELF-CHECK FAILED: pool at the horizon: simulated 90, theory 100 (allowed 95 to 105)" in result.stdout
    assert "self-check failed" in result.stderr


AIMED = """
[arms.at_risk]
title = "Five points, on those most at risk"
retention = { points = 5, targets = "most_at_risk", share = 0.6, cost = { per_customer_month = 1.5 } }
"""


def test_whom_an_arm_saves_is_said_and_kept_where_customers_are(here, play):
    with (here / "quick.toml").open("a", encoding="utf-8") as file:
        file.write(AIMED)
    said = play("run", "quick.toml", "--customers", "--no-charts", "--set", "pool.customers=2000", "-o", "mine").stdout
    assert re.search(r"Five points more retention: saves \d+ customers by the end of one year \(95 %: ", said)
    assert re.search(r"the \d+ worth most bring \d+ % of that \(95 %: ", said)
    assert {"customers.parquet", "saved.parquet"} <= {path.name for path in (here / "mine").iterdir()}
    again = play("run", "quick.toml", "--no-charts", "--set", "pool.customers=2000", "-o", "mine", "--force").stdout
    assert "worth most" not in again
    assert not (here / "mine" / "saved.parquet").exists()


def test_what_an_arm_puts_in_first_is_said_with_when_it_is_back(play):
    said = play("run", "quick.toml", "--no-charts").stdout
    assert "Cash against the baseline, in brackets 5th to 95th percentile:" in said
    assert re.search(r"Twice the advertising: EUR .* short at the deepest \(EUR .*\), in month \d+, not back", said)


def test_an_aimed_lever_is_explained_with_whom_it_reaches(here, play):
    with (here / "quick.toml").open("a", encoding="utf-8") as file:
        file.write(AIMED)
    text = " ".join(play("explain", "quick.toml").stdout.split())
    assert "hazards of the 60 % most at risk x 0." in text
