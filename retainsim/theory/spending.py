"""Spending: what acquisition and retention budgets buy (sections 3 and 13).

Spend and its returns share one currency.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt

from retainsim.theory.survival import Floats

LEWIS_SLOPE = 2.09  # log hazard per unit of discount depth: 35 % off halves the value (Lewis 2006, section 13)


def saturating_response(spend: npt.ArrayLike, ceiling: float, *, k: float) -> Floats:
    """Return a(A) = CR (1 - e^(-k A)), the response to spend A under `ceiling` CR (Blattberg & Deighton)."""
    return -ceiling * np.expm1(-k * np.asarray(spend, dtype=float))


def saturation_constant(spend: float, response: float, *, ceiling: float) -> float:
    """Return k = -ln(1 - a / CR) / A from today's `spend` A, its `response` a and the `ceiling` CR."""
    return -math.log1p(-response / ceiling) / spend


def marginal_cost(spend: float, ceiling: float, *, k: float) -> float:
    """Return 1 / a'(A) = e^(k A) / (k CR): what the next joiner costs at `spend` A."""
    return math.exp(k * spend) / (k * ceiling)


def optimal_spend(clv: float, ceiling: float, *, k: float) -> float:
    """Return A* = ln(k CR CLV) / k, where the next joiner costs what it is worth; never below 0."""
    return max(0.0, math.log(k * ceiling * clv) / k)


def hill_response(spend: npt.ArrayLike, ceiling: float, *, half: float, power: float) -> Floats:
    """Return a x^b / (h^b + x^b): half the `ceiling` at spend `half`, S-shaped where `power` exceeds 1."""
    raised = np.asarray(spend, dtype=float) ** power
    return cast("Floats", ceiling * raised / (half**power + raised))


def lewis_hazard_factor(depth: float, *, slope: float = LEWIS_SLOPE) -> float:
    """Return exp(slope x depth), the factor on the hazard of those won at a discount of `depth`, 0 to 1."""
    return math.exp(slope * depth)
