"""Expectation: 12-month retention of the opening pool, by integral where there is one, else by simulation.

Where mechanisms only put factors on hazards, retention is an integral over the pool's law of tenure and frailty,
and is worked out to machine precision. Where customers move between segments or are picked one by one, it is
measured on 700,000 simulated customers, with the same luck every time.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from retainsim import mechanisms
from retainsim.bases import Bases
from retainsim.cache import recall
from retainsim.draws import Floats, Luck, Names
from retainsim.engine import build, calendar
from retainsim.opening import staying
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters
from retainsim.world import Setup, World

MODEL = 1
"""Raised with every change of results, so that no expectation of an older model is taken from the cache."""
PROBED = 700_000
_BATCH = 50_000


def expected_retention(today: Parameters, bases: Bases, lever: Floats | None = None) -> Floats:
    """Return expected 12-month retention of the opening pool by segment, a lever in force from month 0 on.

    `lever` multiplies hazards, shape (segments, reasons); none by default.
    """
    lever = np.ones_like(bases.hazards) if lever is None else lever
    if not is_closed_form(today):
        return probe(today, bases, lever)[0]
    factors = standing_factors(today, bases) * lever
    return np.array([segment_retention(today, bases, factors, s) for s in range(len(bases.segments))])


def is_closed_form(today: Parameters) -> bool:
    """True where every mechanism that is on does no more to hazards than put factors on them."""
    names = (*mechanisms.ALWAYS_ON, *today.on)
    return all(mechanisms.module(name).Mechanism.is_closed_form(today) for name in names)


def standing_factors(today: Parameters, bases: Bases) -> Floats:
    """Return the factors standing mechanisms put on the opening pool's hazards, shape (segments, reasons)."""
    empty = today.model_copy(update={"pool": today.pool.model_copy(update={"customers": 0})})
    world = build(Setup(empty, Arm(), Timeline(empty, Arm()), bases), Luck(0, 0))
    return world.churn.factors()[:, 0, :]


def segment_retention(today: Parameters, bases: Bases, factors: Floats, segment: int) -> float:
    """Return expected 12-month retention of a segment's opening pool under factors on its hazards."""
    return staying(today, bases, segment, rate=float((bases.hazards[segment] * factors[segment]).sum()), span=12.0)


def probe(today: Parameters, bases: Bases, lever: Floats) -> tuple[Floats, Floats]:
    """Simulate the first year of 700,000 opening customers, or of newcomers where the pool is empty.

    Returns retention, shape (segments,), and how many leave, shape (segments, reasons); kept by content.
    """
    tenure = today.pool.tenure if today.pool.customers else "new"
    pool = today.pool.model_copy(update={"customers": _BATCH, "tenure": tenure})
    run = today.run.model_copy(update={"months": 12})
    shocks = {name: None for name in today.on if mechanisms.module(name).Mechanism.is_shock}
    standing = today.mechanisms.model_copy(update=shocks)
    bare = {"run": run, "pool": pool, "mechanisms": standing, "acquisition": {}, "arms": {}, "pieces": {}, "title": ""}
    year = today.model_copy(update=bare)
    laws = [repr(bases.frailties), repr(bases.durations), bases.hazards.tolist(), lever.tolist()]
    content = [version("retainsim"), MODEL, PROBED, year.model_dump(mode="json"), laws]
    stay, leave = recall(content, lambda: _probe(Setup(year, Arm(), Timeline(year, Arm()), bases), lever))
    return stay, leave


def _probe(setup: Setup, lever: Floats) -> list[Floats]:
    parts = [_probe_batch(setup, lever, batch) for batch in range(PROBED // _BATCH)]
    stay, leave, count = (np.sum([part[i] for part in parts], axis=0) for i in range(3))
    return [stay / np.maximum(count, 1), leave]


def _probe_batch(setup: Setup, lever: Floats, batch: int) -> tuple[Floats, Floats, Floats]:
    """Return customers expected to stay, to leave by reason, and all of them, by opening segment."""
    world = build(setup, Luck(0, batch))
    world.churn.lever_table(lever)
    segments, names = world.pool["segment"].astype(np.int64), world.pool["name"].copy()
    names_on = (*mechanisms.ALWAYS_ON, *setup.today.on)
    coupled = any(mechanisms.module(n).Mechanism.is_coupled(setup.today) for n in names_on)
    counted = coupled or bool(np.isfinite(world.churn.terms).any())
    if not counted:
        world.churn.make_immortal()
    world.hold()
    world.env.process(calendar(world))
    world.env.run(until=12)
    world.settle()
    leave = _counted(world, names) if counted else _expected(world)[:, : len(names)]
    by_reason = np.array([np.bincount(segments, part, len(setup.bases.segments)) for part in leave]).T
    count = np.bincount(segments, minlength=len(setup.bases.segments)).astype(float)
    return count - by_reason.sum(axis=1), by_reason, count


def _expected(world: World) -> Floats:
    """Return each customer's chance of having left by now, by reason, from the hazard it went through.

    Nobody leaves, so the opening customers are still the first rows.
    """
    used = world.churn.used(world.time)
    total = used.sum(axis=0)
    return used * np.divide(-np.expm1(-total), total, out=np.zeros_like(total), where=total > 0)


def _counted(world: World, names: Names) -> Floats:
    """Return 1 for each opening customer who has left by now, by reason, else 0."""
    left = np.zeros((len(world.churn.reasons), len(names)))
    if not world.departed:
        return left
    gone, _, _, _, _, why = (np.concatenate(parts) for parts in zip(*world.departed, strict=True))
    order, ours = np.argsort(names), np.isin(gone, names)
    left[why[ours], order[np.searchsorted(names[order], gone[ours])]] = 1.0
    return left
