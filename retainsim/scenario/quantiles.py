"""Quantiles: inverse distribution functions of the laws a scenario may name, and means without the tails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TAIL = 1e-4  # share cut off at either end


@dataclass(frozen=True)
class Law:
    """One kind: how many numbers, which are sound and what that needs, inverse distribution function, mean."""

    counts: tuple[int, ...]
    is_sound: Callable[..., bool]
    needs: str
    quantile: Callable[..., float]
    mean: Callable[..., float]


def _lognormal(u: float, median: float, sigma: float) -> float:
    exponent = math.log(median) + sigma * NormalDist().inv_cdf(u)
    return math.exp(exponent) if exponent < 700 else math.inf


def _lognormal_mean(median: float, sigma: float) -> float:
    """Return median exp(sigma^2 / 2) times the share of the shifted normal that the cut leaves."""
    cut = NormalDist().inv_cdf(1 - TAIL)
    kept = NormalDist().cdf(cut - sigma) - NormalDist().cdf(-cut - sigma)
    exponent = math.log(median) + sigma * sigma / 2
    return math.exp(exponent) * kept / (1 - 2 * TAIL) if exponent < 700 else math.inf


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    width = high - low
    if u * width < mode - low:
        return low + math.sqrt(u * width * (mode - low))
    return high - math.sqrt((1 - u) * width * (high - mode))


def _triangular_mean(low: float, mode: float, high: float) -> float:
    """Integrate the quantile function over what the cut leaves, below and above the mode."""
    width = high - low
    turn = min(max((mode - low) / width, TAIL), 1 - TAIL)
    below = low * (turn - TAIL) + 2 / 3 * math.sqrt(width * (mode - low)) * (turn**1.5 - TAIL**1.5)
    above = high * (1 - TAIL - turn) - 2 / 3 * math.sqrt(width * (high - mode)) * (
        (1 - turn) ** 1.5 - TAIL**1.5
    )
    return (below + above) / (1 - 2 * TAIL)


def _beta(u: float, a: float, b: float, low: float = 0.0, high: float = 1.0) -> float:
    from scipy.special import betaincinv

    return low + (high - low) * float(betaincinv(a, b, u))


def _beta_mean(a: float, b: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return a / (a + b), with the share of Beta(a + 1, b) that the cut leaves."""
    from scipy.special import betainc, betaincinv

    ends = betaincinv(a, b, [TAIL, 1 - TAIL])
    kept = float(betainc(a + 1, b, ends[1]) - betainc(a + 1, b, ends[0]))
    return low + (high - low) * a / (a + b) * kept / (1 - 2 * TAIL)


LAWS = {
    "normal": Law(
        (2,),
        lambda mean, sd: sd > 0,
        "sd above 0",
        lambda u, mean, sd: NormalDist(mean, sd).inv_cdf(u),
        lambda mean, sd: mean,
    ),
    "uniform": Law(
        (2,),
        lambda low, high: low < high,
        "low below high",
        lambda u, low, high: low + u * (high - low),
        lambda low, high: low / 2 + high / 2,
    ),
    "triangular": Law(
        (3,),
        lambda low, mode, high: low <= mode <= high and low < high,
        "low <= mode <= high and low below high",
        _triangular,
        _triangular_mean,
    ),
    "lognormal": Law(
        (2,),
        lambda median, sigma: median > 0 and sigma > 0,
        "median and sigma above 0",
        _lognormal,
        _lognormal_mean,
    ),
    "beta": Law(
        (2, 4),
        lambda a, b, low=0.0, high=1.0: a > 0 and b > 0 and low < high,
        "a and b above 0, and low below high",
        _beta,
        _beta_mean,
    ),
}
