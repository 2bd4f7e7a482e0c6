"""Quality: what a firm delivers, by dimension, and how customers weigh it; all of it assumptions.

Value = utility x warranty x perception, each in [0, 1]: fitness for purpose, fitness for use (availability x capacity
x continuity x security) and the weighted mean of five ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field, model_validator

from retainsim.draws import Floats, Ints
from retainsim.mechanism import Settings, setting

Dimension = Literal["treatment", "efficiency", "ease", "honesty", "competence"]
Type = Literal["price", "reliability", "speed", "comfort"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
TYPES: tuple[Type, ...] = get_args(Type)
CARES_FOR: dict[str, tuple[Dimension, ...]] = {
    "price": ("honesty",),
    "reliability": ("competence",),
    "speed": ("efficiency",),
    "comfort": ("treatment", "ease"),
}
"""The dimensions that count more for customers of a type."""


class Delivery(Settings):
    """What the firm delivers."""

    utility: float = setting(1.0, "share", "fit for purpose; like warranty it acts at once", ge=0, le=1)
    availability: float = setting(1.0, "share", "warranty: there when needed", ge=0, le=1)
    capacity: float = setting(1.0, "share", "warranty: enough of it", ge=0, le=1)
    continuity: float = setting(1.0, "share", "warranty: there again after an incident", ge=0, le=1)
    security: float = setting(1.0, "share", "warranty: safe with the firm", ge=0, le=1)
    treatment: float = setting(0.8, "rating", "how well customers are treated (assumption)", ge=0, le=1)
    efficiency: float = setting(0.8, "rating", "how efficiently things are done (assumption)", ge=0, le=1)
    ease: float = setting(0.8, "rating", "how little hassle there is (assumption)", ge=0, le=1)
    honesty: float = setting(0.8, "rating", "how honest the firm is (assumption)", ge=0, le=1)
    competence: float = setting(0.8, "rating", "how well the firm has its act together (assumption)", ge=0, le=1)

    @property
    def offer(self) -> float:
        """Return utility x warranty, the most value there is to perceive."""
        return self.utility * self.availability * self.capacity * self.continuity * self.security

    @property
    def ratings(self) -> Floats:
        """Return what is delivered, shape (dimensions,)."""
        return np.array([getattr(self, each) for each in DIMENSIONS])


class Taste(Settings):
    """What customers look at."""

    weights: dict[Dimension, Annotated[float, Field(ge=0, le=1000)]] = setting(
        {}, "any scale", "how much dimensions count; 1 where nothing is given (assumption)"
    )
    types: dict[Type, Annotated[float, Field(ge=0, le=1)]] = setting(
        {}, "share", "customers to whom honesty (price), competence (reliability), efficiency (speed), or treatment "
        "and ease (comfort) count more; the rest are of no type",
    )  # fmt: skip
    tilt: float = setting(3.0, "factor", "how much more these count (assumption)", ge=1, le=1000)

    @model_validator(mode="after")
    def _adds_up(self) -> Taste:
        if not any(self.weights.get(each, 1.0) for each in DIMENSIONS):
            raise ValueError("the weights sum to zero; give at least one above 0")
        if (total := sum(self.types.values())) > 1 + 1e-9:
            raise ValueError(f"the shares of the types sum to {total:g}; give at most 1, the rest are of no type")
        return self

    def table(self) -> Floats:
        """Return how much each dimension counts for each type and for none, of 1; shape (dimensions, types + 1)."""
        cares = [CARES_FOR.get(each, ()) for each in (*TYPES, "")]
        counts = [[self.weights.get(d, 1.0) * (self.tilt if d in care else 1.0) for care in cares] for d in DIMENSIONS]
        return np.asarray(counts / np.sum(counts, axis=0))


@dataclass(frozen=True)
class Tastes:
    """The tastes of several segments, side by side.

    `edges` has shape (types, segments): up to which luck a customer is of a type; `weights` has shape
    (dimensions, segments, types + 1).
    """

    edges: Floats
    weights: Floats

    @classmethod
    def of(cls, tastes: Sequence[Taste]) -> Tastes:
        """Put the tastes of segments side by side, in their order."""
        edges = [np.cumsum([taste.types.get(each, 0.0) for each in TYPES]) for taste in tastes]
        return cls(np.array(edges).T, np.stack([taste.table() for taste in tastes], axis=1))

    def weigh(self, segments: Ints, luck: Floats) -> Floats:
        """Return what counts for customers of these segments with this luck, shape (dimensions, customers)."""
        kinds = np.zeros(len(segments), np.int64)
        for edge in self.edges:
            kinds += luck >= np.take(edge, segments)
        flat = self.weights.reshape(len(DIMENSIONS), -1)  # taken by one index: a fifth of the time of two
        return np.take(flat, segments * np.int64(len(TYPES) + 1) + kinds, axis=1)
