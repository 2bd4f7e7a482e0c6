"""Spreadsheet: the first sheet of an Excel file as a table."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retainsim.errors import DataError
from retainsim.fit.table import MOST_COLUMNS, Table


def read(path: Path) -> Table:
    """Read the first sheet that holds anything; formulas stay what they are, text that begins with "=".

    Raises
    ------
    DataError
        If the file is no Excel file, or all its sheets are empty.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True)
        for sheet in book.worksheets:
            rows = [(number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), 1) if _holds(row)]
            if rows:
                return _table(path.name, rows)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError) as error:
        raise DataError(f"{path.name}: it cannot be read as Excel ({error}); save it anew as .xlsx or .csv") from None
    raise DataError(f"{path.name}: no sheet holds anything; export the customers again")


def _holds(row: tuple[Any, ...]) -> bool:
    return any(cell is not None for cell in row)


def _table(name: str, rows: list[tuple[int, tuple[Any, ...]]]) -> Table:
    """Make a table of rows with their numbers, the first being the head."""
    head = rows[0][1]
    wide = max((place for place, cell in enumerate(head, 1) if cell is not None), default=0)
    if wide > MOST_COLUMNS:
        raise DataError(f"{name}, row {rows[0][0]}: {wide:,} columns; at most {MOST_COLUMNS:,} are read")
    body = [(row + (None,) * wide)[:wide] for _, row in rows[1:]]
    frame = pd.DataFrame(body, columns=list(head[:wide]), dtype=object)
    return Table(frame, np.array([number for number, _ in rows[1:]], dtype=np.int64), name)
