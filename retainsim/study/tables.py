"""Tables: tidy frames out of the outcomes of replications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.engine import Outcome
from retainsim.ledger import SIGNS, cohort_width, exact_sum
from retainsim.scenario.schema import Parameters
from retainsim.units import add_months

Played: TypeAlias = Mapping[str, Sequence[tuple[int, Outcome]]]
"""Per arm, the outcomes of its replications with their indices, in index order."""


class Labels:
    """Names of the axes of an outcome's tables."""

    def __init__(self, today: Parameters, reasons: Sequence[str]) -> None:
        self.segments = list(today.everyone)
        self.origins = list(today.origins)
        self.reasons = list(reasons)
        self.buyers = [segment.by_purchase for segment in today.everyone.values()]
        start, months = today.run.start, today.run.months
        self.dates = None if start is None else [add_months(start, m) for m in range(months + 1)]


def outcomes(played: Played, labels: Labels, with_closing: bool) -> pd.DataFrame:
    """Tabulate one row per arm and replication: NPV, counts, totals of every line (money, nominal)."""
    rows = [
        {"arm": arm, "replication": index, **measures(outcome, labels, with_closing)}
        for arm, replications in played.items()
        for index, outcome in replications
    ]
    return pd.DataFrame(rows)


def monthly(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate one row per arm, replication and month: pool, flows, every line, and present value of the cash."""
    frames = []
    for arm, replications in played.items():
        for index, outcome in replications:
            columns = {
                "pool": outcome.pool.sum(axis=(1, 2)),
                "joined": outcome.joined.sum(axis=(1, 2)),
                "left": outcome.left.sum(axis=(1, 2, 3)),
                "returned": outcome.returned.sum(axis=(1, 2)),
                **_buying(outcome, labels),
                **{line: _by_month(outcome.lines[line]) for line in sorted(outcome.lines)},
                "present_value": present_value(outcome),
            }
            frames.append(pd.DataFrame(_keys(arm, index, labels, len(outcome.pool)) | columns))
    return _joined(frames)


def detail(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate the same by segment, channel and reason, rows of nothing but zeros left out.

    Rows with an empty reason hold pool, joined, returned, moved and the lines; rows with a reason hold who left
    for it; so any grouping adds up to the monthly table. An empty segment or channel is the firm's own.
    """
    frames = [
        part
        for arm, replications in played.items()
        for index, outcome in replications
        for part in (_stocks(arm, index, outcome, labels), _leavings(arm, index, outcome, labels))
    ]
    table = _joined(frames)
    for column in ("arm", "segment", "channel", "reason"):
        table[column] = table[column].astype("category")
    return table


def cohorts(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate means over replications by arm, segment, channel, month of joining and tenure in months.

    Where the horizon is beyond 20 years, who joins within 12 months is one cohort, under its first month.
    """
    frames = []
    for arm, replications in played.items():
        heads, margins = _mean(replications, "alive"), _mean(replications, "margins")
        month, segment, origin, cohort = where = np.nonzero((heads > 0) | (margins != 0))
        width = cohort_width(len(heads) - 1)
        joined = np.where(cohort > 0, (cohort - 1) * width + 1, 0)
        frames.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "segment": np.array(labels.segments)[segment],
                    "channel": np.array(labels.origins)[origin],
                    "joined_month": joined,
                    "tenure_month": month - joined,
                    "alive": heads[where],
                    "margin": margins[where],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _mean(replications: Sequence[tuple[int, Outcome]], table: str) -> Floats:
    """Return the mean of a table over replications, added up in index order."""
    total = np.sum([getattr(outcome, table) for _, outcome in replications], axis=0)
    return np.asarray(total / len(replications), dtype=np.float64)


def values(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate one row per arm, replication and line: its value at month 0, signed, and the closing value."""
    rows = []
    for arm, replications in played.items():
        for index, outcome in replications:
            for line in sorted(outcome.values):
                worth = SIGNS[outcome.classes[line]] * float(outcome.values[line].sum())
                rows.append({"arm": arm, "replication": index, "line": line, "value": worth})
            closing = exact_sum(outcome.closing)
            rows.append({"arm": arm, "replication": index, "line": "closing_value", "value": closing})
    return pd.DataFrame(rows)


def present_value(outcome: Outcome) -> Floats:
    """Return the net cash of each month at month 0, shape (months + 1,); what is paid later is in the last."""
    net = sum(SIGNS[outcome.classes[line]] * outcome.values[line] for line in sorted(outcome.values))
    assert isinstance(net, np.ndarray)
    return np.append(net[:-2], net[-2] + net[-1])


def measures(outcome: Outcome, labels: Labels, with_closing: bool) -> dict[str, float]:
    """Return everything one replication of one arm came to, by name: NPV, counts, totals of every line."""
    closing = exact_sum(outcome.closing)
    left = outcome.left.sum(axis=(0, 1, 2))
    totals = {line: exact_sum(outcome.lines[line]) for line in sorted(outcome.lines)}
    totals["acquisition_cost"] = totals.pop("acquisition", 0.0)
    return {
        "npv": outcome.npv_to_horizon + (closing if with_closing else 0.0),
        "npv_to_horizon": outcome.npv_to_horizon,
        "closing_value": closing,
        "customer_equity": outcome.equity_end,
        "customer_equity_opening": exact_sum(outcome.equity),
        "pool_end": float(outcome.pool[-1].sum()),
        "joined": float(outcome.joined.sum()),
        **{key: float(table.sum()) for key, table in _buying(outcome, labels).items() if key != "active_customers"},
        **{key: float(table[-1]) for key, table in _buying(outcome, labels).items() if key == "active_customers"},
        "left": float(left.sum()),
        **{f"left_{reason}": float(n) for reason, n in zip(labels.reasons, left, strict=True)},
        "retention_12m": outcome.retention_12m,
        "customer_months": outcome.customer_months,
        "discounted_months": outcome.discounted_months,
        "saved": outcome.saved,
        **totals,
    }


def _buying(outcome: Outcome, labels: Labels) -> dict[str, np.ndarray]:
    """Return purchases, those after a customer's first, and active customers, where some buy purchase by purchase."""
    if not any(labels.buyers):
        return {}
    made = outcome.purchases.sum(axis=(1, 2))
    firsts, active = (
        table[:, labels.buyers].sum(axis=(1, 2)) for table in (outcome.joined + outcome.returned, outcome.pool)
    )
    return {"purchases": made, "repeat_purchases": made - firsts, "active_customers": active}


def _by_month(line: Floats) -> Floats:
    """Return a line's total of each month, whatever cells it is spread over."""
    return np.array([exact_sum(month) for month in line])


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Stack frames; a line that an arm does not have is 0 there."""
    table = pd.concat(frames, ignore_index=True)
    numbers = table.select_dtypes("number").columns
    table[numbers] = table[numbers].fillna(0.0)
    return table


def _keys(arm: str, index: int, labels: Labels, rows: int) -> dict[str, object]:
    date = labels.dates if labels.dates is not None else [None] * rows
    return {"arm": arm, "replication": index, "month": np.arange(rows), "date": date}


def _stocks(arm: str, index: int, outcome: Outcome, labels: Labels) -> pd.DataFrame:
    wide = {
        name: np.pad(getattr(outcome, name), ((0, 0), (0, 1), (0, 1)))
        for name in ("pool", "joined", "returned", "moved")
    }
    wide |= {line: outcome.lines[line] for line in sorted(outcome.lines)}
    return _long(wide, arm, index, [*labels.segments, ""], [*labels.origins, ""])


def _leavings(arm: str, index: int, outcome: Outcome, labels: Labels) -> pd.DataFrame:
    month, segment, origin, reason = np.nonzero(outcome.left)
    return pd.DataFrame(
        {
            "arm": arm,
            "replication": index,
            "month": month,
            "segment": np.array(labels.segments)[segment],
            "channel": np.array(labels.origins)[origin],
            "reason": np.array(labels.reasons)[reason],
            "left": outcome.left[month, segment, origin, reason],
        }
    )


def _long(wide: dict[str, np.ndarray], arm: str, index: int, segments: list[str], origins: list[str]) -> pd.DataFrame:
    some = np.any([table != 0 for table in wide.values()], axis=0)
    month, segment, origin = where = np.nonzero(some)
    keys = {
        "arm": arm,
        "replication": index,
        "month": month,
        "segment": np.array(segments)[segment],
        "channel": np.array(origins)[origin],
        "reason": "",
        "left": 0,
    }
    return pd.DataFrame(keys | {name: table[where] for name, table in wide.items()})
