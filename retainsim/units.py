"""Units: the only place where years, months, days and rates are turned into one another."""

from __future__ import annotations

import calendar
import math
from datetime import date

MONTHS_PER_YEAR = 12.0
DAYS_PER_MONTH = 365.25 / 12.0


def monthly_rate(annual_rate: float) -> float:
    """Turn a yearly effective rate (0.10 = 10 % a year) into a continuous rate per month."""
    return math.log1p(annual_rate) / MONTHS_PER_YEAR


def monthly_hazard(annual_probability: float) -> float:
    """Turn a 12-month churn probability in [0, 1) into the constant hazard per customer-month behind it."""
    return -math.log1p(-annual_probability) / MONTHS_PER_YEAR


def add_months(start: date, months: int) -> date:
    """Return the date `months` calendar months after `start`, on the last day of a month that is too short."""
    year, month = divmod(start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(start.year + year, month + 1)[1])
    return date(start.year + year, month + 1, day)


def months_between(start: date, when: date) -> float:
    """Count calendar months from `start` to `when`, days as a share of their month; negative before `start`.

    Whole months come out whole (2026-01-01 to 2026-07-01 is 6), so that a date in a scenario falls on the
    month that a table shows for it.
    """
    whole = (when.year - start.year) * 12 + when.month - start.month
    if add_months(start, whole) > when:
        whole -= 1
    left = add_months(start, whole)
    return whole + (when - left).days / (add_months(start, whole + 1) - left).days
