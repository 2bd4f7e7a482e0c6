"""Calibration: base hazards that reproduce the observed churn, and the factor behind a retention lever.

Bases are solved on the baseline at month 0 with standing mechanisms on; the same bases serve all arms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from retainsim.aim import aim
from retainsim.bases import Bases, raw_bases, scaled, split_of, with_b
from retainsim.draws import Floats
from retainsim.errors import ScenarioError
from retainsim.expectation import (
    expected_retention,
    is_closed_form,
    segment_retention,
    standing_factors,
)
from retainsim.laws import BetaFrailty
from retainsim.opening import segment_shares
from retainsim.refinement import refine
from retainsim.scenario.schema import Parameters, Retention
from retainsim.units import monthly_hazard

_CLOSE = 0.002
"""Retention (share) so near to the goal of a lever that one more secant brings it there."""


@dataclass(frozen=True)
class Calibration:
    """What calibration found.

    Parameters
    ----------
    bases
        Base hazards and laws.
    retention
        Expected 12-month retention of the opening pool, shape (segments,), standing mechanisms on.
    """

    bases: Bases
    retention: Floats


@dataclass(frozen=True)
class Lever:
    """A retention lever, solved.

    Parameters
    ----------
    factor
        What the hazards in scope are multiplied by.
    before, after
        Expected 12-month retention in scope without it, and with it in force from month 0 (shares).
    error
        Standard error of what it gains (share), where that had to be simulated for a lever that reaches some.
    """

    factor: float
    before: float
    after: float
    error: float = 0.0


def calibrate(today: Parameters) -> Calibration:
    """Solve the base hazards of a scenario's baseline.

    Raises
    ------
    ScenarioError
        If a segment's observed churn cannot be reproduced.
    """
    bases = raw_bases(today)
    factors = standing_factors(today, bases)
    bases = replace(bases, standing=factors)
    if today.churn.calibrate:
        bases = _split(today, bases, factors)
        for index in range(len(bases.segments) - bases.clients):
            bases = _solve_segment(today, bases, factors, index)
        if not is_closed_form(today):
            bases = refine(today, bases)
            observed = [today.everyone[s].annual_churn for s in bases.segments]
            if None not in observed:
                return Calibration(bases, 1.0 - np.array(observed, dtype=np.float64))
    return Calibration(bases, expected_retention(today, bases))


def solve_lever(today: Parameters, found: Calibration, lever: Retention, where: str) -> Lever:
    """Find the factor on the hazards in scope that brings 12-month retention to the goal.

    Raises
    ------
    ScenarioError
        If the scope cannot give the gain; the message names the most it can.
    """
    bases = found.bases
    scope = np.array([s in (lever.segments or bases.segments) for s in bases.segments])
    reasons = np.array([r in (lever.reasons or bases.reasons) for r in bases.reasons])
    weights = segment_shares(today, bases) * scope
    weights = weights / weights.sum()

    now = float(weights @ found.retention)
    goal = lever.goal(now)
    if lever.targets != "everyone" and not (lever.targets == "random" and is_closed_form(today)):
        aimed = aim(today, bases, lever, goal - now, weights)
        if aimed.factor is None:
            raise _beyond(where, lever, now, now + aimed.gain)
        return Lever(aimed.factor, now, now + aimed.gain, aimed.error)

    @cache
    def retention(factor: float) -> float:
        table = np.where(scope[:, None] & reasons[None, :], factor, 1.0)
        reached = float(weights @ expected_retention(today, bases, table, precision=np.inf))
        return reached if lever.share is None else now + lever.share * (reached - now)

    if not is_closed_form(today):
        guess = _chased(retention, now, goal)
        if guess is not None:
            return Lever(guess, now, goal)
    most = retention(0.0)
    if goal > most + 1e-12:
        raise _beyond(where, lever, now, most)
    precision = 1e-9 if is_closed_form(today) else 1e-4
    factor = 0.0 if goal >= most else _root(lambda f: retention(f) - goal, 0.0, 1.0, precision)
    return Lever(factor, now, retention(factor))


def _beyond(where: str, lever: Retention, now: float, most: float) -> ScenarioError:
    """Return the refusal of a gain beyond the most that the scope, or those reached, can give (shares)."""
    closed = "in its scope" if lever.targets == "everyone" else f"of the {lever.aim} in its scope"
    wider = "widen its scope" if lever.targets == "everyone" else "reach a larger share"
    return ScenarioError(
        f"{where}: retention of {lever.goal(now):.1%} asked for (from {now:.1%} today), but with every leak {closed} "
        f"closed it is {most:.1%}; ask for at most {100 * (most - now):.2f} points, or {wider}"
    )


def recalibrate(file: Parameters, drawn: Parameters, found: Calibration) -> Bases:
    """Return the bases for one draw of a scenario's distributions.

    A drawn annual churn scales the base as a change would, and drawn shares of reasons split it anew; drawn laws of
    frailty or duration are calibrated anew.
    """
    if drawn is file:
        return found.bases
    laws = ("frailty", "duration")
    if any(getattr(drawn.segments[s], k) != getattr(file.segments[s], k) for s in file.segments for k in laws):
        return _anew(drawn.model_dump_json())
    old, new = (
        np.array([monthly_hazard(p.everyone[s].annual_churn or 0.0) for s in found.bases.segments])
        for p in (file, drawn)
    )
    scale = np.divide(new, old, out=np.ones_like(new), where=old > 0)
    before, after = split_of(file), split_of(drawn)
    lean = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    return replace(found.bases, hazards=found.bases.hazards * scale[:, None] * lean)


@lru_cache(maxsize=64)
def _anew(text: str) -> Bases:
    """Return the bases of parameters written as JSON: every arm and replication asks for the same ones."""
    return calibrate(Parameters.model_validate_json(text)).bases


def _split(today: Parameters, bases: Bases, factors: Floats) -> Bases:
    """Split base hazards so that leavings, not bases, have the shares of the file."""
    with np.errstate(divide="ignore"):
        hazards = np.where(factors > 0, bases.hazards / factors, 0.0)
    total = hazards.sum(axis=1, keepdims=True)
    scale = np.divide(bases.hazards.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    return replace(bases, hazards=hazards * scale)


def _solve_segment(today: Parameters, bases: Bases, factors: Floats, segment: int) -> Bases:
    """Scale a segment's hazards (under beta frailty: move b) until its expected churn is the observed."""
    name = bases.segments[segment]
    goal = 1.0 - (today.segments[name].annual_churn or 0.0)
    if goal == 1.0:
        return scaled(bases, segment, 0.0)
    vary = with_b if isinstance(bases.frailties[segment], BetaFrailty) else scaled
    sign = -1.0 if vary is with_b else 1.0

    def excess(log_scale: float) -> float:
        return segment_retention(today, vary(bases, segment, float(np.exp(sign * log_scale))), factors, segment) - goal

    low, high = _bracket(excess)
    if excess(low) < 0.0 or excess(high) > 0.0:
        raise ScenarioError(
            f"segments.{name}.annual_churn: {1 - goal:.1%} cannot be reproduced with this frailty, duration, "
            f"contract and tenure (closest: {1 - goal - excess(low if excess(low) < 0.0 else high):.2%})"
        )
    return vary(bases, segment, float(np.exp(sign * _root(excess, low, high, 1e-12))))


