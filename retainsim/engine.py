"""Engine: one replication of one arm, from the opening pool to the closed books."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from retainsim import mechanisms
from retainsim.closing import future_value
from retainsim.draws import Floats, Ints, Luck
from retainsim.ledger import exact_sum
from retainsim.mechanism import Mechanism
from retainsim.trace import Trace
from retainsim.world import Setup, World

_PRESENT = ("name", "joined", "segment", "origin", "spell")


@dataclass(frozen=True)
class Outcome:
    """What one replication of one arm came to.

    Counts have shape (months + 1, segments, origins), `left` one more axis for reasons; `lines` maps each ledger
    line to (months + 1, segments + 1, origins + 1), the extra entries for what belongs to none; `values` to
    (months + 2,): value at month 0 by month of cash. `alive` and `margins` have shape (months + 1, segments,
    origins, cohorts). Money in the scenario's currency.
    """

    pool: Ints
    joined: Ints
    left: Ints
    moved: Ints
    returned: Ints
    purchases: Ints
    opening: Ints
    lines: dict[str, Floats]
    classes: dict[str, str]
    values: dict[str, Floats]
    segment_values: dict[str, Floats]
    """Per line, shape (segments + 1,): value at month 0 by who pays or costs it, before tax; the last is the firm's."""
    alive: Floats
    margins: Floats
    npv_to_horizon: float
    closing: Floats
    """Closing value at month 0 by segment and origin, after tax."""
    equity: Floats
    """Customer equity of the opening pool at month 0, by segment and origin, after tax."""
    equity_end: float
    """Customer equity at the horizon, valued there, after tax."""
    customer_months: float
    discounted_months: float
    retention_12m: float
    books_error: float
    present: tuple[Any, ...]
    """Names, months of joining, segments, origins and spells of those present at the horizon."""
    departed: tuple[Any, ...]
    """Names, months of joining and leaving, segments, origins, reasons and spells of those who left."""
    movers: tuple[Any, ...]
    """Names and former segments of those who moved before they left for the first time, in order of time."""
    fed: dict[str, Floats]
    """Leavings by the mechanism that fed them, shape (months + 1, reasons)."""
    observed: tuple[tuple[str, float, str, float], ...] = ()
    """What mechanisms saw of themselves: mechanism, month, measure, value."""
    trace: Trace | None = None
    worths: tuple[Any, ...] = ()
    """Value at month 0, after tax, of what each of `departed` and each of `present` brought within the run, and of what
    each of `present` is expected to bring beyond it; where that was asked for."""
    saved: float = 0.0
    """Customers present at the horizon who have left by then in the baseline of the same replication."""
    lifetimes: Ints = field(default_factory=lambda: np.zeros((0, 0, 0), np.int64))
    """Who is at risk in every month of tenure and who leaves in it, as `study.lifetime.count` says."""


def replicate(setup: Setup, luck: Luck, *, eager: bool = False, trace: bool = False, worth: bool = False) -> Outcome:
    """Run one replication of one arm: this is the whole order of things.

    `eager` settles every customer at every settlement instead of those something happened to, and works out all
    money customer by customer: the slow way round to the same numbers. `trace` does so too and keeps the log of all
    that happens. `worth` keeps what every customer brought, beside the books.
    """
    world = build(
        setup, luck, eager=eager, trace=trace, worth=worth
    )  # registers leaks and taps, fills the opening pool, holds month 0
    equity = _equity(world)  # what the opening pool is worth, before anything happens
    for time in sorted({t for t in setup.timeline.breakpoints if t < world.today.run.months}):
        world.env.process(_change(world, time))  # dated changes first, so that they hold from their instant on
    world.env.process(calendar(world))  # months and reviews
    world.env.run(until=world.today.run.months)
    world.finish()  # play the last span, close the last month
    return _outcome(world, equity)


