"""Retention: the plain lever of an arm, one factor on the whole hazard of the reasons and segments named."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import mechanism

if TYPE_CHECKING:
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
        world.env.process(self._start(world))

    def _start(self, world: World) -> Generator[Any, Any, None]:
        assert self._lever is not None
        yield world.env.timeout(self._lever.from_month)
        if self._lever.cost.once:
            world.ledger.post("retention", self._lever.cost.once, at=world.env.now)
        world.change()

    def hold(self, world: World) -> None:
        """Set the factor now in force, and the cost per customer-month in scope."""
        if self._lever is None:
            return
        strength = self._lever.strength_in(world.in_force, world.window)
        scope = np.array([s in (self._lever.segments or world.segments) for s in world.segments])
        factor = np.where(scope, 1 + strength * (world.lever_factor - 1), 1.0)
        world.churn.lever(self._lever.reasons or world.churn.reasons, factor)
        started = world.time >= self._lever.from_month
        world.money.charge("retention", np.where(scope, self._lever.cost.per_customer_month, 0.0) * started)

    def settle(self, world: World, start: float, end: float) -> None:
        """Post the monthly cost of the lever while it is in force."""
        if self._lever is not None and start >= self._lever.from_month:
            world.money.flow("retention", self._lever.cost.per_month, (start, end))
