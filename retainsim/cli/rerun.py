"""Rerun: the command that computes a run once more and says whether the same comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.cli.root import FAULT

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.study.rerun import Comparison, Difference


@click.command(short_help="Compute a run once more and compare every number.")
@click.argument("run")
@option.jobs
@option.screen
def command(run: str, *, jobs: Any, screen: Screen) -> None:
    """Compute a finished run once more from its folder, and hold every number against the one that was kept.

    Nothing that was kept is used but the scenario and what was asked. All must be the same to the last digit, but for
    the seconds it took; otherwise the first values that differ are named, and the exit code is 1.

    \b
    Example:
      retainsim run scenarios/five_points.toml --out runs/mine --no-charts
      retainsim rerun runs/mine
    """
    from retainsim.cli.progress import watch
    from retainsim.study.cluster import opened
    from retainsim.study.rerun import rerun

    with opened(jobs) as where, watch(screen, "comparing") as progress:
        found = rerun(run, jobs=where, progress=progress)
    if screen.as_json:
        screen.answer(found.report)
    else:
        _say(found, screen)
    if not found.is_identical:
        click.get_current_context().exit(FAULT)


def _say(found: Comparison, screen: Screen) -> None:
    names = list(found.files)
    if found.is_identical:
        screen.say(f"Identical: {len(names)} of {len(names)} files of {found.folder}, every number to the last digit.")
        return
    other = [name for name, is_same in found.files.items() if not is_same]
    screen.say(f"Not identical: {len(other)} of {len(names)} files of {found.folder} differ: {', '.join(other)}.")
    for difference in found.differences:
        screen.say(f"  {difference.file}: {difference.where}: kept {difference.kept}, now {_now(difference)}")
    changed = found.report["changed"]
    why = f"it was made with {', '.join(changed)}" if changed else "it was made with this very program"
    screen.say(f"  {why[:1].upper()}{why[1:]}.")


def _now(difference: Difference) -> str:
    kept, found = difference.kept, difference.found
    if not all(isinstance(value, (int, float)) for value in (kept, found)) or not kept:
        return str(found)
    return f"{found} ({(found - kept) / abs(kept):+.2g} of it)"
