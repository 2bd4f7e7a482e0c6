"""Trace: everything that happens to every customer of one replication, in order of time, with its money."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool
from retainsim.worth import Lines

COLUMNS = ("customer", "time", "what", "why", "line", "amount")


@dataclass
class Trace:
    """A log of events, one array per column and entry.

    An event is a touch (`what`, and `why` where there is a choice), or money: an amount posted to a ledger line,
    nominal and positive as in the ledger.
    """

    pool: Pool
    lines: list[str] = field(default_factory=list)
    """Lines added up customer by customer."""
    parts: list[tuple[np.ndarray, Floats, str, np.ndarray, str, Floats]] = field(default_factory=list)

    def note(self, what: str, rows: Ints, times: Floats, *, why: np.ndarray | str = "") -> None:
        """Note a touch of each of these customers at its own time (months)."""
        self._add(what, rows, times, why, "", np.zeros(len(rows)))

    def note_money(self, line: str, rows: Ints, times: Floats, amounts: Floats) -> None:
        """Note amounts posted to a line for each of these customers at its own time (months)."""
        some = amounts != 0.0
        self._add("money", rows[some], times[some], "", line, amounts[some])

    def add_up(self, line: str, rows: Ints, amounts: Floats) -> None:
        """Add to what each of these customers has brought or cost on a line that runs with time."""
        column = f"life.{line}"
        if line not in self.lines:
            self.lines.append(line)
            self.pool.own(column, np.float64(0.0))
        self.pool[column][rows] += amounts

    def pay(self, rows: Ints, times: Floats, lines: Lines) -> None:
        """Note amounts of these customers, each at its own time (months)."""
        for line, (nominal, _) in lines.items():
            self.note_money(line, rows, times, nominal)

    def flow(self, rows: Ints, lines: Lines) -> None:
        """Add up amounts of these customers that run with time."""
        for line, (nominal, _) in lines.items():
            self.add_up(line, rows, nominal)

    def close(self, rows: Ints, times: Floats) -> None:
        """Note what these customers have brought and cost on the lines that run with time, up to their own times."""
        for line in sorted(self.lines):
            self.note_money(line, rows, times, self.pool[f"life.{line}"][rows].copy())

    def _add(self, what: str, rows: Ints, times: Floats, why: np.ndarray | str, line: str, amounts: Floats) -> None:
        if len(rows):
            reasons = np.broadcast_to(np.asarray(why, dtype=object), rows.shape)
            self.parts.append((self.pool["name"][rows].copy(), np.asarray(times).copy(), what, reasons, line, amounts))
