"""Expectation: 12-month retention of the opening pool, by integral where there is one, else by simulation.

Where mechanisms only put factors on hazards, retention is an integral over the pool's law of tenure and frailty,
and is worked out to machine precision. Elsewhere it is measured on up to 700,000 simulated customers, with the same
luck every time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TypeAlias

import numpy as np

from retainsim import mechanisms
from retainsim.bases import Bases
from retainsim.cache import recall
from retainsim.census import Census
from retainsim.draws import Floats, Luck
from retainsim.engine import build, calendar
from retainsim.mechanism import Mechanism
from retainsim.opening import staying
from retainsim.parallel import in_order
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters
from retainsim.world import Setup

MODEL = 3
"""Raised with every change of results, so that no expectation of an older model is taken from the cache."""
Batch: TypeAlias = tuple[Floats, ...]
"""Customers, leavings fed by bases and by mechanisms, who is present after the year, and the strain they carry."""
PROBED = 700_000
PRECISION = 4e-4
"""Standard error of a segment's 12-month churn (share) that a simulated expectation may have."""
FEW_BATCHES, MIN_BATCHES, MOST_BATCHES = 4, 8, 200
_BATCH = 50_000


def expected_retention(
    today: Parameters, bases: Bases, lever: Floats | None = None, *, precision: float = PRECISION
) -> Floats:
    """Return expected 12-month retention of the opening pool by segment, a lever in force from month 0 on.

    `lever` multiplies hazards, shape (segments, reasons); none by default. `precision` is that of a simulation:
    infinity will do for the difference two levers make, since they are tried on the same luck.
    """
    lever = np.ones_like(bases.hazards) if lever is None else lever
    if not is_closed_form(today):
        return probe(today, bases, lever, precision=precision).retention
    factors = standing_factors(today, bases) * lever
    return np.array([segment_retention(today, bases, factors, s) for s in range(len(bases.segments))])


def is_closed_form(today: Parameters) -> bool:
    """True where every mechanism that is on does no more to hazards than put factors on them."""
    return all(_class_of(name).is_closed_form(today) for name in (*mechanisms.ALWAYS_ON, *today.on))


def standing_factors(today: Parameters, bases: Bases) -> Floats:
    """Return the factors standing mechanisms put on the opening pool's hazards, shape (segments, reasons)."""
    empty = today.model_copy(update={"pool": today.pool.model_copy(update={"customers": 0})})
    world = build(Setup(empty, Arm(), Timeline(empty, Arm()), bases), Luck(0, 0))
    return world.churn.factors()[:, 0, :]


def segment_retention(today: Parameters, bases: Bases, factors: Floats, segment: int) -> float:
    """Return expected 12-month retention of a segment's opening pool under factors on its hazards."""
    return staying(today, bases, segment, rate=float((bases.hazards[segment] * factors[segment]).sum()), span=12.0)


@dataclass(frozen=True)
class Probe:
    """What the first year of the opening pool comes to, by simulation.

    Parameters
    ----------
    customers
        Opening customers simulated, shape (segments,).
    base, other
        How many of them are expected to leave, fed by bases and by mechanisms, shape (segments, reasons).
    present
        Customers there after the year, shape (segments,).
    strains
        The strain they carry, added up, shape (sources, segments); sources sorted.
    """

    customers: Floats
    base: Floats
    other: Floats
    present: Floats
    strains: Floats

    @property
    def leave(self) -> Floats:
        """Return the share of the opening pool that leaves, shape (segments, reasons)."""
        return np.asarray((self.base + self.other) / np.maximum(self.customers, 1.0)[:, None])

    @property
    def retention(self) -> Floats:
        """Return the share that stays, shape (segments,)."""
        return np.asarray(1.0 - self.leave.sum(axis=1))


def probe(today: Parameters, bases: Bases, lever: Floats, *, precision: float = PRECISION) -> Probe:
    """Simulate the first year of opening customers, or of newcomers where the pool is empty; kept by content.

    In batches, until the standard error of every segment's churn is within `precision` (over the square root of its
    share of the pool, at most twice as much), or 700,000 customers or 200 batches are simulated. Where mechanisms make
    customers depend on one another, a batch is the whole firm with all who join. The same customers, on the same luck,
    without the mechanisms that need simulation are a control variate: what they come to is known exactly, so that the
    simulation has to tell the difference only.
    """
    year = first_year(today, is_whole=is_coupled_firm(today))
    content = [version("retainsim"), MODEL, PROBED, precision, year.model_dump(mode="json"), content_of(bases, lever)]
    return Probe(*recall(content, lambda: _probe(Setup(year, Arm(), Timeline(year, Arm()), bases), lever, precision)))


def is_coupled_firm(today: Parameters) -> bool:
    """True where mechanisms make customers depend on one another."""
    return any(_class_of(name).is_coupled(today) for name in (*mechanisms.ALWAYS_ON, *today.on))


