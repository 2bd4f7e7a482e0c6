"""Fitting: one law of staying put to the evidence: its peak, and the 95 % interval of each parameter.

Level and shape are kept apart, so that they hardly disturb each other: the level is first-year churn, which neither
power nor variance moves, or the odds b / a of staying at a renewal.
"""

from __future__ import annotations

import math

import numpy as np

from retainsim.draws import Floats
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.evidence import Evidence
from retainsim.fit.likelihood import Bounds, Peak, climb, covariance, profile
from retainsim.fit.mixture import YEAR, BetaLaw, GammaLaw, Law
from retainsim.fit.spells import Spells

FREE = {
    "exponential": ("first_year",),
    "weibull": ("first_year", "power"),
    "gamma": ("first_year", "variance"),
    "gamma-power": ("first_year", "variance", "power"),
    "sbg": ("a", "odds"),
    "bdw": ("a", "odds", "power"),
}
"""Free parameters of each kind: variance as it is, the others by their logarithm; odds = b / a."""
LIMITS = {
    "first_year": (math.log(1e-10), math.log(20.0)),
    "variance": (0.0, 20.0),
    "power": (math.log(0.0501), math.log(10.0)),
    "a": (math.log(1e-3), math.log(1e2)),
    "odds": (math.log(1e-4), math.log(1e4)),
    "b": (math.log(1e-7), math.log(1e6)),
}
"""Where each parameter is looked for: what a scenario may hold, or farther than any data reach."""


def make(kind: str, point: Floats, term: float = YEAR) -> Law:
    """Build the law of a kind at a point of its free parameters (in the order and scale of `FREE`)."""
    named = zip(FREE[kind], point, strict=True)
    found = {name: float(x) if name == "variance" else math.exp(x) for name, x in named}
    if "odds" in found:
        return BetaLaw(found["a"], found["a"] * found["odds"], found.get("power", 1.0), term)
    return GammaLaw(**found)


class Fitting:
    """The likelihood of a kind of law on some evidence, its peak, and what surrounds it."""

    def __init__(self, spells: Spells, kind: str, grain: float, term: float) -> None:
        self._spells, self._kind, self._term = spells, kind, term
        self._evidence = Evidence.of(spells, grain)
        self._bounds: Bounds = [LIMITS[name] for name in FREE[kind]]
        self._peak = climb(self._at, self._starts(), self._bounds, n=spells.n)

    @property
    def law(self) -> Law:
        """Return the law at the peak."""
        return make(self._kind, self._peak.point, self._term)

    @property
    def height(self) -> float:
        """Return the log-likelihood at the peak."""
        return self._peak.height

    def estimates(self) -> dict[str, Estimate]:
        """Return the estimates by name, `annual_churn` (of newcomers) first."""
        estimates = {"annual_churn": self._churn()}
        for index, name in enumerate(FREE[self._kind]):
            if name == "odds":
                estimates["b"] = self._b()
            elif name != "first_year":
                estimates[name] = self._profiled(index)
        return estimates

    def _at(self, point: Floats) -> float:
        with np.errstate(all="ignore"):  # far from the peak a law may overflow; its likelihood is then none
            return self._evidence.log_likelihood(make(self._kind, point, self._term))

    def _starts(self) -> list[Floats]:
        rate = min(self._spells.events / self._spells.exposure, 1.0)
        leaving = -math.expm1(-rate * self._term)
        level = {"first_year": math.log(YEAR * rate), "odds": math.log(max((1 - leaving) / leaving, 1e-3))}
        shapes = [{"variance": 2.0, "a": 0.0, "power": 0.0}, {"variance": 0.3, "a": 2.0, "power": 0.3}]
        if "a" in FREE[self._kind]:
            shapes.append({"a": LIMITS["a"][1] - 0.5, "power": 0.0})  # towards its limit the climb is nearly level
        return [np.array([(level | shape)[name] for name in FREE[self._kind]]) for shape in shapes]

    def _profiled(self, index: int) -> Estimate:
        name, value = FREE[self._kind][index], float(self._peak.point[index])
        ends = profile(self._at, self._peak, index, bounds=self._bounds, n=self._spells.n)
        found = Estimate(value, *ends, _note(name, value, ends))
        return found if name == "variance" else found.mapped(math.exp)

    def _churn(self) -> Estimate:
        """Estimate first-year churn: a parameter of its own but for beta frailty, where errors are carried over."""
        if FREE[self._kind][0] == "first_year":
            return self._profiled(0).mapped(lambda passed: -math.expm1(-passed))
        spread = covariance(self._at, self._peak, bounds=self._bounds)
        at, step = self._peak.point, 1e-5
        slope = np.array([(self._level(at + e) - self._level(at - e)) / (2 * step) for e in step * np.eye(len(at))])
        middle, half = self._level(at), NORMAL * math.sqrt(max(float(slope @ spread @ slope), 0.0))
        return Estimate(middle, middle - half, middle + half).mapped(lambda x: -math.expm1(-math.exp(min(x, 700.0))))

    def _level(self, point: Floats) -> float:
        """Return ln(-ln S) after a year."""
        return math.log(float(make(self._kind, point, self._term).cumulative(np.array([YEAR]))[0]))

    def _b(self) -> Estimate:
        """Profile b by turning the axes: (ln b, ln odds, ...) instead of (ln a, ln odds, ...)."""
        point = self._peak.point
        peak = Peak(np.array([point[0] + point[1], *point[1:]]), self._peak.height)
        bounds = [LIMITS["b"], *self._bounds[1:]]
        ends = profile(lambda x: self._at(np.array([x[0] - x[1], *x[1:]])), peak, 0, bounds=bounds, n=self._spells.n)
        log_b = float(peak.point[0])
        low, high = min(ends[0], log_b), max(ends[1], log_b)  # turned axes may reach beyond the limit of a
        return Estimate(log_b, low, high, _note("odds", float(point[1]), ends)).mapped(math.exp)


def _note(name: str, value: float, ends: tuple[float, float]) -> str:
    low, high = LIMITS[name]
    if name == "variance" and value < 1e-3:
        return "no sign that customers differ: variance at its border 0, its interval one-sided"
    if name == "a" and ends[1] >= high - 1e-6:
        return "the data do not exclude that all customers are alike: a has no upper end"
    if value <= low + 1e-6 or value >= high - 1e-6:
        named = "b / a" if name == "odds" else name
        return f"{named} lies at the border of what is looked at; another law fits better"
    return ""
