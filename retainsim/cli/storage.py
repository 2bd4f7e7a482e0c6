"""Storage: the room that the stores of runs take, and how it is freed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from retainsim.cli.place import ENDING, STORE


def size(runs: Iterable[Path]) -> int:
    """Return the bytes that the stores of runs take; what several share counts once."""
    found = {}
    for path in (path for run in runs for path in _entries(run)):
        with suppress(OSError):
            about = path.lstat()
            found[about.st_dev, about.st_ino] = about.st_size
    return sum(found.values())


def empty(run: Path) -> None:
    """Take away the entries of a run's store, and what a killed process left of one; nothing else, and no link.

    Raises
    ------
    OSError
        If they may not be.
    """
    for path in _entries(run):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        (run / STORE).rmdir()


def _entries(run: Path) -> Iterator[Path]:
    store = run / STORE
    if run.is_symlink() or store.is_symlink() or not store.is_dir():
        return
    for path in store.iterdir():
        is_rest = path.name.startswith(".") and f"{ENDING}-" in path.name
        if (path.suffix == ENDING or is_rest) and path.is_file() and not path.is_symlink():
            yield path
