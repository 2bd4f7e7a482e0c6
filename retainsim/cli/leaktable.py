"""Leaktable: which leak is worth closing, in a table that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli.grid import WIDE, Scale, estimated, lay_out
from retainsim.scenario.hints import listing
from retainsim.wording import count, percent, span

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.wording import Money


def show(report: dict[str, Any], money: Money, screen: Screen) -> None:
    """Print what closing each leak of the baseline is worth, where the run was asked to find out."""
    from rich.text import Text

    leaks, width = [leak for leak in report.get("leaks", []) if leak["left"]], screen.out.width
    if not leaks:
        return
    scale = Scale.of(money.unit * leak["npv"] for leak in leaks)
    titles = [Text(_name(leak)) for leak in leaks]
    headings = ["leak", f"NPV if closed\n{money.sign} {scale.suffix}".rstrip(), "leave\nthrough it", "leave\nanyway"]
    rows = [_cells(leak, scale, money.unit, WIDE) for leak in leaks]
    if _needed(headings, titles, rows) <= width:
        width = max(width, WIDE)
    else:
        rows = [_cells(leak, scale, money.unit, width) for leak in leaks]
    screen.say("")
    screen.say("Which leak is worth closing", "bold")
    screen.show(*lay_out(headings, titles, rows, width))
    screen.say(_caption(report), "dim")


def _needed(headings: list[str], titles: list[Text], rows: list[list[Text]]) -> int:
    """Return how many columns of the terminal the table takes with intervals beside their means."""
    from rich.cells import cell_len

    columns = [
        [title.plain for title in titles],
        *([cell.plain for cell in column] for column in zip(*rows, strict=True)),
    ]
    texts = [[*heading.split("\n"), *column] for heading, column in zip(headings, columns, strict=True)]
    return sum(max(map(cell_len, column)) for column in texts) + 2 * len(texts)


def _name(leak: dict[str, Any]) -> str:
    word = str(leak["leak"]).replace("_", " ")
    return word if leak["kind"] == "reason" else f"{word} ({leak['kind']})"


def _cells(leak: dict[str, Any], scale: Scale, unit: float, width: int) -> list[Text]:
    from rich.text import Text

    anyway = percent(min(max(leak["elsewhere"], 0.0), 1.0), 0) if leak["left"] else "-"
    return [estimated({**leak, "mean": leak["npv"]}, scale, unit, width), Text(count(leak["left"])), Text(anyway)]


def _caption(report: dict[str, Any]) -> str:
    text = (
        "Each leak of the baseline closed alone and at no cost: the most one could pay for it. "
        f"Leave through it: customers within {span(report['run']['months'])}; "
        "leave anyway: share of those spared who leave for something else by then."
    )
    if any(leak["kind"] == "mechanism" for leak in report["leaks"]):
        text += " Mechanisms act through the reasons."
    shut = [_name(leak) for leak in report["leaks"] if not leak["left"]]
    return f"{text} Nobody leaves through {listing(shut, 20)}." if shut else text
