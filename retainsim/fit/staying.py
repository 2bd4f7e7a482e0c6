"""Staying: how long simulated customers stay and why they leave, beside those observed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.fit.backtest import CLOSE, OFF, Check
from retainsim.fit.part import Part, joined
from retainsim.fit.replay import NORMAL, Played
from retainsim.fit.spells import Spells
from retainsim.fit.survival import Curve, incidence

YEARS = tuple(range(12, 121, 12))
"""Tenures (months) at which survival is compared."""
QUARTERS = (3, 6, 9, 12, 18)
"""Likewise, where less than two years were seen."""
_SURE = 0.1
"""Half-width of the interval of Kaplan and Meier beyond which nothing is compared."""


def survival(parts: Sequence[Part], played: Played) -> tuple[list[Check], pd.DataFrame]:
    """Compare simulated survival with Kaplan and Meier's, segment by segment, at whole years."""
    months = len(played.mean) - 1
    frames, checks = [], []
    for place, part in enumerate(parts):
        tenure = np.arange(months + 1)
        observed, low, high = _curve(part, tenure.astype(np.float64))
        frames.append(
            pd.DataFrame(
                {
                    "segment": part.key,
                    "month": tenure,
                    "observed": observed,
                    "observed_low": low,
                    "observed_high": high,
                    "simulated": played.mean[:, place],
                    "low": played.low[:, place],
                    "high": played.high[:, place],
                }
            )
        )
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
        seen, low, high, ours = (
            float(row[c].iloc[0]) for c in ("observed", "observed_low", "observed_high", "simulated")
        )
        if math.isnan(seen) or (high - low) / 2 > _SURE:
            continue
        near = max(CLOSE, (high - low) / 2)
        said = (
            f"after {month} months {100 * seen:.1f} % of {part.key} are still there as observed, {100 * ours:.1f} % as "
            "simulated"
        )
        found.append(
            Check(
                f"still there after {month} months, {part.key}", seen, ours, low, high, abs(ours - seen) <= near, said
            )
        )
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
    """Add up chances of leaving over the time customers were watched, in steps as long as leavings were counted."""
    spells, step = part.spells.between(0.0, float(months)), round(part.fit.grain)
    kept = np.maximum(shares[:: step or 1], 1e-9)
    chance = 1 - kept[1:] / kept[:-1] if step else -np.diff(np.log(kept))
    reached, at = np.append(0.0, np.cumsum(chance)), np.arange(len(kept)) * float(step or 1)
    passed = np.interp(spells.exit, at, reached) - np.interp(spells.entry, at, reached)
    return float(spells.weights @ passed)


def by_reason(parts: Sequence[Part], played: Played) -> pd.DataFrame | None:
    """Tabulate who has left for each reason by tenure, as observed and with the shares of the file."""
    every = [part.spells for part in parts]
    whole = joined(every)
    if not whole.reasons or not (whole.reason >= 0).any():
        return None
    weights = np.array([each.n for each in every])
    gone = 1 - played.mean @ (weights / weights.sum())
    curves = incidence(whole)
    counts = {name: _count(whole, name) for name in curves}
    tenure = np.arange(len(gone))
    return pd.concat(
        [_reason(name, curve, tenure, gone * counts[name] / whole.events) for name, curve in curves.items()],
        ignore_index=True,
    )


def _count(spells: Spells, name: str) -> float:
    place = spells.reasons.index(name) if name in spells.reasons else -1
    return float(spells.weights[spells.left & (spells.reason == place)].sum())


def _reason(name: str, curve: Curve, tenure: np.ndarray, simulated: Floats) -> pd.DataFrame:
    value, low, high = curve.at(tenure)
    return pd.DataFrame(
        {
            "reason": name,
            "month": tenure,
            "observed": value,
            "observed_low": low,
            "observed_high": high,
            "simulated": simulated,
        }
    )
