"""Assumption: everything a scenario's file says, key by key, with unit and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts.lettering import visible
from retainsim.scenario.keys import dotted, find
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.results import Results
    from retainsim.study.answer import Answer

_UNITS = {1e3: "thousand", 1e6: "million"}
_MOST = 12
"""Values of a list that are written out."""


@dataclass(frozen=True)
class Assumption:
    """One key of a file: its path, its value, its unit and what it means; the value as it is, and in words."""

    key: str
    value: Any
    unit: str
    about: str

    @property
    def said(self) -> str:
        """Return the value as people read it."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, (int, float)):
            return f"{self.value:,.10g}"
        return visible(str(self.value))


def assumptions(results: Results | Answer) -> list[Assumption]:
    """Return what the file of a run says, in its order; what is not known stands as the law it is drawn from."""
    tree, laws = results.scenario.document.tree, results.scenario.distributions
    money = money_unit(Money.of(results.scenario.parameters))
    return [_assumption(path, value, tree, money) for path, value in _leaves((), tree, laws)]


def money_unit(money: Money) -> str:
    """Return what amounts of a file are counted in: EUR, thousand EUR."""
    return f"{_UNITS.get(money.unit, '')} {money.sign}".strip()


def _leaves(path: tuple[str | int, ...], value: Any, laws: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if path and dotted(path) in laws:
        yield path, f"not known: {laws[dotted(path)]}"
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves((*path, key), inner, laws)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for place, inner in enumerate(value):
            yield from _leaves((*path, place), inner, laws)
    else:
        yield path, value


def _assumption(path: tuple[str | int, ...], value: Any, tree: Any, money: str) -> Assumption:
    key = find(path, tree)
    if isinstance(value, list):
        shown = ", ".join(map(str, value[:_MOST]))
        value = f"{shown}, and {len(value) - _MOST} more" if len(value) > _MOST else shown
    elif isinstance(value, dict):
        value = "switched on"
    elif not isinstance(value, (bool, int, float, str)):
        value = str(value)
    unit = key.unit.replace("money", money) if key else ""
    return Assumption(_written(path), value, unit, key.about if key else "")


def _written(path: tuple[str | int, ...]) -> str:
    """Write a path; the items of a list are counted from one."""
    return dotted(part + 1 if isinstance(part, int) else part for part in path)
