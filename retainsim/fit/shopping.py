"""Shopping: what purchases say about every number of a scenario, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retainsim.draws import Floats
from retainsim.fit import pool
from retainsim.fit.audit import Audit
from retainsim.fit.bounds import WIDEST, bounded, spends
from retainsim.fit.buying import BuyingFit, SpendFit
from retainsim.fit.draft import Draft, Facts, top
from retainsim.fit.flow import Joins
from retainsim.fit.layout import Block, Key, interval, significant
from retainsim.fit.mixture import GammaLaw
from retainsim.fit.orders import Orders
from retainsim.fit.tap import ONE, response

KEY = "buyers"
SPEND, MARGIN, SERVE = 50.0, 0.40, 0.20
"""Assumed: money per purchase where none is known, gross margin, money per customer-month."""
PER_JOIN = 0.3
"""Assumed: cost of a first purchase over its amount."""


@dataclass(frozen=True)
class Shopping:
    """Purchases, fitted."""

    facts: Facts
    orders: Orders
    fit: BuyingFit
    why: str
    spend: SpendFit | None
    alive: Floats
    joins: Joins
    audit: Audit
    source: str

    @property
    def active(self) -> int:
        """Return how many customers are still active, expected."""
        return round(float(self.alive.sum()))

    @property
    def at(self) -> list[float]:
        """Return the tenures of those still active, each counted by its chance of being so."""
        _, _, seen = self.orders.columns()
        order = np.argsort(seen)
        passed = np.cumsum(self.alive[order]) / self.alive.sum()
        found = np.interp(np.linspace(0, 1, pool.STEPS + 1), passed, seen[order])
        return np.maximum.accumulate(np.round(found, 1)).tolist()

    def keys(self) -> dict[str, Any]:
        """Return the keys of the segment but for spend, as far as a scenario can hold them."""
        return bounded(self.fit)

    def law(self) -> GammaLaw | None:
        """Return the law of leaving of the Pareto/NBD; None for the BG/NBD, whose customers leave after a purchase."""
        if self.fit.kind == "bg-nbd":
            return None
        s, beta = (self.fit.estimates[name].value for name in ("s", "beta"))
        return GammaLaw(s * float(np.log1p(12.0 / beta)), min(1 / s, WIDEST))

    def draft(self) -> Draft:
        """Return the scenario."""
        size = Key(
            "customers",
            self.active,
            "active at the end of observation, expected: the sum of each customer's chance, given "
            f"when it bought (of {self.orders.count:,} who ever did)",
        )
        blocks = [
            *top(self.facts),
            Block("pool", [size, Key("tenure", "settled", "replaced by the tenures of the segment")]),
            *self._segment(),
            Block("churn.reasons", [Key("lapsed", 1, "who stops buying gives no reason")]),
            *([self._channel()] if self.joins.today.value else []),
            *_arms(is_won=bool(self.joins.today.value)),
        ]
        return Draft(self.facts.question, self._story(), blocks)

    def _story(self) -> list[str]:
        out = self.audit.left_out
        kept = f"{self.source}{f' ({out:,} rows left out)' if out else ''}"
        return [
            "",
            f"{self.orders.count:,} customers made {len(self.orders.day):,} purchases, bound by nothing; some "
            f"{self.active:,} are still "
            "active, though nobody can tell which. Which is worth more: that they buy more often, or that more of "
            "them come?",
            "",
            "The question: what is a tenth more purchases of everybody worth, and how much advertising would bring "
            "as much?",
            "",
            f"Where the numbers come from: {kept}. retainsim fit wrote this file. "
            "Beside every number stand its 95 % interval and how it was found.",
            "",
            "What the data do not say is marked FILL IN and has a sensible default, an assumption: the file runs "
            "as it is.",
        ]

    def _segment(self) -> list[Block]:
        there = f"months since the first purchase, of the {self.active:,} active at equal steps of rank, expected"
        head = [
            Key("buying", "purchases", "pays purchase by purchase, bound by nothing"),
            Key("gross_margin", MARGIN, "share of revenue; assumption", is_open=True),
            Key("cost_to_serve", SERVE, "money per customer-month; assumption", is_open=True),
            *self._leaving(),
            Key("tenures", self.at, there),
        ]
        return [
            Block(f"segments.{KEY}", head, notes=[f"Law of buying: {self.why}."]),
            Block(f"segments.{KEY}.purchases", self._buying()),
        ]

    def _leaving(self) -> list[Key]:
        """Return how customers leave by the Pareto/NBD; by the BG/NBD they leave after a purchase."""
        law = self.law()
        if law is None:
            return []
        lost = 1 - float(np.exp(-pool.passed(law, self.at)))
        s, beta = (interval(self.fit.estimates[name], ".4g") for name in ("s", "beta"))
        said = f"share a year of those active, at their tenures; s {s}, beta {beta} months"
        frailty = {"kind": "gamma", "variance": significant(law.variance)}
        return [
            Key("annual_churn", significant(lost), said),
            Key("frailty", frailty, "1 / s: how customers differ in dropping out"),
        ]

    def _buying(self) -> list[Key]:
        keys, estimates = self.keys()["purchases"], self.fit.estimates
        r, alpha = estimates["r"], estimates["alpha"]
        rate = f"purchases per customer-month, mean over active customers: r / alpha, alpha {alpha.value:.4g} months"
        found = [
            Key("per_month", significant(keys["per_month"]), f"{rate} ({interval(alpha, '.4g')})"),
            Key("shape", significant(keys["shape"]), f"r: the lower, the more rates differ ({interval(r, '.4g')})"),
            self._spend(),
        ]
        if "dropout" in keys:
            a, b = estimates["a"], estimates["b"]
            said = f"chance of dropping out after a purchase: a {interval(a, '.4g')}, b {interval(b, '.4g')}"
            found.append(Key("dropout", {name: significant(each) for name, each in keys["dropout"].items()}, said))
        return found

    def _spend(self) -> Key:
        if self.spend is None:
            return Key(
                "spend",
                {"kind": "same", "mean": SPEND},
                "money per purchase; the data hold no usable amounts",
                is_open=True,
            )
        mean = self.spend.mean
        said = ", ".join(f"{name} {interval(self.spend.estimates[name], '.3g')}" for name in ("p", "q"))
        often = "more" if self.spend.link > 0 else "less"
        link = f"; who spends more a time buys {often} often (rank correlation {self.spend.link:.2f}, assumed 0)"
        keys = spends(self.spend)
        value = {name: significant(each) if isinstance(each, float) else each for name, each in keys.items()}
        return Key(
            "spend",
            value,
            f"money per purchase, gamma-gamma: mean {interval(mean, '.4g')}, "
            f"{said}{link if abs(self.spend.link) > 0.1 else ''}",
        )

    def _channel(self) -> Block:
        today = self.joins.today
        per_join = significant(PER_JOIN * (self.spend.mean.value if self.spend else SPEND), 2)
        trend = self.joins.trend
        run = f". They have run by {100 * trend.value:+.0f} % a year" if self.joins.has_trend else ""
        keys = [
            Key(
                "joins",
                significant(today.value, 4),
                f"first purchases a month ({interval(today, '.4g')}){run}",
                today,
                "lognormal",
            ),
            *response(today.value, per_join, "first purchase"),
        ]
        if self.joins.seasonality:
            keys.append(
                Key(
                    "seasonality",
                    [round(x, 3) for x in self.joins.seasonality],
                    "factors on first purchases, January first",
                )
            )
        return Block(f"acquisition.{ONE}", keys)


def _arms(*, is_won: bool) -> Sequence[Block]:
    """Return what could be done; nothing is spent where nobody is won any more."""
    found = [
        Block(
            "arms.habit",
            [
                Key("title", "Customers buy a tenth more often", "what the arm is"),
                Key(
                    "change",
                    [{"set": f"segments.{KEY}.purchases.per_month", "times": 1.1}],
                    "times: factor on the mean rate of purchases; free of charge: add what brings it",
                    is_open=True,
                ),
            ],
            before=["What could be done. Each arm is compared with the file as it stands."],
        ),
        Block(
            "arms.advertising",
            [
                Key("title", "Five per cent more spent on winning customers", "what the arm is"),
                Key(
                    "change",
                    [{"set": f"acquisition.{ONE}.spend", "times": 1.05}],
                    "times: factor on today's spend, from month 0",
                ),
            ],
        ),
    ]
    return found if is_won else found[:1]
