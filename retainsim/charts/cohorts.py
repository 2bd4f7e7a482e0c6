"""Cohorts: whether those who join later stay as long as those who joined first, and how many more an arm keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, SMALL, Panel, Slide
from retainsim.charts.colours import GAIN, GREY, LOSS, on
from retainsim.charts.lettering import cut, width
from retainsim.charts.scales import Scale, minus
from retainsim.charts.subject import Subject, amount
from retainsim.charts.tenure import is_of_newcomers, nobody_of, share, size
from retainsim.draws import Floats
from retainsim.study.cohort import Cohorts
from retainsim.study.cohort import cohorts as cohorts_of
from retainsim.study.compare import BASELINE
from retainsim.units import add_months
from retainsim.wording import span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_GAP = 0.35
_TALLEST = 0.5
_LIGHTEST, _DARKEST = 0.06, 0.7
"""Share of the full colour of the smallest and of the largest number."""
_PERIODS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}


@dataclass(frozen=True)
class Table:
    """One table of cells: its title, its numbers, and whether they are differences."""

    title: str
    numbers: Floats
    is_difference: bool


def cohorts(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share still there of those who joined in the same months, the baseline's and what an arm adds to it."""
    subject = Subject(results, arm)
    base, mine = pair_of(subject)
    tables = [Table("Share still there, %", 100 * base.shares, is_difference=False)]
    if not subject.is_alone:
        tables = [
            Table(f"{subject.title(BASELINE)}: share still there, %", 100 * base.shares, is_difference=False),
            Table("Difference in points", 100 * (mine.shares - base.shares), is_difference=True),
        ]
    with canvas.style():
        slide = Slide(results, finding_of(subject, base, mine), about_of(subject, base), notes=notes_of(subject), ax=ax)
        return _draw_all(slide, subject, base, tables)


def pair_of(subject: Subject) -> tuple[Cohorts, Cohorts]:
    """Return the cohorts of the baseline and of the arm, those left out that nobody came in."""
    pair = of_arm(subject, BASELINE), of_arm(subject, subject.arm)
    some = [row for row, came in enumerate(pair[0].came + pair[1].came) if came > 0.0]
    kept = some or list(range(len(pair[0].came)))
    base, mine = (
        replace(each, firsts=tuple(each.firsts[row] for row in kept), came=each.came[kept], shares=each.shares[kept])
        for each in pair
    )
    return base, mine


def of_arm(subject: Subject, arm: str) -> Cohorts:
    """Return the cohorts of an arm."""
    results = subject.results
    clients = tuple(client.name for client in results.scenario.parameters.accounts)
    run, is_new = results.report["run"], is_of_newcomers(subject)
    heads, arrivals = (
        table[(table["arm"] == arm) & ~table["segment"].isin(clients)] for table in (results.cohorts, results.detail)
    )
    arrivals = arrivals[arrivals["reason"] == ""]
    return cohorts_of(heads, arrivals, months=run["months"], replications=run["replications"], is_new=is_new)


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject, base: Cohorts, mine: Cohorts) -> str:
    """Compare the first cohort with the last at the same age, or what an arm adds to each."""
    age, rows = _age(base.every, base.shares + mine.shares)
    if not rows:
        return nobody_of(subject)
    later = f"{span(age * base.every)} later" if age else "at its end"
    first, last = (_name(subject, base, row) for row in (rows[0], rows[-1]))
    if subject.is_alone:
        told = f"Of those who join in {first}, {share(base.shares[rows[0], age])} are still there {later}"
        return told + (f"; of those of {last}, {share(base.shares[rows[-1], age])}" if len(rows) > 1 else "")
    gains = [float(mine.shares[row, age] - base.shares[row, age]) for row in (rows[0], rows[-1])]
    most = float(np.nanmax(np.abs(mine.shares - base.shares)))
    if max(map(abs, gains)) < 0.0005 and most < 0.01:
        within = f"to within {size(most)} points" if most else f"all {len(base.firsts)} of them"
        return f"{subject.name}: cohorts stay as in the baseline, {within}"
    told = f"{subject.name}: {later}, {_points(gains[0])} of those of {first} are still there"
    return told + (f", {_points(gains[1])} of those of {last}" if len(rows) > 1 else "")


def _points(gain: float) -> str:
    more = "more" if gain > 0 else "fewer"
    return f"{size(gain)} points {more}" if abs(gain) >= 0.0005 else "as many"


def _age(every: int, shares: Floats) -> tuple[int, list[int]]:
    """Return at which age cohorts are compared (a year if two reach it, else the most that two do), and which are."""
    reaching = [np.flatnonzero(np.isfinite(column)).tolist() for column in shares.T]
    several = [age for age, rows in enumerate(reaching) if len(rows) > 1]
    several = several or [age for age, rows in enumerate(reaching) if rows] or [0]
    age = 12 // every if 12 % every == 0 and 12 // every in several else several[-1]
    return age, reaching[age] if reaching else []


def _name(subject: Subject, found: Cohorts, row: int) -> str:
    """Write the months of a cohort: months 1 to 6, or 2026-01 to 2026-06."""
    start, first = subject.results.scenario.parameters.run.start, found.firsts[row]
    last = first + found.every - 1 if first else 0
    if start is not None:
        ends = [add_months(start, max(month - 1, 0)).isoformat()[:7] for month in (first, last)]
        return ends[0] if not first or first == last else f"{ends[0]} to {ends[1]}"
    return f"month {first}" if first == last else f"months {first} to {last}"


