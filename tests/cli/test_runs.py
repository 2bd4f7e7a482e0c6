"""The command `runs`."""

import json

from retainsim.cli.lock import Lock


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


def test_a_run_under_way_is_listed_as_running_and_one_broken_off_as_unfinished(here, play, answer):
    folder = make(here, "quick-20260102-000000-00000000", status="running")
    lock = Lock.on(folder)
    assert [run["status"] for run in answer("runs")["runs"]] == ["running"]
    lock.let_go()
    assert [run["status"] for run in answer("runs")["runs"]] == ["unfinished"]
    assert "to go on: retainsim run --resume runs/quick-20260102-000000-00000000" in play("runs").stdout


def sizes(folder):
    return {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_pruning_takes_the_outcomes_of_finished_runs_and_nothing_else(here, play, answer):
    play("run", "quick.toml", "--no-charts", "-o", "runs/one")
    play("run", "quick.toml", "--no-charts", "-o", "runs/two", "--set", "title=Other")
    broken = make(here, "quick-20260102-000000-00000000", status="running")
    (broken / "store").mkdir()
    (broken / "store" / "a.entry").write_bytes(bytes(10))
    (here / "runs" / "one" / "store" / "notes.txt").write_text("mine", encoding="utf-8")
    (here / "runs" / "one" / "store" / ".b.entry-x1").write_bytes(bytes(5))
    before = sizes(here / "runs")
    entries = {path for path in before if path.parent.name == "store" and ".entry" in path.name}
    shared = sum(before[path] for path in entries if path.parts[0] == "one") + 10
    assert answer("runs")["store_bytes"] == shared  # what two runs share by a hard link counts once
    freed = answer("runs", "--prune", "--yes")
    assert freed["freed_bytes"] == shared - 10
    kept = {path for path in entries if path.parts[0] == broken.name}
    assert sizes(here / "runs") == {path: size for path, size in before.items() if path not in entries - kept}
    assert answer("rerun", "runs/two")["identical"]


def test_nothing_is_pruned_unless_the_user_says_so(here, play):
    play("run", "quick.toml", "--no-charts", "-o", "runs/one")
    before = sizes(here / "runs")
    result = play("runs", "--prune", code=1)  # nobody answers
    assert "of 1 finished run?" in result.stderr
    assert sizes(here / "runs") == before


def test_pruning_follows_no_link(here, play):
    play("run", "quick.toml", "--no-charts", "-o", "elsewhere/one")
    (here / "runs").mkdir()
    (here / "runs" / "link").symlink_to(here / "elsewhere" / "one", target_is_directory=True)
    before = sizes(here / "elsewhere")
    play("runs", "--prune", "--yes")
    assert sizes(here / "elsewhere") == before


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
