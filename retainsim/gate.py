"""Gate: how customers come into the pool and go out of it, and how they pass from one segment to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim.acquisition import Joiners
from retainsim.ledger import cohort_width, month_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retainsim.draws import Floats, Ints
    from retainsim.world import World


def admit(world: World, joiners: Joiners) -> None:
    """Let customers join, or come back, at their own times, within the span being settled."""
    if not len(joiners.names):
        return
    pool, rows = world.pool, world.pool.append(len(joiners.names))
    row = month_row(float(joiners.times.max()))
    pool["name"][rows], pool["joined"][rows] = joiners.names, joiners.times
    pool["cohort"][rows] = -(-row // cohort_width(world.ledger.months))
    pool["since"][rows] = joiners.times
    pool["segment"][rows], pool["origin"][rows] = joiners.segments, joiners.origins
    pool.place(rows, joiners.segments * len(world.origins) + joiners.origins)
    if joiners.spells is not None:
        pool["spell"][rows] = joiners.spells
    _draw_frailty(world, rows)
    world.welcome(rows)
    for trait, values in (joiners.traits or {}).items():
        pool[trait][rows] = values
    world.churn.light(rows)
    world.churn.project(rows)
    world.clocks.start(rows, joiners.times)
    world.money.enter(rows, joiners.times)
    came = world.ledger.joined if joiners.spells is None else world.ledger.returned
    world.ledger.count(came, row, joiners.segments, joiners.origins)
    came_through = np.array(world.origins, dtype=object)[joiners.origins]
    world.touch("join" if joiners.spells is None else "return", rows, joiners.times, why=came_through)
    if joiners.spells is None:
        _pay_for(world, joiners, rows)


def together(waiting: list[Joiners]) -> Iterator[Joiners]:
    """Yield joiners of the same kind (who bring the same traits) as one."""
    kinds: dict[tuple[bool, tuple[str, ...]], list[Joiners]] = {}
    for each in waiting:
        kinds.setdefault((each.spells is None, tuple(each.traits or ())), []).append(each)
    for (is_first, traits), parts in kinds.items():
        names, times, origins, segments = (
            np.concatenate([getattr(part, column) for part in parts])
            for column in ("names", "times", "origins", "segments")
        )
        spells = None if is_first else np.concatenate([part.spells for part in parts if part.spells is not None])
        brought = {trait: np.concatenate([(part.traits or {})[trait] for part in parts]) for trait in traits}
        yield Joiners(names, times, origins, segments, spells, brought or None)


def _draw_frailty(world: World, rows: Ints) -> None:
    pool, laws = world.pool, world.bases.frailties
    for law in dict.fromkeys(laws):  # segments that share a law draw together
        if not law.is_none:
            mine = rows[np.array([each == law for each in laws])[pool["segment"][rows]]]
            pool["frailty"][mine] = law.draw(world.luck, pool["name"][mine])


def _pay_for(world: World, joiners: Joiners, rows: Ints) -> None:
    prices = world.acquisition.prices()[joiners.origins]
    if prices.any():
        world.money.pay("acquisition", rows, joiners.times, prices)


def depart(world: World, until: float) -> None:
    """Let go whoever leaves by `until` (months): close the account, count the leaving, tell the mechanisms."""
    rows = world.churn.leavers(until)
    if not len(rows):
        return
    pool = world.pool
    times = pool["leaves"][rows].copy()
    for each in world.mechanisms:
        each.farewell(world, rows, times)
    world.money.settle_rows(rows, times)
    world.money.leave(rows, times)
    where = pool["segment"][rows], pool["origin"][rows], pool["reason"][rows]
    months = np.ceil(times).astype(np.int64)
    np.add.at(world.ledger.left, (months, *where), 1)
    feeds = world.churn.feeds(rows, times)
    for source, shares in feeds.items():
        world.ledger.feed(source, months, where[2], shares)
    _survey(world, rows, times, feeds["reasons"])
    _watch(world, rows, times)
    world.departed.append((pool["name"][rows], pool["joined"][rows], times, *where, pool["spell"][rows]))
    for watcher in world.money.watchers:
        watcher.close(rows, times)
    world.touch("leave", rows, times, why=np.array(world.churn.reasons, dtype=object)[where[2]])
    world.pool.remove(rows)


def _survey(world: World, rows: Ints, times: Floats, base: Floats) -> None:
    """Let the census, where there is one, see who leaves."""
    census = world.churn.census
    if census is None:
        return
    free = world.pool["notice"][rows] >= times
    world.churn.burn(rows[free], times[free])
    counted = np.full(len(rows), True) if census.is_counted else world.churn.unexpected(rows)
    census.count(rows[counted], base[counted])


def _watch(world: World, rows: Ints, left: Floats) -> None:
    """Count who left within 12 months, among those watched for so long."""
    joined, first = world.pool["joined"][rows], world.pool["spell"][rows] == 1
    watched = first & (joined >= 0.0) & (joined <= world.ledger.months - 12.0)
    world.left_early += int((watched & (left - joined <= 12.0 + 1e-9)).sum())
    world.left_first_year += int((first & (world.pool["origin"][rows] == 0) & (left <= 12.0)).sum())


def _change_frailty(world: World, rows: Ints, segments: Ints) -> None:
    """Keep each customer's rank where the new segment's law of frailty differs."""
    laws, pool = world.bases.frailties, world.pool
    for old in np.unique(pool["segment"][rows]):
        for new in np.unique(segments):
            mine = rows[(pool["segment"][rows] == old) & (segments == new)]
            if laws[old] != laws[new] and len(mine):
                pool["frailty"][mine] = laws[new].quantile(laws[old].rank(pool["frailty"][mine]))


def move(world: World, rows: Ints, segments: Ints, times: Floats) -> None:
    """Move customers to other segments at their own times, within the span being settled."""
    world.money.move_out(rows, times)
    world.ledger.count_moves(times, world.pool["segment"][rows], segments, world.pool["origin"][rows])
    free = world.pool["notice"][rows] > times
    world.churn.burn(rows[free], times[free])
    _change_frailty(world, rows, segments)
    world.clocks.move(rows, times, segments)
    world.pool.place(rows, segments * len(world.origins) + world.pool["origin"][rows])
    world.money.enter(rows, times)
    world.churn.project(rows[free])
    world.touch("move", rows, times, why=np.array(world.segments, dtype=object)[segments])
