"""Involuntary churn: failed payments end relationships nobody wanted to end; retries recover some.

Each customer's payments fail by a clock of its own. What retries do not recover ends the relationship at that very
moment, whatever the contract; retries are taken to succeed at once. No frailty, programme or retention lever reaches
it: what helps is a higher `recover_share`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often payments fail, and how many of them retries recover."""

    rate: float = setting(0.01, "failed payments per customer-month", "payments that fail (assumption)", ge=0, le=10)
    recover_share: float = setting(0.7, "share", "failed payments that retries recover (assumption)", ge=0, le=1)
    cost: float = setting(0.0, "money per failed payment", "reminders, retries and bank charges", ge=0)
    reason: Word = setting("involuntary", "", "the reason it feeds")


class Mechanism(mechanism.Mechanism):
    """A clock per customer; each ring is a failed payment and, unless it is recovered, the end."""

    lines = {"involuntary_churn": "variable"}
    touches = ("payment_failure",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where no failed payment ends anything: what a clock ends is no factor on a hazard."""
        settings = today.mechanisms.involuntary_churn
        return settings.rate == 0.0 or settings.recover_share == 1.0

    def attach(self, world: World) -> None:
        """Open the line and start the clock."""
        world.ledger.open("involuntary_churn", "variable")
        self._world = world
        world.clocks.add("involuntary_churn", self._ring)

    def hold(self, world: World) -> None:
        """Set how often payments fail."""
        now = self._now = world.now.mechanisms.involuntary_churn
        rate = np.full(len(world.segments), now.rate)
        world.clocks.set_rate("involuntary_churn", rate, world.time)
        world.churn.expect_ends("involuntary_churn", now.reason, rate * (1.0 - now.recover_share))

    def _ring(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Try again, pay for it, and end what could not be recovered at that moment."""
        world, now = self._world, self._now
        luck = world.luck.uniform("involuntary_churn.recover", world.pool["name"][rows], occasions)
        lost = luck >= now.recover_share
        world.touch("payment_failure", rows, times, why=np.where(lost, "lost", "recovered").astype(object))
        world.money.pay("involuntary_churn", rows, times, now.cost)
        world.churn.end(rows[lost], now.reason, times[lost], source="involuntary_churn")
