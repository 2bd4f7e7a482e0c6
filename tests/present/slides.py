"""Slides: what lies where on the slides of a deck, and whether its text fits, told from the file alone."""

import io
from itertools import combinations

import openpyxl
from pptx.util import Emu

from retainsim.charts.lettering import height, wrap

PIXEL = 9525
"""EMU: what rounding may move."""


def shapes(slide):
    """Return the shapes of a slide that hold anything."""
    return [shape for shape in slide.shapes if not (shape.has_text_frame and not shape.text_frame.text)]


def bounds(shape):
    return shape.left, shape.top, shape.left + shape.width, shape.top + shape.height


def leaving(deck):
    """Return shapes that leave their slide."""
    return [
        (number, shape.name)
        for number, slide in enumerate(deck.slides, 1)
        for shape in shapes(slide)
        for left, top, right, bottom in [bounds(shape)]
        if left < -PIXEL or top < -PIXEL or right > deck.slide_width + PIXEL or bottom > deck.slide_height + PIXEL
    ]


def overlapping(deck):
    """Return pairs of shapes of a slide that share more than a pixel."""
    found = []
    for number, slide in enumerate(deck.slides, 1):
        for one, other in combinations(shapes(slide), 2):
            a, b = bounds(one), bounds(other)
            wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
            if wide > PIXEL and high > PIXEL:
                found.append((number, one.name, other.name))
    return found


def too_tall(deck):
    """Return texts that, broken into lines in a wide font, are taller than their box or their cell."""
    found = []
    for number, slide in enumerate(deck.slides, 1):
        for shape in shapes(slide):
            if shape.has_text_frame:
                frame = shape.text_frame
                inset = frame.margin_left + frame.margin_right, frame.margin_top + frame.margin_bottom
                found += [(number, shape.name, frame.text)] * (not fits(frame, shape.width, shape.height, inset))
            elif shape.has_table:
                found += [(number, shape.name, text) for text in crowded(shape.table)]
    return found


def crowded(table):
    """Return the texts of cells that do not fit the height of their row."""
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            inset = cell.margin_left + cell.margin_right, cell.margin_top + cell.margin_bottom
            if not fits(cell.text_frame, column.width, row.height, inset):
                yield cell.text_frame.text


def fits(frame, wide, high, inset):
    room, tall = Emu(wide - inset[0]).pt, 0.0
    for paragraph in frame.paragraphs:
        size, bold = paragraph.runs[0].font.size.pt, paragraph.runs[0].font.bold
        text = wrap(paragraph.text, size, room, 99, bold is not False)
        text = wrap(paragraph.text, size, room, 99) if bold is None and not frame_is_title(frame) else text
        tall += height(text, size)
    return tall <= Emu(high - inset[1]).pt + 0.5


def frame_is_title(frame):
    return frame._parent.is_placeholder if hasattr(frame._parent, "is_placeholder") else False


def charts(deck):
    """Return the charts of a deck with the number of their slide."""
    return [(n, s.chart) for n, slide in enumerate(deck.slides, 1) for s in slide.shapes if s.has_chart]


def behind(chart):
    """Return the sheet behind a chart as rows."""
    blob = chart.part.chart_workbook.xlsx_part.blob
    return openpyxl.load_workbook(io.BytesIO(blob))["Sheet1"]


def titles(deck):
    return [slide.shapes.title.text_frame.text for slide in deck.slides]
