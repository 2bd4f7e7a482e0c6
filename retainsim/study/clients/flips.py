"""Flips: at which value of an input the advice about a client becomes another one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retainsim.scenario.account import MOST_GIVEN
from retainsim.study.clients.client import KEEP, RELEASE, RENEGOTIATE
from retainsim.study.clients.options import Options, variants_of
from retainsim.study.compare import ratio
from retainsim.study.crossing import crossing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retainsim.draws import Floats
    from retainsim.study.clients.client import Client
    from retainsim.study.compare import Estimate
    from retainsim.study.stage import Variant

MOST_CHURN = 0.95
INPUTS = ("discount", "cost_to_serve", "annual_churn")


@dataclass(frozen=True)
class Flips:
    """What would change the advice about one client, the offer staying what it is.

    Values are straight in the discount and in the cost to serve, as long as no other client's discount is heard of in
    its segment: both change the client's own money alone. Two values then give all others, exactly.
    """

    client: Client
    offer: float
    today: Options
    _known: dict[tuple[str, float], Options] = field(default_factory=dict, repr=False)

    def variants(self) -> Iterator[Variant]:
        """Yield what has to be played at least."""
        for key in INPUTS:
            for value in self._ends(key) if not self._is_straight(key) else (self._second(key),):
                yield from self._variants(key, value).values()

    def at(self, key: str, value: float) -> Options:
        """Return what the options come to at another value of an input."""
        if value == self.client.today(key) and self.client.is_known(key):
            return self.today
        if (key, value) not in self._known:
            straight = self._is_straight(key) and value != self._second(key)
            self._known[key, value] = self._seen(key, value) if straight else self._played(key, value)
        return self._known[key, value]

    def breakeven(self, key: str) -> Estimate | None:
        """Return the value of an input at which keeping is worth what releasing is; None where there is none."""

        def difference(value: float) -> Floats:
            found = self.at(key, value)
            return found.keep - found.release

        return crossing(difference, *self._ends(key))

    def rows(self) -> list[dict[str, Any]]:
        """Return where the advice flips: by input, below and above its value today; `to` says to which option."""
        return [row for key in INPUTS for row in self._both(key)] + self._answer()

    def _both(self, key: str) -> list[dict[str, Any]]:
        low, high = self._ends(key)
        today = self.client.today(key)
        return [
            self._row(key, side, (min(today, end), max(today, end)))
            for side, end in (("below", low), ("above", high))
            if end != today
        ]

    def _row(self, key: str, side: str, span: tuple[float, float]) -> dict[str, Any]:
        advice, today = self.today.advice, self.client.today(key)
        place = crossing(lambda value: self.at(key, value).lead(advice), *span)
        beyond = None if place is None else self._beyond(key, place["mean"] or 0.0, span[side == "above"])
        return {"key": key, "today": today, "side": side, "to": beyond, "at": place, "range": list(span)}

    def _beyond(self, key: str, place: float, end: float) -> str:
        """Return the best option a little beyond a flip."""
        found = self.at(key, place + 0.02 * (end - place)) if self._is_straight(key) else self.at(key, end)
        best = found.advice
        return best if best != self.today.advice else found.runner_up(best)

    def _answer(self) -> list[dict[str, Any]]:
        """Return the chance of acceptance at which asking is worth what the best other option is."""
        if self.offer >= self.client.account.discount:
            return []
        today = self.today
        other = max((KEEP, RELEASE), key=lambda option: float(today.value(option).mean()))
        place = ratio(today.value(other) - today.refused, today.accepted - today.refused)
        mean, chance = place["mean"], float(today.chances.mean())
        found = None if mean is None or not 0.0 <= mean <= 1.0 else place
        to = other if today.advice == RENEGOTIATE else RENEGOTIATE
        side = "below" if mean is not None and mean < chance else "above"
        return [
            {"key": "acceptance", "today": chance, "side": side, "to": found and to, "at": found, "range": [0.0, 1.0]}
        ]

    def _ends(self, key: str) -> tuple[float, float]:
        account = self.client.account
        if key == "discount":
            return 0.0, math.floor(1e6 * (MOST_GIVEN - account.rebate)) / 1e6
        if key == "annual_churn":
            return 0.0, max(MOST_CHURN, self.client.today(key))
        return 0.0, max(self._pays(), 2.0 * self.client.today(key), 1.0)

    def _second(self, key: str) -> float:
        """Return the value at which an input is played besides today's."""
        low, high = self._ends(key)
        if key == "discount":
            return self.offer if self.offer != self.client.today(key) else low
        return high

    def _pays(self) -> float:
        """Return what the client pays a month, today's prices."""
        account = self.client.account
        plan = self.client.trials.scenario.parameters.plan(account.name, "existing")
        return float((plan.price or 0.0) * account.volume * (1.0 - account.given_away))

    def _is_straight(self, key: str) -> bool:
        client = self.client
        clients = client.trials.scenario.parameters.accounts
        others = [a for a in clients if a.name != client.name and a.segment == client.account.segment and a.known_by]
        is_alone = not (others and client.account.known_by)
        fits = client.is_known(key) and self._second(key) != client.today(key)
        return fits and (key == "cost_to_serve" or (key == "discount" and is_alone))

    def _variants(self, key: str, value: float) -> dict[str, Variant]:
        """Return what has to be played to know the options at another value of an input.

        A discount agreed to at month 0 is as good as one that was always there. Who accepts stays as long as who was
        never asked, so that a cost to serve costs both the same.
        """
        variants = variants_of(self.client, self.offer, {key: value})
        if key == "discount" and self.client.is_known(key):
            variants |= {"keep": self.client.accepted(value), "accepted": self.client.accepted(self.offer)}
        if key == "cost_to_serve":
            del variants["accepted"]
        return variants

    def _played(self, key: str, value: float) -> Options:
        variants = self._variants(key, value)
        self.client.trials.play(variants.values())
        found = {name: self.client.value(variant) for name, variant in variants.items()}
        found.setdefault("accepted", self.today.accepted + found["keep"] - self.today.keep)
        return Options(**found, chances=self.client.chances(self.offer, {key: value}))

    def _seen(self, key: str, value: float) -> Options:
        """Return values on the straight line through today's and those of the second place."""
        second, today = self.at(key, self._second(key)), self.client.today(key)
        share = (value - today) / (self._second(key) - today)
        names = ("keep", "accepted", "refused", "release")
        found = {name: _line(getattr(self.today, name), getattr(second, name), share) for name in names}
        return Options(**found, chances=self.client.chances(self.offer, {key: value}))


def _line(one: Floats, two: Floats, share: float) -> Floats:
    return one + share * (two - one)
