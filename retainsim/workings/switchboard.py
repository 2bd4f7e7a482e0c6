"""Switchboard: which of several desks a call reaches, by the caller's segment and a draw of the call's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats, Ints


@dataclass(frozen=True, eq=False)
class Switchboard:
    """Where calls go.

    Attributes
    ----------
    edges
        Shares of each segment's calls, added up desk by desk, shape (segments, desks); the last is 1.
    """

    edges: Floats

    @classmethod
    def of(cls, shares: Sequence[float | None], serves: Sequence[Sequence[bool]]) -> Switchboard:
        """Make one from each desk's share and whom it serves, shape (segments, desks).

        Desks without a share have even parts of what the others of a segment leave. Shares that come to more than 1
        are taken in proportion, and a segment that no desk serves calls all alike: the rules of a scenario refuse both.
        """
        given = np.array([np.nan if share is None else share for share in shares])
        mine = np.array(serves, dtype=np.bool_) | ~np.any(serves, axis=1, keepdims=True)
        stated = np.where(mine & ~np.isnan(given), given, 0.0)
        waiting = mine & np.isnan(given)
        rest = np.maximum(1.0 - stated.sum(axis=1, keepdims=True), 0.0)
        parts = stated + waiting * rest / np.maximum(waiting.sum(axis=1, keepdims=True), 1)
        parts = np.where(parts.any(axis=1, keepdims=True), parts, mine)
        edges = parts.cumsum(axis=1)
        return cls(edges / edges[:, -1:])

    def reach(self, draw: Floats, segments: Ints) -> Ints:
        """Return the desk each call reaches, from a draw in (0, 1) and the caller's segment."""
        return np.asarray((draw[:, None] >= self.edges[segments]).sum(axis=1), dtype=np.int64)
