"""Market: the market is finite: what is left to win shrinks as customers are won, and grows as leavers come back to it.

The joins of every origin, as the scenario gives them, are those of an untouched market; of them comes the share of the
market that is still untouched. Customers who are present are won, and so are those who have left and are not yet, or
never, to be had again. Who left before month 0 counts as back. The share is held from one stop (a month's end or a
review) to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How many there are to win, and when leavers may be won again."""

    size: float | None = setting(
        None, "customers", "customers that could ever be won, those present included; default: no limit", gt=0
    )
    return_after_months: float = setting(
        24.0, "months", "time after which a leaver may be won again (assumption)", ge=0, le=1200
    )
    return_share: float = setting(0.5, "share", "leavers who may ever be won again (assumption)", ge=0, le=1)


class Mechanism(mechanism.Mechanism):
    """Thins whatever brings customers by what is left of the market."""

    hears = ("return",)

    def attach(self, world: World) -> None:
        """Nobody has left yet; who is won back as a customer need not be waited for."""
        self._world = world
        self._names, self._due = np.zeros(0, np.uint64), np.zeros(0)
        self._held: tuple[float, float | None] | None = None
        world.touches.listen("return", "market", self._welcome_back)

    def hold(self, world: World) -> None:
        """Set the share of the market that is untouched; what else changes within a month does not move it."""
        size = world.now.mechanisms.market.size
        if self._held != (world.window[0], size):
            self._held = world.window[0], size
            self._untouched = 1.0 if size is None else max(0.0, 1.0 - self._won() / size)
        for origin in world.origins[1:]:
            world.acquisition.multiply("market", origin, self._untouched)

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Note when each leaver may be won again: after the settings in force when it leaves, or never."""
        now, names = world.now.mechanisms.market, world.pool["name"][rows]
        draw = world.luck.uniform("market.back", names, world.pool["spell"][rows].astype(np.int64))
        due = np.where(draw < now.return_share, times + now.return_after_months, np.inf)
        self._names, self._due = np.append(self._names, names), np.append(self._due, due)

    def _won(self) -> int:
        """Count those who cannot be won: customers, and leavers not back in the market."""
        self._keep(self._due > self._world.time)
        return len(self._world.pool) + len(self._due)

    def _welcome_back(self, rows: Ints, times: Floats) -> None:
        """Forget that these customers ever left."""
        self._keep(~np.isin(self._names, self._world.pool["name"][rows]))

    def _keep(self, which: NDArray[np.bool_]) -> None:
        self._names, self._due = self._names[which], self._due[which]
