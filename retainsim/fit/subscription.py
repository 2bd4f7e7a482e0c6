"""Subscription: what rows of customers say about every number of a scenario, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.fit.audit import Audit
from retainsim.fit.chapter import PRICE, chapter
from retainsim.fit.draft import Draft, Facts, arms, top
from retainsim.fit.group import slugs
from retainsim.fit.layout import Block, Key, interval, significant
from retainsim.fit.part import Part, total_present
from retainsim.fit.spells import Spells
from retainsim.fit.tap import Channel, Taps, response

PER_JOIN = 5.0
"""Cost of winning a customer, in months of its price: assumption."""


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
            *top(self.facts),
            self._pool(size),
            *(chapter(part) for part in self.parts),
            _reasons(self.spells),
            *self._acquisition(),
            *arms(self.churn, size, named, spends),
        ]
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
            "The question: what are a few points more retention worth, of everybody or of those who leave most, "
            "and how "
            "much advertising would bring as much?",
            "",
            f"Where the numbers come from: {self.source}, {kept}, {spells.exposure:,.0f} customer-months. "
            f"retainsim fit "
            "wrote this file. Beside every number stand its 95 % interval and how it was found.",
            "",
            *_no_term(self.parts),
            "What the data do not say is marked FILL IN and has a sensible default, an assumption: the file runs "
            "as it is.",
        ]

    def _pool(self, size: int) -> Block:
        keys = [
            Key(
                "customers",
                size,
                f"customers present at month 0: those still there when observation ended (n = {self.spells.n:,.0f})",
            ),
            Key("tenure", "settled", "replaced by the tenures observed, which stand with each segment"),
        ]
        return Block("pool", keys)

    def _acquisition(self) -> list[Block]:
        price = _average_price(self.parts)
        return [_channel(channel, self.taps, price) for channel in self.taps.channels]


def _no_term(parts: Sequence[Part]) -> list[str]:
    """Say why there is no contract, where there is none."""
    if any("term_months" in part.fit.law.shape() for part in parts):
        return []
    return ["No contract term is written: what terms do to leavings is in the hazards by tenure already.", ""]


def _reasons(spells: Spells) -> Block:
    counts = np.bincount(spells.reason[spells.left & (spells.reason >= 0)], minlength=len(spells.reasons))
    if not counts.sum():
        key = Key("preset", "keaveney-1995", "shares of leavings, assumption: the data give no reasons", is_open=True)
        return Block("churn", [key])
    left = int(spells.events)
    unknown = left - int(counts.sum())
    keys = slugs(list(spells.reasons))
    found = [
        Key(
            keys[place],
            int(counts[place]),
            f"leavings; {spells.reasons[place]}: {_share(int(counts[place]), left)}",
        )
        for place in np.argsort(-counts, kind="stable")
        if counts[place]
    ]
    if unknown:
        found.append(
            Key(
                "unexplained" if "unexplained" not in keys else "reason_unknown",
                unknown,
                "leavings without a reason in the data",
            )
        )
    return Block("churn.reasons", found, notes=["Shares of leavings on any scale: here, counted."])


def _share(count: int, of: int) -> str:
    """Write a share with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    found = binomtest(count, of).proportion_ci(method="wilson")
    return f"{100 * count / of:.1f} % of {of:,} (95 %: {100 * found.low:.1f} to {100 * found.high:.1f} %)"


def _channel(channel: Channel, found: Taps, price: float) -> Block:
    joins, per_join = channel.joins, significant(PER_JOIN * price, 2)
    said = f"{channel.label!r}" if channel.label else "all channels, for the data name none"
    keys = [
        Key(
            "joins",
            significant(joins.value, 4),
            f"joins a month, {said}: {found.how} ({interval(joins, '.4g')}; n = {channel.count:,})"
            + (f". {found.trend}" if found.trend else ""),
            joins,
            "lognormal",
            found.is_assumed,
        ),
        Key(
            "mix",
            {name: significant(rate, 3) for name, rate in channel.mix.items()},
            "joins a month by segment, counted likewise",
        ),
        *response(joins.value, per_join, "join", f", {PER_JOIN:g} months of its price"),
    ]
    if found.season:
        keys.append(Key("seasonality", list(found.season), "factors on joins, January first, all channels together"))
    return Block(f"acquisition.{channel.key}", keys)


def _average_price(parts: Sequence[Part]) -> float:
    prices = [(part.price.mean.value if part.price else PRICE, part.count) for part in parts]
    return float(np.average([p for p, _ in prices], weights=[n for _, n in prices])) or PRICE
