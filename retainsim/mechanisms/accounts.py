"""Accounts: named clients, whose terms may be renegotiated and who may be released.

A client is a customer of its own segment in the pool, outside calibration, looked after like anybody else. What only a
named client brings is here: promotions, the fixed cost it carries, what its name is worth in acquisition, a discount
that others hear of, and whether it accepts a smaller one: one draw of luck per client against its own curve. The
curve's default, what is conceded and what a refusal does are assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retainsim import mechanism
from retainsim.draws import key, name
from retainsim.mechanism import setting

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.account import Account
    from retainsim.world import World


class Release(mechanism.Event):
    """Let a named client go."""

    kind: Literal["release"]
    account: str = setting(..., "accounts", "the client", max_length=60)
    notice_months: float = setting(0.0, "months", "time from the decision to its last day", ge=0, le=120)


class Renegotiate(mechanism.Event):
    """Ask a named client to accept a smaller discount."""

    kind: Literal["renegotiate"]
    account: str = setting(..., "accounts", "the client", max_length=60)
    discount: float = setting(..., "share", "the discount offered instead of today's", ge=0, le=0.95)
    answer: Literal["drawn", "accepted", "refused"] = setting("drawn", "", "what it says; drawn: by its own curve")


EVENTS = (Release, Renegotiate)
RELEASED = "released"  # the reason of a client that was let go


class Mechanism(mechanism.Mechanism):
    """Posts what named clients cost, and plays what is decided about them."""

    lines = {"promotions": "variable", "account_fixed_costs": "fixed", "conceded_discounts": "variable"}
    touches = ("renegotiation", "concession")

    def attach(self, world: World) -> None:
        """Open the lines, start the clock of those who hear of discounts, and put decisions on the calendar."""
        self._world, self._refused, self._is_on = world, set[str](), bool(world.today.accounts)
        self._gone, self._clients = dict[str, float](), list["Account"]()
        if not self._is_on:
            return
        for line, kind in self.lines.items():
            world.ledger.open(line, kind)
        world.clocks.add("accounts.hear", self._hear)
        world.pool.own("accounts.conceded", np.float64(0.0), lasts=True)
        for event, play in ((Release, self._release), (Renegotiate, self._renegotiate)):
            for each in world.events(event):
                world.env.process(play(world, each))

    def hold(self, world: World) -> None:
        """Set what a name is worth in acquisition, what a refusal does, and how fast discounts are heard of."""
        if not self._is_on:
            return
        self._clients = sorted(world.now.accounts, key=lambda client: client.name)
        lost = [1.0 - client.reference for client in self._clients if client.name in self._gone]
        for origin in world.origins[1:]:
            world.acquisition.multiply("accounts", origin, math.prod(lost))
        others = [1.0] * (len(world.segments) - len(self._clients))
        factors = [client.refused_factor if client.name in self._refused else 1.0 for client in self._clients]
        world.churn.multiply("accounts", world.churn.reasons, np.array([*others, *factors])[:, None])
        promotions = [client.promotions for client in self._clients]
        world.money.charge("promotions", np.array([*(0.0 for _ in others), *promotions]))
        self._hold_concessions(world)

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Note when a client goes, which happens once: nobody wins it back."""
        segments = world.pool["segment"][rows]
        mine = segments >= len(world.segments) - len(self._clients)
        self._gone |= {world.segments[s]: float(t) for s, t in zip(segments[mine], times[mine], strict=True)}

    def settle(self, world: World, start: float, end: float) -> None:
        """Post the fixed cost a client carries, and what of it is left behind from the moment it goes."""
        for client in self._clients:
            last = min(max(self._gone.get(client.name, end), start), end)
            for share, span in ((1.0, (start, last)), (1.0 - client.avoidable_share, (last, end))):
                world.money.flow("account_fixed_costs", client.fixed_cost * share, span, inflated=True)

    def _hold_concessions(self, world: World) -> None:
        """Let customers hear of the discounts of clients in their segment, and charge what has been conceded."""
        self._heard: dict[int, list[tuple[float, float]]] = {}
        self._discounts = {c.name: c.discount for c in self._clients} | dict(world.money.shapes.agreed)
        for client in self._clients:
            if client.known_by and self._discounts[client.name] and client.name not in self._gone:
                mine = self._heard.setdefault(world.segments.index(client.segment), [])
                mine.append((client.known_by, client.conceded * self._discounts[client.name]))
        rates = [sum((rate for rate, _ in self._heard.get(s, ())), 0.0) for s in range(len(world.segments))]
        world.clocks.set_rate("accounts.hear", np.array(rates), world.time)
        rows = world.pool.rows()
        given = world.pool["accounts.conceded"][rows]
        if given.any():
            world.money.charge_each("conceded_discounts", rows, given * world.money.revenue_rate(rows))

    def _hear(self, rows: Ints, times: Floats, occasions: Ints) -> None:
        """Give customers who ask part of a discount they have heard of, if it is more than they have."""
        world = self._world
        names, conceded = world.pool["name"], world.pool["accounts.conceded"]
        for segment, heard in self._heard.items():
            mine = world.pool["segment"][rows] == segment
            rates, depths = np.array(heard).T
            which = world.luck.choice("accounts.hear.which", names[rows[mine]], rates, occasions[mine])
            conceded[rows[mine]] = np.maximum(conceded[rows[mine]], depths[which])
        world.touch("concession", rows, times)

    def _row(self, world: World, account: str) -> Ints:
        mine = world.pool["segment"] == world.segments.index(account)
        return np.flatnonzero(mine & world.pool["present"] & (world.pool["leaves"] > world.time))

    def _release(self, world: World, release: Release) -> Generator[Any, Any, None]:
        yield world.env.timeout(release.at_month)
        world.settle()
        rows = self._row(world, release.account)
        world.churn.end(rows, RELEASED, np.full(len(rows), world.time + release.notice_months), source="accounts")
        gone = rows[world.pool["leaves"][rows] <= world.time]
        world.churn.jolted |= bool(len(gone))
        self.farewell(world, gone, world.pool["leaves"][gone])
        world.hold()
        yield world.env.timeout(release.notice_months)
        world.change()

    def _renegotiate(self, world: World, offer: Renegotiate) -> Generator[Any, Any, None]:
        yield world.env.timeout(offer.at_month)
        world.settle()
        rows = self._row(world, offer.account)
        client = next(each for each in self._clients if each.name == offer.account)
        luck = float(world.luck.uniform("accounts.accept", name(key("account", client.name)))[0])
        chance = {"accepted": 1.0, "refused": 0.0}.get(offer.answer, client.acceptance(offer.discount))
        accepted = offer.discount >= self._discounts[client.name] or luck < chance
        if accepted:
            world.money.agree(client.name, offer.discount)
        else:
            self._refused.add(client.name)
        world.touch("renegotiation", rows, np.full(len(rows), world.time), why="accepted" if accepted else "refused")
        world.hold()
