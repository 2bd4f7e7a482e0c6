"""Buying: how often customers without a contract buy, when they drop out, and what they spend, by maximum likelihood.

BG/NBD and Pareto/NBD from three numbers per customer, gamma-gamma for spend. Intervals come from the observed
information on the scale of logarithms: profiles would be better where data are few, but cost a hundred times more on a
likelihood that cannot be summed up in a few points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from retainsim.draws import Floats, mix
from retainsim.errors import UsageError
from retainsim.fit import dropout
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.mixture import GammaLaw
from retainsim.fit.purchase import Purchases

Rows: TypeAlias = Callable[[Floats], tuple[Floats, Floats]]
"""From parameters (p,) to log-likelihood (n,) and slopes (p, n)."""
NAMES = {"bg-nbd": ("r", "alpha", "a", "b"), "pareto-nbd": ("r", "alpha", "s", "beta")}
LIKELIHOODS = {"bg-nbd": dropout.bg_nbd, "pareto-nbd": dropout.pareto_nbd}
MOST = {"bg-nbd": 2_000_000, "pareto-nbd": 100_000}
"""Customers used where there are more different ones: so many are taken by lot, and the fit says so."""
_FIRST = 5_000
_LIMITS = (math.log(1e-4), math.log(1e5))


@dataclass(frozen=True)
class BuyingFit:
    """A law of buying fitted to purchases.

    Parameters
    ----------
    kind
        "bg-nbd" or "pareto-nbd".
    estimates
        By name as published; alpha and beta in months.
    log_likelihood
        Of the customers used, but for what no parameter changes.
    n, used
        Customers, and how many of them the fit rests on.
    """

    kind: str
    estimates: dict[str, Estimate]
    log_likelihood: float
    n: float
    used: float

    @property
    def aic(self) -> float:
        """Return Akaike's criterion."""
        return 2 * len(self.estimates) - 2 * self.log_likelihood

    def keys(self) -> dict[str, Any]:
        """Return the keys of a segment that buys so, but for `purchases.spend`, which a table of its own fits."""
        value = {name: estimate.value for name, estimate in self.estimates.items()}
        buys: dict[str, Any] = {"per_month": value["r"] / value["alpha"], "shape": value["r"]}
        if self.kind == "bg-nbd":
            return {"buying": "purchases", "purchases": buys | {"dropout": {"a": value["a"], "b": value["b"]}}}
        law = GammaLaw(value["s"] * math.log1p(12.0 / value["beta"]), 1 / value["s"])
        return {"buying": "purchases", "purchases": buys, "annual_churn": law.churn(), **law.shape()}


@dataclass(frozen=True)
class SpendFit:
    """Gamma-gamma spend: a purchase is worth Gamma(p, rate nu), nu ~ Gamma(q, rate gamma) across customers.

    Parameters
    ----------
    mean
        Of a purchase over all customers (money): p gamma / (q - 1).
    estimates
        p, q and gamma.
    link
        Rank correlation between how much and how often customers buy; the law assumes none.
    """

    mean: Estimate
    estimates: dict[str, Estimate]
    log_likelihood: float
    n: int
    link: float

    def keys(self) -> dict[str, Any]:
        """Return the table `purchases.spend`."""
        value = {name: estimate.value for name, estimate in self.estimates.items()}
        return {"kind": "gamma", "mean": self.mean.value, "p": value["p"], "q": value["q"]}


def fit_buying(data: Purchases, kind: str = "bg-nbd") -> BuyingFit:
    """Fit one law of buying.

    Raises
    ------
    UsageError
        If `kind` is unknown, or nobody bought again.
    """
    if kind not in NAMES:
        raise UsageError(f"fit: there is no law of buying {kind!r}; choose among {', '.join(NAMES)}")
    total = float(data.weight @ data.repeats)
    if total == 0:
        raise UsageError(f"fit: none of {data.n:,.0f} customers bought again; no law of buying can be told")
    used = _by_lot(data, MOST[kind])
    rate = total / float(data.weight @ data.seen)
    start = np.log([1.0, 1.0 / rate, 1.0, 3.0 if kind == "bg-nbd" else float(data.seen.max())])
    few = _by_lot(used, _FIRST)  # most of the climb is done on some, the rest on all
    start = _climb(lambda p: LIKELIHOODS[kind](p, few), few.weight, start).x
    estimates, height = _estimates(lambda p: LIKELIHOODS[kind](p, used), used.weight, start, NAMES[kind])
    return BuyingFit(kind, estimates, height, data.n, used.n)


def choose_buying(data: Purchases) -> tuple[BuyingFit, dict[str, BuyingFit], str]:
    """Fit both laws to the same customers, and return the likelier fitted to all, both by kind, and why.

    They have as many parameters, so the log-likelihood decides; within 2 the BG/NBD, whose dropout a scenario plays
    purchase by purchase.
    """
    same = _by_lot(data, MOST["pareto-nbd"])
    fits = {kind: fit_buying(same, kind) for kind in NAMES}
    gap = fits["pareto-nbd"].log_likelihood - fits["bg-nbd"].log_likelihood
    chosen = "pareto-nbd" if gap > 2 else "bg-nbd"
    return (
        fit_buying(data, chosen),
        fits,
        f"{chosen}: log-likelihood of the Pareto/NBD less that of the BG/NBD is {gap:+.1f}",
    )


