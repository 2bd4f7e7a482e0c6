"""Desktable: how long callers wait, how many hang up and how busy agents are, in a table that fits the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli.grid import Scale, estimated, lay_out
from retainsim.cli.screen import plain
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen

COLUMNS = {
    "wait_minutes": ("wait\nminutes", Scale(1.0, "", 2)), "hang_up_share": ("hang up\n%", Scale(0.01, "%", 1)),
    "busy_share": ("busy\n%", Scale(0.01, "%", 1)),
}  # fmt: skip
CAPTION = (
    "Wait: mean of all calls, to the answer or the hanging up. Busy: share of the time agents are there for. "
    "Ranges: 95 % intervals."
)


def show(report: dict[str, Any], screen: Screen) -> None:
    """Print what happens at the service desk of every arm, and at each desk where there are several."""
    arms = {name: arm for name, arm in report["arms"].items() if "desk" in arm}
    if not arms:
        return
    rows = [row for name, arm in arms.items() for row in _rows(arm, screen.out.width, bold=name != BASELINE)]
    headings = ["arm", *(heading for heading, _ in COLUMNS.values())]
    screen.say("")
    screen.say("At the service desk", "bold")
    screen.show(*lay_out(headings, [title for title, _ in rows], [cells for _, cells in rows], screen.out.width))
    screen.say(CAPTION, "dim")


def _rows(arm: dict[str, Any], width: int, *, bold: bool) -> list[tuple[Text, list[Text]]]:
    from rich.text import Text

    told = arm["desk"]
    parts = {plain(arm["title"]): told["all"]} | {f"  {name}": each for name, each in told.get("desks", {}).items()}
    return [
        (Text(title, style="bold" if bold and not title.startswith(" ") else ""), _cells(each, width))
        for title, each in parts.items()
    ]


def _cells(measures: dict[str, Any], width: int) -> list[Text]:
    from rich.text import Text

    return [
        Text("-") if measures[measure]["mean"] is None else estimated(measures[measure], scale, 1.0, width)
        for measure, (_, scale) in COLUMNS.items()
    ]
