"""Reasons: why customers leave anyway, each with a base hazard calibrated to the observed churn and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.units import monthly_hazard

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World

PRESETS: dict[str, dict[str, float]] = {
    "five-reasons": {
        "unexplained": 3.0,
        "relationship": 5.0,
        "competition": 10.0,
        "product": 14.0,
        "indifference": 68.0,
    },
    "keaveney-1995": {
        "core_failure": 0.260,
        "encounter": 0.200,
        "price": 0.176,
        "inconvenience": 0.122,
        "response": 0.102,
        "competition": 0.060,
        "ethics": 0.044,
        "involuntary": 0.036,
    },
}
PRESET_NOTES = {
    "five-reasons": "the shares of the five-reasons preset are widely quoted, with no sample behind them",
    "keaveney-1995": "the shares of the keaveney-1995 preset are switchers' own accounts (Keaveney 1995), "
    "normalised from multiple answers",
}


class Mechanism(mechanism.Mechanism):
    """Adds the base hazard of every reason; a change of churn or of a share scales it."""

    def attach(self, world: World) -> None:
        """Hold nothing yet."""
        self._held: Parameters | None = None

    def hold(self, world: World) -> None:
        """Scale the bases by what has changed since the file: churn by segment, shares by reason."""
        if world.now is self._held:
            return
        self._held = world.now
        for index, reason in enumerate(world.churn.reasons):
            world.churn.add("reasons", reason, world.bases.hazards[:, index] * self._scale(world, reason))

    def _scale(self, world: World, reason: str) -> Floats:
        now, today = world.now, world.today
        before = today.churn.shares().get(reason, 0.0)
        share = now.churn.shares().get(reason, 0.0) / before if before else 1.0
        churn = [_ratio(now.everyone[s].annual_churn, today.everyone[s].annual_churn) for s in world.segments]
        return np.array(churn) * share


def _ratio(new: float | None, old: float | None) -> float:
    """Return how much a base hazard grows when the annual churn goes from old to new."""
    if new == old or new is None or not old:
        return 1.0
    return monthly_hazard(new) / monthly_hazard(old)
