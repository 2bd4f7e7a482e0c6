"""Crossing: where a paired difference of means becomes nought, and how well that place is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.study.compare import half_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from retainsim.draws import Floats
    from retainsim.study.compare import Estimate

_ENOUGH = 0.02
"""Share of its own interval within which a mean counts as nought: the search adds nothing to what luck leaves open."""
_NOUGHT = 1e-12
_WIDTH = 1e-6
_MOST = 60


def crossing(difference: Callable[[float], Floats], low: float, high: float) -> Estimate | None:
    """Return where between `low` and `high` the mean difference is nought, with its 95 % interval; None if nowhere.

    Parameters
    ----------
    difference
        A paired difference by replication, shape (replications,), at a value of an input.

    The interval follows from that of the difference at the place, divided by the slope there (delta method).
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
    at, half = place - means[place] / slope, (half_width(found) or 0.0) / abs(slope)
    return {"mean": at, "low": at - half, "high": at + half}
