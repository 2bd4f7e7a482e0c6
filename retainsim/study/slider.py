"""Slider: a number of a plan that may be moved: from where, between which values, in which steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retainsim.errors import UsageError
from retainsim.mechanisms.accounts import Renegotiate
from retainsim.study.draft import COST, PLAN, POINTS, Draft
from retainsim.study.input import Input
from retainsim.study.range import describe
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Asked = str | tuple[str, float, float]
"""A key by its dotted path, with the values between which it may be moved, or without."""

_POINTS = 10.0
"""Points of retention up to which a plan may go, unless its arm asks for more than half of them."""
_COST = 0.10
"""What a programme may cost, as a share of what a customer pays, unless its arm costs more than half of that."""
_UNPAID = 10.0
"""What a customer is taken to pay for that, where the file has no price."""
_SPEND = 2.5
"""Up to how many times today's spend a channel may have."""
_SHARE = 0.5
"""How far a number named without a range is moved down and up, as a share of it."""
_STEPS = 100
"""Steps of a slider, about."""


@dataclass(frozen=True)
class Slider:
    """A number of a plan that may be moved.

    Parameters
    ----------
    number
        What it is called, its unit, and its ends.
    start
        Where it starts: as the arm has it, or as the file does.
    step
        Between two values.
    is_assumed
        No arm can change it, so that it is taken to be so in the baseline too.
    """

    number: Input
    start: float
    step: float
    is_assumed: bool = False

    @property
    def key(self) -> str:
        """Return its dotted path in the scenario of the plan."""
        return self.number.key

    @property
    def label(self) -> str:
        """Return what it is called, and whether it holds in the baseline too."""
        title = self.number.title[:1].upper() + self.number.title[1:]
        return f"{title} (in both)" if self.is_assumed else title

    def say(self, value: float, money: Money) -> str:
        """Write a value with its unit."""
        return self.number.say(value, money)


def sliders_of(draft: Draft, asked: Sequence[Asked]) -> tuple[Slider, ...]:
    """Return the sliders of a plan: the lever and its cost, spends, discounts, and what is asked for besides.

    Raises
    ------
    UsageError
        If a key asked for is not there, holds no number, or has no such range.
    """
    own = [*_lever(draft), *_spends(draft), *_discounts(draft)]
    named = [_named(draft, each) for each in asked]
    found = {slider.key: slider for slider in own} | {slider.key: slider for slider in named}
    return tuple(found.values())


def _lever(draft: Draft) -> Iterator[Slider]:
    """Yield the points of retention and what they cost."""
    most = max(_POINTS, 2.0 * draft.points)
    yield _between(Input(POINTS, "more retention", "percentage points", 0.0, 0.0, most, (0.0, most)), draft.points)
    dear = _round_up(max(_COST * (_paid(draft.scenario) or _UNPAID), 2.0 * draft.cost))
    unit = "money per customer-month"
    yield _between(Input(COST, "cost of more retention", unit, 0.0, 0.0, dear, (0.0, dear)), draft.cost)


def _spends(draft: Draft) -> Iterator[Slider]:
    for name, channel in draft.scenario.parameters.acquisition.items():
        if channel.spend:
            key = f"acquisition.{name}.spend"
            start = draft.in_force(key)
            most = max(_round_up(_SPEND * channel.spend), start)
            title = f"spend on {name.replace('_', ' ')}"
            yield _between(Input(key, title, "money per month", channel.spend, 0.0, most, (0.0, most)), start)


def _discounts(draft: Draft) -> Iterator[Slider]:
    """Yield the discounts a plan asks clients to accept, and those that are given today."""
    for place, event in enumerate(draft.arm.event):
        if isinstance(event, Renegotiate):
            client = draft.scenario.parameters.account(event.account)
            most = max(event.discount, client.discount if client else 0.0)
            key, title = f"arms.{PLAN}.event.{place}.discount", f"discount asked of {event.account}"
            yield _between(Input(key, title, "share", event.discount, 0.0, most, (0.0, most)), event.discount)
    for key, title in _given(draft.scenario):
        if draft.scenario.value(key) > 0.0:
            today, most = draft.scenario.value(key), min(0.95, 2.0 * draft.scenario.value(key))
            yield _between(Input(key, title, "share", today, 0.0, most, (0.0, most)), draft.in_force(key))


def _given(scenario: Scenario) -> Iterator[tuple[str, str]]:
    today = scenario.parameters
    yield from ((f"segments.{name}.discount", f"discount, {name}") for name in today.segments)
    yield from ((f"acquisition.{name}.first_discount", f"joining discount, {name}") for name in today.acquisition)
    if today.mechanisms.discounts is not None:
        yield "mechanisms.discounts.depth", "depth of the discounts given"


def _named(draft: Draft, asked: Asked) -> Slider:
    key, bounds = (asked, None) if isinstance(asked, str) else (asked[0], asked[1:])
    if key.startswith(("arms.", "pieces.")):
        raise UsageError(
            f"{key}: a plan has the sliders of its own lever, cost and events; name a key of the business, or "
            "another arm to start from"
        )
    number = describe(draft.scenario, key, bounds, share=_SHARE)
    if not number.low < number.high:
        raise UsageError(f"{key}: today it is {number.today:g}; say between which values it may be moved")
    return _between(number, draft.in_force(key), is_assumed=not draft.scenario.can_be_decided(key))


def _between(number: Input, start: float, *, is_assumed: bool = False) -> Slider:
    """Return a slider whose ends hold its start, in about a hundred round steps."""
    low, high = min(number.low, start), max(number.high, start)
    step = 1.0 if number.is_whole else 10.0 ** math.floor(math.log10((high - low) / _STEPS * 2.0))
    return Slider(replace(number, low=low, high=high), start, step, is_assumed)


def _paid(scenario: Scenario) -> float:
    """Return what a customer of the opening pool pays a month on average, before discounts."""
    today, whole = scenario.parameters, 0.0
    weight = sum(segment.share for segment in today.segments.values()) or 1.0
    for name, segment in today.segments.items():
        buys = segment.purchases
        paid = segment.volume * (today.plan(name).price or 0.0) if buys is None else buys.per_month * buys.spend.mean
        whole += segment.share / weight * paid
    return whole


def _round_up(value: float) -> float:
    """Return the smallest number of one digit, or of two below 2, that is no smaller."""
    size = 10.0 ** math.floor(math.log10(value))
    return float(f"{next(n for n in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if n * size >= value * (1 - 1e-9)) * size:.6g}")
