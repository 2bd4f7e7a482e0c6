"""Breach: data leaks, on a date or at random; some customers leave at once, others are wary for a while.

A share of 0.039 leaves at once (abnormal churn, Ponemon 2019; 0.059 in finance). Costs and the dip in acquisition are
assumptions.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import model_validator

from retainsim import mechanism
from retainsim.draws import key, name
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from retainsim.world import World


class Settings(mechanism.Settings):
    """When it happens, and what it does."""

    at_month: float | None = setting(None, "months", "month (or date) of the breach", ge=0)
    per_year: float = setting(0.0, "breaches a year", "breaches at random", ge=0, le=12)
    reason: Word = setting("breach", "", "the reason it feeds")
    leave_at_once: float = setting(
        0.039, "share", "customers who leave at once, whatever their contract (0.059 in finance)", ge=0, lt=1
    )
    wary: float = setting(0.0, "per customer-month", "hazard added to those who stay (assumption: none)", ge=0, le=10)
    half_life: float = setting(3.0, "months", "time in which wariness halves (assumption)", gt=0, le=600)
    fine: float = setting(0.0, "money", "paid at each breach", ge=0)
    cost_per_record: float = setting(0.0, "money per customer", "cost for each customer present", ge=0)
    acquisition_factor: float = setting(0.9, "factor", "joins for a while after (assumption)", ge=0, le=1)
    acquisition_months: float = setting(6.0, "months", "how long joins are fewer (assumption)", ge=0, le=600)

    @model_validator(mode="after")
    def _happens(self) -> Settings:
        if self.at_month is None and self.per_year == 0:
            raise ValueError("say when: at_month, per_year or both")
        return self


class Mechanism(mechanism.Mechanism):
    """Jolts everybody present, strains who stays, and keeps joiners away."""

    lines = {"breach": "variable"}
    is_shock = True

    def attach(self, world: World) -> None:
        """Open the line, announce the strain, and put every breach on the calendar."""
        settings = world.now.mechanisms.breach
        world.ledger.open("breach", "variable")
        self._strain = world.churn.add_strain("breach", settings.reason, settings.half_life)
        self._shy_until = 0.0
        dated = [] if settings.at_month is None else [settings.at_month]
        for time in [*dated, *_random_times(world, settings.per_year / 12.0)]:
            world.env.process(self._happen(world, time))

    def hold(self, world: World) -> None:
        """Keep some joiners away for a while after a breach."""
        factor = world.now.mechanisms.breach.acquisition_factor if world.time < self._shy_until else 1.0
        for channel in world.channels:
            world.acquisition.multiply("breach", channel, factor)

    def _happen(self, world: World, time: float) -> Generator[Any, Any, None]:
        yield world.env.timeout(time)
        now = world.now.mechanisms.breach
        if not (now.leave_at_once or now.wary or now.fine or now.cost_per_record or now.acquisition_factor < 1.0):
            return
        world.settle()
        rows = world.pool.rows()
        world.ledger.post("breach", now.fine + now.cost_per_record * len(rows), at=world.time)
        world.churn.jolt(rows, now.reason, now.leave_at_once, world.time)
        if now.wary:
            world.churn.build(self._strain, world.pool.rows(), np.full(len(rows), now.wary), world.time)
        self._shy_until = max(self._shy_until, world.time + now.acquisition_months)
        world.hold()
        yield world.env.timeout(now.acquisition_months)
        world.change()


def _random_times(world: World, rate: float) -> list[float]:
    """Return the months of random breaches, a Poisson process at `rate` a month, the same in every arm."""
    times: list[float] = []
    occasion, time = 0, 0.0
    firm = name(key("breach"), 0)
    while rate > 0.0:
        time += float(world.luck.exponential("breach.times", firm, occasion)[0]) / rate
        if time >= world.today.run.months:
            break
        times.append(time)
        occasion += 1
    return times
