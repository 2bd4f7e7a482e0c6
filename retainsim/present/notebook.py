"""Notebook: a run, or the answer to a question, as a cell shows it: the sentences, a table, the first chart."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import TYPE_CHECKING

import pandas as pd

from retainsim import markup
from retainsim.charts.canvas import slide_of, source_of
from retainsim.charts.lettering import clean, sentence, visible
from retainsim.present.armtable import arm_rows, caption, heads
from retainsim.present.picture import inline
from retainsim.wording import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results
    from retainsim.study.answer import Answer

_MOST_ROWS = 12
_NOTHING = 1e-9
"""Below this share of a column's largest number, a number is what rounding left of zero."""


def run(results: Results) -> str:
    """Return a run as a fragment of HTML: verdict, every arm with its intervals, what each is worth as a chart."""
    return markup.fragment(
        _top(results),
        markup.table(heads(results), arm_rows(results), caption=caption(results)),
        drawing(results.plot.npv(), results),
        _beware(results),
    )


def answer(found: Answer) -> str:
    """Return the answer to a question as a fragment of HTML: verdict, chart, and the first rows of its table."""
    drawn = drawing(found.plot(), found) if found.charts else markup.note(source_of(found))
    return markup.fragment(_top(found), drawn, _rows(found.table), _beware(found))


def _top(found: Results | Answer) -> str:
    title = markup.note(clean(found.report["scenario"]["title"]))
    return title + markup.verdict([visible(sentence(each)) for each in found.verdict])


def _beware(found: Results | Answer) -> str:
    return markup.beware(visible(each) for each in found.report["warnings"])


def drawing(ax: Axes, found: Results | Answer) -> str:
    """Return a chart whose ids no other drawing of the notebook has, but one of the same numbers."""
    slide = slide_of(ax)
    name = f"chart-{sha256(repr((slide.finding, found.report)).encode()).hexdigest()[:12]}"
    drawn = inline(ax, name, title=visible(slide.finding), about=visible(slide.about))
    return markup.figure(drawn, visible(slide.finding), visible(slide.about))


def _rows(table: pd.DataFrame) -> str:
    """Return the beginning of a table, in four digits; the table itself holds every digit."""
    shown = table.head(_MOST_ROWS)
    columns = [_column(shown[name]) for name in shown]
    words = [place for place, name in enumerate(shown) if not pd.api.types.is_numeric_dtype(shown[name].dtype)]
    note = f"The first {len(shown)} of {len(table):,} rows of .table" if len(table) > len(shown) else ""
    heads = [str(name).replace("_", " ") for name in shown]
    return markup.table(heads, zip(*columns, strict=True), words=words, caption=note)


def _column(values: pd.Series) -> list[str]:
    """Write a column; what is nothing beside its largest number is 0."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return ["–" if pd.isna(value) else str(value) for value in values]
    least = _NOTHING * float(values.abs().max())
    return [_number(float(value), least) for value in values]


def _number(value: float, least: float) -> str:
    if math.isnan(value):
        return "–"
    if abs(value) < least or value.is_integer():
        return f"{0.0 if abs(value) < least else value:,.0f}"
    return figure(value, 4)
