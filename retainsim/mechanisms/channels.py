"""Channels: how spending becomes joins, by a saturating curve through what you spend and get today.

The curve is fixed by the file: `joins` a month at `spend` a month. An arm that changes `spend` moves along it;
one that changes `joins` or `ceiling` gets another curve. Exponential (Blattberg & Deighton 1996):
`joins(s) = ceiling (1 - exp(-k s))`; Hill: `joins(s) = A s^p / (half^p + s^p)`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from retainsim import mechanism
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World

_HISTORY = 240
"""Months of past spend that a carry-over can still feel."""


class Settings(mechanism.Settings):
    """One channel: what is spent, what it brings, and who comes through it."""

    joins: float = setting(..., "joins a month", "customers who join a month, today", ge=0)
    spend: float | None = setting(None, "money per month", "spend on the channel today", ge=0)
    ceiling: float | None = setting(
        None, "joins a month", "joins a month however much is spent (exponential curve)", gt=0
    )
    curve: Literal["exponential", "hill"] = setting("exponential", "", "shape of the response to spend")
    half: float | None = setting(None, "money per month", "spend that brings half of what is possible (hill)", gt=0)
    power: float = setting(1.0, "", "exponent of the hill curve", gt=0, le=10)
    cost_per_join: float | None = setting(None, "money per join", "price of each join, instead of spend", ge=0)
    lag_months: float = setting(0.0, "months", "time from spend to join", ge=0, le=60)
    carry_over: float = setting(0.0, "share a month", "share of last month's effect that lasts (adstock)", ge=0, lt=1)
    seasonality: list[Annotated[float, Field(ge=0)]] | None = setting(
        None,
        "factor",
        "12 factors on joins, January first (the first month of the run where run.start is not given)",
        min_length=12,
        max_length=12,
    )
    mix: dict[Word, Annotated[float, Field(ge=0)]] | None = setting(
        None,
        "any scale",
        "segments of those who join; default: in the proportion that keeps the pool in balance",
    )
    hazard_factor: float = setting(1.0, "factor", "hazard of those who join through it", ge=0, le=100)
    first_discount: float = setting(
        0.0,
        "share",
        "discount on joining; multiplies hazard by exp(2.09 x discount) (Lewis 2006)",
        ge=0,
        lt=1,
    )
    first_discount_months: float = setting(1.0, "months", "how long the joining discount lasts (assumption)", gt=0)
    plan: Word | None = setting(None, "", "plan of those who join through it; default: their segment's")

    @model_validator(mode="after")
    def _one_way_to_pay(self) -> Settings:
        if self.spend is None:
            if self.ceiling is not None or self.half is not None:
                raise ValueError("a response curve needs spend, the amount that brings today's joins")
            return self
        if self.cost_per_join is not None:
            raise ValueError("give spend with ceiling, or cost_per_join, not both")
        if self.curve == "hill" and self.half is None:
            raise ValueError('curve = "hill" needs half, the spend that brings half of what is possible')
        if self.curve == "exponential" and self.ceiling is None:
            raise ValueError("spend needs ceiling, the joins a month however much is spent (or cost_per_join)")
        if self.curve == "exponential" and self.ceiling is not None and self.ceiling <= self.joins:
            raise ValueError(f"ceiling ({self.ceiling:g}) must be above joins ({self.joins:g})")
        return self

    @property
    def hazard(self) -> float:
        """Return the factor on the hazard of those who join through the channel."""
        return self.hazard_factor * math.exp(2.09 * self.first_discount)

    def response(self, spend: float, today: float) -> float:
        """Return joins a month at `spend` (money per month), on the curve through `joins` at spend `today`."""
        if spend == today or today == 0:
            return self.joins
        if self.curve == "hill":
            assert self.half is not None
            reached = [s**self.power / (self.half**self.power + s**self.power) for s in (today, spend)]
            return self.joins * reached[1] / reached[0]
        assert self.ceiling is not None
        return -self.ceiling * math.expm1(math.log1p(-self.joins / self.ceiling) * spend / today)

    def marginal_cost(self, spend: float, today: float) -> float:
        """Return the cost of one more join at `spend`: 1 / a'(spend), or the price of a join (money)."""
        if self.spend is None:
            return self.cost_per_join or 0.0
        step = 1e-5 * max(spend, 1e-6 * today)
        gain = self.response(spend + step, today) - self.response(spend - step, today)
        return 2 * step / gain if gain > 0 else math.inf


class Mechanism(mechanism.Mechanism):
    """Sets the rate of every channel, and posts what acquisition costs."""

    lines = {"acquisition": "variable"}

    def attach(self, world: World) -> None:
        """Open the line, add every channel, and say who comes through it."""
        world.ledger.open("acquisition", "variable")
        self._held: Parameters | None = None
        self._spent: dict[str, list[tuple[float, float]]] = {}
        for name in world.channels:
            self._spent[name] = [(-math.inf, world.today.acquisition[name].spend or 0.0)]
            world.acquisition.add(name)

    def hold(self, world: World) -> None:
        """Move every channel along its curve to the spend in force, and mark its customers."""
        for name in world.channels:
            now = world.now.acquisition[name]
            self._remember(name, world.time, now.spend or 0.0)
            season = now.seasonality[world.season()] if now.seasonality else 1.0
            world.acquisition.set_rate(name, self._joins(world, name) * season)
            world.acquisition.set_mix(name, world.mix(now.mix))
            world.acquisition.set_price(name, now.cost_per_join or 0.0)
        if world.now is self._held:
            return
        self._held = world.now
        hazards = [world.now.acquisition[c].hazard if c in world.now.acquisition else 1.0 for c in world.origins]
        world.churn.multiply("channels", world.churn.reasons, np.array(hazards)[None, :])

    def settle(self, world: World, start: float, end: float) -> None:
        """Post the spend of the span on every channel."""
        for name in world.channels:
            world.money.flow("acquisition", world.now.acquisition[name].spend or 0.0, (start, end), channel=name)

    def _remember(self, name: str, time: float, spend: float) -> None:
        spent = self._spent[name]
        if spent[-1][1] != spend:
            spent.append((time, spend))

    def _joins(self, world: World, name: str) -> float:
        """Return joins a month under the spend of the past, lagged and carried over."""
        now, today = world.now.acquisition[name], world.today.acquisition[name]
        # What is carried over changes at stops, and at once when the spend does; not when anything else changes.
        at = max(world.window[0], self._spent[name][-1][0]) - now.lag_months
        if len(self._spent[name]) == 1:
            spend = self._spent[name][0][1]
        elif now.carry_over == 0:
            spend = float(_spent_at(self._spent[name], np.array([at]))[0])
        else:
            ages = np.arange(float(_HISTORY))
            weights = now.carry_over**ages
            spend = float(weights @ _spent_at(self._spent[name], at - ages) / weights.sum())
        return now.response(spend, today.spend or 0.0)


def _spent_at(spent: list[tuple[float, float]], times: Floats) -> Floats:
    """Return the spend in force at `times` (months)."""
    starts = np.array([start for start, _ in spent])
    amounts = np.array([amount for _, amount in spent])
    return amounts[np.searchsorted(starts, times, side="right") - 1]
