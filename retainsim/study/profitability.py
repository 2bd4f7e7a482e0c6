"""Profitability: how much of the profit the best customers bring, and how much the worst take away again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retainsim.draws import Floats

GRID = np.linspace(0.0, 1.0, 101)
"""Shares of the customers, the most profitable first, up to which profit is added up."""
BEST = 0.2
"""The best customers of whom is told how much of the profit they bring."""


@dataclass(frozen=True)
class Curve:
    """The whale curve of an arm: profit of the best customers, the most profitable first.

    Parameters
    ----------
    profit
        What the customers up to each share of `GRID` bring (money, valued at month 0), shape (replications, shares).
    losing
        Share of the customers who cost more than they bring, shape (replications,).
    """

    profit: Floats
    losing: Floats

    @property
    def total(self) -> Floats:
        """Return the profit of all customers, shape (replications,)."""
        return np.asarray(self.profit[:, -1])

    @property
    def best(self) -> Floats:
        """Return the profit of the best fifth, shape (replications,)."""
        return np.asarray(self.profit[:, int(np.searchsorted(GRID, BEST - 1e-9))])


def curve(customers: pd.DataFrame, arm: str, replications: Sequence[int]) -> Curve:
    """Add up what the customers of an arm bring within the run, the most profitable first, in every replication."""
    mine = customers[customers["arm"] == arm]
    if (mine["spell"] != 1).any():
        mine = mine.groupby(["replication", "customer"])[["value"]].sum().reset_index()
    known = {index: values.to_numpy(np.float64) for index, values in mine.groupby("replication")["value"]}
    each = [known.get(index, np.zeros(0)) for index in replications]
    losing = np.array([(values < 0.0).sum() / max(len(values), 1) for values in each])
    return Curve(np.array([_added(values) for values in each]), losing)


def _added(values: Floats) -> Floats:
    """Return what the customers up to each share of the grid bring; of one who is cut, a part."""
    added = np.append(0.0, np.cumsum(np.sort(values)[::-1]))
    return np.interp(GRID * len(values), np.arange(len(added)), added)
