"""Bridgetab: the sheet of what every NPV is made of, and of the steps from the baseline's to an arm's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.charts.bridge import CLOSING, ORDER, scale_of, steps_of
from retainsim.charts.colours import GAIN, GREY, LOSS
from retainsim.charts.lettering import clean, sentence
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.present.assumption import money_unit
from retainsim.present.ledgerbook import Book, Formula
from retainsim.present.native import ends_of, step_of
from retainsim.present.summarytab import GRID, Months
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results

_TOP = 3
"""The row (from 0) of the heads."""
_STEPS = ("Start", "Change", "End", "Below the step", "Total", "Gain", "Loss", "Gain below zero", "Loss below zero")
_COLOURS = {"Total": GREY, "Gain": GAIN, "Loss": LOSS, "Gain below zero": GAIN, "Loss below zero": LOSS}


def write_bridge(book: Book, results: Results, months: Months) -> None:
    """Write the value at month 0 of every line by arm, added up by formulas, and the steps to the headline's arm."""
    subject, arms = Subject(results), list(results.arms)
    table = _values(results, subject)
    money = money_unit(subject.money)
    book.head("Bridge", f"Value at month 0 of every line, {subject.terms}; {money}, means", (34, *[18] * 12))
    book.heads("Bridge", _TOP, ["Line", *(clean(title) for title in results.arms.values())])
    book.sheet("Bridge").set_row(_TOP, 45)
    for row, line in enumerate(table.index, _TOP + 1):
        book.put("Bridge", (row, 0), _word(line))
        for column, arm in enumerate(arms, 1):
            book.put("Bridge", (row, column), float(table.loc[line, arm]))
    total = _TOP + 1 + len(table)
    book.put("Bridge", (total, 0), "NPV (sum of the lines)", bold=True, top=1)
    for column, arm in enumerate(arms, 1):
        text = f"=SUM({_cell(_TOP + 1, column)}:{_cell(total - 1, column)})"
        book.put("Bridge", (total, column), Formula(text, float(table[arm].sum())), bold=True, top=1)
    _steps(book, results, table, total)


def _values(results: Results, subject: Subject) -> pd.DataFrame:
    """Return the mean value of every line (rows) by arm (columns), as far as the NPV counts it."""
    means = results.values.groupby(["line", "arm"], sort=False)["value"].mean().unstack("arm").fillna(0.0)
    table = pd.DataFrame(means[list(results.arms)])
    told = [line for line in ORDER if line in table.index]
    others = sorted(line for line in table.index if line not in (*told, CLOSING))
    table = table.loc[[*told, *others, *[CLOSING] * subject.has_closing]]
    return table[(table != 0.0).any(axis=1)]


def _steps(book: Book, results: Results, table: pd.DataFrame, total: int) -> None:
    """Write the steps from the baseline (or from nothing) to the headline's arm, and draw them."""
    subject, arms, top = Subject(results), list(results.arms), total + 3
    title = subject.title(subject.arm)
    book.put("Bridge", (top - 1, 0), f"Steps to “{title}”", bold=True, text_wrap=False)
    book.heads("Bridge", top, ["Line", *_STEPS])
    own, base = arms.index(subject.arm) + 1, 0 if subject.is_alone else arms.index(BASELINE) + 1
    level, row, levels = 0.0, top + 1, [0.0] * subject.is_alone
    if base:
        level = float(table[BASELINE].sum())
        _total(book, row, subject.title(BASELINE), Formula(f"={_cell(total, base)}", level))
        row += 1
    for place, line in enumerate(table.index, _TOP + 1):
        before = float(table.loc[line, BASELINE]) if base else 0.0
        change = float(table.loc[line, subject.arm]) - before
        text = f"={_cell(place, own)}" + (f"-{_cell(place, base)}" if base else "")
        start = Formula(f"={_cell(row - 1, 3)}" if row > top + 1 else "=0", level)
        _step(book, row, _word(line), start, Formula(text, change))
        levels.append(level)
        level, row = level + change, row + 1
    levels.append(level)
    _total(book, row, title, Formula(f"={_cell(row - 1, 3)}", level))
    book.put("Bridge", (row + 1, 0), "Check: less the sum above (rounding only)")
    book.put("Bridge", (row + 1, 3), Formula(f"={_cell(row, 3)}-{_cell(total, own)}", 0.0))
    _chart(book, subject, (top, row), levels)


