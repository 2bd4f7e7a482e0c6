"""Cohorttable: survivors of cohorts by period, in any of the three ways people lay them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import DataError
from retainsim.fit import column, shape, value
from retainsim.fit.audit import Audit
from retainsim.fit.reader import Reader
from retainsim.fit.spells import Spells
from retainsim.fit.table import Table
from retainsim.units import DAYS_PER_MONTH

SIZE = 1_000.0
"""Customers that a cohort told in per cent is taken to have had: assumption."""
_WORDS = (("week", 84 / 365.25), ("month", 1.0), ("quarter", 3.0), ("year", 12.0), ("renewal", 12.0))


@dataclass(frozen=True)
class Cohort:
    """Customers who joined together.

    Parameters
    ----------
    name
        What the data call it.
    alive
        How many were there at the start and after each period.
    row
        Where it stands in the file, or its first row.
    """

    name: str
    alive: Floats
    row: int

    def spells(self, months: float) -> Spells:
        """Return its lives, one row for all who left in a period of so many months, one for those still there."""
        gone = self.alive[:-1] - self.alive[1:]
        weight = np.append(gone, self.alive[-1])
        exits = months * np.append(np.arange(1.0, len(self.alive)), len(self.alive) - 1)
        left = np.append(np.ones(len(gone), dtype=bool), False)
        real = weight > 0
        return Spells.of(exits[real], left[real], weight=weight[real])


def read(reader: Reader) -> tuple[list[Cohort], float]:
    """Return the cohorts, and how many months a period has.

    Raises
    ------
    DataError
        If survivors are missing, no numbers, or rise.
    """
    table, guess = reader.table, reader.guess
    if "alive" in guess and "period" in guess:
        found = _long(reader)
        months = _months(guess.columns["period"], reader.audit)
    elif shape.is_wide(table):
        found, months = _wide(table), _months(str(table.frame.columns[1]), reader.audit, _spacing(table))
    else:
        found, months = _tall(table), _months(str(table.frame.columns[0]), reader.audit)
    return [_checked(each, table, reader.audit) for each in _sized(found, reader.audit)], months


def _long(reader: Reader) -> list[Cohort]:
    """Read a row a cohort and period."""
    period, alive = reader.numbers("period"), reader.numbers("alive")
    reader.need(period, "period")
    reader.need(alive, "alive")
    names = (
        value.texts(reader.column("cohort"))
        if "cohort" in reader
        else (np.zeros(len(period.values), int), ["customers"])
    )
    found = []
    for code, name in enumerate(names[1]):
        rows = np.flatnonzero((names[0] == code) & reader.kept)
        rows = rows[np.argsort(period.values[rows], kind="stable")]
        if len(rows):
            numbers = period.values[rows]
            if not np.array_equal(numbers, numbers[0] + np.arange(len(rows))) or numbers[0] not in (0, 1):
                raise DataError(
                    f"{reader.where(np.arange(len(period.values)) == rows[0])}: periods of {name} are not 0, 1, 2 "
                    f"and so on"
                )
            found.append(
                _started(
                    Cohort(name, alive.values[rows], int(reader.table.rows[rows[0]])), float(numbers[0]), reader.table
                )
            )
    return found


def _wide(table: Table) -> list[Cohort]:
    """Read a row a cohort, a column a period."""
    names = value.texts(table.frame.iloc[:, 0])
    places = [place for place, name in enumerate(table.frame.columns) if place and shape.period_of(name) is not None]
    first = shape.period_of(table.frame.columns[places[0]]) or 0.0
    cells = np.stack([value.numbers(table.frame.iloc[:, place]).values for place in places], axis=1)
    return [
        _started(
            Cohort(names[1][names[0][row]] or f"row {table.rows[row]}", _known(cells[row]), int(table.rows[row])),
            first,
            table,
        )
        for row in range(len(table))
    ]


def _tall(table: Table) -> list[Cohort]:
    """Read a row a period, a column a cohort."""
    first = float(value.numbers(table.frame.iloc[:, 0]).values[0])
    return [
        _started(Cohort(str(name), _known(value.numbers(table.frame[name]).values), int(table.rows[0])), first, table)
        for name in table.frame.columns[1:]
    ]


def _known(cells: Floats) -> Floats:
    """Return the values up to the last one, so that a blank between others stays to be refused."""
    known = np.flatnonzero(~np.isnan(cells))
    return cells[: known[-1] + 1] if len(known) else cells[:0]


def _started(cohort: Cohort, first: float, table: Table) -> Cohort:
    """Put the whole cohort before period 1, where shares start there."""
    if first == 0 or not len(cohort.alive):
        return cohort
    whole = 1.0 if np.nanmax(cohort.alive) <= 1 else 100.0
    if np.nanmax(cohort.alive) > whole:
        raise DataError(
            f"{table.name}, row {cohort.row}: {cohort.name} begins with period {first:g}; say in period 0 how many "
            f"joined"
        )
    return Cohort(cohort.name, np.append(whole, cohort.alive), cohort.row)


def _sized(found: list[Cohort], audit: Audit) -> list[Cohort]:
    """Return cohorts as numbers of customers, also where they are told in shares."""
    starts = {float(cohort.alive[0]) for cohort in found if len(cohort.alive)}
    whole = 1.0 if starts == {1.0} else 100.0 if starts == {100.0} else 0.0
    if not whole or all((cohort.alive == np.round(cohort.alive)).all() for cohort in found):
        return found
    audit.say(
        "beware",
        f"survivors are told in shares; each cohort is taken to have had {SIZE:,.0f} customers: with fewer, "
        f"intervals are wider",
    )
    return [Cohort(cohort.name, cohort.alive * SIZE / whole, cohort.row) for cohort in found]


def _checked(cohort: Cohort, table: Table, audit: Audit) -> Cohort:
    where, alive = f"{table.name}, row {cohort.row}: {cohort.name}", cohort.alive
    if len(alive) < 2:
        raise DataError(f"{where} has {len(alive)} periods; at least two are needed")
    if np.isnan(alive).any() or (alive < 0).any():
        place = int(np.argmax(np.isnan(alive) | (alive < 0)))
        raise DataError(f"{where}: survivors of period {place} are blank, below 0 or no number; fill them in")
    rise = np.flatnonzero(np.diff(alive) > 1e-9)
    if len(rise):
        place = int(rise[0])
        raise DataError(
            f"{where}: survivors rise from {alive[place]:g} to {alive[place + 1]:g} in period {place + 1}; who "
            f"came back "
            "is no survivor. Count those who never left"
        )
    if alive[0] == alive[-1]:
        raise DataError(f"{where}: nobody left, so that nothing is known of churn")
    if alive[-1] == 0:
        raise DataError(
            f"{where}: all left, so that there is no pool to look ahead for; cut the table where some remain"
        )
    return cohort


def _months(name: str, audit: Audit, spacing: float = 0.0) -> float:
    """Return the months of a period, by the name of its column or by how far cohorts are apart."""
    found = next((months for word, months in _WORDS if word in column.plain(name)), spacing)
    if found:
        audit.say("read", f"a period is {found:.4g} month{'s' * (found != 1)}")
        return found
    audit.say(
        "beware",
        f"nothing says how long a period is; it was taken as a month. Call the column year, quarter or week "
        f"({name!r} now)",
    )
    return 1.0


def _spacing(table: Table) -> float:
    """Return how many months lie between cohorts that are called by dates; 0 where they are not."""
    days = value.dates(table.frame.iloc[:, 0])
    if not days.good.all() or len(days.values) < 2:
        return 0.0
    gap = float(np.median(np.diff(days.values))) / DAYS_PER_MONTH
    return next((months for months in (1.0, 3.0, 12.0) if abs(gap - months) < 0.1 * months), 0.0)


def is_dated(cohorts: list[Cohort]) -> bool:
    """Tell whether cohorts are called by when they joined, rather than by who they are."""
    import pandas as pd

    names = pd.Series([cohort.name for cohort in cohorts], dtype=object)
    return len(names) > 1 and bool((value.dates(names).good | value.numbers(names).good).all())
