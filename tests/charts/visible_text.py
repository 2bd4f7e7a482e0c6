"""Visible text: every text of a drawn figure that is seen, which of them overlap, and which are clipped."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

PIXEL = 1.0


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


def renderer(figure):
    """Return what measures text on a figure; a canvas that has none would make one for every text."""
    canvas = figure.canvas if hasattr(figure.canvas, "get_renderer") else FigureCanvasAgg(figure)
    return canvas.get_renderer()


def overlapping(figure):
    """Return pairs of visible texts whose boxes share more than a pixel."""
    boxes = [(text, text.get_window_extent(renderer(figure))) for text in texts(figure)]
    return [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in combinations(boxes, 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > PIXEL
        and min(one.y1, other.y1) - max(one.y0, other.y0) > PIXEL
    ]


def leaving(figure):
    """Return visible texts that leave the figure."""
    edge = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent(renderer(figure))) for text in texts(figure)]
    return [text for text, box in boxes if box.x0 < edge.x0 or box.x1 > edge.x1 or box.y0 < edge.y0 or box.y1 > edge.y1]