def _total(book: Book, row: int, name: str, level: Formula) -> None:
    book.put("Bridge", (row, 0), name, bold=True)
    for column, step in enumerate(_STEPS, 1):
        found = level if step == "End" else Formula(f"={_cell(row, 3)}", level.value) if step == "Total" else None
        book.put("Bridge", (row, column), found, bold=True)


def _step(book: Book, row: int, name: str, start: Formula, change: Formula) -> None:
    a, b = start.value, start.value + change.value
    s, c, e = (_cell(row, column) for column in (1, 2, 3))
    gap = 0.0 if a * b <= 0 else min(a, b, key=abs)
    above, below = max(a, b, 0.0) - max(min(a, b), 0.0), min(a, b, 0.0) - min(max(a, b), 0.0)
    up, down = f"MAX({s},{e},0)-MAX(MIN({s},{e}),0)", f"MIN({s},{e},0)-MIN(MAX({s},{e}),0)"
    is_gain = change.value >= 0
    cells = [
        start, change, Formula(f"={s}+{c}", b),
        Formula(f"=IF({s}*{e}<=0,0,IF({s}>0,MIN({s},{e}),MAX({s},{e})))", gap), None,
        Formula(f"=IF({c}>=0,{up},0)", above * is_gain), Formula(f"=IF({c}<0,{up},0)", above * (not is_gain)),
        Formula(f"=IF({c}>=0,{down},0)", below * is_gain), Formula(f"=IF({c}<0,{down},0)", below * (not is_gain)),
    ]  # fmt: skip
    book.put("Bridge", (row, 0), name)
    for column, value in enumerate(cells, 1):
        book.put("Bridge", (row, column), value)


def _chart(book: Book, subject: Subject, rows: tuple[int, int], levels: list[float]) -> None:
    top, last = rows
    chart: Any = book.book.add_chart({"type": "column", "subtype": "stacked"})
    for column, step in enumerate(_STEPS[3:], 4):
        fill = {"color": _COLOURS[step]} if step in _COLOURS else {"none": True}
        chart.add_series(
            {
                "name": ["Bridge", top, column],
                "categories": ["Bridge", top + 1, 0, last, 0],
                "values": ["Bridge", top + 1, column, last, column],
                "fill": fill,
                "border": {"none": True},
                "gap": 40,
            }
        )
    ends = _ends(subject, levels)
    title = f"Value at month 0, {money_unit(subject.money)}{' (axis does not start at zero)' * bool(ends)}"
    chart.set_title({"name": title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_x_axis({"label_position": "low"})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": GRID, **ends})
    chart.set_size({"width": 1100, "height": 430})
    place = (last + 4, 0)
    book.sheet("Bridge").set_h_pagebreaks([last + 4])
    book.sheet("Bridge").insert_chart(*place, chart, {"description": f"Steps to {subject.title(subject.arm)}"})


def _ends(subject: Subject, levels: list[float]) -> dict[str, float]:
    """Return where the axis of money starts and ends, if the steps could not be seen on one from zero."""
    base = 0.0 if subject.is_alone else float(subject.results.report["arms"][BASELINE]["npv"]["mean"])
    if scale_of(subject, base, steps_of(subject, base)).has_zero or min(levels) <= 0.0:
        return {}
    scale = Scale.of(levels)
    return {**dict(zip(("min", "max"), ends_of(scale), strict=True)), "major_unit": step_of(scale)}


def _cell(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return xl_rowcol_to_cell(row, column)


def _word(line: str) -> str:
    return sentence(line.replace("_", " "))
