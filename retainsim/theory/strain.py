"""Strain: extra hazard that touches leave with a customer and that fades with a half-life (DESIGN section 3).

Rates are per customer and unit of time; strain is a hazard. A second failure soon after a first counts for more
(LITERATURE section 8: double deviation).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from retainsim.theory.survival import Floats


def faded(half_life: float, time: float) -> float:
    """Return the integral of 2^(-u / half-life) over 0 to `time`: how long the full amount would have had to last."""
    decay = math.log(2) / half_life
    return -math.expm1(-decay * time) / decay if decay else time


def strain_mean(rate: float, strain: float, *, half_life: float, time: float = math.inf) -> float:
    """Return f s (1 - e^(-k t)) / k, k = ln 2 / half-life: the mean strain a `time` after none (Campbell 1909).

    Touches come at Poisson `rate` f and add `strain` s each, or s on average. Without a time, the stationary mean.
    """
    return rate * strain * faded(half_life, time)


def strain_variance(rate: float, strain: float, *, half_life: float, time: float = math.inf) -> float:
    """Return f s^2 (1 - e^(-2 k t)) / (2 k): the variance of that strain, s the root mean square if touches differ."""
    return rate * strain**2 * faded(half_life / 2, time)


def strain_survival(time: float, rate: float, strain: float, *, half_life: float) -> float:
    """Return the share not driven out by strain alone by `time`, exp(-f int_0^t (1 - e^(-s (1 - 2^(-u / h)) / k)) du).

    The probability generating functional of the touches, each of which adds `strain` from its own time on: more than
    exp(-integral of the mean strain), because those touched often leave first.
    """
    area, _ = integrate.quad(lambda age: -math.expm1(-strain * faded(half_life, age)), 0, time, limit=400)
    return math.exp(-rate * area)


def failure_strains(times: npt.ArrayLike, strain: float, *, within: float, factor: float) -> Floats:
    """Return the hazard each failure of one customer adds: shape (failures,), for `times` in ascending order.

    `strain`, times `factor` where another failure came at most `within` before; a third in a row counts as a second.
    """
    gaps = np.diff(np.asarray(times, dtype=float), prepend=-np.inf)
    return np.where(gaps <= within, factor * strain, strain)


def strain_left(times: npt.ArrayLike, strains: npt.ArrayLike, *, half_life: float, at: float) -> float:
    """Return the strain at `at` that touches at `times` have left, each of `strains` halved every half-life."""
    age = at - np.asarray(times, dtype=float)
    return float(np.where(age >= 0, np.asarray(strains) * 0.5 ** (np.maximum(age, 0) / half_life), 0.0).sum())


def repeated_failures(rate: float, *, within: float, time: float) -> float:
    """Return how many failures by `time` are expected to follow at most `within` after another, of a Poisson process.

    f int_0^t (1 - e^(-f min(u, w))) du: a failure at u has an earlier one within w unless min(u, w) passed without.
    """
    first = min(time, within)
    return rate * time + math.expm1(-rate * first) - rate * (time - first) * math.exp(-rate * first)


def failure_strain_mean(
    rate: float, first: float, repeated: float, *, half_life: float, within: float, time: float = math.inf
) -> float:
    """Return the mean strain a `time` after none where failures come at Poisson `rate`; `within` is finite.

    A failure adds `repeated` where another came at most `within` before and `first` where none did: on average, if
    some are made good. Integrates f [m2 - (m2 - m1) e^(-f min(u, w))] 2^(-(t - u) / half-life) over u from 0 to t.
    """
    window, decay = min(time, within), math.log(2) / half_life
    early = window * float(special.exprel((rate - decay) * window)) * math.exp(-decay * (time - window))
    fresh = math.exp(-rate * window) * (early + faded(half_life, time - window))
    return rate * (repeated * faded(half_life, time) - (repeated - first) * fresh)
