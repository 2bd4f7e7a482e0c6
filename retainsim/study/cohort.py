"""Cohort: which share of those who came in the same stretch of months is still there, stretch by stretch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retainsim.draws import Floats

MOST = 12
"""Stretches a horizon is cut into at most."""
_LENGTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200)


@dataclass(frozen=True)
class Cohorts:
    """Those who came (joined or came back), by when.

    Parameters
    ----------
    every
        Months of a stretch.
    firsts
        The first month of each cohort's stretch; 0 for an opening pool of newcomers, who came at month 0 itself.
    came
        How many came, mean over replications, shape (cohorts,).
    shares
        Share still there at the end of the stretch and every so many months later, shape (cohorts, stretches); NaN
        beyond the horizon and where nobody came.
    """

    every: int
    firsts: tuple[int, ...]
    came: Floats
    shares: Floats


def length(months: int) -> int:
    """Return how many months are taken together for a horizon."""
    return next((each for each in _LENGTHS if months <= MOST * each), -(-months // MOST))


def cohorts(heads: pd.DataFrame, arrivals: pd.DataFrame, *, months: int, replications: int, is_new: bool) -> Cohorts:
    """Return the cohorts of what a run's tables of cohorts and of detail say of one arm and some segments.

    With `is_new`, the opening pool is the first of them.
    """
    every = length(months)
    count = months // every
    joined, age = heads["joined_month"].to_numpy(), heads["tenure_month"].to_numpy()
    cohort = np.where(joined > 0, (joined - 1) // every, -1)
    alive, kept = np.zeros((count + 1, months + 1)), cohort < count
    np.add.at(alive, (cohort[kept] + 1, (joined + age)[kept]), heads["alive"].to_numpy()[kept])
    monthly = np.bincount(arrivals["month"], arrivals["joined"] + arrivals["returned"], months + 1) / replications
    came = np.append(alive[0, 0], monthly[1 : count * every + 1].reshape(count, -1).sum(axis=1))
    shares = np.full((count + 1, count + 1), np.nan)
    for row in range(count + 1):
        ends = np.arange(row * every, count * every + 1, every)
        shares[row, : len(ends)] = alive[row, ends]
    shares /= np.where(came > 0.0, came, np.nan)[:, None]
    rows = slice(0 if is_new else 1, None)
    firsts = (0, *(row * every + 1 for row in range(count)))[rows]
    return Cohorts(every, firsts, came[rows], shares[rows, : count + is_new])
