"""Ledgerbook: an Excel file whose text is always text, and whose formulas carry the numbers they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from retainsim.charts.colours import GREY, INK
from retainsim.charts.lettering import visible

HEAD = 2
"""The row (from 0) in which the heads of a table stand, below its title and what it is about."""
_LINE, _MOST, _NARROW = 15.0, 20, 1.15
"""Height of a line (points), lines of a row at most (what is longer is cut in view), letters to a digit's width."""


@dataclass(frozen=True)
class Formula:
    """A formula, and the number it comes to."""

    text: str
    value: float


Cell: TypeAlias = str | int | float | Formula | None


class Book:
    """A workbook under way.

    Parameters
    ----------
    file
        Where it is written when it is closed.
    """

    def __init__(self, file: Any) -> None:
        import xlsxwriter

        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
        self.book = xlsxwriter.Workbook(file, options)
        self._sheets: dict[str, Any] = {}
        self._looks: dict[tuple[tuple[str, Any], ...], Any] = {}

    def describe(self, title: str, keywords: str, created: datetime) -> None:
        """Set the properties of the file."""
        about = {"title": title[:255], "author": "retainsim", "keywords": keywords, "created": created}
        self.book.set_properties(about)

    def add(self, name: str) -> None:
        """Add a sheet."""
        self._sheets[name] = self.book.add_worksheet(name)

    def sheet(self, name: str) -> Any:
        """Return a sheet."""
        return self._sheets[name]

    def look(self, **look: Any) -> Any:
        """Return a format, each made once."""
        key = tuple(sorted(look.items()))
        if key not in self._looks:
            self._looks[key] = self.book.add_format({"font_color": INK, "valign": "top", **look})
        return self._looks[key]

    def put(self, name: str, place: tuple[int, int], value: Cell, **look: Any) -> None:
        """Write a cell (row, column): text as text whatever it begins with, numbers and formulas as numbers."""
        sheet, form = self._sheets[name], {"num_format": number_format(value), **look}
        if isinstance(value, Formula):
            sheet.write_formula(*place, value.text, self.look(**form), value.value)
        elif isinstance(value, (int, float)):
            sheet.write_number(*place, value, self.look(**form))
        elif value is None:
            sheet.write_blank(*place, None, self.look(**look))
        else:
            sheet.write_string(*place, visible(value)[:32_000], self.look(**{"text_wrap": True, **look}))

    def head(self, name: str, about: str, widths: Sequence[float]) -> None:
        """Write a sheet's title and what it is about, set its columns' widths, and how it is printed."""
        sheet = self._sheets[name]
        for column, wide in enumerate(widths):
            sheet.set_column(column, column, wide)
        self.put(name, (0, 0), name, bold=True, font_size=16, text_wrap=False)
        self.put(name, (1, 0), about, font_color=GREY, text_wrap=False)
        sheet.set_row(0, 24)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def heads(self, name: str, row: int, heads: Sequence[str]) -> None:
        """Write the heads of columns."""
        for column, head in enumerate(heads):
            align = "left" if column == 0 else "right"
            self.put(name, (row, column), head, bold=True, bottom=1, align=align, valign="bottom")

    def table(
        self, name: str, about: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[float]
    ) -> None:
        """Write a sheet that is one table, its head kept in view."""
        self.head(name, about, widths)
        sheet = self._sheets[name]
        for column, head in enumerate(heads):
            self.put(name, (HEAD, column), head, bold=True, bottom=1, valign="bottom")
        for place, row in enumerate(rows, HEAD + 1):
            for column, value in enumerate(row):
                self.put(
                    name,
                    (place, column),
                    value,
                    **({"indent": 1, "align": "left"} if column and isinstance(value, str) else {}),
                )
            if (lines := _lines(row, widths)) > 1:  # not every program finds the height of wrapped text by itself
                sheet.set_row(place, _LINE * lines)
        sheet.freeze_panes(HEAD + 1, 1)
        sheet.repeat_rows(HEAD)
        sheet.autofilter(HEAD, 0, HEAD + max(1, len(rows)), len(heads) - 1)

    def close(self) -> None:
        """Write the file."""
        self.book.close()


def _lines(row: Sequence[Cell], widths: Sequence[float]) -> int:
    """Return how many lines the longest text of a row takes in columns of these widths (characters)."""
    texts = [(value, wide) for value, wide in zip(row, widths, strict=True) if isinstance(value, str)]
    return max((min(math.ceil(len(text) / wide / _NARROW), _MOST) for text, wide in texts), default=1)


def number_format(value: Cell) -> str:
    """Return how a number is shown: whole from a thousand on, else with as many digits as its size takes."""
    number = value.value if isinstance(value, Formula) else value
    if not isinstance(number, (int, float)):
        return "General"
    size = abs(float(number))
    if size >= 1000 or float(number).is_integer():
        return "#,##0;-#,##0"
    return "#,##0.00;-#,##0.00" if size >= 1 else "0.0000;-0.0000" if size >= 0.001 else "General"
