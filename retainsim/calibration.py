"""Calibration: base hazards that reproduce the observed churn, and the factor behind a retention lever.

Where mechanisms only put factors on hazards, 12-month retention is an integral over the opening pool's law of
tenure and frailty, and is solved to machine precision. Where customers move between segments or are picked one
by one, it is measured on 700,000 simulated customers, with the same luck at every trial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from retainsim import mechanisms
from retainsim.bases import Bases
from retainsim.draws import Floats, Luck, Names
from retainsim.engine import build
from retainsim.errors import ScenarioError
from retainsim.laws import BetaFrailty
from retainsim.opening import segment_shares, tenure_law
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters, Retention
from retainsim.units import monthly_hazard
from retainsim.world import Setup, World

PROBED = 700_000
_BATCH = 50_000
_TRIALS = 8


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
    """

    factor: float
    before: float
    after: float


def calibrate(today: Parameters) -> Calibration:
    """Solve the base hazards of a scenario's baseline.

    Raises
    ------
    ScenarioError
        If a segment's observed churn cannot be reproduced.
    """
    bases = raw_bases(today)
    if today.churn.calibrate:
        factors = _standing(today, bases)
        bases = _split(today, bases, factors)
        for index in range(len(bases.segments)):
            bases = _solve_segment(today, bases, factors, index)
        if not _is_closed_form(today):
            bases = _refine(today, bases)
    return Calibration(bases, expected_retention(today, bases))


def expected_retention(today: Parameters, bases: Bases, lever: Floats | None = None) -> Floats:
    """Return expected 12-month retention of the opening pool by segment, a lever in force from month 0 on.

    `lever` multiplies hazards, shape (segments, reasons); none by default.
    """
    lever = np.ones_like(bases.hazards) if lever is None else lever
    if not _is_closed_form(today):
        return _probe(today, bases, lever)[0]
    factors = _standing(today, bases) * lever
    return np.array([_retention(today, bases, factors, s) for s in range(len(bases.segments))])


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

    def retention(factor: float) -> float:
        table = np.where(scope[:, None] & reasons[None, :], factor, 1.0)
        return float(weights @ expected_retention(today, bases, table))

    now = float(weights @ found.retention)
    goal, most = lever.goal(now), retention(0.0)
    if goal > most + 1e-12:
        raise ScenarioError(
            f"{where}: retention of {goal:.1%} asked for (from {now:.1%} today), but with every leak in its "
            f"scope closed it is {most:.1%}; ask for at most {100 * (most - now):.2f} points, or widen its scope"
        )
    factor = _root(lambda f: retention(f) - goal, 0.0, 1.0, 1e-9 if _is_closed_form(today) else 2e-5)
    return Lever(factor, now, retention(factor))


def recalibrate(file: Parameters, drawn: Parameters, found: Calibration) -> Bases:
    """Return the bases for one draw of a scenario's distributions.

    A drawn annual churn scales the base as a change would; drawn laws of frailty or duration are calibrated anew.
    """
    if drawn is file:
        return found.bases
    laws = ("frailty", "duration")
    if any(
        getattr(drawn.segments[s], k) != getattr(file.segments[s], k) for s in file.segments for k in laws
    ):
        return calibrate(drawn).bases
    old, new = (
        np.array([monthly_hazard(p.segments[s].annual_churn or 0.0) for s in found.bases.segments])
        for p in (file, drawn)
    )
    scale = np.divide(new, old, out=np.ones_like(new), where=old > 0)
    return replace(found.bases, hazards=found.bases.hazards * scale[:, None])


def raw_bases(today: Parameters) -> Bases:
    """Take the numbers of the file as they are: 12 b = -ln(1 - annual churn), split over reasons by share."""
    segments, reasons = tuple(sorted(today.segments)), reasons_of(today)
    shares = today.churn.shares()
    split = np.array([shares.get(r, 0.0) for r in reasons])
    split = split / split.sum()
    terms = tuple(today.plan(s).term_months or np.inf for s in segments)
    hazards = [_total(today, s, term) * split for s, term in zip(segments, terms, strict=True)]
    finite = [term if np.isfinite(term) else None for term in terms]
    return Bases(
        segments=segments,
        reasons=reasons,
        hazards=np.array(hazards),
        frailties=tuple(today.segments[s].frailty.law() for s in segments),
        durations=tuple(today.segments[s].law(t) for s, t in zip(segments, finite, strict=True)),
        terms=terms,
    )


