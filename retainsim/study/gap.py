"""Gap: by how much one arm beats another, replication by replication, wherever an input of the file is put."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import ScenarioError
from retainsim.study.input import Input, concerns
from retainsim.study.stage import Variant
from retainsim.study.trials import Trials

Point = tuple[Input, float]
"""An input and a value of it."""
_Pair = tuple[str, float] | None
"""A key with what it is taken to be; None where all is as the file says."""


@dataclass(frozen=True)
class Gap:
    """The NPV of one arm less that of another, paired on common luck.

    Parameters
    ----------
    trials
        Where both are played.
    arm, against
        Their names.
    """

    trials: Trials
    arm: str
    against: str

    def today(self, replications: Sequence[int] | None = None) -> Floats:
        """Return the difference as the file says, shape (replications,)."""
        return self._difference(None, replications)

    def play(self, points: Iterable[Point], replications: Sequence[int] | None = None) -> None:
        """Play all that the differences at these points follow from, in one go."""
        values = [_pair(asked, part) for asked, value in points for part, _ in _parts(asked, value)]
        variants = [self._variant(arm, pair) for pair in values for arm in (self.arm, self.against)]
        self.trials.play([self._variant(self.arm, None), self._variant(self.against, None), *variants], replications)

    def at(self, asked: Input, value: float, replications: Sequence[int] | None = None) -> Floats:
        """Return the difference with an input at a value, shape (replications,).

        Between two whole numbers, where only those may stand, it is drawn as a straight line.
        """
        parts = [share * self._difference(_pair(asked, part), replications) for part, share in _parts(asked, value)]
        return np.asarray(np.sum(parts, axis=0))

    def is_allowed(self, asked: Input, value: float) -> bool:
        """Tell whether both arms can be played with an input at a value."""
        stage = self.trials.stage
        variants = [self._variant(arm, (asked.key, value)) for arm in (self.arm, self.against)]
        try:
            stage.solve(variants)
            for variant in variants:
                stage.setup(variant, 0)
        except ScenarioError:
            return False
        return True

    def _difference(self, pair: _Pair, replications: Sequence[int] | None) -> Floats:
        own, other = (self._variant(arm, pair) for arm in (self.arm, self.against))
        return self.trials.values(own, "npv", replications) - self.trials.values(other, "npv", replications)

    def _variant(self, arm: str, pair: _Pair) -> Variant:
        """Return an arm with a key taken to be otherwise; as it is, where the key is nothing to it."""
        if pair is None or not concerns(self.trials.scenario, pair[0], arm):
            return self.trials.variant(arm)
        return self.trials.variant(arm, assumed=dict([pair]))


def _pair(asked: Input, value: float) -> _Pair:
    return None if value == asked.today and not asked.is_drawn else (asked.key, value)


def _parts(asked: Input, value: float) -> list[tuple[float, float]]:
    """Return the values to be played for a value, and their weights."""
    if not asked.is_whole or float(value).is_integer():
        return [(float(value), 1.0)]
    below = math.floor(value)
    return [(float(below), below + 1 - value), (float(below + 1), value - below)]
