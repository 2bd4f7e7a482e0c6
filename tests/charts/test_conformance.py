"""What every chart keeps, whatever the run: nothing overlaps, nothing is clipped, nothing is small."""

import re

import pytest
from matplotlib.axes import Axes
from visible_text import leaving, overlapping, texts

from retainsim.charts import EXTRA, NAMES, canvas, chart

POINTS = 12
every = pytest.mark.parametrize("name", [*NAMES, *EXTRA])


@pytest.fixture(scope="module")
def results(case, run):
    return run(case[1])


@pytest.fixture(scope="module")
def drawn(case, results):
    ax = chart(case[0])(results)
    ax.figure.canvas.draw()
    return ax.figure


def test_no_text_overlaps_another(drawn):
    assert overlapping(drawn) == []


def test_no_text_leaves_the_slide(drawn):
    assert leaving(drawn) == []


def test_all_text_can_be_read_from_the_back_of_the_room(drawn):
    assert min(text.get_size() for text in texts(drawn)) >= POINTS


def test_no_text_is_read_as_mathematics(drawn):
    assert not [text.get_text() for text in texts(drawn) if text.get_parse_math() or text.get_usetex()]


def test_the_title_is_bold_and_states_a_number(drawn):
    title = max(texts(drawn), key=lambda text: text.get_size())
    assert title.get_weight() == "bold"
    assert title.get_ha() == "left"
    assert re.search(r"\d|Nobody", drawn.get_label())


def test_the_source_names_run_and_scenario(drawn, results):
    written = " ".join(text.get_text() for text in texts(drawn))
    run = results.report["run"]
    assert f"Source: retainsim {run['version']}" in written


def test_the_slide_is_sixteen_by_nine(drawn):
    width, height = drawn.get_size_inches()
    assert width / height == pytest.approx(16 / 9)


@every
def test_nothing_but_axes_is_returned(name, run):
    assert isinstance(chart(name)(run("full")), Axes)


@every
@pytest.mark.parametrize("ending", canvas.FORMATS)
def test_a_second_drawing_has_the_same_bytes(name, run, tmp_path, ending):
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        canvas.save(chart(name)(run("full")), path, ending)
    assert first.read_bytes() == second.read_bytes()
