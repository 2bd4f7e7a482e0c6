"""Chances: when what may happen to the firm at random does happen, by thinning (Lewis & Shedler 1979).

More may happen than does: each chance has a height, and is taken where the rate then in force is above it. So chances
are the same in every arm, and a higher rate only adds to what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.draws import key, name

if TYPE_CHECKING:
    from retainsim.world import World


def chances(
    world: World,
    mechanism: str,
    rate: str,
    happen: Callable[[int, int], Any],
    *,
    most: float,
    owners: range = range(1),
) -> Generator[Any, Any, None]:
    """Wait for each chance from now to the horizon, and let it happen where it is taken: a SimPy process.

    The rate in force (a year, of each of `owners`, never above `most`) is a key of the mechanism, whose name keys the
    luck. `happen` is called with whose chance it is, and the how-manieth of that owner.
    """
    months = world.today.run.months
    enough = int(30 + 2 * most * months / 12)  # more than a Poisson count of this mean ever is
    whose, which = np.repeat(np.asarray(owners), enough), np.tile(np.arange(enough), len(owners))
    names = name(key(mechanism), whose)
    waits = world.luck.exponential(f"{mechanism}.waits", names, which).reshape(-1, enough)
    times = np.cumsum(waits, axis=1).ravel() * 12.0 / most
    heights = world.luck.uniform(f"{mechanism}.heights", names, which) * most
    is_set = any(change.set == f"mechanisms.{mechanism}.{rate}" for change in world.arm.change)
    high = most if is_set else getattr(getattr(world.now.mechanisms, mechanism), rate)
    may = np.flatnonzero((times >= world.time) & (times < months) & (heights < high))
    for each in may[np.argsort(times[may], kind="stable")]:
        yield world.env.timeout(max(0.0, float(times[each]) - world.time))
        if heights[each] < getattr(getattr(world.now.mechanisms, mechanism), rate):
            happen(int(whose[each]), int(which[each]))
