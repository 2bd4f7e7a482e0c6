"""The deck: everything fits, every chart can be edited, and its numbers are the run's."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pptx import Presentation
from pptx.util import Inches

sys.path.insert(0, str(Path(__file__).parent))

from slides import behind, charts, leaving, overlapping, titles, too_tall

from retainsim.charts import chart as chart_of
from retainsim.charts import names_of
from retainsim.charts.canvas import slide_of
from retainsim.errors import UsageError
from retainsim.present import natives

TEMPLATE_TYPE = b"presentationml.template.main+xml"
DECK_TYPE = b"presentationml.presentation.main+xml"


@pytest.fixture(scope="module")
def deck(every, tmp_path_factory):
    return Presentation(every.deck(tmp_path_factory.mktemp("deck") / "deck.pptx"))


@pytest.fixture
def opened(tmp_path):
    def open_(results, **options):
        return Presentation(results.deck(tmp_path / "deck.pptx", **options))

    return open_


# -- whatever the run -------------------------------------------------------------------------------------------


def test_the_deck_is_sixteen_by_nine(deck):
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9)


def test_nothing_leaves_a_slide(deck):
    assert leaving(deck) == []


def test_nothing_on_a_slide_overlaps(deck):
    assert overlapping(deck) == []


def test_every_text_fits_its_box(deck):
    assert too_tall(deck) == []


def test_every_chart_of_the_run_has_a_slide_that_states_its_finding(deck, every):
    found = [title.replace("\u00a0", " ") for title in titles(deck)]
    for name in names_of(every):
        finding = slide_of(chart_of(name)(every)).finding.replace("\u00a0", " ")
        start = finding[0].upper() + finding[1:60]
        assert any(title.startswith(start) for title in found), finding


def test_every_chart_is_native_or_a_picture_and_has_a_text_for_those_who_cannot_see_it(deck, every):
    frames = [shape for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    found = [natives.native(name, every) for name in names_of(every)]
    pictures = [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]
    assert len(frames) == sum(len(each.parts) for each in found if each)
    assert len(pictures) == found.count(None)
    assert all(picture._element.nvPicPr.cNvPr.get("descr") for picture in pictures)
    assert {name for name in names_of(every) if natives.native(name, every) is None} <= {
        "cohorts",
        "desks",
        "whale_curve",
    }
    assert all(frame._element.nvGraphicFramePr.cNvPr.get("descr") for frame in frames)


def test_what_a_chart_draws_is_what_stands_in_its_sheet(deck):
    for _, chart in charts(deck):
        sheet = behind(chart)
        drawn = [(series.name, list(series.values)) for plot in chart.plots for series in plot.series]
        listed = {
            sheet.cell(1, column).value: [sheet.cell(row, column).value for row in range(2, sheet.max_row + 1)]
            for column in range(2, sheet.max_column + 1)
        }
        for name, values in drawn:
            found = np.array([listed[name], values], dtype=float)  # the file format holds sixteen digits
            assert found[0] == pytest.approx(found[1], rel=1e-14, nan_ok=True), name


def test_no_cell_behind_a_chart_is_a_formula(deck):
    for _, chart in charts(deck):
        assert not [cell.coordinate for row in behind(chart).iter_rows() for cell in row if cell.data_type == "f"]


def test_every_slide_has_notes_that_identify_the_run(deck, every):
    for slide in deck.slides:
        said = slide.notes_slide.notes_text_frame.text
        assert every.report["scenario"]["sha256"] in said
        assert f"Seed: {every.report['run']['seed']}" in said
        assert "Run: " in said
        assert "Assumptions:" in said


# -- the numbers ------------------------------------------------------------------------------------------------


def test_the_bars_of_npv_are_the_means_of_the_run(opened, plain):
    own, gains = (chart for _, chart in charts(opened(plain))[:2])
    arms = plain.report["arms"]
    assert sorted(own.plots[0].series[0].values) == sorted(arm["npv"]["mean"] for arm in arms.values())
    paired = [arm["versus_baseline"]["npv"]["mean"] for name, arm in arms.items() if name != "baseline"]
    assert sorted(gains.plots[0].series[0].values) == sorted(paired)


def test_whiskers_reach_to_the_ends_of_the_interval(opened, plain):
    _, chart = charts(opened(plain))[1]
    sheet = behind(chart)
    gain = plain.report["arms"]["retention"]["versus_baseline"]["npv"]
    row = next(row for row in sheet.iter_rows(min_row=2, values_only=True) if row[1] == gain["mean"])
    assert row[2:4] == pytest.approx((gain["high"] - gain["mean"], gain["mean"] - gain["low"]))


@pytest.mark.parametrize("name", ["plain", "loss", "crossing", "tiny", "huge"])
def test_the_steps_lead_from_the_baselines_npv_to_the_arms(opened, run, name):
    results = run(name)
    _, chart = next((n, c) for n, c in charts(opened(results)) if c.plots[0].series[0].name == "Below the step")
    columns = {series.name: np.array(series.values) for plot in chart.plots for series in plot.series}
    step = columns.get("Gain", 0.0) - columns.get("Gain below zero", 0.0)
    step = step - columns.get("Loss", 0.0) + columns.get("Loss below zero", 0.0)
    arms = results.report["arms"]
    arm = next(each for each in arms if each != "baseline")
    start, end = arms["baseline"]["npv"]["mean"], arms[arm]["npv"]["mean"]
    assert start + step.sum() == pytest.approx(end, rel=1e-12)
    assert columns["Value after it"][[0, -1]] == pytest.approx([start, end], rel=1e-12)
    assert chart.plots[0].categories[0].startswith("Baseline")


def test_the_lines_of_the_pool_are_the_means_of_the_run(opened, plain):
    _, chart = next((n, c) for n, c in charts(opened(plain)) if len(c.plots[0].categories) == 25)
    monthly = plain.monthly[plain.monthly["arm"] == "retention"]
    line = next(s for s in chart.plots[0].series if s.name == "Five points more retention")
    assert list(line.values) == pytest.approx(monthly.groupby("month")["pool"].mean().tolist(), rel=1e-12)


# -- what it is written on --------------------------------------------------------------------------------------


def make_template(path, *, size=(13.333, 7.5), as_template=False):
    """Save a deck with a slide of its own and a name for its master's theme."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(size[0]), Inches(size[1])
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = "A slide of the template"
    deck.slide_layouts[5].name = "Corporate title"
    deck.save(path)
    if as_template:
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(DECK_TYPE, TEMPLATE_TYPE)
        with zipfile.ZipFile(path, "w") as file:
            for name, part in parts.items():
                file.writestr(name, part)
    return path


