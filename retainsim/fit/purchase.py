"""Purchase: when customers bound by nothing bought, in the three numbers per customer that are all a law needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats, Ints
from retainsim.errors import UsageError
from retainsim.fit.spells import Bools


@dataclass(frozen=True)
class Purchases:
    """One customer per row, all arrays of shape (n,); the first purchase makes a customer and is not counted.

    Parameters
    ----------
    repeats
        Purchases after the first.
    last
        Months from the first purchase to the last; 0 without repeats.
    seen
        Months from the first purchase to the end of observation.
    weight
        How many customers a row stands for.
    """

    repeats: Floats
    last: Floats
    seen: Floats
    weight: Floats

    @classmethod
    def of(cls, repeats: ArrayLike, last: ArrayLike, seen: ArrayLike) -> Purchases:
        """Build purchases from anything like arrays, and count equal rows once.

        Raises
        ------
        UsageError
            If shapes differ, repeats are no whole number of 0 or more, `last` is 0 with repeats or not without, or
            `seen` is below `last` or not above 0; the first such row is named, counted from 0.
        """
        columns = [np.asarray(each, dtype=np.float64) for each in (repeats, last, seen)]
        if len({each.shape for each in columns}) > 1 or columns[0].ndim != 1 or not len(columns[0]):
            raise UsageError(f"purchases: columns of shapes {[each.shape for each in columns]}; give one value a row")
        x, t, months = columns
        _refuse(~((x >= 0) & (x == np.floor(x))), "repeat purchases must be a whole number of 0 or more")
        _refuse(
            (x > 0) != (t > 0), "the last purchase must be after the first where, and only where, there are repeats"
        )
        _refuse(~((months >= t) & (months > 0) & np.isfinite(months)), "months seen must reach the last purchase")
        return _grouped(x, t, months)

    @property
    def n(self) -> float:
        """Return the number of customers."""
        return float(self.weight.sum())

    def __len__(self) -> int:
        return len(self.repeats)

    def where(self, rows: Bools | Ints | slice) -> Purchases:
        """Return some rows."""
        return Purchases(self.repeats[rows], self.last[rows], self.seen[rows], self.weight[rows])


def _grouped(x: Floats, t: Floats, months: Floats) -> Purchases:
    order = np.lexsort((months, t, x))
    x, t, months = x[order], t[order], months[order]
    is_new = np.append(True, (np.diff(x) != 0) | (np.diff(t) != 0) | (np.diff(months) != 0))
    starts = np.flatnonzero(is_new)
    weight = np.diff(np.append(starts, len(x))).astype(np.float64)
    return Purchases(x[starts], t[starts], months[starts], weight)


def _refuse(wrong: Bools, allowed: str) -> None:
    if wrong.any():
        row, count = int(np.argmax(wrong)), int(np.count_nonzero(wrong))
        raise UsageError(f"purchases: {allowed}; {count} rows do not keep to that, the first is row {row}")
