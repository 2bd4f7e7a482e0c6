"""Crossing: where a paired difference of means becomes nought, among values played or by search, and how sure that is.

The interval follows from that of the difference at the place, divided by the slope there (delta method): it comes from
luck, not from the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import Estimate, half_width

_ENOUGH = 0.02
"""Share of its own interval within which a mean counts as nought: the search adds nothing to what luck leaves open."""
_NOUGHT = 1e-12
_WIDTH = 1e-6
_MOST = 60


def crossings(values: Sequence[float], differences: Floats) -> list[dict[str, Any]]:
    """Return where the mean difference changes sign, by straight lines between neighbouring values.

    Parameters
    ----------
    values
        The values played, ascending, shape (values,).
    differences
        Paired differences, shape (values, replications).

    Returns
    -------
    list
        at, low, high (95 % interval from the replications, that of the difference over its slope), and `rises`.
    """
    found, means = [], differences.mean(axis=1)
    for left in range(len(values) - 1):
        if means[left] * means[left + 1] < 0:
            share = means[left] / (means[left] - means[left + 1])
            found.append(_crossing(values[left : left + 2], differences[left : left + 2], float(share)))
        elif left > 0 and means[left] == 0 and differences[left].any() and means[left - 1] * means[left + 1] < 0:
            found.append(_crossing(values[left : left + 2], differences[left : left + 2], 0.0))
    return found


def _crossing(values: Sequence[float], pair: Floats, share: float) -> dict[str, Any]:
    width = values[1] - values[0]
    slope = float(pair[1].mean() - pair[0].mean()) / width
    at = values[0] + share * width
    half = _half(pair[0] + share * (pair[1] - pair[0]), slope)
    return {"at": at, "low": at - half, "high": at + half, "rises": bool(slope > 0)}


def _half(difference: Floats, slope: float) -> float:
    """Return half the width of the interval of a place, from the difference there, shape (replications,)."""
    return (half_width(difference) or 0.0) / abs(slope) if slope else float(np.inf)


def crossing(difference: Callable[[float], Floats], low: float, high: float) -> Estimate | None:
    """Return where between `low` and `high` the mean difference is nought, with its 95 % interval; None if nowhere.

    Parameters
    ----------
    difference
        A paired difference by replication, shape (replications,), at a value of an input.
    """
    from scipy.optimize import brentq

    means = {x: float(difference(x).mean()) for x in (low, high)}
    scale = max(map(abs, means.values()))
    if not scale or min(means.values()) > 0 or max(means.values()) < 0:
        return None

    def mean(x: float) -> float:
        found = difference(x)
        means[x] = float(found.mean())
        close = max(_ENOUGH * (half_width(found) or 0.0), _NOUGHT * scale)
        return 0.0 if low < x < high and abs(means[x]) <= close else means[x]

    place = float(brentq(mean, low, high, xtol=_WIDTH * (high - low), rtol=1e-12, maxiter=_MOST, disp=False))
    return _located(difference, place, means)


def _located(difference: Callable[[float], Floats], place: float, means: dict[float, float]) -> Estimate | None:
    """Return the place with its interval, corrected by what the mean there still is."""
    found = difference(place)
    means[place] = float(found.mean())
    near = sorted((x for x in means if x != place), key=lambda x: abs(x - place))[0]
    slope = (means[near] - means[place]) / (near - place)
    if not slope:
        return None
    at, half = place - means[place] / slope, _half(found, slope)
    return {"mean": at, "low": at - half, "high": at + half}
