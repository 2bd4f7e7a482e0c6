"""Audit: what was found in the rows of a table, so that nothing is dropped without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

Kind: TypeAlias = Literal["read", "mended", "left out", "beware"]

SHOWN = 5
"""Rows that a note names; of the others it says how many."""


@dataclass(frozen=True)
class Note:
    """One finding.

    Parameters
    ----------
    kind
        `read`: how something was understood; `mended`: a value was changed; `left out`: the row is not used;
        `beware`: what whoever relies on the numbers should know.
    text
        What was found, and what was done about it.
    count
        Rows it holds for; 0 where it is about the whole table.
    rows
        The first of them, by their number in the file.
    """

    kind: Kind
    text: str
    count: int = 0
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        if not self.count:
            return self.text
        named = ", ".join(str(row) for row in self.rows)
        more = f" and {self.count - len(self.rows):,} more" if self.count > len(self.rows) else ""
        head = f"{self.count:,} row{'s' if self.count != 1 else ''} ({named}{more})"
        return f"{head}: {self.text}"


@dataclass
class Audit:
    """What has been found so far; `rows` are the numbers of the table's rows in the file, shape (n,)."""

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    notes: list[Note] = field(default_factory=list)

    def say(self, kind: Kind, text: str) -> None:
        """Note something about the whole table."""
        self.notes.append(Note(kind, text))

    def mark(self, kind: Kind, text: str, where: ArrayLike) -> None:
        """Note something about the rows of a mask, shape (n,); nothing where there are none."""
        found = np.flatnonzero(np.asarray(where))
        self.name(kind, text, self.rows[found])

    def name(self, kind: Kind, text: str, rows: ArrayLike) -> None:
        """Note something about rows given by their number in the file."""
        numbers = np.asarray(rows, dtype=np.int64)
        if len(numbers):
            shown = tuple(int(row) for row in numbers[:SHOWN])
            self.notes.append(Note(kind, text, len(numbers), shown))

    def of(self, *kinds: Kind) -> Iterator[Note]:
        """Yield the notes of these kinds, in the order they were made."""
        return (note for note in self.notes if note.kind in kinds)

    @property
    def left_out(self) -> int:
        """Return how many rows are not used."""
        return sum(note.count for note in self.of("left out"))
