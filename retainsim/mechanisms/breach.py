"""Breach: data leaks, on a date or at random; some customers leave at once, others are wary for a while.

A share of 0.039 leaves at once (abnormal churn, Ponemon 2019; 0.059 in finance). Costs and the dip in acquisition are
assumptions.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

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

    def calm(self) -> None:
        """A breach is a shock: calibration leaves it out."""


class Breach(mechanism.Event):
    """A data leak in one arm."""

    kind: Literal["breach"]


EVENTS = (Breach,)


class Mechanism(mechanism.Mechanism):
    """Jolts everybody present, strains who stays, and keeps joiners away."""

    lines = {"breach": "variable"}
    touches = ("breach",)

    def attach(self, world: World) -> None:
        """Open the line, announce the strain, and put what may happen by chance on the calendar."""
        settings = world.now.mechanisms.breach
        world.ledger.open("breach", "variable")
        self._strain = world.churn.add_strain("breach", settings.reason, settings.half_life)
        self._shy_until = 0.0
        self._dated: set[float] = set()
        for occasion, time in enumerate(_chances(world)):
            world.env.process(self._by_chance(world, time, occasion))
        for event in world.events(Breach):
            world.env.process(self._as_planned(world, event.at_month))

    def hold(self, world: World) -> None:
        """Put the date on the calendar, and keep some joiners away for a while after a breach."""
        now = world.now.mechanisms.breach
        world.churn.set_half_life(self._strain, now.half_life)
        factor = now.acquisition_factor if world.time < self._shy_until else 1.0
        for channel in world.origins[1:]:
            world.acquisition.multiply("breach", channel, factor)
        if now.at_month is not None and now.at_month >= world.time and now.at_month not in self._dated:
            self._dated.add(now.at_month)
            world.env.process(self._on_date(world, now.at_month))

    def _on_date(self, world: World, time: float) -> Generator[Any, Any, None]:
        """Happen on the date, unless another date has been set meanwhile."""
        yield world.env.timeout(time - world.time)
        if world.now.mechanisms.breach.at_month == time:
            yield from self._happen(world)

    def _as_planned(self, world: World, time: float) -> Generator[Any, Any, None]:
        yield world.env.timeout(time)
        yield from self._happen(world)

    def _by_chance(self, world: World, time: float, occasion: int) -> Generator[Any, Any, None]:
        """Happen with the chance that the rate in force then has of all that may: a higher rate only adds."""
        yield world.env.timeout(time)
        height = float(world.luck.uniform("breach.height", _FIRM, occasion)[0])
        if height * _MOST < world.now.mechanisms.breach.per_year:
            yield from self._happen(world)

    def _happen(self, world: World) -> Generator[Any, Any, None]:
        now = world.now.mechanisms.breach
        if not (now.leave_at_once or now.wary or now.fine or now.cost_per_record or now.acquisition_factor < 1.0):
            return
        world.settle()
        rows = world.pool.rows()
        world.ledger.post("breach", now.fine + now.cost_per_record * len(rows), at=world.time)
        world.touch("breach", rows, np.full(len(rows), world.time))
        world.churn.jolt(rows, now.reason, now.leave_at_once, world.time, source="breach")
        if now.wary:
            world.churn.build(self._strain, rows, np.full(len(rows), now.wary), world.time)
        self._shy_until = max(self._shy_until, world.time + now.acquisition_months)
        world.hold()
        yield world.env.timeout(now.acquisition_months)
        world.change()


_FIRM = name(key("breach"), 0)
_MOST = 12.0
"""Breaches a year that may happen by chance, of which the rate in force takes its share."""


def _chances(world: World) -> list[float]:
    """Return the months at which a breach may happen by chance, the same in every arm; none where nothing may."""
    planned = [world.today.mechanisms.breach.per_year, world.now.mechanisms.breach.per_year]
    if not any(planned) and not any(change.set == "mechanisms.breach.per_year" for change in world.arm.change):
        return []
    waits = world.luck.exponential("breach.times", np.repeat(_FIRM, _reserve(world)), np.arange(_reserve(world)))
    times = np.cumsum(waits) * 12.0 / _MOST
    return [float(time) for time in times[times < world.today.run.months]]


def _reserve(world: World) -> int:
    """Return more draws than a horizon can need."""
    return 60 + 2 * world.today.run.months
