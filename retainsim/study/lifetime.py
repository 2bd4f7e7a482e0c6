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
    never, nothing = np.full(len(names), np.inf), np.full(len(names), -1)
    parts = [_joined(outcome.movers, names, joined, never, segments, nothing, spells)]
    if outcome.departed:
        names, joined, left, segments, _, reasons, spells = outcome.departed
        parts.append(_joined(outcome.movers, names, joined, left, segments, reasons, spells))
    joined, left, segments, reasons = (np.concatenate(each) for each in zip(*parts, strict=True))
    return joined, left, segments, reasons


def _joined(movers: tuple[np.ndarray, ...], names: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return month of joining and of leaving, segment at joining and reason of those who joined in the run.

    `columns` are months of joining and leaving, segments, reasons and spells, beside the names.
    """
    joined, left, segments, reasons, spells = columns
    ours = (joined >= 0.0) & (spells == 1)
    found = segments[ours]
    if movers and len(movers[0]):
        moved, first = np.unique(movers[0], return_index=True)
        place = np.minimum(np.searchsorted(moved, names[ours]), len(moved) - 1)
        found = np.where(moved[place] == names[ours], movers[1][first][place], found)
    return joined[ours], left[ours], found.astype(np.int64), reasons[ours].astype(np.int64)


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
