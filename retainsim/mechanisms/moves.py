"""Moves: upgrades and downgrades between segments, by a clock of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """Rings at the sum of a segment's move rates; each ring chooses where to, in proportion."""

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where nobody moves."""
        return not any(rate for segment in today.segments.values() for rate in segment.moves.values())

    def attach(self, world: World) -> None:
        """Start the clock."""
        self._world = world
        world.clocks.add("moves", self._ring)

    def hold(self, world: World) -> None:
        """Set the rate of each segment, moves per customer-month."""
        self._table = _rates(world)
        world.clocks.set_rate("moves", self._table.sum(axis=1), world.time)

    def _ring(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        world = self._world
        edges = np.cumsum(self._table, axis=1)[world.pool["segment"][rows]]
        draw = world.luck.uniform("moves.target", world.pool["name"][rows], occasions) * edges[:, -1]
        target = (draw[:, None] >= edges).sum(axis=1)
        world.move(rows, target, times)


def _rates(world: World) -> Floats:
    """Return moves per customer-month, shape (segments from, segments to)."""
    table = np.zeros((len(world.segments),) * 2)
    for here, name in enumerate(world.segments):
        for there, rate in world.now.everyone[name].moves.items():
            table[here, world.segments.index(there)] = rate
    return table
