"""Crossing: where along an axis a difference changes its sign, between the values that were played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from retainsim.draws import Floats
from retainsim.study.compare import half_width


def crossings(values: Sequence[float], differences: Floats) -> list[dict[str, Any]]:
    """Return where the mean difference changes sign, by straight lines between neighbouring values.

    Parameters
    ----------
    values
        The values played, ascending, shape (values,).
    differences
        Paired differences, shape (values, replications).

    Returns
    -------
    list
        at, low, high (95 % interval from the replications, that of the difference over its slope), and `rises`.
    """
    found, means = [], differences.mean(axis=1)
    for left in range(len(values) - 1):
        if means[left] * means[left + 1] < 0:
            share = means[left] / (means[left] - means[left + 1])
            found.append(_crossing(values[left : left + 2], differences[left : left + 2], float(share)))
        elif left > 0 and means[left] == 0 and differences[left].any() and means[left - 1] * means[left + 1] < 0:
            found.append(_crossing(values[left : left + 2], differences[left : left + 2], 0.0))
    return found


def _crossing(values: Sequence[float], pair: Floats, share: float) -> dict[str, Any]:
    width = values[1] - values[0]
    slope = float(pair[1].mean() - pair[0].mean()) / width
    at = values[0] + share * width
    half = (half_width(pair[0] + share * (pair[1] - pair[0])) or 0.0) / abs(slope) if slope else float(np.inf)
    return {"at": at, "low": at - half, "high": at + half, "rises": bool(slope > 0)}
