"""Concentration: how much of a firm hangs on its largest customers, per replication and for the run as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.engine import Outcome
from retainsim.study.tables import Played
from retainsim.workings.concentration import QUARTER, lowest

SHARES = ("largest_share", "ten_largest_share", "key_accounts_share", "herfindahl")
"""Shares of revenue at a quarter's end, and the sum of all customers' squared shares: means over quarters."""
MEASURES = (*SHARES, "landslides", "revenue_at_risk")
"""What is reported of every arm where there are key accounts or named clients."""


def added(outcomes: pd.DataFrame, played: Played) -> pd.DataFrame:
    """Return the outcomes with the measures of concentration as columns, where the run has any.

    `landslides` counts the quarters in which so much revenue leaves with key accounts as the scenario calls one.
    `revenue_at_risk` is a replication's part in the shortfall of its arm: see `revenue_at_risk`.
    """
    if not any(source == "concentration" for _, outcome in _all(played) for source, *_ in outcome.observed):
        return outcomes
    seen = pd.DataFrame([_seen(outcome) for _, outcome in _all(played)], index=outcomes.index)
    risks = [revenue_at_risk(np.array([_quarters(o) for _, o in each])) for each in played.values()]
    return outcomes.assign(**seen, revenue_at_risk=np.concatenate(risks))


def by_quarter(observations: pd.DataFrame) -> pd.DataFrame | None:
    """Tabulate what is seen at every quarter's end, by arm, replication and month; None where nothing is watched.

    Beside the shares: `key_revenue_lost`, the share of the revenue at the quarter's start that has left with key
    accounts, and whether that is a landslide (1 or 0).
    """
    seen = observations[observations["mechanism"] == "concentration"]
    if seen.empty:
        return None
    keys = ["arm", "replication", "month"]
    wide = seen.pivot_table(index=keys, columns="measure", values="value", sort=False, observed=True)
    return wide.reset_index().rename_axis(columns=None)


def revenue_at_risk(quarters: Floats, share: float = 0.05) -> Floats:
    """Return by how much revenue falls short in the worst `share` of quarters, shape (replications,).

    Every quarter's revenue, shape (replications, quarters), is taken relative to what the same quarter brings on
    average, so that neither growth nor instalments are a risk. The mean of what is returned is 1 less the mean of the
    lowest `share` of all of these (expected shortfall; Acerbi & Tasche 2002); the single values are each replication's
    part in it (Rockafellar & Uryasev 2000), from which the interval of the mean comes. Empty quarters are left out.
    """
    means = quarters.mean(axis=0)
    relative = quarters[:, means > 0.0] / means[means > 0.0]
    if not relative.size:
        return np.full(len(quarters), np.nan)
    count = lowest(relative.size, share)
    bound = np.partition(relative.ravel(), count - 1)[count - 1]
    below = np.minimum(relative - bound, 0.0).sum(axis=1) * (len(quarters) / count)
    return np.asarray(1.0 - bound - below)


def _all(played: Played) -> list[tuple[int, Outcome]]:
    return [pair for replications in played.values() for pair in replications]


def _seen(outcome: Outcome) -> dict[str, float]:
    seen: dict[str, list[float]] = {measure: [] for measure in (*SHARES, "landslides")}
    for mechanism, _, measure, value in outcome.observed:
        if mechanism == "concentration" and measure in seen:
            seen[measure].append(value)
    means = {measure: float(np.mean(seen[measure])) if seen[measure] else np.nan for measure in SHARES}
    return means | {"landslides": float(sum(seen["landslides"]))}


def _quarters(outcome: Outcome) -> Floats:
    """Return the revenue of every whole quarter (money, nominal), shape (quarters,)."""
    by_month = outcome.lines["revenue"].sum(axis=(1, 2))[1:]
    whole = len(by_month) // QUARTER
    return np.asarray(by_month[: whole * QUARTER].reshape(whole, QUARTER).sum(axis=1))
