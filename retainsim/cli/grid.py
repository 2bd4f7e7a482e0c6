"""Grid: rows of amounts with their intervals, laid out so that they fit the terminal and can be compared by eye."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.wording import SCALES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

WIDE = 104
"""Columns from which an interval stands beside its mean instead of below it."""
NARROW = 72
"""Columns below which the title of a row stands above its numbers."""
_SCALES = (*SCALES, (1.0, ""))


@dataclass(frozen=True)
class Scale:
    """How the amounts of one column are written, so that they can be compared by eye.

    Parameters
    ----------
    size, suffix
        What amounts are divided by, and what it is called.
    decimals
        Digits after the point.
    """

    size: float
    suffix: str
    decimals: int

    @classmethod
    def of(cls, amounts: Iterable[float]) -> Scale:
        """Choose the largest unit in which the smallest amount still shows, and no more digits than needed."""
        sizes = [abs(amount) for amount in amounts if amount]
        least, most = min(sizes, default=1.0), max(sizes, default=1.0)
        size, suffix = next(((s, x) for s, x in _SCALES if least >= s or (least >= 0.1 * s and most >= s)), _SCALES[-1])
        whole = math.floor(math.log10(most / size)) + 1
        needed = 2 - math.floor(math.log10(least / size))
        return cls(size, suffix, max(0, min(2, needed, 4 - whole)))

    def __call__(self, amount: float, sign: str = "-") -> str:
        """Write an amount; `sign` is that of Python's format: "+" for gains and losses."""
        return f"{amount / self.size:{sign},.{self.decimals}f}"


def estimated(estimate: dict[str, Any], scale: Scale, unit: float, width: int, sign: str = "-") -> Text:
    """Write a mean with its 95 % interval, beside it where there is room, else below."""
    from rich.text import Text

    cell = Text(scale(unit * estimate["mean"], sign))
    if estimate["low"] is not None:
        low, high = (scale(unit * estimate[end]) for end in ("low", "high"))
        cell.append(f" ({low} to {high})" if width >= WIDE else f"\n{low} to {high}", style="dim")
    return cell


def lay_out(headings: list[str], titles: list[Text], rows: list[list[Text]], width: int) -> list[RenderableType]:
    """Lay rows out, each after its title; on a narrow terminal the title is a line above its numbers.

    The first heading is that of the titles.
    """
    if width < NARROW:
        return _stacked(headings[1:], titles, rows)
    return [_side_by_side(headings, titles, rows, width)]


def room(titles: list[Text], headings: list[str], rows: list[list[Text]], width: int, *, wanted: int) -> int:
    """Return how many letters one more column may have, without a number lost and with titles on two lines at most.

    Titles stay on one line if the column then still has `wanted` letters. There is no room where titles stand above
    their numbers. `headings` are those of `rows`.
    """
    if width < NARROW:
        return 0
    gaps = (len(headings) + 1) * (_gap(width) + 1)
    left = width - gaps - sum(_widths(headings, rows))
    on_one_line = left - max(len(title.plain) for title in titles)
    return on_one_line if on_one_line >= wanted else left - _on_two_lines(title.plain for title in titles)


def _on_two_lines(titles: Iterable[str]) -> int:
    """Return the least letters in which every title fits on two lines."""
    from textwrap import wrap

    return max(next(n for n in range(4, len(title) + 5) if len(wrap(title, n)) <= 2) for title in titles)


def _widths(headings: list[str], rows: list[list[Text]]) -> list[int]:
    """Return how many letters the widest line of each column has."""
    from rich.cells import cell_len

    columns = zip(headings, *[[cell.plain for cell in row] for row in rows], strict=True)
    return [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]


def _gap(width: int) -> int:
    return 2 if width >= WIDE else 1


def _side_by_side(headings: list[str], titles: list[Text], rows: list[list[Text]], width: int) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _gap(width), 0, 0))
    table.add_column(headings[0], ratio=1, overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for title, row in zip(titles, rows, strict=True):
        table.add_row(title, *row)
    return table


def _stacked(headings: list[str], titles: list[Text], rows: list[list[Text]]) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    widths = _widths(headings, rows)
    parts: list[RenderableType] = []
    for title, row in zip([None, *titles], [[Text(h, style="bold") for h in headings], *rows], strict=True):
        grid = Table.grid(padding=(0, 2, 0, 0))
        for each in widths:
            grid.add_column(width=each, justify="right", overflow="fold")
        grid.add_row(*row)
        parts += [grid] if title is None else [title, grid]
    return parts
