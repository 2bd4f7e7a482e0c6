"""Subscription: what rows of customers say about every number of a scenario, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retainsim.fit.audit import Audit
from retainsim.fit.draft import Draft, Facts, arms, top
from retainsim.fit.estimate import Estimate
from retainsim.fit.layout import Block, Key, interval, significant
from retainsim.fit.part import Part, total_present
from retainsim.fit.spells import Spells
from retainsim.fit.tap import Channel, Taps

PRICE = 50.0
"""Assumed where the data say nothing of money."""
MARGIN, SERVE = 0.60, 0.13
"""Gross margin, and cost to serve as a share of price: assumptions."""
PER_JOIN = 5.0
"""Cost of winning a customer, in months of its price: assumption."""
ROOM = 2.5
"""Joins a month that no spend exceeds, over joins of today: assumption."""


@dataclass(frozen=True)
class Subscription:
    """Rows of customers, fitted."""

    facts: Facts
    spells: Spells
    parts: Sequence[Part]
    taps: Taps
    audit: Audit
    source: str

    @property
    def churn(self) -> float:
        """Return the 12-month churn of the whole pool."""
        counts = np.array([part.count for part in self.parts])
        return float(np.average([part.churn.value for part in self.parts], weights=counts))

    def draft(self) -> Draft:
        """Return the scenario."""
        size = total_present(self.parts)
        worst = max(self.parts, key=lambda part: part.churn.value * part.count)
        spends = [channel.key for channel in self.taps.channels]
        named = None if len(self.parts) == 1 else (worst.key, worst.churn.value, worst.count)
        blocks = [
            *top(self.facts), self._pool(size), *(_segment(part) for part in self.parts),
            _reasons(self.spells), *self._acquisition(),
            *arms(self.churn, size, named, spends),
        ]  # fmt: skip
        return Draft(self.facts.question, self._story(size), blocks)

    def _story(self, size: int) -> list[str]:
        spells = self.spells
        out = self.audit.left_out
        kept = f"{spells.n:,.0f} customers" + (f" ({out:,} rows left out)" if out else "")
        return [
            "",
            f"{size:,} customers were present when observation ended, and {spells.events:,.0f} of {spells.n:,.0f} had "
            f"left. They lose {100 * self.churn:.1f} % of them within the next 12 months. Which is worth more: to keep "
            "them longer, or to win more of them?",
            "",
            "The question: what are a few points more retention worth, of everybody or of those who leave most, and how "
            "much advertising would bring as much?",
            "",
            f"Where the numbers come from: {self.source}, {kept}, {spells.exposure:,.0f} customer-months. retainsim fit "
            "wrote this file. Beside every number stand its 95 % interval and how it was found.",
            "",
            "What the data do not say is marked FILL IN and has a sensible default, an assumption: the file runs as it is.",
        ]

    def _pool(self, size: int) -> Block:
        keys = [
            Key("customers", size, f"customers present at month 0: those still there when observation ended (n = {self.spells.n:,.0f})"),
            Key("tenure", "settled", "replaced by the tenures observed, which stand with each segment"),
        ]  # fmt: skip
        return Block("pool", keys)

    def _acquisition(self) -> list[Block]:
        price = _average_price(self.parts)
        return [_channel(channel, self.taps, price) for channel in self.taps.channels]


def _segment(part: Part) -> Block:
    keys = [Key("share", part.count, "any scale: customers present at the end of observation"), *_money(part)]
    keys += [
        Key("annual_churn", significant(part.churn.value), f"share a year of those present, at their tenures ({interval(part.churn)}); "
            f"newcomers: {100 * part.fit.law.churn():.1f} %", part.churn, "beta"),
        *_law(part),
        Key("tenures", part.at, f"months: of the {part.count:,} present at equal steps of rank, the shortest first; mean {part.present.mean():.1f}"),
    ]  # fmt: skip
    return Block(f"segments.{part.key}", keys, notes=_notes(part))


def _notes(part: Part) -> list[str]:
    spells = part.spells
    found = [
        f"{part.label}: {spells.n:,.0f} customers, {spells.events:,.0f} left, {part.count:,} present, "
        f"{spells.exposure:,.0f} customer-months.",
        f"Law of staying: {part.why}.",
        "  law             parameters        AIC        BIC   beyond Kaplan-Meier's interval by",
    ]
    from retainsim.fit.part import distance

    first = float(spells.entry.min())
    for each in sorted(part.candidates, key=lambda c: c.fit.bic):
        far = 100 * distance(each.fit, part.curve, first)
        mark = "  <- taken" if each.fit.kind == part.fit.kind else ""
        found.append(f"  {each.fit.kind:<15} {each.fit.parameters:>10} {each.fit.aic:>10,.1f} {each.fit.bic:>10,.1f}   {far:.1f} points{mark}")
    return found


def _money(part: Part) -> list[Key]:
    price = part.price
    cost = significant(SERVE * (price.mean.value if price else PRICE), 2)
    unit = "money per customer-month"
    return [
        Key("price", round(price.mean.value, 2), f"{unit}: mean of the {price.n:,} present whose price is known "
            f"({interval(price.mean, '.2f')}){_spread(part)}", price.mean)
        if price else Key("price", PRICE, f"{unit}; the data hold no price", is_open=True),
        Key("gross_margin", MARGIN, "share of revenue; assumption", is_open=True),
        Key("cost_to_serve", round(part.cost.value, 2), f"{unit}: mean of those present ({interval(part.cost, '.2f')})", part.cost)
        if part.cost else Key("cost_to_serve", cost, f"{unit}; assumption: {100 * SERVE:.0f} % of the price", is_open=True),
    ]  # fmt: skip


def _spread(part: Part) -> str:
    """Say how much prices differ, and how they run with tenure, and which mechanism would say so."""
    assert part.price is not None
    spread, grown = part.price.spread, part.growth
    said = f"; standard deviation of ln price {spread.value:.2f}"
    if part.price.is_spread:
        said += f": to have sizes differ, add [mechanisms.key_accounts] with sigma = {spread.value:.2f}"
    if grown is not None and grown.is_clear:
        each = grown.per_year
        said += (
            f"; who has been here a year longer pays {100 * each.value:+.1f} % ({100 * each.low:+.1f} to {100 * each.high:+.1f} %), "
            "across customers: [mechanisms.growth] premium_per_year, if it is a rise and not who stays"
        )
    return said


def _law(part: Part) -> list[Key]:
    """Return frailty and duration, with intervals."""
    shape, estimates = part.fit.law.shape(), part.fit.estimates
    found = []
    if "frailty" in shape:
        found.append(Key("frailty", _short(shape["frailty"]), f"how customers differ in hazard: {_said(estimates, ('variance', 'a', 'b'))}"))
    duration = shape.get("duration")
    if duration is None:
        return found or [Key("duration", {"kind": "none"}, "the hazard does not change with tenure")]
    if duration["kind"] == "power":
        return [*found, Key("duration", _short(duration), f"how hazard runs with tenure: {_said(estimates, ('power',))}")]
    edges = ", ".join(f"{name.removeprefix('hazard ')}: {each.value:.4f} ({each.low:.4f} to {each.high:.4f})"
                      for name, each in estimates.items() if name.startswith("hazard "))  # fmt: skip
    return [*found, Key("duration", _short(duration), f"factors on the hazard, 1 on average over the first year; months: tenures at "
                        f"which it changes. Leavings per customer-month and 95 % interval: {edges}")]  # fmt: skip


def _short(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table of a law with numbers as long as they are worth."""
    rounded: dict[str, Any] = {}
    for name, each in table.items():
        if isinstance(each, list):
            rounded[name] = [significant(x, 5) for x in each]
        else:
            rounded[name] = significant(each, 5) if isinstance(each, float) else each
    return rounded


