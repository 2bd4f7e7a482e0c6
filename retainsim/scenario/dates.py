"""Dates: what a scenario gives as a date where months are counted becomes a month of the run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from retainsim.scenario import keys
from retainsim.scenario.finding import Problem
from retainsim.units import months_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retainsim.scenario.positions import Path


def find(tree: Any) -> tuple[dict[Path, float], list[Problem]]:
    """Find the dates in keys that end in `_month`, as months of the run, and what is wrong with some."""
    start = keys.value_at(tree, ("run", "start"))
    months: dict[Path, float] = {}
    problems = []
    for path, when in _dates(tree, ()):
        found = _month(start, when, path[-1])
        if isinstance(found, str):
            problems.append(Problem(path, found))
        else:
            months[path] = found
    return months, problems


def _dates(node: Any, path: Path) -> Iterator[tuple[Path, date]]:
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for part, value in parts:
        if keys.is_month(part) and type(value) is date:
            yield (*path, part), value
        else:
            yield from _dates(value, (*path, part))


def _month(start: object, when: date, key: str | int) -> float | str:
    """Return the month of a date, or what is wrong with it."""
    if type(start) is not date:
        remedy = f"give start under [run], or a month instead: {key} = 6"
        return f"a date needs to know when month 0 is (got {when}); {remedy}"
    if when < start:
        return f"before the start of the run (got {when}); give a date from run.start, {start}, on"
    if when.year > start.year + 200:
        return f"too far away (got {when}); give a date within 200 years of run.start, {start}"
    try:
        return months_between(start, when)
    except ValueError:
        return f"beyond the calendar (got {when}); give an earlier date"
