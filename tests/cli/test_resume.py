"""An unfinished run is gone on with, and prints what it would have printed without a break."""

import json
import shutil

import pytest

from retainsim.cli.lock import Lock
from retainsim.study import runs

RUN = ("run", "quick.toml", "--no-charts", "--jobs", "1")


def stopped(play, monkeypatch, *words, at=1):
    """Break a run off when it comes to a replication; return its folder."""
    original = runs.Task.play

    def play_until(task, index):
        if index == at:
            raise KeyboardInterrupt
        return original(task, index)

    with monkeypatch.context() as patched:
        patched.setattr(runs.Task, "play", play_until)
        play(*RUN, *words, code=130)


def summary(folder):
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    del found["run"]["seconds"]
    return json.dumps(found)


@pytest.mark.parametrize("at", [1, 2])
def test_a_resumed_run_prints_and_keeps_what_one_without_a_break_does(here, play, monkeypatch, at):
    asked = ("--leaks", "--customers", "--seed", "4", "--set", "segments.small.price=70")
    whole = play(*RUN, *asked, "-o", "whole")
    stopped(play, monkeypatch, *asked, "-o", "broken", at=at)
    shutil.rmtree(here / "whole" / "store")  # nothing is known but what the broken run has played itself
    (here / "quick.toml").unlink()
    again = play("run", "--resume", "broken", "--no-charts", "--jobs", "1")
    assert again.stdout == whole.stdout
    assert summary(here / "broken") == summary(here / "whole")
    assert "going on with broken, left unfinished: " in again.stderr
    assert f"{3 * at} of 9 outcomes were known" in again.stderr
    assert {path.name for path in (here / "whole").iterdir()} <= {path.name for path in (here / "broken").iterdir()}


def test_the_plain_command_again_goes_on_in_the_folder_of_the_unfinished_run(here, play, monkeypatch):
    stopped(play, monkeypatch)
    (folder,) = (here / "runs").iterdir()
    again = play(*RUN)
    assert f"going on with runs/{folder.name}, left unfinished: 3 results are kept there" in again.stderr
    assert list((here / "runs").iterdir()) == [folder]
    play(*RUN)
    assert len(list((here / "runs").iterdir())) == 2  # it is finished now, and the next one is a run of its own


def test_the_plain_command_with_out_goes_on_too(here, play, monkeypatch):
    stopped(play, monkeypatch, "-o", "mine")
    assert "going on with mine" in play(*RUN, "-o", "mine").stderr
    assert "exists already" in play(*RUN, "-o", "mine", code=2).stderr


@pytest.mark.parametrize("words", [("--seed", "9"), ("--leaks",), ("--set", "title=Other")])
def test_what_is_not_the_same_run_does_not_go_on_in_its_folder(here, play, monkeypatch, words):
    stopped(play, monkeypatch)
    assert "going on" not in play(*RUN, *words).stderr
    assert len(list((here / "runs").iterdir())) == 2


def test_a_finished_run_says_so_and_prints_what_it_has_printed(here, play, monkeypatch):
    first = play(*RUN, "--leaks", "--set", "churn.target_annual=0.01", "-o", "mine")
    monkeypatch.setattr(runs, "run", lambda *_, **__: pytest.fail("it was played"))
    again = play("run", "--resume", "mine")
    assert again.stdout == first.stdout
    assert "mine is finished; nothing is played" in again.stderr
    assert "warning: churn.target_annual" in again.stderr
    assert play("run", "quick.toml", "--resume", "mine", "--set", "churn.target_annual=0.01", "--json").stdout == (
        here / "mine" / "summary.json"
    ).read_text(encoding="utf-8")


def test_a_finished_run_that_was_not_precise_enough_still_ends_in_four(play, monkeypatch):
    monkeypatch.setattr(runs, "MOST", 4)
    monkeypatch.setattr(runs, "CHECK_EVERY", 2)
    play(*RUN, "--set", "run.precision=0.0001", "-o", "mine", code=4)
    play("run", "--resume", "mine", code=4)


