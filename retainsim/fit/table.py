"""Table: customer data as it lies in a file, each row with its number there, whatever the format."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retainsim.draws import Ints
from retainsim.errors import DataError, UsageError
from retainsim.fit.audit import Audit

MOST_COLUMNS = 1_000
"""A table with more is taken for a matrix that was exported by mistake."""
_EXCEL = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Table:
    """Columns of text or of values, and where each row stands.

    Parameters
    ----------
    frame
        The columns, n rows.
    rows
        The number of each row in the file, the head being row 1; in a DataFrame its place, from 0. Shape (n,).
    name
        What messages call the file.
    """

    frame: pd.DataFrame
    rows: Ints
    name: str

    def __len__(self) -> int:
        return len(self.frame)


def read(path: str | os.PathLike[str], audit: Audit) -> Table:
    """Read a CSV, Parquet or Excel file, by its ending.

    Raises
    ------
    DataError
        If the file is missing, empty, damaged, of another kind or no table.
    """
    place = Path(path)
    if not place.is_file():
        raise DataError(f"{place}: there is no such file; give a CSV, Parquet or Excel file")
    if place.stat().st_size == 0:
        raise DataError(f"{place.name}: the file is empty; export the customers again, with a first row of names")
    ending = place.suffix.lower()
    if ending in (".parquet", ".pq"):
        table = _parquet(place)
    elif ending in _EXCEL:
        from retainsim.fit.spreadsheet import read as read_excel

        table = read_excel(place)
    elif ending == ".xls":
        raise DataError(f"{place.name}: the format of Excel before 2007 is not read; save it as .xlsx or .csv")
    else:
        from retainsim.fit.delimited import read as read_csv

        table = read_csv(place, audit)
    return checked(table, audit)


def of_frame(frame: pd.DataFrame, audit: Audit) -> Table:
    """Take a DataFrame as a table; rows are named by their place, from 0.

    Raises
    ------
    UsageError
        If it is no DataFrame.
    DataError
        If it is no table of customers.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"a {type(frame).__name__} was given; give a DataFrame or the path of a file")
    index = frame.index.name is not None or isinstance(frame.index, pd.MultiIndex)
    flat = frame.reset_index() if index else frame.reset_index(drop=True)
    return checked(Table(flat, np.arange(len(flat)), "the DataFrame"), audit)


def checked(table: Table, audit: Audit) -> Table:
    """Return a table whose columns have names of their own and that may hold customers.

    Raises
    ------
    DataError
        If it has no rows, one row, one column or more than MOST_COLUMNS.
    """
    wide = table.frame.shape[1]
    if wide > MOST_COLUMNS:
        raise DataError(
            f"{table.name}, row 1: {wide:,} columns; at most {MOST_COLUMNS:,} are read. Keep those about the "
            "customers, one row each"
        )
    if not len(table):
        raise DataError(f"{table.name}: row 1 names the columns, and no row follows; at least two are needed")
    if len(table) == 1:
        row = int(table.rows[0])
        raise DataError(f"{table.name}, row {row}: the only row; one customer says nothing about a pool")
    if wide == 1:
        raise DataError(
            f"{table.name}, row 1: only one column was found, {str(table.frame.columns[0])[:60]!r}; columns are "
            "separated by a comma, a semicolon, a tab or |"
        )
    frame = table.frame.set_axis(_named(table.frame.columns, audit), axis=1)
    audit.rows = table.rows
    return Table(frame, table.rows, table.name)


def _named(columns: pd.Index, audit: Audit) -> list[str]:
    """Return names that are neither blank nor the same."""
    names: list[str] = []
    for number, column in enumerate(columns, 1):
        text = "" if column is None or column != column else str(column).strip()
        name = text or f"column {number}"
        if name in names:
            name = f"{name} ({number})"
            audit.say("mended", f"column {number} has the name of another; it is called {name!r} here")
        names.append(name)
    return names


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(f"{path.name}: it cannot be read as Parquet ({first}); export it again, or as CSV") from None
    frame = found.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    return Table(frame, np.arange(1, len(frame) + 1), path.name)
