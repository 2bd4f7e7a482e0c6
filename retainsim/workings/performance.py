"""Performance: what desks did in a span: calls, hang-ups, and the minutes waited, worked and paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.workings.overflow import Shared
    from retainsim.workings.queueing import Calls


def performance(calls: Calls, reached: Ints, found: Shared, staffed: Floats) -> dict[str, Floats]:
    """Measure each desk, from the desk each call reached and the minutes each desk is staffed; shape (desks,).

    A desk's calls, hang-ups and waits are those of the calls that reached it, `helped` those of them that another desk
    took; its busy minutes are those its own agents spend, whoever's calls they take.
    """
    count, elsewhere = len(staffed), found.answered & (found.taker != reached)

    def by_desk(desks: Ints, weights: Floats | None = None) -> Floats:
        return np.bincount(desks, weights, count).astype(np.float64)

    return {
        "calls": by_desk(reached),
        "hung_up": by_desk(reached[~found.answered]),
        "helped": by_desk(reached[elsewhere]),
        "waited_minutes": by_desk(reached, found.waits),
        "busy_minutes": by_desk(found.taker[found.answered], calls.handling[found.answered]),
        "staffed_minutes": staffed,
    }
