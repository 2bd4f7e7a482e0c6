"""Input: a number of the file that may be otherwise than it says: what it is called, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.wording import Money, figure

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Bounds = tuple[float, float]
"""Lower and upper end, in the unit of the key."""
_LARGE = 1e7
"""Money from which on it is written with four digits and a scale."""


@dataclass(frozen=True)
class Input:
    """A number that may be otherwise.

    Parameters
    ----------
    key
        Its dotted path.
    title, unit
        What it is called in plain words, and its unit as the schema states it.
    today
        What the file says; the mean, of a distribution.
    low, high
        The plausible range.
    widest
        The range in which a flip is looked for; holds the plausible one.
    is_whole
        Only whole numbers may stand there.
    is_drawn
        It is not known: the file has a distribution for it.
    """

    key: str
    title: str
    unit: str
    today: float
    low: float
    high: float
    widest: Bounds
    is_whole: bool = False
    is_drawn: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Input:
        """Return the input that a row of a report is about."""
        own = {key: row[key] for key in ("key", "title", "unit", "today", "low", "high")}
        return cls(**own, widest=tuple(row.get("searched", (row["low"], row["high"]))))

    @property
    def inner(self) -> tuple[float, ...]:
        """Return the values that are looked at closely: the plausible range, and today's value where it is known."""
        return (self.low, self.high) if self.is_drawn else (self.low, self.today, self.high)

    def brief(self, value: float, money: Money) -> str:
        """Write a value without what it is per: `EUR 4.10`, `22 %`."""
        return self.say(value, money).removesuffix(self._tail)

    @property
    def _tail(self) -> str:
        """Return what of the unit follows a number, its sign or per cent apart."""
        if self.unit.startswith(("money", "share")):
            return self.unit.removeprefix("money").removeprefix("share")
        return "" if self.unit in ("", "any scale", "factor") else f" {self.unit}"

    def say(self, value: float, money: Money) -> str:
        """Write a value with its unit: `EUR 4.10 per customer-month`, `22 % a year`."""
        if self.unit.startswith("money"):
            return f"{_amount(value, money)}{self._tail}"
        if self.unit.startswith("share"):
            return f"{_number(100 * value)} %{self._tail}"
        return f"{_number(value)}{self._tail}"

    def span(self, low: float, high: float, money: Money) -> str:
        """Write two values, their unit once: `17.6 to 26.4 % a year`."""
        return f"{self.brief(low, money).removesuffix(' %')} to {self.say(high, money)}"


def concerns(scenario: Scenario, key: str, arm: str) -> bool:
    """Tell whether a key can make a difference to an arm: what stands in other arms cannot."""
    group, _, rest = key.partition(".")
    name = rest.split(".")[0]
    if group == "pieces":
        return name in getattr(scenario.parameters.arms.get(arm), "include", ())
    return group != "arms" or name == arm


def title_of(scenario: Scenario, key: str) -> str:
    """Return a key in plain words, what it is first and whose second: `annual churn, small`."""
    group, *rest = key.split(".")
    if group in ("run", "firm") or len(rest) < 2:
        return _words(rest) if group in ("run", "firm") else f"{_words(rest)} of the {_words([group])}"
    owner, inner = rest[0], rest[1:]
    if group == "accounts":
        owner = scenario.parameters.accounts[int(owner)].name
    if group in ("arms", "pieces") and inner[0] == "change":
        part = getattr(scenario.parameters, group)[owner].change[int(inner[1])]
        return f"{title_of(scenario, part.set)}, {inner[2]} in {_words([owner])}"
    if group in ("arms", "pieces") and inner[0] == "retention":
        inner = inner[1:] if len(inner) > 2 else ["retention gain"]
    return f"{_words(inner)}, {_words([owner]) if group != 'accounts' else owner}"


def _words(parts: list[str]) -> str:
    return " ".join(parts).replace("_", " ").replace("customer month", "customer-month")


def _number(value: float) -> str:
    if abs(value) >= 1000 or float(value).is_integer():
        return f"{value:,.0f}"
    return figure(value, 3).rstrip("0").rstrip(".")


def _amount(value: float, money: Money) -> str:
    amount = value * money.unit
    if abs(amount) >= _LARGE:
        return money.say(value, 4)
    has_cents = abs(amount) < 1000 and not float(amount).is_integer()
    return money.exact(value) if has_cents else f"{'-' * (amount < 0)}{money.sign} {abs(amount):,.0f}"
