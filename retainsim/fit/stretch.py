"""Stretch: a constant hazard for each stretch of tenure, which is `duration = { kind = "steps" }`.

Here the likelihood falls into one factor per stretch, so that peaks have closed forms (leavers over customer-months)
and each profile interval is the root of a function of one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import optimize

from retainsim.draws import Floats
from retainsim.fit.estimate import Estimate
from retainsim.fit.likelihood import DROP
from retainsim.fit.spells import Spells, counts

READABLE = (1.0, 3.0, 6.0, 12.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0)
"""Tenures (months) at which a hazard may change, unless knots are given."""
FEWEST = 10.0
"""Leavers that a stretch needs for a hazard of its own (95 % interval within about a factor 1.9)."""


@dataclass(frozen=True)
class Stretch:
    """Tenures (`start`, `end`] in months, how many left in it, and customer-months seen in it without leaving.

    With a `grain` (months) the leavers' last unit, within which they left at some time, is not in `exposure`.
    """

    start: float
    end: float
    left: float
    exposure: float
    grain: float = 0.0

    @property
    def name(self) -> str:
        """Return the stretch in words, such as `6-12 months`."""
        return f"{self.start:g}-{self.end:g} months" if self.end < np.inf else f"from {self.start:g} months"

    @property
    def hazard(self) -> float:
        """Return the hazard (per month) at which the likelihood peaks."""
        if self.grain == 0:
            return self.left / self.exposure
        spans = self.left + self.exposure / self.grain
        return float(-np.log1p(-min(self.left / spans, 1 - 1e-9)) / self.grain)

    def log_likelihood(self, hazard: float | None = None) -> float:
        """Return the log-likelihood of a hazard (per month), by default at its peak."""
        rate = self.hazard if hazard is None else hazard
        if self.left == 0:
            return -rate * self.exposure
        leaving = np.log(rate) if self.grain == 0 else np.log(-np.expm1(-rate * self.grain))
        return float(self.left * leaving - rate * self.exposure)

    def estimate(self) -> Estimate:
        """Return the hazard per month with its 95 % profile interval."""
        best = self.hazard
        if self.left == 0:
            return Estimate(0.0, 0.0, DROP / self.exposure)

        def above(log_rate: float) -> float:
            return self.log_likelihood(float(np.exp(log_rate))) - self.log_likelihood() + DROP

        at, wide = np.log(best), 6 / np.sqrt(self.left) + 1
        low = float(np.exp(optimize.brentq(above, at - wide, at)))
        if self.exposure <= 0:
            return Estimate(best, low, np.inf, f"{self.name}: everybody left within one unit of tenure")
        return Estimate(best, low, float(np.exp(optimize.brentq(above, at, at + wide))))

    def joined(self, other: Stretch) -> Stretch:
        """Return this stretch and the next as one."""
        left, exposure = self.left + other.left, self.exposure + other.exposure
        return Stretch(self.start, other.end, left, exposure, self.grain)


def stretches(spells: Spells, knots: tuple[float, ...], grain: float = 0.0) -> list[Stretch]:
    """Count who left and how long customers were seen between knots (months)."""
    edges = (0.0, *knots, np.inf)
    until = np.maximum(np.where(spells.left, spells.exit - grain, spells.exit), spells.entry)
    place = np.searchsorted(knots, spells.exit, side="left")
    left = counts(place[spells.left], spells.weights[spells.left], len(knots) + 1)
    return [
        Stretch(low, high, float(n), _months(spells, until, (low, high)), grain)
        for (low, high), n in zip(pairwise(edges), left, strict=True)
    ]


def chosen(spells: Spells, grain: float = 0.0) -> list[Stretch]:
    """Choose where the hazard changes: readable tenures, joined while that costs less than ln(leavers) / 2 (BIC)."""
    knots = tuple(k for k in READABLE if (grain == 0 or k % grain == 0) and k < spells.exit.max())
    found = stretches(spells, knots, grain)
    fair = np.log(max(spells.events, 2.0)) / 2
    while len(found) > 1:
        costs = [_cost(a, b) for a, b in pairwise(found)]
        cheapest = int(np.argmin(costs))
        if costs[cheapest] > fair:
            break
        found[cheapest : cheapest + 2] = [found[cheapest].joined(found[cheapest + 1])]
    return found


def _cost(a: Stretch, b: Stretch) -> float:
    """Return what one hazard for two costs in log-likelihood; minus infinity where one has too few leavers."""
    if min(a.left, b.left) < FEWEST or min(a.exposure, b.exposure) <= 0:
        return -np.inf
    return a.log_likelihood() + b.log_likelihood() - a.joined(b).log_likelihood()


def _months(spells: Spells, until: Floats, span: tuple[float, float]) -> float:
    return float(spells.weights @ (np.clip(until, *span) - np.clip(spells.entry, *span)))
