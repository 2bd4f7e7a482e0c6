"""Scales: where an axis starts and ends, its round ticks, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.ticker import MaxNLocator

from retainsim.draws import Floats
from retainsim.wording import SCALES, Money

_SIZES = tuple((size, f" {suffix}") for size, suffix in SCALES)
_LEAST_SPAN = 1e-4
"""An axis spans at least this share of what it shows, so that no tick needs more than seven digits."""
_PADDING = 0.05
_NOTHING = 1e-9
"""What is below this is what rounding left of zero."""


@dataclass(frozen=True)
class Scale:
    """One axis.

    Parameters
    ----------
    low, high
        Its limits, in the unit of the data.
    ticks, labels
        Where its ticks are, in the unit of the data, and what is written there.
    unit
        What the labels count in: EUR m.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    unit: str = ""

    @classmethod
    def of(cls, values: Iterable[float], *, most: int = 6, money: Money | None = None, zero: bool = False) -> Scale:
        """Return a scale that holds the values, with at most so many ticks; with `zero`, also zero."""
        low, high = _limits([*values, 0.0] if zero else values)
        largest = max(abs(low), abs(high))
        size, unit = money_size(largest, money) if money else (1.0, "")
        locator = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])
        ticks = np.asarray(locator.tick_values(low / size, high / size), dtype=np.float64)
        ticks = ticks[(ticks >= low / size) & (ticks <= high / size)]
        return cls(low, high, tuple((ticks * size).tolist()), tuple(_written(ticks)), unit)

    @property
    def bare(self) -> Scale:
        """Return the scale with nothing written at its ticks."""
        return replace(self, labels=("",) * len(self.ticks))

    @property
    def has_zero(self) -> bool:
        """True where zero is on the axis."""
        return self.low <= 0.0 <= self.high


def months(horizon: int, write: Callable[[int], str]) -> Scale:
    """Return the axis of time from month 0 to the horizon, a tick every whole year where there are two."""
    unit = 12 if horizon >= 24 else 1
    every = unit * next(n for n in (1, 2, 5, 10, 20, 50, 100) if horizon / (unit * n) <= 10)
    ticks = range(0, horizon + 1, every)
    return Scale(0.0, float(horizon), tuple(map(float, ticks)), tuple(write(tick) for tick in ticks))


def minus(text: str) -> str:
    """Return a number as it is printed, with a minus sign instead of a hyphen before a digit or a currency."""
    return "−" + text[1:] if text.startswith("-") else text


def _limits(values: Iterable[float]) -> tuple[float, float]:
    shown = np.array(list(values), dtype=np.float64)
    shown = shown[np.isfinite(shown)] if np.isfinite(shown).any() else np.zeros(1)
    low, high = float(shown.min()), float(shown.max())
    if max(-low, high) < _NOTHING:
        return 0.0, 1.0
    lacking = max(0.0, _LEAST_SPAN * max(abs(low), abs(high)) - (high - low)) / 2
    padding = _PADDING * (high - low + 2 * lacking) + lacking
    return low - padding * (low != 0.0), high + padding * (high != 0.0)


def money_size(largest: float, money: Money) -> tuple[float, str]:
    """Return how much of the file's money one on the axis stands for, and its name."""
    size, suffix = next(((s, x) for s, x in _SIZES if largest * money.unit >= s), (1.0, ""))
    return size / money.unit, money.sign + suffix


def _written(ticks: Floats) -> list[str]:
    """Write ticks with as many decimals as tell them apart."""
    step = float(np.diff(ticks).min()) if len(ticks) > 1 else 1.0
    decimals = next((d for d in range(12) if abs(round(step, d) - step) < 1e-6 * step), 12)
    return [minus(f"{0.0 if abs(tick) < 1e-9 * step else tick:,.{decimals}f}") for tick in ticks]
