"""Delimited: a text file whose cells are separated by commas, semicolons, tabs or bars."""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retainsim.errors import DataError
from retainsim.fit.audit import Audit
from retainsim.fit.spells import Bools
from retainsim.fit.table import MOST_COLUMNS, Table

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LOOK = 1 << 16
"""Bytes at the start of a file by which its kind is told."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KINDS = {b"PK\x03\x04": "an Excel file or another archive; call it .xlsx", b"PAR1": "Parquet; call it .parquet",
          b"%PDF": "a PDF; export the table as CSV", b"\x1f\x8b": "compressed; unpack it first"}  # fmt: skip


def read(path: Path, audit: Audit) -> Table:
    """Read a text file as columns of text; rows that have too many or too few cells are left out and named.

    Raises
    ------
    DataError
        If the file is binary, its encoding changes within it, its first row names no columns, or most of its
        rows do not fit the first.
    """
    content = _text(path, audit)
    mark, names = _head(path.name, content)
    audit.say("read", f"cells are separated by a {DELIMITERS[mark]}")
    table, wrong = _parsed(path.name, content, mark, names)
    rows = np.setdiff1d(np.arange(2, len(table) + len(wrong) + 2), wrong)
    if len(wrong) > len(table):
        raise DataError(
            f"{path.name}, row {wrong[0]}: most rows have not the {len(names)} cells of the first, such as this one; "
            f"is the separator a {DELIMITERS[mark]}, and are quotes closed?"
        )
    audit.name("left out", f"another number of cells than the {len(names)} of the first row", wrong)
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    holds = _holds(frame)
    return Table(frame[holds].reset_index(drop=True), rows[holds], path.name)


def _holds(frame: pd.DataFrame) -> Bools:
    """Tell which rows are more than a blank line, column by column, for most are told by the first."""
    holds = np.zeros(len(frame), dtype=bool)
    for place in range(frame.shape[1]):
        if holds.all():
            break
        holds |= (frame.iloc[:, place] != "").to_numpy(dtype=bool)
    return holds


def _text(path: Path, audit: Audit) -> bytes:
    """Return the content as UTF-8, whatever encoding it has in the file."""
    content = path.read_bytes()
    kind = next((text for start, text in _KINDS.items() if content.startswith(start)), None)
    if kind:
        raise DataError(f"{path.name}, row 1: the file is {kind}")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _again(path.name, content[len(mark) :], encoding)
    if b"\0" in content[:_LOOK]:
        row = content[: content.index(b"\0")].count(b"\n") + 1
        raise DataError(f"{path.name}, row {row}: the file is binary, not text; export the customers as CSV")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _western(path.name, content, error.start, audit)
    return content


def _again(name: str, content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{name}, row {row}: it says it is {encoding} and is not; save the file anew as UTF-8"
        ) from None


def _western(name: str, content: bytes, start: int, audit: Audit) -> bytes:
    """Read bytes that are no UTF-8 as Windows-1252, unless other letters of the file are UTF-8."""
    row = content[:start].count(b"\n") + 1
    letters = re.findall(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}", content)
    if letters:
        raise DataError(
            f"{name}, row {row}: byte {content[start]:#04x} is no UTF-8, and other letters of the file are; two "
            "encodings were mixed. Save all of it as UTF-8"
        )
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(f"{name}, row {row}: neither UTF-8 nor Windows-1252; save the file anew as UTF-8") from None
    audit.say("read", f"the text is no UTF-8 (row {row}); it was read as Windows-1252")
    return text.encode("utf-8")


def _head(name: str, content: bytes) -> tuple[str, list[str]]:
    """Return the separator and the names of the columns."""
    lines = content[:_LOOK].decode("utf-8", errors="ignore").splitlines()[:50]
    if not lines or not lines[0].strip():
        raise DataError(f"{name}, row 1: it is blank; the first row must name the columns")
    mark = max(DELIMITERS, key=lambda each: _fit(lines, each))
    names = next(csv.reader(io.StringIO(lines[0]), delimiter=mark))
    if len(names) > MOST_COLUMNS or content.find(b"\n", 0, _LOOK) < 0 < len(content) - _LOOK:
        wide = content.split(b"\n", 1)[0].count(mark.encode()) + 1
        raise DataError(
            f"{name}, row 1: {wide:,} columns; at most {MOST_COLUMNS:,} are read. Keep those about customers"
        )
    if all(re.fullmatch(r"[-+]?[\d.,:/ -]+", cell.strip()) for cell in names):
        raise DataError(f"{name}, row 1: {', '.join(names[:3])} are values; the first row must name the columns")
    return mark, names


def _fit(lines: list[str], mark: str) -> tuple[int, int]:
    """Return how many lines have as many cells as the first, and how many these are."""
    counts = [len(row) for row in csv.reader(lines, delimiter=mark)]
    return (sum(count == counts[0] for count in counts), counts[0]) if counts and counts[0] > 1 else (0, 0)


def _parsed(name: str, content: bytes, mark: str, names: list[str]) -> tuple[Any, list[int]]:
    """Return the columns as text, and the numbers of the rows that do not fit."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    wrong: list[int] = []

    open_quotes: list[tuple[int, int]] = []

    def skip(row: Any) -> str:
        wrong.append(row.number)
        if row.text.strip().count("\n"):
            open_quotes.append((row.number, row.text.strip().count("\n")))
        return "skip"

    keys = [str(place) for place in range(len(names))]
    parse = arrow.ParseOptions(
        delimiter=mark, newlines_in_values=b'"' in content, invalid_row_handler=skip, ignore_empty_lines=False
    )
    convert = arrow.ConvertOptions(column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False)
    # Rows are told by their number only if one thread reads them.
    options = arrow.ReadOptions(column_names=keys, skip_rows_after_names=0, use_threads=False, block_size=1 << 24)
    try:
        table = arrow.read_csv(pa.BufferReader(content), options, parse, convert)
    except pa.ArrowException as error:
        raise DataError(f"{name}: it cannot be read ({str(error).splitlines()[0]}); save it anew as CSV") from None
    if open_quotes:
        row, lines = open_quotes[0]
        raise DataError(
            f"{name}, row {row}: a quote that opens there takes in {lines:,} more lines, and leaves another number of "
            f"cells than the {len(names)} of the first row; close it, or take it out"
        )
    return table.slice(1).rename_columns([each.strip() for each in names]), wrong
