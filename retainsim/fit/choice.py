"""Choice: which law of staying to believe, by an information criterion and by how well each foretells the unseen.

The rule, in words, which the choice repeats:

1. Each law is fitted to the first part of what was seen and judged by the log-likelihood of the rest. Laws whose
   deficit to the best is within one standard error of it (paired, customer by customer), or below 3, foretell as well.
2. Among those, laws whose BIC (all data) is within 2 of the lowest are as well supported.
3. The simplest of those is chosen: fewest parameters, then earliest in `PREFERENCE`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.fit.law import LawFit, fit_law
from retainsim.fit.mixture import YEAR
from retainsim.fit.spells import Spells

if TYPE_CHECKING:
    import pandas as pd

PREFERENCE = ("exponential", "gamma", "sbg", "weibull", "gamma-power", "bdw", "steps")
"""Kinds from simple to involved; with as many parameters, people who differ before hazards that change."""
SUPPORTED = 2.0
"""Difference in BIC that is not worth more than a bare mention (Kass & Raftery 1995)."""
TRIFLE = 3.0
"""Deficit in log-likelihood (odds of 20 to 1) that says nothing, whatever its standard error: that is of who was held
out, and leaves out that the first part might have been estimated otherwise."""
FEWEST = 10.0
"""Leavers that either part of a hold-out needs to say anything (assumption)."""


@dataclass(frozen=True)
class Candidate:
    """A law fitted to everything, and how it foretold the held-out part.

    Parameters
    ----------
    fit
        The law fitted to all spells.
    foretold
        Log-likelihood of the held-out part under the law fitted to the first part; nan without a hold-out.
    deficit, error
        How much less than the best law's, and the standard error of the difference.
    """

    fit: LawFit
    foretold: float
    deficit: float
    error: float

    @property
    def foretells(self) -> bool:
        """True where it foretells as well as the best, but for noise; and where nothing was held out."""
        return math.isnan(self.deficit) or self.deficit <= max(self.error, TRIFLE)


@dataclass(frozen=True)
class Choice:
    """The law chosen, the others, and why."""

    chosen: LawFit
    candidates: tuple[Candidate, ...]
    reason: str
    held_out: str

    def table(self) -> pd.DataFrame:
        """Tabulate the laws, one row each, the lowest BIC first."""
        import pandas as pd

        rows = [_row(each, each.fit is self.chosen) for each in self.candidates]
        return pd.DataFrame(rows).set_index("law").sort_values("bic")


def choose(
    spells: Spells,
    *,
    kinds: tuple[str, ...] = PREFERENCE,
    grain: float = 0.0,
    term: float = YEAR,
    parts: tuple[Spells, Spells] | None = None,
    intervals: bool = True,
) -> Choice:
    """Fit every law and choose one.

    Parameters
    ----------
    kinds
        Laws to choose among.
    grain, term
        As in `fit_law`.
    parts
        What was seen first, and the rest, of the same customers: as `Spells.between` cuts by tenure, or a cut by date.
        By default tenure is cut where 70 % of the leavings lie before (`by_tenure`).
    intervals
        False leaves the estimates out and spares half the time, as in `fit_law`.

    Raises
    ------
    UsageError
        If nobody left, or no kind is named.
    """
    if not kinds:
        raise UsageError("fit: no law to choose among; name at least one")
    fits = [fit_law(spells, kind, grain=grain, term=term, intervals=intervals) for kind in kinds]
    first, rest = parts or by_tenure(spells, grain=grain)
    if min(first.events, rest.events) < FEWEST:
        candidates = tuple(Candidate(fit, math.nan, math.nan, math.nan) for fit in fits)
        held_out = f"nothing held out: fewer than {FEWEST:g} leavings in a part of the window"
    else:
        candidates = _judged(fits, first, rest, term)
        held_out = f"{rest.events:,.0f} leavings and {rest.exposure:,.0f} customer-months held out"
    chosen, reason = _settle(candidates)
    return Choice(chosen, candidates, reason, held_out)


def by_tenure(spells: Spells, *, share: float = 0.7, grain: float = 0.0) -> tuple[Spells, Spells]:
    """Cut lives at the tenure before which a `share` of the leavings lie; at a whole `grain` (months) if any."""
    exits, weight = spells.exit[spells.left], spells.weights[spells.left]
    order = np.argsort(exits)
    passed = np.cumsum(weight[order])
    cut = float(exits[order][np.searchsorted(passed, share * passed[-1])]) if len(exits) else 0.0
    cut = grain * math.floor(cut / grain) if grain else cut
    return spells.between(0.0, cut), spells.between(cut, math.inf)


def by_date(spells: Spells, joined: Floats, date: float) -> tuple[Spells, Spells]:
    """Cut lives at a calendar time: what was seen up to `date`, and after it; `joined` (n,) in months on that calendar.

    Who was there at `date` comes into the second part at the tenure it then had.
    """
    tenure = date - np.asarray(joined, dtype=np.float64)
    early, late = spells.entry < tenure, spells.exit > tenure
    left = spells.left & (spells.exit <= tenure)
    reason = np.where(left, spells.reason, -1)
    before = Spells(spells.entry, np.minimum(spells.exit, tenure), left, reason, spells.reasons, spells.weight)
    entry = np.maximum(spells.entry, tenure)
    after = Spells(entry, spells.exit, spells.left, spells.reason, spells.reasons, spells.weight)
    return before.where(early), after.where(late)


def _judged(fits: list[LawFit], first: Spells, rest: Spells, term: float) -> tuple[Candidate, ...]:
    """Judge each law on the rest by what it foretells from the first part."""
    grouped = rest.grouped()
    rows = np.array([_foretold(fit, first, grouped, term) for fit in fits])
    totals = rows @ grouped.weights
    gaps = rows[int(np.argmax(totals))] - rows
    means = gaps @ grouped.weights / grouped.n
    errors = np.sqrt((gaps - means[:, None]) ** 2 @ grouped.weights)
    ranked = zip(fits, totals, totals.max() - totals, errors, strict=True)
    return tuple(Candidate(fit, float(total), float(gap), float(error)) for fit, total, gap, error in ranked)


def _foretold(fit: LawFit, first: Spells, rest: Spells, term: float) -> Floats:
    """Return the log-likelihood of each held-out row under the law fitted to the first part, (n,)."""
    rows = fit_law(first, fit.kind, grain=fit.grain, term=term, intervals=False).by_row(rest)
    return np.maximum(rows, -1e6)  # what a law calls impossible is worse than anything, yet a number


def _settle(candidates: tuple[Candidate, ...]) -> tuple[LawFit, str]:
    foretelling = [each for each in candidates if each.foretells]
    lowest = min(each.fit.bic for each in foretelling)
    supported = [each for each in foretelling if each.fit.bic - lowest <= SUPPORTED]
    chosen = min(supported, key=lambda each: (each.fit.parameters, PREFERENCE.index(each.fit.kind))).fit
    return chosen, (
        f"{chosen.kind}: of {len(candidates)} laws {len(foretelling)} foretell the held-out part as well as the best, "
        f"within one standard error or {TRIFLE:g} in log-likelihood; {len(supported)} of these are within "
        f"{SUPPORTED:g} of the lowest BIC; "
        "the simplest of them is taken"
    )


def _row(each: Candidate, is_chosen: bool) -> dict[str, object]:
    fit = each.fit
    return {
        "law": fit.kind,
        "chosen": is_chosen,
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "bic": fit.bic,
        "foretold": each.foretold,
        "deficit": each.deficit,
        "deficit_error": each.error,
        "foretells": each.foretells,
    }
