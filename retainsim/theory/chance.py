"""Chance: how far luck may carry an observation."""

from __future__ import annotations

import math


def binomial_se(p: float, n: float) -> float:
    """Return the standard error of a share `p` observed in `n` independent customers."""
    return math.sqrt(p * (1 - p) / n)


def within(observed: float, expected: float, se: float, z: float = 4.0) -> bool:
    """Return whether `observed` lies within `z` standard errors of `expected`, on either side."""
    return bool(abs(observed - expected) <= z * se)
