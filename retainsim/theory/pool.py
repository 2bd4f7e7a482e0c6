"""Pool: how many customers there are, as they come, bring others and leave (V11, section 11).

Joins are per unit of time, hazards and referrals per customer and unit of time.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import integrate

from retainsim.theory.survival import Floats, Survival


def pool_mean(joins: float, mean_life: float) -> float:
    """Return the stationary pool of Poisson joins, whatever the law of lifetimes (M/G/infinity)."""
    return joins * mean_life


def pool_from_empty(joins: float, survival: Survival, *, time: float) -> float:
    """Return the mean pool a `time` after opening with nobody, joins x integral of S (M/G/infinity)."""
    area, _ = integrate.quad(lambda age: float(survival(age)), 0, time, epsrel=1e-10, limit=400)
    return joins * float(area)


def referral_pool_mean(joins: float, hazard: float, *, referral: float = 0.0) -> float:
    """Return A / (mu - rho), the stationary immigration-birth-death mean; infinite where rho >= mu."""
    return joins / (hazard - referral) if referral < hazard else math.inf


def referral_pool_variance(joins: float, hazard: float, *, referral: float = 0.0) -> float:
    """Return A mu / (mu - rho)^2, of a negative binomial pool; Poisson without referrals."""
    return joins * hazard / (hazard - referral) ** 2 if referral < hazard else math.inf


def referral_pool_transient(
    joins: float, hazard: float, *, time: float, referral: float = 0.0, start: float = 0.0
) -> float:
    """Return the mean pool at `time` from `start` customers, N* + (N0 - N*) e^(-(mu - rho) t)."""
    net = hazard - referral
    grown = -math.expm1(-net * time) / net if net else time
    return start * math.exp(-net * time) + joins * grown


def market_pool(joins: float, hazard: float, *, size: float, time: float, start: float = 0.0) -> float:
    """Return the mean pool won from a market of `size` people, A / k (1 - e^(-k t)) + N0 e^(-k t), k = A / size + mu.

    Joins come at A (1 - N / size), A those of an untouched market, and who leaves may be won again at once. So each
    customer takes A / size away from joins: a referral rate below zero. `time` may be infinite, and so may `size`.
    """
    return referral_pool_transient(joins, hazard, referral=-joins / size, time=time, start=start)


def market_pool_variance(joins: float, hazard: float, *, size: float, time: float) -> float:
    """Return N (1 - N / size), N the mean pool at `time` after none: each of `size` people is in or not."""
    mean = market_pool(joins, hazard, size=size, time=time)
    return mean * (1 - mean / size)


def breach_pool(pool: float, share: float, *, hazard: float, time: float) -> float:
    """Return N* (1 - s e^(-mu t)), the mean pool a `time` after a `share` s left at once."""
    return pool * (1 - share * math.exp(-hazard * time))


def breach_lost_time(pool: float, share: float, *, hazard: float) -> float:
    """Return s N* / mu, the customer-years (or months) a breach costs until the pool has refilled."""
    return share * pool / hazard


def double_jeopardy(customers: npt.ArrayLike, switches: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return each brand's churn and its customers a period later (B1).

    `customers` has shape (brands,); `switches`, shape (brands, brands), counts who goes from row to column.
    """
    before, flow = np.asarray(customers, dtype=float), np.asarray(switches, dtype=float)
    lost = flow.sum(axis=1)
    return lost / before, before - lost + flow.sum(axis=0)


def equivalent_extra_joins(churn: float, gain: float, *, continuous: bool) -> float:
    """Return the relative rise in joins worth the same stationary pool as `gain` in retention (section 13).

    `churn` and `gain` are yearly probabilities. Not continuous: one renewal a year, g / (c - g).
    """
    if continuous:
        return math.log1p(-churn) / math.log1p(-churn + gain) - 1
    return gain / (churn - gain)
