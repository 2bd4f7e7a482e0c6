"""Sheet: the small workbook behind a chart that can be edited: a column of names, then columns of numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from retainsim.present.native import Part, Values
from retainsim.present.package import DATE

NAME = "Sheet1"


@dataclass(frozen=True)
class Column:
    """One column of numbers: its name, a number for each row, its colour, and a colour for each row if they differ.

    `above` and `below` are the lengths of the 95 % intervals above and below the numbers, where they are drawn.
    """

    name: str
    values: Values
    colour: str
    colours: tuple[str, ...] = ()
    above: Values = ()
    below: Values = ()


def columns_of(part: Part) -> list[Column]:
    """Return what a chart of bars or lines draws: its series as they are."""
    return [
        Column(s.title, s.values, s.colour, s.colours, _gaps(s.high, s.values), _gaps(s.values, s.low))
        for s in part.series
    ]


def steps_of(part: Part, gain: str, loss: str) -> list[Column]:
    """Return what a chart of steps draws, as columns on top of one another, and where each step ends.

    The first is the gap below a step and has no colour; a step that crosses zero lies on both sides of it.
    """
    series = part.series[0]
    levels = [_level(start, value) for start, value in zip(part.starts, series.values, strict=True)]
    is_total = [start is None for start in part.starts]
    gaps = [0.0 if total else _gap(*ends) for total, ends in zip(is_total, levels, strict=True)]
    found = [Column("Below the step", tuple(gaps), "")]
    kinds = {
        "Total": (is_total, series.colour),
        "Gain": ([not t and b >= a for t, (a, b) in zip(is_total, levels, strict=True)], gain),
        "Loss": ([not t and b < a for t, (a, b) in zip(is_total, levels, strict=True)], loss),
    }
    for name, (chosen, colour) in kinds.items():
        above, below = zip(
            *(_sides(a, b) if c else (0.0, 0.0) for c, (a, b) in zip(chosen, levels, strict=True)), strict=True
        )
        colours = series.colours if name == "Total" else ()
        found += [Column(name, above, colour, colours)] * (any(above) or not any(below))
        found += [Column(f"{name} below zero", below, colour, colours)] * any(below)
    found.append(_after(part, [end for _, end in levels]))
    return found


def _after(part: Part, ends: list[float]) -> Column:
    """Return where each step ends, with the interval of the step."""
    series = part.series[0]
    return Column(
        "Value after it", tuple(ends), "", (), _gaps(series.high, series.values), _gaps(series.values, series.low)
    )


def _level(start: float | None, value: float | None) -> tuple[float, float]:
    return start or 0.0, (start or 0.0) + (value or 0.0)


def _gap(start: float, end: float) -> float:
    """Return what lies between zero and a step."""
    return 0.0 if start * end <= 0 else min(start, end, key=abs)


def _sides(start: float, end: float) -> tuple[float, float]:
    """Return how much of a step lies above zero and how much, negative, below."""
    high, low = max(start, end), min(start, end)
    return max(high, 0.0) - max(low, 0.0), min(low, 0.0) - min(high, 0.0)


def _gaps(high: Values, low: Values) -> Values:
    pairs = zip(high, low, strict=True) if high and low else ()
    return tuple(None if a is None or b is None else max(a - b, 0.0) for a, b in pairs)


def workbook(names: Sequence[str], columns: Sequence[Column], number: str) -> bytes:
    """Return a workbook with names in its first column and numbers beside them; nothing in it is a formula."""
    import xlsxwriter

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": DATE})
    sheet, shown = book.add_worksheet(NAME), book.add_format({"num_format": number})
    for row, name in enumerate(names, 1):
        sheet.write_string(row, 0, name)
    for place, (name, values) in enumerate(listed(columns), 1):
        sheet.write_string(0, place, name)
        for row, value in enumerate(values, 1):
            if value is not None:
                sheet.write_number(row, place, value, shown)
    book.close()
    return file.getvalue()


def listed(columns: Sequence[Column]) -> list[tuple[str, Values]]:
    """Return the columns of the workbook in order: what is drawn, then the lengths of its intervals."""
    found = [(column.name, column.values) for column in columns]
    for column in columns:
        if any(column.above):
            found.append((f"95 % interval above: {column.name}", column.above))
            found.append((f"95 % interval below: {column.name}", column.below))
    return found
