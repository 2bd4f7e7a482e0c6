"""Quantiles: inverse distribution functions, and means of the laws a scenario may name."""

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
    """One kind: how many numbers, which of them are sound, the quantile function, the mean."""

    counts: tuple[int, ...]
    is_sound: Callable[..., bool]
    needs: str
    quantile: Callable[..., float]
    mean: Callable[..., float]


def _lognormal(u: float, median: float, sigma: float) -> float:
    return median * math.exp(sigma * NormalDist().inv_cdf(u))


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    width = high - low
    if u * width < mode - low:
        return low + math.sqrt(u * width * (mode - low))
    return high - math.sqrt((1 - u) * width * (high - mode))


def _beta(u: float, a: float, b: float, low: float = 0.0, high: float = 1.0) -> float:
    from scipy.special import betaincinv

    return low + (high - low) * float(betaincinv(a, b, u))


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
        lambda low, mode, high: low / 3 + mode / 3 + high / 3,
    ),
    "lognormal": Law(
        (2,),
        lambda median, sigma: median > 0 and 0 < sigma <= 2,
        "median above 0, and sigma above 0 and at most 2 (a spread of 1 : 2,500)",
        _lognormal,
        lambda median, sigma: median * math.exp(sigma * sigma / 2),
    ),
    "beta": Law(
        (2, 4),
        lambda a, b, low=0.0, high=1.0: a > 0 and b > 0 and low < high,
        "a and b above 0, and low below high",
        _beta,
        lambda a, b, low=0.0, high=1.0: low + (high - low) * a / (a + b),
    ),
}
