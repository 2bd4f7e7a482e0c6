"""The answer to a question as deck and page: its verdict, its chart, its tables, and nothing that does not fit."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from pptx import Presentation

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "charts"))

from matrix import ASKED, answer
from slides import leaving, overlapping, titles, too_tall

from retainsim.present.inquiry import _columns, _said, tables_of

CASES = [
    *((name, "plain") for name in ASKED),
    ("sweep", "long_names"),
    ("whale", "long_names"),
    ("tornado", "trillions"),
]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def found(request):
    return answer(*request.param)


def test_every_slide_of_an_answer_fits(found, tmp_path):
    deck = Presentation(found.deck(tmp_path / "deck.pptx"))
    assert leaving(deck) == []
    assert overlapping(deck) == []
    assert too_tall(deck) == []
    pictures = [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]
    assert len(pictures) == len(found.charts)
    start = " ".join(found.verdict[0].split())[1:40]
    assert start in titles(deck)[0].replace("\u00a0", " ")
    notes = deck.slides[0].notes_slide.notes_text_frame.text
    assert found.report["scenario"]["sha256"] in notes


def test_the_page_of_an_answer_says_all_and_asks_for_nothing(found):
    from present.test_report import Page

    from retainsim.present.inquiry import html

    page = Page(html(found))
    assert page.crossed == []
    assert page.open == []
    assert len(page.all("svg")) == len(found.charts)
    assert len(page.all("table")) == len(found.tables) + 1
    assert page.all("script", "img", "iframe") == []
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    assert found.report["scenario"]["sha256"] in " ".join(e["text"] for e in page.all("dd"))


def test_the_page_of_an_answer_loads_offline_without_a_complaint(tmp_path, chromium):
    path = answer("whale", "long_names").html(tmp_path / "report.html")
    page, log = chromium(path, "--dump-dom", "--host-resolver-rules=MAP * ~NOTFOUND")
    assert "CONSOLE" not in log, log
    assert "</footer>" in page


def test_a_second_deck_and_page_have_the_same_bytes(tmp_path):
    found = answer("sweep", "plain")
    assert found.deck(tmp_path / "a.pptx").read_bytes() == found.deck(tmp_path / "b.pptx").read_bytes()
    assert found.html(tmp_path / "a.html").read_bytes() == found.html(tmp_path / "b.html").read_bytes()


def test_ends_of_intervals_stand_in_brackets_behind_their_mean():
    names = ["key", "today", "low", "high", "gap_mean", "gap_low", "gap_high", "vs", "vs_low", "vs_high"]
    assert list(_columns(names)) == [
        ("key",), ("today", "low", "high"), ("gap_mean", "gap_low", "gap_high"), ("vs", "vs_low", "vs_high"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), (float("nan"), "–"), (pd.NA, "–"), (True, "yes"), (1234, "1,234"), (-12.3456, "−12.35"), (3e-30, "0"),
        ("two\nlines", "two lines"), (320.0, "320.0"),
    ],
)  # fmt: skip
def test_a_cell_is_written_as_people_read_it(value, said):
    assert _said(value) == said


def test_rows_that_are_not_shown_are_counted():
    table = tables_of(answer("sweep", "plain"), 2)[0]
    assert len(table.rows) == 2
    assert ": the first 2 of " in table.title
