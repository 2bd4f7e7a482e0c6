"""Growth: regulars may buy more, cost less to serve and pay a premium; all of it off unless asked for.

Reinartz & Kumar (2002) found such growth often absent, so every default is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retainsim import mechanism
from retainsim.mechanism import setting
from retainsim.profile import Profile

if TYPE_CHECKING:
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How a customer's margin changes with tenure."""

    volume_per_year: float = setting(0.0, "share a year", "volume grows by this much a year", ge=-0.9, le=5)
    premium_per_year: float = setting(0.0, "share a year", "price grows by this much a year", ge=-0.9, le=5)
    until_years: float = setting(100.0, "years", "volume and price grow up to this tenure", ge=0, le=100)
    cost_to_serve_half_life: float | None = setting(
        None, "months", "tenure in which the cost to serve falls half-way to its floor", gt=0
    )
    cost_to_serve_floor: float = setting(0.0, "share", "share of the cost to serve that never goes", ge=0, le=1)
    margin_by_year: list[float] | None = setting(
        None,
        "money per customer-year",
        "margin after cost of sales and cost to serve in each year of tenure, the last holding on; "
        "replaces the price (Reichheld & Sasser 1990 profile)",
        min_length=1,
        max_length=60,
    )


class Mechanism(mechanism.Mechanism):
    """Shapes revenue and cost to serve over tenure."""

    def hold(self, world: World) -> None:
        """Tell the money how revenue and cost to serve run over tenure."""
        now = world.now.mechanisms.growth
        assert now is not None
        yearly = (1 + now.volume_per_year) * (1 + now.premium_per_year)
        cost = Profile()
        if now.cost_to_serve_half_life is not None:
            cost = Profile.easing(now.cost_to_serve_half_life, now.cost_to_serve_floor)
        revenue = Profile.growing(yearly, 12.0 * now.until_years)
        world.money.shapes = replace(
            world.money.shapes, revenue=revenue, cost=cost, margin_by_year=tuple(now.margin_by_year or ())
        )
