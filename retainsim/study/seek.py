"""Seek: the value at which a paired difference vanishes, with an interval that comes from the replications.

A first look with few replications finds the range; a curve of all replications over it shows where the mean difference
changes its sign, nearest to today; from there the value is found, and its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import half_width
from retainsim.study.curve import Curve
from retainsim.study.scout import Scout, crossings, distance, spaced
from retainsim.study.shortfall import Shortfall

_MOST_POINTS = 13
_LOOKS = 10


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Parameters
    ----------
    values, table
        Values of the key, in order, and the differences there, shape (values, replications).
    root
        Where the mean difference vanishes; None where it does not.
    low, high
        Ends of the 95 % interval of the root; None where the replications set no end.
    slope
        By how much the mean difference grows per unit of the key around the root.
    is_monotone
        True where the mean difference never clearly turns back between neighbouring values.
    others
        Further values at which it seems to vanish, approximately.
    looked
        From where to where was looked.
    faults
        Why values beyond that are not possible, if they are not.
    """

    values: Floats
    table: Floats
    root: float | None
    low: float | None
    high: float | None
    slope: float | None
    is_monotone: bool
    others: list[float]
    looked: tuple[float, float]
    faults: dict[float, str]

    @property
    def means(self) -> Floats:
        """Return the mean difference at each value."""
        return np.asarray(self.table.mean(axis=1))

    @property
    def is_flat(self) -> bool:
        """True where the difference is the same at every value."""
        return bool(np.ptp(self.table, axis=0).max() == 0.0)


def seek(gap: Shortfall, between: tuple[float, float] | None) -> Found:
    """Find where the difference vanishes, in a range or, without one, outwards from today.

    Raises
    ------
    ScenarioError
        If no value in the range is possible.
    """
    scout = Scout(gap, *(between or gap.goal.limits))
    scout.explore(is_given=between is not None)
    curve = Curve(gap)
    place = _bracket(scout, curve)
    root = low = high = slope = None
    if place is not None:
        root, step, slope = curve.root(*place)
        low, high = curve.interval(root, step, (scout.low, scout.high))
    values = curve.values
    looked = float(scout.values.min()), float(scout.values.max())
    table = np.array([curve.rows[value] for value in values])
    is_monotone = len(_directions(table) | _directions(scout.table)) < 2
    return Found(values, table, root, low, high, slope, is_monotone, _others(scout, root), looked, scout.faults)


def _directions(table: Floats) -> set[float]:
    """Return the signs of all steps from value to value (values, replications) that are told from none."""
    steps = np.diff(table, axis=0)
    return {float(np.sign(step.mean())) for step in steps if abs(step.mean()) > (half_width(step) or 0.0)}


def _bracket(scout: Scout, curve: Curve) -> tuple[float, float] | None:
    """Return neighbouring values of the curve, the nearest to today, between which the difference changes its sign."""
    found = crossings(scout.means)
    if found:
        curve.play(_window(scout, min(found, key=lambda pair: distance(scout.values, pair, scout.today))))
        if (place := curve.nearest(scout.today)) is not None:
            return place
    curve.play(_thinned(scout))
    place = curve.nearest(scout.today)
    if place is None and (best := _closest(scout)) is not None:
        curve.play([best])
        place = curve.nearest(scout.today)
    return place


def _window(scout: Scout, pair: tuple[int, int]) -> list[float]:
    """Return values from one before today and a bracket to one after them, spaced evenly."""
    values = scout.values
    here = int(np.argmin(np.abs(values - scout.today)))
    first, last = max(min(here, pair[0]) - 1, 0), min(max(here, pair[1]) + 1, len(values) - 1)
    return [*spaced(values[first], values[last]), scout.today, *values[list(pair)]]


def _thinned(scout: Scout) -> list[float]:
    """Return the values looked at, or as many of them as a curve needs, the closest to the goal among them."""
    places = np.unique(np.linspace(0, len(scout.values) - 1, _MOST_POINTS).round().astype(int))
    return [*scout.values[places], scout.values[int(np.argmin(np.abs(scout.means)))]]


def _closest(scout: Scout) -> float | None:
    """Return the value between those looked at that comes nearest to the goal; None where one of the ends does."""
    from scipy.optimize import minimize_scalar

    values, best = scout.values, int(np.argmin(np.abs(scout.means)))
    if best in (0, len(values) - 1) or scout.is_whole:
        return None
    bounds = values[best - 1], values[best + 1]
    few = scout.gap.few
    found = minimize_scalar(
        lambda x: abs(float(scout.gap.at([float(x)], few).mean())),
        bounds=bounds, method="bounded", options={"maxiter": _LOOKS, "xatol": 1e-3 * (bounds[1] - bounds[0])},
    )  # fmt: skip
    return float(found.x)


def _others(scout: Scout, root: float | None) -> list[float]:
    """Return where else the first look saw the difference vanish, by straight lines between its values."""
    if root is None:
        return []
    values, means = scout.values, scout.means
    found = [
        float(values[i] - means[i] * (values[j] - values[i]) / (means[j] - means[i] or 1.0))
        for i, j in crossings(means)
    ]
    mine = min(found, key=lambda value: abs(value - root), default=None)
    return [value for value in found if value != mine]
