"""Referrals: contented customers bring others, angry ones keep them away, and a leaver pulls along whom it is tied to.

Every customer refers by a clock of its own; the child's name comes from parent and occasion, so it is the same person
in every arm, and what thins acquisition thins referrals. Referred customers churn less (hazard x 0.82) and bring 25 %
more margin, fading over three years (Schmitt, Skiera & Van den Bulte 2011). A bad touch angers a customer for a while:
it refers nobody, and keeps away twice as many as it would have brought (Nam, Manchanda & Chintagunta 2010), of all who
come in proportion. Once a customer has left, who brought it and whom it brought have 1.8 times their hazard, easing
with a half-life of a month (Nitzan & Libai 2011); ties from before month 0 are not known. Anger and pull are held from
one stop (a month's end or a review) to the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from retainsim import mechanism
from retainsim.acquisition import Joiners
from retainsim.draws import key, mix, name
from retainsim.mechanism import Word, setting
from retainsim.profile import Profile
from retainsim.units import monthly_hazard
from retainsim.workings.contagion import Ties, first_year

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often customers refer, who comes, and what anger and leaving do to others."""

    brings_customers: ClassVar[bool] = True

    rate: float = setting(0.004, "joins per customer-month", "referrals that lead to a join (assumption)", ge=0, le=1)
    reward: float = setting(0.0, "money per join", "paid for each referred customer", ge=0)
    hazard_factor: float = setting(0.82, "factor", "hazard of referred customers (Schmitt et al. 2011)", ge=0, le=10)
    extra_margin: float = setting(
        0.25, "share", "margin of referred customers above others', at first (Schmitt et al. 2011)", ge=-1, le=10
    )
    fades_over_months: int = setting(36, "months", "time over which the extra margin fades", ge=1, le=600)
    negative_weight: float = setting(2.0, "factor", "joins kept away per join not brought (Nam et al.)", ge=0, le=99)
    angered_by: list[Word] = setting(["hang_up", "unresolved"], "touches", "touches that make a customer angry")
    anger_months: float = setting(3.0, "months", "how long it keeps others away (assumption)", ge=0, le=120)
    contagion: float = setting(1.8, "factor", "hazard of those tied to a leaver (Nitzan & Libai 2011)", ge=1, le=99)
    contagion_half_life: float = setting(1.0, "months", "time in which its excess over 1 halves", gt=0, le=120)


class Mechanism(mechanism.Mechanism):
    """A clock per customer; each ring is a join in the referrer's segment (of a named client: its own), and a tie."""

    lines = {"referrals": "variable"}
    touches = ("referral", "warning")
    hears = ("hang_up", "unresolved")

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where contagion adds less than 0.1 points to first-year churn: in that year there are few ties.

        Where it adds more, no firm need be played all the same: whom a customer is tied to comes of it.
        """
        now, churns = today.mechanisms.referrals, [s.annual_churn or 0.0 for s in today.segments.values()]
        law = {"rate": now.rate, "factor": now.contagion, "half_life": now.contagion_half_life}
        return all(first_year(monthly_hazard(c), child_factor=now.hazard_factor, **law) < 1e-3 for c in churns)

    def attach(self, world: World) -> None:
        """Open the line, start the clock, and keep who is tied to whom and who is angry until when."""
        self._world, self._origin, self._ties = world, world.origins.index("referrals"), Ties(world.pool)
        clients = {client.name: client.segment for client in world.today.accounts}
        self._home = np.array([world.segments.index(clients.get(segment, segment)) for segment in world.segments])
        world.ledger.open("referrals", "variable")
        world.clocks.add("referrals", self._ring)
        world.clocks.vary("referrals", "referrals")
        world.pool.own("referrals.angry_until", np.float64(0.0))
        immune = ("involuntary", "released")
        world.churn.multiply_each("referrals.contagion", [r for r in world.churn.reasons if r not in immune])
        for touch in world.today.mechanisms.referrals.angered_by:
            world.touches.listen(touch, "referrals", self._anger)
        self._is_heard, self._joins, self._come, self._unwarned = False, 0.0, 1.0, 1.0
        self._held: tuple[float, bool, Settings] | None = None

    def hold(self, world: World) -> None:
        """Set the rate and what referred customers are like; at stops, also what anger and leaving do to others."""
        now = self._now = world.now.mechanisms.referrals
        world.clocks.set_rate("referrals", np.full(len(world.segments), now.rate), world.time)
        factors = np.where(np.arange(len(world.origins)) == self._origin, now.hazard_factor, 1.0)
        world.churn.multiply("referrals", world.churn.reasons, factors[None, :])
        extra = (("referrals", Profile.fading(now.extra_margin, now.fades_over_months)),) if now.extra_margin else ()
        world.money.shapes = replace(world.money.shapes, extra_margin=extra)
        ended = world.in_force == np.inf
        if self._held != (world.window[0], ended, now):
            self._held = world.window[0], ended, now
            if self._is_heard:
                self._hold_anger()
            factor, half_life = 1.0 if ended else now.contagion, now.contagion_half_life
            pulled, by = self._ties.pulls(world.time, factor=factor, half_life=half_life)
            world.churn.set_each("referrals.contagion", pulled, by, world.time)

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Pull along who is tied to those who leave, from the next stop on."""
        if self._now.contagion > 1.0:
            self._ties.leave(rows, times)

    def settle(self, world: World, start: float, end: float) -> None:
        """Note what would join in a month, and what share of referrals, if nobody warned others off."""
        if self._is_heard:
            self._warn(1.0)
            self._joins = sum(world.acquisition.rate(channel) for channel in world.channels)
            self._come = world.acquisition.factor("referrals")
            self._warn(self._unwarned)

    def _ring(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Bring a child, unless what thins acquisition keeps it away."""
        world, pool = self._world, self._world.pool
        children = mix(pool["name"][rows] ^ name(key("referrals"), occasions))
        come = world.luck.uniform("referrals.come", children) < world.acquisition.factor("referrals")
        rows, times, children = rows[come], times[come], children[come]
        segments, origins = self._home[pool["segment"][rows]], np.full(len(rows), self._origin)
        world.touch("referral", rows, times)
        world.admit(Joiners(children, times, origins, segments, traits=self._ties.tie(rows)))
        for segment in np.unique(segments):
            mine = times[segments == segment]
            world.ledger.post_each("referrals", self._now.reward, mine, segment=int(segment), origin=self._origin)

    def _anger(self, rows: Ints, times: Floats) -> None:
        """Let customers be angry from a bad touch on; the first of a spell of anger is a warning to others."""
        self._is_heard, until = True, self._world.pool["referrals.angry_until"]
        first = np.sort(np.unique(rows, return_index=True)[1])
        first = first[until[rows[first]] <= times[first]]
        self._world.touch("warning", rows[first], times[first])
        np.maximum.at(until, rows, times + self._now.anger_months)

    def _hold_anger(self) -> None:
        """Stop the clocks of the angry, and keep away what they warn off: negative_weight x rate joins a month each."""
        world, now, rows = self._world, self._now, self._world.pool.rows()
        angry = world.pool["referrals.angry_until"][rows] > world.time
        world.clocks.set_each("referrals", "referrals", rows, np.where(angry, 0.0, 1.0), world.time)
        count = int(angry.sum())
        joins = self._joins + self._come * now.rate * (len(rows) - count)
        self._unwarned = max(0.0, 1.0 - now.negative_weight * now.rate * count / joins) if joins else 1.0
        self._warn(self._unwarned)

    def _warn(self, share: float) -> None:
        for origin in self._world.origins[1:]:
            self._world.acquisition.multiply("referrals", origin, share)