def test_another_scenario_is_refused_with_the_keys_that_differ(here, play, monkeypatch):
    stopped(play, monkeypatch, "-o", "mine")
    text = (here / "quick.toml").read_text(encoding="utf-8")
    other = text.replace("price = 60.0", "price = 61").replace("spend = 900", "spend = 901")
    (here / "other.toml").write_text(other, encoding="utf-8")
    said = play("run", "other.toml", "--resume", "mine", "--set", "pool.customers=81", code=2).stderr
    assert "mine is a run of another scenario than other.toml: " in said
    for part in (
        "pool.customers was 80 and is 81",
        "segments.small.price was 60.0 and is 61",
        "acquisition.advertising.spend was 900 and is 901",
    ):
        assert part in said
    assert "run.months was 12 and is 6" in play("run", "--resume", "mine", "--set", "run.months=6", code=2).stderr
    play("run", "quick.toml", "--resume", "mine", "--no-charts")


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ({"retainsim": "0.0.9"}, "with retainsim 0.0.9 (here: "),
        ({"code": "0123456789ab"}, "with code 0123456789ab (here: "),
        ({"numpy": "1.0"}, "with numpy 1.0 (here: "),
    ],
)
def test_another_version_is_refused_with_the_remedy(here, play, monkeypatch, version, says):
    stopped(play, monkeypatch, "-o", "mine")
    told = json.loads((here / "mine" / "run.json").read_text(encoding="utf-8"))
    told["versions"] |= version
    (here / "mine" / "run.json").write_text(json.dumps(told), encoding="utf-8")
    said = play("run", "--resume", "mine", code=2).stderr
    assert says in said
    assert "play it anew: retainsim run mine/scenario.toml" in said
    assert ("pip install retainsim==0.0.9" in said) == ("retainsim" in version)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--resume", "mine", "-o", "other"), "leave --out out"),
        (("--resume", "mine", "--force"), "leave --force out"),
        (("--resume", "mine", "--leaks"), "was begun without --leaks"),
        (("--resume", "nowhere"), "holds no run"),
        ((), "name a scenario file"),
    ],
)
def test_what_cannot_be_resumed_is_refused_with_exit_code_2(here, play, monkeypatch, words, says):
    stopped(play, monkeypatch, "-o", "mine")
    assert says in play("run", *words, code=2).stderr


def test_an_answer_is_no_run_to_resume(here, play):
    play("sweep", "quick.toml", "--vary", "segments.small.price=50:60:2", "-o", "mine", "--no-charts")
    assert "the answer to retainsim sweep" in play("run", "--resume", "mine", code=2).stderr


def test_a_scenario_that_was_changed_in_the_folder_is_refused(here, play, monkeypatch):
    stopped(play, monkeypatch, "-o", "mine")
    kept = here / "mine" / "scenario.toml"
    kept.write_text(kept.read_text(encoding="utf-8").replace("60.0", "66.0"), encoding="utf-8")
    assert "has been changed since the run began" in play("run", "--resume", "mine", code=2).stderr


def test_a_run_that_is_under_way_is_not_resumed_and_its_folder_not_shared(here, play, monkeypatch):
    stopped(play, monkeypatch)
    (folder,) = (here / "runs").iterdir()
    lock = Lock.on(folder)
    name = f"runs/{folder.name}"
    assert "is being written by another run" in play("run", "--resume", name, code=2).stderr
    assert "is being written by another run" in play(*RUN, "-o", name, code=2).stderr
    assert "is being written by another run" in play(*RUN, "-o", name, "--force", code=2).stderr
    assert "going on" not in play(*RUN).stderr
    assert len(list((here / "runs").iterdir())) == 2
    lock.let_go()
    play("run", "--resume", name, "--no-charts")


