"""Runs: the command that lists the runs of a folder."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.cli.place import RUNS
from retainsim.errors import UsageError

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen

_STAMP = re.compile(r"-(\d{8}-\d{6})-[0-9a-f]{8}(-\d+)?$")
_STYLES = {"done": "green", "damaged": "red"}


@click.command(short_help="List runs, newest first.")
@click.argument("folder", default=str(RUNS))
@option.screen
def command(folder: str, *, screen: Screen) -> None:
    """List the runs of a folder (./runs unless another is given), newest first.

    A run that says "running" is under way, or was broken off before anything could be kept.

    \b
    Example:
      retainsim runs
    """
    place = Path(folder)
    if not place.is_dir() and place != RUNS:
        raise UsageError(f"there is no folder {folder}; name the folder that holds your runs")
    found = sorted((_read(path) for path in _folders(place)), key=lambda run: run["when"], reverse=True)
    if screen.as_json:
        screen.answer({"folder": folder, "runs": found})
        return
    if not found:
        screen.note(f"no runs in {folder}; make one: retainsim run FILE")
    for run in found:
        _say(run, screen)


def _folders(place: Path) -> list[Path]:
    return [path for path in sorted(place.iterdir()) if path.is_dir()] if place.is_dir() else []


def _read(folder: Path) -> dict[str, Any]:
    """Return what is to be said of a run; a folder that cannot be read as one is damaged."""
    found: dict[str, Any] = {"folder": str(folder), "when": _when(folder).isoformat(" ", "minutes")}
    try:
        head = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        found |= {"status": head["status"], "scenario": head["scenario"]["title"]}
        found |= {key: head[key] for key in ("question",) if key in head}
        if head["status"] != "running":
            file = "answer.json" if "question" in head else "summary.json"
            summary = json.loads((folder / file).read_text(encoding="utf-8"))
            found |= {"replications": summary["run"]["replications"], "headline": summary["verdict"][0]}
    except OSError as error:
        return found | {"status": "damaged", "problem": f"{Path(error.filename).name}: {error.strerror}"}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return found | {
            "status": "damaged",
            "problem": f"not the files of a run ({type(error).__name__}: {error})",
        }
    return found


def _when(folder: Path) -> datetime:
    """Return when the run was made: as its name says, else as its files do."""
    stamp = _STAMP.search(folder.name)
    if stamp:
        try:
            return datetime.strptime(stamp[1], "%Y%m%d-%H%M%S")
        except ValueError:
            pass
    head = folder / "run.json"
    return datetime.fromtimestamp((head if head.is_file() else folder).stat().st_mtime)


def _say(run: dict[str, Any], screen: Screen) -> None:
    screen.say(run["folder"], "bold")
    count = f", {run['replications']} replications" if "replications" in run else ""
    title = f": {run['scenario']}" if "scenario" in run else ""
    asked = f"{run['question']} " if "question" in run else ""
    screen.say(f"  {run['when']}  {asked}{run['status']}{count}{title}", _STYLES.get(run["status"], "yellow"))
    for key in ("headline", "problem"):
        if key in run:
            screen.say(f"  {run[key]}")
