"""Outlook: what is expected of a pool if everything stays as it is at month 0, without simulating it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import opening
from retainsim.expectation import is_closed_form

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.world import World

_PER_MONTH = 20
"""Joiners a month whose survival is looked at: their mean is off by less than 1e-4 of it."""


def staying(world: World, segment: int, span: float) -> float:
    """Return the share of a segment's opening pool that is still there after `span` months."""
    rate = float(world.churn.table[segment, 0].sum())
    return opening.staying(world.today, world.bases, segment, rate=rate, span=span)


def newcomers_at(world: World, segment: int, origin: int, months: int) -> float:
    """Return how many customers there are after `months` where one joins a month and nobody was there before."""
    law, frailty = world.bases.durations[segment], world.bases.frailties[segment]
    edges = np.linspace(0.0, months, _PER_MONTH * months + 1)
    tenure, term = (edges[1:] + edges[:-1]) / 2, world.churn.terms[segment, origin]
    renewed = np.floor(tenure / term + 1e-12) * term if np.isfinite(term) else tenure
    rate = float(world.churn.table[segment, origin].sum())
    stay, lapse = frailty.laplace(rate * law.cumulative(renewed)), world.bases.lapse(segment)
    return float((stay if lapse is None else stay * lapse.staying(tenure)).mean() * months)


def pool_at(world: World, months: int, customers: Floats, joins: Floats) -> float | None:
    """Return the customers expected after `months`; None where only simulation can tell.

    Parameters
    ----------
    world
        A world at month 0.
    customers
        Customers at month 0, shape (segments,).
    joins
        Joins a month, shape (segments, channels).
    """
    if not is_closed_form(world.today):
        return None
    total = 0.0
    for segment, count in enumerate(customers.tolist()):
        total += count * staying(world, segment, months)
        for channel, rate in enumerate(joins[segment].tolist()):
            total += rate * newcomers_at(world, segment, channel + 1, months)
    return total
