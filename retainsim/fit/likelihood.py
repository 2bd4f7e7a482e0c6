"""Likelihood: where a log-likelihood of a handful of parameters peaks, and how far from there the data still allow.

Intervals are those of the profile likelihood: the values at which the highest log-likelihood that the other parameters
allow has fallen by 1.92. Unlike a multiple of the standard error they do not depend on the scale a parameter is written
on, keep within its limits, and stay right where the peak lies on one (a variance of 0: they then err on the safe side,
Self & Liang 1987). They cost some hundreds of evaluations each, so whoever calls must make one cheap; `covariance` is
for likelihoods that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import optimize

from retainsim.draws import Floats
from retainsim.fit.estimate import NORMAL

LogLikelihood: TypeAlias = Callable[[Floats], float]
Bounds: TypeAlias = Sequence[tuple[float, float]]

DROP = NORMAL**2 / 2
"""Fall of the log-likelihood at the ends of a 95 % interval of one parameter."""
_WORST = 1e10


@dataclass(frozen=True)
class Peak:
    """Parameters (p,) at which a log-likelihood is highest, and how high."""

    point: Floats
    height: float


def climb(
    log_likelihood: LogLikelihood, starts: Sequence[Floats], bounds: Bounds, *, n: float, is_rough: bool = False
) -> Peak:
    """Find the highest point from several starts; `n` customers make the likelihood one of order 1.

    Where `is_rough`, the height is right to about 1e-4 for a million customers, in a third of the time.
    """
    slopes: Literal["2-point", "3-point"] = "2-point" if is_rough else "3-point"
    options: Any = {"ftol": 1e-12, "gtol": 1e-6} if is_rough else {"ftol": 1e-15, "gtol": 1e-8}

    def cost(point: Floats) -> float:
        height = log_likelihood(point)
        return -height / n if np.isfinite(height) else _WORST

    peaks = []
    for start in starts:
        found = optimize.minimize(cost, start, method="L-BFGS-B", jac=slopes, bounds=bounds, options=options)
        peaks.append(Peak(np.asarray(found.x), -float(found.fun) * n))
    return max(peaks, key=lambda peak: peak.height)


def profile(log_likelihood: LogLikelihood, peak: Peak, index: int, *, bounds: Bounds, n: float) -> tuple[float, float]:
    """Return the ends of the 95 % profile interval of one parameter; a limit of it where the data exclude none."""
    ends = [_end(log_likelihood, peak, index, side, bounds=bounds, n=n) for side in (-1, 1)]
    return ends[0], ends[1]


def covariance(log_likelihood: LogLikelihood, peak: Peak, *, bounds: Bounds) -> Floats:
    """Invert the observed information, (p, p); a parameter on its border is taken as known."""
    p, x = len(peak.point), peak.point
    limits = np.asarray(bounds)
    step = 1e-4 * np.maximum(1.0, np.abs(x))
    free = np.flatnonzero((x - limits[:, 0] > step) & (limits[:, 1] - x > step))
    moves = np.diag(step)
    information = np.zeros((len(free), len(free)))
    for a, i in enumerate(free):
        for b, j in enumerate(free[: a + 1]):
            corners = [s * t * log_likelihood(x + s * moves[i] + t * moves[j]) for s in (1, -1) for t in (1, -1)]
            information[a, b] = information[b, a] = -sum(corners) / (4 * step[i] * step[j])
    found = np.zeros((p, p))
    found[np.ix_(free, free)] = np.linalg.pinv(information, hermitian=True)
    return found


def _end(log_likelihood: LogLikelihood, peak: Peak, index: int, side: int, *, bounds: Bounds, n: float) -> float:
    """Walk from the peak to where the profile has fallen by `DROP`, doubling the stride, then close in."""
    inner = _Profile(log_likelihood, peak, index, bounds, n)
    at, limit = float(peak.point[index]), bounds[index][side > 0]
    near, stride = at, inner.width()
    while near != limit:
        far = float(np.clip(near + side * stride, *bounds[index]))
        if inner(far) < 0:
            return float(optimize.brentq(inner, near, far, xtol=1e-3 * abs(far - at) + 1e-12, rtol=1e-6))
        near, stride = far, 2 * stride
    return float(limit)


class _Profile:
    """The profile log-likelihood of one parameter, less what it is at the ends of the interval."""

    def __init__(self, log_likelihood: LogLikelihood, peak: Peak, index: int, bounds: Bounds, n: float) -> None:
        self._full, self._peak, self._index, self._n = log_likelihood, peak, index, n
        self._others = [bound for place, bound in enumerate(bounds) if place != index]
        self._bounds = bounds[index]
        self._start = np.delete(peak.point, index)
        self._known = {float(peak.point[index]): DROP}

    def __call__(self, value: float) -> float:
        if value not in self._known:  # asked twice, it must not differ by where the climb began
            self._known[value] = self._highest(value) - self._peak.height + DROP
        return self._known[value]

    def _highest(self, value: float) -> float:
        if not self._others:
            return self._full(np.array([value]))
        pinned = lambda others: self._full(np.insert(others, self._index, value))  # noqa: E731  a function of the rest
        found = climb(pinned, [self._start], self._others, n=self._n, is_rough=True)
        self._start = found.point
        return found.height

    def width(self) -> float:
        """Return about half the width of the interval, from the curvature with the others held."""
        at, index = self._peak.point.copy(), self._index
        step = 1e-3 * max(1.0, abs(at[index]))
        at[index] += step if at[index] + step < self._bounds[1] else -step
        fall = max(self._peak.height - self._full(at), 1e-9)
        return float(min(step * np.sqrt(DROP / fall), 1.0))
