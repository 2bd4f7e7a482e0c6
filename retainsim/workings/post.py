"""Post: in which of so many seats somebody sits, and for how long of a span."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retainsim.draws import Ints


class Posts:
    """Seats that are left and filled again; the first `count` of them are there.

    `filled` says when somebody came, or will come, to each (months).
    """

    def __init__(self) -> None:
        self.count, self.filled = -1, np.zeros(0)
        self._served = 0.0

    def resize(self, count: int) -> range:
        """Let there be so many seats, and return those there have never been before; somebody sits there."""
        new = range(len(self.filled), count)
        self.filled, self.count = np.append(self.filled, np.zeros(len(new))), count
        return new

    def taken(self, time: float) -> NDArray[np.bool_]:
        """Tell of each seat whether somebody sits there; of one more, which stands for none, that nobody does."""
        return np.append(self.filled[: self.count] <= time, False)

    def leave(self, seats: Ints, time: float, *, start: float, until: float) -> None:
        """Let who sits there leave at `time`, in the span from `start`; another comes at `until` (months)."""
        self._served += float((time - np.maximum(self.filled[seats], start)).sum())
        self.filled[seats] = until

    def served(self, start: float, end: float) -> float:
        """Return how many months have been served in the span, by those who left in it too; asked once a span."""
        gone, self._served = self._served, 0.0
        return gone + float((end - np.clip(self.filled[: self.count], start, end)).sum())
