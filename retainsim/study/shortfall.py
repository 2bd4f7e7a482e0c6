"""Shortfall: how far an arm is from what it is to equal, replication by replication, at any value of one key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import ScenarioError, UsageError
from retainsim.study.goal import Goal
from retainsim.study.trials import Trials

_FEW = 4
"""Replications that tell where to look."""


class Shortfall:
    """The paired difference that is sought to be zero, on common luck."""

    def __init__(self, trials: Trials, goal: Goal) -> None:
        self.trials, self.goal = trials, goal
        self.replications = trials.replications
        self._faults: dict[float, str | None] = {}

    @property
    def few(self) -> int:
        """Return the number of replications that a first look takes."""
        return min(_FEW, self.replications)

    def at(self, values: Sequence[float], replications: int | None = None) -> Floats:
        """Return the differences, shape (values, replications), all played at once.

        Raises
        ------
        UsageError
            If there is no such measure, or it is not known of every replication.
        """
        count, stage = replications or self.replications, self.trials.stage
        pairs = [self.goal.variants(stage, value) for value in values]
        indices = range(count)
        self.trials.play([v for pair in pairs for v in pair if v is not None], indices)
        measure = self.goal.measure
        found = np.empty((len(pairs), count))
        for row, (varied, match) in enumerate(pairs):
            found[row] = self.trials.values(varied, measure, indices)
            found[row] -= (self.goal.target or 0.0) if match is None else self.trials.values(match, measure, indices)
        if not np.isfinite(found).all():
            raise UsageError(f"{measure} is not known of every replication of this scenario; choose another measure")
        return found

    def mean(self, value: float) -> float:
        """Return the mean difference over all replications."""
        return float(self.at([value]).mean())

    def fault(self, value: float) -> str | None:
        """Return why a value is not possible, or None where it is."""
        if value not in self._faults:
            self._faults[value] = self._fault(value)
        return self._faults[value]

    def _fault(self, value: float) -> str | None:
        stage = self.trials.stage
        try:
            for variant in filter(None, self.goal.variants(stage, value)):
                stage.solve([variant])
                timeline = stage.setup(variant, 0).timeline
                for time in (0.0, *timeline.breakpoints):
                    timeline.at(time)
        except ScenarioError as error:
            return str(error).splitlines()[0]
        return None
