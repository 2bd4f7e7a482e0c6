"""Price only buyers: a share of those who join buys on price alone, and most of them leave after the first time.

They go after their first period, under a contract at its first renewal; who buys purchase by purchase never buys again.
Those of the past have gone already, so the opening pool has none, and what leaves this way comes on top of the churn
observed. How many there are is an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from retainsim import mechanism
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How many they are, by channel, and how they leave."""

    reason: Word = setting("price", "", "the reason it feeds")
    share: float = setting(0.2, "share", "joiners who buy on price alone (assumption)", ge=0, le=1)
    channels: dict[Word, Annotated[float, Field(ge=0, le=1)]] = setting(
        {}, "share", "the same for single channels, or for referrals; default: share"
    )
    leave_after_first: float = setting(
        0.8, "share", "of them, those who leave after the first period or purchase (assumption)", ge=0, le=1
    )
    after_months: float = setting(
        1.0, "months", "length of the first period where there is no contract (assumption)", gt=0, le=120
    )


class Mechanism(mechanism.Mechanism):
    """Ends lives at the end of their first period, for those it is drawn for on joining."""

    def attach(self, world: World) -> None:
        """Keep who buys on price alone, and stop the purchases of who never buys again."""
        world.pool.own("price_only_buyers.is_one", np.bool_(False), lasts=True)
        world.clocks.vary("purchases", "price_only_buyers")

    def welcome(self, world: World, rows: Ints) -> None:
        """Draw who of those who join for the first time buys on price alone, and who of these leaves, and when."""
        pool, now = world.pool, world.now.mechanisms.price_only_buyers
        rows = rows[(pool["origin"][rows] > 0) & (pool["spell"][rows] == 1)]
        shares = np.array([now.channels.get(origin, now.share) for origin in world.origins])
        alike = world.luck.uniform("price_only_buyers.is_one", pool["name"][rows]) < shares[pool["origin"][rows]]
        pool["price_only_buyers.is_one"][rows] = alike
        buyers = rows[alike]
        goes = world.luck.uniform("price_only_buyers.goes", pool["name"][buyers]) < now.leave_after_first
        self._send_off(world, buyers[goes])

    def _send_off(self, world: World, rows: Ints) -> None:
        """End these lives after the first period; nothing that would happen to them later does.

        An end set before the fuses are lit is kept by every later projection, also where it lies within this span.
        """
        pool, now = world.pool, world.now.mechanisms.price_only_buyers
        terms = world.churn.terms[pool["segment"][rows], pool["origin"][rows]]
        ends = pool["joined"][rows] + _first_period(terms, now.after_months)
        world.churn.end(rows, now.reason, ends, source="price_only_buyers")
        world.clocks.give_each("purchases", "price_only_buyers", rows, np.zeros(len(rows)))


def _first_period(terms: Floats, otherwise: float) -> Floats:
    """Return the length of each customer's first contract (months), or what stands for it without one."""
    return np.where(np.isfinite(terms), terms, otherwise)
