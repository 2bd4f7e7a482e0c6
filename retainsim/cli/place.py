"""Place: where a command writes, found to be free and writable before any work is done."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts import FORMATS
from retainsim.errors import StopError, UsageError

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

RUNS, STORE = Path("runs"), "store"
LONGEST_NAME = 80
"""Letters of a scenario's name that the name of a run's folder takes."""


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a text file that is not there yet.

    Raises
    ------
    UsageError
        If it exists, unless `force`, or cannot be written.
    """
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name, or use --force") from None
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


@contextmanager
def run_folder(out: str | None, scenario: Scenario, *, force: bool, question: str = "") -> Iterator[Path]:
    """Yield the folder of a new run, or of the answer to a question, marked as running.

    Where the body fails, what was made is taken away, unless something has been computed and stored by then.

    Raises
    ------
    UsageError
        If the folder is taken, unless `force`, or cannot be written to.
    """
    made: list[Path] = []
    try:
        folder = _claimed(out, scenario, made, force=force, question=question)
    except (OSError, ValueError) as error:
        _undo(made)
        raise _unwritable(Path(out or RUNS), error) from None
    try:
        yield folder
    except BaseException as error:
        if not (folder / STORE).is_dir():
            _undo(made)
        elif isinstance(error, KeyboardInterrupt):
            text = f"interrupted; what was played is kept in {folder}, and the same command goes on from there"
            raise StopError(text) from None
        raise


def forget_charts(folder: Path) -> None:
    """Take away the charts of a run that has been overwritten, lest they seem to show the new one."""
    for path in (folder / "charts").glob("*"):
        if path.suffix[1:] in FORMATS:
            path.unlink()


def _claimed(out: str | None, scenario: Scenario, made: list[Path], *, force: bool, question: str) -> Path:
    """Make the folder, or find it free, and try to write to it; note in `made` what is new."""
    if out is None:
        folder = _numbered(RUNS / _name(scenario, question), made)
    else:
        folder = Path(out)
        _make(folder, made)
    is_empty = not any(folder.iterdir())
    if not is_empty and not force and not _is_unfinished(folder, scenario, question):
        raise UsageError(f"{folder} exists already; choose another place with --out, or use --force")
    if is_empty:
        made.append(folder / "run.json")
        _mark(folder / "run.json", scenario, question)
    else:
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def _is_unfinished(folder: Path, scenario: Scenario, question: str) -> bool:
    """Tell whether the same question about the same scenario was begun here and not brought to its end."""
    try:
        head = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    begun = _head(scenario, question)
    return bool(question) and isinstance(head, dict) and all(head.get(key) == begun[key] for key in begun)


def _name(scenario: Scenario, question: str) -> str:
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return f"{scenario.name[:LONGEST_NAME]}{'-' * bool(question)}{question}-{stamp}-{scenario.sha256[:8]}"


def _numbered(folder: Path, made: list[Path]) -> Path:
    """Make a folder of this name, or with -2, -3 and so on where it is taken."""
    _make(folder.parent, made)
    for number in count(1):
        free = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        with suppress(FileExistsError):
            free.mkdir()
            made.append(free)
            return free
    raise AssertionError


def _make(folder: Path, made: list[Path]) -> None:
    for path in [*reversed(folder.parents), folder]:
        if not path.is_dir():
            path.mkdir()
            made.append(path)


def _mark(path: Path, scenario: Scenario, question: str) -> None:
    """Say that a run is under way."""
    text = json.dumps(_head(scenario, question), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _head(scenario: Scenario, question: str) -> dict[str, Any]:
    says = {"title": scenario.title, "file": scenario.file, "sha256": scenario.sha256}
    asks = {"question": question} if question else {}
    return {"schema": 1, "status": "running", **asks, "scenario": says, "run": {"seed": scenario.parameters.run.seed}}


def _undo(made: list[Path]) -> None:
    """Take away what was made, newest first, unless something else has been put into it."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def _unwritable(path: Path, error: Exception) -> UsageError:
    why = getattr(error, "strerror", None) or error
    return UsageError(f"{os.fspath(path)} cannot be written to ({why}); choose another place")
