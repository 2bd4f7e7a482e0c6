"""Summarytab: the sheets of months and of what they add up to, arm by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.charts.colours import LIGHT, arm_colours
from retainsim.charts.lettering import clean, sentence, visible
from retainsim.charts.subject import Subject
from retainsim.present import origin
from retainsim.present.assumption import money_unit
from retainsim.present.ledgerbook import HEAD, Book, Cell, Formula
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results

_KEYS = ("Arm", "Month", "Date")
GRID = {"visible": True, "line": {"color": LIGHT}}
"""How the lines behind a chart look."""
_NAMES = {"acquisition": "acquisition_cost"}
"""Lines that the report has under another name."""


class Months:
    """The monthly table: means over the replications, one block of rows for each arm."""

    def __init__(self, results: Results) -> None:
        wanted = [c for c in results.monthly if c not in ("arm", "replication", "month", "date")]
        means = results.monthly.groupby(["arm", "month"], sort=False)[wanted].mean()
        self.columns = [str(column) for column in wanted]
        self.arms = list(results.arms)
        self._titles = {name: clean(title) for name, title in results.arms.items()}
        self._means: dict[str, pd.DataFrame] = {name: pd.DataFrame(means.loc[name]) for name in self.arms}
        self.count = len(self._means[BASELINE])
        dates = results.monthly[results.monthly["arm"] == BASELINE].drop_duplicates("month")["date"]
        self._dates = ["" if pd.isna(date) else str(date)[:10] for date in dates]

    def total(self, arm: str, column: str) -> Formula:
        """Return the sum of a column over the months of an arm."""
        return Formula(f"=SUM({self.cells(arm, column)})", float(self._means[arm][column].sum()))

    def last(self, arm: str, column: str) -> Formula:
        """Return a column at the horizon of an arm."""
        cell = self.cells(arm, column).rpartition(":")[2]
        return Formula(f"=Monthly!{cell}", float(self._means[arm][column].iloc[-1]))

    def cells(self, arm: str, column: str) -> str:
        """Return where a column of an arm stands: Monthly!$D$4:$D$64."""
        from xlsxwriter.utility import xl_rowcol_to_cell

        first, at = self.first(arm), self.place(column)
        ends = (xl_rowcol_to_cell(row, at, row_abs=True, col_abs=True) for row in (first, first + self.count - 1))
        return f"Monthly!{':'.join(ends)}"

    def first(self, arm: str) -> int:
        """Return the row (from 0) of month 0 of an arm."""
        return HEAD + 1 + self.arms.index(arm) * self.count

    def place(self, column: str) -> int:
        """Return the column (from 0) of a measure."""
        return len(_KEYS) + self.columns.index(column)

    def write(self, book: Book) -> None:
        """Write the table."""
        rows: list[list[Cell]] = []
        for arm in self.arms:
            for month, values in enumerate(self._means[arm].to_numpy().tolist()):
                rows.append([self._titles[arm], month, self._dates[month], *values])
        heads = [*_KEYS, *(_label(column) for column in self.columns)]
        about = "Means over the replications; month 0 is the opening. Present value: net cash, discounted to month 0."
        book.table("Monthly", about, heads, rows, (30, 8, 11, *(14 for _ in self.columns)))


def write_summary(book: Book, results: Results, months: Months) -> None:
    """Write what every arm comes to, as formulas over the months, with two charts."""
    arms = list(results.arms)
    money = money_unit(Subject(results).money)
    book.head("Summary", clean(results.report["scenario"]["title"]), (44, *(20 for _ in arms)))
    row = 2
    for each in (*results.verdict, origin.checked(results), *(f"Beware: {w}" for w in results.report["warnings"])):
        book.put("Summary", (row, 0), f"{visible(sentence(each))}", text_wrap=False)
        row += 1
    row += 1
    book.heads(
        "Summary", row, [f"Means over the replications; amounts in {money}", *(clean(t) for t in results.arms.values())]
    )
    book.sheet("Summary").set_row(row, 45)
    lines = _lines(results, months, row + 1)
    for place, (label, cells) in enumerate(lines, row + 1):
        bold = label in ("NPV", "NPV against the baseline")
        for column, value in enumerate((label, *cells)):
            book.put("Summary", (place, column), value, bold=bold)
    _charts(book, results, months, row)


def _lines(results: Results, months: Months, first: int) -> list[tuple[str, list[Cell]]]:
    """Return the rows of the summary: label, and a cell for every arm; `first` is the row of the first."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    arms, report = list(results.arms), results.report["arms"]
    counted = results.report["run"]["closing_value"] == "expected"
    horizon = [months.total(arm, "present_value") for arm in arms]
    closing = [float(report[arm]["closing_value"]["mean"]) if counted else 0.0 for arm in arms]

    def cell(line: int, arm: int) -> str:
        return xl_rowcol_to_cell(first + line, arm + 1)

    npv = [Formula(f"={cell(0, i)}+{cell(1, i)}", horizon[i].value + closing[i]) for i in range(len(arms))]
    gains = [Formula(f"={cell(2, i)}-{cell(2, 0)}", npv[i].value - npv[0].value) for i in range(len(arms))]
    paired = [report[arm].get("versus_baseline", {}) for arm in arms]
    lines: list[tuple[str, list[Cell]]] = [
        ("NPV to the horizon (sum of the months)", [*horizon]),
        (f"Closing value{'' if counted else ' (not counted)'}", [*closing]),
        ("NPV", [*npv]),
        ("NPV, 95 % from", [report[arm]["npv"]["low"] for arm in arms]),
        ("NPV, 95 % to", [report[arm]["npv"]["high"] for arm in arms]),
        ("NPV against the baseline", [*gains]),
        ("NPV against the baseline, 95 % from", [each.get("npv", {}).get("low") for each in paired]),
        ("NPV against the baseline, 95 % to", [each.get("npv", {}).get("high") for each in paired]),
        ("P(better): share of replications", [each.get("p_better") for each in paired]),
        ("Kept 12 months, share", [report[arm]["retention_12m"]["mean"] for arm in arms]),
        ("Pool at the horizon, customers", [months.last(arm, "pool") for arm in arms]),
    ]
    flows = [c for c in months.columns if c not in ("pool", "active_customers", "present_value")]
    lines += [(f"{_label(c)}, sum of the months", [months.total(arm, c) for arm in arms]) for c in flows]
    checks: list[Cell] = [
        Formula(f"={cell(2, i)}-({_exact(report[arm]['npv']['mean'])})", 0.0) for i, arm in enumerate(arms)
    ]
    return [*lines, ("Check: NPV above less the run's own (rounding only)", checks)]


