"""What single charts say, and how they are called and kept."""

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from visible_text import leaving, overlapping, texts

import retainsim.charts
from retainsim.charts import ANSWERS, EXTRA, NAMES, bridge, canvas, chart, draw, names_of
from retainsim.charts.subject import Subject
from retainsim.errors import UsageError

FOLDER = Path(retainsim.charts.__file__).parent
MANY = [*((name, "eight_arms") for name in NAMES), ("leaks", "leaks_long")]
"""Every chart with a run that has more of everything than there is room for."""


def written(figure):
    return " ".join(text.get_text() for text in texts(figure)).replace("\u00a0", " ")


# -- calling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_a_method_of_its_name(name, plain):
    ax = getattr(plain.plot, name)(arm="none")
    assert "Nothing at all" in ax.figure.get_label()
    assert name in dir(plain.plot)


def test_an_unknown_chart_says_which_there_are(plain):
    with pytest.raises(AttributeError, match=r"no chart 'pie'; the charts are npv, bridge, pool, reasons"):
        plain.plot.pie()


@pytest.mark.parametrize("name", [*NAMES, *EXTRA])
def test_an_unknown_arm_says_which_there_are(name, run):
    with pytest.raises(UsageError, match="no arm 'nobody'; the arms are baseline, arm0"):
        chart(name)(run("full"), arm="nobody")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scenario", ["leaky", "eight_arms", "loss"])
def test_the_baseline_can_be_the_subject(name, scenario, run):
    figure = chart(name)(run(scenario), arm="baseline").figure
    figure.canvas.draw()
    assert overlapping(figure) == []
    assert leaving(figure) == []


def test_a_chart_shows_itself_in_a_notebook(plain):
    assert plain.plot.npv()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "said"), [("desks", "no service desk"), ("concentration", "neither key accounts")])
def test_a_chart_that_does_not_apply_says_why(name, said, plain):
    assert name not in names_of(plain)
    with pytest.raises(UsageError, match=said):
        getattr(plain.plot, name)()


# -- in the place of other axes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "many"), MANY)
@pytest.mark.parametrize("size", [(6.4, 4.8), (20, 6), (5, 9)])
def test_a_chart_fits_into_given_axes(name, many, size, run):
    figure = Figure(figsize=size)
    ax = figure.add_subplot()
    assert chart(name)(run(many), ax=ax) is ax
    figure.savefig("/dev/null", format="png")
    assert overlapping(figure) == []
    assert leaving(figure) == []


def test_all_charts_fit_on_one_figure(plain):
    figure = Figure(figsize=(40, 12))
    for name, ax in zip(NAMES, figure.subplots(2, 4).flat, strict=True):
        chart(name)(plain, ax=ax)
    figure.canvas.draw()
    assert overlapping(figure) == []


def test_a_chart_fits_into_a_subfigure(plain):
    figure = Figure(figsize=(16, 6))
    left, right = figure.subfigures(1, 2)
    for part in (left, right):
        plain.plot.npv(ax=part.add_subplot())
    figure.canvas.draw()
    assert overlapping(figure) == []
    assert leaving(figure) == []


# -- what they say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "loss", "alone", "huge", "six_months", "equal"])
def test_the_bridge_ends_at_the_npv(name, run):
    subject = Subject(run(name))
    start = 0.0 if subject.is_alone else run(name).report["arms"]["baseline"]["npv"]["mean"]
    steps = bridge.steps_of(subject, start)
    end = steps[-1].end if steps else start
    assert end == pytest.approx(subject.report["npv"]["mean"], rel=1e-12)


def test_the_bridge_tells_every_kind_of_line(run):
    ax = run("loss").plot.bridge()
    for line in ("Revenue", "Acquisition", "Retention", "programme", "Investment", "Fixed costs", "Tax", "Closing"):
        assert line in written(ax.figure)


def test_the_bridge_leaves_closing_value_out_where_it_does_not_count(run):
    assert "losing" not in written(run("six_months").plot.bridge().figure)


def test_a_loss_is_explained_by_a_loss(run):
    assert "fixed costs −$" in run("eight_arms").plot.bridge(arm="baseline").figure.get_label().replace("\u00a0", " ")


def test_small_lines_of_a_bridge_are_merged_into_one_and_nothing_is_lost(run, monkeypatch):
    subject = Subject(run("loss"))
    every = bridge._lines(subject)
    monkeypatch.setattr(bridge, "_MOST", 3)
    fewer = bridge._lines(subject)
    assert len(fewer) == 3 + 2
    assert list(fewer)[-2:] == ["other", "closing_value"]
    assert sum(fewer.values()) == pytest.approx(sum(every.values()), rel=1e-12)


def test_the_leak_at_target_is_drawn_where_it_is_exceeded(run):
    assert "at the target of 10.0 %" in written(run("alone").plot.pool().figure)
    assert "exceeds the target of 10.0 %" in written(run("alone").plot.pool().figure)
    assert "target" not in written(run("plain").plot.pool().figure)


def test_the_reasons_say_where_their_shares_come_from(run):
    assert "switchers' own accounts" in written(run("plain").plot.reasons().figure)
    assert "accounts" not in written(run("twelve_arms").plot.reasons().figure)


def test_the_npv_of_an_arm_that_cannot_be_told_from_the_baseline_is_called_so(plain):
    assert "NPV stays" in plain.plot.npv(arm="none").figure.get_label()


def test_bands_say_what_they_are(plain):
    assert "95 % interval of the mean" in written(plain.plot.pool().figure)