def reasons_of(today: Parameters) -> tuple[str, ...]:
    """Return every reason one may leave for, sorted: those of the file and those mechanisms bring along."""
    found = set(today.churn.shares())
    for name in mechanisms.NAMES:
        reason = getattr(getattr(today.mechanisms, name), "reason", None)
        if reason is not None:
            found.add(reason)
    return tuple(sorted(found))


def _total(today: Parameters, segment: str, term: float) -> float:
    mine = today.segments[segment]
    if mine.frailty.kind == "beta":
        return 1.0 / (term if np.isfinite(term) else 12.0)
    return monthly_hazard(mine.annual_churn or 0.0)


def _is_closed_form(today: Parameters) -> bool:
    on = [n for n in mechanisms.NAMES if getattr(today.mechanisms, n) is not None]
    return all(mechanisms.module(n).Mechanism.is_closed_form(today) for n in (*mechanisms.ALWAYS_ON, *on))


def _standing(today: Parameters, bases: Bases) -> Floats:
    """Return the factors standing mechanisms put on the opening pool's hazards, shape (segments, reasons)."""
    empty = today.model_copy(update={"pool": today.pool.model_copy(update={"customers": 0})})
    world = build(Setup(empty, Arm(), Timeline(empty, Arm()), bases), Luck(0, 0))
    return world.churn.factors()[:, 0, :]


def _split(today: Parameters, bases: Bases, factors: Floats) -> Bases:
    """Split base hazards so that leavings, not bases, have the shares of the file."""
    with np.errstate(divide="ignore"):
        hazards = np.where(factors > 0, bases.hazards / factors, 0.0)
    total = hazards.sum(axis=1, keepdims=True)
    scale = np.divide(
        bases.hazards.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0
    )
    return replace(bases, hazards=hazards * scale)


def _retention(today: Parameters, bases: Bases, factors: Floats, segment: int) -> float:
    """Return expected 12-month retention of a segment's opening pool under factors on its hazards."""
    tenure, weights = tenure_law(today, bases, segment)
    law, frailty = bases.durations[segment], bases.frailties[segment]
    later = bases.last_renewal(segment, tenure + 12.0)
    renewed = bases.last_renewal(segment, tenure)
    rate = float((bases.hazards[segment] * factors[segment]).sum())
    now = bases.passed(segment, tenure)
    ahead = now + rate * (law.cumulative(np.maximum(later, tenure)) - law.cumulative(tenure))
    past = bases.passed(segment, renewed)
    stays = frailty.laplace(np.where(later > tenure, ahead, past)) / frailty.laplace(past)
    return float(weights @ stays)


