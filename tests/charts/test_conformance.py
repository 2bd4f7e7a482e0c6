"""What every chart keeps, whatever the run: nothing overlaps, nothing is clipped, nothing is small."""

import re
from itertools import combinations

import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from retainsim.charts import NAMES, canvas, chart

POINTS = 12
PIXEL = 1.0


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def drawn(name, results):
    ax = chart(name)(results)
    ax.figure.canvas.draw()
    return ax.figure


def texts(figure):
    """Return every visible text of a drawn figure."""
    return [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and is_in_view(text)
    ]


def is_in_view(text):
    """False for labels of ticks that matplotlib keeps beyond the limits of their axis and does not draw."""
    axes = text.axes
    if axes is None or text not in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        return True
    x, y = text.get_position()
    low, high = sorted(axes.get_xlim()) if text in axes.get_xticklabels() else sorted(axes.get_ylim())
    return low <= (x if text in axes.get_xticklabels() else y) <= high


def overlapping(figure):
    """Return pairs of visible texts whose boxes share more than a pixel."""
    boxes = [(text, text.get_window_extent()) for text in texts(figure)]
    return [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in combinations(boxes, 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > PIXEL
        and min(one.y1, other.y1) - max(one.y0, other.y0) > PIXEL
    ]


def leaving(figure):
    """Return visible texts that leave the figure."""
    edge = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    return [text for text, box in boxes if box.x0 < edge.x0 or box.x1 > edge.x1 or box.y0 < edge.y0 or box.y1 > edge.y1]


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


def test_nothing_but_axes_is_returned(name, plain):
    assert isinstance(chart(name)(plain), Axes)


@pytest.mark.parametrize("ending", canvas.FORMATS)
def test_a_second_drawing_has_the_same_bytes(name, plain, tmp_path, ending):
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        canvas.save(chart(name)(plain), path, ending)
    assert first.read_bytes() == second.read_bytes()
