"""Customers: a table with a row a customer, as spells of observed life, each row used or accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retainsim.draws import Floats, Ints
from retainsim.errors import DataError
from retainsim.fit import value
from retainsim.fit.lifespan import Lifespan, by_date, by_tenure
from retainsim.fit.reader import Reader
from retainsim.fit.spells import Bools, Spells

FEW = 5
"""Leavings below which nothing can be said."""
_LONGEST = 1_200.0
"""Months: a longer life is a slip of the pen."""


@dataclass(frozen=True)
class Customers:
    """Customers whose lives can be used, n of them.

    Parameters
    ----------
    spells
        What was seen of each life; one who came back has several.
    joined
        Day of joining (since 1970), shape (n,); None where only tenures are known.
    until, since
        Days between which customers were observed; None where unknown, `since` also where from their joins on.
    price, cost
        What each pays and costs a month, NaN where unknown; None without such a column.
    channel
        Where each came from, "" where unknown; None without such a column.
    frame
        All columns of the rows used.
    named
        The column that says the segment, if one does.
    """

    spells: Spells
    joined: Floats | None
    until: float | None
    since: float | None
    price: Floats | None
    cost: Floats | None
    channel: np.ndarray | None
    frame: pd.DataFrame
    named: str | None = None

    def __len__(self) -> int:
        return len(self.spells)

    @property
    def present(self) -> Bools:
        """Return who is still there at the end of observation, shape (n,)."""
        return ~self.spells.left

    @property
    def is_dated(self) -> bool:
        """True where it is known when customers joined."""
        return self.joined is not None and self.until is not None

    def where(self, rows: Bools | Ints) -> Customers:
        """Return some of the customers."""
        return Customers(
            self.spells.where(rows),
            None if self.joined is None else self.joined[rows],
            self.until,
            self.since,
            None if self.price is None else self.price[rows],
            None if self.cost is None else self.cost[rows],
            None if self.channel is None else self.channel[rows],
            self.frame.loc[rows] if rows.dtype == bool else self.frame.iloc[rows],
            self.named,
        )


def read(reader: Reader, *, until: float | None = None, since: float | None = None) -> Customers:
    """Read a table with a row a customer.

    Parameters
    ----------
    reader
        The table and its columns.
    until, since
        Days between which customers were observed, if the user says so.

    Raises
    ------
    DataError
        If too few rows can be used, nobody left, or everybody did.
    """
    _drop_copies(reader)
    life = by_date(reader, until, since) if "start" in reader else by_tenure(reader)
    _drop_impossible(reader, life)
    _drop_same_time(reader, life)
    reason, reasons = _reasons(reader, life)
    kept = reader.kept
    if not kept.any():
        raise DataError(f"{reader.table.name}: no row can be used; {_why(reader)}")
    spells = Spells.of(life.exit[kept], life.left[kept], entry=life.entry[kept], reason=reason[kept], reasons=reasons)
    _refuse_hopeless(reader, spells, life)
    return Customers(
        spells,
        None if life.joined is None else life.joined[kept],
        life.until,
        life.since,
        _kept(reader.money("price"), kept),
        _kept(reader.money("cost"), kept),
        _words(reader, "channel"),
        reader.table.frame[kept].reset_index(drop=True),
        reader.guess.columns.get("segment"),
    )


def _kept(amounts: Floats | None, kept: Bools) -> Floats | None:
    return None if amounts is None else amounts[kept]


def _drop_copies(reader: Reader) -> None:
    """Leave out rows that say the same as an earlier one."""
    if "id" not in reader:
        reader.audit.say("read", "no column says who a customer is; every row is taken for another one")
        return
    codes, distinct = value.texts(reader.column("id"))
    blank = np.array([text.lower() in value.BLANK for text in distinct], dtype=bool)[codes]
    reader.audit.mark("mended", "no id; taken for a customer of its own", blank)
    again = np.flatnonzero((np.bincount(codes)[codes] > 1) & ~blank)
    copies = np.zeros(len(codes), dtype=bool)
    copies[again] = reader.table.frame.iloc[again].astype(str).duplicated().to_numpy()
    reader.drop(copies, "the same as an earlier row")


def _drop_impossible(reader: Reader, life: Lifespan) -> None:
    """Leave out lives that cannot be, and give those that end where they begin half a unit of time."""
    reader.drop(life.exit < 0, "leaving before joining")
    reader.drop(life.exit > _LONGEST, f"more than {_LONGEST:,.0f} months of tenure")
    early = reader.kept & (life.exit <= life.entry) & (life.entry > 0)
    reader.drop(early & life.left, "left before observation began; others who did are missing")
    reader.drop(early, "was not observed, for observation ended when it began")
    zero = reader.kept & (life.exit == 0)
    said = "half a day" if life.joined is not None else "half a month"
    reader.audit.mark("mended", f"tenure 0 and left: counted as {said}", zero & life.left)
    reader.audit.mark("mended", f"tenure 0 and still there: counted as {said}", zero & ~life.left)
    life.exit[zero] = life.unit / 2


def _drop_same_time(reader: Reader, life: Lifespan) -> None:
    """Leave out the later of two lives of one customer at the same time; one after the other it has come back."""
    if "id" not in reader:
        return
    codes, distinct = value.texts(reader.column("id"))
    blank = np.array([text.lower() in value.BLANK for text in distinct], dtype=bool)[codes]
    rows = np.flatnonzero(reader.kept & ~blank)
    rows = rows[np.bincount(codes[rows], minlength=len(distinct))[codes[rows]] > 1]
    if not len(rows):
        return
    clash, back = np.zeros(len(codes), dtype=bool), np.zeros(len(codes), dtype=bool)
    if life.joined is None:
        clash[rows] = pd.Series(codes[rows]).duplicated().to_numpy()
    else:
        order = rows[np.lexsort((life.joined[rows], codes[rows]))]
        same = codes[order[1:]] == codes[order[:-1]]
        ends = life.joined[order[:-1]] + life.exit[order[:-1]] * life.days
        overlap = same & (~life.left[order[:-1]] | (life.joined[order[1:]] < ends - 1))
        clash[order[1:][overlap]] = True
        back[order[1:][same & ~overlap]] = True
    reader.drop(clash, "the same customer a second time at the same time; the first row was kept")
    reader.audit.mark("read", "a customer who came back: every stay is a life of its own", back & reader.kept)


def _reasons(reader: Reader, life: Lifespan) -> tuple[Ints, tuple[str, ...]]:
    """Return for each row the place of its reason among those there are, -1 where it is unknown."""
    nothing = np.full(len(reader.table), -1, dtype=np.int64)
    if "reason" not in reader:
        return nothing, ()
    codes, distinct = value.texts(reader.column("reason"))
    lower = [text.lower() for text in distinct]
    known = sorted({text for text in lower if text not in value.BLANK})
    places = np.array([known.index(text) if text in known else -1 for text in lower], dtype=np.int64)[codes]
    reader.audit.mark(
        "read", "a reason of one who did not leave does not count", (places >= 0) & ~life.left & reader.kept
    )
    unknown = (places < 0) & life.left & reader.kept
    reader.audit.mark("read", "left for a reason that is not given", unknown)
    return np.where(life.left, places, -1), tuple(known)


def _words(reader: Reader, role: str) -> np.ndarray | None:
    if role not in reader:
        return None
    codes, distinct = value.texts(reader.column(role))
    words = np.array(["" if text.lower() in value.BLANK else text for text in distinct], dtype=object)
    return np.asarray(words[codes][reader.kept])


def _refuse_hopeless(reader: Reader, spells: Spells, life: Lifespan) -> None:
    count, left = len(spells), int(spells.events)
    rows = reader.table.rows[reader.kept]
    where = f"{reader.table.name}, rows {int(rows[0])} to {int(rows[-1])}"
    if left == 0:
        raise DataError(
            f"{where}: none of the {count:,} customers left, so that nothing is known of churn. Does the table hold "
            "only those still there? Add those who left, or say which column tells: --map churned=COLUMN"
        )
    if left == count:
        raise DataError(
            f"{where}: all {count:,} customers left, so that there is no pool to look ahead for. Does the table hold "
            "only those who left? Add those still there, or say which column tells: --map churned=COLUMN"
        )
    if (spells.exit <= life.unit / 2).all():
        raise DataError(
            f"{where}: every tenure is 0, so that nothing is known of time. Say which column is: --map tenure=COLUMN"
        )
    if left < FEW:
        raise DataError(f"{where}: only {left} of {count:,} customers left; at least {FEW} are needed. Observe longer")


def _why(reader: Reader) -> str:
    notes = [str(note) for note in reader.audit.of("left out")]
    return "; ".join(notes[:3]) or "it is empty"
