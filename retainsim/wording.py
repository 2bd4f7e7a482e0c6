"""Wording: numbers as people read them aloud, with their units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retainsim.scenario.schema import Parameters

SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))
_UNITS = {"one": 1.0, "thousand": 1e3, "million": 1e6}
_SMALL = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip


@dataclass(frozen=True)
class Money:
    """How amounts of a scenario are written.

    Parameters
    ----------
    sign
        The currency's code or symbol.
    unit
        What one unit of the file stands for: 1, 1,000 or 1,000,000.
    """

    sign: str
    unit: float = 1.0

    @classmethod
    def of(cls, today: Parameters) -> Money:
        """Return the writing of a scenario's currency."""
        currency = today.currency
        if isinstance(currency, str):
            return cls(currency)
        return cls(currency.symbol or currency.code, _UNITS[currency.unit])

    def say(self, amount: float, digits: int = 2) -> str:
        """Write an amount with `digits` significant digits and a scale: EUR 1.9 m, -EUR 230 k."""
        value = abs(amount) * self.unit
        size, suffix = next(((s, x) for s, x in SCALES if rounded(value, digits) >= s), (1.0, ""))
        number = figure(value / size, digits)
        minus = "-" if amount < 0 and number.strip("0.,") else ""
        return f"{minus}{self.sign} {number} {suffix}".rstrip()

    def mean(self, found: Mapping[str, float | None]) -> str:
        """Write the size of an estimated amount (mean, low, high), with as many digits as keep it in its interval."""
        mean, low, high = (found[key] for key in ("mean", "low", "high"))
        if mean is None or low is None or high is None:
            return self.say(abs(mean or 0.0))
        digits = next((d for d in range(2, 6) if low <= rounded(mean, d) <= high), 6)
        return self.say(abs(mean), digits)

    def exact(self, amount: float) -> str:
        """Write an amount to the cent: EUR 4.10."""
        number = f"{abs(amount) * self.unit:,.2f}"
        return f"{'-' if amount < 0 and number.strip('0.,') else ''}{self.sign} {number}"

    def interval(self, low: float | None, high: float | None, digits: int = 2) -> str:
        """Write an interval: EUR 1.8 m to EUR 2.0 m; nothing known where there is none."""
        if low is None or high is None:
            return "interval unknown"
        width = abs(high - low)
        largest = max(abs(low), abs(high))
        needed = digits if not width or not largest else 1 + math.ceil(math.log10(largest / width))
        shown = min(6, max(digits, needed))
        return f"{self.say(low, shown)} to {self.say(high, shown)}"


def rounded(value: float, digits: int) -> float:
    """Round to significant digits; what is half-way but for its last digits is taken to be half-way on any machine."""
    if value == 0 or not math.isfinite(value):
        return value
    value = float(f"{value:.12g}")
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def figure(value: float, digits: int = 2) -> str:
    """Write a number with significant digits and thousands separators."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "endless"
    value = rounded(value, digits)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{decimals}f}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage: 0.846 is 84.6 %."""
    return f"{100 * share:.{digits}f} %"


def count(number: float) -> str:
    """Write a number of customers: 4,382."""
    return f"{number:,.0f}"


def small(number: int) -> str:
    """Write a small whole number as a word."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else f"{number:,}"


def span(months: int) -> str:
    """Write a horizon: five years, 18 months."""
    years, rest = divmod(months, 12)
    if rest or not years:
        return f"{small(months)} month{'s' if months != 1 else ''}"
    return f"{small(years)} year{'s' if years != 1 else ''}"
