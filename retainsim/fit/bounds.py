"""Bounds: laws of buying drawn in to what a scenario may hold."""

from __future__ import annotations

from typing import Any

from retainsim.fit.buying import BuyingFit, SpendFit

MOST, LEAST, WIDEST = 9_999.0, 1e-3, 20.0
"""What a shape may be, and the variance of frailty."""


def bounded(fit: BuyingFit) -> dict[str, Any]:
    """Return the keys of a segment that buys so, numbers beyond what a scenario may hold drawn in to its limits.

    There customers are as good as alike, so that only the mean of a law is told.
    """
    keys: dict[str, Any] = fit.keys()
    buys = dict(keys["purchases"])
    buys["shape"] = min(buys["shape"], MOST)
    if "dropout" in buys:
        a, b = buys["dropout"]["a"], buys["dropout"]["b"]
        scale = min(1.0, MOST / max(a, b))
        buys["dropout"] = {"a": max(a * scale, LEAST), "b": max(b * scale, LEAST)}
    if "frailty" in keys:
        variance = min(keys["frailty"]["variance"], WIDEST)
        keys = keys | {"frailty": keys["frailty"] | {"variance": variance}}
    return keys | {"purchases": buys}


def spends(fit: SpendFit) -> dict[str, Any]:
    """Return the table `spend`, likewise."""
    keys = fit.keys()
    return keys | {"p": min(keys["p"], MOST), "q": min(max(keys["q"], 1.001), MOST)}
