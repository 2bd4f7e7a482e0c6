"""Desks: how long callers wait, how many hang up and how busy agents are, at every desk of every arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.study.compare import ratio

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "wait_minutes": ("waited_minutes", "calls"),
    "hang_up_share": ("hung_up", "calls"),
    "busy_share": ("busy_minutes", "staffed_minutes"),
}
"""Each a ratio of what is observed over the whole run: minutes per call, share of calls, share of agents' time."""


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


def _estimates(sums: pd.DataFrame, suffix: str) -> dict[str, Any]:
    told = {key: f"{key}{suffix}" for pair in MEASURES.values() for key in pair}
    some = {key: sums[column].to_numpy() for key, column in told.items() if column in sums}
    nothing = dict.fromkeys(("mean", "low", "high"))
    return {m: ratio(some[a], some[b]) if a in some and b in some else nothing for m, (a, b) in MEASURES.items()}
