"""The command `runs`."""

import json


def make(here, name, *, status="done", title="A question?", headline="It pays."):
    folder = here / "runs" / name
    folder.mkdir(parents=True)
    head = {"schema": 1, "status": status, "scenario": {"title": title}, "run": {"seed": 1}}
    (folder / "run.json").write_text(json.dumps(head), encoding="utf-8")
    if status != "running":
        summary = {"run": {"replications": 30}, "verdict": [headline]}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def test_runs_are_listed_newest_first(here, answer):
    for stamp in ("20260102-000000", "20260103-000000", "20260101-000000"):
        make(here, f"quick-{stamp}-00000000")
    assert [run["when"] for run in answer("runs")["runs"]] == [
        "2026-01-03 00:00",
        "2026-01-02 00:00",
        "2026-01-01 00:00",
    ]


def test_a_run_is_told_with_its_scenario_status_replications_and_headline(here, play):
    make(here, "quick-20260102-030405-00000000", status="interrupted")
    text = play("runs").stdout
    for part in ("quick-20260102-030405-00000000", "2026-01-02 03:04", "interrupted", "30", "A question?", "It pays."):
        assert part in text


def test_damaged_folders_are_named_and_the_others_still_listed(here, play, answer):
    make(here, "good-20260102-000000-00000000")
    for name, text in (("broken", "{"), ("other", "[]"), ("partial", '{"status": "done"}')):
        (make(here, name) / "run.json").write_text(text, encoding="utf-8")
    (here / "runs" / "empty").mkdir()
    (make(here, "headless") / "summary.json").unlink()
    by_name = {run["folder"].rpartition("/")[2]: run["status"] for run in answer("runs")["runs"]}
    damaged = dict.fromkeys(("broken", "other", "partial", "empty", "headless"), "damaged")
    assert by_name == damaged | {"good-20260102-000000-00000000": "done"}
    assert "runs/empty" in play("runs").stdout


def test_a_run_under_way_is_listed_as_running(here, answer):
    make(here, "quick-20260102-000000-00000000", status="running")
    assert [run["status"] for run in answer("runs")["runs"]] == ["running"]


def test_without_runs_it_says_how_to_make_one(play, answer):
    result = play("runs")
    assert result.stdout == ""
    assert "retainsim run FILE" in result.stderr
    assert answer("runs")["runs"] == []


def test_a_folder_that_is_not_there_is_wrong_usage(play):
    assert "no folder elsewhere" in play("runs", "elsewhere", code=2).stderr


def test_a_real_run_is_listed(play, answer):
    play("run", "quick.toml", "--no-charts", "-o", "elsewhere/mine")
    (run,) = answer("runs", "elsewhere")["runs"]
    assert (run["folder"], run["status"], run["replications"]) == ("elsewhere/mine", "done", 3)
    assert run["scenario"] == "Quick: is it worth it?"
