"""Perception: what customers perceive lags and drifts from what is delivered, and decides who stays.

Of each dimension of quality a customer perceives what is delivered and a deviation of its own, an Ornstein-Uhlenbeck
process advanced exactly from review to review: who is there perceives a change with time, newcomers see what was
delivered at the last review. Utility and warranty act at once. Hazards are multiplied by
`sensitivity ** ((neutral - value) / 0.1)`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import Word, setting
from retainsim.workings.quality import DIMENSIONS, Delivery, Dimension, Taste, Tastes

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(Delivery, Taste):
    """What is delivered and looked at, how it is perceived, and what that does."""

    segments: dict[Word, Taste] = setting({}, "", "what customers of single segments look at, instead")
    neutral: float = setting(0.8, "share", "perceived value that leaves hazards as they are", ge=0, le=1)
    drift: float = setting(0.02, "rating per root month", "how far a perception wanders (assumption)", ge=0, le=1)
    reversion_half_life: float = setting(6.0, "months", "time to perceive half of a change (assumption)", gt=0, le=600)
    sensitivity: float = setting(1.2, "factor", "on hazards for every 0.1 below neutral (assumption)", ge=1, le=10)
    referral_sensitivity: float = setting(1.0, "factor", "on referrals for every 0.1 above (assumption)", ge=1, le=10)
    reasons: list[Word] | None = setting(None, "reasons", "what it works on; default: all but involuntary, released")
    through: dict[Dimension, list[Word]] = setting({}, "reasons", "what single dimensions work on, instead")

    @property
    def spread(self) -> float:
        """Return the stationary standard deviation of what customers perceive of a dimension."""
        return self.drift * math.sqrt(self.reversion_half_life / (2 * math.log(2)))

    def drives_away(self) -> bool:
        """True: who perceives less than the neutral value leaves sooner."""
        return True


class Mechanism(mechanism.Mechanism):
    """Carries what every customer perceives, and puts factors on its hazards and its referrals."""

    hears = ("survey",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where nobody perceives anything but the neutral value, or nothing comes of it."""
        now = today.mechanisms.perception
        is_neutral = now.offer == 1 and now.drift == 0 and (now.ratings == now.neutral).all()
        return bool(now.sensitivity == 1 or is_neutral)

    def attach(self, world: World) -> None:
        """Announce the factors, and the columns: what each perceives less what is delivered, and the value of it."""
        self._world, self._now = world, world.today.mechanisms.perception
        self._seen, self._moved, self._is_stale = self._now.ratings, np.zeros(len(DIMENSIONS)), True
        self._aged, self._reviews, self._fade, self._variance = 0.0, 0, 1.0, 0.0
        for column in (*DIMENSIONS, "taste", "value"):
            world.pool.own(f"perception.{column}", np.float64(0.0))
        others = [each for each in world.churn.reasons if each not in ("involuntary", "released")]
        own = {f"perception.{each}": reasons for each, reasons in self._now.through.items()}
        for source, reasons in ({"perception": self._now.reasons or others} | own).items():
            world.churn.multiply_each(source, reasons)
        world.clocks.vary("referrals", "perception")
        world.touches.listen("survey", "perception", self._correct)
        self._tastes = self._tastes_now()

    def welcome(self, world: World, rows: Ints) -> None:
        """Start newcomers around what is delivered, as far off as those who have long been here."""
        names, spells = world.pool["name"][rows], world.pool["spell"][rows]
        world.pool["perception.taste"][rows] = world.luck.uniform("perception.taste", names)
        for each in DIMENSIONS:
            luck = world.luck.normal(f"perception.start.{each}", names, spells)
            world.pool[f"perception.{each}"][rows] = self._now.spread * luck
        factors, referring = self._judge(rows)
        for source, factor in factors.items():
            world.churn.give_each(source, rows, factor)
        world.clocks.give_each("referrals", "perception", rows, referring)

    def review(self, world: World) -> None:
        """Let perceptions wander, each by the luck of its own customer and review."""
        self._age(world.time)
        reach, rows = math.sqrt(self._variance), world.pool.rows()
        self._advance()
        self._reviews += 1
        for each in DIMENSIONS if reach else ():
            luck = world.luck.normal(f"perception.{each}", world.pool["name"][rows], self._reviews)
            world.pool[f"perception.{each}"][rows] += reach * luck

    def hold(self, world: World) -> None:
        """Put the factors in force; closing values look years ahead, when everybody sees what is delivered."""
        if (now := world.now.mechanisms.perception) != self._now:
            self._age(world.time)
            self._moved, self._now, self._is_stale = self._moved + self._now.ratings - now.ratings, now, True
            self._tastes = self._tastes_now()
        if world.in_force == math.inf:
            self._age(math.inf)
            self._advance()
        if self._is_stale:
            rows, self._is_stale = world.pool.rows(), False
            factors, referring = self._judge(rows)
            for source, factor in factors.items():
                world.churn.set_each(source, rows, factor, world.time)
            world.clocks.set_each("referrals", "perception", rows, referring, world.time)

    def _age(self, time: float) -> None:
        """Add up to `time` how far deviations fade, also those that come of changes, and the variance they gain."""
        fade = 0.5 ** ((time - self._aged) / self._now.reversion_half_life)
        self._aged, self._fade, self._moved = time, self._fade * fade, self._moved * fade
        self._variance = self._variance * fade**2 + self._now.spread**2 * (1 - fade**2)

    def _advance(self) -> None:
        """Let everybody see what is delivered now, short of what fading has added up to since the last time."""
        for each, moved in zip(DIMENSIONS, self._moved, strict=True):
            deviation = self._world.pool[f"perception.{each}"]
            deviation[:] = deviation * self._fade + moved
        self._seen, self._fade, self._moved, self._variance = self._now.ratings, 1.0, 0.0 * self._moved, 0.0
        self._is_stale = True

    def _judge(self, rows: Ints) -> tuple[dict[str, Floats], Floats]:
        """Write down the value these customers perceive; return the factors on hazards by source, and on referrals."""
        now, pool = self._now, self._world.pool
        missing = {"perception": np.full(len(rows), now.neutral * (1 - now.offer))}
        weights = self._tastes.weigh(pool["segment"][rows], pool["perception.taste"][rows])
        for each, rating, weight in zip(DIMENSIONS, self._seen, weights, strict=True):
            seen = np.clip(rating + pool[f"perception.{each}"][rows], 0.0, 1.0)
            source = f"perception.{each}" if each in now.through else "perception"
            missing[source] = missing.get(source, 0.0) + now.offer * weight * (now.neutral - seen)
        total = sum(missing.values(), np.zeros(len(rows)))
        pool["perception.value"][rows] = now.neutral - total
        steep, eager = 10 * math.log(now.sensitivity), 10 * math.log(now.referral_sensitivity)
        return {source: np.exp(steep * short) for source, short in missing.items()}, np.exp(-eager * total)

    def _tastes_now(self) -> Tastes:
        """Return what customers of each segment look at, named clients as those of their own."""
        clients = {client.name: client.segment for client in self._world.today.accounts}
        return Tastes.of([self._now.segments.get(clients.get(s, s), self._now) for s in self._world.segments])

    def _correct(self, rows: Ints, times: Floats) -> None:
        """Put right part of what falls short for those who answered; what is seen too well nobody corrects."""
        left = 1.0 - self._world.pool["surveys.correction"][rows]
        for each in DIMENSIONS:
            deviation = self._world.pool[f"perception.{each}"]
            np.multiply.at(deviation, rows, np.where(deviation[rows] < 0.0, left, 1.0))
        self._is_stale = True
