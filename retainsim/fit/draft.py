"""Draft: what a fit would write into a scenario, and what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from retainsim.fit.layout import Block, Key, open_keys, significant, write

POINTS = 5.0
"""Percentage points by which the first arm raises retention, unless churn is too small for that."""


@dataclass(frozen=True)
class Draft:
    """A scenario before it is text.

    Parameters
    ----------
    title
        The question it asks.
    story
        What stands above everything, as comments.
    blocks
        Its tables.
    """

    title: str
    story: Sequence[str]
    blocks: Sequence[Block]

    def text(self, *, uncertain: bool = False) -> str:
        """Return the scenario as TOML."""
        return write([self.title, *self.story], self.blocks, uncertain=uncertain)

    @property
    def open(self) -> list[str]:
        """Return the keys that the data say nothing about."""
        return open_keys(self.blocks)


@dataclass(frozen=True)
class Facts:
    """What is known of the firm as a whole.

    Parameters
    ----------
    name
        Of the file, without its ending.
    title
        What the user calls it; None: made of the name.
    start
        Date of month 0, where known.
    currency
        Code, where the data show one.
    """

    name: str
    title: str | None = None
    start: Any = None
    currency: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """Return the title of the scenario, a question."""
        name = self.name.replace("_", " ").replace("-", " ").strip().capitalize() or "Customers"
        title = self.title or f"{name}: keep customers longer, or win more of them?"
        return title if title.endswith("?") else f"{title}?"


def top(facts: Facts) -> list[Block]:
    """Return the top of the file and how it is run."""
    currency = (
        Key("currency", facts.currency, "as the prices in the data are marked")
        if facts.currency
        else Key("currency", "EUR", "the data name no currency", is_open=True)
    )
    run = [
        Key("months", 60, "months: horizon of the comparison"),
        *([Key("start", facts.start, "month 0: the day after observation ended")] if facts.start else []),
        Key("replications", 30, "independent draws of all luck"),
        Key("seed", 7, "any whole number; the same seed gives the same result"),
        Key("discount_rate", 0.10, "share a year; assumption", is_open=True),
        Key("closing_value", "expected", "counts what those present at the horizon will still bring"),
        Key("closing_years", 5.0, "years beyond the horizon that the closing value looks"),
    ]
    return [Block("", [Key("title", facts.question, "what the scenario asks"), currency]), Block("run", run)]


def arms(churn: float, customers: int, worst: tuple[str, float, int] | None, spends: Sequence[str]) -> list[Block]:
    """Return three arms: keep everybody, keep the segment that loses most, advertise more.

    Parameters
    ----------
    churn, customers
        12-month churn and size of the whole pool.
    worst
        Segment that loses most customers a year: its key, churn and size; None where there is one segment.
    spends
        Channels whose spend can be raised.
    """
    more = f"{_points(churn) / 100 * customers:,.0f} of {customers:,} more stay the first year"
    cost = "free of charge: add cost = { per_customer_month = ... }"
    before = "What could be done. Each arm is compared with the file as it stands."
    found = [_keep("retention", "everybody", {"points": _points(churn)}, f"{more}; {cost}", before)]
    if worst is not None:
        key, its, size = worst
        scope = {"points": _points(its), "segments": [key]}
        more = f"{_points(its) / 100 * size:,.0f} of {size:,} more stay the first year"
        found.append(_keep(f"keep_{key}"[:40], key.replace("_", " "), scope, f"{more}; {cost}"))
    if spends:
        change = [{"set": f"acquisition.{name}.spend", "times": 1.05} for name in spends]
        title = Key("title", "Five per cent more spent on winning customers", "what the arm is")
        told = Key("change", change, "times: factor on today's spend, from month 0")
        found.append(Block("arms.advertising", [title, told]))
    return found


def _keep(name: str, whom: str, lever: dict[str, Any], said: str, *before: str) -> Block:
    """Return an arm that raises retention."""
    title = Key("title", f"{lever['points']:g} points more retention of {whom}", "what the arm is")
    return Block(f"arms.{name}", [title, Key("retention", lever, said, is_open=True)], before=before)


def _points(churn: float) -> float:
    """Return five points, or half of a churn below ten per cent."""
    return POINTS if churn >= 2 * POINTS / 100 else max(0.1, significant(50 * churn, 2))
