"""Concentration: how much of the whole a few large customers carry (LITERATURE section 10).

The top shares are those of endlessly many customers: a finite sample of heavy-tailed sizes shows less.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from retainsim.theory.survival import Floats


def pareto_top_share(top: npt.ArrayLike, *, alpha: float) -> Floats:
    """Return q^(1 - 1 / alpha), the share of the total held by the `top` fraction q of Pareto sizes (Pareto 1896).

    1 where alpha is at most 1: the mean is infinite and the largest outweighs the rest.
    """
    return np.asarray(np.asarray(top, dtype=float) ** max(0.0, 1 - 1 / alpha))


def lognormal_top_share(top: npt.ArrayLike, *, sigma: float) -> Floats:
    """Return Phi(sigma - z_(1 - q)), the share of the total held by the `top` fraction q of lognormal sizes.

    `sigma` is the standard deviation of log size (Aitchison & Brown 1957, The Lognormal Distribution).
    """
    return np.asarray(special.ndtr(sigma + special.ndtri(np.asarray(top, dtype=float))))


def herfindahl(sizes: npt.ArrayLike) -> float:
    """Return the sum of squared shares of `sizes`, shape (customers,): 1 if one has all, 1 / n if n are alike (HHI)."""
    amounts = np.asarray(sizes, dtype=float)
    return float(amounts @ amounts / amounts.sum() ** 2)
