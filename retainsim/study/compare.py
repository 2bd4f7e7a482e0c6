"""Compare: means with their intervals, and arms against the baseline, paired by replication."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import pandas as pd

from retainsim.draws import Floats

BASELINE = "baseline"
Estimate: TypeAlias = dict[str, float | None]
"""mean, low, high (95 % interval of the mean, Student t), p05, p95 (over replications)."""

CONFIDENCE = 0.95


def estimate(values: Floats) -> Estimate:
    """Summarise one value per replication; a mean of nothing, and an interval of one value, are None."""
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return dict.fromkeys(("mean", "low", "high", "p05", "p95"))
    mean, half = float(values.mean()), half_width(values)
    p05, p95 = (float(q) for q in np.quantile(values, [0.05, 0.95]))
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return {"mean": mean, "low": low, "high": high, "p05": p05, "p95": p95}


def shares_of_best(outcomes: pd.DataFrame) -> dict[str, float]:
    """Return in what share of the replications each arm has the highest NPV of all; arms that tie share it."""
    npv = outcomes.pivot(index="replication", columns="arm", values="npv")
    best = npv.eq(npv.max(axis=1), axis=0)
    shares = best.div(best.sum(axis=1), axis=0).mean()
    return {str(arm): float(share) for arm, share in shares.items()}


def half_width(values: Floats) -> float | None:
    """Return half the width of the 95 % interval of the mean; None for fewer than two values."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    quantile = float(stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2))
    return quantile * float(values.std(ddof=1)) / math.sqrt(len(values))


def ratio(above: Floats, below: Floats) -> Estimate:
    """Estimate the ratio of two means taken over the same replications, with its 95 % interval (delta method).

    All None where the mean below is not clearly (four standard errors) off zero.
    """
    from scipy.special import stdtrit

    none: Estimate = dict.fromkeys(("mean", "low", "high"))
    n, bottom = len(below), float(below.mean())
    if n < 2 or abs(bottom) <= 4.0 * float(below.std(ddof=1)) / math.sqrt(n):
        return none
    mean = float(above.mean()) / bottom
    error = float((above - mean * below).std(ddof=1)) / math.sqrt(n) / abs(bottom)
    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * error
    return {"mean": mean, "low": mean - half, "high": mean + half}


def confidence_above_zero(values: Floats) -> float | None:
    """Return the confidence that the mean is above zero (one-sided Student t); None for fewer than two values."""
    from scipy.special import stdtr

    if len(values) < 2:
        return None
    deviation = float(values.std(ddof=1))
    if deviation == 0.0:
        return float(np.sign(values.mean()) / 2 + 0.5)
    return float(stdtr(len(values) - 1, values.mean() * math.sqrt(len(values)) / deviation))


def differences(outcomes: pd.DataFrame, arm: str, other: str = BASELINE) -> pd.DataFrame:
    """Return arm less other, replication by replication, for every measure (columns)."""
    by_arm = outcomes.set_index(["arm", "replication"]).select_dtypes("number")
    return pd.DataFrame(by_arm.loc[arm]) - pd.DataFrame(by_arm.loc[other])


def compare(outcomes: pd.DataFrame, arm: str, other: str = BASELINE) -> pd.DataFrame:
    """Tabulate the paired difference of every measure: one row each, the columns of an estimate."""
    found = differences(outcomes, arm, other)
    table = pd.DataFrame({measure: estimate(found[measure].to_numpy()) for measure in found}).T
    return table.rename_axis("measure")


def expected_loss(difference: Floats) -> float:
    """Return what choosing the arm would lose on average where it loses (money, >= 0)."""
    return float(np.maximum(-difference, 0.0).mean())
