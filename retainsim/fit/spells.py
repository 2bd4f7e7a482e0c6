"""Spells: what was seen of each customer's life, by tenure, including what was not seen of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retainsim.draws import Floats, Ints
from retainsim.errors import UsageError

Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Spells:
    """One stretch of observed life per row, all arrays of shape (n,); `of` checks and completes them.

    Parameters
    ----------
    entry
        Tenure (months) when first under observation: 0 from the join, more where earlier leavers are missing.
    exit
        Tenure (months) when last seen, above `entry`.
    left
        True where the customer left at `exit`; False where it was still there (right-censored).
    reason
        Index into `reasons`; -1 where unknown or still there.
    reasons
        Names of the reasons.
    weight
        How many customers a row stands for (> 0); None: one each.
    """

    entry: Floats
    exit: Floats
    left: Bools
    reason: Ints
    reasons: tuple[str, ...] = ()
    weight: Floats | None = None

    @classmethod
    def of(
        cls,
        exit: ArrayLike,  # noqa: A002  the word of the field
        left: ArrayLike,
        *,
        entry: ArrayLike = 0.0,
        reason: ArrayLike = -1,
        reasons: tuple[str, ...] = (),
        weight: ArrayLike | None = None,
    ) -> Spells:
        """Build spells from anything like arrays; a single value stands for every row.

        Raises
        ------
        UsageError
            If shapes differ, a tenure is no number or not above its entry, a weight is not above 0, or a reason
            is none of `reasons`; the first such row is named, counted from 0.
        """
        last = np.asarray(exit, dtype=np.float64)
        shape = last.shape
        spells = cls(
            entry=_filled(entry, shape, np.float64),
            exit=last,
            left=_filled(left, shape, np.bool_),
            reason=_filled(reason, shape, np.int64),
            reasons=tuple(reasons),
            weight=None if weight is None else _filled(weight, shape, np.float64),
        )
        spells._check()
        return spells

    def __len__(self) -> int:
        return len(self.exit)

    @property
    def weights(self) -> Floats:
        """Return how many customers each row stands for, shape (n,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def n(self) -> float:
        """Return the number of customers."""
        return float(len(self)) if self.weight is None else float(self.weight.sum())

    @property
    def events(self) -> float:
        """Return the number of customers who left."""
        return float(np.count_nonzero(self.left)) if self.weight is None else float(self.weight[self.left].sum())

    @property
    def exposure(self) -> float:
        """Return the customer-months under observation."""
        return float(self.weights @ (self.exit - self.entry))

    def where(self, rows: Bools | Ints) -> Spells:
        """Return the rows of a mask, or at places."""
        weight = None if self.weight is None else self.weight[rows]
        return Spells(self.entry[rows], self.exit[rows], self.left[rows], self.reason[rows], self.reasons, weight)

    def between(self, start: float, end: float) -> Spells:
        """Return what was seen between two tenures (months): who left after `end` was still there at `end`."""
        kept = self.where((self.exit > start) & (self.entry < end))
        left = kept.left & (kept.exit <= end)
        return replace(
            kept,
            entry=np.maximum(kept.entry, start),
            exit=np.minimum(kept.exit, end),
            left=left,
            reason=np.where(left, kept.reason, -1),
        )

    def at_renewals(self, term: float) -> Spells:
        """Return the spells in whole terms (months), where customers can leave at renewals only.

        Who left did so at the nearest renewal, the first at the earliest; who stayed is known to have passed the last.
        Rows that saw no renewal say nothing and are left out. Fit them with `grain = term`.
        """
        near = np.maximum(np.rint(self.exit / term), 1.0)
        exits = term * np.where(self.left, near, np.floor(self.exit / term))
        entry = term * np.floor(self.entry / term)
        said = exits > entry
        return replace(self, entry=entry, exit=exits).where(said)

    def grouped(self) -> Spells:
        """Return one row, weighted, for all that are alike; exact, and far shorter where tenures are whole months."""
        order = np.lexsort((self.reason, self.left, self.entry, self.exit))
        table = np.stack([self.exit[order], self.entry[order], self.left[order], self.reason[order]])
        first = np.append(True, (table[:, 1:] != table[:, :-1]).any(axis=0)) if len(self) else np.zeros(0, bool)
        starts = np.flatnonzero(first)
        weight = np.add.reduceat(self.weights[order], starts) if len(starts) else np.zeros(0)
        return replace(self.where(order[starts]), weight=weight)

    def _check(self) -> None:
        wrong = ~(np.isfinite(self.exit) & (self.entry >= 0) & (self.exit > self.entry))
        _refuse(wrong, "exit must be a tenure (months) above entry, and entry at least 0")
        _refuse(~(np.isfinite(self.weights) & (self.weights > 0)), "weight must be above 0")
        known = (self.reason >= -1) & (self.reason < len(self.reasons)) & (self.left | (self.reason == -1))
        _refuse(~known, f"reason must be -1 or, for who left, one of the {len(self.reasons)} reasons")


def counts(place: Ints, weight: Floats, size: int) -> Floats:
    """Add up weights by place 0, 1, ..., shape (size,)."""
    return np.asarray(np.bincount(place, weight, size), dtype=np.float64)


def _filled(values: ArrayLike, shape: tuple[int, ...], kind: type[np.generic]) -> NDArray[Any]:
    found = np.asarray(values)
    if len(shape) != 1 or found.shape not in ((), shape):
        raise UsageError(f"spells: columns of shapes {shape} and {found.shape}; give one value a row, or a single one")
    return np.ascontiguousarray(np.broadcast_to(found.astype(kind), shape))


def _refuse(wrong: Bools, allowed: str) -> None:
    if wrong.any():
        row, count = int(np.argmax(wrong)), int(np.count_nonzero(wrong))
        raise UsageError(f"spells: {allowed}; {count} rows do not keep to that, the first is row {row}")
