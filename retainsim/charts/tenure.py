"""Tenure: axes on which time since joining and shares of those who joined stand, and the words for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from retainsim.charts import scales
from retainsim.charts.lettering import BOUND
from retainsim.charts.scales import Scale, minus
from retainsim.charts.subject import Subject
from retainsim.draws import Ints
from retainsim.study.incidence import Incidence, incidence
from retainsim.wording import percent, rounded, span

SINCE = "Months since joining"
DASHES = (0.0, (4.0, 3.0))
"""Style of the baseline's lines."""
_FEW = 20
"""A curve ends where fewer customers of all replications are watched, if there are more to begin with."""
_MOST_POINTS = 241
_ZOOM = 0.5
"""Shares are drawn from zero unless all of them lie above this; and to 100 % unless all lie below it."""
_NAME = 30
"""Letters of a segment in a title at most."""
_DIGITS = 3
"""Digits after the point of differences in points at most; what is less is nothing."""
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def lives_of(subject: Subject, arm: str, segments: Iterable[str] | None = None) -> Incidence:
    """Estimate from the run how long those who join an arm stay, of all segments or of some together."""
    every = sorted(subject.results.outcomes["replication"].unique())
    return incidence(subject.results.lifetimes, arm, every, segments)


def end_of(found: Incidence) -> int:
    """Return the tenure up to which enough are watched (months), a whole year where there are two."""
    if not found.months:
        return 0
    last = int((found.at_risk >= min(_FEW, found.at_risk[0])).sum())
    return last - last % 12 if last >= 24 else last


def points(end: int) -> Ints:
    """Return the tenures that are drawn, up to the end: no more than a slide has room for."""
    every = -(-end // (_MOST_POINTS - 1)) or 1
    return np.arange(end, -1, -every)[::-1]


def across_of(end: int) -> Scale:
    """Return the axis of time since joining."""
    return scales.months(max(end, 1), str)


def down_from_all(lowest: float) -> Scale:
    """Return an axis of shares up to 100 %, from zero unless everything but 100 % itself lies far above it."""
    extent = 1.0 - lowest if _ZOOM <= lowest < 1.0 else 1.0
    step = _step(extent)
    return _shares(1.0 - step * _steps(extent, step), 1.0, step)


def up_from_none(highest: float) -> Scale:
    """Return an axis of shares from zero, to 100 % unless everything but zero itself lies far below it."""
    extent = highest if 0.0 < highest <= _ZOOM else 1.0
    step = _step(extent)
    return _shares(0.0, step * _steps(extent, step), step)


def _step(extent: float) -> float:
    """Return the distance of ticks: the smallest of which six are enough."""
    return next((step for step in _STEPS if extent <= 6 * step), _STEPS[-1])


def _steps(extent: float, step: float) -> int:
    return max(1, math.ceil(extent / step - 1e-9))


def _shares(low: float, high: float, step: float) -> Scale:
    """Return an axis with a tick at either end."""
    ticks = np.round(low + step * np.arange(round((high - low) / step) + 1), 9)
    return Scale(
        float(ticks[0]), float(ticks[-1]), tuple(ticks.tolist()), tuple(f"{100 * tick:.4g}{BOUND}%" for tick in ticks)
    )


def share(value: float | None) -> str:
    """Write a share: 45.2 %."""
    return percent(value or 0.0).replace(" ", BOUND)


def ends_of_share(found: Mapping[str, float | None]) -> str:
    """Write the ends of the 95 % interval of a share: 44.0 to 46.4."""
    low, high = found["low"], found["high"]
    if low is None or high is None:
        return f"interval{BOUND}unknown"
    return f"{100 * max(low, 0.0):.1f} to {100 * min(high, 1.0):.1f}"


def size(difference: float) -> str:
    """Write the size of a difference of shares, in points: 4.2."""
    found = abs(100 * difference)
    return f"{found:.1f}" if found >= 0.1 or is_nothing(difference) else f"{rounded(found, 1):.{_DIGITS}f}".rstrip("0")


def signed(difference: float) -> str:
    """Write a difference of shares, in points, with its sign: +4.2."""
    sign = "" if is_nothing(difference) else "+" if difference > 0 else "-"
    return minus(f"{sign}{size(difference)}")


def is_nothing(difference: float | None) -> bool:
    """True where a difference of shares is less than can be written, or what rounding left of none."""
    return abs(100 * (difference or 0.0)) < 0.5 * 10.0**-_DIGITS


def ends_of_size(found: Mapping[str, float | None]) -> str:
    """Write the ends of the 95 % interval of the size of a difference of shares that is told from zero: 3.1 to 5.3."""
    low, high = sorted(abs(found[end] or 0.0) for end in ("low", "high"))
    return f"{size(low)} to {size(high)}"


def ends_of_difference(found: Mapping[str, float | None]) -> str:
    """Write the ends of the 95 % interval of a difference of shares: +3.1 to +5.3."""
    low, high = found["low"], found["high"]
    return f"interval{BOUND}unknown" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def is_clear(found: Mapping[str, float | None]) -> bool:
    """True where a difference is told from zero."""
    low, high = found["low"], found["high"]
    return low is not None and high is not None and not low <= 0.0 <= high


def nobody_of(subject: Subject) -> str:
    """Say that there is nobody to tell of."""
    return f"Nobody who joins is watched for a whole month in {subject.horizon}"


def after(months: int) -> str:
    """Write a tenure: four years."""
    return span(months)


def is_of_newcomers(subject: Subject) -> bool:
    """True where all who are there at month 0 have just joined."""
    tenure = subject.results.scenario.parameters.pool.tenure
    return tenure == "new" or getattr(tenure, "months", None) == 0.0


def who_of(subject: Subject) -> str:
    """Say who is told of, and who is not."""
    is_new = is_of_newcomers(subject)
    opening = "all who are there at month 0 have just joined" if is_new else "not those there at month 0"
    back = "; who comes back after leaving has left" if subject.results.monthly["returned"].any() else ""
    return f"Those who join within the run; {opening}{back}."


def joined_most(subject: Subject, most: int) -> list[str]:
    """Return the segments there is room for, in the order of their names: those that most join."""
    table = subject.results.lifetimes
    counted = table[table["tenure_month"] == 0].groupby("segment")["at_risk"].sum()
    ranked = sorted(counted.index, key=lambda segment: (-counted[segment], segment))
    return sorted(ranked[:most])


def people(number: int) -> str:
    """Write a number of customers in little room: 4,382 or 12.3 m."""
    if number < 100_000:
        return f"{number:,}"
    return f"{number / 1e3:,.0f} k" if number < 999_500 else f"{number / 1e6:,.1f} m"


def short(name: str) -> str:
    """Return the name of a segment as a title has room for it."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
