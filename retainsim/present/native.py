"""Native: what a chart shows as plain values, for programs that draw it themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from retainsim.charts.scales import Scale, money_size
from retainsim.wording import Money

Values: TypeAlias = tuple[float | None, ...]
Found: TypeAlias = Mapping[str, float | None]
"""An estimate: mean, low, high."""


@dataclass(frozen=True)
class Series:
    """One series: a value for each category, with the 95 % interval of its mean where that is drawn.

    Parameters
    ----------
    name, values
        What it is, and its values in the unit of the data; None where there is none.
    colour
        #RRGGBB.
    low, high
        The ends of the intervals; empty, or one for each category.
    colours
        A colour for each value, where they differ.
    end
        What stands in bold at the end of a line, before its name.
    is_dashed
        True for a line that is set apart from the others.
    is_flow
        True where `end` is a word that belongs to the name: joins, leavings.
    """

    name: str
    values: Values
    colour: str
    low: Values = ()
    high: Values = ()
    colours: tuple[str, ...] = ()
    end: str = ""
    is_dashed: bool = False
    is_flow: bool = False

    @property
    def title(self) -> str:
        """Return the whole name: leavings Baseline."""
        return f"{self.end} {self.name}".strip() if self.is_flow else self.name

    @classmethod
    def of(cls, name: str, found: Sequence[Found], colour: str, colours: Iterable[str] = ()) -> Series:
        """Return the series of estimates."""
        mean, low, high = (tuple(each[key] for each in found) for key in ("mean", "low", "high"))
        return cls(name, mean, colour, low, high, tuple(colours))


@dataclass(frozen=True)
class Part:
    """One pair of axes.

    Parameters
    ----------
    kind
        Bars lie; steps stand, each from where the one before ended; lines run over months, and so do areas, each
        from where the one below it ends.
    title
        What the values are, with their unit.
    categories, said
        The names of the categories, and what is written below each: its number and its interval.
    series
        What is drawn; of steps, the changes and totals.
    scale
        The axis of values.
    number
        How a spreadsheet writes a value.
    starts
        Of steps: where each starts; None for totals.
    every
        Of what runs over months: how many categories lie between two that are written.
    across
        Of what runs over months: what the categories are.
    share
        Share of the room that the part takes beside the others.
    """

    kind: Literal["bars", "steps", "lines", "areas"]
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    scale: Scale
    number: str
    said: tuple[str, ...] = ()
    starts: Values = ()
    every: int = 1
    across: str = "Month"
    share: float = 1.0

    @property
    def runs(self) -> bool:
        """True where the categories are months that follow one another."""
        return self.kind in ("lines", "areas")

    @property
    def ends(self) -> list[float]:
        """Return where on the axis of values each series ends, for its name to stand beside it."""
        lasts = [each.values[-1] or 0.0 for each in self.series]
        if self.kind != "areas":
            return lasts
        return [sum(lasts[:place]) + last / 2 for place, last in enumerate(lasts)]


@dataclass(frozen=True)
class Native:
    """One finding: what a chart says and shows, whoever draws it."""

    finding: str
    about: str
    notes: tuple[str, ...]
    parts: tuple[Part, ...]


def money_axis(values: Iterable[float], money: Money, *, most: int = 6) -> tuple[Scale, str, str]:
    """Return an axis of money from zero, its unit (EUR m), and how a spreadsheet writes amounts in that unit."""
    scale = Scale.of(values, most=most, money=money, zero=True)
    return scale, *money_format(scale, money)


def money_format(scale: Scale, money: Money) -> tuple[str, str]:
    """Return the unit of an axis of money (EUR m), and how a spreadsheet writes amounts in that unit."""
    size, unit = money_size(max(abs(scale.low), abs(scale.high)), money)
    if size < 1.0:  # a spreadsheet can show a number in thousands, but not a thousandfold
        size, unit = 1.0, money_size(1.0, money)[1]
    return unit, number_format(scale, size)


def number_format(scale: Scale, size: float = 1.0) -> str:
    """Return how a spreadsheet writes the numbers of an axis, in units of `size`, with as many digits as it takes."""
    step = step_of(scale) / size
    digits = max(0, min(9, math.ceil(-math.log10(step) - 1e-9))) if step else 0
    digits += round(step * 10**digits, 9) % 1 != 0  # steps of 2.5
    shown = f"#,##0{'.' * bool(digits)}{'0' * digits}{',' * round(math.log10(size) / 3)}"
    return f'{shown};"−"{shown}'


def share_format(scale: Scale) -> str:
    """Return how a spreadsheet writes the shares of an axis: as per cent, with as many digits as it takes."""
    digits = max(0, math.ceil(-math.log10(100 * step_of(scale)) - 1e-9))
    return f"0{'.' * bool(digits)}{'0' * digits}%"


def every_of(across: Scale, months: Sequence[float]) -> int:
    """Return how many of the months shown lie between two that are written on an axis."""
    if len(months) < 2 or len(across.ticks) < 2:
        return 1
    return max(1, round((across.ticks[1] - across.ticks[0]) / (months[-1] - months[-2])))


def ends_of(scale: Scale) -> tuple[float, float]:
    """Return where an axis starts and ends if it is to do so at a tick."""
    step = step_of(scale)
    low, high = round(scale.low / step, 6), round(scale.high / step, 6)
    return math.floor(low) * step, math.ceil(high) * step


def step_of(scale: Scale) -> float:
    """Return the distance of two ticks."""
    return scale.ticks[1] - scale.ticks[0] if len(scale.ticks) > 1 else (scale.high - scale.low) or 1.0
