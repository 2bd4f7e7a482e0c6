"""Law: the laws of staying that a scenario can express, fitted by maximum likelihood, with 95 % intervals.

Parameters are the model's own (`laws`, `fuses`); the level is told as the first-year churn of newcomers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.fit import stretch
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.evidence import log_leaving
from retainsim.fit.fitting import FREE, Fitting
from retainsim.fit.mixture import YEAR, Law, StepsLaw
from retainsim.fit.spells import Spells

KINDS = (*FREE, "steps")
"""Every kind of law; sbg and bdw are gamma's and gamma-power's counterparts with beta frailty."""


@dataclass(frozen=True)
class LawFit:
    """A law fitted to spells.

    Parameters
    ----------
    kind
        One of `KINDS`.
    law
        The law at the peak of the likelihood.
    estimates
        By name: `annual_churn` (first-year churn of newcomers), then the law's own parameters.
    parameters
        How many were free.
    n, events
        Customers, and those of them who left.
    grain
        Months within which a leaving is known; 0: exactly.
    notes
        Sentences on what the data could not say.
    """

    kind: str
    law: Law
    estimates: dict[str, Estimate]
    log_likelihood: float
    parameters: int
    n: float
    events: float
    grain: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def aic(self) -> float:
        """Return Akaike's criterion: twice the parameters less twice the log-likelihood."""
        return 2 * self.parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Return Schwarz's criterion, in which those who left count (Volinsky & Raftery 2000, Biometrics 56)."""
        return self.parameters * math.log(max(self.events, 2.0)) - 2 * self.log_likelihood

    def survival(self, tenure: Floats) -> Floats:
        """Return the share of newcomers still there at `tenure` (months)."""
        return self.law.survival(tenure)

    def hazard(self, tenure: Floats) -> Floats:
        """Return the hazard per month of those still there at `tenure` (months, > 0)."""
        return np.asarray(np.exp(self.law.log_hazard(np.asarray(tenure, dtype=np.float64))))

    def keys(self, tenure: str | ArrayLike = "new", *, age_years: float = 10.0) -> dict[str, Any]:
        """Return the keys of a segment that follows the law, in an opening pool of this `tenure`.

        `tenure` is the scenario's `pool.tenure`, "new" or "settled"; or months, of all or of each customer. The
        `annual_churn` among the keys is that pool's own.
        """
        if isinstance(tenure, str):
            churn = self.law.settled(age_years) if tenure == "settled" else self.law.churn()
        else:
            churn = self.law.churn(tenure)
        return {"annual_churn": churn, **self.law.shape()}

    def by_row(self, spells: Spells) -> Floats:
        """Return the log-likelihood of each row, (n,), for one customer of the row."""
        return by_row(self.law, spells, self.grain)


def fit_law(
    spells: Spells,
    kind: str,
    *,
    grain: float = 0.0,
    term: float = YEAR,
    knots: tuple[float, ...] | None = None,
    intervals: bool = True,
) -> LawFit:
    """Fit one law.

    Parameters
    ----------
    kind
        One of `KINDS`.
    grain
        Months in which tenures were counted: a leaving at t was in (t - grain, t]; 0: tenures are exact.
    term
        Months between renewals, for sbg and bdw: theta is lost at each.
    knots
        Tenures (months) at which the hazard of `steps` changes; by default the data choose.
    intervals
        False spares most of the time and leaves `estimates` empty, but for `steps`.

    Raises
    ------
    UsageError
        If nobody left, so that no law can be told from another; or `kind` is unknown.
    """
    if kind not in KINDS:
        raise UsageError(f"fit: there is no law {kind!r}; choose among {', '.join(KINDS)}")
    if spells.events == 0:
        raise UsageError(f"fit: none of {spells.n:,.0f} customers left; say annual_churn yourself")
    if kind == "steps":
        return _steps(spells, grain, knots)
    fitting = Fitting(spells, kind, grain, term)
    law, height = fitting.law, fitting.height
    estimates = fitting.estimates() if intervals else {}
    notes = tuple(each.note for each in estimates.values() if each.note)
    return LawFit(kind, law, estimates, height, len(FREE[kind]), spells.n, spells.events, grain, notes)


def by_row(law: Law, spells: Spells, grain: float = 0.0) -> Floats:
    """Return the log-likelihood of each row under a law, (n,), for one customer of the row."""
    entered = law.cumulative(spells.entry)
    found = entered - law.cumulative(spells.exit)
    exits = spells.exit[spells.left]
    if grain == 0:
        found[spells.left] += law.log_hazard(exits)
    else:
        after = np.maximum(exits - grain, spells.entry[spells.left])
        found[spells.left] = entered[spells.left] + log_leaving(law, after, exits)
    return found


def _steps(spells: Spells, grain: float, knots: tuple[float, ...] | None) -> LawFit:
    found = stretch.chosen(spells, grain) if knots is None else stretch.stretches(spells, knots, grain)
    empty = [each.name for each in found if each.exposure <= 0 and each.left == 0]
    if empty:
        raise UsageError(f"fit: nobody was seen at a tenure of {empty[0]}; leave that knot out")
    hazards = tuple(each.hazard for each in found)
    law = StepsLaw(tuple(each.end for each in found[:-1]), hazards)
    estimates = {"annual_churn": _first_year(law, found)}
    estimates |= {f"hazard {each.name}": each.estimate() for each in found}
    height = sum(each.log_likelihood() for each in found)
    return LawFit("steps", law, estimates, height, len(found), spells.n, spells.events, grain)


def _first_year(law: StepsLaw, found: list[stretch.Stretch]) -> Estimate:
    """Add the stretches of the first year up, their errors independent, on the scale of log cumulative hazard."""
    passed = float(law.cumulative(np.array([YEAR]))[0])
    months = [min(each.end, YEAR) - min(each.start, YEAR) for each in found]
    variance = sum((m * each.hazard) ** 2 / each.left for m, each in zip(months, found, strict=True) if each.left)
    half = NORMAL * math.sqrt(variance) / passed if passed else 0.0
    ends = (passed * math.exp(-half), passed * math.exp(half))
    return Estimate(passed, *ends).mapped(lambda x: -math.expm1(-x))
