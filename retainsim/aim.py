"""Aim: the factor behind a retention lever that reaches some customers and not others, found by simulation.

Whom it reaches depends on who is there: of the most valuable or most at risk, others come as some leave. So what it
gains is measured, on the luck of what there is without it, on at least 100,000 simulated customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version

import numpy as np

from retainsim.bases import Bases
from retainsim.cache import recall
from retainsim.draws import Floats
from retainsim.expectation import (
    FEW_BATCHES,
    MODEL,
    MOST_BATCHES,
    content_of,
    first_year,
    is_coupled_firm,
    probe_batch,
)
from retainsim.parallel import in_order
from retainsim.scenario.arms import Timeline
from retainsim.scenario.lever import Cost
from retainsim.scenario.schema import Arm, Parameters, Retention
from retainsim.world import Setup

AIMED = 100_000
"""Customers simulated to find what a lever gains."""
_BATCH = 12_500
_NEAR = 1e-3
"""How near the factor is found (a hundredth of a point of retention or so, below the error of what is simulated)."""


@dataclass(frozen=True)
class Aimed:
    """What was found.

    Parameters
    ----------
    factor
        What the hazards of those reached are multiplied by; None where even 0 does not gain what is wanted.
    gain
        12-month retention in scope that it adds (share); the most there is where there is no factor.
    error
        Standard error of the gain (share).
    """

    factor: float | None
    gain: float
    error: float


def aim(today: Parameters, bases: Bases, lever: Retention, wanted: float, weights: Floats) -> Aimed:
    """Find the factor on the hazards of those reached that adds `wanted` to 12-month retention in scope (share).

    `weights` are the shares of the segments in scope, shape (segments,), summing to 1.
    """
    from scipy.optimize import brentq

    @cache
    def gains(factor: float) -> Floats:
        count, before = _year_of(today, bases, lever, 1.0)
        fewer = before - _year_of(today, bases, lever, factor)[1]
        return np.asarray(fewer / np.maximum(count, 1.0) @ weights)

    def found(factor: float) -> tuple[float, float]:
        each = gains(factor)
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))

    if found(0.0)[0] < wanted:
        return Aimed(None, *found(0.0))
    if wanted <= 0.0:
        return Aimed(1.0, 0.0, 0.0)
    factor = float(brentq(lambda f: found(f)[0] - wanted, 0.0, 1.0, xtol=_NEAR))
    return Aimed(factor, *found(factor))


def _year_of(today: Parameters, bases: Bases, lever: Retention, factor: float) -> tuple[Floats, Floats]:
    """Simulate the first year under a lever that reaches some, in force from month 0 on; kept by content.

    Returns opening customers and how many of them are expected to leave, shape (batches, segments) each, on the same
    luck for every lever: at least `AIMED` customers or 200 batches. A batch is the whole firm with all who join, since
    these are reached too, or several of it at once where size does not matter. The factor is that on the hazards of
    those reached.
    """
    year = first_year(today, is_whole=is_coupled_firm(today) or lever.targets != "random")
    if not (is_coupled_firm(today) or today.mechanisms.market or today.accounts):
        year = _enlarged(year)
    plain = {"from_month": 0.0, "ramp_months": 0.0, "cost": Cost(), "points": None, "relative": None, "churn": None}
    arm = Arm() if factor == 1.0 else Arm().model_copy(update={"retention": lever.model_copy(update=plain)})
    ones = np.ones_like(bases.hazards)
    setup = Setup(year, arm, Timeline(year, arm), bases, factor)
    batches = min(max(FEW_BATCHES, -(-AIMED // max(year.pool.customers, 1))), MOST_BATCHES)
    what = [arm.model_dump(mode="json"), factor, batches, year.model_dump(mode="json"), content_of(bases, ones)]

    def simulate() -> list[Floats]:
        found = list(in_order(partial(probe_batch, setup, ones), batches))
        return [np.array([batch[0] for batch in found]), np.array([(batch[1] + batch[2]).sum(1) for batch in found])]

    customers, leavings = recall([version("retainsim"), MODEL, *what], simulate)
    return customers, leavings


def _enlarged(year: Parameters) -> Parameters:
    """Return a firm as many times as large as brings it near `_BATCH` customers, all else alike."""
    times = max(1, round(_BATCH / max(year.pool.customers, 1)))
    channels = {
        name: channel.model_copy(
            update={"joins": times * channel.joins, "ceiling": channel.ceiling and times * channel.ceiling}
        )
        for name, channel in year.acquisition.items()
    }
    pool = year.pool.model_copy(update={"customers": times * year.pool.customers})
    return year.model_copy(update={"pool": pool, "acquisition": channels})
