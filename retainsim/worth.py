"""Worth: what every customer has brought so far, valued at month 0, kept beside the books."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.ledger import SIGNS, TAXED, Ledger
from retainsim.pool import Pool

Lines: TypeAlias = dict[str, tuple[Floats, Floats]]
"""By ledger line, what single customers pay or cost: nominal, and valued at month 0, positive as in the ledger."""


class Worth:
    """A column of the pool with the value at month 0 of all that customers brought, less what they cost, after tax.

    All that is posted to customers is in it: margin, cost to serve, programme costs, their own acquisition. What is
    posted to no customer (fixed costs, channel spend, investments, rewards of referrals, offers to those who left) is
    not. Each amount is taxed at the rate in force when it is earned.
    """

    def __init__(self, pool: Pool, ledger: Ledger) -> None:
        self._pool, self._ledger = pool, ledger
        self.tax_rate = 0.0
        self.departed: list[Floats] = []
        """What those who left had brought, in the order in which they left."""
        pool.own("worth", np.float64(0.0))

    def pay(self, rows: Ints, times: Floats, lines: Lines) -> None:
        """Add amounts of these customers, each at its own time (months)."""
        self.flow(rows, lines)

    def flow(self, rows: Ints, lines: Lines) -> None:
        """Add amounts of these customers that run with time."""
        for line in lines:
            kind = self._ledger.classes[line]
            kept = SIGNS[kind] * (1.0 - self.tax_rate * (kind in TAXED))
            np.add.at(self._pool["worth"], rows, kept * lines[line][1])

    def close(self, rows: Ints, times: Floats) -> None:
        """Keep what these customers have brought, who leave."""
        self.departed.append(self._pool["worth"][rows].copy())