def fit_spend(mean: ArrayLike, purchases: ArrayLike) -> SpendFit:
    """Fit gamma-gamma spend to each customer's mean purchase (money, > 0) and number of purchases (> 0), both (n,).

    Raises
    ------
    UsageError
        If shapes differ, fewer than two customers are left, a number is not above 0, or all spend the same.
    """
    z, x = (np.asarray(each, dtype=np.float64) for each in (mean, purchases))
    if z.shape != x.shape or z.ndim != 1 or len(z) < 2 or not (np.isfinite(z) & (z > 0) & (x > 0)).all():
        raise UsageError(
            "spend: give a mean purchase above 0 and a number of purchases for each of two customers or more"
        )
    if float(np.ptp(z)) == 0:
        raise UsageError(f'spend: all {len(z):,} customers spend {z[0]:g}; write spend = {{ kind = "same" }}')
    unit = float(np.average(z, weights=x))
    few = slice(None, None, max(1, len(z) // _FIRST))
    start = _climb(lambda p: _spend(p, z[few] / unit, x[few]), np.ones(len(z[few])), np.log([2.0, 3.0, 1.0])).x
    rows: Rows = lambda p: _spend(p, z / unit, x)  # noqa: E731  in units of the mean, so that parameters are of order 1
    estimates, height = _estimates(rows, np.ones(len(z)), start, ("p", "q", "gamma"))
    mean_spend = estimates.pop("mean").mapped(lambda share: share * unit)
    estimates["gamma"] = estimates["gamma"].mapped(lambda share: share * unit)
    return SpendFit(mean_spend, estimates, height - len(z) * math.log(unit), len(z), _link(z, x))


def _spend(point: Floats, z: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return the log-likelihood (n,) and its slope (3, n) of mean purchases z over x purchases, by p, q and gamma."""
    p, q, gamma = (float(each) for each in point)
    shape, whole, log_z, log_x = p * x, p * x + q, np.log(z), np.log(x)
    rest = np.log(gamma + z * x)
    value = special.gammaln(whole) - special.gammaln(shape) - special.gammaln(q) + q * math.log(gamma)
    value += shape * (log_z + log_x) - log_z - whole * rest
    at = special.psi(whole)
    by_p = x * (at - special.psi(shape) + log_z + log_x - rest)
    by_q = at - special.psi(q) + math.log(gamma) - rest
    return value, np.stack([by_p, by_q, q / gamma - whole / (gamma + z * x)])


def _climb(rows: Rows, weight: Floats, start: Floats) -> Any:
    """Find the peak, parameters by their logarithms."""
    n = float(weight.sum())

    def cost(logs: Floats) -> tuple[float, Floats]:
        with np.errstate(all="ignore"):  # far from the peak a term may overflow; such a point is refused
            value, slopes = rows(np.exp(logs))
        found = -float(value @ weight) / n, -(slopes @ weight) * np.exp(logs) / n
        return found if math.isfinite(found[0]) else (1e10, np.zeros(len(logs)))

    bounds = [_LIMITS] * len(start)
    options: Any = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}
    return optimize.minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _estimates(rows: Rows, weight: Floats, start: Floats, names: tuple[str, ...]) -> tuple[dict[str, Estimate], float]:
    """Return the estimates at the peak, with the mean spend where the names are those of spend; and its height."""
    logs = np.asarray(_climb(rows, weight, start).x)

    def slope(at: Floats) -> Floats:
        return np.asarray(rows(np.exp(at))[1] @ weight) * np.exp(at)

    steps = 1e-4 * np.eye(len(logs))
    information = -np.stack([(slope(logs + step) - slope(logs - step)) / 2e-4 for step in steps])
    spread = np.linalg.pinv((information + information.T) / 2, hermitian=True)
    errors = NORMAL * np.sqrt(np.maximum(np.diag(spread), 0.0))
    found = {
        name: Estimate(x, x - half, x + half).mapped(_exp) for name, x, half in zip(names, logs, errors, strict=True)
    }
    if "gamma" in names:
        found["mean"] = _mean_spend(logs, spread)
    return found, float(rows(np.exp(logs))[0] @ weight)


def _mean_spend(logs: Floats, spread: NDArray[np.floating[Any]]) -> Estimate:
    """Return p gamma / (q - 1) with the errors of its parameters carried over; infinite where q is not above 1."""
    p, q, gamma = np.exp(logs)
    if q <= 1:
        return Estimate(math.inf, 0.0, math.inf, "the mean of spend is infinite: q is not above 1")
    slope = np.array([1.0, -q / (q - 1), 1.0])
    half = NORMAL * math.sqrt(float(slope @ spread @ slope))
    middle = math.log(p * gamma / (q - 1))
    return Estimate(middle, middle - half, middle + half).mapped(_exp)


def _exp(log: float) -> float:
    """Return e to a power, infinite where a computer cannot hold it: then the data set no limit."""
    return math.exp(log) if log < 700 else math.inf


def _by_lot(data: Purchases, most: int) -> Purchases:
    """Return so many customers at most, by a lot that depends on their place alone; each is as likely as any other."""
    if len(data) <= most:
        return data
    row = np.repeat(np.arange(len(data)), data.weight.astype(np.int64))
    drawn = np.argpartition(mix(np.arange(len(row), dtype=np.uint64)), most)[:most]
    weight = np.bincount(row[drawn], minlength=len(data)).astype(np.float64)
    return replace(data, weight=weight).where(weight > 0)


def _link(z: Floats, x: Floats) -> float:
    from scipy.stats import rankdata

    if float(np.ptp(x)) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(z), rankdata(x))[0, 1])
