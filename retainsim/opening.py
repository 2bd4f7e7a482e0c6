"""Opening: who is here at month 0, the same in every arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats, Ints, Names, key, name

if TYPE_CHECKING:
    from retainsim.bases import Bases
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World

GRID = 12_000
"""Stretches into which the age of a settled pool is cut to find its law of tenure."""


def open_pool(world: World) -> None:
    """Fill the pool as it stands at month 0: segments, tenures, frailties, fuses, notices already given."""
    today, pool, bases = world.today, world.pool, world.bases
    count, clients = today.pool.customers, bases.clients
    rows = pool.append(count + clients)
    named = [name(key("account", client)) for client in bases.segments[len(bases.segments) - clients :]]
    pool["name"][rows] = np.concatenate([name(key("existing"), np.arange(count)), *named])
    ours = np.arange(len(bases.segments) - clients, len(bases.segments))
    pool["segment"][rows] = segments = np.append(spread(segment_shares(today, bases), count), ours)
    pool.place(rows, segments * len(world.origins))
    for index in range(len(bases.segments)):
        mine = rows[segments == index]
        tenure = _tenures(world, index, pool["name"][mine])
        renewed = bases.last_renewal(index, tenure)
        passed = bases.passed(index, renewed)
        pool["joined"][mine] = -tenure
        pool["since"][mine] = renewed - tenure
        pool["frailty"][mine] = bases.frailties[index].draw(world.luck, pool["name"][mine], passed)
    world.welcome(rows)
    world.churn.light(rows)
    world.churn.open(rows, bases.observed)
    world.churn.carry(rows, dict(bases.strains))
    world.ledger.opening[:] = world.count()
    world.money.enter(rows, np.zeros(len(rows)))
    world.money.begin()


def segment_shares(today: Parameters, bases: Bases) -> Floats:
    """Return the share of each segment in the opening pool, summing to 1."""
    shares = np.array([today.everyone[s].share for s in bases.segments])
    return shares / shares.sum()


def spread(shares: Floats, count: int) -> Ints:
    """Deal `count` places to segments in proportion; a larger count adds places and changes none.

    The k-th place of a segment is due at (k - 1/2) / share (Webster's method), so every share is within two customers
    of its due, without any luck.
    """
    held = [np.arange(int(share * count) + 2) for share in shares]
    due = np.concatenate([(k + 0.5) / share for k, share in zip(held, np.maximum(shares, 1e-300), strict=True)])
    owner = np.repeat(np.arange(len(shares)), [len(k) for k in held])
    return owner[np.argsort(due, kind="stable")[:count]]


def tenure_law(today: Parameters, bases: Bases, segment: int) -> tuple[Floats, Floats]:
    """Return midpoints of tenure (months) and the probability of each, for the opening pool of a segment.

    Where the pool is empty, newcomers stand in for it.
    """
    client = today.account(bases.segments[segment])
    if client is not None:
        return np.array([client.customer_for_months]), np.ones(1)
    tenure = today.pool.tenure if today.pool.customers else "new"
    if not isinstance(tenure, str):
        return np.array([tenure.months]), np.ones(1)
    if tenure == "new":
        return np.zeros(1), np.ones(1)
    own = _observed(today, bases, segment)
    if own is not None:
        ranks = (np.arange(GRID) + 0.5) / GRID
        return np.interp(ranks, *own), np.full(GRID, 1.0 / GRID)
    edges = np.linspace(0.0, 12.0 * today.pool.age_years, GRID + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    weights = bases.present(segment, middles)
    return middles, weights / weights.sum()


def staying(today: Parameters, bases: Bases, segment: int, *, rate: float, span: float) -> float:
    """Return the share of a segment's opening pool that is still there after `span` months.

    `rate` is the hazard per customer-month of a frailty of 1 from month 0 on. Under a contract, fuses have burnt since
    the last renewal under the hazards observed lately.
    """
    tenure, weights = tenure_law(today, bases, segment)
    law, frailty = bases.durations[segment], bases.frailties[segment]
    renewed, later = (bases.last_renewal(segment, time) for time in (tenure, tenure + span))
    growth = law.cumulative(np.maximum(later, tenure)) - law.cumulative(tenure)
    past = bases.passed(segment, renewed)
    lately = bases.observed[segment].sum() * (law.cumulative(tenure) - law.cumulative(renewed))
    ahead = np.where(later > tenure, past + lately + rate * growth, past)
    stay, lapse = frailty.laplace(ahead) / frailty.laplace(past), bases.lapse(segment)
    if lapse is not None:
        stay = stay * lapse.staying(tenure + span) / lapse.staying(tenure)
    return float((weights * stay).sum())  # a product of BLAS would depend on how many threads it runs in


def default_mix(today: Parameters, bases: Bases) -> Floats:
    """Return joiners by segment, any scale, that replace who leaves the settled pool, segment by segment."""
    shares = segment_shares(today, bases)
    age = np.array([12.0 * today.pool.age_years])
    edges = np.linspace(0.0, age[0], GRID + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    stay = [bases.present(s, middles).mean() * age[0] for s in range(len(shares))]
    lost = [1.0 - bases.present(s, age)[0] for s in range(len(shares))]
    flows = shares * np.array(lost) / np.array(stay)
    return flows if flows.any() else shares


def _observed(today: Parameters, bases: Bases, segment: int) -> tuple[Floats, Floats] | None:
    """Return ranks and the tenures there, where the file says how tenures of a segment are distributed."""
    tenures = today.everyone[bases.segments[segment]].tenures
    return None if tenures is None else (np.linspace(0.0, 1.0, len(tenures)), np.array(tenures))


def _tenures(world: World, segment: int, names: Names) -> Floats:
    middles, weights = tenure_law(world.today, world.bases, segment)
    if len(middles) == 1:
        return np.full(len(names), middles[0])
    own = _observed(world.today, world.bases, segment)
    if own is not None:
        return np.interp(world.luck.uniform("opening.tenure", names), *own)
    half = (middles[1] - middles[0]) / 2
    edges = np.append(middles - half, middles[-1] + half)
    return np.interp(world.luck.uniform("opening.tenure", names), np.append(0.0, np.cumsum(weights)), edges)
