"""Proposal: segments out of the few columns that tell best who leaves, where the user names none."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from retainsim.fit import value
from retainsim.fit.audit import Audit
from retainsim.fit.customers import Customers
from retainsim.fit.group import Groups, alone, slugs
from retainsim.fit.split import split

MOST = 5
"""Segments proposed at most, so that a scenario stays readable; more on request by --by."""
_NUMERIC = 12
"""Different numbers from which a column is taken as a number rather than as words."""
_TOLD = 0.5
"""Rank correlation with tenure from which a column is taken for its consequence (total charges), not a trait."""
_SAMPLE = 50_000
"""Customers by whom columns are judged; a rule takes no more."""


def propose(customers: Customers, taken: Iterable[str], audit: Audit) -> Groups:
    """Return segments by the columns that no role has taken; one of everybody where none tells enough."""
    columns = {}
    for name in customers.frame.columns:
        if name not in taken:
            cells = _column(customers, name)
            if isinstance(cells, str):
                audit.say("read", f"{name} makes no segments: {cells}")
            else:
                columns[name] = cells
    if not columns:
        return alone(customers)
    found = split(customers.spells, columns, most=MOST)
    present = np.bincount(found.codes[customers.present], minlength=len(found.segments))
    if len(found.segments) < 2 or present.min() == 0:
        return alone(customers)
    rules = [each.rule for each in found.segments]
    audit.say("read", f"segments by {', '.join(found.columns)}, which tell best who leaves (or say --by COLUMN)")
    return Groups(
        tuple(slugs([" ".join(map(_told, each.conditions)) for each in found.segments])),
        tuple(rules),
        found.codes,
        found.columns,
    )


def _column(customers: Customers, name: str) -> np.ndarray | str:
    """Return a column as numbers or as words, or why it may not make segments."""
    cells = customers.frame[name]
    read = value.numbers(cells)
    known = read.good
    if known.mean() > 0.9 and len(np.unique(read.values[known])) > _NUMERIC:
        from scipy.stats import spearmanr

        step = max(1, len(known) // _SAMPLE)
        exits = customers.spells.exit[known][::step]
        told = float(spearmanr(read.values[known][::step], exits).statistic)
        return f"it runs with tenure (rank correlation {told:.2f})" if abs(told) > _TOLD else read.values
    codes, distinct = value.texts(cells)
    if len(distinct) > max(50, len(codes) // 20):
        return f"{len(distinct):,} different texts"
    if value.dates(cells.iloc[:200]).good.mean() > 0.8:
        return "it holds dates"
    return np.array(distinct, dtype=object)[codes]


def _told(part: str) -> str:
    """Return the value of a condition, and its column too where the value alone says little."""
    column, mark, told = re.match(r"^(.*?)( = | in | is |$)(.*)$", part).groups()  # type: ignore[union-attr]
    return told if mark and not re.match(r"(?i)(no|yes|true|false|\d|other|none)\b", told) else f"{column} {told}"
