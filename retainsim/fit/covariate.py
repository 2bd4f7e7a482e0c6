"""Covariate: a column that may tell customers apart, as a few readable levels; or the reason why it may not.

Refused is what names customers rather than kinds of them, and what is known only once a life is over: a column that
says who left, or that grows with tenure (total paid), would split perfectly and foretell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Floats, Ints
from retainsim.fit.spells import Bools, Spells, counts

MOST_LEVELS = 50
"""Different values a column of words may have."""
FEW = 6
"""Different numbers that are kept as they are instead of being cut into ranges."""
RANGES = 20
"""Ranges, of about equally many customers, that a number is cut into at most."""
TELLING = 0.99
"""Share of customers whose leaving a column may at most tell (assumption)."""
PARALLEL = 0.8
"""Rank correlation with tenure that a column of numbers may at most have (assumption)."""
_SAMPLE = 20_000
MISSING = "missing"


@dataclass(frozen=True)
class Covariate:
    """A column as levels.

    Parameters
    ----------
    name
        Of the column.
    codes
        Level of each customer, (n,).
    levels
        What each level is called; the last may be "missing".
    cuts
        For numbers, where one range ends and the next begins; None for words. Then levels are in order.
    """

    name: str
    codes: NDArray[np.int32]
    levels: tuple[str, ...]
    cuts: tuple[float, ...] | None = None

    @property
    def is_missing_possible(self) -> bool:
        """True where some customers have no value."""
        return self.levels[-1] == MISSING

    def text(self, kept: tuple[int, ...]) -> str:
        """Return in words that the level is among those `kept` (rising)."""
        named = [k for k in kept if not (self.is_missing_possible and k == len(self.levels) - 1)]
        absent = [MISSING] if len(named) < len(kept) else []
        if self.cuts is None or not named:
            return f"{self.name} = {' or '.join([self.levels[k] for k in named] + absent)}"
        words = f"{self.name} {self._range(named[0], named[-1])}"
        return " or ".join([words, *absent])

    def _range(self, first: int, last: int) -> str:
        assert self.cuts is not None
        low = f"{self.cuts[first - 1]:,.12g}" if first > 0 else ""
        high = f"{self.cuts[last]:,.12g}" if last < len(self.cuts) else ""
        if low and high:
            return f"from {low} to below {high}"
        return f"below {high}" if high else f"{low} or more" if low else "known"


def read(name: str, values: NDArray[np.generic], spells: Spells) -> Covariate | str:
    """Return a column as levels, or why it may not tell customers apart; `values` (n,), blank where missing."""
    found = _numbers(name, values) if values.dtype.kind in "iuf" else _words(name, values)
    if isinstance(found, str):
        return found
    if len(found.levels) < 2:
        return "it has one value"
    return _hindsight(found, spells) or found


def _words(name: str, values: NDArray[np.generic]) -> Covariate | str:
    import pandas as pd

    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    if len(distinct) > MOST_LEVELS:
        return f"it has {len(distinct):,} different values; at most {MOST_LEVELS} are kinds of customers"
    words = [str(each).strip() for each in distinct]
    levels = sorted({word for word in words if word})
    table = np.array([levels.index(word) if word else len(levels) for word in words] + [len(levels)])
    return _covariate(name, table[codes], levels, None)


def _numbers(name: str, values: NDArray[np.generic]) -> Covariate | str:
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers)
    distinct = np.unique(numbers[known])
    if len(distinct) == known.sum() > MOST_LEVELS and (distinct == np.rint(distinct)).all():
        return "every customer has a whole number of its own, as a name would be"
    if len(distinct) <= FEW:
        words = np.array([*(f"{each:,.12g}" for each in distinct), None], dtype=object)
        return _words(name, words[np.where(known, np.searchsorted(distinct, numbers), len(distinct))])
    cuts = _readable(numbers[known])
    codes = np.where(known, np.searchsorted(cuts, numbers, side="right"), len(cuts) + 1)
    levels = [f"range {k + 1}" for k in range(len(cuts) + 1)]
    return _covariate(name, codes, levels, tuple(float(cut) for cut in cuts))


def _covariate(name: str, codes: Ints, levels: list[str], cuts: tuple[float, ...] | None) -> Covariate:
    named = (*levels, MISSING) if (codes == len(levels)).any() else tuple(levels)
    return Covariate(name, codes.astype(np.int32), named, cuts)


def _readable(numbers: Floats) -> Floats:
    """Return cut points near the quantiles, rounded to 1, 2 or 5 times a power of ten."""
    asked = np.quantile(numbers, np.arange(1, RANGES) / RANGES)
    spread = (asked[-1] - asked[0]) / RANGES or 1.0
    power = 10.0 ** np.floor(np.log10(spread))
    step = power * next(each for each in (1, 2, 5, 10) if each * power >= spread * (1 - 1e-9))
    cuts = np.unique(np.round(np.rint(asked / step) * step, 12))
    return cuts[(cuts > numbers.min()) & (cuts <= numbers.max())]


def _hindsight(found: Covariate, spells: Spells) -> str:
    """Return why a column is known only afterwards; empty where it is not."""
    n, size = spells.n, len(found.levels)
    left = counts(found.codes[spells.left].astype(np.int64), spells.weights[spells.left], size)
    stayed = counts(found.codes[~spells.left].astype(np.int64), spells.weights[~spells.left], size)
    told = float(np.maximum(left, stayed).sum()) / n
    if told > TELLING and max(left.sum(), stayed.sum()) / n < 1 - 2 * (1 - TELLING):
        return f"it tells who left ({told:.1%} of customers), so it is known only afterwards"
    if found.cuts is not None and abs(_correlation(found, spells)) > PARALLEL:
        return "it runs with tenure, so it is known only afterwards"
    return ""


def _correlation(found: Covariate, spells: Spells) -> float:
    """Return the rank correlation of a column of numbers with tenure, from every k-th customer."""
    from scipy.stats import rankdata

    every = slice(None, None, max(1, len(spells) // _SAMPLE))
    codes, exits = found.codes[every], spells.exit[every]
    known: Bools = codes <= len(found.cuts or ())
    one, two = rankdata(codes[known]), rankdata(exits[known])
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])
