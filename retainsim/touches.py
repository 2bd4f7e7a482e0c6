"""Touches: all that passes between firm and customers, told to the mechanisms that listen.

A touch happens at an exact time to a customer. Touches of a span are gathered and delivered together, kind by kind in
the order of their names and within a kind in order of time, so that neither the order in which mechanisms are attached
nor the row a customer stands in can be seen. What follows from a touch acts from the end of the span.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool

Handler = Callable[[Ints, Floats], None]
"""Called with rows and exact times (months), in order of time."""


class Touches:
    """The touches of one world."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._handlers: dict[str, dict[str, Handler]] = {}
        self._waiting: dict[str, list[tuple[Ints, Floats]]] = {}

    def listen(self, touch: str, listener: str, handler: Handler) -> None:
        """Let a mechanism hear of every touch of a kind."""
        self._handlers.setdefault(touch, {})[listener] = handler

    def happen(self, touch: str, rows: Ints, times: Floats) -> None:
        """Gather touches, one per row, until they are delivered; those nobody listens to are dropped."""
        if touch in self._handlers and len(rows):
            self._waiting.setdefault(touch, []).append((rows, times))

    def deliver(self) -> None:
        """Tell the listeners, and go on with what they make happen until nothing more does."""
        while self._waiting:
            touch = min(self._waiting)
            parts = self._waiting.pop(touch)
            rows, times = (np.concatenate(column) for column in zip(*parts, strict=True))
            order = np.lexsort((self._pool["name"][rows], times))
            for listener in sorted(self._handlers[touch]):
                self._handlers[touch][listener](rows[order], times[order])
