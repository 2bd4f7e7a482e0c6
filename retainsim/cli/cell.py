"""Cell: how commands write numbers, amounts, settings and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from retainsim.cli.screen import plain
from retainsim.wording import figure, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from retainsim.wording import Money

LONGEST_NAME = 18
"""Letters of a name that are kept on one line, however narrow the terminal."""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: tuple[int, ...] = ()) -> Table:
    """Lay rows out; the first column and those of `words` hold words, the others numbers."""
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    is_short = max((len(row[0]) for row in rows), default=0) <= LONGEST_NAME
    for index, heading in enumerate(headings):
        align: Literal["left", "right"] = "left" if index == 0 or index in words else "right"
        grid.add_column(heading, justify=align, overflow="fold", no_wrap=is_short and index == 0)
    for row in rows:
        grid.add_row(*(plain(cell) for cell in row))
    return grid


def number(value: float | bool) -> str:
    """Write a value of a scenario."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:,.4g}"


def flow(value: float) -> str:
    """Write customers a month, or months."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def rate(hazard: float) -> str:
    """Write a hazard per customer-month as one per 1,000 of them, so that small ones can be read."""
    return figure(1000 * hazard, 3)


def share(value: float | None) -> str:
    """Write a share, or a dash where there is none."""
    return "-" if value is None else percent(value)


def plain_amount(value: float | None, money: Money) -> str:
    """Write an amount without its currency, to the cent where it is small; one without end is None."""
    if value is None:
        return "no end"
    value *= money.unit
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def amount(value: float | None, money: Money) -> str:
    """Write an amount with its currency: EUR 562.50."""
    if value is None:
        return "no end"
    return f"{'-' if value < 0 else ''}{money.sign} {plain_amount(abs(value), money)}"


def law(settings: dict[str, Any]) -> str:
    """Write the settings of a law in a word and its numbers: gamma 0.5."""
    rest = {key: value for key, value in settings.items() if key != "kind"}
    numbers = " ".join(f"{value:g}" for value in rest.values() if isinstance(value, float))
    return f"{settings['kind']} {numbers}".strip()


def assigned(settings: dict[str, Any], units: dict[str, str] | None = None) -> str:
    """Write settings as the file does, with their units."""
    bare = {key for key, value in settings.items() if isinstance(value, dict)}
    units = {key: unit for key, unit in (units or {}).items() if key not in bare}
    return ", ".join(f"{key} = {_value(value)}{_unit(units, key)}" for key, value in settings.items())


def _unit(units: dict[str, str], key: str) -> str:
    return f" {units[key]}" if units.get(key) else ""


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{ {assigned(value)} }}" if value else "{}"
    return number(value) if isinstance(value, (int, float)) else str(value)
