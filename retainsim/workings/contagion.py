"""Contagion: who is tied to whom, and how a customer who leaves pulls along those tied to it (Nitzan & Libai 2011).

A tie joins who brought a customer and who was brought; it is kept by name. Each leaving multiplies the hazard of those
tied to it by 1 + (factor - 1) x 0.5^(months since / half-life); several multiply.
"""

from __future__ import annotations

import math

import numpy as np

from retainsim.draws import Floats, Ints, Names
from retainsim.pool import Column, Pool

_OVER = 10.0
"""Half-lives after which a pull is over: less than a thousandth of it is left."""


class Ties:
    """The ties of one pool, and the pulls of those who have left lately, kept in the order of names and months."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        pool.own("referrals.parent", np.uint64(0), lasts=True)
        pool.own("referrals.tied", np.bool_(False), lasts=True)
        self._names, self._since = np.zeros(0, np.uint64), np.zeros(0)

    def tie(self, rows: Ints) -> dict[str, Column]:
        """Tie each of these customers to somebody it brings, and return what ties the other end."""
        self._pool["referrals.tied"][rows] = True
        return {"referrals.parent": self._pool["name"][rows], "referrals.tied": np.ones(len(rows), np.bool_)}

    def leave(self, rows: Ints, times: Floats) -> None:
        """Let customers who leave at `times` (months), and are present still, pull along who is tied to them."""
        names, parents = self._pool["name"], self._pool["referrals.parent"]
        gone = np.flatnonzero(self._pool["referrals.tied"][rows])
        if not len(gone):
            return
        gone = gone[np.argsort(names[rows[gone]])]
        above, others = parents[rows[gone]], self._tied()
        place = _places(names[rows[gone]], parents[others])
        pulled = np.concatenate([self._names, above[above != 0], names[others[place >= 0]]])
        since = np.concatenate([self._since, times[gone][above != 0], times[gone[place[place >= 0]]]])
        order = np.lexsort((since, pulled))
        self._names, self._since = pulled[order], since[order]

    def pulls(self, time: float, *, factor: float, half_life: float) -> tuple[Ints, Floats]:
        """Return whom ties may pull, and the factor on the hazard of each at `time` (months); nobody without a pull."""
        if not len(self._names):
            return np.zeros(0, np.int64), np.zeros(0)
        rows = self._tied()
        rows = rows[np.argsort(self._pool["name"][rows])]
        place = _places(self._pool["name"][rows], self._names)
        kept = (place >= 0) & (time - self._since < _OVER * half_life)
        self._names, self._since = self._names[kept], self._since[kept]
        factors = np.ones(len(rows))
        excess = (factor - 1.0) * 0.5 ** ((time - self._since) / half_life)
        np.multiply.at(factors, place[kept], 1.0 + excess)
        return rows, factors

    def _tied(self) -> Ints:
        return np.flatnonzero(self._pool["referrals.tied"] & self._pool["present"])


def first_year(hazard: float, *, rate: float, child_factor: float, factor: float, half_life: float) -> float:
    """Return about how much contagion adds to the first-year churn of an opening pool without ties, or more (share).

    By month t a customer has brought rate x t others, who leave at child_factor x hazard (per customer-month): 72 rate
    x child_factor x hazard of them in the year. Each adds (factor - 1) x hazard for half_life / ln 2 months, if the
    year is so long, to the cumulative hazard of those still there. It is less as not all stay to refer or to be pulled.
    """
    leavings = 72.0 * rate * child_factor * hazard
    months = min(half_life / math.log(2.0), 12.0)
    return leavings * (factor - 1.0) * hazard * months * math.exp(-12.0 * hazard)


def _places(names: Names, wanted: Names) -> Ints:
    """Return where each of `wanted` stands among sorted names, -1 where it does not."""
    if not len(names):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[place] == wanted, place, -1)
