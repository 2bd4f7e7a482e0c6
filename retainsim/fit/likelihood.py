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
from typing import TypeAlias

import numpy as np
from scipy import optimize

from retainsim.draws import Floats
from retainsim.fit.estimate import NORMAL
from retainsim.fit.spells import Bools

LogLikelihood: TypeAlias = Callable[[Floats], float]
Bounds: TypeAlias = Sequence[tuple[float, float]]

DROP = NORMAL**2 / 2
"""Fall of the log-likelihood at the ends of a 95 % interval of one parameter."""
_WORST = 1e10
_STEP = 1e-4
"""Difference for derivatives, on the scale of parameters, which is of order 1."""
_FLAT = 1e-13
"""Gain of a step, in log-likelihood per customer, below which the top is reached."""
_MOST_STEPS = 60


@dataclass(frozen=True)
class Peak:
    """Parameters (p,) at which a log-likelihood is highest, and how high."""

    point: Floats
    height: float


def climb(log_likelihood: LogLikelihood, starts: Sequence[Floats], bounds: Bounds, *, n: float) -> Peak:
    """Find the highest point from several starts; `n` customers make the likelihood one of order 1.

    Newton's method with differences for derivatives, the few parameters on a limit held there. No routine of scipy's:
    each step of those wakes the threads of a linear algebra library, which cost 52 s instead of 4 s for 160 fits on two
    busy cores.
    """

    def mean(point: Floats) -> float:
        height = log_likelihood(point) / n
        return height if np.isfinite(height) else -_WORST

    limits = np.asarray(bounds, dtype=np.float64).reshape(-1, 2).T
    peaks = [_climb(mean, np.clip(start, *limits), limits) for start in starts]
    best = max(peaks, key=lambda peak: peak.height)
    return Peak(best.point, best.height * n)


def _climb(mean: LogLikelihood, point: Floats, limits: Floats) -> Peak:
    height = mean(point)
    for _ in range(_MOST_STEPS):
        slope, curve = _derivatives(mean, point, height)
        held = ((point <= limits[0]) & (slope < 0)) | ((point >= limits[1]) & (slope > 0))
        step = np.where(held, 0.0, _newton(slope, curve, ~held))
        if not np.abs(step * slope).max(initial=0.0) > _FLAT:
            break
        for _ in range(30):
            trial = np.clip(point + step, *limits)
            reached = mean(trial)
            if reached > height:
                break
            step = step / 4
        else:
            break
        point, height = trial, reached
    return Peak(point, height)


def _newton(slope: Floats, curve: Floats, free: Bools) -> Floats:
    """Return the step to where a parabola peaks, uphill even where the curve bends upwards, at most 2 a parameter."""
    step = np.zeros(len(slope))
    if free.any():
        values, axes = np.linalg.eigh(curve[np.ix_(free, free)])
        step[free] = axes @ ((axes.T @ slope[free]) / np.maximum(np.abs(values), 1e-9))
    return step / max(1.0, float(np.abs(step).max()) / 2.0)


def _derivatives(mean: LogLikelihood, point: Floats, height: float) -> tuple[Floats, Floats]:
    """Return slope (p,) and curvature (p, p) by central differences; laws go on smoothly beyond their limits."""
    moves = _STEP * np.eye(len(point))
    up, down = (np.array([mean(point + sign * move) for move in moves]) for sign in (1, -1))
    curve = np.diag(up - 2 * height + down)
    for i in range(len(point)):
        for j in range(i):
            corner = mean(point + moves[i] + moves[j]) + mean(point - moves[i] - moves[j])
            curve[i, j] = curve[j, i] = (corner - up[i] - down[i] - up[j] - down[j] + 2 * height) / 2
    return (up - down) / (2 * _STEP), curve / _STEP**2


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
        found = climb(pinned, [self._start], self._others, n=self._n)
        self._start = found.point
        return found.height

    def width(self) -> float:
        """Return about half the width of the interval, from the curvature with the others held."""
        at, index = self._peak.point.copy(), self._index
        step = 1e-3 * max(1.0, abs(at[index]))
        at[index] += step if at[index] + step < self._bounds[1] else -step
        fall = max(self._peak.height - self._full(at), 1e-9)
        return float(min(step * np.sqrt(DROP / fall), 1.0))
