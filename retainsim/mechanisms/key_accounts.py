"""Key accounts: account sizes are heavy-tailed, and a few customers carry the firm.

Size is the volume a customer buys relative to its segment's, 1 on average: lognormal, or Pareto, whose largest fraction
q of customers holds q^(1 - 1 / alpha) of the whole. It belongs to the person, whatever segment it moves to. Key is who
ranks within the top `key_share`, and every named client, whose size is its volume. Sigma and alpha are assumptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting
from retainsim.workings.concentration import LANDSLIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How sizes differ, and what is done for the largest."""

    law: Literal["lognormal", "pareto"] = setting("lognormal", "", "law of the sizes of who joins, and of the pool")
    sigma: float = setting(1.0, "log size", "its standard deviation, if lognormal (assumption)", ge=0, le=5)
    alpha: float = setting(1.5, "exponent", "tail of a Pareto law: the lower, the heavier (assumption)", gt=1, le=1000)
    segments: list[Word] | None = setting(None, "segments", "where sizes differ; default: everywhere")
    key_share: float = setting(0.1, "share", "the largest customers that count as key (assumption)", ge=0, le=1)
    hazard_factor: float = setting(
        1.0, "factor", "hazard of key accounts, for all reasons but involuntary ones (assumption: 1)", ge=0, le=10
    )
    extra_cost: float = setting(0.0, "money per customer-month", "what is done for each key account", ge=0)
    landslide: float = setting(
        LANDSLIDE, "share", "of revenue; more than it gone with key accounts in a quarter is a landslide (assumption)",
        ge=0, le=1,
    )  # fmt: skip

    def sizes(self, ranks: Floats) -> Floats:
        """Return the size of who is larger than a share `ranks` (in (0, 1)) of all; 1 on average."""
        from scipy.special import ndtri

        if self.law == "pareto":
            return np.asarray((1 - 1 / self.alpha) * (1 - ranks) ** (-1 / self.alpha))
        return np.exp(self.sigma * ndtri(ranks) - self.sigma**2 / 2)


class Mechanism(mechanism.Mechanism):
    """Gives sizes, says who is key, and treats who is."""

    lines = {"key_accounts": "variable"}

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where key accounts have the hazards of everybody."""
        return bool(today.mechanisms.key_accounts.hazard_factor == 1.0)

    def attach(self, world: World) -> None:
        """Open the line, own the column that says who is key, and announce the factor on its hazard."""
        world.ledger.open("key_accounts", "variable")
        world.pool.own("key_accounts.is_key", np.bool_(False), lasts=True)
        world.churn.multiply_each("key_accounts", [r for r in world.churn.reasons if r != "involuntary"])
        self._chosen_by, self._is_charged = self._choice(world), False

    def welcome(self, world: World, rows: Ints) -> None:
        """Give sizes by the law in force, the opening pool by the file's; and say who is key."""
        now = world.now.mechanisms.key_accounts
        law = now if world.time else world.today.mechanisms.key_accounts
        sized = rows[_is_among(world, rows, law.segments)]
        world.pool["size"][sized] = law.sizes(_ranks(world, sized))
        self._choose(world, rows)
        world.churn.give_each("key_accounts", rows, self._factors(world, rows))

    def hold(self, world: World) -> None:
        """Choose anew where the share of key accounts has changed, and set what is different for them."""
        rows, now = world.pool.rows(), world.now.mechanisms.key_accounts
        if self._chosen_by != self._choice(world):
            self._chosen_by = self._choice(world)
            self._choose(world, rows)
        world.churn.set_each("key_accounts", rows, self._factors(world, rows), world.time)
        if now.extra_cost or self._is_charged:
            self._is_charged = True
            is_key = world.pool["key_accounts.is_key"][rows]
            world.money.charge_each("key_accounts", rows, np.where(is_key, now.extra_cost, 0.0))

    def _choice(self, world: World) -> tuple[float, list[str] | None]:
        now = world.now.mechanisms.key_accounts
        return now.key_share, now.segments

    def _choose(self, world: World, rows: Ints) -> None:
        now = world.now.mechanisms.key_accounts
        largest = _is_among(world, rows, now.segments) & (_ranks(world, rows) > 1.0 - now.key_share)
        world.pool["key_accounts.is_key"][rows] = largest | _is_named(world)[world.pool["segment"][rows]]

    def _factors(self, world: World, rows: Ints) -> Floats:
        factor = world.now.mechanisms.key_accounts.hazard_factor
        return np.where(world.pool["key_accounts.is_key"][rows], factor, 1.0)


def _ranks(world: World, rows: Ints) -> Floats:
    return world.luck.uniform("key_accounts.size", world.pool["name"][rows])


def _is_named(world: World) -> NDArray[np.bool_]:
    """Tell of each segment whether it is a named client."""
    return np.array([world.today.account(segment) is not None for segment in world.segments])


def _is_among(world: World, rows: Ints, segments: list[str] | None) -> NDArray[np.bool_]:
    """Tell who is in one of these segments (default: all), named clients left out."""
    listed = np.array([segments is None or segment in segments for segment in world.segments])
    return np.asarray((listed & ~_is_named(world))[world.pool["segment"][rows]])