def _bracket(excess: Callable[[float], float]) -> tuple[float, float]:
    """Widen a bracket of log scales around 0 until a falling function changes sign in it, or to a million-fold."""
    low, high = -0.5, 0.5
    while excess(low) < 0.0 and low > -14.0:
        low -= 0.5
    while excess(high) > 0.0 and high < 14.0:
        high += 0.5
    return low, high


def _chased(retention: Callable[[float], float], now: float, goal: float) -> float | None:
    """Find the factor by secants on -ln(retention), which is nearly linear in it; None where that leaves [0, 1].

    Gains are simulated on the luck of what there is now, so a few batches tell them.
    """
    if not now < goal < 1.0:
        return 1.0 if goal == now else None
    simulated = retention(1.0)
    now, goal = simulated, goal + simulated - now
    old, factor = 1.0, float(np.log(goal) / np.log(now))
    height = -np.log(now)
    for _ in range(6):
        new = -np.log(retention(factor))
        near, slope = abs(np.exp(-new) - goal) < _CLOSE, (height - new) / (old - factor)
        old, height = factor, new
        factor = float(factor + (-np.log(goal) - new) / slope) if slope > 0 else -1.0
        if not 0.0 < factor <= 1.0:
            return None
        if near:  # one more secant, which is off by a hundredth of what was missing
            return factor
    return None


def _root(function: Callable[[float], float], low: float, high: float, precision: float) -> float:
    from scipy.optimize import brentq

    if function(high) == 0.0:
        return high
    return float(brentq(function, low, high, xtol=precision, rtol=1e-14))
