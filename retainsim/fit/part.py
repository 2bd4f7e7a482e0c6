"""Part: one segment as fitted: how its customers stay, who of them is there, what they pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.fit import pool
from retainsim.fit.choice import Candidate, Choice, by_date, choose
from retainsim.fit.customers import Customers
from retainsim.fit.estimate import Estimate
from retainsim.fit.group import Groups
from retainsim.fit.law import LawFit
from retainsim.fit.price import Growth, Price, growth, price
from retainsim.fit.spells import Spells
from retainsim.fit.survival import Curve, kaplan_meier
from retainsim.units import DAYS_PER_MONTH

KINDS = ("exponential", "gamma", "weibull", "gamma-power", "steps")
"""Laws for customers who may leave at any time; with a renewal there are sbg and bdw besides."""
CLOSE = 0.02
"""A law further than this (share of newcomers) outside the interval of Kaplan and Meier does not hold."""
STEEPEST = 2.0
"""A hazard that grows faster than in proportion to tenure is not carried beyond what was seen."""
_NARROW = 0.2
"""Where the interval of Kaplan and Meier is wider (share of newcomers), it tells nothing."""
_SHARE_HELD_OUT = 0.25
"""Of the months since the first join; at most a year is held out."""


@dataclass(frozen=True)
class Part:
    """One segment.

    Parameters
    ----------
    key, label
        What it is called in the scenario and in the data.
    spells
        Its lives, alike ones put together.
    fit
        The law taken.
    candidates
        The laws tried.
    why
        Why this one, in a sentence.
    curve
        Survival by Kaplan and Meier.
    at
        Tenures of those present, as the scenario writes them.
    churn
        12-month churn of those present.
    price, cost
        What those present pay, and cost on average; None where unknown.
    growth
        How price runs with tenure across those present.
    """

    key: str
    label: str
    spells: Spells
    fit: LawFit
    candidates: tuple[Candidate, ...]
    why: str
    curve: Curve
    present: Floats
    at: list[float]
    churn: Estimate
    price: Price | None = None
    cost: Estimate | None = None
    growth: Growth | None = None

    @property
    def count(self) -> int:
        """Return how many customers are present."""
        return len(self.present)


def fit_parts(customers: Customers, groups: Groups, grain: float) -> list[Part]:
    """Fit every segment."""
    return [_part(customers, groups, index, grain) for index in range(len(groups.keys))]


def grain_of(customers: Customers) -> float:
    """Return the months in which tenures were counted: 1 where all are whole, 0 where dates are known."""
    if customers.joined is not None:
        return 0.0
    exits = customers.spells.exit
    whole = exits == np.round(exits)
    return 1.0 if whole.mean() > 0.95 else 0.0


def paid(amounts: Floats | None) -> Price | None:
    """Return what those pay whose price is known; None where nobody's is."""
    if amounts is None or np.isnan(amounts).all():
        return None
    return price(amounts)


def settle(choice: Choice, curve: Curve, first: float = 0.0) -> tuple[LawFit, str]:
    """Return the law chosen, unless it strays from Kaplan and Meier or runs away beyond what was seen.

    Then it is the one of lowest BIC that does neither, or the one that strays least.
    """
    far = {each.fit.kind: distance(each.fit, curve, first) for each in choice.candidates}
    wrong = _wrong(choice.chosen, far)
    if not wrong:
        return choice.chosen, choice.reason
    sound = [each.fit for each in choice.candidates if not _wrong(each.fit, far)]
    tame = [each.fit for each in choice.candidates if not _runs_away(each.fit)] or [choice.chosen]
    best = min(sound, key=lambda fit: fit.bic) if sound else min(tame, key=lambda fit: far[fit.kind])
    if best.kind == choice.chosen.kind:
        return best, f"{choice.reason}; yet it {wrong}, as do the others"
    return best, f"{best.kind}, since {choice.chosen.kind}, which foretells best, {wrong}"


def distance(fit: LawFit, curve: Curve, first: float = 0.0) -> float:
    """Return how far (share of newcomers) a law leaves the interval of Kaplan and Meier, where that is narrow.

    Both are shares of those there at the tenure `first` (months), from which on anybody was under observation.
    """
    _, low, high = curve.at(curve.tenure)
    known = np.isfinite(low) & (high - low < _NARROW)
    if not known.any():
        return 0.0
    found = fit.survival(curve.tenure) / float(fit.survival(np.array([first]))[0])
    return float(np.max(np.maximum(found - high, low - found)[known].clip(0.0)))


def _wrong(fit: LawFit, far: dict[str, float]) -> str:
    """Say what is wrong with a law; nothing where it may be taken."""
    if far[fit.kind] > CLOSE:
        return f"strays by {100 * far[fit.kind]:.1f} points from the 95 % interval of Kaplan and Meier"
    if _runs_away(fit):
        return f"has a hazard that grows as tenure to the {_power(fit) - 1:.1f}, past all that was seen"
    return ""


def _runs_away(fit: LawFit) -> bool:
    return _power(fit) > STEEPEST


def _power(fit: LawFit) -> float:
    return float(getattr(fit.law, "power", 1.0))


def _part(customers: Customers, groups: Groups, index: int, grain: float) -> Part:
    mine = groups.codes == index
    rows = customers.where(mine)
    spells, curve = rows.spells.grouped(), kaplan_meier(rows.spells)
    choice = choose(spells, kinds=KINDS, grain=grain, parts=_parts(rows))
    fit, why = settle(choice, curve, float(spells.entry.min()))
    there = rows.where(rows.present)
    at = pool.tenures(there.spells.exit)
    known, cost = paid(there.price), paid(there.cost)
    grown = growth(there.price, there.spells.exit) if there.price is not None and known else None
    return Part(
        groups.keys[index],
        groups.labels[index],
        spells,
        fit,
        choice.candidates,
        why,
        curve,
        there.spells.exit,
        at,
        pool.churn(fit.law, at, spells),
        known,
        cost.mean if cost else None,
        grown,
    )


def _parts(rows: Customers) -> tuple[Spells, Spells] | None:
    """Cut lives by date where it is known: the last quarter of the time since the first join, at most a year."""
    if rows.joined is None or rows.until is None:
        return None
    joined = (rows.joined - rows.until) / DAYS_PER_MONTH
    since = joined.min() if rows.since is None else (rows.since - rows.until) / DAYS_PER_MONTH
    first, rest = by_date(rows.spells, joined, -min(12.0, _SHARE_HELD_OUT * float(-since)))
    return first.grouped(), rest.grouped()


def joined(every: Sequence[Spells]) -> Spells:
    """Return the lives of several segments as one table."""
    return Spells(
        np.concatenate([each.entry for each in every]),
        np.concatenate([each.exit for each in every]),
        np.concatenate([each.left for each in every]),
        np.concatenate([each.reason for each in every]),
        every[0].reasons,
        np.concatenate([each.weights for each in every]),
    )


def total_present(parts: Sequence[Part]) -> int:
    """Return how many customers are present in all segments."""
    return sum(part.count for part in parts)
