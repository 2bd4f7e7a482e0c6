"""Shape: whether a table has a row a customer, a row or column a period of a cohort, or a row a purchase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np

from retainsim.errors import DataError
from retainsim.fit import column, value
from retainsim.fit.column import Guess
from retainsim.fit.table import Table

Shape: TypeAlias = Literal["customers", "retention", "transactions"]
SHAPES: tuple[Shape, ...] = ("customers", "retention", "transactions")
_SMALL = 400
"""A table of cohorts has at most so many rows."""


def find(table: Table, mapping: Mapping[str, str], wanted: Shape | None = None) -> tuple[Shape, Guess]:
    """Tell the shape of a table, and which column plays which role in it.

    Raises
    ------
    DataError
        If no shape fits; the message says what each would need.
    """
    column.check_mapping(mapping)
    guesses = {
        "customers": column.guess(table, column.CUSTOMERS, mapping),
        "retention": column.guess(table, column.RETENTION, mapping),
        "transactions": column.guess(table, column.TRANSACTIONS, mapping),
    }
    if wanted is not None:
        return wanted, guesses[wanted]
    for shape in ("transactions", "customers", "retention"):
        if _fits(table, shape, guesses[shape], mapping):
            return shape, guesses[shape]
    raise DataError(
        f"{table.name}, row 1: no way to read {_shown(table)}. One row a customer needs tenure and churned, or start "
        "(and end, blank while present); a retention table needs a row or column a period; transactions need id, "
        "date and amount. Say which column is which: --map start=signup_date"
    )


def _fits(table: Table, shape: Shape, guess: Guess, mapping: Mapping[str, str]) -> bool:
    if shape == "transactions":
        return _are_purchases(table, guess, mapping)
    if shape == "customers":
        return ("tenure" in guess and ("churned" in guess or "end" in guess)) or (
            "start" in guess and ("end" in guess or "churned" in guess)
        )
    return len(table) <= _SMALL and (
        {"period", "alive"} <= set(guess.columns) or is_wide(table) or is_tall(table) or _is_called_tall(table, guess)
    )


def _are_purchases(table: Table, guess: Guess, mapping: Mapping[str, str]) -> bool:
    """Tell whether customers come again, and nothing says when they left."""
    if not {"id", "date"} <= set(guess.columns) or {"tenure", "churned", "start", "end"} & set(mapping):
        return False
    if "amount" not in guess and "date" not in mapping:
        return False
    return bool(table.frame[guess.columns["id"]].nunique() < 0.9 * len(table))


def is_wide(table: Table) -> bool:
    """Tell whether the columns after the first are periods: 0, 1, 2, or month 0, month 1."""
    names = [period_of(name) for name in table.frame.columns[1:]]
    known = [each for each in names if each is not None]
    return len(known) >= 3 and bool((np.diff(known) > 0).all())


def is_tall(table: Table) -> bool:
    """Tell whether the first column counts periods and the others never rise."""
    first = value.numbers(table.frame.iloc[:, 0])
    if not first.good.all() or not (np.diff(first.values) > 0).all() or len(table) < 3:
        return False
    others = [value.numbers(table.frame.iloc[:, place]) for place in range(1, table.frame.shape[1])]
    return bool(others) and all((np.diff(o.values[o.good]) <= 0).all() and o.good.sum() >= 2 for o in others)


def _is_called_tall(table: Table, guess: Guess) -> bool:
    """Tell whether the first column is called a period and all others are numbers, so that a rise is named by row."""
    first, *others = table.frame.columns
    return guess.columns.get("period") == first and all(value.numbers(table.frame[name]).good.any() for name in others)


def period_of(name: str) -> float | None:
    """Return the period that the name of a column says: 3 for "3", "month 3" or "M3"."""
    found = re.fullmatch(r"([a-z]*)(\d{1,3})([a-z]*)", column.plain(name))
    return float(found[2]) if found and found[1] + found[3] in _PERIODS else None


_PERIODS = {
    "",
    "m",
    "y",
    "q",
    "w",
    "month",
    "months",
    "year",
    "years",
    "quarter",
    "week",
    "weeks",
    "period",
    "t",
    "renewal",
}


def _shown(table: Table) -> str:
    names = list(table.frame.columns)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more columns" if len(names) > 8 else "")


SAID: dict[Shape, str] = {
    "customers": "customers, a row each",
    "retention": "survivors of cohorts by period",
    "transactions": "purchases, a row each",
}
"""The shapes in words."""
