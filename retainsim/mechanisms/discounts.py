"""Discounts: some customers pay less; others hear of it and ask, and a price rise drives some away.

Who asks is given the discount for good: of themselves (`leakage`) or because they meet others who have one
(`contagion`, times the share of their segment that has one: a logistic epidemic). A discount is a cost per month, of
the price of a month at tenure 0. What prices rise by, whether through `price_change` or because an arm raises the
price of a segment or plan, multiplies hazards by `exp(price_elasticity x rise)`. Both work on the reasons competition
and price; where a scenario has neither, on all but involuntary and released.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Terms(mechanism.Settings):
    """Another share or depth than everybody's."""

    share: float | None = setting(None, "share", "customers on a discount today", ge=0, le=1)
    depth: float | None = setting(None, "share", "of the price, that those on a discount do not pay", ge=0, le=1)


class Settings(mechanism.Settings):
    """Who pays less, who hears of it, and what prices do."""

    share: float = setting(0.2, "share", "customers on a discount today, and newcomers (assumption)", ge=0, le=1)
    depth: float = setting(0.1, "share", "of the price, that those on a discount do not pay (assumption)", ge=0, le=1)
    segments: dict[Word, Terms] = setting({}, "", "terms of single segments")
    channels: dict[Word, Terms] = setting({}, "", "terms by where customers came from, before those of the segment")
    leakage: float = setting(0.0, "per customer-month", "rate at which others ask for one, unprompted", ge=0, le=10)
    contagion: float = setting(0.0, "per customer-month", "rate where all others around have one", ge=0, le=100)
    hazard_factor: float = setting(1.0, "factor", "hazard of those on a discount (assumption: 1)", ge=0, le=10)
    price_change: float = setting(0.0, "share", "by which prices are above the file, all margin", ge=-0.9, le=10)
    price_elasticity: float = setting(2.0, "log hazard", "its rise if prices double (assumption)", ge=0, le=50)
    reasons: list[Word] | None = setting(None, "reasons", "what it works on; default: competition, price, or else all")


class Mechanism(mechanism.Mechanism):
    """Charges what is given away, lets it leak, and makes prices felt."""

    lines = {"discounts": "variable"}
    touches = ("discount",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where a discount keeps nobody: what prices do is the same for all of a segment."""
        return bool(today.mechanisms.discounts.hazard_factor == 1)

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where customers hear of discounts from one another."""
        return bool(today.mechanisms.discounts.contagion > 0)

    def attach(self, world: World) -> None:
        """Open the line, announce the factor, own who has a discount, and start the clock of those who ask."""
        world.ledger.open("discounts", "variable")
        world.pool.own("discounts.luck", np.float64(1.0))
        world.pool.own("discounts.asked", np.bool_(False))
        world.pool.own("discounts.depth", np.float64(0.0))
        there, named = world.churn.reasons, world.today.mechanisms.discounts.reasons
        self._reasons = named or [r for r in ("competition", "price") if r in there]
        self._reasons = self._reasons or [r for r in there if r not in ("involuntary", "released")]
        world.churn.multiply_each("discounts", self._reasons)
        world.clocks.add("discounts", self._ask)
        self._world = world
        self._read(world.now)

    def welcome(self, world: World, rows: Ints) -> None:
        """Draw who comes on a discount."""
        world.pool["discounts.luck"][rows] = world.luck.uniform("discounts.share", world.pool["name"][rows])
        world.churn.give_each("discounts", rows, np.where(self._grant(rows), self._settings.hazard_factor, 1.0))

    def hold(self, world: World) -> None:
        """Grant what has been asked for, and set how fast it spreads and whom prices drive away."""
        if world.now is not self._now:
            self._read(world.now)
        now, rows = self._settings, world.pool.rows()
        has = self._grant(rows)
        self._charge(rows)
        world.churn.set_each("discounts", rows, np.where(has, now.hazard_factor, 1.0), world.time)
        world.churn.multiply("discounts.prices", self._reasons, np.exp(now.price_elasticity * self._rise))
        met = now.contagion * self._spread(rows, has) if now.contagion else np.zeros(len(world.segments))
        world.clocks.set_rate("discounts", now.leakage + met, world.time)

    def serve(self, world: World, start: float, end: float) -> None:
        """Charge those who came in the span too, at the prices that were in force."""
        self._charge(world.pool.rows())

    def _read(self, now: Parameters) -> None:
        """Write down the terms in force and how far prices have risen, by segment and origin."""
        world = self._world
        self._now, self._settings = now, now.mechanisms.discounts
        terms = [[_terms(now, segment, origin) for origin in world.origins] for segment in world.segments]
        self._shares, self._depths = np.array(terms).reshape(-1, 2).T
        dearer = [[_dearer(world.today, now, s, o) for o in world.origins] for s in world.segments]
        self._rise = (1.0 + self._settings.price_change) * np.array(dearer) - 1.0

    def _grant(self, rows: Ints) -> NDArray[np.bool_]:
        """Write down what share of the price each of these customers does not pay; return whether it is any."""
        pool = self._world.pool
        cell = pool["cell"][rows]
        has = (pool["discounts.luck"][rows] < self._shares[cell]) | pool["discounts.asked"][rows]
        pool["discounts.depth"][rows] = depth = np.where(has, self._depths[cell], 0.0)
        return depth > 0.0

    def _charge(self, rows: Ints) -> None:
        """Charge what these customers pay less than the price of the file; below 0 where they pay more."""
        paid = (1.0 + self._settings.price_change) * (1.0 - self._world.pool["discounts.depth"][rows])
        money = self._world.money
        money.charge_each("discounts", rows, (1.0 - paid) * money.revenue_rate(rows))

    def _spread(self, rows: Ints, has: NDArray[np.bool_]) -> Floats:
        """Return the share of each segment that has a discount."""
        segment, count = self._world.pool["segment"][rows], len(self._world.segments)
        return np.asarray(np.bincount(segment, has, count) / np.maximum(np.bincount(segment, minlength=count), 1))

    def _ask(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Let those who have no discount, where there is one, ask for it."""
        depth, asked = self._world.pool["discounts.depth"], self._world.pool["discounts.asked"]
        new = (self._depths[self._world.pool["cell"][rows]] > 0.0) & (depth[rows] == 0.0) & ~asked[rows]
        asked[rows[new]] = True
        self._world.touch("discount", rows[new], times[new])


def _terms(now: Parameters, segment: str, origin: str) -> tuple[float, float]:
    """Return share and depth of discounts for a segment and an origin; a named client has terms of its own."""
    if now.account(segment) is not None:
        return 0.0, 0.0
    every = now.mechanisms.discounts
    tables = [table for table in (every.channels.get(origin), every.segments.get(segment), every) if table is not None]
    share, depth = (next(v for t in tables if (v := getattr(t, key)) is not None) for key in ("share", "depth"))
    return share, depth


def _dearer(today: Parameters, now: Parameters, *cell: str) -> float:
    """Return the price in force over that of the file, after the segment's discount; 1 where there was none."""
    before, after = ((p.plan(*cell).price or 0.0) * (1.0 - p.everyone[cell[0]].discount) for p in (today, now))
    return after / before if before else 1.0
