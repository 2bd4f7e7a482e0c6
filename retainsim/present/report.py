"""Report: a run as one file of HTML, which needs nothing but itself: verdict first, then the evidence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts import chart, names_of
from retainsim.charts.canvas import slide_of, source_of
from retainsim.charts.lettering import clean, sentence, visible
from retainsim.charts.subject import amount
from retainsim.present import origin
from retainsim.present.armtable import arm_rows, caption, heads
from retainsim.present.assumption import assumptions
from retainsim.present.measure import measures
from retainsim.present.natives import native
from retainsim.present.picture import inline
from retainsim.results import write_text
from retainsim.wording import percent

if TYPE_CHECKING:
    from jinja2 import Template
    from matplotlib.axes import Axes

    from retainsim.present.native import Part
    from retainsim.results import Results
    from retainsim.study.answer import Answer

TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True)
class Table:
    """A table below a drawing: what it is, the heads of its columns, and its rows, each with its own head."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """One finding: its words, its drawing, and its numbers."""

    name: str
    finding: str
    about: str
    notes: tuple[str, ...]
    drawing: Any
    tables: tuple[Table, ...]


def write(results: Results, path: str | os.PathLike[str]) -> Path:
    """Write the report of a run and return its path."""
    write_text(Path(path), html(results))
    return Path(path)


def html(results: Results) -> str:
    """Return the report of a run: one page of HTML that asks for nothing from anywhere."""
    return render(
        results,
        checked=origin.checked(results),
        arms=Table(caption(results), heads(results), tuple(arm_rows(results))),
        figures=[_figure(results, name) for name in names_of(results)],
        tables=[],
        titles=[clean(title) for title in results.arms.values()],
        measures=measures(results),
        checks=origin.self_check(results),
    )


def render(found: Results | Answer, **parts: Any) -> str:
    """Return the page of a run, or of the answer to a question, with the parts that only one of them has."""
    return _template().render(
        title=clean(found.report["scenario"]["title"]),
        verdict=[visible(sentence(each)) for each in found.verdict],
        warnings=[visible(each) for each in found.report["warnings"]],
        assumptions=assumptions(found),
        terms=origin.terms(found),
        provenance=origin.provenance(found),
        source=source_of(found),
        **parts,
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    machine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return machine.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _figure(results: Results, name: str) -> Figure:
    found = native(name, results)
    return figure_of(chart(name)(results), name, tuple(_table(part) for part in found.parts) if found else ())


def figure_of(ax: Axes, name: str, tables: tuple[Table, ...] = ()) -> Figure:
    """Return a chart with its words as a page shows it."""
    from markupsafe import Markup

    slide = slide_of(ax)
    drawing = inline(ax, name, title=visible(slide.finding), about=visible(slide.about))
    return Figure(name, slide.finding, slide.about, slide.notes, Markup(drawing), tables)


def _table(part: Part) -> Table:
    """Return the numbers of a part: what is written at bars and steps, and lines at whole years."""
    if not part.runs:
        names = " to ".join(series.name for series in part.series)
        head = part.title if len(part.series) == 1 else f"{part.title}: {names}"
        return Table(part.title, ("", head), tuple(zip(part.categories, part.said, strict=True)))
    rows = tuple(
        (
            month,
            *(_said(part, series.values[place]) for series in part.series),
        )
        for place, month in enumerate(part.categories)
        if place % part.every == 0
    )
    heads = tuple(each.title for each in part.series)
    return Table(part.title, (part.across, *heads), rows)


def _said(part: Part, value: float | None) -> str:
    """Write a value of a line as its axis counts: a number, or a share in per cent."""
    if value is None:
        return "–"
    return percent(value) if part.number.endswith("%") else amount(value)
