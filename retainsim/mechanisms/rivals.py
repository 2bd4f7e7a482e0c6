"""Rivals: campaigns of rivals lure customers with little attention, much strain or an eye on the price.

Whom a campaign reaches carries an added hazard h (1 + u (1 - attention) + m motive) while it runs: a competing risk.
Attention is what account managers give (1 without them); the motive is 1 for who buys on price alone, else strain /
(strain + h). Who joins meanwhile is reached from the next stop on. All numbers are assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting
from retainsim.workings.chances import chances

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often rivals campaign, whom they reach, how hard they pull, and the answer; as a campaign begins."""

    campaigns_per_year: float = setting(1.0, "campaigns a year", "campaigns at random (assumption)", ge=0, le=12)
    length_months: float = setting(2.0, "months", "how long a campaign runs (assumption)", gt=0, le=1200)
    reach: float = setting(0.3, "share", "customers a campaign reaches (assumption)", ge=0, le=1)
    reason: Word = setting("competition", "", "the reason it feeds")
    hazard: float = setting(0.02, "per customer-month", "its pull where attention is full (assumption)", ge=0, le=10)
    unattended_weight: float = setting(1.0, "factor", "pull added where attention is none (assumption)", ge=0, le=100)
    motive_weight: float = setting(1.0, "factor", "pull added by price or strain (assumption)", ge=0, le=100)
    counter_offer: float = setting(
        0.0, "share of revenue", "discount offered to whom a campaign reaches as it begins; 0: none", ge=0, le=1
    )
    counter_offer_accept: float = setting(0.5, "share", "of those who are offered it (assumption)", ge=0, le=1)
    counter_offer_months: float = setting(
        6.0, "months", "time for which who accepts has it, and is lured by nobody (assumption)", ge=0, le=1200
    )
    counter_offer_cost: float = setting(0.0, "money per offer", "cost of making an offer", ge=0)

    def calm(self) -> None:
        """Campaigns are shocks: calibration leaves them out."""


class Campaign(mechanism.Event):
    """A campaign on a date; those of the same date reach the same customers."""

    kind: Literal["campaign"]
    length_months: float | None = setting(None, "months", "how long it runs; default: as others", gt=0, le=1200)
    hazard: float | None = setting(None, "per customer-month", "its pull; default: as others", ge=0, le=10)


EVENTS = (Campaign,)


class Mechanism(mechanism.Mechanism):
    """Adds a hazard to whom running campaigns reach, and makes counter-offers."""

    lines = {"rivals": "variable"}
    touches = ("campaign", "counter_offer")

    def attach(self, world: World) -> None:
        """Open the line, announce the hazard, and put campaigns on the calendar."""
        world.ledger.open("rivals", "variable")
        # Strain that never halves: a hazard of a customer's own, in force until it is eased in full.
        self._strain = world.churn.add_strain("rivals", world.now.mechanisms.rivals.reason, math.inf)
        world.pool.own("rivals.depth", np.float64(0.0))
        world.pool.own("rivals.until", np.float64(0.0))
        self._running = list[tuple[int, float, float]]()  # occasions, reaches and hazards
        begin = partial(self._begin, world)
        world.env.process(chances(world, "rivals", "campaigns_per_year", begin, most=12.0))
        for event in world.events(Campaign):
            world.env.process(self._as_planned(world, event))

    def hold(self, world: World) -> None:
        """Set the pull on every customer, and charge what counter-offers give away."""
        pool, rows = world.pool, world.pool.rows()
        before, wanted = pool["strain.rivals"][rows], self._pull(world, rows)
        changed = before != wanted
        world.churn.ease(self._strain, rows[changed & (before > 0)], 1.0, world.time)
        world.churn.build(self._strain, rows[changed & (wanted > 0)], wanted[changed & (wanted > 0)], world.time)
        if pool["rivals.until"][rows].any():
            depth = np.where(pool["rivals.until"][rows] > world.time, pool["rivals.depth"][rows], 0.0)
            world.money.charge_each("rivals", rows, depth * world.money.revenue_rate(rows))

    def _pull(self, world: World, rows: Ints) -> Floats:
        """Return the hazard that running campaigns add to each customer's, per customer-month."""
        pool, on, now, pull = world.pool, world.today.mechanisms, world.now.mechanisms.rivals, np.zeros(len(rows))
        if not self._running:
            return pull
        for occasion, reach, hazard in self._running:
            pull += np.where(self._is_reached(world, rows, occasion, reach), hazard, 0.0)
        pull[pool["rivals.until"][rows] > world.time] = 0.0
        strain = np.maximum(world.churn.strain_on(rows) - pool["strain.rivals"][rows], 0.0)
        motive = np.divide(strain, strain + pull, out=np.zeros(len(rows)), where=pull > 0)
        motive = np.maximum(motive, pool["price_only_buyers.is_one"][rows]) if on.price_only_buyers else motive
        unattended = 1.0 - pool["account_managers.attention"][rows] if on.account_managers else 0.0
        return pull * (1.0 + now.unattended_weight * unattended + now.motive_weight * motive)

    def _is_reached(self, world: World, rows: Ints, occasion: int, reach: float) -> np.ndarray:
        return world.luck.uniform("rivals.reach", world.pool["name"][rows], occasion) < reach

    def _begin(self, world: World, _: int, occasion: int) -> None:
        world.env.process(self._run(world, occasion))

    def _as_planned(self, world: World, event: Campaign) -> Generator[Any, Any, None]:
        yield world.env.timeout(event.at_month)
        occasion = 1_000_000 + round(event.at_month * 1000)  # beyond those by chance
        yield from self._run(world, occasion, event.length_months, event.hazard)

    def _run(
        self, world: World, occasion: int, length: float | None = None, hazard: float | None = None
    ) -> Generator[Any, Any, None]:
        now = world.now.mechanisms.rivals
        hazard = now.hazard if hazard is None else hazard
        if now.reach == 0.0 or (hazard == 0.0 and now.counter_offer == 0.0):
            return
        world.settle()
        self._running.append(campaign := (occasion, now.reach, hazard))
        rows = world.pool.rows()
        rows = rows[self._is_reached(world, rows, occasion, now.reach)]
        world.touch("campaign", rows, np.full(len(rows), world.time))
        if now.counter_offer:
            self._answer(world, rows, now, occasion)
        world.hold()
        yield world.env.timeout(length or now.length_months)
        world.settle()
        self._running.remove(campaign)
        world.hold()

    def _answer(self, world: World, rows: Ints, now: Settings, occasion: int) -> None:
        """Offer these customers a discount, and let who accepts pay less for a while."""
        times = np.full(len(rows), world.time)
        draw = world.luck.uniform("rivals.accept", world.pool["name"][rows], occasion)
        accepts = draw < now.counter_offer_accept
        world.touch("counter_offer", rows, times, why=np.where(accepts, "accepted", "refused"))
        world.money.pay("rivals", rows, times, now.counter_offer_cost)
        world.pool["rivals.depth"][rows[accepts]] = now.counter_offer
        world.pool["rivals.until"][rows[accepts]] = world.time + now.counter_offer_months
        world.env.process(self._lapse(world, now.counter_offer_months))

    def _lapse(self, world: World, months: float) -> Generator[Any, Any, None]:
        yield world.env.timeout(months)
        world.change()
