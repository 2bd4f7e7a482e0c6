"""Region: where a plan may lie: between bounds, on whole numbers where only those may stand, within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from retainsim.draws import Floats

_SLACK = 1e-9
"""Share of the budget by which rounding may exceed it."""


@dataclass(frozen=True)
class Region:
    """A box, cut by a budget; inside, places run from 0 to 1 along every lever.

    Parameters
    ----------
    low, high
        Bounds of each lever, in its own unit, shape (levers,).
    whole
        Where only whole numbers may stand, shape (levers,).
    costs
        Money per month and unit of each lever (>= 0), shape (levers,); 0 where no budget is.
    budget
        Money per month that all levers may cost together; infinity where there is none.
    """

    low: Floats
    high: Floats
    whole: Floats
    costs: Floats
    budget: float = np.inf

    @property
    def width(self) -> Floats:
        """Return how far the bounds of each lever are apart."""
        return self.high - self.low

    @property
    def slopes(self) -> Floats:
        """Return what the whole way along each lever costs (money per month)."""
        return self.costs * self.width

    @property
    def room(self) -> float:
        """Return what the budget leaves above the lower bounds (money per month)."""
        return float(self.budget - self.costs @ self.low)

    def values(self, places: Floats) -> Floats:
        """Return the levers at places, shape (points, levers), in their own units."""
        return np.asarray(self.low + places * self.width)

    def places(self, values: Sequence[float] | Floats) -> Floats:
        """Return the places of levers."""
        return np.asarray((np.asarray(values, dtype=np.float64) - self.low) / self.width)

    def holds(self, values: Sequence[float]) -> bool:
        """Tell whether a plan lies in the region."""
        found = np.asarray(values, dtype=np.float64)
        slack = _SLACK * max(abs(self.budget), 1.0) if np.isfinite(self.budget) else 0.0
        inside = bool(((found >= self.low - _SLACK * self.width) & (found <= self.high + _SLACK * self.width)).all())
        return inside and float(self.costs @ found) <= self.budget + slack

    def nearest(self, place: Floats) -> Floats:
        """Return the nearest place in the region, whole numbers apart: the projection onto box and budget."""
        inside = np.clip(place, 0.0, 1.0)
        if self.slopes @ inside <= self.room:
            return inside
        from scipy.optimize import brentq

        def over(share: float) -> float:
            return float(self.slopes @ np.clip(place - share * self.slopes, 0.0, 1.0)) - self.room

        most = float((np.maximum(place, 0.0) / np.where(self.slopes > 0, self.slopes, np.inf)).max())
        return np.clip(place - float(brentq(over, 0.0, most, xtol=1e-15 * most)) * self.slopes, 0.0, 1.0)

    def whole_near(self, place: Floats) -> Floats:
        """Return plans on whole numbers around a place, shape (plans, levers); the place itself where none is whole."""
        values = self.values(place)
        sides = [
            {float(np.floor(value + _SLACK)), float(np.ceil(value - _SLACK))} if whole else {float(value)}
            for value, whole in zip(values, self.whole, strict=True)
        ]
        found = [list(plan) for plan in product(*map(sorted, sides)) if self.holds(plan)]
        return np.array(found or [np.where(self.whole, np.floor(values + _SLACK), values).tolist()])