def _exact(value: float) -> str:
    return repr(float(value))


def _charts(book: Book, results: Results, months: Months, row: int) -> None:
    """Draw the pool by month and the NPV by arm, from the cells above and from the months."""
    arms, colours, sheet = list(results.arms), arm_colours(results), book.sheet("Summary")
    below = row + 3 + 12 + len(months.columns)
    pool: Any = book.book.add_chart({"type": "line"})
    for arm in arms:
        pool.add_series(
            {
                "name": ["Monthly", months.first(arm), 0],
                "categories": ["Monthly", months.first(arm), 1, months.first(arm) + months.count - 1, 1],
                "values": f"={months.cells(arm, 'pool')}",
                "line": {"color": colours[arm], "width": 2.25},
            }
        )
    pool.set_x_axis({"name": "Month", "interval_unit": 12, "interval_tick": 12})
    pool.set_y_axis({"num_format": "#,##0", "major_gridlines": GRID})
    sheet.set_h_pagebreaks([below])
    _place(sheet, pool, "Customers in the pool, by month", (below, 0))
    npv: Any = book.book.add_chart({"type": "bar"})
    npv.add_series(
        {
            "name": "NPV",
            "categories": ["Summary", row, 1, row, len(arms)],
            "values": ["Summary", row + 3, 1, row + 3, len(arms)],
            "points": [{"fill": {"color": colours[arm]}} for arm in arms],
            "gap": 50,
        }
    )
    npv.set_y_axis({"reverse": True})
    npv.set_x_axis({"num_format": "#,##0", "major_gridlines": GRID, "label_position": "high"})
    npv.set_legend({"none": True})
    _place(sheet, npv, f"NPV, {money_unit(Subject(results).money)}", (below + 23, 0))


def _place(sheet: Any, chart: Any, title: str, place: tuple[int, int]) -> None:
    chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
    chart.set_size({"width": 960, "height": 430})
    sheet.insert_chart(*place, chart, {"description": title})


def _label(column: str) -> str:
    return sentence(_NAMES.get(column, column).replace("_", " "))
