"""Orders: a table with a row a purchase, as what each customer did, each row used or accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.errors import DataError
from retainsim.fit import value
from retainsim.fit.purchase import Purchases
from retainsim.fit.reader import Reader
from retainsim.units import DAYS_PER_MONTH

FEW = 20
"""Customers who bought again below which nothing can be said."""


@dataclass(frozen=True)
class Orders:
    """Purchases in the order of customer and day, m of them by n customers.

    Parameters
    ----------
    customer
        Number of the customer, 0 to n - 1, shape (m,).
    day
        Day since 1970, likewise.
    amount
        What was spent; None where the data do not say.
    until
        Day on which observation ended.
    """

    customer: Ints
    day: Floats
    amount: Floats | None
    until: float

    @property
    def count(self) -> int:
        """Return how many customers there are."""
        return int(self.customer[-1]) + 1

    @property
    def first(self) -> Floats:
        """Return the day of each customer's first purchase, shape (n,)."""
        return self.day[np.flatnonzero(np.diff(self.customer, prepend=-1))]

    @property
    def last(self) -> Floats:
        """Return the day of each customer's last purchase, shape (n,)."""
        return self.day[np.flatnonzero(np.diff(self.customer, append=self.count))]

    def summary(self) -> Purchases:
        """Return repeats, time to the last and time seen, in months, of every customer."""
        repeats, last, seen = self.columns()
        return Purchases.of(repeats, last, seen)

    def columns(self) -> tuple[Floats, Floats, Floats]:
        """Return the same as arrays of shape (n,)."""
        first, repeats = self.first, np.bincount(self.customer).astype(np.float64) - 1.0
        seen = np.maximum(self.until - first, 0.5) / DAYS_PER_MONTH
        return repeats, np.asarray((self.last - first) / DAYS_PER_MONTH), seen

    def spend(self) -> tuple[Floats, Floats]:
        """Return each customer's mean purchase and number of purchases, shape (n,)."""
        assert self.amount is not None
        made = np.bincount(self.customer).astype(np.float64)
        return np.bincount(self.customer, self.amount) / made, made

    def before(self, day: float) -> Orders:
        """Return the purchases made up to a day, as if observation had ended then."""
        kept = self.day <= day
        _, customer = np.unique(self.customer[kept], return_inverse=True)
        return Orders(customer, self.day[kept], None if self.amount is None else self.amount[kept], day)


def read(reader: Reader, until: float | None, since: float | None) -> Orders:
    """Read a table with a row a purchase; several on one day by one customer are one.

    Raises
    ------
    DataError
        If a column is missing, or too few customers bought again.
    """
    missing = next((role for role in ("id", "date") if role not in reader), None)
    if missing:
        raise DataError(f"{reader.table.name}, row 1: no column says {missing}; say --map {missing}=COLUMN")
    codes, distinct = value.texts(reader.column("id"))
    reader.drop(
        np.array([text.lower() in value.BLANK for text in distinct], dtype=bool)[codes], "no id: whose purchase?"
    )
    dates = reader.dates("date")
    reader.need(dates, "date")
    amount = _amount(reader)
    end = until if until is not None else value.last_day(dates, kept=reader.kept)
    if until is None and reader.kept.any():
        reader.audit.say("read", f"observed until {value.date_of(end)}, the last purchase (or say --observed-until)")
    reader.drop(dates.good & (dates.values > end), "after observation ended")
    if since is not None:
        reader.drop(dates.good & (dates.values < since), "before observation began")
    found = _merged(reader, codes, dates.values, amount, end)
    _refuse_hopeless(reader, found)
    return found


def _amount(reader: Reader) -> Floats | None:
    if "amount" not in reader:
        return None
    read = reader.numbers("amount")
    reader.need(read, "amount")
    reader.drop(read.good & (np.nan_to_num(read.values) <= 0), "nothing paid, or money back: no purchase")
    return read.values


def _merged(reader: Reader, codes: Ints, day: Floats, amount: Floats | None, end: float) -> Orders:
    rows = np.flatnonzero(reader.kept)
    order = rows[np.lexsort((day[rows], codes[rows]))]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(codes[order]) != 0) | (np.diff(day[order]) != 0)
    again = np.zeros(len(codes), dtype=bool)
    again[order[~is_new]] = True
    reader.audit.mark("read", "a further purchase of one customer on one day: taken as one purchase", again)
    starts = np.flatnonzero(is_new)
    _, customer = np.unique(codes[order[starts]], return_inverse=True)
    spent = np.add.reduceat(amount[order], starts) if amount is not None and len(starts) else None
    return Orders(customer, day[order[starts]], spent, end)


def _refuse_hopeless(reader: Reader, found: Orders) -> None:
    if not len(found.customer):
        raise DataError(
            f"{reader.table.name}: no purchase can be used; {'; '.join(map(str, reader.audit.of('left out')))}"
        )
    again = int((np.bincount(found.customer) > 1).sum())
    if again < FEW:
        raise DataError(
            f"{reader.table.name}: only {again:,} of {found.count:,} customers bought again; at least {FEW} are "
            f"needed. "
            "Observe longer, or say which column holds the customer: --map id=COLUMN"
        )
