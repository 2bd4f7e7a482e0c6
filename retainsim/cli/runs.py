"""Runs: the command that lists the runs of a folder."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option, storage
from retainsim.cli.lock import is_held
from retainsim.cli.place import RUNS
from retainsim.cli.validate import counted
from retainsim.errors import UsageError
from retainsim.head import DONE, RUNNING

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen

_STAMP = re.compile(r"-(\d{8}-\d{6})-[0-9a-f]{8}(-\d+)?$")
_STYLES = {"done": "green", "damaged": "red"}


@click.command(short_help="List runs, newest first.")
@click.argument("folder", default=str(RUNS))
@click.option("--prune", is_flag=True, help="Take away what finished runs keep for re-use; their results stay.")
@click.option("--yes", is_flag=True, help="With --prune: do not ask first.")
@option.screen
def command(folder: str, *, prune: bool, yes: bool, screen: Screen) -> None:
    """List the runs of a folder (./runs unless another is given), newest first.

    A run that says "running" is under way; one that says "unfinished" was broken off, and goes on with
    retainsim run --resume.

    Every run keeps the outcome of each arm and replication, so that the same need not be played twice. The last line
    says how much room that takes. --prune frees it where runs are finished: what is asked again is then played again.

    \b
    Example:
      retainsim runs
      retainsim runs --prune --yes
    """
    place = Path(folder)
    if not place.is_dir() and place != RUNS:
        raise UsageError(f"there is no folder {folder}; name the folder that holds your runs")
    folders = _folders(place)
    found = sorted((_read(path) for path in folders), key=lambda run: run["when"], reverse=True)
    if prune:
        _prune([Path(run["folder"]) for run in found if run["status"] == DONE], screen, yes=yes)
        return
    size = storage.size(folders)
    if screen.as_json:
        screen.answer({"folder": folder, "store_bytes": size, "runs": found})
        return
    if not found:
        screen.note(f"no runs in {folder}; make one: retainsim run FILE")
    for run in found:
        _say(run, screen)
    if size:
        screen.note(f"outcomes kept for re-use: {size / 1e6:,.1f} MB; to free what can be: retainsim runs --prune")


def _prune(folders: list[Path], screen: Screen, *, yes: bool) -> None:
    """Empty the stores of finished runs, once the user has said so."""
    size = storage.size(folders)
    if size and not yes:
        about = (
            f"Take away {size / 1e6:,.1f} MB of outcomes of {counted(len(folders), 'finished run')}? Their results stay"
        )
        click.confirm(about, abort=True, err=True)
    for folder in folders:
        storage.empty(folder)
    left = storage.size(folders)
    if screen.as_json:
        screen.answer({"pruned": [str(folder) for folder in folders], "freed_bytes": size - left})
    else:
        whose = counted(len(folders), "finished run")
        screen.say(f"{(size - left) / 1e6:,.1f} MB freed; the results of {whose} are untouched.")


def _folders(place: Path) -> list[Path]:
    return [path for path in sorted(place.iterdir()) if path.is_dir()] if place.is_dir() else []


def _read(folder: Path) -> dict[str, Any]:
    """Return what is to be said of a run; a folder that cannot be read as one is damaged."""
    found: dict[str, Any] = {"folder": str(folder), "when": _when(folder).isoformat(" ", "minutes")}
    try:
        head = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        found |= {"status": head["status"], "scenario": head["scenario"]["title"]}
        found |= {key: head[key] for key in ("question",) if key in head}
        if head["status"] == RUNNING and not is_held(folder):
            found["status"] = "unfinished"
        if head["status"] != RUNNING:
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
    if run["status"] in ("unfinished", "interrupted") and "question" not in run:
        screen.say(f"  to go on: retainsim run --resume {run['folder']}")
    for key in ("headline", "problem"):
        if key in run:
            screen.say(f"  {run[key]}")
