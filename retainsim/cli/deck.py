"""Deck: the command that makes a PowerPoint deck of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from retainsim.cli import derive, option

if TYPE_CHECKING:
    from pathlib import Path

    from retainsim.cli.screen import Screen
    from retainsim.results import Results
    from retainsim.study.answer import Answer


@click.command(short_help="Make a PowerPoint deck of a run or of an answer.")
@option.derived("deck.pptx")
@click.option("--template", metavar="FILE", help="A .pptx or .potx whose master the deck is written on.")
@option.screen
def command(run: str, *, out: str | None, template: str | None, screen: Screen) -> None:
    """Make a PowerPoint deck of a run, or of the answer to a question.

    The verdict, a slide for every chart, the assumptions, the self-check; of an answer also its tables.

    PowerPoint can edit the charts of a run: its own numbers are in the sheets behind them. Speaker notes hold the run,
    its seed and the fingerprint of its scenario.

    \b
    Example:
      retainsim run scenarios/five_points.toml --out runs/mine --no-charts
      retainsim deck runs/mine
    """
    derive.derive(run, out, partial(_write, template=template), name="deck.pptx", screen=screen)


def _write(results: Results | Answer, path: Path, *, template: str | None) -> Path:
    return results.deck(path, template=template)