@pytest.mark.parametrize("name", ["corp.pptx", "corp.potx"])
@pytest.mark.parametrize("size", [(13.333, 7.5), (10, 7.5), (10, 5.625)])
@pytest.mark.parametrize("scenario", ["eight_arms", "leaky"])
def test_a_template_gives_its_master_and_keeps_its_slides(opened, run, tmp_path, name, size, scenario):
    template = make_template(tmp_path / name, size=size, as_template=name.endswith("potx"))
    deck = opened(run(scenario), template=template)
    assert {slide.slide_layout.name for slide in deck.slides} == {"Corporate title"}
    assert "A slide of the template" not in titles(deck)
    assert deck.slide_width == Inches(size[0])
    assert leaving(deck) == []
    assert overlapping(deck) == []
    assert too_tall(deck) == []


def test_what_is_no_template_is_refused(plain, tmp_path):
    (tmp_path / "words.pptx").write_text("words", encoding="utf-8")
    (tmp_path / "words.txt").write_text("words", encoding="utf-8")
    for name, said in [("words.pptx", "no PowerPoint file"), ("words.txt", "ends in"), ("none.pptx", "cannot be read")]:
        with pytest.raises(UsageError, match=said):
            plain.deck(tmp_path / "deck.pptx", template=tmp_path / name)
    assert not (tmp_path / "deck.pptx").exists()


