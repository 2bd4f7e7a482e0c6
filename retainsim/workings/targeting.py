"""Targeting: whom an offer reaches that is not for everybody: some at random, the most valuable or the most at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Ints

if TYPE_CHECKING:
    from retainsim.world import World

Targets: TypeAlias = Literal["everyone", "random", "most_valuable", "most_at_risk"]


def choose(world: World, rows: Ints, *, targets: Targets, share: float, source: str) -> NDArray[np.bool_]:
    """Choose among customers a share whom the mechanism `source` reaches; True for those, shape (rows,).

    At random a customer is reached or not for good. The most valuable bring most per month (margin less cost to
    serve), the most at risk have the highest hazard in force but for what `source` does to it; of equals the same are
    taken every time.
    """
    tie = world.luck.uniform(f"{source}.reach", world.pool["name"][rows])
    if targets == "random":
        return np.asarray(tie < share)
    if targets == "most_valuable":
        score = world.value_rate(rows)
    else:
        score = world.churn.rates(rows, without=source).sum(axis=0)
    reached = np.zeros(len(rows), dtype=bool)
    reached[np.lexsort((tie, -score))[: round(share * len(rows))]] = True
    return reached
