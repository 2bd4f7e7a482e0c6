"""Search: the plan at which a mean is highest, found without derivatives in few looks, each time at many plans at once.

Under common luck the mean over a few replications is one function of the plan, nearly smooth, but with the small steps
of single customers, at which derivatives and single comparisons fail. So a quadratic, with a cube of every lever for
responses that saturate, is fitted to what was seen around the best plan so far, its top is found by SLSQP within bounds
and budget, and the neighbourhood shrinks around it (response surface; Box & Wilson 1951). The same looks, the same
answer: no luck of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np

from retainsim.draws import Floats
from retainsim.study.design import even
from retainsim.study.region import Region

Look = Callable[[Floats], Floats]
"""Returns the mean at plans (points, levers): shape (points,)."""
RADII = (0.4, 0.3, 0.2, 0.15)
"""How far each round looks around the best so far, in shares of the bounds.

Wide enough that the fit averages out the steps of single customers: of five sets tried on saturating responses, with
steps of 0.6 % of their height, this one lost least (0.02 % of it).
"""
_APART = 0.1
"""Plans count as different where a lever differs by more than this share of its bounds."""
_STEADY = 4.0
"""A top of the fit is believed unless what is seen there falls short by so many residual deviations."""


@dataclass
class Seen:
    """Plans looked at, with their means."""

    region: Region
    look: Look
    plans: Floats
    means: Floats = field(default_factory=lambda: np.empty(0))

    def add(self, plans: Floats) -> None:
        """Look at plans that were not seen yet."""
        known = {tuple(plan) for plan in self.plans[: len(self.means)]}
        new = np.array([plan for plan in dict.fromkeys(map(tuple, plans.tolist())) if plan not in known])
        if len(new):
            self.plans = np.concatenate([self.plans[: len(self.means)], new])
            self.means = np.concatenate([self.means, self.look(new)])

    def mean(self, plan: Floats) -> float:
        """Return the mean seen at a plan."""
        return float(self.means[(self.plans == plan).all(axis=1)][0])

    @property
    def best(self) -> Floats:
        """Return the plan with the highest mean seen."""
        return np.asarray(self.plans[int(self.means.argmax())])


def search(look: Look, region: Region, starts: Sequence[Sequence[float]] = ()) -> Floats:
    """Return the best plan found and after it others that are different and good, shape (plans, levers).

    Parameters
    ----------
    look
        Where means come from.
    region
        Where plans may lie.
    starts
        Plans to look at besides; those outside the region are left out.
    """
    levers = len(region.low)
    seen = Seen(region, look, np.empty((0, levers)))
    coarse = even(max(12, 10 * levers), levers)
    inside = [plan for plan in starts if region.holds(plan)]
    seen.add(np.concatenate([np.array(inside).reshape(-1, levers), _plans(region, coarse)]))
    centre, tops = seen.best, []
    for number, radius in enumerate(RADII):
        reach = np.maximum(radius, np.where(region.whole, 1.0 / region.width, 0.0))
        around = even(_looks(levers), levers, skip=len(coarse) + number * _looks(levers))
        seen.add(_plans(region, region.places(centre) + reach * (2.0 * around - 1.0)))
        top, deviation = _top(seen, centre, reach)
        seen.add(top[None, :])
        centre = top if seen.mean(top) >= seen.means.max() - _STEADY * deviation else seen.best
        tops.append(centre)
    return _different(region, [tops[-1], *_ranked(seen)])


def _looks(levers: int) -> int:
    """Return how many plans a round looks at: those a fit needs, and some."""
    return (levers + 1) * (levers + 2) // 2 + 2 * levers + 2


def _plans(region: Region, places: Floats) -> Floats:
    """Return the plans in the region nearest to places, whole numbers rounded."""
    found = []
    for place in places:
        near = region.nearest(place)
        around = region.whole_near(near)
        found.append(around[int(np.abs(region.places(around) - near).max(axis=1).argmin())])
    return np.array(found)


def _top(seen: Seen, centre: Floats, reach: Floats) -> tuple[Floats, float]:
    """Return the plan at the top of what is fitted around a centre, and how far means deviate from the fit."""
    region, middle = seen.region, seen.region.places(centre)
    offsets = (seen.region.places(seen.plans) - middle) / reach
    near = np.abs(offsets).max(axis=1) <= 1.5
    heights = seen.means[near]
    scale = float(np.ptp(heights)) or 1.0
    terms = _terms(offsets[near])
    weights, *_ = np.linalg.lstsq(terms, (heights - heights.mean()) / scale, rcond=None)
    spare = max(1, len(heights) - terms.shape[1])
    deviation = scale * float(np.sqrt((((heights - heights.mean()) / scale - terms @ weights) ** 2).sum() / spare))

    def fall(offset: Floats) -> float:
        return -float((_terms(offset[None, :]) @ weights)[0])

    starts = [np.zeros(len(reach)), *offsets[near][np.argsort(-heights)[:3]]]
    places = [region.nearest(middle + reach * _climb(fall, region, middle, reach, start)) for start in starts]
    plans = np.concatenate([region.whole_near(place) for place in places])
    falls = [fall((region.places(plan) - middle) / reach) for plan in plans]
    return plans[int(np.argmin(falls))], deviation


def _climb(fall: Callable[[Floats], float], region: Region, middle: Floats, reach: Floats, start: Floats) -> Floats:
    """Return the offset at which a fit is highest, near `start`, within bounds and budget."""
    from scipy.optimize import Bounds, LinearConstraint, minimize

    lows, highs = np.maximum(-1.0, -middle / reach), np.minimum(1.0, (1.0 - middle) / reach)
    limits = []
    if np.isfinite(region.budget):
        size = float(region.slopes.max()) or 1.0
        left = (region.room - float(region.slopes @ middle)) / size
        limits.append(LinearConstraint((region.slopes * reach / size)[None, :], -np.inf, left))
    inside = np.clip(start, lows, highs)
    found = minimize(fall, inside, method="SLSQP", bounds=Bounds(lows, highs), constraints=limits)
    return np.clip(found.x, lows, highs) if np.isfinite(found.x).all() else inside


def _terms(offsets: Floats) -> Floats:
    """Return 1, every lever, every product of two, and every cube, shape (points, terms)."""
    levers = offsets.shape[1]
    pairs = [offsets[:, i] * offsets[:, j] for i, j in combinations_with_replacement(range(levers), 2)]
    return np.column_stack([np.ones(len(offsets)), offsets, *pairs, offsets**3])


def _ranked(seen: Seen) -> list[Floats]:
    return [seen.plans[place] for place in np.argsort(-seen.means, kind="stable")]


def _different(region: Region, plans: Sequence[Floats], most: int = 4) -> Floats:
    """Return the first of plans that are not nearly the same."""
    kept: list[Floats] = []
    for plan in plans:
        apart = [np.abs(region.places(plan) - region.places(other)).max() > _APART for other in kept]
        if all(apart):
            kept.append(plan)
    return np.array(kept[:most])
