"""Backtest: what was observed beside what the fitted numbers make of the same time, and where they part."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.fit.observed import Observed
from retainsim.fit.part import Part
from retainsim.fit.replay import NORMAL, Played, Replay
from retainsim.fit.survival import Curve, incidence
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

CLOSE = 0.025
"""Simulated survival so near to what was observed (share of newcomers) reproduces it, even beyond its interval."""
YEARS = tuple(range(12, 121, 12))
"""Tenures (months) at which survival is compared."""
QUARTERS = (3, 6, 9, 12, 18)
"""Likewise, where less than two years were seen."""
_SURE = 0.1
"""Half-width of the interval of Kaplan and Meier beyond which nothing is compared."""
SPREAD = 0.90
"""Share of months within their 95 % band from which a series counts as reproduced (luck alone leaves 5 in 100 out)."""
OFF = 0.08
"""Leavings in all so near to those observed (share of these) count as reproduced."""


@dataclass(frozen=True)
class Check:
    """One comparison: what, observed and simulated with its band, whether they agree, and how it is said."""

    name: str
    observed: float
    simulated: float
    low: float
    high: float
    agrees: bool
    said: str

    def row(self) -> dict[str, Any]:
        """Return the comparison in plain values."""
        keys = ("name", "observed", "simulated", "low", "high", "agrees")
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


def survival(parts: Sequence[Part], played: Played) -> tuple[list[Check], pd.DataFrame]:
    """Compare simulated survival with Kaplan and Meier's, segment by segment, at whole years."""
    months = len(played.mean) - 1
    frames, checks = [], []
    for place, part in enumerate(parts):
        tenure = np.arange(months + 1)
        observed, low, high = _curve(part, tenure.astype(np.float64))
        frames.append(
            pd.DataFrame({
                "segment": part.key, "month": tenure, "observed": observed, "observed_low": low, "observed_high": high,
                "simulated": played.mean[:, place], "low": played.low[:, place], "high": played.high[:, place],
            })
        )  # fmt: skip
        checks += _marks(part, frames[-1])
    return checks, pd.concat(frames, ignore_index=True)


def _curve(part: Part, tenure: Floats) -> tuple[Floats, Floats, Floats]:
    """Return Kaplan and Meier's survival of newcomers; where nobody was seen early on, from the law's share on."""
    first = float(part.spells.entry.min())
    start = float(part.fit.survival(np.array([first]))[0]) if first else 1.0
    found = part.curve.at(tenure)
    value, low, high = (np.where(tenure < first, np.nan, start * each) for each in found)
    return value, low, high


def _marks(part: Part, table: pd.DataFrame) -> list[Check]:
    found = []
    for month in YEARS if part.curve.last >= 24 else QUARTERS:
        row = table[table["month"] == month]
        if not len(row):
            continue
        seen, low, high, ours = (float(row[c].iloc[0]) for c in ("observed", "observed_low", "observed_high", "simulated"))
        if math.isnan(seen) or (high - low) / 2 > _SURE:
            continue
        near = max(CLOSE, (high - low) / 2)
        said = f"{part.key} after {month} months: {100 * seen:.1f} % observed, {100 * ours:.1f} % simulated are still there"
        found.append(Check(f"still there after {month} months, {part.key}", seen, ours, low, high, abs(ours - seen) <= near, said))
    return found


def leavings(parts: Sequence[Part], played: Played) -> list[Check]:
    """Compare the leavings in all with those that simulated survival expects of the same customers while watched."""
    months = len(played.mean) - 1
    expected = sum(_expected(part, played.mean[:, place], months) for place, part in enumerate(parts))
    seen = sum(part.spells.between(0.0, float(months)).events for part in parts)
    half = NORMAL * math.sqrt(expected)
    said = f"of the same customers {expected:,.0f} leave in the simulation, {seen:,.0f} did"
    agrees = abs(expected - seen) <= max(half, OFF * seen)
    return [Check("leavings in all", float(seen), float(expected), expected - half, expected + half, agrees, said)]


