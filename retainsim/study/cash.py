"""Cash: how deep an arm's money goes under before it comes back, and when it is back, replication by replication."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.economics import payback_month
from retainsim.study.compare import BASELINE, Estimate, estimate


def gains(monthly: pd.DataFrame, arm: str, other: str | None = BASELINE) -> Floats:
    """Return the cash of an arm less that of another (None: of nothing), valued at month 0 and added up over time.

    Shape (months + 1, replications). What is paid beyond the horizon is in the last month, closing value is not.
    """
    rows = monthly[monthly["arm"].isin([arm, other])]
    cash = rows.pivot_table(index="month", columns=["arm", "replication"], values="present_value", sort=False)
    difference = cash[arm] if other is None else cash[arm] - cash[other]
    return np.asarray(difference.cumsum(), dtype=np.float64)


def payback(gain: Floats) -> Estimate:
    """Return when a gain, shape (months + 1, replications), is back above zero for good, as a distribution.

    `mean` is over the replications in which it is, their `share`; `never` is that of the others, which count as later
    than any month in `p05`, `median` and `p95` (None: never).
    """
    months = np.array([payback_month(path) for path in gain.T])
    back = months[np.isfinite(months)]
    share = len(back) / len(months)
    ordered = np.sort(np.where(np.isfinite(months), months, math.inf))
    at = {name: _at(ordered, rank) for name, rank in (("p05", 0.05), ("median", 0.5), ("p95", 0.95))}
    return {"mean": float(back.mean()) if len(back) else None, "share": share, "never": 1.0 - share, **at}


def trough(gain: Floats) -> Estimate:
    """Return how far a gain, shape (months + 1, replications), goes below zero at its deepest (money, at most 0).

    `month` is the median month of it over the replications in which it does; None where it never does.
    """
    depths, months = np.minimum(gain.min(axis=0), 0.0), gain.argmin(axis=0)
    depths = np.where(depths < -1e-9 * max(1.0, float(np.abs(gain).max())), depths, 0.0)
    under = months[depths < 0.0]
    found = estimate(depths)
    return {**found, "median": float(np.median(depths)), "month": float(np.median(under)) if len(under) else None}


def _at(ordered: Floats, rank: float) -> float | None:
    """Return the smallest value that at least a share `rank` of the replications does not exceed; None for never."""
    value = float(ordered[max(0, math.ceil(rank * len(ordered)) - 1)])
    return value if math.isfinite(value) else None
