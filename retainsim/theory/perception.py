"""Perception: how far what customers perceive wanders, and what a survey of those who answer shows of it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from retainsim.theory.strain import faded


def reverting_variance(drift: float, half_life: float, *, time: float = math.inf) -> float:
    """Return sigma^2 / (2 k) (1 - e^(-2 k t)), k = ln 2 / half-life: of an Ornstein-Uhlenbeck process from 0.

    `drift` sigma is its standard deviation per square root of a month, `half_life` (months) how long it takes to go
    half the way back to 0, `time` the months since it was there; without one, the stationary variance. An infinite
    half-life leaves a Brownian motion (Uhlenbeck & Ornstein 1930, Physical Review 36).
    """
    return drift**2 * faded(half_life / 2, time)


def reverting_autocovariance(drift: float, half_life: float, *, lag: float, time: float = math.inf) -> float:
    """Return the covariance of an Ornstein-Uhlenbeck process at `time` and at `time` + `lag` months, from 0 at 0.

    The variance at the earlier of them, halved every half-life; `drift` and `half_life` as in `reverting_variance`.
    """
    return reverting_variance(drift, half_life, time=time) * 0.5 ** (lag / half_life)


def response_bias(propensity: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return cov(propensity, score) / mean propensity: the mean score of who answers less that of all (Bethlehem 1988).

    Both have shape (customers,); each answers with its own `propensity`, a probability. Exact for many customers,
    with an error of the order of 1 / answers else. In the unit of the score.
    """
    chance, scores = np.asarray(propensity, dtype=float), np.asarray(score, dtype=float)
    return float(chance @ (scores - scores.mean()) / chance.sum())


def response_bias_exponential(slope: float, *, sd: float) -> float:
    """Return b sd^2, the bias of a normal score of standard deviation `sd` whose propensity goes as exp(b score).

    `slope` b is per unit of score; what share answers does not matter as long as no propensity reaches 1.
    """
    return slope * sd**2


def response_bias_logistic(intercept: float, slope: float, *, sd: float) -> float:
    """Return the bias of a normal score of mean 0 and `sd` whose log odds of an answer are `intercept` + `slope` score.

    E[z p(z)] / E[p(z)], an integral: it has no closed form. `slope` is per unit of score; the bias in that unit.
    """

    def moment(power: int) -> float:
        def weighed(z: float) -> float:
            return float(z**power * special.expit(intercept + slope * sd * z) * math.exp(-z * z / 2))

        area, _ = integrate.quad(weighed, -12, 12, points=[0.0])
        return float(area)

    return sd * moment(1) / moment(0)
