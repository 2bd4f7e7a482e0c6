"""Concentration: how much of the whole a few large customers carry: arithmetic without state."""

from __future__ import annotations

import numpy as np

from retainsim.draws import Floats

LANDSLIDE = 0.05
"""Share of a firm's revenue that may leave with key accounts within a quarter before it is a landslide (assumption)."""
QUARTER = 3
"""Months."""


def herfindahl(amounts: Floats) -> float:
    """Return the sum of squared shares of what customers bring, shape (customers,): 1 if one brings all (HHI)."""
    total = float(amounts.sum())
    return float(((amounts / total) ** 2).sum()) if total else 0.0


def largest_share(amounts: Floats, count: int = 1) -> float:
    """Return the share of the whole that the `count` largest of `amounts` make up, shape (customers,)."""
    total, few = float(amounts.sum()), min(count, len(amounts))
    return float(np.partition(amounts, len(amounts) - few)[-few:].sum()) / total if total and few else 0.0


def expected_shortfall(amounts: Floats, share: float = 0.05) -> float:
    """Return the mean of the lowest `share` of `amounts`, shape (quarters,), at least one of them (Acerbi & Tasche)."""
    return float(np.sort(amounts)[: lowest(len(amounts), share)].mean())


def lowest(count: int, share: float = 0.05) -> int:
    """Return how many of `count` are the lowest `share` of them: at least one."""
    return max(1, round(share * count))