def about_of(subject: Subject, found: Cohorts) -> str:
    """Say what a row and a column are, and what the colours say."""
    period = _period(found)
    look = "the darker, the more" if subject.is_alone else "blue: more than in the baseline, vermilion: fewer"
    return (
        f"Share of those who came in the same {period} still there, by months since the end of that {period}: "
        f"mean of {subject.replications}; {look}"
    )


def _period(found: Cohorts) -> str:
    return _PERIODS.get(found.every) or f"{span(found.every)}"


def notes_of(subject: Subject) -> list[str]:
    """Say who is in the cohorts."""
    came = "how many came" if subject.is_alone else "how many came in the baseline"
    back = "; who comes back counts anew" if subject.results.monthly["returned"].any() else ""
    return [f"In brackets: {came}{back}. For 95 % intervals see the chart of survival."]


# -- drawing ----------------------------------------------------------------------------------------------------


def _draw_all(slide: Slide, subject: Subject, found: Cohorts, tables: list[Table]) -> Axes:
    """Place the tables side by side, with the cohorts' names on their left, and return the first."""
    names = [f"{_name(subject, found, row)} ({amount(float(n))})" for row, n in enumerate(found.came)]
    left = max(width(name, SMALL) for name in (*names, "Came in")) / INCH + 0.2
    rows, columns = found.shares.shape
    tall = min(_TALLEST * rows, slide.top - slide.bottom - 0.85)
    wide = (slide.width - left - _GAP * (len(tables) - 1)) / len(tables)
    panels = []
    for place, table in enumerate(tables):
        box = (left + place * (wide + _GAP), slide.top - 0.3 - tall, wide, tall)
        panels.append(slide.panel(box, _ages(found, wide / columns), Scale(0.0, float(rows), (), ()), grid=""))
        slide.text(box[0], panels[-1].top + 0.12, cut(table.title, SMALL, wide * INCH, True), SMALL, weight="bold")
        _fill(panels[-1], table)
    slide.text(left, panels[0].bottom - 0.48, f"Months since the end of that {_period(found)}", SMALL, weight="bold")
    slide.text(0, panels[0].top + 0.12, "Came in", SMALL, weight="bold")
    for row, name in enumerate(names):
        slide.text(left - 0.12, panels[0].y(rows - row - 0.5), name, SMALL, ha="right", va="center", color=GREY)
    return panels[0].ax


def _ages(found: Cohorts, wide: float) -> Scale:
    """Return the axis of time since a cohort came, written below the middle of each column where there is room."""
    columns = found.shares.shape[1]
    labels = [str(age * found.every) for age in range(columns)]
    every = 1 if max(width(label, SMALL) for label in labels) / INCH < 0.95 * wide else 2
    ticks = range(0, columns, every)
    return Scale(0.0, float(columns), tuple(age + 0.5 for age in ticks), tuple(labels[age] for age in ticks))


def _fill(panel: Panel, table: Table) -> None:
    """Colour the cells of a table and write its numbers into them, those of the first cohort on top."""
    panel.ax.spines[["left", "bottom"]].set_visible(False)
    panel.ax.tick_params(length=0)
    rows, columns = table.numbers.shape
    colours, room = _colours(table), panel.width / columns * INCH - 3
    digits = 1 if table.is_difference and all(width(w, SMALL) <= room for w in _written(table, 1).values()) else 0
    for (row, column), words in _written(table, digits).items():
        colour, level = colours[row, column], rows - row - 1.0
        cell = Rectangle((column, level), 1.0, 1.0, facecolor=colour, edgecolor="white")
        cell.set_linewidth(1.2 * panel.slide.scale)
        panel.ax.add_patch(cell)
        at = panel.x(column + 0.5), panel.y(level + 0.5)
        panel.slide.text(*at, words, SMALL, ha="center", va="center", color=on(colour))


def _written(table: Table, digits: int) -> dict[tuple[int, int], str]:
    """Return what stands in each cell, by row and column."""
    cells = [(int(row), int(column)) for row, column in np.argwhere(np.isfinite(table.numbers))]
    sign = "+" if table.is_difference else ""
    written = {cell: f"{table.numbers[cell]:{sign}.{digits}f}" for cell in cells}
    return {cell: minus(words) if float(words) else words.lstrip("+-") for cell, words in written.items()}


def _colours(table: Table) -> dict[tuple[int, int], str]:
    """Return the colour of each cell: the darker the more, of differences blue above zero and vermilion below."""
    numbers = table.numbers[np.isfinite(table.numbers)]
    largest = float(np.abs(numbers).max(initial=1.0))
    least = 0.0 if table.is_difference else min(float(numbers.min(initial=100.0)), 0.9 * largest)
    found = {}
    for row, column in np.argwhere(np.isfinite(table.numbers)):
        number = float(table.numbers[row, column])
        lightest = 0.0 if table.is_difference else _LIGHTEST
        strength = lightest + (_DARKEST - lightest) * (abs(number) - least) / (largest - least)
        full = to_rgb(LOSS if number < 0.0 else GAIN)
        red, green, blue = (1.0 - strength * (1.0 - part) for part in full)
        found[int(row), int(column)] = to_hex((red, green, blue))
    return found
