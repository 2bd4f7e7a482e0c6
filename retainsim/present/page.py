"""Page: one slide of a deck: a title that fits, and text, tables and charts that keep clear of one another.

Text is measured in a wide font before it is placed, so that it also fits in the font of the master.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from retainsim.charts.canvas import INCH
from retainsim.charts.colours import GREY, INK
from retainsim.charts.lettering import BOUND, height, visible, wrap
from retainsim.present.master import Box, Master

if TYPE_CHECKING:
    from pptx.slide import Slide

TITLES = (28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0, 12.0)
INSET = (0.1, 0.05)
"""Inches between the edge of a box or a cell and its text."""
_SPARE = 0.02
MUTED = GREY
"""The colour of what is said beside."""


class Page:
    """A new slide of a deck, with a title; `room` is what is left of it below what has been placed.

    Parameters
    ----------
    master
        The deck.
    title
        A sentence; it shrinks and wraps to fit, and what still does not fit is cut.
    """

    def __init__(self, master: Master, title: str) -> None:
        self.master = master
        self.slide: Slide = master.deck.slides.add_slide(master.layout)
        self.room = master.room
        for shape in list(self.slide.placeholders):
            if shape.placeholder_format.idx != 0:
                shape._element.getparent().remove(shape._element)
        self._write_title(visible(title).replace("\n", " "), master.title)

    def text(
        self,
        text: str,
        size: float = 14.0,
        *,
        colour: str = INK,
        bold: bool = False,
        most: int = 99,
        foot: bool = False,
    ) -> None:
        """Write paragraphs, one a line, at the top of the room, or at its foot, in at most so many lines each."""
        found = [wrap(visible(line), size, self._wide(self.room), most, bold) for line in text.split("\n")]
        tall = sum(height(lines, size) for lines in found) / INCH + 2 * INSET[1] + _SPARE
        box = replace(self.room, height=tall)
        if foot:
            box = replace(box, top=self.room.bottom - tall)
            self.room = replace(self.room, height=self.room.height - tall)
        else:
            self.room = self.below(box)
        self.write(box, [" ".join(lines.split("\n")) for lines in found], size, colour=colour, bold=bold)

    def write(
        self, box: Box, lines: Sequence[str], size: float, *, colour: str = INK, bold: bool = False, tight: bool = False
    ) -> None:
        """Write paragraphs into a box, which they are known to fit; a tight one has no margin above and below."""
        from pptx.enum.text import MSO_AUTO_SIZE

        shape = self.slide.shapes.add_textbox(*self.master.placed(box))
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        self._inset(frame, tight=tight)
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            self._write(paragraph, line, size, colour=colour, bold=bold)

    def below(self, box: Box) -> Box:
        """Return the room below a box."""
        return replace(self.room, top=box.bottom, height=self.room.bottom - box.bottom)

    def table(
        self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, size: float = 12.0, right: int = 99
    ) -> int:
        """Write as many rows as there is room for, the first as a head, columns from `right` on to the right.

        Widths are shares of the room. Return how many rows after the head have been written.
        """
        shares = [share / sum(widths) * self.room.width for share in widths]
        cells = [
            [_cell(text, size, wide, row == 0) for text, wide in zip(line, shares, strict=True)]
            for row, line in enumerate(rows)
        ]
        heights = [max(height(text, size) for text in line) / INCH + 2 * INSET[1] for line in cells]
        kept, total = 0, 0.0
        while kept < len(rows) and total + heights[kept] <= self.room.height:
            total, kept = total + heights[kept], kept + 1
        kept = max(kept, min(2, len(rows)))
        box = replace(self.room, height=sum(heights[:kept]))
        grid = self.slide.shapes.add_table(kept, len(shares), *self.master.placed(box)).table
        self._size(grid, shares, heights[:kept])
        for row, line in enumerate(rows[:kept]):
            for column in range(len(line)):
                self._fill(grid.cell(row, column), cells[row][column], size, bold=row == 0, right=column >= right)
        self.room = self.below(box)
        return kept - 1

    def notes(self, text: str) -> None:
        """Write what the speaker should know."""
        frame = self.slide.notes_slide.notes_text_frame
        assert frame is not None
        frame.text = visible(text)

    def _write_title(self, title: str, box: Box) -> None:
        shape = self.slide.shapes.title
        assert shape is not None
        shape.left, shape.top, shape.width, shape.height = self.master.placed(box)
        room, high = self._wide(box), (box.height - 2 * INSET[1]) * INCH
        for size in TITLES:
            found = wrap(title, size, room, max(1, int(high / height("", size))), bold=True)
            if not found.endswith("…"):
                break
        frame = shape.text_frame
        frame.word_wrap = True
        self._inset(frame)
        self._write(frame.paragraphs[0], found.replace("\n", " "), size)

    def _inset(self, frame: Any, *, tight: bool = False) -> None:
        frame.margin_left = frame.margin_right = self.master.length(INSET[0])
        frame.margin_top = frame.margin_bottom = 0 if tight else self.master.length(INSET[1])

    def _write(self, paragraph: Any, text: str, size: float, *, colour: str = "", bold: bool | None = None) -> None:
        from pptx.dml.color import RGBColor

        run = paragraph.add_run()
        run.text = text or BOUND  # what is empty has the master's size
        run.font.size, run.font.bold = self.master.points(size), bold
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour[1:].upper())

    def _size(self, grid: Any, widths: Sequence[float], heights: Sequence[float]) -> None:
        for column, wide in zip(grid.columns, widths, strict=True):
            column.width = self.master.length(wide)
        for row, tall in zip(grid.rows, heights, strict=True):
            row.height = self.master.length(tall)

    def _fill(self, cell: Any, text: str, size: float, *, bold: bool, right: bool) -> None:
        from pptx.enum.text import PP_ALIGN

        self._inset(cell)
        for number, line in enumerate(text.split("\n")):
            paragraph = cell.text_frame.paragraphs[0] if number == 0 else cell.text_frame.add_paragraph()
            self._write(paragraph, line, size, bold=bold or None)
            if right:
                paragraph.alignment = PP_ALIGN.RIGHT

    @staticmethod
    def _wide(box: Box) -> float:
        return (box.width - 2 * INSET[0]) * INCH


def _cell(text: str, size: float, wide: float, bold: bool) -> str:
    lines = [wrap(visible(line), size, (wide - 2 * INSET[0]) * INCH, 6, bold) for line in text.split("\n")]
    return "\n".join(lines)
