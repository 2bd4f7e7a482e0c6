"""Split: the few columns that tell apart customers who stay and who leave, as a readable rule of at most six segments.

A tree is grown greedily. Within a group each customer is expected to leave as often as the group's own cumulative
hazard over the months it was seen says; a split is worth twice the gain in log-likelihood of letting the two sides have
hazards of their own (proportional: LeBlanc & Crowley 1992, Biometrics 48). It is made only where that is above BIC's
price, ln(leavers), and, because the best of many is taken, twice the log of how many were tried; where it adds to what
the splits before it gained; and where both sides keep customers and leavers enough to bear estimates. Nothing is
drawn, so the same data give the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints
from retainsim.errors import UsageError
from retainsim.fit.covariate import Covariate, read
from retainsim.fit.spells import Spells, counts
from retainsim.fit.survival import nelson_aalen

if TYPE_CHECKING:
    import pandas as pd

MOST, DEEPEST = 6, 3
"""Segments, and conditions on one, at most."""
FEWEST_EVENTS, SMALLEST = 30.0, 0.03
"""Leavers, and share of all customers, that a segment needs."""
WORTH = 0.05
"""Share of all gains so far that a further split must add to be worth a segment (assumption)."""


@dataclass(frozen=True)
class Segment:
    """One leaf: who is in it, in words, and how many.

    Parameters
    ----------
    rule
        Conditions joined by "and"; "all customers" where there is no split.
    n, events
        Customers, and those who left.
    relative
        Hazard relative to all customers at the same tenure.
    conditions
        The conditions of the rule, one by one, in the order they were made; none where there is no split.
    """

    rule: str
    n: float
    events: float
    relative: float
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """Segments, and how they came about.

    Parameters
    ----------
    segments
        In order of falling hazard.
    codes
        Segment of each customer, (n,).
    columns
        Columns that the rule uses, the most telling first.
    gains
        Each split made, in order: the group that was split, the column, and twice its gain in log-likelihood.
    refused
        Columns that were not considered, and why.
    """

    segments: tuple[Segment, ...]
    codes: Ints
    columns: tuple[str, ...]
    gains: tuple[tuple[str, str, float], ...]
    refused: dict[str, str]

    def table(self) -> pd.DataFrame:
        """Tabulate the segments, one row each."""
        import pandas as pd

        return pd.DataFrame([vars(each) for each in self.segments]).drop(columns="conditions")


@dataclass(eq=False)
class _Node:
    """A group of customers, by row."""

    rows: Ints
    kept: dict[int, tuple[int, ...]] = field(default_factory=dict)  # levels left, by place of the covariate
    depth: int = 0
    best: _Cut | None = None


@dataclass(frozen=True)
class _Cut:
    """The best split of a node: a covariate by place, the levels that go to the first side, and what it is worth."""

    place: int
    first: tuple[int, ...]
    rest: tuple[int, ...]
    gain: float


def split(
    spells: Spells,
    columns: Mapping[str, NDArray[np.generic]],
    *,
    most: int = MOST,
    deepest: int = DEEPEST,
    fewest_events: float = FEWEST_EVENTS,
    smallest: float = SMALLEST,
) -> Split:
    """Propose segments.

    Parameters
    ----------
    columns
        By name, arrays of shape (n,): numbers (nan where missing), or words (None or blank where missing).
    most, deepest, fewest_events, smallest
        Limits as above.

    Raises
    ------
    UsageError
        If a column is not as long as the spells.
    """
    wrong = [name for name, values in columns.items() if len(values) != len(spells)]
    if wrong:
        raise UsageError(f"split: column {wrong[0]} has {len(columns[wrong[0]])} rows, the spells {len(spells)}")
    seen = {name: read(name, np.asarray(values), spells) for name, values in columns.items()}
    usable = [each for each in seen.values() if isinstance(each, Covariate)]
    refused = {name: why for name, why in seen.items() if isinstance(why, str)}
    grower = _Grower(spells, usable, fewest_events, smallest * spells.n)
    leaves, gains = grower.grow(most, deepest)
    return grower.told(leaves, gains, refused)


class _Grower:
    """Grows one tree."""

    def __init__(self, spells: Spells, usable: list[Covariate], fewest: float, smallest: float) -> None:
        self._spells, self._usable, self._fewest, self._smallest = spells, usable, fewest, smallest
        self._left = np.where(spells.left, spells.weights, 0.0)

    def grow(self, most: int, deepest: int) -> tuple[list[_Node], list[tuple[str, str, float]]]:
        """Split the leaf that gains most, again and again, until none gains enough."""
        leaves = [self._node(np.arange(len(self._spells)), {}, 0, deepest)]
        gains: list[tuple[str, str, float]] = []
        while len(leaves) < most:
            node = max(leaves, key=lambda leaf: leaf.best.gain if leaf.best else -np.inf)
            if node.best is None or node.best.gain < WORTH * sum(gain for _, _, gain in gains):
                break
            cut = node.best
            gains.append((self._rule(node), self._usable[cut.place].name, cut.gain))
            leaves.remove(node)
            inside = np.isin(self._usable[cut.place].codes[node.rows], cut.first)
            for levels, mine in ((cut.first, inside), (cut.rest, ~inside)):
                kept = node.kept | {cut.place: levels}
                leaves.append(self._node(node.rows[mine], kept, node.depth + 1, deepest))
        return leaves, gains

    def told(self, leaves: list[_Node], gains: list[tuple[str, str, float]], refused: dict[str, str]) -> Split:
        """Name the leaves, those with the highest hazard first."""
        expected = self._expected(np.arange(len(self._spells)))
        segments, codes = [], np.zeros(len(self._spells), dtype=np.int64)
        for node in leaves:
            events, n = float(self._left[node.rows].sum()), float(self._spells.weights[node.rows].sum())
            relative = events / float(expected[node.rows].sum() or np.inf)
            segments.append(Segment(self._rule(node), n, events, relative, self._conditions(node)))
        order = sorted(range(len(leaves)), key=lambda k: (-segments[k].relative, segments[k].rule))
        for place, k in enumerate(order):
            codes[leaves[k].rows] = place
        columns = tuple(dict.fromkeys(column for _, column, _ in gains))
        return Split(tuple(segments[k] for k in order), codes, columns, tuple(gains), refused)

    def _node(self, rows: Ints, kept: dict[int, tuple[int, ...]], depth: int, deepest: int) -> _Node:
        return _Node(rows, kept, depth, self._best(rows, kept) if depth < deepest else None)

    def _rule(self, node: _Node) -> str:
        return " and ".join(self._conditions(node)) or "all customers"

    def _conditions(self, node: _Node) -> tuple[str, ...]:
        return tuple(self._usable[place].text(levels) for place, levels in node.kept.items())

    def _expected(self, rows: Ints) -> Floats:
        """Return how often each customer was to leave by the group's own cumulative hazard, (rows,)."""
        mine = self._spells.where(rows)
        tenure, hazard = nelson_aalen(mine)
        passed = np.append(0.0, hazard)
        until, since = (passed[np.searchsorted(tenure, each, side="right")] for each in (mine.exit, mine.entry))
        return mine.weights * (until - since)

    def _best(self, rows: Ints, kept: dict[int, tuple[int, ...]]) -> _Cut | None:
        left = self._left[rows]
        if left.sum() < 2 * self._fewest:
            return None
        sums = left, self._expected(rows), self._spells.weights[rows]
        found, tried = [], 0
        for place, covariate in enumerate(self._usable):
            table = np.stack(
                [counts(covariate.codes[rows].astype(np.int64), each, len(covariate.levels)) for each in sums]
            )
            for order in _orders(covariate, table, kept.get(place)):
                tried += len(order) - 1
                found += self._cuts(place, table, order)
        best = max(found, key=lambda cut: cut.gain, default=None)
        price = np.log(left.sum()) + 2 * np.log(max(tried, 1))
        return best if best is not None and best.gain > price else None

    def _cuts(self, place: int, table: Floats, order: Ints) -> list[_Cut]:
        """Return the best way to cut levels in an order in two, if any leaves both sides large enough."""
        below = np.cumsum(table[:, order], axis=1)[:, :-1]
        above = table[:, order].sum(axis=1, keepdims=True) - below
        fair = np.minimum(below[0], above[0]) >= self._fewest
        fair &= np.minimum(below[2], above[2]) >= self._smallest
        if not fair.any():
            return []
        gain = np.where(fair, 2 * (_gain(below) + _gain(above)), -np.inf)
        at = int(np.argmax(gain)) + 1
        return [
            _Cut(place, tuple(sorted(order[:at].tolist())), tuple(sorted(order[at:].tolist())), float(gain[at - 1]))
        ]


def _gain(side: Floats) -> Floats:
    """Return the log-likelihood that a hazard of its own adds to a side: d ln(d / expected); expected add up to d."""
    left, expected = side[0], np.maximum(side[1], 1e-12)
    return left * np.log(np.maximum(left, 1e-12) / expected)


def _orders(covariate: Covariate, table: Floats, kept: tuple[int, ...] | None) -> list[Ints]:
    """Return the orders in which levels may be cut in two: words by hazard, numbers as they run, blanks at an end."""
    levels = np.array(kept if kept is not None else range(len(covariate.levels)), dtype=np.int64)
    levels = levels[table[2, levels] > 0]
    if len(levels) < 2:
        return []
    if covariate.cuts is None:
        return [levels[np.argsort(table[0, levels] / np.maximum(table[1, levels], 1e-12), kind="stable")]]
    return [levels, np.roll(levels, 1)] if levels[-1] > len(covariate.cuts) else [levels]
