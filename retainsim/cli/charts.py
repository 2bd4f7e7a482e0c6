"""Charts: the command that draws the charts of a run anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from retainsim.charts import FORMATS
from retainsim.cli import option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Draw the charts of a run anew.")
@click.argument("run")
@click.option("-o", "--out", help="Folder of the charts; default: charts in the folder of the run.")
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(FORMATS), default=FORMATS[:2],
    help="Format of the charts, repeatable: png, svg, pdf; default: png and svg.",
)  # fmt: skip
@option.screen
def command(run: str, *, out: str | None, formats: tuple[str, ...], screen: Screen) -> None:
    """Draw the charts of the folder of a run or of an answer anew, and print their paths.

    \b
    Example:
      retainsim run scenarios/five_points.toml --out runs/mine --no-charts
      retainsim charts runs/mine --format svg --format pdf
    """
    from retainsim.results import is_answer, open_run
    from retainsim.study.answer import open_answer

    found = open_answer(run) if is_answer(run) else open_run(run)
    from retainsim.charts import draw  # after the folder was read, so that a wrong one is told without matplotlib

    paths = draw(found, Path(out) if out else Path(run) / "charts", formats=tuple(dict.fromkeys(formats)))
    if screen.as_json:
        screen.answer({"charts": [str(path) for path in paths]})
    else:
        for path in paths:
            click.echo(str(path))
