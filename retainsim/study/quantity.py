"""Quantity: a number with its unit, written as people read it, with as many digits as its interval bears out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from retainsim.wording import Money, figure

_COUNTS = ("pool_end", "joined", "left", "saved", "purchases", "repeat_purchases", "active_customers")
_MONTHS = ("customer_months", "discounted_months")


@dataclass(frozen=True)
class Quantity:
    """How numbers of one unit are written.

    Parameters
    ----------
    unit
        As the schema states it (`money per month`), or what `of_measure` returns.
    money
        The scenario's currency.
    is_whole
        True where only a whole number may stand.
    """

    unit: str
    money: Money
    is_whole: bool = False

    @property
    def is_money(self) -> bool:
        """True where the unit is money, or money per something."""
        return self.unit.startswith("money")

    @property
    def rest(self) -> str:
        """Return what follows a number: ` per month`, ` customers`; nothing after a share or a factor."""
        if self.unit.startswith("share") or self.unit in ("factor", ""):
            return self.unit.removeprefix("share").removeprefix("factor")
        return self.unit.removeprefix("money") if self.is_money else f" {self.unit}"

    def bare(self, value: float, decimals: int | None = None) -> str:
        """Write a number with its sign of money or of a share, without what follows it.

        To so many decimals, fewer than none being tens and hundreds; default: three significant digits.
        """
        if self.unit == "money" and decimals is None:
            return self.money.say(value, 3)
        shown = abs(self._shown(value))
        text = figure(shown, 3) if decimals is None else f"{round(shown, decimals):,.{max(decimals, 0)}f}"
        minus = "-" if value < 0 and text.strip("0.,") else ""
        if self.is_money:
            return f"{minus}{self.money.sign} {text}"
        return f"{minus}{text}{' %' if self.unit.startswith('share') else ''}"

    def say(self, value: float, decimals: int | None = None) -> str:
        """Write a number: EUR 51,200 per month."""
        return self.bare(value, decimals) + self.rest

    def exact(self, value: float) -> str:
        """Write a number that is known: EUR 36,000 per month."""
        shown = self._shown(value)
        decimals = next((d for d in range(12) if math.isclose(round(shown, d), shown, rel_tol=1e-12)), 12)
        return self.bare(value, decimals) + self.rest

    def decimals(self, low: float | None, high: float | None) -> int | None:
        """Return the decimals at which an interval is two digits wide; None where it has no width."""
        if low is None or high is None or low == high:
            return None
        return 1 - math.floor(math.log10(abs(self._shown(high) - self._shown(low))))

    def interval(self, low: float | None, high: float | None) -> str:
        """Write an interval: EUR 49,800 to EUR 52,600."""
        if low is None or high is None:
            known = [(end, text) for end, text in ((low, "at least"), (high, "at most")) if end is not None]
            return f"{known[0][1]} {self.bare(known[0][0])}" if known else "unknown"
        if self.unit == "money":
            return self.money.interval(low, high)
        decimals = self.decimals(low, high)
        return f"{self.bare(low, decimals)} to {self.bare(high, decimals)}"

    def estimated(self, found: Mapping[str, float | None]) -> str:
        """Write a mean with as many digits as its interval (mean, low, high) bears out, without what follows it."""
        mean = found["mean"]
        if self.unit == "money" and mean is not None and found["low"] is not None:
            return f"{'-' * (mean < 0)}{self.money.mean(found)}"
        return "unknown" if mean is None else self.bare(mean, self.decimals(found["low"], found["high"]))

    def _shown(self, value: float) -> float:
        """Return the number that is written: per cent, or money in its own unit."""
        return value * (100.0 if self.unit.startswith("share") else self.money.unit if self.is_money else 1.0)


def of_measure(measure: str, money: Money) -> Quantity:
    """Return how a measure of a replication is written."""
    if measure in _COUNTS or measure.startswith("left_"):
        return Quantity("customers", money)
    if measure in _MONTHS:
        return Quantity("customer-months", money)
    return Quantity("share" if measure == "retention_12m" else "money", money)


def name_of_measure(measure: str) -> str:
    """Return a measure in words: `npv_to_horizon` is NPV to horizon."""
    return measure.removeprefix("value.").replace("_", " ").replace("npv", "NPV")
