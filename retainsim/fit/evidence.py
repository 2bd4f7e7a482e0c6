"""Evidence: all that a likelihood of survival needs of spells, in a few hundred points however many customers.

Each customer adds ln S(exit) - ln S(entry), and a leaver also ln h(exit). So the log-likelihood is a sum over three
lists of tenures (seen to stay, entered, left), in which equal tenures are counted once. Where there are more than
`MOST` different ones, those within 1/32 of each other (in ln tenure) are replaced by the two points with the same
number, mean, variance and skewness of ln tenure (Gauss quadrature). All laws here are smooth in ln tenure, so the
log-likelihood of a million customers comes out to a relative 1e-9 (tested) in 50 microseconds instead of 100 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.fit.mixture import Law
from retainsim.fit.spells import Spells, counts

MOST = 256
"""Different tenures up to which every one is kept as it is."""
_BINS = 32.0


@dataclass(frozen=True)
class Points:
    """Tenures (months, > 0) and how many customers each stands for, both (k,)."""

    tenure: Floats
    weight: Floats


@dataclass(frozen=True)
class Evidence:
    """What was seen: tenures survived, entered at and left at; or spans (months) within which customers left."""

    survived: Points
    entered: Points
    left: Points
    spans: tuple[Floats, Floats, Floats]  # after, until, how many

    @classmethod
    def of(cls, spells: Spells, grain: float = 0.0) -> Evidence:
        """Sum spells up; `grain` (months): 0 where tenures are exact, else a leaving at t was in (t - grain, t]."""
        weight, left = spells.weights, spells.left
        late = spells.entry > 0
        entered = points(spells.entry[late], weight[late])
        if grain == 0:
            gone = points(spells.exit[left], weight[left])
            return cls(points(spells.exit, weight), entered, gone, _spans(np.zeros((2, 0)), np.zeros(0)))
        after = np.maximum(spells.exit[left] - grain, spells.entry[left])
        spans = _spans(np.stack([after, spells.exit[left]]), weight[left])
        nobody = Points(np.zeros(0), np.zeros(0))
        return cls(points(spells.exit[~left], weight[~left]), entered, nobody, spans)

    def log_likelihood(self, law: Law) -> float:
        """Return the log-likelihood of a law; minus infinity or nan where it cannot be."""
        total = (self.entered.weight * law.cumulative(self.entered.tenure)).sum()
        total -= (self.survived.weight * law.cumulative(self.survived.tenure)).sum()
        if len(self.left.tenure):
            total += (self.left.weight * law.log_hazard(self.left.tenure)).sum()
        after, until, count = self.spans
        if len(count):
            total += (count * log_leaving(law, after, until)).sum()
        return float(total)


def log_leaving(law: Law, after: Floats, until: Floats) -> Floats:
    """Return the log of the share of newcomers who leave between two tenures (months), same shape."""
    before = law.cumulative(after)
    with np.errstate(divide="ignore"):
        return np.log(-np.expm1(before - law.cumulative(until))) - before


def points(tenure: Floats, weight: Floats) -> Points:
    """Count equal tenures once; where too many differ, keep two for each stretch of ln tenure."""
    distinct, place = np.unique(tenure, return_inverse=True)
    if len(distinct) <= MOST:
        return Points(distinct, counts(place, weight, len(distinct)))
    return _condensed(np.log(tenure), weight)


def _condensed(logs: Floats, weight: Floats) -> Points:
    place = np.unique(np.floor(logs * _BINS), return_inverse=True)[1]
    count = np.bincount(place, weight)
    middle = np.bincount(place, weight * logs) / count
    off = logs - middle[place]
    spread, skew = (np.bincount(place, weight * off**k) / count for k in (2, 3))
    wide = spread > 1e-20
    sd = np.sqrt(np.where(wide, spread, 1.0))
    lean = np.where(wide, skew / sd**3, 0.0) / 2
    root = np.sqrt(1 + lean**2)
    nodes = np.stack([middle + np.where(wide, sd * (lean + sign * root), 0.0) for sign in (-1, 1)])
    shares = np.stack([(1 + lean / root) / 2, (1 - lean / root) / 2])
    return Points(np.exp(nodes).ravel(), (count * shares).ravel())


def _spans(ends: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Count equal spans once; tenures counted in whole units leave few of them."""
    distinct, place = np.unique(ends, axis=1, return_inverse=True)
    return distinct[0], distinct[1], counts(place.ravel(), weight, distinct.shape[1])
