"""Overrides: values laid over a scenario from outside the file, as `--set key=value` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from retainsim.errors import ScenarioError
from retainsim.scenario import keys
from retainsim.scenario.arms import steps
from retainsim.scenario.distributions import substitute
from retainsim.scenario.document import DEPTH, Document, Place
from retainsim.scenario.finding import Problem, got

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retainsim.scenario.positions import Path

RIVALS = {"run.replications": "precision", "run.precision": "replications"}


@dataclass(frozen=True)
class Override(Place):
    """The place of a value that stands in no file."""

    file: str = "--set"
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.file


def overlay(document: Document, settings: Mapping[str, Any]) -> Document:
    """Return the document with values laid over it, by dotted path; tables are replaced, not merged.

    Of `run.replications` and `run.precision`, the one that is set takes the place of the other.

    Raises
    ------
    ScenarioError
        If a path leads through something that is not a table, or a value is none a file could hold.
    """
    tree, places, problems = substitute(document.tree, {}), dict(document.places), []
    for target, value in settings.items():
        path = tuple(steps(str(target), tree))
        try:
            _put(tree, path, _plain(value))
        except ValueError as error:
            problems.append(Problem(path, str(error)).line(Override()))
            continue
        if target in RIVALS and f"run.{RIVALS[target]}" not in settings:
            tree["run"].pop(RIVALS[target], None)
        _mark(places, path)
    if problems:
        raise ScenarioError(problems)
    return replace(document, tree=tree, places=places)


def _mark(places: dict[Path, Place], path: Path) -> None:
    """Move a path, and the tables around it that no file names, to the place of an override."""
    for inside in [known for known in places if known[: len(path)] == path]:
        del places[inside]
    for end in range(1, len(path) + 1):
        places.setdefault(path[:end], Override())


def _put(tree: dict[str, Any], path: Path, value: Any) -> None:
    node: Any = tree
    for index, part in enumerate(path):
        table = node
        if isinstance(node, list) and keys.child(node, part) is None:
            raise ValueError(f"not in the list (got {got(part)}); give an index below {len(node)}")
        if not isinstance(node, (dict, list)):
            around = keys.dotted(path[:index])
            raise ValueError(f"{around} is no table (got {got(node)}); set the whole of {around}")
        if index == len(path) - 1:
            table[part] = value
        elif keys.child(node, part) is None:
            table[part] = {}
        node = table[part]


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a copy made of what TOML can hold, numpy's numbers and tuples turned into Python's and lists."""
    if depth > DEPTH:
        raise ValueError(f"nested more than {DEPTH} deep; a scenario needs less than ten")
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, (bool, str, date, time)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise ValueError(f"no value for a scenario (got {got(value)}); give what could stand in the file")
