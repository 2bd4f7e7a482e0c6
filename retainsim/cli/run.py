"""Run: the command that plays a scenario, keeps what came out and says what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.cli.question import fit, tell_damaged

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.results import Results
    from retainsim.scenario import Scenario

IMPRECISE = 4
"""Exit code of a run that is done, but not as precise as was asked for."""


@click.command(short_help="Play a scenario and compare its arms.")
@click.argument("file", required=False)
@click.option("--resume", metavar="RUN", help="Go on with the unfinished run in this folder; FILE is not needed then.")
@click.option("-o", "--out", help="Folder of the run; default: a new one in ./runs.")
@click.option("--charts/--no-charts", default=True, help="Draw the charts of the run.")
@option.extras
@option.settings
@option.effort
@option.force("Overwrite the run that lies in the folder given by --out.")
@option.screen
def command(
    *,
    resume: str | None,
    charts: bool,
    jobs: int | str | None,
    ignore_memory: bool,
    screen: Screen,
    **given: Any,
) -> None:
    """Play a scenario and compare its arms with the baseline.

    All arms share the same luck, customer by customer, so that differences are due to the arms. Prints what the
    arms are worth in sentences and as a table; the run folder keeps everything: the scenario, summary.json, the
    tables and the charts. What is played is kept at once: after Ctrl-C, or if the machine went down, the same command
    goes on from there, or --resume with the folder of the run.

    \b
    Example:
      retainsim run scenarios/five_points.toml
      retainsim run scenarios/five_points.toml --set run.months=36 -o runs/short
      retainsim run --resume runs/short
    """
    from retainsim.cli import place
    from retainsim.cli.resume import fresh, reopened
    from retainsim.study.store import Store

    wanted = fresh(**given) if resume is None else reopened(resume, **given)
    if wanted.finished is not None:
        _again(wanted.finished, resume, screen)
        return
    if not ignore_memory:
        fit(wanted.scenario, jobs, lives=wanted.extras["customers"])
    with place.run_folder(
        wanted.out, wanted.scenario, force=wanted.force, asked=wanted.extras, tell=screen.note
    ) as folder:
        results = _play(wanted.scenario, screen, jobs=jobs, store=Store.of_run(folder), **wanted.extras)
        results.save(folder, force=True)
        place.forget_charts(folder)
    _tell(results, folder, screen)
    if charts and not results.interrupted:
        _draw(results, folder, screen)
    _close(results, folder, screen)


def _tell(results: Results, folder: Path, screen: Screen) -> None:
    """Print the answer, and beside it what did not have to be played."""
    from retainsim.cli.runtable import show

    show(results, screen)
    if results.recalled:
        of = results.report["run"]["replications"] * len(results.arms)
        screen.note(f"{results.recalled:,} of {of:,} outcomes were known from earlier runs")
    tell_damaged(results.damaged, screen)
    screen.note(f"run folder: {folder}")


def _again(results: Results, folder: str | None, screen: Screen) -> None:
    """Print what a finished run has printed before."""
    from retainsim.cli.runtable import show

    screen.note(f"{folder} is finished; nothing is played, this is what it came to")
    show(results, screen)
    _close(results, Path(folder or ""), screen)


def _play(scenario: Scenario, screen: Screen, *, jobs: int | str | None, **asked: Any) -> Results:
    from retainsim.cli.progress import watch
    from retainsim.study.cluster import opened
    from retainsim.study.runs import run

    last = "logging the first once more" if asked["trace"] else "adding up"
    with opened(jobs) as where, watch(screen, last) as progress:
        return run(scenario, progress=progress, jobs=where, **asked)


def _draw(results: Results, folder: Path, screen: Screen) -> None:
    from retainsim.charts import draw

    with screen.busy("drawing charts"):
        paths = draw(results, folder / "charts")
    screen.note(f"charts: {folder / 'charts'} ({len(paths)} files)")


def _close(results: Results, folder: Path, screen: Screen) -> None:
    """Say what to beware of, and end in the exit code that is due."""
    screen.warn(results.report["warnings"])
    context = click.get_current_context()
    if results.interrupted:
        done = results.report["run"]["replications"]
        onwards = f"to go on: retainsim run --resume {folder}"
        screen.complain(f"interrupted: {done} finished replications are kept in {folder}; {onwards}", "bold yellow")
        context.exit(130)
    if not results.precision_reached:
        context.exit(IMPRECISE)
