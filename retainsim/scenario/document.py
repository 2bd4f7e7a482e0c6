"""Document: a scenario file as read, every value with the place it came from.

Nothing here knows what a key means. A file and the bases that it `extends` become one tree of plain values,
and a map that tells for each of them which file, line and column to name in a message.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.errors import ScenarioError
from retainsim.scenario.hints import did_you_mean
from retainsim.scenario.positions import find_long_key, find_open_brackets, find_positions, position_at
from retainsim.scenario.reach import WITHIN

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES = 2**20  # that a file may have: a hundred times a long scenario
DEPTH = 64  # that tables and arrays may nest: what comes after may recurse without fear
FILES = 8  # that may extend one another
BOM = b"\xef\xbb\xbf"
WHERE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
LONG_NUMBER = re.compile(r"\d[\d_]{4300,}")


@dataclass(frozen=True)
class Place:
    """A place in a file: line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Document:
    """A scenario as plain values, before anything is known about their meaning.

    Attributes
    ----------
    tree
        The values, merged with those of the bases; the key `extends` is taken out.
    places
        For the path of every value in `tree`: where it is written, in the file that it came from.
    sources
        The names of the files, outermost first.
    text
        What the outermost file says.
    """

    tree: dict[str, Any]
    places: dict[tuple[str | int, ...], Place]
    sources: tuple[str, ...]
    text: str

    def place(self, path: tuple[str | int, ...]) -> Place:
        """Return where `path` is written, or else what is nearest around it, or else the file's start."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return Place(self.sources[0], 1, 1)

    def at(self, path: tuple[str | int, ...]) -> str:
        """Return the place of `path` as a message names it: `file:line:column`."""
        return str(self.place(path))


def read(path: str | os.PathLike[str]) -> Document:
    """Read a scenario file, and the files that it `extends`.

    Raises
    ------
    ScenarioError
        If a file cannot be opened, has more than 1 MB, is not UTF-8, not TOML or nests more than 64 deep;
        if `extends` names no file, leads out of the folder of `path` (see `reach`),
        in a circle or past 8 files.
    """
    name = os.fspath(path)
    return _read(name, f"{name}:1:1:", ())


def parse(text: str, name: str = "<scenario>") -> Document:
    """Read a scenario from `text`, which messages call `name`.

    Raises
    ------
    ScenarioError
        If `text` is not TOML, nests more than 64 deep, or has the key `extends`: a text is in no folder.
    """
    document = _parsed(text, name)
    if "extends" in document.tree:
        at = document.at(("extends",))
        raise ScenarioError(f"{at} extends: only a file can extend another; save this text as a file first")
    return document


def dump(tree: Mapping[str, Any]) -> str:
    """Write plain values as TOML, from which `tomllib.loads` makes the same tree again.

    Raises
    ------
    ValueError
        If a number is infinite or not a number.
    """
    import tomli_w  # here, because only the commands that write a scenario need it

    text = tomli_w.dumps(tree)
    tomllib.loads(text, parse_float=_finite)
    return text


def _finite(number: str) -> float:
    if not math.isfinite(float(number)):
        raise ValueError(f"a scenario cannot hold the number {number}, only finite ones")
    return float(number)


def _read(name: str, caller: str, chain: tuple[str, ...]) -> Document:
    """Read file `name`, which the files of `chain` led to; `caller` is the place that named it."""
    document = _parsed(_decoded(_loaded(name, caller), name), name)
    if "extends" not in document.tree:
        return document
    at, chain = f"{document.at(('extends',))} extends:", (*chain, name)
    return _merged(_read(_base(document.tree["extends"], at, chain), at, chain), document)


def _loaded(name: str, caller: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            data = file.read(BYTES + 1)
            size = max(len(data), os.fstat(file.fileno()).st_size)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{caller} {_why_closed(Path(name), error)}") from None
    if len(data) > BYTES:
        megabytes = math.ceil(size / BYTES * 10) / 10  # rounded up: 1.0 would not look like too much
        problem = f"the file has {megabytes} MB; a scenario file may have at most 1 MB; is it the right one?"
        raise ScenarioError(f"{name}:1:1: {problem}")
    return data


def _why_closed(path: Path, error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return f'"{path}" is a folder; name a file in it'
    if not isinstance(error, FileNotFoundError):
        return f'the file "{path}" cannot be read ({getattr(error, "strerror", None) or error})'
    hint = did_you_mean(path.name, (other.name for other in path.parent.glob("*.toml")))
    return f'there is no file "{path}"{hint or "; check its name and folder"}'


def _decoded(data: bytes, name: str) -> str:
    bom = len(BOM) if data.startswith(BOM) else 0
    try:
        return data[bom:].decode()
    except UnicodeDecodeError as error:
        offset = bom + error.start
        place = Place(name, *position_at(before := data[bom:offset].decode(), len(before)))
        found = f"byte 0x{data[offset]:02x} at offset {offset}"
        raise ScenarioError(f"{place}: the file is not UTF-8 ({found}); save it as UTF-8") from None


def _parsed(text: str, name: str) -> Document:
    """Return a document of one text alone, its key `extends` still in it."""
    if position := find_long_key(text, DEPTH):
        raise _too_deep(Place(name, *position))
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(Place(name, *find_open_brackets(text, DEPTH))) from None
    except ValueError as error:
        raise ScenarioError(_why_broken(str(error), text, name)) from None
    places = {path: Place(name, *position) for path, position in find_positions(text).items()}
    for path in places:
        if len(path) > DEPTH:
            raise _too_deep(places[path])
    return Document(tree, places, (name,), text)


def _too_deep(place: Place) -> ScenarioError:
    return ScenarioError(f"{place}: nested more than {DEPTH} deep here; a scenario needs less than ten")


def _why_broken(message: str, text: str, name: str) -> str:
    """Return the message of `tomllib`, with its place moved to the front."""
    if not (found := WHERE.fullmatch(message)):  # only a number too long for Python comes without a place
        number = LONG_NUMBER.search(text)
        place = Place(name, *position_at(text, number.start() if number else 0))
        return f"{place}: a number has thousands of digits; a scenario needs less than twenty"
    line, column = map(int, found.group(2, 3)) if found[2] else position_at(text, len(text))
    return f"{name}:{line}:{column}: this is not TOML: {found[1]}"


def _base(extends: object, at: str, chain: tuple[str, ...]) -> str:
    """Return the name of the file that the last one of `chain` extends, if it may."""
    if not isinstance(extends, str) or not extends or "\0" in extends:
        raise ScenarioError(f'{at} not a file name (got {extends!r:.60}); write extends = "base.toml"')
    base = str(Path(chain[-1]).parent / extends)
    root = _real(WITHIN.get() or Path(chain[0]).parent)
    if not _real(base).is_relative_to(root):
        where = f'the folder of "{chain[0]}"' if WITHIN.get() is None else "what may be read"
        raise ScenarioError(f'{at} "{base}" is outside {where}; put it into {root} or below, or allow more (--within)')
    listed = " -> ".join([*chain, base])
    if _real(base) in [_real(name) for name in chain]:
        raise ScenarioError(f"{at} the files lead in a circle: {listed}; take one `extends` out")
    if len(chain) >= FILES:
        raise ScenarioError(f"{at} more than {FILES} files extend one another: {listed}; merge some")
    return base


def _real(path: str | Path) -> Path:
    """Return `path` without links; unlike `Path.resolve` also if links lead in a circle."""
    return Path(os.path.realpath(path))


def _merged(base: Document, over: Document) -> Document:
    """Lay `over` on `base`: tables merge key by key, anything else replaces."""
    changes = {key: value for key, value in over.tree.items() if key != "extends"}
    places = {path: place for path, place in base.places.items() if not _is_replaced(path, changes)}
    places |= {path: place for path, place in over.places.items() if path != ("extends",)}
    tree = _overlaid(base.tree, changes)
    return replace(over, tree=tree, places=places, sources=over.sources + base.sources)


def _overlaid(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    tables = {
        key: _overlaid(base[key], value)
        for key, value in over.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return base | over | tables


def _is_replaced(path: tuple[str | int, ...], over: Any) -> bool:
    """Tell whether something in `over`, other than a table, takes the place of what `path` leads through."""
    for key in path:
        if not isinstance(over, dict) or isinstance(key, int):
            return True
        if key not in over:
            return False
        over = over[key]
    return True
