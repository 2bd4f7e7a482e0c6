"""Refinement: bases corrected by simulation, where mechanisms do more to hazards than put factors on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retainsim.bases import Bases, scaled, split_of, with_b
from retainsim.draws import Floats
from retainsim.errors import ScenarioError
from retainsim.expectation import PRECISION, Probe, probe, strain_sources
from retainsim.laws import BetaFrailty
from retainsim.scenario.schema import Parameters

_TRIALS = 12
_NEAR = 0.01
"""Share of the observed churn so near to it that one more correction, off by a tenth of that or so, brings it there."""
_EXCESS = 0.005
"""Share of the observed churn by which mechanisms may feed a reason more than leaves for it: less than a point."""


def refine(today: Parameters, bases: Bases) -> Bases:
    """Correct the closed form by simulation: bases feed of each reason what mechanisms leave of the observed churn.

    Raises
    ------
    ScenarioError
        If mechanisms alone make more customers leave than are observed to, or the churn is not met in the end.
    """
    goal = np.array([today.everyone[s].annual_churn or 0.0 for s in bases.segments])
    split, ours = split_of(today), (np.arange(len(goal)) < len(goal) - bases.clients) & (goal > 0.0)
    worst, fine, memory = np.inf, False, dict[int, tuple[float, float, float]]()
    for trial in range(_TRIALS):
        found = probe(today, bases, np.ones_like(bases.hazards), precision=PRECISION if fine else np.inf)
        wanted = _wanted(found, goal, split)
        error = np.abs(found.leave.sum(axis=1) - goal) / np.maximum(goal, 1e-9) * ours
        lean = np.abs(found.leave - wanted)[:, split > 0].max(axis=1, initial=0.0) / np.maximum(goal, 1e-9) * ours
        off = float(max(error.max(), lean.max()))
        if trial:  # the first time nobody carries any strain yet
            _refuse_excess(today, bases, found, wanted, ours)
        for index in np.flatnonzero(ours):
            bases = _fed_anew(bases, int(index), found, wanted[index], memory)
        bases = _strained(today, bases, found)
        if fine and off < _NEAR:
            return bases
        if trial > 4 and off > 0.8 * worst:
            break  # more hazard brings no more churn
        worst, fine = off, fine or off < _NEAR or trial >= 4
    if off < 3.0 * _NEAR:
        return bases
    far = int(np.argmax(np.maximum(error, lean)))
    reason = int(np.argmax(np.abs(found.leave[far] - wanted[far])))
    raise ScenarioError(
        f"segments.{bases.segments[far]}.annual_churn: {goal[far]:.1%}, {wanted[far, reason]:.1%} for "
        f"{bases.reasons[reason]}, cannot be reproduced with the mechanisms that are on (closest: "
        f"{found.leave[far].sum():.1%}, {found.leave[far, reason]:.1%}); weaken them, or observe another churn"
    )


def _strained(today: Parameters, bases: Bases, found: Probe) -> Bases:
    """Let a settled pool start with the strain that a year has left on it, as if mechanisms had been on for long."""
    if today.pool.tenure != "settled" or not today.pool.customers:
        return bases
    means = found.strains.reshape(-1, len(found.present)) / np.maximum(found.present, 1.0)  # none comes back flat
    named = zip(strain_sources(today, bases), means, strict=True)
    return replace(bases, strains=tuple((source, tuple(mean.tolist())) for source, mean in named))


def _wanted(found: Probe, goal: Floats, split: Floats) -> Floats:
    """Return the leavings observed by segment and reason, as shares of the opening pool.

    Reasons that only mechanisms bring along have what these feed, up to all; those of the file share the rest.
    """
    brought = found.leave * (split == 0)
    whole = np.maximum(brought.sum(axis=1), 1e-300)
    return np.asarray(brought * np.minimum(goal / whole, 1.0)[:, None] + np.maximum(goal - whole, 0.0)[:, None] * split)


def _refuse_excess(today: Parameters, bases: Bases, found: Probe, wanted: Floats, ours: NDArray[np.bool_]) -> None:
    """Refuse mechanisms that by themselves make more customers leave than are observed to, naming them."""
    fed = found.other / np.maximum(found.customers, 1.0)[:, None]
    goal = np.array([today.everyone[s].annual_churn or 0.0 for s in bases.segments])
    over = (fed - wanted) / np.maximum(goal, 1e-9)[:, None] * ours[:, None]
    faithful = np.array([s in today.segments and today.segments[s].annual_churn == 0.0 for s in bases.segments])
    over = np.where(faithful[:, None], 1e3 * fed, over)  # where nobody is observed to leave, nobody may
    if over.max() <= _EXCESS:
        return
    segment, reason = (int(i) for i in np.unravel_index(over.argmax(), over.shape))
    name = bases.reasons[reason]
    culprits = [each for each in today.on if name in getattr(today.mechanisms, each).feeds()] or list(today.on)
    remedy = f"give {name} a larger share" if 0.0 < split_of(today)[reason] < 1.0 else "observe another churn"
    raise ScenarioError(
        f"segments.{bases.segments[segment]}.annual_churn: of {goal[segment]:.1%} observed, "
        f"{wanted[segment, reason]:.1%} may leave for {name}, but mechanisms alone make {fed[segment, reason]:.1%} "
        f"leave for it ({', '.join(f'mechanisms.{each}' for each in culprits)}); weaken them, or {remedy}"
    )


def _fed_anew(
    bases: Bases, segment: int, found: Probe, wanted: Floats, memory: dict[int, tuple[float, float, float]]
) -> Bases:
    """Scale the bases of a segment so that, with what mechanisms feed, leavings come closer to those wanted.

    Where the frail have left long ago, much more hazard brings a little more churn. So `memory` keeps what bases fed,
    by how much (log) they were scaled then, and the exponent on a scale that has proved right.
    """
    count = max(float(found.customers[segment]), 1.0)
    base, other = found.base[segment] / count, found.other[segment] / count
    goal = np.maximum(wanted - other, 0.0)
    ratio = np.divide(goal, base, out=np.zeros_like(goal), where=base > 0)
    left, aim = float(base.sum() + other.sum()), float(wanted.sum())
    steeper = (np.log1p(-min(aim, 0.99)) / np.log1p(-min(left, 0.99))) / (aim / left) if left and aim else 1.0
    scale = float(base @ ratio / base.sum()) * float(steeper) if base.sum() else 1.0
    fed, step, pace = memory.get(segment, (0.0, 0.0, 1.0))
    known = fed > 0.0 and base.sum() > 0.0 and abs(step) > 1e-3
    if known and (gain := float(np.log(base.sum() / fed))) * step > 0.0:
        pace = float(np.clip(step / gain, 0.5, 20.0))
    memory[segment] = float(base.sum()), pace * float(np.log(max(scale, 1e-6))), pace
    scale, hazards = max(scale, 1e-6) ** pace if scale else 0.0, bases.hazards.copy()
    leaning = hazards[segment] * ratio
    hazards[segment] = leaning * hazards[segment].sum() / leaning.sum() if leaning.sum() > 0 else leaning
    bases = replace(bases, hazards=hazards)
    if isinstance(bases.frailties[segment], BetaFrailty):
        return with_b(bases, segment, 1.0 / max(scale, 1e-6))
    return scaled(bases, segment, scale)
