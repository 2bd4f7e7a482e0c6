"""Retention programme: spending on keeping customers, with a saturating response of its own.

The share of the churn aimed at that a spend R prevents is `ceiling x (1 - exp(-k R))` (Blattberg & Deighton
1996), with k from one point the user knows: `effect` at `effect_at`. Who is reached is a random share or the
most valuable or most at risk; an offer may also wake sleepers (`backfire`; Ascarza, Iyengar & Schleicher 2016
saw up to 1.6).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from pydantic import model_validator

from retainsim import mechanism
from retainsim.mechanism import Word, setting
from retainsim.workings.targeting import Targets, choose

if TYPE_CHECKING:
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """What the firm spends on keeping customers, and what that does today."""

    spend_per_customer: float = setting(0.0, "money per customer-month", "spend on each customer reached", ge=0)
    effect: float = setting(..., "share", "share of the churn aimed at that is prevented today", ge=0, lt=1)
    effect_at: float | None = setting(
        None, "money per customer-month", "the spend at which `effect` holds; default: today's spend", gt=0
    )
    ceiling: float = setting(..., "share", "the most that could be prevented, however much is spent", gt=0, le=1)
    aims_at: list[Word] | None = setting(
        None, "reasons", "the reasons the programme works on; default: all but involuntary"
    )
    targets: Targets = setting("everyone", "", "whom the programme reaches")
    reach: float = setting(1.0, "share", "share of customers reached, unless targets is everyone", ge=0, le=1)
    backfire: float = setting(
        1.0, "factor", "hazard of those reached is multiplied by this (assumption: 1)", ge=1, le=5
    )

    @model_validator(mode="after")
    def _curve_exists(self) -> Settings:
        if self.effect >= self.ceiling:
            raise ValueError(f"effect ({self.effect:g}) must be below ceiling ({self.ceiling:g})")
        return self

    def prevented(self, spend: float, today: float | None = None) -> float:
        """Return the share of the churn aimed at that `spend` prevents (money per customer-month).

        The curve goes through `effect` at `effect_at`, or else at the spend `today` (default: the settings' own).
        """
        at = self.effect_at or (self.spend_per_customer if today is None else today)
        steepness = -math.log1p(-self.effect / self.ceiling) / at if at else 0.0
        return -self.ceiling * math.expm1(-steepness * spend)


class Mechanism(mechanism.Mechanism):
    """Multiplies the hazards aimed at, for those reached, and charges for it."""

    lines = {"retention_programme": "variable"}

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where everyone is reached."""
        return bool(today.mechanisms.retention_programme.targets == "everyone")

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where the most valuable or most at risk of those present are chosen."""
        return today.mechanisms.retention_programme.targets in ("most_valuable", "most_at_risk")

    def attach(self, world: World) -> None:
        """Open the line and, where not everyone is reached, the column that says who is."""
        world.ledger.open("retention_programme", "variable")
        self._selective = self._today(world).targets != "everyone"
        if self._selective:
            world.churn.multiply_each("retention_programme", self._reasons(world))
            world.pool.own("retention_programme.reached", np.bool_(False))
            self._is_chosen = False

    def hold(self, world: World) -> None:
        """Set the factor on the hazards aimed at, and the cost per customer reached."""
        now = world.now.mechanisms.retention_programme
        assert now is not None
        prevented = now.prevented(now.spend_per_customer, self._today(world).spend_per_customer)
        factor = (1 - prevented) * now.backfire
        if self._selective:
            if not self._is_chosen:
                self.review(world)
            self._treat(world, factor, now.spend_per_customer)
            return
        world.churn.multiply("retention_programme", self._reasons(world), factor)
        world.money.charge("retention_programme", now.spend_per_customer)

    def review(self, world: World) -> None:
        """Choose anew, among those present, whom the programme reaches until the next review."""
        if self._selective:
            self._is_chosen = True
            rows = world.pool.rows()
            now = world.now.mechanisms.retention_programme
            assert now is not None
            reached = choose(world, rows, targets=now.targets, share=now.reach, source="retention_programme")
            world.pool["retention_programme.reached"][rows] = reached

    def _treat(self, world: World, factor: float, spend: float) -> None:
        rows = world.pool.rows()
        reached = world.pool["retention_programme.reached"][rows]
        world.churn.set_each("retention_programme", rows, np.where(reached, factor, 1.0), world.time)
        world.money.charge_each("retention_programme", rows, np.where(reached, spend, 0.0))

    def _today(self, world: World) -> Settings:
        """Return the settings of the file: today's spend, whom the programme aims at and reaches."""
        today = world.today.mechanisms.retention_programme
        assert isinstance(today, Settings)
        return today

    def _reasons(self, world: World) -> tuple[str, ...]:
        aims_at = self._today(world).aims_at
        return tuple(aims_at) if aims_at else tuple(r for r in world.churn.reasons if r != "involuntary")
