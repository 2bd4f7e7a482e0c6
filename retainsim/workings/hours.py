"""Hours: when a desk is open, and how months of the calendar become its minutes.

Who calls knows the hours. A call comes when the same share of its week's open time has passed as of the week itself, so
that calls keep their number and order and are spread evenly over the time the desk is open. A week is seven days
from month 0 on, its first days those on which the desk opens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.units import DAYS_PER_MONTH

_HOUR, _DAY, _WEEK = 60.0, 1440.0, 10_080.0  # minutes


@dataclass(frozen=True)
class Hours:
    """Opening hours.

    Parameters
    ----------
    opens_at, closes_at
        Hours of the day, in [0, 24], the second the later.
    days
        Days of the week on which it opens, 1 to 7.
    """

    opens_at: float = 0.0
    closes_at: float = 24.0
    days: int = 7

    def minutes(self, times: Floats) -> Floats:
        """Return when calls of these times (months) come, in minutes since month 0; never falling in time."""
        minutes = times * (DAYS_PER_MONTH * _DAY)
        length, count = self._shift
        if length == _WEEK:
            return minutes
        week, rest = np.divmod(minutes, _WEEK)
        day, rest = np.divmod(rest * (length * count / _WEEK), length)
        return np.asarray(week * _WEEK + day * _DAY + self.opens_at * _HOUR + rest)

    def shifts(self, start: float, end: float) -> Floats | None:
        """Return when it opens and closes in all weeks from `start` to `end` (months), minutes since month 0.

        Shape (shifts, 2); None for a desk that never closes.
        """
        length, count = self._shift
        if length == _WEEK:
            return None
        first, last = (int(time * DAYS_PER_MONTH * _DAY // _WEEK) for time in (start, end))
        opens = np.arange(first, last + 1)[:, None] * _WEEK + np.arange(count) * _DAY + self.opens_at * _HOUR
        return np.column_stack((opens.ravel(), opens.ravel() + length))

    def open_minutes(self, start: float, end: float) -> float:
        """Return how long it is open from `start` to `end` (months), in minutes: its share of the week's time."""
        length, count = self._shift
        return (end - start) * DAYS_PER_MONTH * _DAY * length * count / _WEEK

    @property
    def _shift(self) -> tuple[float, int]:
        """Return how long a shift is (minutes), and how many there are in a week: one, where it is open at night."""
        length = (self.closes_at - self.opens_at) * _HOUR
        return (length * self.days, 1) if length == _DAY else (length, self.days)