def test_an_unfinished_run_is_not_taken_for_one_that_can_be_shown(here, play, monkeypatch):
    stopped(play, monkeypatch, "-o", "mine")
    assert "go on with it: retainsim run --resume mine" in play("report", "mine", code=2).stderr


# -- rerun --------------------------------------------------------------------------------------------------------


def test_a_run_computed_once_more_is_identical(here, play, answer):
    play(*RUN, "--leaks", "--customers", "--trace", "-o", "mine")
    (here / "quick.toml").unlink()
    said = play("rerun", "mine", "--jobs", "1")
    assert said.stdout == "Identical: 13 of 13 files of mine, every number to the last digit.\n"
    found = answer("rerun", "mine")
    assert found["identical"]
    assert set(found["files"]) >= {
        "summary.json",
        "monthly.parquet",
        "leaks.parquet",
        "saved.parquet",
        "events.parquet",
    }
    assert found["differences"] == []


def test_a_number_that_differs_is_named_with_both_values_and_exit_code_1(here, play, answer):
    import pandas as pd

    play(*RUN, "-o", "mine")
    path = here / "mine" / "summary.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    was = told["arms"]["retention"]["npv"]["mean"]
    told["arms"]["retention"]["npv"]["mean"] = was * (1 + 1e-15) + 1e-9
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = pd.read_parquet(here / "mine" / "monthly.parquet")
    table.loc[7, "pool"] += 1
    table.to_parquet(here / "mine" / "monthly.parquet", index=False)
    (here / "mine" / "cohorts.parquet").unlink()
    assert "not a finished run" in play("rerun", "mine", code=2).stderr
    shutil.copy(here / "mine" / "values.parquet", here / "mine" / "cohorts.parquet")
    found = answer("rerun", "mine", code=1)
    assert [name for name, is_same in found["files"].items() if not is_same] == [
        "summary.json", "monthly.parquet", "cohorts.parquet",
    ]  # fmt: skip
    first, second, third = found["differences"]
    assert (first["where"], first["found"]) == ("arms.retention.npv.mean", was)
    assert second["where"].startswith(f"pool of arm {table['arm'][7]}, replication 0, month 7")
    assert third["where"] == "its shape"
    said = play("rerun", "mine", code=1).stdout
    assert said.startswith(
        "Not identical: 3 of 9 files of mine differ: summary.json, monthly.parquet, cohorts.parquet."
    )
    assert "summary.json: arms.retention.npv.mean: kept" in said
    assert "It was made with this very program" in said


def test_a_run_with_fewer_replications_than_its_scenario_says_is_recomputed_as_it_was(here, play, monkeypatch):
    import retainsim

    retainsim.run(retainsim.load("quick.toml"), replications=2, jobs=1).save("mine")
    play("rerun", "mine", "--jobs", "1")


def test_an_interrupted_run_is_not_recomputed(here, play, monkeypatch):
    stopped(play, monkeypatch, "-o", "mine", at=2)
    assert "bring it to its end first: retainsim run --resume mine" in play("rerun", "mine", code=2).stderr


def test_a_rerun_uses_nothing_that_was_kept(here, play, monkeypatch):
    play(*RUN, "-o", "mine")
    for entry in (here / "mine" / "store").iterdir():
        entry.write_bytes(b"nonsense")
    before = {path: path.read_bytes() for path in (here / "mine").rglob("*") if path.is_file()}
    play("rerun", "mine", "--jobs", "1")
    assert {path: path.read_bytes() for path in (here / "mine").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("text", "why"), [(None, "no run (run.json: No such file"), ("[]", "run.json is damaged")])
def test_a_folder_without_a_run_is_told_in_words(here, play, text, why):
    (here / "odd").mkdir()
    if text is not None:
        (here / "odd" / "run.json").write_text(text, encoding="utf-8")
    found = play("run", "--resume", "odd", code=2).stderr
    assert why in found
    assert "Error:" not in found
