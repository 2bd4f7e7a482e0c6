"""Firm: the fixed costs that run whatever the pool does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim import mechanism

if TYPE_CHECKING:
    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """Posts `firm.fixed_costs`, which rise with inflation."""

    lines = {"fixed_costs": "fixed"}

    def attach(self, world: World) -> None:
        """Open the line."""
        world.ledger.open("fixed_costs", "fixed")

    def settle(self, world: World, start: float, end: float) -> None:
        """Post the span's share of the monthly amount."""
        world.money.flow("fixed_costs", world.now.firm.fixed_costs, (start, end), inflated=True)
