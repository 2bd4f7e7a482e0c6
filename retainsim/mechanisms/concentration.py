"""Concentration: what the largest customers mean to the firm, watched from quarter to quarter.

It acts on nothing. Where there are key accounts or named clients, the end of every quarter is observed: the shares of
revenue of the largest customer, of the ten largest and of key accounts, the Herfindahl index, and the share of the
revenue at the quarter's start that has left with key accounts since, for whatever reason; more than `landslide` of
it is a landslide. Revenue is what customers pay a month at the time; a quarter's last moment belongs to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.workings.concentration import LANDSLIDE, QUARTER, herfindahl, largest_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.world import World


class Mechanism(mechanism.Mechanism):
    """Watches who is large, and how much of the revenue leaves with key accounts."""

    def attach(self, world: World) -> None:
        """Begin with no quarter watched."""
        self._is_on = bool(world.today.accounts) or world.today.mechanisms.key_accounts is not None
        self._lost, self._before = np.zeros(world.today.run.months // QUARTER + 1), -1.0
        self._named = np.array([world.today.account(segment) is not None for segment in world.segments])

    def hold(self, world: World) -> None:
        """Remember, at month 0, what the first quarter starts from."""
        if self._is_on and self._before < 0.0:
            self._before = float(world.money.revenue_now(world.pool.rows(), np.zeros(1)).sum())

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Count what leaves with key accounts, quarter by quarter."""
        if self._is_on and (is_key := self._are_key(world, rows)).any():
            lost = world.money.revenue_now(rows[is_key], times[is_key])
            np.add.at(self._lost, (times[is_key] // QUARTER).astype(np.int64), lost)

    def settle(self, world: World, start: float, end: float) -> None:
        """Observe a quarter that is over."""
        if not self._is_on or end % QUARTER:
            return
        rows, settings = world.pool.rows(), world.now.mechanisms.key_accounts
        amounts = world.money.revenue_now(rows, np.full(1, end))
        total, lost = float(amounts.sum()), float(self._lost[int(end) // QUARTER - 1])
        share = lost / self._before if self._before else 0.0
        limit = settings.landslide if settings is not None else LANDSLIDE
        world.observe(
            "concentration", end,
            largest_share=largest_share(amounts), ten_largest_share=largest_share(amounts, 10),
            key_accounts_share=float(amounts[self._are_key(world, rows)].sum()) / total if total else 0.0,
            herfindahl=herfindahl(amounts), key_revenue_lost=share, landslides=share > limit,
        )  # fmt: skip
        self._before = total

    def _are_key(self, world: World, rows: Ints) -> NDArray[np.bool_]:
        """Tell who is key: every named client, and whom the mechanism of key accounts says."""
        named = self._named[world.pool["segment"][rows]]
        if world.today.mechanisms.key_accounts is None:
            return np.asarray(named)
        return np.asarray(named | world.pool["key_accounts.is_key"][rows])
