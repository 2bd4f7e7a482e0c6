"""Split: what the levers cost and what their next unit is worth, today and at the best plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from retainsim.draws import Floats
from retainsim.study.axis import Axis
from retainsim.study.compare import estimate


def marginal(axis: Axis, cost: float | None, slopes: Mapping[str, Floats]) -> dict[str, Any]:
    """Return what another unit is worth, or another euro a month where it is known what a unit costs."""
    per = cost or 1.0
    return {
        "words": axis.words,
        "unit": axis.unit,
        "cost": cost,
        "per": "money per month" if cost else axis.unit or "unit",
        "low": axis.low,
        "high": axis.high,
        **{at: estimate(slope / per) for at, slope in slopes.items()},
    }


def totals(content: Mapping[str, Any], costs: Sequence[float | None]) -> dict[str, float]:
    """Return what the levers cost together a month, today and at the best."""
    return {
        at: float(sum((cost or 0.0) * value for cost, value in zip(costs, content[at].values(), strict=True)))
        for at in ("today", "best")
    }


def levers(content: Mapping[str, Any]) -> pd.DataFrame:
    """Tabulate the levers: one row each, what its next unit is worth with its 95 % interval."""
    rows = []
    for key, found in content["marginal"].items():
        row = {"key": key, "unit": found["unit"], "cost": found["cost"], "per": found["per"]}
        for at in ("today", "best"):
            ends = {f"next_{at}_{end}": found[at][end] for end in ("mean", "low", "high")}
            row |= {at: content[at][key], **ends}
        rows.append(row)
    return pd.DataFrame(rows)
