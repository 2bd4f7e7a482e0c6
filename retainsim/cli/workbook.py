"""Workbook: the command that makes an Excel workbook of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainsim.cli import derive, option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Make an Excel workbook of a run.")
@option.derived("workbook.xlsx")
@option.screen
def command(run: str, *, out: str | None, screen: Screen) -> None:
    """Make an Excel workbook of a run: summary, bridge, months, measures and inputs.

    Totals are formulas over the months, so that every number can be followed to where it comes from.

    \b
    Example:
      retainsim run scenarios/five_points.toml --out runs/mine --no-charts
      retainsim workbook runs/mine
    """

    derive.derive(
        run, out, lambda results, path: results.workbook(path), name="workbook.xlsx", screen=screen, answers=False
    )
