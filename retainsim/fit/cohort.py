"""Cohort: customers who joined together, what share of them is still there, observed beside simulated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retainsim.fit.customers import Customers
from retainsim.fit.group import Groups
from retainsim.fit.observed import window
from retainsim.fit.part import Part
from retainsim.fit.replay import Played
from retainsim.fit.survival import kaplan_meier
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

MOST = 12
"""Cohorts at most."""
WIDTHS = (1, 3, 6, 12)
"""Months that may be taken together."""
FEWEST = 10
"""Customers a cohort needs."""


def cohorts(customers: Customers, groups: Groups, parts: Sequence[Part], played: Played) -> pd.DataFrame | None:
    """Tabulate the share still there by time of joining and tenure; None where dates are not known."""
    months = window(customers)
    if customers.joined is None or customers.until is None or months < 2:
        return None
    width = next((w for w in WIDTHS if months / w <= MOST), WIDTHS[-1])
    age = (customers.until - customers.joined) / DAYS_PER_MONTH
    place = np.floor(age / width).astype(np.int64)
    frames = [
        _cohort(customers, groups, played, np.flatnonzero((place == each) & (customers.spells.entry == 0)), width)
        for each in range(min(MOST, months // width) - 1, -1, -1)
    ]
    found = [frame for frame in frames if frame is not None]
    return pd.concat(found, ignore_index=True) if found else None


def _cohort(customers: Customers, groups: Groups, played: Played, rows: np.ndarray, width: int) -> pd.DataFrame | None:
    assert customers.joined is not None
    if len(rows) < FEWEST:
        return None
    curve = kaplan_meier(customers.spells.where(rows))
    tenure = np.arange(0, min(len(played.mean) - 1, int(customers.spells.exit[rows].max())) + 1, width)
    mix = np.bincount(groups.codes[rows], minlength=len(groups.keys)) / len(rows)
    return pd.DataFrame({
        "joined": str(date_of(customers.joined[rows].min()))[:7], "width": width, "customers": len(rows),
        "month": tenure, "observed": curve.at(tenure)[0], "simulated": played.mean[tenure] @ mix,
    })  # fmt: skip
