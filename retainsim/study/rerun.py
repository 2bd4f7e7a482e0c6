"""Rerun: a finished run computed once more from its folder, and every number held against the one that was kept."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from retainsim.errors import UsageError
from retainsim.results import TABLES, Results, open_run, to_json
from retainsim.study.begun import Begun
from retainsim.study.runs import Progress, run
from retainsim.version import changes, versions

SUMMARY = "summary.json"
_IDENTITY = ("arm", "replication", "month", "segment", "channel", "reason", "line")
"""Columns that say what a row is about."""
_ABSENT = "not there"


@dataclass(frozen=True)
class Difference:
    """A value that is not the one that was kept: in which file, where in it, and both values."""

    file: str
    where: str
    kept: Any
    found: Any


_EDITED = Difference(SUMMARY, "its text, though every value is equal", "edited", "as the program writes it")


@dataclass(frozen=True)
class Comparison:
    """A run against the same run computed anew.

    Parameters
    ----------
    folder
        Of the run.
    files
        Whether each file is identical, by name.
    differences
        The first few in every file.
    versions
        Of the program that made the run, and of this one.
    """

    folder: Path
    files: dict[str, bool]
    differences: list[Difference]
    versions: dict[str, dict[str, str]]

    @property
    def is_identical(self) -> bool:
        """Tell whether nothing differs."""
        return all(self.files.values())

    @property
    def report(self) -> dict[str, Any]:
        """Return all of it in plain values."""
        listed = [vars(difference) for difference in self.differences]
        return {
            "run": str(self.folder), "identical": self.is_identical, "files": self.files,
            "differences": json.loads(json.dumps(listed, default=str)), "versions": self.versions,
            "changed": changes(self.versions["kept"]),
        }  # fmt: skip


def rerun(
    folder: str | os.PathLike[str],
    *,
    jobs: int | Executor | None = None,
    progress: Progress | None = None,
    most: int = 5,
) -> Comparison:
    """Compute a finished run once more, from its scenario, without what its store knows, and compare.

    Everything must be the same to the last bit, but for the seconds it took. `most` is how many differences are named
    in each file.

    Raises
    ------
    UsageError
        If the folder holds no finished run.
    """
    begun, kept = Begun.at(folder), open_run(folder)
    if kept.interrupted:
        raise UsageError(f"{folder} was interrupted; bring it to its end first: retainsim run --resume {folder}")
    found = run(kept.scenario, jobs=jobs, progress=progress, **begun.asked)
    with tempfile.TemporaryDirectory() as place:
        anew = found.save(Path(place) / "run")
        differences = {name: _differences(Path(folder), anew, name, most) for name in _files(kept, found)}
    listed = [difference for each in differences.values() for difference in each]
    told = {"kept": begun.versions, "here": versions()}
    return Comparison(Path(folder), {name: not each for name, each in differences.items()}, listed, told)


def _files(kept: Results, found: Results) -> list[str]:
    """Return the names of the files that are compared, the summary first."""
    extras = [name for name in ("customers", "leaks", "events") if getattr(kept, name) is not None]
    saved = ["saved"] if any("whom" in arm for arm in found.report["arms"].values()) else []
    return [SUMMARY, *(f"{name}.parquet" for name in (*TABLES, *extras, *saved))]


def _differences(old: Path, new: Path, name: str, most: int) -> list[Difference]:
    if name == SUMMARY:
        kept, found = ((place / name).read_text(encoding="utf-8") for place in (old, new))
        return _of_summaries(kept, json.loads(found), most)
    if (old / name).is_file() and (old / name).read_bytes() == (new / name).read_bytes():
        return []
    if not (old / name).is_file():
        return [Difference(name, "the file", _ABSENT, "computed")]
    return _of_tables(pd.read_parquet(old / name), pd.read_parquet(new / name), name, most)


def _of_summaries(text: str, found: dict[str, Any], most: int) -> list[Difference]:
    kept = json.loads(text)
    if "run" in kept:
        found["run"]["seconds"] = kept["run"].get("seconds")
    if to_json(found) == text:
        return []
    pairs = list(_pairs(kept, found, ()))
    return [Difference(SUMMARY, *each) for each in pairs[:most]] or [_EDITED]


def _pairs(kept: Any, found: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two trees differ, and both values."""
    if isinstance(kept, dict) and isinstance(found, dict):
        for key in dict.fromkeys([*kept, *found]):
            yield from _pairs(kept.get(key, _ABSENT), found.get(key, _ABSENT), (*path, key))
    elif isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        for index, (one, other) in enumerate(zip(kept, found, strict=True)):
            yield from _pairs(one, other, (*path, str(index)))
    elif kept != found:
        yield ".".join(path), kept, found


def _of_tables(kept: pd.DataFrame, found: pd.DataFrame, name: str, most: int) -> list[Difference]:
    """Return the first cells that differ, row by row."""
    if list(kept) != list(found) or len(kept) != len(found):
        old, new = (f"{len(table):,} rows of {', '.join(map(str, table))}" for table in (kept, found))
        return [Difference(name, "its shape", old, new)]
    same = (kept.astype(object) == found.astype(object)) | (kept.isna() & found.isna())
    cells = [(row, column) for row in same.index[~same.all(axis=1)] for column in same if not same.at[row, column]]
    return [
        Difference(name, _where(kept.loc[row], str(column)), kept.at[row, column], found.at[row, column])
        for row, column in cells[:most]
    ]


def _where(row: pd.Series, column: str) -> str:
    told = [f"{key} {row[key]}" for key in _IDENTITY if key in row.index and key != column and row[key] != ""]
    return f"{column} of {', '.join(told)}" if told else f"{column} of row {row.name}"
