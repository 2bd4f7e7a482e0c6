"""Concentration: how much of the revenue hangs on single customers, with the client and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.engine import build
from retainsim.workings.concentration import herfindahl, largest_share

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.study.clients.client import Client

_MOST = 10
"""Opening pools looked at: they differ where sizes are drawn."""


def concentration(client: Client, offer: float) -> dict[str, Any]:
    """Return shares of revenue at month 0, as it is, with an offer accepted, and without the client.

    `share` is the client's of all revenue, `largest` that of the largest customer, whoever it is, `hhi` the sum of
    squared shares (Herfindahl & Hirschman), `customers_alike` how many customers of one size would be as concentrated.
    `revenue` and `at_risk` (what is expected to be lost within 12 months by its leaving) are money a year.
    """
    stage, keep = client.trials.stage, client.keep()
    found: dict[str, list[dict[str, float]]] = {"keep": [], "renegotiate": [], "release": []}
    for replication in range(min(_MOST, client.trials.replications)):
        world = build(stage.setup(keep, replication), stage.luck(keep, replication))
        rows = world.pool.rows()
        amounts = world.money.revenue_rate(rows)
        mine = world.pool["segment"][rows] == world.segments.index(client.name)
        terms = world.today.accounts[client.index]
        left = 1.0 - terms.given_away
        agreed = np.where(mine, amounts * (1.0 - min(offer, terms.discount) - terms.rebate) / left, amounts)
        found["keep"].append(_shares(amounts, mine))
        found["renegotiate"].append(_shares(agreed, mine))
        found["release"].append(_shares(amounts[~mine], np.zeros(int((~mine).sum()), dtype=bool)))
    means = {
        name: {key: float(np.mean([each[key] for each in rows])) for key in rows[0]} for name, rows in found.items()
    }
    revenue = means["keep"].pop("revenue")
    for name in ("renegotiate", "release"):
        means[name].pop("revenue")
    return {**means, "revenue": revenue, "at_risk": revenue * client.today("annual_churn")}


def _shares(amounts: Floats, mine: Floats) -> dict[str, float]:
    total, hhi = float(amounts.sum()), herfindahl(amounts)
    own = float(amounts[mine].sum())
    return {
        "share": own / total if total else 0.0,
        "largest": largest_share(amounts),
        "hhi": hhi,
        "customers_alike": 1.0 / hhi if hhi else 0.0,
        "revenue": 12.0 * own,
    }
