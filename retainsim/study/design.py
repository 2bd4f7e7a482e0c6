"""Design: at which points of a box a question looks, where it does not look at all of them.

A design is no luck: it says where we look, never what happens there, and no outcome depends on it. So it may come from
a library's generator instead of from `draws`; it is seeded by a key that `draws` makes, which keeps it apart from all
luck and the same for a seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import qmc

from retainsim.draws import Floats, key


def latin_hypercube(points: int, keys: Sequence[str], seed: int) -> Floats:
    """Return points of the unit cube, shape (points, keys): along every key one in each of `points` equal slices.

    Of the Latin hypercubes that chance offers, one whose points are spread evenly (centred discrepancy).
    """
    own = key("design", seed, points, *keys)
    return np.asarray(qmc.LatinHypercube(len(keys), optimization="random-cd", rng=own).random(points))


def even(points: int, dimensions: int, *, skip: int = 0) -> Floats:
    """Return points `skip` to `skip + points` of Halton's sequence in the unit cube, which no luck is in."""
    sequence = qmc.Halton(dimensions, scramble=False)
    sequence.fast_forward(skip + 1)  # its first point is the corner
    return np.asarray(sequence.random(points))