def test_a_mean_is_never_written_outside_its_interval(plain):
    subject = Subject(plain)
    assert subject.mean({"mean": 1.148e6, "low": 1.11e6, "high": 1.19e6}) == "EUR\u00a01.15\u00a0m"
    assert subject.mean({"mean": 1.148e6, "low": 1.0e6, "high": 1.3e6}) == "EUR\u00a01.1\u00a0m"


def test_axes_name_their_unit(run):
    assert "NPV, EUR k" in written(run("plain").plot.npv().figure)
    assert "NPV, $ tn" in written(run("eight_arms").plot.npv().figure)


def test_the_drawn_pool_is_the_mean_of_the_run(plain):
    ax = plain.plot.pool()
    monthly = plain.monthly[plain.monthly["arm"] == "retention"]
    expected = monthly.groupby("month")["pool"].mean().to_numpy()
    assert any(len(x := line.get_ydata()) == len(expected) and np.allclose(x, expected) for line in ax.lines)


# -- files ------------------------------------------------------------------------------------------------------


def test_every_chart_is_drawn_in_every_format(plain, tmp_path):
    paths = draw(plain, tmp_path / "new" / "charts")
    assert [path.name for path in paths] == [f"{name}.{ending}" for name in NAMES for ending in ("png", "svg")]
    assert sorted(paths) == sorted((tmp_path / "new" / "charts").iterdir())


def test_an_unknown_format_is_refused_before_anything_is_drawn(plain, tmp_path):
    with pytest.raises(UsageError, match="format 'gif'; the formats are png, svg, pdf"):
        draw(plain, tmp_path / "charts", formats=["png", "gif"])
    assert not (tmp_path / "charts").exists()


@pytest.mark.parametrize(("name", "many"), MANY)
def test_a_drawing_holds_its_words_as_words_and_no_date(name, many, run, tmp_path):
    path = tmp_path / "chart.svg"
    canvas.save(chart(name)(run(many)), path, "svg")
    source = path.read_text("utf-8")
    root = ElementTree.fromstring(source)
    words = " ".join("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "<b>everybody</b> for $x^2$" in words
    assert not re.search(r"<dc:date>|matplotlib\.org", source)


TWICE = """
from matplotlib.figure import Figure
from retainsim.charts.drawing import content
figure = Figure()
figure.text(0.1, 0.5, "EUR 1.9 m: Ωμέγα ♥", weight="bold")
figure.text(0.1, 0.2, "two fonts")
print(content(figure, "pdf").hex())
"""


def test_a_page_has_the_same_bytes_in_every_process():
    """Python's hashes of strings, and matplotlib's names of fonts with them, differ from process to process."""
    words = [sys.executable, "-c", TWICE]
    found = {subprocess.check_output(words, env=os.environ | {"PYTHONHASHSEED": seed}) for seed in ("1", "2")}
    assert len(found) == 1


def test_a_page_holds_its_fonts_and_no_date(plain, tmp_path):
    content = plain.plot.npv().save(tmp_path / "npv.pdf").read_bytes()
    fonts = set(re.findall(rb"/BaseFont /([^\s/]+)", content))
    assert fonts
    assert all(re.fullmatch(rb"[A-Z]{6}\+DejaVuSans(-Bold)?", font) for font in fonts)
    assert content.count(b"/FontFile2") >= len(fonts)
    assert not re.search(rb"/CreationDate|/ModDate|/Producer|/Creator|atplotlib", content)


def test_one_chart_or_all_are_saved_by_the_names_of_their_files(plain, tmp_path):
    assert plain.plot.pool().save(tmp_path / "pool.SVG").read_bytes().startswith(b"<?xml")
    assert [path.name for path in plain.plot.save(tmp_path / "all", formats=["pdf"])] == [f"{n}.pdf" for n in NAMES]
    with pytest.raises(UsageError, match=r"a chart is saved as \.png, \.svg, \.pdf"):
        plain.plot.pool().save(tmp_path / "pool.gif")


def test_a_picture_is_as_large_as_a_screen(plain, tmp_path):
    path = tmp_path / "chart.png"
    canvas.save(plain.plot.npv(), path, "png")
    head = path.read_bytes()
    assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (1920, 1080)
    assert b"oftware" not in head


def test_the_users_own_settings_change_nothing(plain, tmp_path):
    import matplotlib

    canvas.save(plain.plot.pool(), tmp_path / "a.png", "png")
    with matplotlib.rc_context(
        {"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9, "svg.fonttype": "path"}
    ):
        canvas.save(plain.plot.pool(), tmp_path / "b.png", "png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


# -- the house --------------------------------------------------------------------------------------------------


def test_every_chart_file_is_registered():
    helpers = {
        "__init__", "beside", "canvas", "colours", "drawing", "ending", "keyed", "lettering", "scales", "subject",
        "tenure", "voice",
    }  # fmt: skip
    assert {path.stem for path in FOLDER.glob("*.py")} == helpers | set(NAMES) | set(EXTRA) | set(ANSWERS)


def test_only_the_canvas_knows_a_backend():
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in getattr(node, "names", [])]
            is_backend = any(str(name).startswith(("matplotlib.backends", "matplotlib.pyplot")) for name in names)
            assert not is_backend or path.name == "canvas.py", path.name


def test_no_chart_imports_another():
    every = (*NAMES, *EXTRA, *ANSWERS)
    for name in every:
        source = (FOLDER / f"{name}.py").read_text("utf-8")
        others = [
            other
            for other in every
            if re.search(rf"from retainsim.charts import.*\b{other}\b|charts\.{other}\b", source)
        ]
        assert others == []
