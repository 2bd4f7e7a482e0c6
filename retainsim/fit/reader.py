"""Reader: columns of one table read by their role, what cannot be read refused or noted with its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.errors import DataError
from retainsim.fit import column, value
from retainsim.fit.audit import Audit
from retainsim.fit.column import Guess
from retainsim.fit.spells import Bools
from retainsim.fit.table import Table
from retainsim.fit.value import Parsed

_KINDS: dict[Callable[[pd.Series], Parsed], str] = {
    value.numbers: "a number",
    value.dates: "a date",
    value.flags: "yes or no",
}
_TOO_BAD = 0.5
"""Share of a column's cells that cannot be read from which it is taken for another column."""


@dataclass
class Reader:
    """A table, what its columns mean, and which of its rows are still of use.

    Parameters
    ----------
    table, guess, audit
        The table, which column plays which role, and what was found.
    kept
        Rows still of use, shape (n,).
    """

    table: Table
    guess: Guess
    audit: Audit
    kept: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.kept = np.ones(len(self.table), dtype=bool)

    def __contains__(self, role: str) -> bool:
        return role in self.guess

    def column(self, role: str) -> pd.Series:
        """Return the column of a role."""
        return self.table.frame[self.guess.columns[role]]

    def numbers(self, role: str) -> Parsed:
        """Read a column of numbers."""
        return self._read(role, value.numbers)

    def dates(self, role: str) -> Parsed:
        """Read a column of dates, as days since 1970."""
        return self._read(role, value.dates)

    def flags(self, role: str) -> Parsed:
        """Read a column of yes and no, as who left."""
        read = self._read(role, value.flags)
        if not column.is_inverted(self.guess.columns[role]) or self._says_state(role):
            return read
        self.audit.say("read", f"{self.guess.columns[role]} says who is still there, so that no means left")
        return Parsed(1.0 - read.values, read.blank, read.bad)

    def drop(self, where: Bools, text: str) -> None:
        """Leave rows out, each once, and say why."""
        found = where & self.kept
        self.audit.mark("left out", text, found)
        self.kept &= ~found

    def need(self, read: Parsed, role: str) -> None:
        """Leave out rows without a value that nothing can do without."""
        name = self.guess.columns[role]
        self.drop(read.blank, f"{name} ({role}) is blank")
        self.drop(read.bad, f"{name} ({role}) cannot be read{self.example(read, role)}")

    def money(self, role: str) -> Floats | None:
        """Read amounts that may be missing, NaN where they are; None without such a column."""
        if role not in self:
            return None
        read, name = self.numbers(role), self.guess.columns[role]
        odd = read.good & (np.nan_to_num(read.values) < 0) & self.kept
        self.audit.mark("mended", f"{name} is blank; its mean does without", read.blank & self.kept)
        self.audit.mark(
            "mended", f"{name} cannot be read{self.example(read, role)}; its mean does without", read.bad & self.kept
        )
        self.audit.mark("mended", f"{name} is below 0; its mean does without", odd)
        return np.where(read.good & ~odd, read.values, np.nan)

    def example(self, read: Parsed, role: str) -> str:
        """Quote the first cell that cannot be read."""
        bad = np.flatnonzero(read.bad & self.kept)
        return f", such as {str(self.column(role).iloc[bad[0]])[:40]!r}" if len(bad) else ""

    def where(self, mask: Bools) -> str:
        """Name the first row of a mask, for a message."""
        return f"{self.table.name}, row {int(self.table.rows[np.argmax(mask)])}"

    def _read(self, role: str, kind: Callable[[pd.Series], Parsed]) -> Parsed:
        """Read a column.

        Raises
        ------
        DataError
            If a cell holds a formula, or most cells cannot be read.
        """
        cells = self.column(role)
        read, name = kind(cells), self.guess.columns[role]
        if read.bad.any():
            bad = cells[read.bad].astype(str).str.strip()
            formula = np.flatnonzero(read.bad)[bad.str.startswith("=").to_numpy(bool)]
            if len(formula):
                row, text = int(self.table.rows[formula[0]]), str(cells.iloc[formula[0]])[:40]
                more = f", and so do {len(formula) - 1:,} more rows" if len(formula) > 1 else ""
                raise DataError(
                    f"{self.table.name}, row {row}: {name} ({role}) holds a formula ({text}){more}; paste "
                    "values instead of formulas"
                )
        filled = ~read.blank
        if filled.any() and read.bad.sum() > _TOO_BAD * filled.sum():
            raise DataError(
                f"{self.where(read.bad)}: {name} ({role}) is not {_KINDS[kind]}{self.example(read, role)}, nor is it "
                f"in {int(read.bad.sum()) - 1:,} more of {int(filled.sum()):,} rows; say which column is meant: "
                f"--map {role}=COLUMN"
            )
        if read.how:
            self.audit.say("read", f"{name}: {read.how}")
        return read

    def _says_state(self, role: str) -> bool:
        """Tell whether a flag is written in words that say themselves who left: active, churned."""
        words = set(self.column(role).dropna().astype(str).str.strip().str.lower().unique()[:20])
        return bool(words & {"active", "inactive", "churned", "cancelled", "canceled", "left", "closed"})
