"""Activity: how likely a customer who is bound by nothing is still active, given when it bought."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from retainsim.draws import Floats
from retainsim.fit import dropout
from retainsim.fit.buying import BuyingFit
from retainsim.fit.purchase import Purchases


def alive(fit: BuyingFit, repeats: Floats, last: Floats, seen: Floats) -> Floats:
    """Return each customer's chance of still being active at the end of observation, shape (n,)."""
    found = {name: each.value for name, each in fit.estimates.items()}
    if fit.kind == "bg-nbd":
        r, alpha, a, b = (found[name] for name in ("r", "alpha", "a", "b"))
        some = repeats > 0
        odds = (
            a / np.where(some, b + repeats - 1, 1.0) * np.exp((r + repeats) * np.log((alpha + seen) / (alpha + last)))
        )
        return np.where(some, 1 / (1 + odds), 1.0)
    return _alive_pareto(found, repeats, last, seen)


def _alive_pareto(found: Mapping[str, float], x: Floats, last: Floats, seen: Floats) -> Floats:
    from scipy.special import gammaln

    r, alpha, s, beta = (found[name] for name in ("r", "alpha", "s", "beta"))
    whole, _ = dropout.pareto_nbd(np.array([r, alpha, s, beta]), Purchases(x, last, seen, np.ones(len(x))))
    whole = whole - (gammaln(r + x) - gammaln(r) + r * np.log(alpha))
    return np.exp(-(r + x) * np.log(alpha + seen) + s * np.log(beta / (beta + seen)) - whole)