def _said(estimates: dict[str, Estimate], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {interval(estimates[name], '.3g')}" for name in names if name in estimates)


def _reasons(spells: Spells) -> Block:
    counts = np.bincount(spells.reason[spells.left & (spells.reason >= 0)], minlength=len(spells.reasons))
    if not counts.sum():
        key = Key("preset", "keaveney-1995", "shares of leavings, assumption: the data give no reasons", is_open=True)
        return Block("churn", [key])
    left = int(spells.events)
    unknown = left - int(counts.sum())
    from retainsim.fit.group import slugs

    keys = slugs(list(spells.reasons))
    found = [Key(keys[place], int(counts[place]), f"leavings; {spells.reasons[place]}: {100 * counts[place] / left:.1f} % of {left:,}")
             for place in np.argsort(-counts, kind="stable") if counts[place]]  # fmt: skip
    if unknown:
        found.append(Key("unexplained" if "unexplained" not in keys else "reason_unknown", unknown, "leavings without a reason in the data"))
    return Block("churn.reasons", found, notes=["Shares of leavings on any scale: here, counted."])


def _channel(channel: Channel, found: Taps, price: float) -> Block:
    joins, per_join = channel.joins, significant(PER_JOIN * price, 2)
    said = f"{channel.label!r}" if channel.label else "all channels, for the data name none"
    keys = [
        Key("joins", significant(joins.value, 4), f"joins a month, {said}: {found.how} ({interval(joins, '.4g')}; n = {channel.count:,})"
            + (f". {found.trend}" if found.trend else ""), joins, "lognormal", found.is_assumed),
        Key("mix", {name: significant(rate, 3) for name, rate in channel.mix.items()}, "joins a month by segment, counted likewise"),
        Key("spend", significant(per_join * joins.value, 3), f"money per month; assumption: {per_join:g} a join, {PER_JOIN:g} months of its price",
            is_open=True),
        Key("ceiling", significant(ROOM * joins.value, 3), f"joins a month, however much is spent; assumption: {ROOM:g} times today's", is_open=True),
    ]  # fmt: skip
    if found.season:
        keys.append(Key("seasonality", list(found.season), "factors on joins, January first, all channels together"))
    return Block(f"acquisition.{channel.key}", keys)


def _average_price(parts: Sequence[Part]) -> float:
    prices = [(part.price.mean.value if part.price else PRICE, part.count) for part in parts]
    return float(np.average([p for p, _ in prices], weights=[n for _, n in prices]))
