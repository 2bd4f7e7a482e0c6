"""Mixture: how long customers stay who differ in hazard, as laws of the whole population by tenure.

Each is a law of the kernel (`laws`) averaged over frailty: gamma frailty of variance v on H(t) = 12 b (t/12)^c leaves
S(t) = (1 + v H(t))^(-1/v); a chance theta ~ Beta(a, b) of leaving at each renewal leaves B(a, b + (t/T)^c) / B(a, b).
The likelihood of who was seen from a tenure on only is S(exit) / S(entry) of the same law: survivors are the less frail
by as much as the law says.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats

YEAR = 12.0


class Law(ABC):
    """A law of staying: -ln S and ln of the hazard (per month) by tenure (months)."""

    @abstractmethod
    def cumulative(self, tenure: Floats) -> Floats:
        """Return -ln of the share of newcomers still there at `tenure` (months, >= 0)."""

    @abstractmethod
    def log_hazard(self, tenure: Floats) -> Floats:
        """Return the log of the hazard per month of those still there at `tenure` (months, > 0)."""

    @abstractmethod
    def shape(self) -> dict[str, Any]:
        """Return the scenario's keys `frailty` and `duration` (and `term_months`) of a segment that follows the law."""

    def survival(self, tenure: Floats) -> Floats:
        """Return the share of newcomers still there at `tenure` (months)."""
        return np.asarray(np.exp(-self.cumulative(np.asarray(tenure, dtype=np.float64))))

    def settled(self, age_years: float = 10.0) -> float:
        """Return the 12-month churn of a pool that has been filling for `age_years` by constant joining."""
        nodes, weights = np.polynomial.legendre.leggauss(200)
        tenures = YEAR * age_years * ((1 + nodes) / 2) ** 4  # the law changes fastest at the start
        weights = weights * ((1 + nodes) / 2) ** 3
        return 1 - float(weights @ self.survival(tenures + YEAR)) / float(weights @ self.survival(tenures))

    def churn(self, tenure: ArrayLike = 0.0) -> float:
        """Return the 12-month churn of those at `tenure` (months), newcomers by default; of several, their mean."""
        at = np.atleast_1d(np.asarray(tenure, dtype=np.float64))
        return float(np.mean(-np.expm1(self.cumulative(at) - self.cumulative(at + YEAR))))


@dataclass(frozen=True)
class GammaLaw(Law):
    """Gamma frailty of `variance` on a hazard that runs with tenure to a `power`.

    Parameters
    ----------
    first_year
        -ln of the share of newcomers still there after 12 months.
    variance
        Of frailty; 0: all alike.
    power
        Exponent c of cumulative hazard; 1: each customer's hazard is constant.
    """

    first_year: float
    variance: float = 0.0
    power: float = 1.0

    @property
    def yearly(self) -> float:
        """Return the cumulative hazard 12 b over the first year at frailty 1."""
        v = self.variance
        return math.expm1(v * self.first_year) / v if v else self.first_year

    def cumulative(self, tenure: Floats) -> Floats:
        """Return ln(1 + v H) / v."""
        hazard = self.yearly * self._passed(tenure)
        return np.log1p(self.variance * hazard) / self.variance if self.variance else hazard

    def log_hazard(self, tenure: Floats) -> Floats:
        """Return ln(H' / (1 + v H))."""
        found = math.log(self.yearly * self.power / YEAR) + (self.power - 1) * np.log(tenure / YEAR)
        return found - np.log1p(self.variance * self.yearly * self._passed(tenure)) if self.variance else found

    def shape(self) -> dict[str, Any]:
        """Return gamma frailty and a power, where there is any."""
        frailty = {"frailty": {"kind": "gamma", "variance": self.variance}} if self.variance else {}
        return frailty | ({"duration": {"kind": "power", "power": self.power}} if self.power != 1 else {})

    def _passed(self, tenure: Floats) -> Floats:
        return tenure / YEAR if self.power == 1 else np.power(tenure / YEAR, self.power)


@dataclass(frozen=True)
class BetaLaw(Law):
    """theta ~ Beta(a, b) of leaving at each renewal, every `term` months: sBG, or BdW with a `power`."""

    a: float
    b: float
    power: float = 1.0
    term: float = YEAR

    def cumulative(self, tenure: Floats) -> Floats:
        """Return -ln of B(a, b + u) / B(a, b), u = (tenure / term)^power."""
        from scipy.special import betaln

        return np.asarray(betaln(self.a, self.b) - betaln(self.a, self.b + self._passed(tenure)))

    def log_hazard(self, tenure: Floats) -> Floats:
        """Return ln(u' [psi(a + b + u) - psi(b + u)])."""
        from scipy.special import psi

        passed = self._passed(tenure)
        inner = psi(self.a + self.b + passed) - psi(self.b + passed)
        return np.log(inner) + math.log(self.power / self.term) + (self.power - 1) * np.log(tenure / self.term)

    def shape(self) -> dict[str, Any]:
        """Return beta frailty, a power where there is one, and the term where it is no year."""
        found: dict[str, Any] = {"frailty": {"kind": "beta", "a": self.a, "b": self.b}}
        if self.power != 1:
            found["duration"] = {"kind": "power", "power": self.power}
        return found | ({"term_months": self.term} if self.term != YEAR else {})

    def _passed(self, tenure: Floats) -> Floats:
        return tenure / self.term if self.power == 1 else np.power(tenure / self.term, self.power)


@dataclass(frozen=True)
class StepsLaw(Law):
    """A hazard (per month) for each stretch of tenure between `knots` (months): one more than knots."""

    knots: tuple[float, ...]
    hazards: tuple[float, ...]

    def cumulative(self, tenure: Floats) -> Floats:
        """Add up each stretch's hazard over the months spent in it."""
        edges = np.array([0.0, *self.knots])
        reached = np.append(0.0, np.cumsum(np.diff(edges) * self.hazards[:-1]))
        place = np.searchsorted(self.knots, tenure, side="left")
        return np.asarray(reached[place] + np.asarray(self.hazards)[place] * (tenure - edges[place]))

    def log_hazard(self, tenure: Floats) -> Floats:
        """Return the log of the stretch's hazard; a knot belongs to the stretch before it."""
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(self.hazards)[np.searchsorted(self.knots, tenure, side="left")])

    def shape(self) -> dict[str, Any]:
        """Return the factors by tenure, 1 on average over the first year, so that they read as ratios to it.

        Nothing where no tenure differs from another: a list of factors has two or more.
        """
        if not self.knots:
            return {}
        first = float(self.cumulative(np.array([YEAR]))[0]) / YEAR or max(self.hazards)
        factors = [hazard / first for hazard in self.hazards]
        return {"duration": {"kind": "steps", "months": list(self.knots), "factors": factors}}
