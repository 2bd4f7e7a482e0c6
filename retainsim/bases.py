"""Bases: the hazard everybody starts from, by segment and reason, and the laws it runs under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats
from retainsim.laws import BetaFrailty, Duration, Frailty, Lapse
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
    lapses
        The law by which customers drop out after a purchase, one per segment; none by default.
    """

    segments: tuple[str, ...]
    reasons: tuple[str, ...]
    hazards: Floats
    frailties: tuple[Frailty, ...]
    durations: tuple[Duration, ...]
    terms: tuple[float, ...]
    standing: Floats | None = None
    lapses: tuple[Lapse | None, ...] = ()
    strains: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """By source: the mean strain the opening pool carries at month 0 (hazard per customer-month), by segment."""
    clients: int = 0
    """How many of the segments, the last ones, are named clients."""

    @property
    def observed(self) -> Floats:
        """Return the hazards under standing factors, as customers of the opening pool have had them lately."""
        return self.hazards if self.standing is None else self.hazards * self.standing

    def present(self, segment: int, tenure: Floats) -> Floats:
        """Return the share of newcomers of a segment still present at `tenure` (months)."""
        stay = self.frailties[segment].laplace(self.passed(segment, self.last_renewal(segment, tenure)))
        lapse = self.lapse(segment)
        return stay if lapse is None else stay * lapse.staying(tenure)

    def lapse(self, segment: int) -> Lapse | None:
        """Return the law by which customers of a segment drop out after a purchase, or None."""
        return self.lapses[segment] if self.lapses else None

    def passed(self, segment: int, tenure: Floats) -> Floats:
        """Return the cumulative hazard of a frailty of 1 from joining to `tenure` (months)."""
        return np.asarray(self.hazards[segment].sum() * self.durations[segment].cumulative(tenure))

    def last_renewal(self, segment: int, tenure: Floats) -> Floats:
        """Return the tenure at the last renewal up to `tenure`; `tenure` itself without a contract."""
        term = self.terms[segment]
        return np.floor(tenure / term + 1e-12) * term if np.isfinite(term) else tenure


def raw_bases(today: Parameters) -> Bases:
    """Take the numbers of the file as they are: 12 b = -ln(1 - annual churn), split over reasons by share."""
    segments, split = tuple(today.everyone), split_of(today)
    terms = tuple(today.plan(s).term_months or np.inf for s in segments)
    hazards = [_total(today, s, term) * split for s, term in zip(segments, terms, strict=True)]
    finite = [term if np.isfinite(term) else None for term in terms]
    return Bases(
        segments=segments,
        reasons=today.reasons,
        hazards=np.array(hazards),
        frailties=tuple(today.everyone[s].frailty.law() for s in segments),
        durations=tuple(today.everyone[s].law(t) for s, t in zip(segments, finite, strict=True)),
        terms=terms,
        lapses=tuple(p.lapse() if p is not None else None for p in (today.everyone[s].purchases for s in segments)),
        clients=len(today.accounts),
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
    mine = today.everyone[segment]
    if mine.frailty.kind == "beta":
        return 1.0 / (term if np.isfinite(term) else 12.0)
    return monthly_hazard(mine.annual_churn or 0.0)
