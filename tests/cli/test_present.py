"""The commands `deck`, `report` and `workbook`."""

import pytest

MADE = {"deck": "deck.pptx", "report": "report.html", "workbook": "workbook.xlsx"}
every = pytest.mark.parametrize("name", MADE)


@pytest.fixture
def run_folder(here, play):
    play("run", "quick.toml", "--no-charts", "-o", "mine")
    return here / "mine"


@every
def test_the_file_lies_in_the_run_and_its_path_is_printed(here, run_folder, play, name):
    assert play(name, "mine").stdout == f"mine/{MADE[name]}\n"
    assert (run_folder / MADE[name]).stat().st_size > 1000


@every
def test_the_file_may_lie_elsewhere_and_be_made_again(here, run_folder, answer, name):
    other = f"new/other{MADE[name][MADE[name].index('.') :]}"
    assert answer(name, "mine", "-o", other) == {name: other}
    first = (here / other).read_bytes()
    answer(name, "mine", "-o", other)
    assert (here / other).read_bytes() == first


@every
def test_another_ending_is_wrong_usage(here, run_folder, play, name):
    assert "does not end in" in play(name, "mine", "-o", "other.txt", code=2).stderr
    assert not (here / "other.txt").exists()


@every
def test_what_is_no_run_is_wrong_usage(here, play, name):
    (here / "empty").mkdir()
    assert "empty is not a finished run" in play(name, "empty", code=2).stderr
    (here / "empty" / "answer.json").write_text("{}", encoding="utf-8")
    assert ("is made of a run" if name == "workbook" else "no") in play(name, "empty", code=2).stderr


@pytest.mark.parametrize("name", ["deck", "report"])
def test_an_answer_has_a_deck_and_a_report_too(here, play, name):
    play("sweep", "quick.toml", "--vary", "pool.customers=50,100", "--no-charts", "-o", "asked")
    assert play(name, "asked").stdout == f"asked/{MADE[name]}\n"
    assert (here / "asked" / MADE[name]).stat().st_size > 10_000


def test_a_deck_says_which_template_is_wrong(here, run_folder, play):
    assert "none.potx cannot be read" in play("deck", "mine", "--template", "none.potx", code=2).stderr


def test_speaker_notes_name_the_run(here, run_folder, play):
    from pptx import Presentation

    play("deck", "mine")
    deck = Presentation(run_folder / "deck.pptx")
    assert "Run: mine" in deck.slides[0].notes_slide.notes_text_frame.text
