"""Report: the command that makes a report of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainsim.cli import derive, option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Make a report of a run or of an answer: one HTML file.")
@option.derived("report.html")
@option.screen
def command(run: str, *, out: str | None, screen: Screen) -> None:
    """Make a report of a run, or of the answer to a question: one HTML file that needs nothing but itself.

    Verdict first, then charts and tables, assumptions, definitions, the self-check, and where the numbers come from.

    \b
    Example:
      retainsim run scenarios/five_points.toml --out runs/mine --no-charts
      retainsim report runs/mine
    """

    derive.derive(run, out, lambda results, path: results.html(path), name="report.html", screen=screen)