def test_a_chart_that_can_only_be_drawn_is_a_picture_with_its_finding_above(opened, plain, monkeypatch):
    monkeypatch.setattr(natives, "NAMES", ())
    deck = opened(plain)
    pictures = [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]
    assert len(pictures) == len(names_of(plain))
    assert all(picture.crop_top > 0.05 for picture in pictures)
    assert leaving(deck) == []
    assert overlapping(deck) == []
    assert "Five points more retention: " in titles(deck)[2]


def test_names_with_markup_are_shown_as_they_are(opened, run):
    deck = opened(run("hostile"))
    said = " ".join(
        c.text_frame.text for s in deck.slides[1].shapes if s.has_table for r in s.table.rows for c in r.cells
    )
    for text in ("=cmd|' /C calc'!A1", "<script>alert(1)</script>", "{{ 7 * 7 }}", "שלום", "onerror=alert(1)"):
        assert text in " ".join(said.split())


def test_a_second_deck_has_the_same_bytes(plain, tmp_path):
    assert plain.deck(tmp_path / "a.pptx").read_bytes() == plain.deck(tmp_path / "b.pptx").read_bytes()


def test_libreoffice_opens_every_slide(run, tmp_path, soffice):
    results = run("eight_arms")
    deck = results.deck(tmp_path / "deck.pptx")
    made = soffice(deck, "pdf").read_bytes()
    assert made.count(b"/Type/Page\n") + made.count(b"/Type/Page/") == len(Presentation(deck).slides)


BARS = ["idx", "order", "tx", "spPr", "invertIfNegative", "dPt", "dLbls", "errBars", "cat", "val"]
LINES = ["idx", "order", "tx", "spPr", "marker", "dPt", "dLbls", "errBars", "cat", "val", "smooth"]
VALUES = [
    "axId", "scaling", "delete", "axPos", "majorGridlines", "title", "numFmt", "majorTickMark", "minorTickMark",
    "tickLblPos", "spPr", "txPr", "crossAx", "crosses", "crossBetween", "majorUnit",
]  # fmt: skip
NAMES_ = [*VALUES[:4], *VALUES[4:14], "auto", "lblAlgn", "lblOffset", "tickLblSkip", "tickMarkSkip", "noMultiLvlLbl"]
ORDERS = {
    "barChart/ser": BARS,
    "lineChart/ser": LINES,
    "areaChart/ser": ["idx", "order", "tx", "spPr", "dPt", "dLbls", "errBars", "cat", "val"],
    "areaChart": ["grouping", "varyColors", "ser", "dLbls", "dropLines", "axId"],
    "lineChart": ["grouping", "varyColors", "ser", "dLbls", "marker", "smooth", "axId"],
    "legend": ["legendPos", "layout", "overlay", "txPr"],
    "barChart": ["barDir", "grouping", "varyColors", "ser", "dLbls", "gapWidth", "overlap", "axId"],
    "plotArea": ["layout", "areaChart", "barChart", "lineChart", "catAx", "valAx"],
    "valAx": VALUES,
    "catAx": NAMES_,
    "chart/title": ["tx", "layout", "overlay"],
    "errBars": ["errDir", "errBarType", "errValType", "noEndCap", "plus", "minus", "spPr"],
}
"""The order in which the schema of charts (ECMA-376, part 1, 21.2) wants what we write."""


def test_everything_in_a_chart_stands_where_the_schema_wants_it(deck):
    for _, chart in charts(deck):
        for path, order in ORDERS.items():
            for element in chart._chartSpace.xpath("//c:" + path.replace("/", "/c:")):
                tags = [child.tag.rpartition("}")[2] for child in element]
                assert set(tags) <= set(order), (path, tags)
                assert [order.index(tag) for tag in tags] == sorted(order.index(tag) for tag in tags), (path, tags)


def test_bars_do_not_say_which_way_their_whiskers_go(deck):
    assert not [c for _, c in charts(deck) if c._chartSpace.xpath("//c:barChart//c:errDir")]
