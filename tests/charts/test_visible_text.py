"""The judge of the conformance tests sees what is wrong."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from visible_text import leaving, overlapping


def drawn(*places):
    figure = Figure(figsize=(4, 4))
    FigureCanvasAgg(figure)
    for x, y, text in places:
        figure.text(x, y, text)
    figure.canvas.draw()
    return figure


def test_text_on_text_is_found():
    assert overlapping(drawn((0.5, 0.5, "one"), (0.52, 0.51, "two"))) == [("one", "two")]


def test_text_beside_text_is_not():
    assert overlapping(drawn((0.1, 0.5, "one"), (0.5, 0.5, "two"))) == []


def test_text_over_the_edge_is_found():
    assert leaving(drawn((0.95, 0.5, "over the edge"), (0.1, 0.1, "inside"))) == ["over the edge"]