def build(setup: Setup, luck: Luck, *, eager: bool = False, trace: bool = False, worth: bool = False) -> World:
    """Make the world of one replication at month 0, with every mechanism that is on, sorted by name."""
    names = sorted((*mechanisms.ALWAYS_ON, *setup.today.on))
    parts: list[Mechanism] = [mechanisms.module(name).Mechanism() for name in names]
    return World(setup, luck, parts, eager=eager, trace=trace, worth=worth)


def _change(world: World, time: float) -> Generator[Any, Any, None]:
    """Let a dated change take effect."""
    yield world.env.timeout(time)
    world.change()


def calendar(world: World) -> Generator[Any, Any, None]:
    """Stop at every month's end to settle and hold, and at every review to let mechanisms act."""
    run = world.today.run
    reviews = np.arange(1, int(run.months / run.step + 1e-9) + 1) * run.step
    reviews = np.where(np.abs(reviews - np.round(reviews)) < 1e-9, np.round(reviews), reviews)
    for time in sorted({*range(1, run.months), *reviews[reviews < run.months].tolist()}):
        yield world.env.timeout(time - world.env.now)
        world.settle()
        if time in reviews:
            world.review()
        world.hold()


def _equity(world: World) -> Floats:
    """Return customer equity now, by segment and origin: expected discounted margin of those present, after tax."""
    return _by_cell(world, _ahead(world))


def _ahead(world: World) -> Floats:
    """Return the expected discounted margin of each of those present, from now on and valued now, before tax."""
    return future_value(world, world.pool.rows(), 12.0 * world.today.run.closing_years)


def _by_cell(world: World, worth: Floats) -> Floats:
    cells = len(world.segments), len(world.origins)
    by_cell = np.bincount(world.pool["cell"][world.pool.rows()], worth, cells[0] * cells[1]).reshape(cells)
    return np.asarray(by_cell * (1 - world.now.firm.tax_rate), dtype=np.float64)


def _worths(world: World, ahead: Floats) -> tuple[Floats, ...]:
    """Return what customers brought: those who left, those present, and what the latter will, valued at month 0."""
    if world.worth is None:
        return ()
    left = np.concatenate(world.worth.departed) if world.worth.departed else np.zeros(0)
    late = math.exp(-world.ledger.discounting * world.time) * (1 - world.now.firm.tax_rate)
    return left, world.pool["worth"][world.pool.rows()], ahead * late


def _outcome(world: World, equity: Floats) -> Outcome:
    ledger = world.ledger
    world.end_changes()
    ahead = _ahead(world)
    closing = _by_cell(world, ahead) * np.exp(-ledger.discounting * world.time)
    return Outcome(
        pool=ledger.pool,
        joined=ledger.joined,
        left=ledger.left,
        moved=ledger.moved,
        returned=ledger.returned,
        purchases=ledger.purchases,
        opening=ledger.opening,
        lines=ledger.amounts,
        classes=ledger.classes,
        values=ledger.present_values,
        segment_values=ledger.segment_values,
        alive=world.money.alive,
        margins=world.money.margins,
        npv_to_horizon=ledger.npv(),
        closing=closing,
        equity=equity,
        equity_end=exact_sum(closing) * math.exp(ledger.discounting * world.time),
        customer_months=world.money.customer_months,
        discounted_months=world.money.discounted_months,
        retention_12m=_retention(world),
        books_error=ledger.balance(),
        present=tuple(world.pool[trait][world.pool.rows()] for trait in _PRESENT),
        departed=tuple(np.concatenate(parts) for parts in zip(*world.departed, strict=True)),
        movers=tuple(np.concatenate(parts) for parts in zip(*world.movers, strict=True)),
        fed=ledger.fed,
        observed=tuple(world.observed),
        trace=world.trace,
        worths=_worths(world, ahead),
    )


def _retention(world: World) -> float:
    """Return the share still there after 12 months: of the opening pool, else of those who joined in time."""
    ledger, months = world.ledger, world.today.run.months
    if months < 12:
        return float("nan")
    if ledger.opening.sum():
        return 1.0 - world.left_first_year / float(ledger.opening.sum())
    watched = int(ledger.joined[: months - 11].sum())
    return 1.0 - world.left_early / watched if watched else float("nan")
