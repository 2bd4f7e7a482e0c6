"""Investment: money an arm spends at a month, once."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from retainsim import mechanism

if TYPE_CHECKING:
    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """Posts each investment of the arm on its date."""

    lines = {"investment": "capital"}

    def attach(self, world: World) -> None:
        """Open the line and put every investment on the calendar."""
        world.ledger.open("investment", "capital")
        for item in world.arm.investment:
            world.env.process(self._spend(world, item.at_month, item.amount))

    def _spend(self, world: World, at_month: float, amount: float) -> Generator[Any, Any, None]:
        yield world.env.timeout(at_month)
        world.ledger.post("investment", amount, at=world.env.now)
