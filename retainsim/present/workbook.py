"""Workbook: a run for those who calculate: inputs, months, summary and bridge, with totals as formulas."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from retainsim.charts.lettering import clean, visible
from retainsim.charts.subject import Subject
from retainsim.present import origin
from retainsim.present.assumption import assumptions, money_unit
from retainsim.present.bridgetab import write_bridge
from retainsim.present.ledgerbook import Book, Cell
from retainsim.present.measure import GROUPS, measured, measures
from retainsim.present.package import DATE, settled
from retainsim.present.summarytab import Months, write_summary
from retainsim.results import write_whole

if TYPE_CHECKING:
    from retainsim.results import Results

_ENDS = ("mean", "low", "high", "p05", "p95")


def write(results: Results, path: str | os.PathLike[str]) -> Path:
    """Write the workbook of a run and return its path."""
    content = _content(results)
    write_whole(Path(path), lambda file: Path(file).write_bytes(content))
    return Path(path)


def _content(results: Results) -> bytes:
    file = io.BytesIO()
    book = Book(file)
    book.describe(clean(results.report["scenario"]["title"]), results.report["scenario"]["sha256"], DATE)
    months = Months(results)
    for name in ("Summary", "Bridge", "Monthly", "Measures", "Inputs", "Self-check", "Provenance"):
        book.add(name)
    write_summary(book, results, months)
    write_bridge(book, results, months)
    months.write(book)
    _measures(book, results)
    _inputs(book, results)
    _self_check(book, results)
    _provenance(book, results)
    book.close()
    return settled(file.getvalue())


def _measures(book: Book, results: Results) -> None:
    """Write every measure of every arm with its interval and its spread."""
    heads = ["Measure", "Arm", "Mean", "95 % from", "95 % to", "5th percentile", "95th percentile", "Meaning"]
    rows: list[list[Cell]] = []
    for row in measures(results):
        for name, title in results.arms.items():
            found = _found(results, name, row.name)
            if found is not None:
                ends: list[Cell] = [found.get(key) for key in _ENDS]
                rows.append([row.label, clean(title), *ends, row.about])
    money = money_unit(Subject(results).money)
    about = f"Amounts in {money}, shares from 0 to 1. Means over the replications, with their 95 % intervals."
    book.table("Measures", about, heads, rows, (30, 34, 16, 16, 16, 16, 16, 90))


def _found(results: Results, arm: str, name: str) -> dict[str, float | None] | None:
    group, _, part = name.partition(".")
    mine = results.report["arms"][arm]
    found = measured(mine).get(name, mine.get("versus_baseline", {}).get(name))
    if group in GROUPS:
        found = mine[group].get(part)
    if found is None or isinstance(found, dict):
        return found
    return {"mean": float(found)}


def _inputs(book: Book, results: Results) -> None:
    rows: list[list[Cell]] = [
        [each.key, each.value if _is_number(each.value) else each.said, each.unit, each.about]
        for each in assumptions(results)
    ]
    about = "What the file of the scenario says, key by key. Changing a value here changes nothing: run it again."
    book.table("Inputs", about, ["Key", "Value", "Unit", "Meaning"], rows, (48, 28, 26, 70))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _self_check(book: Book, results: Results) -> None:
    heads = ["Compared with a closed form", "Simulated", "Theory", "Allowed from", "Allowed to", "Result"]
    rows: list[list[Cell]] = [
        [c["name"], c["simulated"], c["theory"], c["low"], c["high"], "agrees" if c["ok"] else "FAILED"]
        for c in results.report["self_check"]
    ]
    book.table("Self-check", origin.checked(results), heads, rows, (56, 16, 16, 16, 16, 12))


def _provenance(book: Book, results: Results) -> None:
    facts: list[list[Cell]] = [[key, visible(value)] for key, value in origin.provenance(results).items()]
    facts += [["Terms", each] for each in origin.terms(results)]
    facts += [["Beware", visible(each)] for each in results.report["warnings"]]
    book.table("Provenance", "Where these numbers come from.", ["What", "Says"], facts, (28, 110))
