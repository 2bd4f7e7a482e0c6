"""Lifetime: for how long those who join are watched, and who of them leaves when and why.

A month of tenure counts for those watched through the whole of it, whether they stay or leave; nobody drops out of
sight within it, so that shares of leavings per month need no correction. Tenure is what it is: a customer of the
settled opening pool, whose first months nobody saw, is not in it, nor is a named client, nor a customer come back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from retainsim.draws import Floats, Ints
from retainsim.engine import Outcome
from retainsim.study.tables import Labels, Played

LEFT = "left_"
"""What stands before the reason in the names of columns."""
_HAIR = 1e-9
"""Months by which rounding may move a renewal off a whole month of tenure."""


def count(outcome: Outcome) -> Ints:
    """Count who is at risk in every month of tenure and who leaves in it, by segment at joining.

    Shape (segments, months, 1 + reasons). Month k of tenure is (k, k + 1]; at risk in it are those who reach tenure k
    at least a month before the horizon; behind them stand those of them who leave in it, by reason.
    """
    months, (segments, reasons) = len(outcome.pool) - 1, outcome.left.shape[1::2]
    joined, left, segment, reason = _lives(outcome)
    watched = np.floor(months - joined + _HAIR).astype(np.int64)
    leaves = np.maximum(np.ceil(np.minimum(left, 2.0 * months) - joined - _HAIR).astype(np.int64) - 1, 0)
    seen = leaves < watched
    cells, last = segment * months, np.where(seen, leaves, watched - 1)
    some = last >= 0
    reach = np.bincount(cells[some] + last[some], minlength=segments * months).reshape(segments, months)
    gone = np.bincount((cells[seen] + leaves[seen]) * reasons + reason[seen], minlength=segments * months * reasons)
    at_risk = reach[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.concatenate([at_risk[:, :, None], gone.reshape(segments, months, reasons)], axis=2)


def _lives(outcome: Outcome) -> tuple[Floats, Floats, Ints, Ints]:
    """Return when those who joined under our eyes came and went (never: infinity), into which segment, and why."""
    names, joined, segments, _, spells = outcome.present
    parts = [(names, joined, np.full(len(names), np.inf), segments, np.full(len(names), -1), spells)]
    if outcome.departed:
        names, joined, left, segments, _, reasons, spells = outcome.departed
        parts.append((names, joined, left, segments, reasons, spells))
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    ours = (columns[1] >= 0.0) & (columns[5] == 1)
    names, joined, left, segments, reasons, _ = (column[ours] for column in columns)
    if outcome.movers:
        movers, first = np.unique(outcome.movers[0], return_index=True)
        place = np.minimum(np.searchsorted(movers, names), len(movers) - 1)
        segments = np.where(movers[place] == names, outcome.movers[1][first][place], segments)
    return joined, left, segments.astype(np.int64), reasons.astype(np.int64)


def table(played: Played, labels: Labels, clients: int) -> pd.DataFrame:
    """Tabulate the counts: one row per arm, replication, segment at joining and month of tenure with somebody at risk.

    The last `clients` segments are named clients, who are left out.
    """
    frames = []
    for arm, replications in played.items():
        for index, outcome in replications:
            kept = outcome.lifetimes[: len(labels.segments) - clients]
            segment, month = where = np.nonzero(kept[:, :, 0])
            frame = {"segment": np.array(labels.segments)[segment], "tenure_month": month, "at_risk": kept[*where, 0]}
            frame |= {f"{LEFT}{reason}": kept[*where, 1 + place] for place, reason in enumerate(labels.reasons)}
            frames.append(pd.DataFrame({"arm": arm, "replication": index} | frame))
    return pd.concat(frames, ignore_index=True)
