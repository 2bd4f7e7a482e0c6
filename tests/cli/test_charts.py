"""The command `charts`."""

import pytest


@pytest.fixture
def run_folder(here, play):
    play("run", "quick.toml", "--no-charts", "-o", "mine")
    return here / "mine"


def test_charts_are_drawn_into_the_run_and_their_paths_printed(here, run_folder, play):
    paths = play("charts", "mine", "--format", "svg").stdout.splitlines()
    assert paths
    assert all((here / path).is_file() and path.endswith(".svg") for path in paths)
    assert sorted(path.name for path in (run_folder / "charts").iterdir()) == sorted(p.split("/")[-1] for p in paths)


def test_charts_may_be_drawn_again_and_elsewhere(here, run_folder, play, answer):
    play("charts", "mine", "--format", "svg")
    paths = answer("charts", "mine", "--format", "svg", "-o", "other")["charts"]
    assert all(path.startswith("other/") and (here / path).is_file() for path in paths)


def test_a_page_whose_fonts_are_in_it_is_made_only_if_asked_for(here, run_folder, play):
    assert not [path for path in play("charts", "mine").stdout.split() if path.endswith(".pdf")]
    paths = play("charts", "mine", "--format", "pdf").stdout.split()
    assert paths
    assert all((here / path).read_bytes().startswith(b"%PDF") for path in paths)


def test_a_folder_that_lacks_a_table_is_told_which(here, play):
    play("run", "quick.toml", "--no-charts", "--replications", "2", "--jobs", "1", "-o", "mine")
    (here / "mine" / "lifetimes.parquet").unlink()
    assert (
        "mine is not a finished run: it has no lifetimes.parquet; run the scenario again"
        in play("charts", "mine", code=2).stderr
    )


def test_what_is_no_run_is_wrong_usage(here, play):
    (here / "empty").mkdir()
    assert "empty is not a finished run" in play("charts", "empty", code=2).stderr
    assert (
        "nowhere is not a finished run: it has no run.json; see what there is: retainsim runs"
        in play("charts", "nowhere", code=2).stderr
    )


def test_an_unknown_format_is_wrong_usage(play):
    assert "gif" in play("charts", "mine", "--format", "gif", code=2).stderr
