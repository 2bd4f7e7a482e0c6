"""Desks: how long callers wait, how many hang up and how busy agents are, at every desk of every arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.study.compare import ratio

if TYPE_CHECKING:
    import pandas as pd

    from retainsim.draws import Floats

MEASURES = {
    "wait_minutes": ("waited_minutes", "calls"),
    "hang_up_share": ("hung_up", "calls"),
    "busy_share": ("busy_minutes", "staffed_minutes"),
}
"""Each a ratio of what is observed over the whole run: minutes per call, share of calls, share of agents' time."""
COUNTED = tuple(dict.fromkeys(column for pair in MEASURES.values() for column in pair))
"""What is counted at a desk: calls, and minutes."""


@dataclass(frozen=True)
class Path:
    """A measure of one desk over time, each array of shape (spans,): when a span ends (months), its mean, the interval.

    NaN where nobody calls or nobody is there to answer, and of the interval where too few do.
    """

    months: Floats
    mean: Floats
    low: Floats
    high: Floats


def by_arm(observations: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Estimate the measures of the service desk in every arm: of `all` calls and, where there are several, of `desks`.

    Parameters
    ----------
    observations
        What mechanisms saw of themselves: arm, replication, month, mechanism, measure, value.

    Returns
    -------
    dict
        Empty without a service desk. An estimate is all None where nobody calls or nobody is there to answer.
    """
    seen = observations[observations["mechanism"] == "service_desk"]
    found = {}
    for arm, mine in seen.groupby("arm", sort=False):
        sums = mine.pivot_table(index="replication", columns="measure", values="value", aggfunc="sum", fill_value=0.0)
        names = [str(measure).partition(".")[2] for measure in sums if str(measure).startswith("calls.")]
        found[str(arm)] = {"all": _estimates(sums, "")} | (
            {"desks": {name: _estimates(sums, f".{name}") for name in names}} if names else {}
        )
    return found


def by_month(observations: pd.DataFrame) -> pd.DataFrame | None:
    """Tabulate what is counted at every desk: arm, replication, month, desk, calls and minutes; None without a desk.

    A desk that stands alone has the empty name. Month 1 is the first.
    """
    seen = observations[observations["mechanism"] == "service_desk"]
    if seen.empty:
        return None
    words = seen["measure"].astype(str).str.partition(".")
    table = seen.assign(month=np.ceil(seen["month"]).astype(int), measure=words[0], desk=words[2])
    if (table["desk"] != "").any():
        table = table[table["desk"] != ""]
    keys = ["arm", "replication", "month", "desk"]
    wide = table[table["measure"].isin(COUNTED)].pivot_table(
        index=keys, columns="measure", values="value", aggfunc="sum", fill_value=0.0, sort=False, observed=True
    )
    return wide.reindex(columns=list(COUNTED), fill_value=0.0).reset_index().rename_axis(columns=None)


def path(mine: pd.DataFrame, measure: str, *, months: int, every: int = 1) -> Path:
    """Estimate a measure over time of one desk of one arm, `every` so many of the run's months one estimate."""
    above, below = (_by_span(mine, column, every) for column in MEASURES[measure])
    spans = range(-(-months // every))
    nothing = np.zeros(max(1, mine["replication"].nunique()))
    found = [_estimate(above.get(span, nothing), below.get(span, nothing)) for span in spans]
    mean, low, high = np.array(found, dtype=np.float64).reshape(-1, 3).T
    ends = np.minimum((np.array(spans) + 1.0) * every, months)
    return Path(ends, mean, np.maximum(low, 0.0), high)


def _by_span(mine: pd.DataFrame, column: str, every: int) -> dict[int, Floats]:
    """Return what a column adds up to by span, shape (replications,)."""
    wide = mine.assign(span=(mine["month"] - 1) // every).pivot_table(
        index="replication", columns="span", values=column, aggfunc="sum", fill_value=0.0
    )
    return dict(zip(wide.columns.astype(int).tolist(), wide.to_numpy(np.float64).T, strict=True))


def _estimate(above: Floats, below: Floats) -> tuple[float, float, float]:
    total, found = float(below.sum()), ratio(above, below) if len(below) > 1 else {"low": None, "high": None}
    low, high = (np.nan if found[end] is None else float(found[end] or 0.0) for end in ("low", "high"))
    return (float(above.sum()) / total if total else np.nan), low, high


def _estimates(sums: pd.DataFrame, suffix: str) -> dict[str, Any]:
    told = {key: f"{key}{suffix}" for key in COUNTED}
    some = {key: sums[column].to_numpy() for key, column in told.items() if column in sums}
    nothing = dict.fromkeys(("mean", "low", "high"))
    return {m: ratio(some[a], some[b]) if a in some and b in some else nothing for m, (a, b) in MEASURES.items()}
