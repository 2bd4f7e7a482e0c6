"""Incidence: which share of those who join have left by a tenure, for which reason, and which are still there.

The estimate is Aalen and Johansen's, in steps of a month: with n at risk in a month of tenure and d_r of them leaving
for reason r, the share still there S loses S d_r / n to reason r. So the shares of all reasons and of those still there
add up to 1, and no reason is counted as if the others did not exist (one minus Kaplan and Meier's estimate would be).

Intervals are over replications: each sways the estimate by its own leavings less those expected of its own customers
at risk (the delta method, as for a ratio of means), so that whatever customers of one replication share is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retainsim.draws import Floats, Ints
from retainsim.study.compare import Estimate, estimate
from retainsim.study.lifetime import LEFT


@dataclass(frozen=True)
class Incidence:
    """Shares of those who joined, by tenure.

    Parameters
    ----------
    at_risk
        Customers of all replications in each month of tenure, shape (months,).
    shares
        Still there, then gone by reason, at tenure 0 to months, shape (1 + reasons, months + 1); columns add up to 1.
    sway
        What each replication adds to each share times the number of replications, shape (replications, 1 + reasons,
        months + 1); the mean over replications is 0.
    reasons
        Their names, in order.
    """

    at_risk: Ints
    shares: Floats
    sway: Floats
    reasons: tuple[str, ...]

    @property
    def months(self) -> int:
        """Return the tenure up to which customers are watched (months)."""
        return len(self.at_risk)

    @property
    def there(self) -> Floats:
        """Return the share still there by tenure, shape (months + 1,)."""
        return np.asarray(self.shares[0])

    def reaching(self, month: int) -> int:
        """Return how many customers of all replications reach a tenure and are watched on; in the end, how many do."""
        if month < self.months:
            return int(self.at_risk[month])
        stay = self.there[month] / self.there[month - 1] if self.there[month - 1] else 0.0
        return round(float(self.at_risk[month - 1] * stay))

    def band(self, months: Ints) -> tuple[Floats, Floats]:
        """Return the ends of the 95 % interval of the share still there at some tenures, within 0 and 1."""
        found = [self.estimate(month) for month in months.tolist()]
        low, high = (np.array([f["mean"] if f[end] is None else f[end] for f in found]) for end in ("low", "high"))
        return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)

    def estimate(self, month: int, other: Incidence | None = None) -> Estimate:
        """Estimate the share still there at a tenure, or by how much it is more than another's on common luck."""
        values = self.shares[0, month] + self.sway[:, 0, month]
        return estimate(values if other is None else values - other.shares[0, month] - other.sway[:, 0, month])

    def gone(self, month: int, reasons: Iterable[str], other: Incidence | None = None) -> Estimate:
        """Estimate the share gone by a tenure for some reasons together, or by how much it is more than another's."""
        rows = [1 + self.reasons.index(reason) for reason in reasons]
        found = [
            each.shares[rows, month].sum() + each.sway[:, rows, month].sum(axis=1)
            for each in (self, other)
            if each is not None
        ]
        return estimate(found[0] if other is None else found[0] - found[1])


def incidence(
    lifetimes: pd.DataFrame, arm: str, replications: Sequence[int], segments: Iterable[str] | None = None
) -> Incidence:
    """Estimate the shares of an arm from a run's table of lifetimes, of all segments or of some together."""
    reasons = tuple(c.removeprefix(LEFT) for c in map(str, lifetimes) if c.startswith(LEFT))
    mine = lifetimes[lifetimes["arm"] == arm]
    if segments is not None:
        mine = mine[mine["segment"].isin(list(segments))]
    months = int(mine["tenure_month"].max()) + 1 if len(mine) else 0
    counts = np.zeros((len(replications), months, 1 + len(reasons)))
    which = pd.Index(replications).get_indexer(pd.Index(mine["replication"])), mine["tenure_month"].to_numpy(np.int64)
    np.add.at(counts, which, mine[["at_risk", *(f"{LEFT}{reason}" for reason in reasons)]].to_numpy(np.float64))
    return _estimated(counts, reasons)


def _estimated(counts: Floats, reasons: tuple[str, ...]) -> Incidence:
    """Estimate shares from who was at risk and who left, shape (replications, months, 1 + reasons)."""
    total = counts.sum(axis=0)
    rates = total[:, 1:] / total[:, :1]
    excess = (counts[:, :, 1:] - counts[:, :, :1] * rates) / total[:, :1]
    shares = np.zeros((1 + len(reasons), len(total) + 1))
    sway = np.zeros((len(counts), *shares.shape))
    shares[0, 0] = 1.0
    for month, rate in enumerate(rates):
        there, swayed = shares[0, month], sway[:, 0, month, None]
        lost, moved = there * rate, swayed * rate + there * excess[:, month]
        shares[:, month + 1] = shares[:, month] + np.concatenate([[-lost.sum()], lost])
        sway[:, :, month + 1] = sway[:, :, month] + np.concatenate([-moved.sum(axis=1, keepdims=True), moved], axis=1)
    return Incidence(total[:, 0].astype(np.int64), shares, sway * len(counts), reasons)
