"""Lifespan: from when to when each customer was there and was watched, out of dates or of tenures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import DataError
from retainsim.fit import column, value
from retainsim.fit.reader import Reader
from retainsim.fit.spells import Bools
from retainsim.fit.value import Parsed
from retainsim.units import DAYS_PER_MONTH

_CLUSTER = 30.0
"""Days after the first leaving that must not hold nearly all: then they left at once, and nothing is missing."""
_EXPECTED = 10.0
"""Leavings missing before the first one from which the table is taken to lack earlier leavers."""

_OLD = 480.0
"""Months of tenure, 40 years, beyond which days may have been meant."""


@dataclass(frozen=True)
class Lifespan:
    """Lives of the rows of a table, n of them; rows that are not kept may hold anything.

    Parameters
    ----------
    entry, exit
        Tenures (months) between which each was watched; `exit` may be changed by whoever made it.
    left
        Who left at `exit`.
    joined
        Day of joining; None where only tenures are known.
    until, since
        Days between which customers were watched, where known.
    unit
        The least time told apart, in months.
    """

    entry: Floats
    exit: Floats
    left: Bools
    joined: Floats | None = None
    until: float | None = None
    since: float | None = None
    unit: float = 1.0

    @property
    def days(self) -> float:
        """Return the days of a month."""
        return DAYS_PER_MONTH


def by_tenure(reader: Reader) -> Lifespan:
    """Read lives of which only the length is known; observation ends with the tenure of those still there."""
    if "tenure" not in reader:
        raise DataError(f"{reader.table.name}: neither tenure nor a date of joining; say --map start=COLUMN")
    tenure = reader.numbers("tenure")
    reader.need(tenure, "tenure")
    unit = column.months_per_unit(reader.guess.columns["tenure"])
    if unit != 1.0:
        reader.audit.say("read", f"{reader.guess.columns['tenure']} was taken as {1 / unit:.4g} to the month")
    exit_ = np.nan_to_num(tenure.values) * unit
    if unit == 1.0 and exit_.max(initial=0.0) > _OLD:
        name, months = reader.guess.columns["tenure"], exit_.max()
        said = f"{name} was taken as months, and runs to {months:,.0f}, {months / 12:,.0f} years; if it counts days, "
        reader.audit.say("beware", f"{said}name the column tenure_days")
    entry = np.zeros(len(exit_))
    if "entry" in reader:
        read = reader.numbers("entry")
        reader.drop(read.bad, "entry cannot be read")
        entry = np.where(read.good, np.nan_to_num(read.values), 0.0) * unit
    return Lifespan(entry, exit_, _left(reader), unit=unit)


def by_date(reader: Reader, until: float | None, since: float | None) -> Lifespan:
    """Read lives by date of joining and of leaving, or by date of joining and tenure."""
    start = reader.dates("start")
    reader.need(start, "start")
    end, says = _end(reader, start)
    last = _until(reader, start, end, until)
    reader.drop(start.good & (start.values > last), f"joined after {value.date_of(last)}, when observation ended")
    late = end.good & (np.nan_to_num(end.values) > last)
    reader.audit.mark("read", f"left after {value.date_of(last)}: still there then", late & reader.kept)
    left = says & end.good & ~late
    days = np.where(left, np.nan_to_num(end.values), last) - np.nan_to_num(start.values)
    exit_ = days / DAYS_PER_MONTH
    first = _since(reader, start, np.where(left, end.values, last), left, since)
    entry = (
        np.zeros(len(exit_)) if first is None else np.maximum(first - np.nan_to_num(start.values), 0) / DAYS_PER_MONTH
    )
    if "entry" in reader:
        entry = np.maximum(entry, _entry(reader, start))
    return Lifespan(entry, exit_, left, start.values, last, first, 1 / DAYS_PER_MONTH)


def _left(reader: Reader) -> Bools:
    """Return who left, where there is a flag or a date of leaving."""
    if "churned" in reader:
        flag = reader.flags("churned")
        reader.need(flag, "churned")
        return np.asarray(flag.values == 1.0)
    if "end" in reader:
        return reader.dates("end").good
    raise DataError(f"{reader.table.name}: no column says who left; say --map churned=COLUMN or --map end=COLUMN")


def _end(reader: Reader, start: Parsed) -> tuple[Parsed, Bools]:
    """Return days of leaving, and who is said to have left; where both are given, they must agree or are mended."""
    nothing = np.full(len(start.values), np.nan)
    end = reader.dates("end") if "end" in reader else Parsed(nothing, np.isnan(nothing), np.zeros(len(nothing), bool))
    if "end" in reader:
        reader.drop(end.bad, f"{reader.guess.columns['end']} (end) cannot be read{reader.example(end, 'end')}")
    if "tenure" in reader:
        tenure = reader.numbers("tenure")
        months = tenure.values * column.months_per_unit(reader.guess.columns["tenure"])
        filled = np.where(end.good, end.values, start.values + months * DAYS_PER_MONTH)
        end = Parsed(filled, np.isnan(filled), np.zeros(len(filled), bool))
    if "churned" not in reader:
        return end, np.asarray(end.good)
    left = _left(reader)
    reader.drop(left & ~end.good, "left, but when is not known")
    if "end" in reader and "tenure" not in reader:
        odd = ~left & end.good
        reader.audit.mark(
            "mended", "has a date of leaving and is said to be present: taken as left then", odd & reader.kept
        )
        left = left | odd
    return end, left


def _until(reader: Reader, start: Parsed, end: Parsed, until: float | None) -> float:
    """Return the day on which observation ended: as the user says, else the last date that is not to come."""
    if until is not None:
        return until
    last = value.last_day(start, end, kept=reader.kept)
    if last == -np.inf:
        raise DataError(f"{reader.table.name}: no date can be read; say which column holds them: --map start=COLUMN")
    reader.audit.say(
        "read", f"observed until {value.date_of(last)}, the last date in the table (or say --observed-until)"
    )
    return last


def _since(reader: Reader, start: Parsed, last: Floats, left: Bools, since: float | None) -> float | None:
    """Return the day observation began: as the user says, else when the first left, if far too late to be chance."""
    if since is not None:
        return since
    kept = reader.kept & start.good
    if not (left & kept).any():
        return None
    first = float(last[left & kept].min())
    if (left & kept & (last > first + _CLUSTER)).sum() < _EXPECTED:
        return None
    rate = (left & kept).sum() / max(float((last - start.values)[kept].clip(0).sum()), 1.0)
    before = float((first - start.values[kept]).clip(0).sum())
    if rate * before < _EXPECTED:
        return None
    count = int((start.values[kept] < first).sum())
    reader.audit.say(
        "beware",
        f"nobody left before {value.date_of(first)}, though {count:,} customers had joined by then: taken as the day "
        "observation began, since earlier leavers seem to be missing. Say --observed-from otherwise",
    )
    return first


def _entry(reader: Reader, start: Parsed) -> Floats:
    """Return tenures (months) at entry, from a column of dates or of months."""
    read = value.dates(reader.column("entry"))
    if read.good.any():
        return np.nan_to_num(np.maximum(read.values - start.values, 0) / DAYS_PER_MONTH)
    return np.nan_to_num(reader.numbers("entry").values)