def _solve_segment(today: Parameters, bases: Bases, factors: Floats, segment: int) -> Bases:
    """Scale a segment's hazards (under beta frailty: move b) until its expected churn is the observed."""
    name = bases.segments[segment]
    goal = 1.0 - (today.segments[name].annual_churn or 0.0)
    if goal == 1.0:
        return _scaled(bases, segment, 0.0)
    vary = _with_b if isinstance(bases.frailties[segment], BetaFrailty) else _scaled
    sign = -1.0 if vary is _with_b else 1.0

    def excess(log_scale: float) -> float:
        return (
            _retention(today, vary(bases, segment, float(np.exp(sign * log_scale))), factors, segment) - goal
        )

    low, high = _bracket(excess)
    if excess(low) < 0.0 or excess(high) > 0.0:
        raise ScenarioError(
            f"segments.{name}.annual_churn: {1 - goal:.1%} cannot be reproduced with this frailty, duration, "
            f"contract and tenure (possible: {1 - goal - excess(low):.2%} to {1 - goal - excess(high):.2%})"
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


def _scaled(bases: Bases, segment: int, scale: float) -> Bases:
    hazards = bases.hazards.copy()
    hazards[segment] *= scale
    return replace(bases, hazards=hazards)


def _with_b(bases: Bases, segment: int, scale: float) -> Bases:
    laws = list(bases.frailties)
    law = laws[segment]
    assert isinstance(law, BetaFrailty)
    laws[segment] = BetaFrailty(law.a, law.b * scale)
    return replace(bases, frailties=tuple(laws))


def _refine(today: Parameters, bases: Bases) -> Bases:
    """Correct the closed form by simulation until every segment's churn is within 0.02 points."""
    goal = np.array([1.0 - (today.segments[s].annual_churn or 0.0) for s in bases.segments])
    shares = raw_bases(today).hazards
    for _ in range(_TRIALS):
        found, by_reason = _probe(today, bases, np.ones_like(bases.hazards))
        if np.abs(found - goal).max() < 2e-4 and _share_error(by_reason, shares) < 1e-3:
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(goal < 1.0, np.log(goal) / np.log(found), 1.0)
            lean = (shares / shares.sum(1, keepdims=True)) / (by_reason / by_reason.sum(1, keepdims=True))
        for index in range(len(goal)):
            bases = _corrected(
                bases, index, float(scale[index]), np.nan_to_num(lean[index], nan=1.0, posinf=1.0)
            )
    return bases


def _corrected(bases: Bases, segment: int, scale: float, lean: Floats) -> Bases:
    hazards = bases.hazards.copy()
    leaning = hazards[segment] * lean
    hazards[segment] = leaning * hazards[segment].sum() / leaning.sum() if leaning.sum() > 0 else leaning
    bases = replace(bases, hazards=hazards)
    beta = isinstance(bases.frailties[segment], BetaFrailty)
    return _with_b(bases, segment, 1 / scale) if beta else _scaled(bases, segment, scale)


def _share_error(by_reason: Floats, shares: Floats) -> float:
    total = by_reason.sum(axis=1, keepdims=True)
    kept = total[:, 0] > 0
    wanted = shares[kept] / shares[kept].sum(axis=1, keepdims=True)
    return float(np.abs(by_reason[kept] / total[kept] - wanted).max(initial=0.0))


def _probe(today: Parameters, bases: Bases, lever: Floats) -> tuple[Floats, Floats]:
    """Simulate the first year of 700,000 opening customers; return retention and leavings by reason, per segment."""
    run = today.run.model_copy(update={"months": 12, "start": today.run.start})
    pool = today.pool.model_copy(update={"customers": _BATCH})
    year = today.model_copy(update={"run": run, "pool": pool, "acquisition": {}})
    setup = Setup(year, Arm(), Timeline(year, Arm()), bases)
    parts = [_probe_batch(setup, lever, batch) for batch in range(PROBED // _BATCH)]
    stay, leave, count = (np.sum([part[i] for part in parts], axis=0) for i in range(3))
    return stay / np.maximum(count, 1), leave


def _probe_batch(setup: Setup, lever: Floats, batch: int) -> tuple[Floats, Floats, Floats]:
    """Return customers expected to stay, to leave by reason, and all of them, by opening segment."""
    world = build(setup, Luck(0, batch))
    world.churn.lever_table(lever)
    segments, names = world.pool["segment"].astype(np.int64), world.pool["name"].copy()
    counted = bool(np.isfinite(world.churn.terms).any())
    if not counted:
        world.churn.make_immortal()
    world.hold()
    for month in range(1, 13):
        world.env.run(until=month)
        world.settle()
        world.review()
        world.hold()
    leave = _counted(world, names) if counted else _expected(world)
    by_reason = np.array([np.bincount(segments, part, len(setup.bases.segments)) for part in leave]).T
    count = np.bincount(segments, minlength=len(setup.bases.segments)).astype(float)
    return count - by_reason.sum(axis=1), by_reason, count


def _expected(world: World) -> Floats:
    """Return each opening customer's chance of having left by now, by reason, from the hazard it went through."""
    used = world.churn.used(world.time)
    total = used.sum(axis=0)
    return used * np.divide(-np.expm1(-total), total, out=np.zeros_like(total), where=total > 0)


def _counted(world: World, names: Names) -> Floats:
    """Return 1 for each opening customer who has left by now, by reason, else 0."""
    gone, _, _, _, _, why = (np.concatenate(parts) for parts in zip(*world.departed, strict=True))
    order = np.argsort(names)
    left = np.zeros((len(world.churn.reasons), len(names)))
    left[why, order[np.searchsorted(names[order], gone)]] = 1.0
    return left


def _root(function: Callable[[float], float], low: float, high: float, precision: float) -> float:
    from scipy.optimize import brentq

    if function(high) == 0.0:
        return high
    return float(brentq(function, low, high, xtol=precision, rtol=1e-14))
