"""Place: where a command writes, found to be free and writable before any work is done."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts import FORMATS
from retainsim.cli.lock import Lock
from retainsim.errors import StopError, UsageError
from retainsim.head import FILE, INTERRUPTED, RUNNING, head
from retainsim.version import changes

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

RUNS, STORE, ENDING = Path("runs"), "store", ".entry"
_OF_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
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
def run_folder(
    out: str | None,
    scenario: Scenario,
    *,
    force: bool,
    question: str = "",
    asked: Mapping[str, Any] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Path]:
    """Yield the folder of a run, or of the answer to a question, marked as running and held by this process.

    That is a new one, or one in which the same was begun and not brought to its end; `tell` is told so. Where the body
    fails, what was made is taken away, unless something has been computed and stored by then.

    Raises
    ------
    UsageError
        If the folder is taken, unless `force`, or cannot be written to.
    """
    made: list[Path] = []
    with ExitStack() as held:
        try:
            folder = _claimed(out, _told(scenario, question, asked), scenario, _Claim(made, held, force, tell))
        except (OSError, ValueError) as error:
            _undo(made)
            raise _unwritable(Path(out or RUNS), error) from None
        with _kept(folder, made):
            yield folder


@contextmanager
def _kept(folder: Path, made: list[Path]) -> Iterator[None]:
    """Say of what fails in the body where what was computed by then is; take away what was made for nothing."""
    try:
        yield
    except BaseException as error:
        is_kept = (folder / STORE).is_dir()
        if not is_kept:
            _undo(made)
        if isinstance(error, OSError) and error.errno in _OF_DISK:
            where = f"; what was played is kept in {folder}, and the same command goes on from there" if is_kept else ""
            raise UsageError(f"{folder} cannot be written to ({error.strerror}); make room there{where}") from None
        if is_kept and isinstance(error, KeyboardInterrupt):
            text = f"interrupted; what was played is kept in {folder}, and the same command goes on from there"
            raise StopError(text) from None
        raise


def forget_charts(folder: Path) -> None:
    """Take away the charts of a run that has been overwritten, lest they seem to show the new one."""
    for path in (folder / "charts").glob("*"):
        if path.suffix[1:] in FORMATS:
            path.unlink()


@dataclass(frozen=True)
class _Claim:
    """How a folder is claimed: what is new is noted in `made`, and its lock let go with `held`."""

    made: list[Path]
    held: ExitStack
    force: bool
    tell: Callable[[str], None] | None

    def takes(self, folder: Path) -> bool:
        """Hold a folder, unless another process does."""
        lock = Lock.on(folder)
        if lock is not None:
            self.held.callback(lock.let_go)
        return lock is not None


def _claimed(out: str | None, told: dict[str, Any], scenario: Scenario, claim: _Claim) -> Path:
    """Make the folder, or find it free or left unfinished, and try to write to it."""
    folder = _left(told, claim) if out is None else None
    if folder is None:
        name = _name(scenario, told.get("question", ""))
        folder = _numbered(RUNS / name, claim.made) if out is None else Path(out)
        _make(folder, claim.made)
        if not claim.takes(folder):
            raise UsageError(f"{folder} is being written by another run; wait for it, or choose another --out")
    is_empty = not any(not path.name.startswith(f".{FILE}-") for path in folder.iterdir())
    is_left = not is_empty and _is_unfinished(folder, told)
    if not (is_empty or is_left or claim.force):
        raise UsageError(f"{folder} exists already; choose another place with --out, or use --force")
    if is_empty:
        claim.made.extend([folder / FILE, folder / "scenario.toml"])
    if is_left and claim.tell:
        claim.tell(f"going on with {folder}, left unfinished: {_count(folder)} results are kept there")
    if is_empty or is_left:
        _mark(folder, told, scenario)
    else:
        tempfile.TemporaryFile(dir=folder).close()
    return folder


def _left(told: dict[str, Any], claim: _Claim) -> Path | None:
    """Find and hold the newest of ./runs in which the same run was left unfinished."""
    if "question" in told or not RUNS.is_dir():
        return None
    for folder in sorted(RUNS.iterdir(), reverse=True):
        is_left = not folder.is_symlink() and _is_unfinished(folder, told)
        if is_left and claim.takes(folder) and _is_unfinished(folder, told):  # another may just have finished it
            return folder
    return None


def _is_unfinished(folder: Path, told: dict[str, Any]) -> bool:
    """Tell whether the same was begun here, by the same program, and not brought to its end."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        is_open = found.get("status") in (RUNNING, INTERRUPTED)
        is_same = all(found.get(key) == told.get(key) for key in ("schema", "question", "scenario", "asked"))
        return is_open and is_same and not changes(found.get("versions", {}))
    except (OSError, ValueError, AttributeError):
        return False


def _count(folder: Path) -> int:
    store = folder / STORE
    return sum(1 for path in store.iterdir() if path.suffix == ENDING) if store.is_dir() else 0


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


def _mark(folder: Path, told: dict[str, Any], scenario: Scenario) -> None:
    """Say what is under way, and keep its scenario, so that it can be gone on with."""
    from retainsim.results import to_json, write_text

    write_text(folder / FILE, to_json(told))
    write_text(folder / "scenario.toml", scenario.resolved())


def _told(scenario: Scenario, question: str, asked: Mapping[str, Any] | None) -> dict[str, Any]:
    says = {"title": scenario.title, "file": scenario.file, "sha256": scenario.sha256}
    run = {"seed": scenario.parameters.run.seed}
    return head(RUNNING, says, run, asked=None if question else asked or {}, question=question)


def _undo(made: list[Path]) -> None:
    """Take away what was made, newest first, unless something else has been put into it."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def _unwritable(path: Path, error: Exception) -> UsageError:
    why = getattr(error, "strerror", None) or error
    return UsageError(f"{os.fspath(path)} cannot be written to ({why}); choose another place")
