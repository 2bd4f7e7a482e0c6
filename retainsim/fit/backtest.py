"""Backtest: what was observed beside what the fitted numbers make of the same time, and where they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.fit.observed import Observed
from retainsim.fit.replay import Replay
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

CLOSE = 0.025
"""Simulated survival so near to what was observed (share of newcomers) reproduces it, even beyond its interval."""
SPREAD = 0.90
"""Share of months within their 95 % band from which a series counts as reproduced (luck alone leaves 5 in 100 out)."""
OFF = 0.08
"""Leavings in all so near to those observed (share of these) count as reproduced."""

SMALL = 0.02
"""What is off by less of it in all counts as reproduced, however narrow the band of a large pool."""


@dataclass(frozen=True)
class Check:
    """One comparison: what, observed and simulated with its band, whether they agree, and how it is said.

    `months` and `inside` are how many months a series has, and how many of them were within their own 95 % band.
    """

    name: str
    observed: float
    simulated: float
    low: float
    high: float
    agrees: bool
    said: str
    months: int | None = None
    inside: int | None = None

    def row(self) -> dict[str, Any]:
        """Return the comparison in plain values."""
        keys = ("name", "observed", "simulated", "low", "high", "agrees", "months", "inside")
        return {key: getattr(self, key) for key in keys}


@dataclass
class Backtest:
    """All comparisons, and the tables they were made from."""

    checks: list[Check] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def add(self, checks: Sequence[Check], **tables: pd.DataFrame) -> None:
        """Add comparisons and the tables they were made from."""
        self.checks += checks
        self.tables |= tables

    @property
    def failed(self) -> list[Check]:
        """Return where observed and simulated part."""
        return [check for check in self.checks if not check.agrees]


def months(
    seen: Observed, played: Replay, *, held_out: bool = False, unknown: Mapping[str, Floats] | None = None
) -> tuple[list[Check], pd.DataFrame]:
    """Compare the pool, joins, leavings and revenue of every month; `unknown` as in `compare`."""
    rows = {
        "pool": (seen.pool.sum(axis=1), played.pool.total),
        "joined": (seen.joined.sum(axis=1), played.joined.total),
        "left": (seen.left.sum(axis=1), played.left.total),
    }
    if seen.revenue is not None and played.revenue is not None:
        rows["revenue"] = seen.revenue.sum(axis=1), played.revenue.total
    judged = tuple(rows) if held_out else ("pool", "left")
    return compare(rows, seen.start, held_out=held_out, judged=judged, unknown=unknown)


def compare(
    rows: Mapping[str, tuple[Floats, Floats]],
    start: float,
    *,
    judged: Sequence[str],
    held_out: bool = False,
    unknown: Mapping[str, Floats] | None = None,
) -> tuple[list[Check], pd.DataFrame]:
    """Compare series month by month from the day `start` on.

    Parameters
    ----------
    rows
        By name: what was observed, shape (months,), or (months + 1,) where it starts at month 0; and what was played,
        columns mean, low, high.
    judged
        Series that are judged; the others are tabulated.
    unknown
        By name, half-widths (95 %) from not knowing the numbers, beside those of luck.
    """
    frames, checks = [], []
    for name, (observed, simulated) in rows.items():
        luck, more = (simulated[:, 2] - simulated[:, 1]) / 2, (unknown or {}).get(name, np.zeros(len(simulated)))
        half, first = np.hypot(luck, more), 0 if name == "pool" else 1
        month = np.arange(first, first + len(observed))
        frame = pd.DataFrame(
            {
                "series": name,
                "month": month,
                "date": [str(date_of(start + m * DAYS_PER_MONTH)) for m in month],
                "observed": observed,
                "simulated": simulated[:, 0],
                "low": np.maximum(simulated[:, 0] - half, 0.0),
                "high": simulated[:, 0] + half,
                "held_out": held_out,
            }
        )
        frames.append(frame)
        if name in judged:
            # From month to month luck is a new one, what is not known is the same.
            whole = float(np.hypot(np.sqrt((luck**2).sum()), more.sum()))
            checks.append(_series(name, frame, float(half[-1]) if name == "pool" else whole))
    return checks, pd.concat(frames, ignore_index=True)


def _series(name: str, frame: pd.DataFrame, half: float) -> Check:
    """Judge a series by the months within their band, or by what it comes to in all, within `half` (95 %)."""
    held_out = bool(frame["held_out"].any())
    body = frame[frame["month"] > 0]
    inside = (body["observed"] >= body["low"]) & (body["observed"] <= body["high"])
    last = body.iloc[-1] if name == "pool" else body[["observed", "simulated"]].sum()
    seen, ours, what = float(last["observed"]), float(last["simulated"]), _SERIES[name]
    said = (
        f"{what} in the {'last ' if held_out else ''}{len(body)} months{' held out' if held_out else ''}: {seen:,.0f} "
        f"observed, {ours:,.0f} simulated; {int(inside.sum())} of {len(body)} months within the 95 % band"
    )
    agrees = float(inside.mean()) >= SPREAD or abs(ours - seen) <= max(half, SMALL * seen)
    label = f"{what}{', held out' if held_out else ''}"
    low, high = max(0.0, ours - half), ours + half
    return Check(label, seen, ours, low, high, agrees, said, len(body), int(inside.sum()))


_SERIES = {
    "pool": "customers at the end",
    "joined": "joins",
    "left": "leavings month by month",
    "revenue": "revenue",
    "purchases": "purchases",
}
