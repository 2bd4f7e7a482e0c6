"""Bases: the hazard everybody starts from, by segment and reason, and the laws it runs under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats
from retainsim.laws import BetaFrailty, Duration, Frailty
from retainsim.units import monthly_hazard

if TYPE_CHECKING:
    from retainsim.scenario.schema import Parameters


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
    standing
        Factors that standing mechanisms put on the opening pool's hazards, shape (segments, reasons); none by default.
    """

    segments: tuple[str, ...]
    reasons: tuple[str, ...]
    hazards: Floats
    frailties: tuple[Frailty, ...]
    durations: tuple[Duration, ...]
    terms: tuple[float, ...]
    standing: Floats | None = None

    @property
    def observed(self) -> Floats:
        """Return the hazards under standing factors, as customers of the opening pool have had them lately."""
        return self.hazards if self.standing is None else self.hazards * self.standing

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


def raw_bases(today: Parameters) -> Bases:
    """Take the numbers of the file as they are: 12 b = -ln(1 - annual churn), split over reasons by share."""
    segments, split = tuple(sorted(today.segments)), split_of(today)
    terms = tuple(today.plan(s).term_months or np.inf for s in segments)
    hazards = [_total(today, s, term) * split for s, term in zip(segments, terms, strict=True)]
    finite = [term if np.isfinite(term) else None for term in terms]
    return Bases(
        segments=segments,
        reasons=today.reasons,
        hazards=np.array(hazards),
        frailties=tuple(today.segments[s].frailty.law() for s in segments),
        durations=tuple(today.segments[s].law(t) for s, t in zip(segments, finite, strict=True)),
        terms=terms,
    )


def scaled(bases: Bases, segment: int, scale: float) -> Bases:
    """Multiply the hazards of one segment."""
    hazards = bases.hazards.copy()
    hazards[segment] *= scale
    return replace(bases, hazards=hazards)


def with_b(bases: Bases, segment: int, scale: float) -> Bases:
    """Multiply b of one segment's beta frailty."""
    laws = list(bases.frailties)
    law = laws[segment]
    assert isinstance(law, BetaFrailty)
    laws[segment] = BetaFrailty(law.a, law.b * scale)
    return replace(bases, frailties=tuple(laws))


def split_of(today: Parameters) -> Floats:
    """Return the share of leavings that each reason has by itself, summing to 1, shape (reasons,)."""
    shares = today.churn.shares()
    split = np.array([shares.get(reason, 0.0) for reason in today.reasons])
    return split / split.sum()


def _total(today: Parameters, segment: str, term: float) -> float:
    mine = today.segments[segment]
    if mine.frailty.kind == "beta":
        return 1.0 / (term if np.isfinite(term) else 12.0)
    return monthly_hazard(mine.annual_churn or 0.0)
