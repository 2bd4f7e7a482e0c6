"""Ledger: the books of one replication: who came, who went, and every euro, posted once to one line.

Rows are calendar months: row 0 is the opening (and what happens at that very instant), row m holds what happens
in (m - 1, m]. Cells are segments x origins, each with one extra entry for what belongs to none. Amounts are
positive in every line; the class of a line says which way they count.
"""

from __future__ import annotations

import math

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.errors import BooksError

SIGNS = {"revenue": 1.0, "variable": -1.0, "fixed": -1.0, "capital": -1.0, "tax": -1.0}
TAXED = ("revenue", "variable", "fixed")
TOLERANCE = 1e-9


class Ledger:
    """The books.

    Parameters
    ----------
    months
        Horizon.
    segments, origins, reasons
        How many there are of each.
    discounting
        Continuous discount rate per month.
    """

    def __init__(self, months: int, segments: int, origins: int, reasons: int, discounting: float) -> None:
        cells = (months + 1, segments, origins)
        self.months, self.discounting = months, discounting
        self.opening = np.zeros(cells[1:], np.int64)
        self.pool, self.joined, self.moved, self.returned = (np.zeros(cells, np.int64) for _ in range(4))
        self.purchases = np.zeros(cells, np.int64)
        self.left = np.zeros((*cells, reasons), np.int64)
        self.fed: dict[str, Floats] = {}
        """Leavings by the mechanism that fed them, shape (months + 1, reasons); together they are `left`."""
        self.classes: dict[str, str] = {}
        self.amounts: dict[str, Floats] = {}
        self.present_values: dict[str, Floats] = {}
        """Per line, shape (months + 2,): value at month 0 of what is paid by each month; the last is later."""
        self.segment_values: dict[str, Floats] = {}
        """Per line, shape (segments + 1,): value at month 0 of what is paid by each segment; the last is the firm's."""
        self._cash = np.zeros(months + 1)
        self._shape = (months + 1, segments + 1, origins + 1)

    def open(self, line: str, kind: str) -> None:
        """Open a line of a class (revenue, variable, fixed, capital, tax); opening it again changes nothing."""
        if self.classes.setdefault(line, kind) != kind:
            raise BooksError(f"ledger line {line}: opened as {self.classes[line]} and as {kind}")
        self.amounts.setdefault(line, np.zeros(self._shape))
        self.present_values.setdefault(line, np.zeros(self.months + 2))
        self.segment_values.setdefault(line, np.zeros(self._shape[1]))

    def post(self, line: str, amount: float, *, at: float, segment: int = -1, origin: int = -1) -> None:
        """Post one amount (money) paid at month `at`; beyond the horizon it is not this run's."""
        if at > self.months:
            return
        row = month_row(at)
        self.amounts[line][row, segment, origin] += amount
        self.present_values[line][row] += amount * math.exp(-self.discounting * at)
        self.segment_values[line][segment] += amount * math.exp(-self.discounting * at)
        self._cash[row] += SIGNS[self.classes[line]] * amount

    def post_all(self, line: str, amounts: Floats, times: Floats, segments: Ints, origins: Ints) -> None:
        """Post amounts (money) at their own times (months), all within one span, to their own cells."""
        shape, cells = (self._shape[1] - 1, self._shape[2] - 1), segments * (self._shape[2] - 1) + origins
        paid = amounts, amounts * np.exp(-self.discounting * times)
        row = month_row(float(times.max(initial=0.0)))
        nominal, valued = (np.bincount(cells, each, shape[0] * shape[1]).reshape(shape) for each in paid)
        self.add(line, row, nominal.astype(np.float64), valued.astype(np.float64))

    def post_each(self, line: str, amount: float, times: Floats, *, segment: int, origin: int) -> None:
        """Post the same amount (money) once for each of `times` (months), all in one cell."""
        if amount:
            for time in times:  # a handful of happenings a span, each with its own date
                self.post(line, amount, at=float(time), segment=segment, origin=origin)

    def add(self, line: str, row: int, amounts: Floats, values: Floats, lag: Floats | float = 0.0) -> None:
        """Add a month's amounts and their values at month 0, by cell, shape (segments, origins).

        `lag` is how many months later than it is earned an amount is paid, broadcast over the cells.
        """
        self.amounts[line][row, :-1, :-1] += amounts
        self._cash[row] += SIGNS[self.classes[line]] * exact_sum(amounts)
        if not (lag if isinstance(lag, float) else lag.any()):
            self.present_values[line][row] += exact_sum(values)
            self.segment_values[line][:-1] += values.sum(axis=1)
            return
        late = np.broadcast_to(lag, values.shape)
        paid, worth = (
            np.minimum(row + np.ceil(late).astype(np.int64), self.months + 1),
            np.exp(-self.discounting * late),
        )
        np.add.at(self.present_values[line], paid, values * worth)
        self.segment_values[line][:-1] += (values * worth).sum(axis=1)

    def add_firm(self, line: str, row: int, amount: float, value: float, origin: int = -1) -> None:
        """Add a month's amount that belongs to no segment (and maybe to no origin)."""
        self.amounts[line][row, -1, origin] += amount
        self.present_values[line][row] += value
        self.segment_values[line][-1] += value
        self._cash[row] += SIGNS[self.classes[line]] * amount

    def count(self, counts: Ints, row: int, *cells: Ints) -> None:
        """Count one happening per entry of `cells` in a table of happenings."""
        np.add.at(counts, (np.full(len(cells[0]), row), *cells), 1)

    def feed(self, source: str, months: Ints, reasons: Ints, shares: Floats) -> None:
        """Count shares of leavings as fed by a mechanism."""
        table = self.fed.setdefault(source, np.zeros((self.months + 1, self.left.shape[3])))
        np.add.at(table, (months, reasons), shares)

    def count_moves(self, times: Floats, old: Ints, new: Ints, origins: Ints) -> None:
        """Count customers out of one segment and into another."""
        rows = np.ceil(times).astype(np.int64)
        np.add.at(self.moved, (rows, old, origins), -1)
        np.add.at(self.moved, (rows, new, origins), 1)

    def tax(self, row: int, rate: float) -> None:
        """Post the tax on a month's taxable profit, losses relieved, dated by the cash behind it."""
        if rate == 0.0:
            return
        self.open("tax", "tax")
        for line in sorted(self.classes):
            if self.classes[line] in TAXED:
                sign = SIGNS[self.classes[line]] * rate
                self.amounts["tax"][row] += sign * self.amounts[line][row]
                self._cash[row] -= sign * exact_sum(self.amounts[line][row])

    def tax_values(self, rates: Floats) -> None:
        """Value the tax, given each month's rate, shape (months + 1,): each line's cash is taxed at its rate."""
        if not rates.any():
            return
        wide = np.append(rates, rates[-1])
        for line in sorted(self.classes):
            if self.classes[line] in TAXED:
                self.present_values["tax"] += SIGNS[self.classes[line]] * wide * self.present_values[line]

    def npv(self) -> float:
        """Return the value at month 0 of all cash of the run (money), without closing value."""
        return sum(SIGNS[self.classes[k]] * float(self.present_values[k].sum()) for k in sorted(self.classes))

    def balance(self) -> float:
        """Check that the books balance and return the largest relative error.

        Raises
        ------
        BooksError
            If opening + joined + returned - left + moved is not the pool counted in any month and cell, or if
            the lines do not add up to the cash to within 1e-9.
        """
        flows = self.joined + self.returned + self.moved - self.left.sum(axis=3)
        expected = self.opening + np.cumsum(flows, axis=0)
        heads = np.abs(expected - self.pool).max(initial=0) / max(1, int(self.pool.max(initial=0)))
        total = np.zeros(self.months + 1)
        scale = 1.0
        for line in sorted(self.classes):
            total += SIGNS[self.classes[line]] * self.amounts[line].sum(axis=(1, 2))
            scale = max(scale, float(np.abs(self.amounts[line]).sum()))
        with np.errstate(invalid="ignore"):
            gap = float(np.abs(total - self._cash).max()) / scale
        error = float(np.max([float(heads), gap]))
        if not error <= TOLERANCE:
            raise BooksError(f"the books do not balance: relative error {error:.3g}, allowed {TOLERANCE:g}")
        return error


def cohort_width(months: int) -> int:
    """Return how many months of joining make a cohort: 1, or 12 where the horizon is beyond 20 years."""
    return 1 if months <= 240 else 12


def exact_sum(amounts: Floats) -> float:
    """Add amounts of any shape up, rounded once: the same for any order, and whatever zeros stand between them."""
    return math.fsum(amounts.ravel().tolist())


def month_row(time: float) -> int:
    """Return the row of a time (months): 0 at month 0, m in (m - 1, m]."""
    return math.ceil(time)
