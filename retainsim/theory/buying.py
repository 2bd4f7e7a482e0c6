"""Buying: how often customers without a contract buy, and for how much (LITERATURE section 5b-d).

Purchases after the first, which makes a customer at time 0, come at a rate ~ Gamma(shape r, rate alpha). In the BG/NBD
(Fader, Hardie & Lee 2005, Marketing Science 24(2)) a customer drops out after each of them with a probability
p ~ Beta(a, b) of its own; in the Pareto/NBD (Schmittlein, Morrison & Colombo 1987, Management Science 33(1)) at an
exponential time whose rate ~ Gamma(shape s, rate beta). Times, alpha and beta share one unit of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import integrate, special

from retainsim.theory.survival import Floats, survival_gamma_frailty, survival_sbg

_NEVER = 1e-200  # a chance of dropping out that stands for none, where a formula divides by it


def bg_nbd_purchases(time: float, *, r: float, alpha: float, a: float, b: float) -> float:
    """Return E[X(t)]: the purchases after the first that a random customer makes by `time`, BG/NBD.

    The mean over p of (1 - (alpha / (alpha + p t))^r) / p, whatever a and b above 0. The published form,
    (a + b - 1) / (a - 1) [1 - (alpha / (alpha + t))^r 2F1(r, b; a + b - 1; t / (alpha + t))], is the same number but
    has none at a = 1 or a + b = 1.
    """
    return _mean_over_dropout(lambda p: -math.expm1(-r * math.log1p(p * time / alpha)) / p, a, b)


def bg_nbd_active(time: float, *, r: float, alpha: float, a: float, b: float) -> float:
    """Return the share not yet dropped out at `time`, BG/NBD: the mean over p of (alpha / (alpha + p t))^r."""
    return _mean_over_dropout(lambda p: math.exp(-r * math.log1p(p * time / alpha)), a, b)


def bg_nbd_chances(purchases: npt.ArrayLike, *, time: float, r: float, alpha: float, a: float, b: float) -> Floats:
    """Return P(X(t) = x): the share with x = 0, 1, 2, ... purchases after the first by `time`; shape of `purchases`.

    Either x were made and none of them was the last, or the x-th was and at least x would have been made.
    """
    x = np.asarray(purchases, dtype=float)
    reached = time / (alpha + time)
    log_made = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + special.xlogy(x, reached)
    at_least = special.betainc(np.maximum(x, 1), r, reached)
    stayed, before = survival_sbg(x, a=a, b=b), survival_sbg(np.maximum(x - 1, 0), a=a, b=b)
    return np.asarray(stayed * np.exp(log_made + r * math.log1p(-reached)) + (before - stayed) * at_least)


def _mean_over_dropout(value: Callable[[float], float], a: float, b: float) -> float:
    """Average over p ~ Beta(a, b), by quantile: no poles at 0 and 1, no overflow where all are alike."""
    mean, _ = integrate.quad(lambda u: value(max(float(special.betaincinv(a, b, u)), _NEVER)), 0, 1, limit=400)
    return float(mean)


def pareto_nbd_purchases(time: npt.ArrayLike, *, r: float, alpha: float, s: float, beta: float) -> Floats:
    """Return E[X(t)] = r beta / (alpha (s - 1)) [1 - (beta / (beta + t))^(s - 1)], Pareto/NBD; s = 1 is allowed."""
    passed = np.log1p(np.asarray(time, dtype=float) / beta)
    return np.asarray(r * beta / alpha * passed * special.exprel((1 - s) * passed))


def pareto_nbd_active(time: npt.ArrayLike, *, s: float, beta: float) -> Floats:
    """Return (beta / (beta + t))^s, the share not yet dropped out at `time`, Pareto/NBD."""
    return survival_gamma_frailty(s * np.asarray(time, dtype=float) / beta, 1 / s)


def gamma_gamma_mean(*, p: float, q: float, gamma: float) -> float:
    """Return p gamma / (q - 1): the mean spend per purchase, in the currency of gamma; infinite where q <= 1.

    A purchase is worth Gamma(shape p, rate nu), with nu ~ Gamma(shape q, rate gamma) a customer's own and independent
    of how often it buys (Colombo & Jiang 1999, Journal of Interactive Marketing 13(3); Fader & Hardie 2013).
    """
    return p * gamma / (q - 1) if q > 1 else math.inf


def gamma_gamma_variance(*, p: float, q: float, gamma: float) -> float:
    """Return (p gamma)^2 / ((q - 1)^2 (q - 2)): between customers, of mean spend; infinite where q <= 2.

    Parameters as in `gamma_gamma_mean`; in the currency squared.
    """
    return gamma_gamma_mean(p=p, q=q, gamma=gamma) ** 2 / (q - 2) if q > 2 else math.inf
