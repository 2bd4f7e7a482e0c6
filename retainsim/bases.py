"""Bases: the hazard everybody starts from, by segment and reason, and the laws it runs under."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.laws import Duration, Frailty


@dataclass(frozen=True)
class Bases:
    """Base hazards and laws of every segment; the same in all arms.

    Parameters
    ----------
    segments, reasons
        Names, sorted.
    hazards
        Base hazard per customer-month, shape (segments, reasons); see `laws` for beta frailty.
    frailties, durations
        The laws, one per segment.
    terms
        Contract length of each segment (months), infinity without one.
    """

    segments: tuple[str, ...]
    reasons: tuple[str, ...]
    hazards: Floats
    frailties: tuple[Frailty, ...]
    durations: tuple[Duration, ...]
    terms: tuple[float, ...]

    def present(self, segment: int, tenure: Floats) -> Floats:
        """Return the share of newcomers of a segment still present at `tenure` (months)."""
        return self.frailties[segment].laplace(self.passed(segment, self.last_renewal(segment, tenure)))

    def passed(self, segment: int, tenure: Floats) -> Floats:
        """Return the cumulative hazard of a frailty of 1 from joining to `tenure` (months)."""
        return np.asarray(self.hazards[segment].sum() * self.durations[segment].cumulative(tenure))

    def last_renewal(self, segment: int, tenure: Floats) -> Floats:
        """Return the tenure at the last renewal up to `tenure`; `tenure` itself without a contract."""
        term = self.terms[segment]
        return np.floor(tenure / term + 1e-12) * term if np.isfinite(term) else tenure
