"""Value: what people write into cells, read as numbers, dates and flags, each distinct text once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.fit.spells import Bools

BLANK = frozenset({"", "-", "--", "na", "n/a", "nan", "none", "null", "nat", "#n/a", "?", "unknown", "."})
"""What stands for nothing, in lower case."""
YES = frozenset({
    "yes", "y", "true", "t", "1", "1.0", "ja", "j", "oui", "si", "sí", "sim", "left", "churned", "churn", "cancelled",
    "canceled", "exited", "lost", "inactive", "closed", "terminated", "ended", "expired", "attrited",
    "attrited customer", "gone", "x",
})  # fmt: skip
NO = frozenset({
    "no", "n", "false", "f", "0", "0.0", "nein", "non", "nao", "não", "active", "stayed", "joined", "current", "open",
    "existing", "existing customer", "present", "alive", "retained", "running", "live",
})  # fmt: skip
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?$")
_PLAIN = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d. %B %Y",
          "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%y", "%d.%m.%Y", "%d.%m.%y")  # fmt: skip
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
_NEVER = re.compile(r"(0000|9999)[-/.]\d\d[-/.]\d\d([T ][\d:.]+Z?)?|\d\d[-/.]\d\d[-/.](0000|9999)")
"""Dates by which databases say that there is none yet."""
_EPOCH = np.datetime64("1970-01-01", "D")
_SERIAL_EPOCH = np.datetime64("1899-12-30", "D")
"""Day 0 of Excel."""
_SERIALS = (20_000.0, 60_000.0)
"""Whole numbers that Excel may have meant as dates: 1954 to 2064."""
_EARLIEST, _LATEST = -25_567.0, 47_482.0
"""Dates before 1900 or after 2099, in days since 1970, are slips of the pen."""


@dataclass(frozen=True)
class Parsed:
    """One column read: values, NaN where there is none; what was blank, and what could not be read. Shape (n,).

    `how` says how what may be read in two ways was read.
    """

    values: Floats
    blank: Bools
    bad: Bools
    how: str = ""

    @property
    def good(self) -> Bools:
        """Return where there is a value."""
        return ~(self.blank | self.bad)


def texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return the column as places in a list of distinct texts, stripped; shape (n,)."""
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    return codes, ["" if each is None or each != each or each is pd.NA else str(each).strip() for each in distinct]


def numbers(column: pd.Series) -> Parsed:
    """Read numbers with currency signs, spaces, thousands separators, and a comma or a point before decimals."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Parsed(values, np.isnan(values), np.isinf(values))
    return _by_text(column, _numbers)


def dates(column: pd.Series) -> Parsed:
    """Read dates, as days since 1970, in any of the usual forms; times of day are dropped."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or "timestamp" in str(column.dtype):
        found = pd.to_datetime(column, utc=True).dt.tz_localize(None)
        return Parsed(_days(found), found.isna().to_numpy(bool), np.zeros(len(column), dtype=bool))
    return _by_text(column, _dates)


def flags(column: pd.Series) -> Parsed:
    """Read whether a customer left: 1 for yes, 0 for no."""
    return _by_text(column, _flags)


def _by_text(column: pd.Series, read: Callable[[list[str]], tuple[Floats, str]]) -> Parsed:
    codes, distinct = texts(column)
    values, how = read(distinct)
    blank = np.array([text.lower() in BLANK or bool(_NEVER.fullmatch(text)) for text in distinct], dtype=bool)
    bad = np.isnan(values) & ~blank
    values = np.where(blank, np.nan, values)
    return Parsed(values[codes], blank[codes], bad[codes], how)


def _numbers(distinct: list[str]) -> tuple[Floats, str]:
    plain = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    plain[~np.isfinite(plain)] = np.nan
    rest = np.flatnonzero(np.isnan(plain)).tolist()
    bare = [_bare(distinct[i]) for i in rest]
    comma = any(re.search(r",\d{1,2}$|,\d{4,}$", text) and "." not in text.partition(",")[2] for text in bare)
    for place, text in zip(rest, bare, strict=True):
        plain[place] = _number(text, comma)
    if comma:  # then a point before three digits separates thousands
        for place, text in enumerate(distinct):
            if re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+", text):
                plain[place] = float(text.replace(".", ""))
    return plain, "a comma stands before decimals" if comma else ""


