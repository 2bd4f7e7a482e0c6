"""Offers: the discount to ask for that is worth most to the firm, before the answer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.study.clients.client import Client

FINEST = 0.001
"""Offers are looked for in steps of a tenth of a point."""
_STRAIGHT = 1e-9
"""Share of the NPV by which a value may be off a straight line and still be on it."""
_MOST = 8


def lowest(client: Client) -> float:
    """Return the smallest discount that is looked at: the first of the client's curve, or none."""
    curve = client.account.accepts
    return min(curve.discounts[0], client.account.discount) if curve else 0.0


def best(client: Client) -> float:
    """Return the offer that maximises the firm's expected NPV; today's discount where no smaller one is better.

    What an accepted offer is worth is straight in the discount where nothing but the client's own money, and what
    others are conceded of it, follows from it. So it is played at both ends, seen as straight, and played at the best
    offer, until what is played there is what was seen.
    """
    today, low = client.account.discount, lowest(client)
    if low >= today:
        return today
    offers = _mesh(client)
    chances = np.array([client.chances(offer) for offer in offers])
    client.trials.play([client.accepted(low), client.keep(), client.refused()])
    refused = client.value(client.refused())
    known = {low: client.value(client.accepted(low)), today: client.value(client.keep())}
    for _ in range(_MOST):
        seen = _between(known, offers)
        expected = (chances * seen + (1.0 - chances) * refused).mean(axis=1)
        place = int(np.argmax(np.where(expected >= expected.max() - _STRAIGHT * abs(expected.max()), offers, -1.0)))
        offer = float(offers[place])
        if offer in known:
            break
        known[offer] = client.value(client.accepted(offer))
        if np.abs(known[offer] - seen[place]).max() <= _STRAIGHT * np.abs(seen[place]).max():
            break
    return offer


def _mesh(client: Client) -> Floats:
    """Return the offers looked at: evenly spread, and where the curve has its corners; shape (offers,)."""
    today, low = client.account.discount, lowest(client)
    steps = FINEST * np.arange(np.ceil(low / FINEST), today / FINEST)
    corners = client.account.accepts.discounts if client.account.accepts else []
    inside = [corner for corner in corners if low <= corner <= today]
    return np.unique(np.round(np.array([*steps, *inside, low, today]), 6))


def _between(known: dict[float, Floats], offers: Floats) -> Floats:
    """Return values straight between those known, shape (offers, replications)."""
    places = sorted(known)
    values = np.array([known[place] for place in places])
    at = np.clip(np.searchsorted(places, offers, side="right") - 1, 0, len(places) - 2)
    share = (offers - np.take(places, at)) / np.diff(places)[at]
    return np.asarray(values[at] + share[:, None] * (values[at + 1] - values[at]))
