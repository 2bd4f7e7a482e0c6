"""Purchases: customers bound by nothing buy now and then, and may drop out after a purchase.

Each has a rate of its own, gamma-distributed across customers, and spends an amount of its own (gamma-gamma: Fader,
Hardie & Lee 2005b; or lognormal). With a beta-distributed chance of dropping out after a purchase this is the BG/NBD
(Fader, Hardie & Lee 2005); with exponential lifetimes and gamma frailty the Pareto/NBD (Schmittlein, Morrison &
Colombo 1987). Joining is the first purchase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.clocks import PER_SPELL
from retainsim.ledger import month_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints, Names
    from retainsim.scenario.segment import Purchases
    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """A clock per customer; each ring is a sale, and may end the life."""

    touches = ("purchase",)

    def attach(self, world: World) -> None:
        """Start the clock where some segment buys purchase by purchase."""
        self._world = world
        self._is_on = any(segment.by_purchase for segment in world.today.everyone.values())
        if self._is_on:
            world.clocks.add("purchases", self._ring)
            world.clocks.vary("purchases", "purchases", lasts=True)
            world.pool.own("purchases.dropout", np.float64(0.0), lasts=True)
            world.pool.own("purchases.level", np.float64(1.0), lasts=True)
            world.touches.listen("join", "purchases", self._first)
            world.touches.listen("return", "purchases", self._first)

    def welcome(self, world: World, rows: Ints) -> None:
        """Give each customer its rate, its chance of dropping out and what it spends."""
        if not self._is_on:
            return
        for index, segment in enumerate(world.segments):
            buys = world.today.everyone[segment].purchases
            if buys is not None:
                self._give(world, rows[world.pool["segment"][rows] == index], buys)

    def hold(self, world: World) -> None:
        """Set the mean rate of each segment; a change of it, or of the spend, scales every customer's own."""
        if not self._is_on:
            return
        rows, everyone = world.pool.rows(), world.now.everyone
        segment = world.pool["segment"][rows]
        buys = [everyone[name].purchases for name in world.segments]
        world.clocks.set_rate("purchases", np.array([p.per_month if p else 0.0 for p in buys]), world.time)
        rates, means = world.clocks.rate_of("purchases", rows), np.array([p.spend.mean if p else 0.0 for p in buys])
        spends = rates * means[segment] * world.pool["purchases.level"][rows]
        world.pool["spends"][rows] = np.where(np.array([p is not None for p in buys])[segment], spends, 1.0)
        reasons = [p.dropout.reason if p and p.dropout else None for p in buys]
        drops = np.array([r is not None and world.churn.is_open("purchases", r) for r in reasons])
        world.pool["lapses"][rows] = rates * world.pool["purchases.dropout"][rows] * drops[segment]

    def _give(self, world: World, rows: Ints, buys: Purchases) -> None:
        pool, names = world.pool, world.pool["name"][rows]
        tenure, lapse = np.maximum(-pool["joined"][rows], 0.0), buys.lapse()
        burden = np.zeros(len(rows))
        if lapse is not None:
            pool["purchases.dropout"][rows] = lapse.draw_chance(world.luck, names, tenure)
            burden = pool["purchases.dropout"][rows] * tenure
        factors = np.ones(len(rows))
        if buys.shape is not None and buys.per_month:
            rate = buys.shape / buys.per_month
            factors = world.luck.gamma("purchases.rate", names, buys.shape) / (rate + burden) / buys.per_month
        world.clocks.give_each("purchases", "purchases", rows, factors)
        pool["purchases.level"][rows] = _level(world, buys, names)

    def _first(self, rows: Ints, times: Floats) -> None:
        """Sell to who has just come: joining is the first purchase."""
        spells = self._world.pool["spell"][rows].astype(np.int64) - 1
        self._sell(rows, times, spells * PER_SPELL)

    def _ring(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Sell at the exact time, and let the customer drop out by its own chance."""
        world, pool = self._world, self._world.pool
        self._sell(rows, times, occasions + 1)
        draw = world.luck.uniform("purchases.out", pool["name"][rows], occasions)
        out = draw < pool["purchases.dropout"][rows]
        for buys, mine in self._by_segment(rows[out]):
            if buys.dropout is not None:
                world.churn.end(rows[out][mine], buys.dropout.reason, times[out][mine], source="purchases")

    def _sell(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        world, pool = self._world, self._world.pool
        for buys, mine in self._by_segment(rows):
            names = pool["name"][rows[mine]]
            amounts = _spend(world, buys, names, occasions[mine]) * pool["purchases.level"][rows[mine]]
            world.money.sell(rows[mine], times[mine], amounts)
            where = pool["segment"][rows[mine]], pool["origin"][rows[mine]]
            world.ledger.count(world.ledger.purchases, month_row(float(times[mine].max())), *where)
            world.touch("purchase", rows[mine], times[mine])

    def _by_segment(self, rows: Ints) -> Iterator[tuple[Purchases, NDArray[np.bool_]]]:
        """Yield how each segment buys that does so purchase by purchase, and who of `rows` is in it."""
        segment = self._world.pool["segment"][rows]
        for index in np.unique(segment):
            buys = self._world.now.everyone[self._world.segments[index]].purchases
            if buys is not None:
                yield buys, segment == index


def _level(world: World, buys: Purchases, names: Names) -> Floats:
    """Return what each customer spends on average, relative to the mean."""
    if buys.spend.kind == "gamma":
        return (buys.spend.q - 1.0) / world.luck.gamma("purchases.level", names, buys.spend.q)
    if buys.spend.kind == "lognormal":
        between = buys.spend.between
        return np.exp(between * world.luck.normal("purchases.level", names) - between**2 / 2)
    return np.ones(len(names))


def _spend(world: World, buys: Purchases, names: Names, occasions: Ints) -> Floats:
    """Return what is spent on each purchase at a customer's level of 1 (money)."""
    mean = buys.spend.mean
    if buys.spend.kind == "gamma":
        return mean * world.luck.gamma("purchases.spend", names, buys.spend.p, occasions) / buys.spend.p
    if buys.spend.kind == "lognormal":
        within = buys.spend.within
        return mean * np.exp(within * world.luck.normal("purchases.spend", names, occasions) - within**2 / 2)
    return np.full(len(names), mean)
