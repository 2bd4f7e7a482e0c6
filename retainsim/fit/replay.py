"""Replay: the observed time played by the simulator from the fitted numbers, many times over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from retainsim.draws import Floats
from retainsim.fit import pool
from retainsim.fit.observed import Observed
from retainsim.fit.part import Part
from retainsim.scenario import Scenario, loads
from retainsim.study.runs import run

Progress = Callable[[int, int], None]

REPLICATIONS = 20
MOST = 20_000
"""Customers played at most; where there are more, each stands for several and the bands are drawn accordingly."""
NORMAL = 1.959963984540054
_JOINED = "joined"


@dataclass(frozen=True)
class Played:
    """What was played, the mean over replications and the 95 % band of one future.

    Parameters
    ----------
    mean, low, high
        By month and segment; shape (months + 1, segments) or (months, segments).
    total
        The same summed over segments, columns mean, low, high.
    """

    mean: Floats
    low: Floats
    high: Floats
    total: Floats

    @classmethod
    def of(cls, drawn: Floats, shrink: float, floor: float = 0.0) -> Played:
        """Summarise draws of shape (replications, months, segments); `shrink` is how far apart the real ones are."""
        mean, low, high = _band(drawn, shrink, floor)
        return cls(mean, low, high, np.stack(_band(drawn.sum(axis=2), shrink, floor), axis=1))


@dataclass(frozen=True)
class Replay:
    """A window played: customers present, joining, leaving, paying, month by month."""

    pool: Played
    joined: Played
    left: Played
    revenue: Played | None
    each: float
    """Customers that each one played stands for."""


def lives(
    parts: Sequence[Part], months: int, *, replications: int = REPLICATIONS, progress: Progress | None = None
) -> Played:
    """Play newcomers of every segment for so many months, as many as were seen; the share still there."""
    counts = np.array([min(part.spells.n, MOST / len(parts)) for part in parts])
    tables = {part.key: _segment(part, count) for part, count in zip(parts, counts, strict=True)}
    scenario = _scenario(tables, {}, months, int(counts.round().sum()), tenure="new")
    drawn = _table(_play(scenario, replications, progress), scenario, "pool", months)
    start = np.maximum(drawn[:, :1, :], 1.0)
    shares = drawn / start
    seen = np.array([part.spells.n for part in parts])
    return _by_segment(shares, np.sqrt(counts / seen))


def calendar(
    parts: Sequence[Part],
    seen: Observed,
    *,
    joins: Floats | None = None,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> Replay:
    """Play a window from the pool at its start.

    `joins` are those a month by segment, shape (months, segments); by default those that came.
    """
    came = seen.joined if joins is None else joins
    whole = float(seen.pool[0].sum() + came.sum())
    each = max(1.0, whole / MOST)
    opening = np.round(seen.pool[0] / each)
    tables = {part.key: _segment(part, opening[place], tenures=seen.tenures[place]) for place, part in enumerate(parts)}
    scenario = _scenario(tables, _joins(parts, came / each), seen.months, int(opening.sum()), tenure="settled")
    detail = _play(scenario, replications, progress)
    shrink = 1.0 / np.sqrt(each)
    read = {name: _table(detail, scenario, name, seen.months) * each for name in ("pool", "joined", "left", "revenue")}
    return Replay(
        Played.of(read["pool"], shrink),
        Played.of(read["joined"][:, 1:], shrink),
        Played.of(read["left"][:, 1:], shrink),
        Played.of(read["revenue"][:, 1:], shrink) if seen.revenue is not None else None,
        each,
    )


def play_buyers(key: str, segment: dict[str, Any], came: Floats, months: int) -> pd.DataFrame:
    """Play buyers bound by nothing, as many coming each month as did; one row per replication and month."""
    months_of = [
        {"set": f"acquisition.{_JOINED}.joins", "to": float(rate), "from_month": m, "until_month": m + 1}
        for m, rate in enumerate(came)
        if m
    ]
    joins: dict[str, Any] = {"acquisition": {_JOINED: {"joins": float(came[0])}}}
    if months_of:
        joins["arms"] = {"baseline": {"change": months_of}}
    if "annual_churn" in segment:
        buys = segment["frailty"]["variance"]
        first = -math.log1p(-segment["annual_churn"])
        segment = segment | {"annual_churn": -math.expm1(-math.expm1(buys * first) / buys)}
    scenario = _scenario({key: segment}, joins, months, 0, tenure="new")
    return run(scenario, replications=REPLICATIONS, jobs=1).monthly


def _segment(part: Part, count: float, tenures: Floats | None = None) -> dict[str, Any]:
    """Return the table of a segment whose hazards are taken as fitted, not calibrated."""
    law = part.fit.law
    found: dict[str, Any] = {
        "share": float(count),
        "price": part.price.mean.value if part.price else 0.0,
        **law.shape(),
    }
    if found.get("frailty", {}).get("kind") != "beta":
        found["annual_churn"] = min(pool.first_year(law), 1 - 1e-12)
    if tenures is not None and len(tenures):
        found["tenures"] = pool.tenures(tenures)
    return found


def _joins(parts: Sequence[Part], came: Floats) -> dict[str, Any]:
    """Return a channel for each segment, and the changes that bring its joins month by month."""
    channels = {f"{_JOINED}_{part.key}"[:40]: place for place, part in enumerate(parts)}
    tables = {
        name: {"joins": float(came[0, place]), "mix": {parts[place].key: 1.0}} for name, place in channels.items()
    }
    changes = [
        {"set": f"acquisition.{name}.joins", "to": float(rate), "from_month": month, "until_month": month + 1}
        for name, place in channels.items()
        for month, rate in enumerate(came[:, place])
        if month
    ]
    return {"acquisition": tables, "arms": {"baseline": {"change": changes}}} if changes else {"acquisition": tables}


def _scenario(tables: dict[str, Any], joins: dict[str, Any], months: int, customers: int, *, tenure: str) -> Scenario:
    today = "settled" if tenure == "settled" and customers else "new"
    if today == "new":
        for table in tables.values():
            table.pop("tenures", None)
    tree = {
        "title": "The observed time, once more",
        "run": {"months": months, "seed": 1, "closing_value": "none", "discount_rate": 0.0},
        "pool": {"customers": customers, "tenure": today},
        "churn": {"calibrate": False, "reasons": {"any": 1}},
        "segments": tables,
        **joins,
    }
    return loads(tomli_w.dumps(tree))


def _play(scenario: Scenario, replications: int, progress: Progress | None) -> pd.DataFrame:
    return run(scenario, replications=replications, jobs=1, progress=progress).detail


def _table(detail: pd.DataFrame, scenario: Scenario, column: str, months: int) -> Floats:
    """Return a column of the detailed table as an array, shape (replications, months + 1, segments)."""
    segments = list(scenario.parameters.segments)
    if column not in detail:
        return np.zeros((int(detail["replication"].max()) + 1, months + 1, len(segments)))
    rows = detail[detail["segment"].isin(segments)]
    place = rows["segment"].astype(str).map({name: i for i, name in enumerate(segments)}).to_numpy(dtype=np.int64)
    shape = (int(detail["replication"].max()) + 1, months + 1, len(segments))
    flat = np.ravel_multi_index((rows["replication"].to_numpy(), rows["month"].to_numpy(), place), shape)
    return (
        np.bincount(flat, rows[column].to_numpy(dtype=np.float64), int(np.prod(shape)))
        .reshape(shape)
        .astype(np.float64)
    )


def _band(drawn: Floats, shrink: float | Floats, floor: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Return mean and the central 95 % of single futures, the spread multiplied by `shrink`."""
    mean = drawn.mean(axis=0)
    half = NORMAL * drawn.std(axis=0, ddof=1) * shrink
    return mean, np.maximum(mean - half, floor), mean + half


def _by_segment(shares: Floats, shrink: Floats) -> Played:
    mean, low, high = _band(shares, shrink)
    total = np.stack(_band(shares.mean(axis=2), float(shrink.mean())), axis=1)
    return Played(mean, low, np.minimum(high, 1.0), total)
