"""Store: what has been computed, kept on disk by what it follows from, so that nothing is computed twice.

Every entry is a file of its own, written whole or not at all, named by a fingerprint of all it follows from: the code,
what the scenario says of the business, the arm, the replication. It holds a checksum and arrays, nothing that could
run. An entry that is damaged, or a link, is as good as none: it is told, and computed again.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from retainsim.errors import UsageError
from retainsim.results import write_whole
from retainsim.version import program

FOLDER = "store"
"""Name of the store in the folder of a run."""
ENDING = ".entry"
_LEVEL = 1
"""Of compression: on a run of the shipped scenario, 1 takes a fifth of the time of 6 and a tenth more room."""

_SWELLS, _SMALL = 1000, 2**24
"""What an entry unpacks to, at most: so many times its size (tables of zeros shrink to a thousandth), or 16 MB."""
_NO_ENTRY = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    KeyError,
    EOFError,
    NotImplementedError,
    MemoryError,
    RuntimeError,
)
"""What reading bytes ends in that carry the right checksum and are no entry all the same."""

Arrays = dict[str, np.ndarray]


class Store:
    """A folder of entries, and other folders to look into.

    Parameters
    ----------
    folder
        Where entries are put; made with the first one.
    others
        Stores of other runs: what is found there is taken over.
    """

    def __init__(self, folder: Path, others: Iterable[Path] = ()) -> None:
        self.folder = folder.absolute()  # processes that are there already may work in another folder
        self._elsewhere = {path.stem: path for other in others for path in _entries(other)}
        self.damaged: list[Path] = []
        """Entries found damaged so far, in this process."""

    @classmethod
    def at(cls, place: Store | str | os.PathLike[str] | None) -> Store | None:
        """Return the store in a folder; one that is given, or None, as it is."""
        return place if place is None or isinstance(place, Store) else cls(Path(place))

    @classmethod
    def of_run(cls, folder: Path) -> Store:
        """Return the store of a run's folder, which also looks into those of the runs beside it.

        Raises
        ------
        UsageError
            If it is a link: what is played would be written wherever whoever made the folder wished.
        """
        if (folder / FOLDER).is_symlink():
            raise UsageError(f"{folder / FOLDER} is a link, and a store must be a folder; take the link away")
        beside = [run for run in _inside(folder.parent.resolve()) if run.name != folder.name and not run.is_symlink()]
        return cls(folder / FOLDER, [run / FOLDER for run in beside])

    def __contains__(self, key: str) -> bool:
        """Tell whether there is an entry, damaged or not."""
        return self._place(key).is_file() or key in self._elsewhere

    def get(self, key: str) -> Arrays | None:
        """Return the arrays of an entry; None where there is none, or where it is damaged."""
        for path in [self._place(key), *([self._elsewhere[key]] if key in self._elsewhere else [])]:
            if path.is_symlink() or not path.is_file():
                continue
            found = _read(path, key)
            if found is None:
                self.damaged.append(path)
                continue
            if path.parent != self.folder:
                self._adopt(path)
            return found
        return None

    def disown(self, key: str) -> None:
        """Count an entry as damaged whose arrays turned out not to be what they should."""
        self.damaged.append(self._place(key))

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep the arrays of an entry.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        self.put_packed(key, packed(arrays))

    def put_packed(self, key: str, content: bytes) -> None:
        """Keep an entry whose arrays are packed already.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._place(key), lambda file: Path(file).write_bytes(_checksum(key, content) + content))

    def get_table(self, key: str) -> dict[int, dict[str, float]] | None:
        """Return numbers by replication and name; None where there are none, or where they are damaged."""
        found = self.get(key)
        if found is None:
            return None
        names = found["names"].tolist()
        rows = zip(found["replications"].tolist(), found["numbers"].tolist(), strict=True)
        return {index: dict(zip(names, row, strict=True)) for index, row in rows}

    def put_table(self, key: str, table: Mapping[int, Mapping[str, float]]) -> None:
        """Keep numbers by replication and name, the same names for every replication.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        numbers = np.array([list(row.values()) for row in table.values()], dtype=np.float64)
        names, indices = np.array(list(next(iter(table.values())))), np.array(list(table))
        self.put(key, {"names": names, "replications": indices, "numbers": numbers})

    def _place(self, key: str) -> Path:
        return self.folder / f"{key}{ENDING}"

    def _adopt(self, path: Path) -> None:
        """Make an entry of another store one of this one too, without a second copy of its bytes where that can be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / path.name
        with suppress(OSError):
            place.unlink(missing_ok=True)
            place.hardlink_to(path)
        if not place.is_file():
            write_whole(place, lambda file: Path(file).write_bytes(path.read_bytes()))


class Basket(Store):
    """A store in memory: what a process takes along that cannot see the folder, and brings back from it."""

    def __init__(self, known: Mapping[str, Arrays]) -> None:
        super().__init__(Path())
        self._known = dict(known)
        self.new: dict[str, bytes] = {}
        """What was put into it, packed."""

    def __contains__(self, key: str) -> bool:
        """Tell whether there is an entry."""
        return key in self._known

    def get(self, key: str) -> Arrays | None:
        """Return the arrays of an entry; None where there is none."""
        return self._known.get(key)

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep the arrays of an entry."""
        self.new[key] = packed(arrays)


def fingerprint(content: Any) -> str:
    """Return the name of what follows from `content` (plain values) under the program as it is."""
    text = json.dumps([program(), content], sort_keys=True, default=repr)
    return sha256(text.encode()).hexdigest()[:40]


def _entries(folder: Path) -> list[Path]:
    return [path for path in _inside(folder) if path.suffix == ENDING]


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted; nothing where it is a link, no folder, or may not be looked into."""
    with suppress(OSError):
        if not folder.is_symlink() and folder.is_dir():
            return sorted(folder.iterdir())
    return []


def _checksum(key: str, content: bytes) -> bytes:
    return sha256(key.encode() + content).digest()


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as the bytes of an entry."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as parts:
        for name in arrays:
            with parts.open(f"{name}.npy", "w") as part:
                np.lib.format.write_array(part, np.asarray(arrays[name]), allow_pickle=False)
    return file.getvalue()


def _read(path: Path, key: str) -> Arrays | None:
    """Read an entry; None where it is not whole, or another's."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    length = len(_checksum("", b""))
    if whole[:length] != _checksum(key, whole[length:]):
        return None
    try:
        return _unpacked(whole[length:])
    except _NO_ENTRY:
        return None


def _unpacked(content: bytes) -> Arrays | None:
    """Return the arrays of an entry, none of which may hold objects; None where they would swell beyond measure."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > max(_SWELLS * len(content), _SMALL):
            return None
        for name in parts.namelist():
            with parts.open(name) as part:
                found[name.removesuffix(".npy")] = np.lib.format.read_array(part, allow_pickle=False)
    return found