def _bare(text: str) -> str:
    """Return a number without what is written around and within it."""
    negative = text.startswith("(") and text.endswith(")")
    kept = re.sub(r"(?i)^[a-z]{1,4}\b\.?|\b[a-z]{3}$|[€$£¥₹%'’\s\u00a0\u202f()]", "", text)
    return f"-{kept}" if negative else kept


def _number(text: str, comma: bool) -> float:
    if not re.fullmatch(r"[-+]?[\d.,]*\d[\d.,]*", text):
        return np.nan
    point = "," if text.rfind(",") > text.rfind(".") and (comma or "." in text) else "."
    other = "." if point == "," else ","
    whole = text.replace(other, "").replace(point, ".")
    return float(whole) if whole.count(".") <= 1 else np.nan


def _dates(distinct: list[str]) -> tuple[Floats, str]:
    found = pd.Series([_TIME.sub("", text) for text in distinct], dtype=object)
    days = np.full(len(found), np.nan)
    _try(found, days, _PLAIN)
    order, how = _order(found[np.isnan(days)])
    _try(found, days, order)
    _try(found, days, _MONTH_FIRST if order is _DAY_FIRST else _DAY_FIRST)
    serial = pd.to_numeric(found, errors="coerce").to_numpy(dtype=np.float64)
    is_serial = np.isnan(days) & (serial >= _SERIALS[0]) & (serial <= _SERIALS[1])
    if is_serial.any():
        days[is_serial] = serial[is_serial] + float((_SERIAL_EPOCH - _EPOCH).astype(int))
        how = f"{how}; " * bool(how) + "numbers are days of Excel"
    never = next((text for text in distinct if _NEVER.fullmatch(text)), None)
    if never is not None:
        how = f"{how}; " * bool(how) + f"{never} is taken for no date"
    days[(days < _EARLIEST) | (days > _LATEST)] = np.nan
    return np.floor(days), how


def _try(found: pd.Series, days: Floats, formats: tuple[str, ...]) -> None:
    """Fill in what is still missing, by the first of the formats that fits."""
    for form in formats:
        missing = np.flatnonzero(np.isnan(days))
        if not len(missing):
            return
        read = pd.to_datetime(found.iloc[missing], format=form, errors="coerce")
        days[missing] = _days(read)


def _order(texts: pd.Series) -> tuple[tuple[str, ...], str]:
    """Tell by the numbers above 12 whether the day or the month stands first."""
    pairs = texts.astype(str).str.extract(r"^(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}$").dropna().astype(int)
    first, second = (int((pairs[place] > 12).sum()) for place in (0, 1))
    if not len(pairs):
        return _DAY_FIRST, ""
    order, said = (_MONTH_FIRST, "month/day") if second > first else (_DAY_FIRST, "day/month")
    if first and second:
        return order, f"dates in both orders; where both are possible, {said}"
    return order, f"dates are {said}" + ("" if first or second else ", which nothing in the column tells")


def _days(dates: Any) -> Floats:
    """Return days since 1970, NaN where there is no date."""
    moments = np.asarray(dates, dtype="datetime64[s]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 86_400.0)


def _flags(distinct: list[str]) -> tuple[Floats, str]:
    lower = [text.lower() for text in distinct]
    return np.array([1.0 if text in YES else 0.0 if text in NO else np.nan for text in lower]), ""


def date_of(day: float) -> np.datetime64:
    """Return the date of a day since 1970."""
    return _EPOCH + np.timedelta64(int(day), "D")


def last_day(*dates: Parsed, kept: Bools) -> float:
    """Return the last day, since 1970, that a table can have seen: not after today, unless all are; -inf for none."""
    found = np.concatenate([each.values[each.good & kept] for each in dates])
    tomorrow = float((np.datetime64("today") + np.timedelta64(1, "D") - _EPOCH).astype(int))
    past = found[found <= tomorrow]
    return float((past if len(past) else found).max(initial=-np.inf))


def day_of(text: object) -> float:
    """Return the day since 1970 of a date as people write it; NaN where it is none."""
    return float(dates(pd.Series([text], dtype=object)).values[0])
