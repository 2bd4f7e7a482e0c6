"""Limits: what a scenario may hold of one thing, so that it is soon checked, and what no output could show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from retainsim.scenario.finding import Problem

if TYPE_CHECKING:
    from retainsim.scenario.document import Document
    from retainsim.scenario.positions import Path

VALUES = 20_000
_COMMANDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TABLES = {"arms": 500, "pieces": 500, "segments": 200, "acquisition": 200, "accounts": 500}
REASONS = 100
CHANGES = 500
"""In one arm or piece, as of events and investments."""
DISTRIBUTIONS, TOGETHER = 100, 30
"""In all, and in one table, whose ends are tried together."""


def find(document: Document, distributions: Collection[Path]) -> list[Problem]:
    """Return what a document has too much of, or what cannot be shown: each as a problem where it stands."""
    if len(document.places) > VALUES:
        return [Problem((), _most(len(document.places), VALUES, "values"))]
    return [*_tables(document.tree), *_lists(document.tree), *_drawn(distributions), *_unshown(document.tree, ())]


def _most(count: int, limit: int, what: str) -> str:
    return f"{count:,} {what}; at most {limit:,} are allowed; is it the right file?"


def _tables(tree: dict[str, Any]) -> Iterator[Problem]:
    for name, limit in TABLES.items():
        if _size(tree.get(name)) > limit:
            yield Problem((name,), _most(_size(tree[name]), limit, name))
    churn = tree.get("churn")
    reasons = churn.get("reasons") if isinstance(churn, dict) else None
    if _size(reasons) > REASONS:
        yield Problem(("churn", "reasons"), _most(_size(reasons), REASONS, "reasons"))


def _lists(tree: dict[str, Any]) -> Iterator[Problem]:
    """Find lists in arms and pieces that are too long."""
    for group in ("arms", "pieces"):
        parts = tree.get(group)
        for name, part in parts.items() if isinstance(parts, dict) else ():
            for key, items in part.items() if isinstance(part, dict) else ():
                if _size(items) > CHANGES:
                    yield Problem((group, name, key), _most(_size(items), CHANGES, "entries"))


def _drawn(paths: Collection[Path]) -> Iterator[Problem]:
    if len(paths) > DISTRIBUTIONS:
        yield Problem((), _most(len(paths), DISTRIBUTIONS, "distributions"))
    for table, count in Counter(path[:-1] for path in paths).items():
        if count > TOGETHER:
            yield Problem(table, _most(count, TOGETHER, "distributions in one table"))


def _unshown(value: Any, path: Path) -> Iterator[Problem]:
    """Find characters that are not shown but command: terminals, or the direction of what follows."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unshown(inner, (*path, key))
    elif isinstance(value, str) and (found := _COMMANDS.search(value)):
        yield Problem(path, f"holds the control character U+{ord(found[0]):04X}, which cannot be shown; take it out")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (dict, list)) else 0
