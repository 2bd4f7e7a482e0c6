"""Variance: the spread of an answer taken apart into luck and ignorance, and the estimators of its intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.study.compare import CONFIDENCE

Estimated = dict[str, float | None]
"""mean, low, high (95 % interval)."""


def components(values: Floats) -> tuple[float, float]:
    """Return the variance within rows, and between them beyond what the former makes of it (one-way, random effects).

    Parameters
    ----------
    values
        Shape (rows, columns): one row per draw of what is not known, one column per draw of luck, all luck independent.

    Returns
    -------
    tuple
        Luck: the mean variance within a row. Ignorance: the variance of what a row comes to on average over all luck.
        Both unbiased, so that a small ignorance may be estimated below zero (Searle, Casella & McCulloch 1992, 3.6).
    """
    rows, columns = values.shape
    assert rows > 1
    assert columns > 1
    within = float(values.var(axis=1, ddof=1).mean())
    return within, float(values.mean(axis=1).var(ddof=1)) - within / columns


def jackknife(count: int, estimator: Callable[[Ints], Floats], groups: int = 20) -> list[Estimated]:
    """Estimate several numbers from `count` rows, with intervals from leaving a group of rows out at a time.

    Parameters
    ----------
    count
        Rows there are; each group is every `groups`-th of them.
    estimator
        Takes the places of rows, shape (rows,), and returns the numbers estimated from them.
    groups
        How many groups there are, at most one per row. Student's t with one degree of freedom less than groups
        (Shao & Tu 1995, section 5.1).
    """
    from scipy.special import stdtrit

    places, groups = np.arange(count, dtype=np.int64), min(groups, count)
    found = estimator(places)
    without = np.array([estimator(places[places % groups != group]) for group in range(groups)])
    spread = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half = float(stdtrit(groups - 1, 0.5 + CONFIDENCE / 2)) * spread
    ends = zip(found.tolist(), (found - half).tolist(), (found + half).tolist(), strict=True)
    return [{"mean": mean, "low": low, "high": high} for mean, low, high in ends]


def bounded(found: Estimated, low: float = 0.0, high: float = math.inf) -> Estimated:
    """Return an estimate within the bounds that its kind has: a variance is not below zero."""
    return {key: None if value is None else min(max(value, low), high) for key, value in found.items()}
