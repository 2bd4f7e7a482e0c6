"""Inquiry: the answer to a question as a deck and as a page: verdict, charts, tables, what they rest on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts.lettering import clean, sentence
from retainsim.charts.scales import minus
from retainsim.present import deck, origin
from retainsim.present.assumption import money_unit
from retainsim.present.master import open_master
from retainsim.present.page import Page
from retainsim.present.report import Table, figure_of, render
from retainsim.results import write_text, write_whole
from retainsim.wording import Money, figure

if TYPE_CHECKING:
    from retainsim.study.answer import Answer

_MOST_ON_SLIDES, _MOST_ON_PAGE = 24, 240
"""Rows of a table that are shown; all of them lie beside the answer, as a file."""
_WIDEST = 9
"""Columns that a slide has room for."""
_DIGITS = 4
_NOTHING = 1e-9
"""What is below this is what rounding left of zero."""


def write_deck(answer: Answer, path: str | os.PathLike[str], *, template: str | os.PathLike[str] | None = None) -> Path:
    """Write the deck of an answer, on the master of a template if one is given, and return its path.

    Raises
    ------
    UsageError
        If the template cannot be used.
    """
    master = open_master(template)
    deck.write_headline(master, answer)
    for name in answer.charts:
        deck.write_picture(master, answer, answer.plot(name))
    for table in tables_of(answer, _MOST_ON_SLIDES):
        rows = [line[:_WIDEST] for line in (table.heads, *table.rows)]
        deck.write_tables(master, answer, table.title, rows, [1.6, *(1.0 for _ in rows[0][1:])], about_of(answer))
    deck.write_assumptions(master, answer)
    page = Page(master, f"Appendix. Where the answer to “{answer.question}” comes from")
    page.text("\n".join(f"{key}: {value}" for key, value in origin.provenance(answer).items()), 12.0, most=2)
    page.notes(deck.notes_of(answer, []))
    content = deck.content_of(master, answer)
    write_whole(Path(path), lambda file: Path(file).write_bytes(content))
    return Path(path)


def write_report(answer: Answer, path: str | os.PathLike[str]) -> Path:
    """Write the page of an answer and return its path."""
    write_text(Path(path), html(answer))
    return Path(path)


def html(answer: Answer) -> str:
    """Return the page of an answer: HTML that asks for nothing from anywhere."""
    figures = [figure_of(answer.plot(name), name) for name in answer.charts]
    tables = [replace(t, title=f"{t.title}. {about_of(answer)}") for t in tables_of(answer, _MOST_ON_PAGE)]
    return render(answer, checked="", arms=None, figures=figures, tables=tables, titles=[], measures=[], checks=[])


# -- tables -----------------------------------------------------------------------------------------------------


def about_of(answer: Answer) -> str:
    """Say what amounts are counted in and what stands in brackets."""
    unit = money_unit(Money.of(answer.scenario.parameters))
    return f"Amounts in {unit}. In brackets: 95 % interval of the mean; of inputs, the range that was tried."


def tables_of(answer: Answer, most: int) -> list[Table]:
    """Return the tables of an answer as people read them, each with at most so many rows."""
    return [_table(answer, name, most) for name in answer.tables]


def _table(answer: Answer, name: str, most: int) -> Table:
    found = answer.tables[name]
    if "measure" in found:
        found = found[found["measure"] == found["measure"].iloc[0]].drop(columns="measure")
    shown = found.head(most)
    columns = list(_columns([str(column) for column in found]))
    records: list[dict[str, Any]] = shown.to_dict("records")  # type: ignore[assignment]
    rows = tuple(tuple(_cell(record, column) for column in columns) for record in records)
    more = f": the first {len(shown)} of {len(found)} rows" if len(found) > len(shown) else ""
    title = f"{sentence(name.replace('_', ' '))}{more}"
    return Table(title, tuple(_head(column[0]) for column in columns), rows)


def _columns(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each column of a table, with the ends of its interval where it has them."""
    taken: set[str] = set()
    for place, name in enumerate(names):
        stem = name.removesuffix("_mean")
        named, next_two = (f"{stem}_low", f"{stem}_high"), tuple(names[place + 1 : place + 3])
        ends = named if named[0] in names else next_two if next_two == ("low", "high") else ()
        if name not in taken:
            yield (name, *ends)
        taken |= set(ends)


def _head(name: str) -> str:
    return name if "." in name else sentence(name.removesuffix("_mean").replace("_", " "))


def _cell(record: dict[str, Any], column: tuple[str, ...]) -> str:
    mean, *ends = (_said(record[name]) for name in column)
    return f"{mean} ({ends[0]} to {ends[1]})" if len(set(ends)) > 1 and "–" not in ends else mean


def _said(value: Any) -> str:
    """Write a cell of a table; what is nothing is a dash."""
    import pandas as pd

    if isinstance(value, str):
        return clean(value) or "–"
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return minus(f"{value:,}")
    size = abs(float(value))
    return minus(f"{'-' * (value < 0)}{figure(size, _DIGITS) if size >= _NOTHING else '0'}").removesuffix(".000")