def first_year(today: Parameters, *, is_whole: bool) -> Parameters:
    """Return a year without arms: of the firm with all who join, where it `is_whole`, else of many opening customers.

    Where the pool is empty, newcomers stand in for it.
    """
    is_whole = is_whole and today.pool.customers > 0
    tenure = today.pool.tenure if today.pool.customers else "new"
    pool = today.pool.model_copy(update={"customers": today.pool.customers if is_whole else _BATCH, "tenure": tenure})
    run = today.run.model_copy(update={"months": 12})
    standing = today.mechanisms.model_copy(update={n: getattr(today.mechanisms, n).calm() for n in today.on})
    bare = {"run": run, "pool": pool, "mechanisms": standing, "arms": {}, "pieces": {}, "title": ""}
    return today.model_copy(update=bare | ({} if is_whole else {"acquisition": {}}))


def content_of(bases: Bases, lever: Floats) -> list[object]:
    """Return what a simulated year follows from beside its parameters, in plain values."""
    tables = [table.tolist() for table in (bases.hazards, bases.observed, lever)]
    return [repr(bases.frailties), repr(bases.durations), repr(bases.strains), *tables]


def _probe(setup: Setup, lever: Floats, precision: float) -> list[Floats]:
    batches: list[Batch] = []
    fewest = MIN_BATCHES if np.isfinite(precision) else FEW_BATCHES
    most = min(max(fewest, -(-PROBED // setup.today.pool.customers)), MOST_BATCHES)
    ours = len(setup.bases.segments) - setup.bases.clients
    for batch in in_order(partial(_controlled, setup, lever), most):
        batches.append(batch)
        if len(batches) >= fewest and _is_precise(batches, precision, ours):
            break
    return [np.sum(parts, axis=0) for parts in zip(*batches, strict=True)]


def _is_precise(batches: list[Batch], precision: float, segments: int) -> bool:
    """Tell from how batches differ whether the churn of the first segments is known well enough."""
    churn = np.array([(base + other).sum(axis=1) / np.maximum(count, 1.0) for count, base, other, *_ in batches])
    count = batches[0][0][:segments]
    allowed = np.minimum(precision * np.sqrt(count.sum() / np.maximum(count, 1.0)), 2.0 * precision)
    return bool((churn[:, :segments].std(axis=0, ddof=1) / np.sqrt(len(batches)) <= allowed).all())


def _controlled(setup: Setup, lever: Floats, batch: int) -> Batch:
    """Return a batch, with its difference from the plain firm of the same luck added to what that comes to exactly."""
    count, base, other, *after = probe_batch(setup, lever, batch)
    plain = _plain(setup)
    simulated, rest = probe_batch(plain, lever, batch)[1:3]
    factors = standing_factors(plain.today, setup.bases) * lever
    hazards = setup.bases.hazards * factors
    share = np.divide(hazards, hazards.sum(1, keepdims=True), out=np.zeros_like(hazards), where=hazards > 0)
    left = 1.0 - np.array([segment_retention(plain.today, setup.bases, factors, s) for s in range(len(count))])
    known = share * (left * count)[:, None]
    controlled = np.array([setup.bases.lapse(s) is None for s in range(len(count))])[:, None]
    return count, base + (known - simulated - rest) * controlled, other, *after


def _plain(setup: Setup) -> Setup:
    """Return the firm without moves and without the mechanisms whose effect on hazards no integral tells."""
    today = setup.today
    off = {name: None for name in today.on if not _class_of(name).is_closed_form(today)}
    still = {name: segment.model_copy(update={"moves": {}}) for name, segment in today.segments.items()}
    left = {"mechanisms": today.mechanisms.model_copy(update=off), "segments": still, "acquisition": {}}
    bare = today.model_copy(update=left)
    bare.__dict__.pop("everyone", None)
    return replace(setup, today=bare, timeline=Timeline(bare, setup.arm))


def probe_batch(setup: Setup, lever: Floats, batch: int) -> Batch:
    """Return opening customers by segment, how many leave by reason, fed by bases and by mechanisms, and the rest."""
    world = build(setup, Luck(0, batch))
    world.money.is_kept = False
    counted = bool(np.isfinite(world.churn.terms).any())
    laws = setup.bases.durations
    world.churn.census = census = Census(world.pool, world.churn.hazards, laws, is_counted=counted)
    world.churn.lever_table(lever)
    world.hold()
    world.env.process(calendar(world))
    world.env.run(until=12)
    world.settle()
    world.churn.burn(world.churn.free_rows(12.0), 12.0)
    rows = world.pool.rows()
    present = np.bincount(world.pool["segment"][rows], minlength=len(setup.bases.segments)).astype(np.float64)
    carried = world.churn.carried(rows).values()
    strains = np.array([*carried]) if carried else np.zeros((0, len(present)))
    return census.customers, census.base, census.other, present, strains


def strain_sources(today: Parameters, bases: Bases) -> tuple[str, ...]:
    """Return the sources of strain that standing mechanisms have, sorted."""
    standing = today.mechanisms.model_copy(update={n: getattr(today.mechanisms, n).calm() for n in today.on})
    nobody = today.pool.model_copy(update={"customers": 0})
    empty = today.model_copy(update={"pool": nobody, "mechanisms": standing})
    return tuple(sorted(build(Setup(empty, Arm(), Timeline(empty, Arm()), bases), Luck(0, 0)).churn.hazards.strains))


def _class_of(name: str) -> type[Mechanism]:
    found: type[Mechanism] = mechanisms.module(name).Mechanism
    return found
