"""Indices: how much of an answer's variance each input makes, alone and with the others, luck being one more of them.

The design is Saltelli's on scrambled Sobol points (SALib), over the ranks of all inputs and of luck. Luck is an input
like any other: what it makes in all is the variance within, and the rest is ignorance, of which the inputs have shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.study.variance import Estimated

LUCK = "luck"


@dataclass(frozen=True)
class Design:
    """Points at which an answer is to be found.

    Parameters
    ----------
    ranks
        Shape (points, inputs), each in (0, 1).
    luck
        Which replication's luck each point has, shape (points,).
    draws
        Points of the base sample; there are `draws` x (inputs + 3) points.
    """

    ranks: Floats
    luck: Ints
    draws: int
    problem: dict[str, Any]

    @property
    def block(self) -> int:
        """Return how many points follow from one draw: itself, one with each input (and luck) drawn anew, a second."""
        return len(self.luck) // self.draws

    def pairs(self, values: Floats) -> Floats:
        """Return values of the same inputs under two independent draws of luck, shape (draws, 2)."""
        blocks = values.reshape(self.draws, self.block)
        return blocks[:, [0, self.block - 2]]


def design(inputs: list[str], draws: int, seed: int) -> Design:
    """Return the points for some inputs; the same for the same seed."""
    from SALib.sample import sobol

    names = [*inputs, LUCK]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    points = sobol.sample(problem, draws, calc_second_order=False, seed=seed)
    tiny = np.finfo(float).eps
    _, luck = np.unique(points[:, -1], return_inverse=True)
    return Design(np.clip(points[:, :-1], tiny, 1.0 - tiny), luck.ravel(), draws, problem)


def indices(plan: Design, values: Floats) -> dict[str, dict[str, Estimated]]:
    """Return first-order and total index of every input and of luck as shares of the whole variance, with intervals.

    SALib's estimators (Saltelli et al. 2010) and its bootstrap intervals. All zero where nothing varies.
    """
    from SALib.analyze import sobol

    names = plan.problem["names"]
    if np.ptp(values) == 0.0:
        return {name: {"first": _estimated(0.0, 0.0), "total": _estimated(0.0, 0.0)} for name in names}
    # SALib takes a seed of 0 for none
    found = sobol.analyze(plan.problem, values, calc_second_order=False, num_resamples=400, seed=1)
    kinds = {"first": (found["S1"], found["S1_conf"]), "total": (found["ST"], found["ST_conf"])}
    return {
        name: {kind: _estimated(float(mean[i]), float(half[i])) for kind, (mean, half) in kinds.items()}
        for i, name in enumerate(names)
    }


def _estimated(mean: float, half: float) -> Estimated:
    return {"mean": mean, "low": mean - half, "high": mean + half}
