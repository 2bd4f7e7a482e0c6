"""Survival: how long customers stay, and for which of several reasons they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

Floats = npt.NDArray[np.float64]
Survival = Callable[[float], float]


def cumulative_hazard(months: npt.ArrayLike, monthly_hazard: float, *, power: float = 1.0) -> Floats:
    """Return H(t) = 12 b (t / 12)^c: tenure t in months, b per customer-month, power c (DESIGN section 4)."""
    return 12 * monthly_hazard * (np.asarray(months, dtype=float) / 12) ** power


def cumulative_hazard_steps(
    months: npt.ArrayLike, monthly_hazard: float, *, knots: Sequence[float], factors: Sequence[float]
) -> Floats:
    """Cumulative hazard of a hazard with a factor before, between and after `knots` (months)."""
    edges = np.array([0.0, *knots, np.inf])
    widths = np.clip(np.asarray(months, dtype=float)[..., None], edges[:-1], edges[1:]) - edges[:-1]
    return monthly_hazard * np.asarray(widths @ np.array(factors))


def survival_exponential(months: npt.ArrayLike, monthly_hazard: float) -> Floats:
    """Return exp(-b t), the share still there after `months`."""
    return survival_weibull(months, monthly_hazard, power=1.0)


def survival_weibull(months: npt.ArrayLike, monthly_hazard: float, *, power: float) -> Floats:
    """Return exp(-12 b (t / 12)^c): the power leaves first-year survival where it was."""
    return cast("Floats", np.exp(-cumulative_hazard(months, monthly_hazard, power=power)))


def survival_gamma_frailty(hazard: npt.ArrayLike, variance: float) -> Floats:
    """Return (1 + v H)^(-1 / v): H the cumulative `hazard` at frailty 1, gamma frailty of `variance` v."""
    hazard = np.asarray(hazard, dtype=float)
    return cast("Floats", np.exp(-(np.log1p(variance * hazard) / variance if variance > 0 else hazard)))


def survival_sbg(renewals: npt.ArrayLike, *, a: float, b: float) -> Floats:
    """Return B(a, b + t) / B(a, b): theta ~ Beta(a, b) lost at each renewal (Fader & Hardie 2007)."""
    return survival_bdw(renewals, a=a, b=b, power=1.0)


def survival_bdw(renewals: npt.ArrayLike, *, a: float, b: float, power: float) -> Floats:
    """Return B(a, b + t^c) / B(a, b), the beta-discrete-Weibull; t, in contract terms, may be fractional."""
    times = np.asarray(renewals, dtype=float)
    return cast("Floats", np.exp(special.betaln(a, b + times**power) - special.betaln(a, b)))


def retention_sbg(renewal: npt.ArrayLike, *, a: float, b: float) -> Floats:
    """Return (b + t - 1) / (a + b + t - 1): the share of those before renewal t = 1, 2, ... who stay."""
    before = np.asarray(renewal, dtype=float) - 1
    return (b + before) / (a + b + before)


def del_sbg(*, a: float, b: float, discount: float) -> float:
    """Return the discounted expected lifetime in payments, the first on joining (Fader & Hardie 2010).

    nan, here and in `derl_sbg`, where a + b plus renewals passed exceeds 170: the 2F1 of scipy overflows.
    """
    return float(special.hyp2f1(1, b, a + b, 1 / (1 + discount)))


def derl_sbg(renewal: int, *, a: float, b: float, discount: float) -> float:
    """Return the discounted expected residual lifetime in payments, seen just before renewal n = 1, 2, ..."""
    rest = special.hyp2f1(1, b + renewal, a + b + renewal, 1 / (1 + discount))
    return float(retention_sbg(renewal, a=a, b=b) * rest)


def retention_settled(survival: Survival, age_months: float = 120.0, *, span_months: float = 12.0) -> float:
    """Return the share of a settled pool still there after `span_months` (DESIGN section 4, no contracts).

    After `age_months` of constant joining, tenure a has density proportional to S(a); S(a + span) remain.
    `survival` is the mixture over frailty, by tenure in months: that is what drawing both jointly means.
    """

    def present(shift: float) -> float:
        area, _ = integrate.quad(lambda tenure: float(survival(tenure + shift)), 0, age_months, epsrel=1e-10, limit=400)
        return float(area)

    return present(span_months) / present(0.0)


# Why customers leave: competing risks with constant hazards (section 6).


def cumulative_incidence(hazards: npt.ArrayLike, time: float) -> Floats:
    """Return the share gone for each reason by `time`, (l_k / l)(1 - e^(-l t)); shape (reasons,)."""
    rates = np.asarray(hazards, dtype=float)
    return cast("Floats", rates / rates.sum() * -np.expm1(-rates.sum() * time))


def one_minus_kaplan_meier(hazards: npt.ArrayLike, time: float) -> Floats:
    """Return 1 - e^(-l_k t), which overstates each reason by censoring the others: (reasons,)."""
    return cast("Floats", -np.expm1(-np.asarray(hazards, dtype=float) * time))


def mean_life_gain_if_closed(share: float, *, part: float = 1.0) -> float:
    """Return 1 / (1 - p): the factor on mean life when a reason of `share` p loses `part` of its hazard."""
    return 1 / (1 - share * part)
