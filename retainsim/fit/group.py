"""Group: which customers belong to which segment, and what the segments are called in a scenario."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Ints
from retainsim.errors import DataError
from retainsim.fit import value
from retainsim.fit.audit import Audit
from retainsim.fit.column import plain
from retainsim.fit.customers import Customers
from retainsim.scenario.hints import did_you_mean

LEAST = 10
"""Leavings a segment must have: a rate from 10 has a standard error of a third of itself."""
MOST = 12
"""Segments at most; those with the fewest leavings are put together."""
OTHER, EVERYBODY = "other", "customers"


@dataclass(frozen=True)
class Groups:
    """Segments of customers.

    Parameters
    ----------
    keys
        What each is called in the scenario.
    labels
        What each is called in the data, or the rule that makes it.
    codes
        The segment of each customer, shape (n,).
    by
        The columns that make them; none where there is one segment.
    """

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    codes: Ints
    by: tuple[str, ...] = ()


def alone(customers: Customers) -> Groups:
    """Return one segment of everybody."""
    return Groups((EVERYBODY,), ("all customers",), np.zeros(len(customers), dtype=np.int64))


def by_column(customers: Customers, name: str, audit: Audit) -> Groups:
    """Return a segment for each text of a column, those of too few leavings together as `other`.

    Raises
    ------
    DataError
        If there is no such column, or it tells no two groups apart that have leavings enough.
    """
    columns = list(customers.frame.columns)
    found = next((each for each in columns if plain(each) == plain(name)), None)
    if found is None:
        raise DataError(
            f"--by {name}: there is no such column; there are {', '.join(columns[:12])}{did_you_mean(name, columns)}"
        )
    codes, distinct = value.texts(customers.frame[found])
    labels = [text or "blank" for text in distinct]
    left = np.bincount(codes[customers.spells.left], minlength=len(labels))
    present = np.bincount(codes[customers.present], minlength=len(labels))
    ranked = np.argsort(-left, kind="stable")
    kept = [int(c) for c in ranked if left[c] >= LEAST and present[c] > 0][: MOST - 1]
    if len(kept) < 2 and not (len(kept) == 1 and len(labels) > 1):
        raise DataError(
            f"--by {found}: it has {len(labels):,} different values, of which {len(kept)} had {LEAST} leavings and "
            "somebody left over; choose a column that tells larger groups apart"
        )
    return _named(customers, found, labels, codes, sorted(kept, key=lambda c: labels[c].lower()), audit)


def _named(customers: Customers, column: str, labels: list[str], codes: Ints, kept: list[int], audit: Audit) -> Groups:
    """Number the segments that are kept, and put the others together with the smallest of them if need be."""
    place = np.full(len(labels), len(kept), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    rest = [labels[c] for c in range(len(labels)) if c not in kept]
    names = [labels[c] for c in kept]
    mine = place[codes]
    others = mine == len(kept)
    if rest:
        left, present = (others & customers.spells.left).sum(), (others & customers.present).sum()
        shown = ", ".join(rest[:4]) + (f" and {len(rest) - 4:,} more" if len(rest) > 4 else "")
        if left >= LEAST and present:
            names.append(OTHER)
            audit.say("mended", f"{column}: {shown} with too few leavings each are one segment, {OTHER}")
        else:
            smallest = int(np.argmin(np.bincount(mine[customers.spells.left & ~others], minlength=len(kept))))
            mine[others] = smallest
            audit.say("mended", f"{column}: {shown}, of whom {left:,} left, were added to {names[smallest]}")
    return Groups(tuple(slugs(names)), tuple(f"{column} = {name}" for name in names), mine, (column,))


def slugs(names: list[str]) -> list[str]:
    """Return names as they may stand in a scenario: small letters, digits and underscores, no two alike."""
    found: list[str] = []
    for name in names:
        word = re.sub(r"[^a-z0-9]+", "_", name.lower().translate(_PLAIN)).strip("_") or "segment"
        word = f"s_{word}" if word[0].isdigit() else word
        word, base, number = word[:40].rstrip("_"), word[:36].rstrip("_"), 2
        while word in found:
            word, number = f"{base}_{number}", number + 1
        found.append(word)
    return found


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "à": "a", "ç": "c", "ñ": "n"})
