"""Aim: the factor behind a retention lever that reaches some customers and not others, found by simulation.

Whom it reaches depends on who is there: of the most valuable or most at risk, others come as some leave. So what it
gains is measured, on the luck of what there is without it, on at least 100,000 simulated customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from retainsim.bases import Bases
from retainsim.draws import Floats
from retainsim.expectation import probe_aimed
from retainsim.scenario.schema import Parameters, Retention

_NEAR = 1e-3
"""How near the factor is found (a hundredth of a point of retention or so, below the error of what is simulated)."""


@dataclass(frozen=True)
class Aimed:
    """What was found.

    Parameters
    ----------
    factor
        What the hazards of those reached are multiplied by; None where even 0 does not gain what is wanted.
    gain
        12-month retention in scope that it adds (share); the most there is where there is no factor.
    error
        Standard error of the gain (share).
    """

    factor: float | None
    gain: float
    error: float


def aim(today: Parameters, bases: Bases, lever: Retention, wanted: float, weights: Floats) -> Aimed:
    """Find the factor on the hazards of those reached that adds `wanted` to 12-month retention in scope (share).

    `weights` are the shares of the segments in scope, shape (segments,), summing to 1.
    """
    from scipy.optimize import brentq

    @cache
    def gains(factor: float) -> Floats:
        count, before = probe_aimed(today, bases, lever, 1.0)
        fewer = before - probe_aimed(today, bases, lever, factor)[1]
        return np.asarray(fewer / np.maximum(count, 1.0) @ weights)

    def found(factor: float) -> tuple[float, float]:
        each = gains(factor)
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))

    if found(0.0)[0] < wanted:
        return Aimed(None, *found(0.0))
    if wanted <= 0.0:
        return Aimed(1.0, 0.0, 0.0)
    factor = float(brentq(lambda f: found(f)[0] - wanted, 0.0, 1.0, xtol=_NEAR))
    return Aimed(factor, *found(factor))
