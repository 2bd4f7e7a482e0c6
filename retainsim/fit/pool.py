"""Pool: the customers still there at the end of observation, as the opening pool of a scenario."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.mixture import YEAR, BetaLaw, GammaLaw, Law, StepsLaw
from retainsim.fit.spells import Spells

STEPS = 20
"""Steps of rank at which tenures are written down."""
_RANKS = (np.arange(12_000) + 0.5) / 12_000


def tenures(present: ArrayLike) -> list[float]:
    """Return the tenures (months) at equal steps of rank, as a scenario writes them."""
    values = np.asarray(present, dtype=np.float64)
    if np.ptp(values) == 0:
        return [round(float(values[0]), 1)] * 2
    found = np.quantile(values, np.linspace(0, 1, STEPS + 1))
    return np.maximum.accumulate(np.round(found, 1)).tolist()


def drawn(at: list[float]) -> Floats:
    """Return the tenures that a scenario's pool has, at many ranks."""
    return np.interp(_RANKS, np.linspace(0, 1, len(at)), at)


def passed(law: Law, at: list[float], span: float = YEAR) -> float:
    """Return -ln of the share of the pool that is still there after `span` months."""
    now = drawn(at)
    return -math.log(max(float(np.mean(np.exp(law.cumulative(now) - law.cumulative(now + span)))), 1e-12))


def churn(law: Law, at: list[float], spells: Spells) -> Estimate:
    """Return the 12-month churn of the pool under a law.

    The interval takes the law's shape within bands of tenure for granted, and the level of each as known as well as
    the leavings in it tell: relative variance of cumulative hazard = sum (H_j / H)^2 / leavings_j.
    """
    total = passed(law, at)
    shares, left = _bands(law, at, spells)
    error = math.sqrt(float(np.sum(shares**2 / np.maximum(left, 0.5))))
    factor = math.exp(NORMAL * error)
    return Estimate(total, total / factor, total * factor).mapped(lambda x: -math.expm1(-x))


def first_year(law: Law) -> float:
    """Return the churn that makes `calibrate = false` take the law as it is: 12 b = -ln(1 - churn)."""
    if isinstance(law, GammaLaw):
        return -math.expm1(-law.yearly)
    if isinstance(law, StepsLaw):
        factors = law.shape().get("duration", {}).get("factors", [1.0])
        place = int(np.argmax(factors))
        return -math.expm1(-YEAR * law.hazards[place] / factors[place])
    assert isinstance(law, BetaLaw)
    return law.churn()


def _bands(law: Law, at: list[float], spells: Spells) -> tuple[Floats, Floats]:
    """Return the share of the pool's cumulative hazard that falls into each band of tenure, and the leavings there."""
    exits = np.sort(spells.exit[spells.left])
    count = max(1, min(10, len(exits) // 10))
    edges = np.unique(np.concatenate([[0.0], np.quantile(exits, np.arange(1, count) / count), [np.inf]]))
    finite = np.append(edges[:-1], max(float(edges[-2]), max(at) + YEAR) + 1)
    now = drawn(at)
    reached = law.cumulative(np.clip(finite[:, None], now, now + YEAR)).mean(axis=1)
    hazard = np.diff(reached)
    weight = spells.weights[spells.left]
    place = np.searchsorted(edges[1:-1], spells.exit[spells.left], side="left")
    left = np.bincount(place, weight, len(edges) - 1).astype(np.float64)
    return hazard / max(hazard.sum(), 1e-300), left