def _expected(part: Part, shares: Floats, months: int) -> float:
    """Add up chances of leaving over the time that customers were watched, in steps as long as leavings were counted."""
    spells, step = part.spells.between(0.0, float(months)), round(part.fit.grain)
    kept = np.maximum(shares[:: step or 1], 1e-9)
    chance = 1 - kept[1:] / kept[:-1] if step else -np.diff(np.log(kept))
    reached, at = np.append(0.0, np.cumsum(chance)), np.arange(len(kept)) * float(step or 1)
    passed = np.interp(spells.exit, at, reached) - np.interp(spells.entry, at, reached)
    return float(spells.weights @ passed)


def by_reason(parts: Sequence[Part], played: Played) -> pd.DataFrame | None:
    """Tabulate who has left for each reason by tenure, as observed and with the shares of the file."""
    from retainsim.fit.spells import Spells

    every = [part.spells for part in parts]
    if not every[0].reasons or not any((each.reason >= 0).any() for each in every):
        return None
    joined = Spells(
        *(np.concatenate([getattr(each, name) for each in every]) for name in ("entry", "exit", "left", "reason")),
        every[0].reasons, np.concatenate([each.weights for each in every]),
    )  # fmt: skip
    weights = np.array([each.n for each in every])
    gone = 1 - played.mean @ (weights / weights.sum())
    curves = incidence(joined)
    counts = {name: _count(joined, name) for name in curves}
    tenure = np.arange(len(gone))
    return pd.concat(
        [_reason(name, curve, tenure, gone * counts[name] / joined.events) for name, curve in curves.items()],
        ignore_index=True,
    )


def _count(spells: Any, name: str) -> float:
    place = spells.reasons.index(name) if name in spells.reasons else -1
    return float(spells.weights[spells.left & (spells.reason == place)].sum())


def _reason(name: str, curve: Curve, tenure: np.ndarray, simulated: Floats) -> pd.DataFrame:
    value, low, high = curve.at(tenure)
    return pd.DataFrame(
        {"reason": name, "month": tenure, "observed": value, "observed_low": low, "observed_high": high, "simulated": simulated}
    )


def months(seen: Observed, replay: Replay, *, held_out: bool = False, widen: Callable[[str, Floats], Floats] | None = None) -> tuple[list[Check], pd.DataFrame]:
    """Compare the pool, joins, leavings and revenue of every month; `widen` returns more half-width for a series."""
    rows: dict[str, tuple[Floats, Floats]] = {
        "pool": (seen.pool.sum(axis=1), replay.pool.total),
        "joined": (seen.joined.sum(axis=1), replay.joined.total),
        "left": (seen.left.sum(axis=1), replay.left.total),
    }
    if seen.revenue is not None and replay.revenue is not None:
        rows["revenue"] = seen.revenue.sum(axis=1), replay.revenue.total
    frames, checks = [], []
    for name, (observed, simulated) in rows.items():
        more = widen(name, simulated[:, 0]) if widen else np.zeros(len(simulated))
        luck = (simulated[:, 2] - simulated[:, 1]) / 2
        half = np.hypot(luck, more)
        first = 0 if name == "pool" else 1
        month = np.arange(first, first + len(observed))
        frame = pd.DataFrame({
            "series": name, "month": month, "date": [str(date_of(seen.start + m * DAYS_PER_MONTH)) for m in month],
            "observed": observed, "simulated": simulated[:, 0], "low": np.maximum(simulated[:, 0] - half, 0.0),
            "high": simulated[:, 0] + half, "held_out": held_out,
        })  # fmt: skip
        frames.append(frame)
        if held_out or name in ("pool", "left"):
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
    agrees = float(inside.mean()) >= SPREAD or abs(ours - seen) <= half
    return Check(f"{what}{', held out' if held_out else ''}", seen, ours, max(0.0, ours - half), ours + half, agrees, said)


_SERIES = {"pool": "customers at the end", "joined": "joins", "left": "leavings month by month", "revenue": "revenue"}
