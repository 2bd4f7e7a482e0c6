"""Retention: the plain lever of an arm, one factor on the whole hazard of the reasons and segments named.

It reaches everyone in scope; or a share of them, chosen anew at every review, who then are the only ones that cost.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import mechanism
from retainsim.workings.targeting import choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """Eases every hazard in scope, strain included, from a month on, and charges what the lever costs."""

    lines = {"retention": "variable"}

    def attach(self, world: World) -> None:
        """Open the line and put the start and the one-off cost on the calendar."""
        lever = world.arm.retention
        self._lever = lever if lever is not None and lever.from_month < world.today.run.months else None
        if self._lever is None:
            return
        world.ledger.open("retention", "variable")
        self._scope = np.array([s in (self._lever.segments or world.segments) for s in world.segments])
        self._selective = self._lever.targets != "everyone"
        if self._selective:
            world.churn.multiply_each("retention", self._lever.reasons or world.churn.reasons, whole=True)
            world.pool.own("retention.reached", np.bool_(False))
            self._is_chosen = False
        world.env.process(self._start(world))

    def _start(self, world: World) -> Generator[Any, Any, None]:
        assert self._lever is not None
        yield world.env.timeout(self._lever.from_month)
        if self._lever.cost.once:
            world.ledger.post("retention", self._lever.cost.once, at=world.env.now)
        world.change()

    def hold(self, world: World) -> None:
        """Set the factor now in force, and the cost per customer-month of those it reaches."""
        if self._lever is None:
            return
        factor = 1 + self._lever.strength_in(world.in_force, world.window) * (world.lever_factor - 1)
        price = self._lever.cost.per_customer_month
        if not self._selective:
            world.churn.lever(self._lever.reasons or world.churn.reasons, np.where(self._scope, factor, 1.0))
            world.money.charge("retention", np.where(self._scope, price, 0.0) * self._has_started(world))
        elif self._has_started(world):
            if not self._is_chosen:
                self.review(world)
            self._treat(world, factor, price)

    def review(self, world: World) -> None:
        """Choose anew, among those present in scope, whom the lever reaches until the next review."""
        if self._lever is None or not self._selective or not self._has_started(world):
            return
        self._is_chosen, share = True, self._lever.share or 0.0
        rows = world.pool.rows()
        rows = rows[self._scope[world.pool["segment"][rows]]]
        reached = choose(world, rows, targets=self._lever.targets, share=share, source="retention")
        world.pool["retention.reached"][rows] = reached

    def settle(self, world: World, start: float, end: float) -> None:
        """Post the monthly cost of the lever while it is in force."""
        if self._lever is not None and start >= self._lever.from_month:
            world.money.flow("retention", self._lever.cost.per_month, (start, end))

    def _has_started(self, world: World) -> bool:
        assert self._lever is not None
        return world.time >= self._lever.from_month

    def _treat(self, world: World, factor: float, price: float) -> None:
        """Put the factor on those reached, and charge for them."""
        rows = world.pool.rows()
        reached = self._reached(world)[rows]
        world.churn.set_each("retention", rows, np.where(reached, factor, 1.0), world.time)
        if price:
            world.money.charge_each("retention", rows, np.where(reached, price, 0.0))

    def _reached(self, world: World) -> NDArray[np.bool_]:
        """Return who is reached: those chosen who are still in scope, shape (rows of the pool,)."""
        return np.asarray(world.pool["retention.reached"] & self._scope[world.pool["segment"]])
