"""Tariff: what a customer of one segment and origin pays and costs, and the bills of those who pay in instalments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool
from retainsim.profile import Profile

if TYPE_CHECKING:
    from retainsim.scenario.schema import Billing, Parameters, Segment


@dataclass(frozen=True)
class Shapes:
    """How revenue and cost to serve run over tenure for everybody; `margin_by_year` (money) replaces the price."""

    revenue: Profile = field(default_factory=Profile)
    cost: Profile = field(default_factory=Profile)
    margin_by_year: tuple[float, ...] = ()
    extra_margin: tuple[tuple[str, Profile], ...] = ()
    """Margin on top, as a share of it, by origin."""
    agreed: tuple[tuple[str, float], ...] = ()
    """Discounts that named clients have accepted, by name."""


@dataclass(frozen=True)
class Tariff:
    """What a customer of one segment and origin pays and costs, per month at tenure 0 and size 1."""

    revenue: float
    gross_margin: float
    cost_to_serve: float
    lag: float
    revenue_profile: Profile
    cost_profile: Profile
    billing: Billing | None
    by_purchase: bool = False
    """Revenue comes purchase by purchase; `revenue` is what is left of one unit of money after the discount."""

    @property
    def unit(self) -> Tariff:
        """Return the same way of paying for one unit of revenue and of cost to serve."""
        return replace(self, revenue=1.0, cost_to_serve=1.0, gross_margin=1.0, lag=0.0)

    @property
    def is_flat(self) -> bool:
        """True where nothing runs with tenure, is billed in instalments or comes purchase by purchase."""
        if self.by_purchase or self.billing is not None:
            return False
        return self.revenue_profile.is_constant and self.cost_profile.is_constant


def tariff_of(now: Parameters, segment: str, origin: str, shapes: Shapes) -> Tariff:
    """Return the tariff in force for customers of a segment who came from an origin."""
    mine, plan, profile = _terms_of(now, segment, shapes), now.plan(segment, origin), shapes.revenue
    revenue = (1.0 if mine.by_purchase else plan.price or 0.0) * mine.volume * (1 - mine.discount)
    account = now.account(segment)
    if account is not None and account.growth:
        since = (1 + account.growth) ** (-account.customer_for_months / 12.0)  # so that it is 1 at month 0
        profile = profile.times(Profile.growing(1 + account.growth, 12.0 * _FOR_EVER))
        profile = profile.times(Profile.steps((0.0,), (since,)))
    if shapes.margin_by_year:
        starts = tuple(12.0 * year for year in range(len(shapes.margin_by_year)))
        needed = tuple((m / 12.0 + mine.cost_to_serve) / mine.gross_margin for m in shapes.margin_by_year)
        revenue, profile = 1.0, Profile.steps(starts, needed)
    channel = now.acquisition.get(origin)
    if channel is not None and channel.first_discount:
        off = Profile.steps((0.0, channel.first_discount_months), (1 - channel.first_discount, 1.0))
        profile = profile.times(off)
    extra = dict(shapes.extra_margin).get(origin)
    if extra is not None and mine.by_purchase:
        profile = profile.times(extra)
    elif extra is not None and revenue * mine.gross_margin > 0:
        serve = shapes.cost.times(extra.plus(Profile(), -1.0))
        profile = profile.times(extra).plus(serve, -mine.cost_to_serve / (revenue * mine.gross_margin))
    return Tariff(
        revenue=revenue,
        gross_margin=mine.gross_margin,
        cost_to_serve=mine.cost_to_serve,
        lag=mine.pays_after_months,
        revenue_profile=profile,
        cost_profile=shapes.cost,
        billing=plan.billing,
        by_purchase=mine.by_purchase,
    )


_FOR_EVER = 300.0
"""Years; no client stays longer."""


def _terms_of(now: Parameters, segment: str, shapes: Shapes) -> Segment:
    """Return what a segment pays, with the discount a named client has agreed to since."""
    agreed, account = dict(shapes.agreed).get(segment), now.account(segment)
    if agreed is None or account is None:
        return now.everyone[segment]
    settled = account.model_copy(update={"discount": agreed})
    return settled.as_segment(now.segments[account.segment])


class Bills:
    """The next bill of every customer who pays in instalments, and the month up to which it has been billed.

    Bills fall on anniversaries of joining. At the start of a period the whole of it is paid, and nothing is paid back
    to who leaves in it; at the end what was used of it is paid, also by who leaves or moves to another tariff. Who
    moves into a period pays for what is left of it.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        pool.own("bill", np.float64(np.inf))
        pool.own("billed", np.float64(0.0))

    def start(self, tariff: Tariff, rows: Ints, times: Floats) -> None:
        """Set the first bill of customers who come under a tariff at `times` (months)."""
        pool = self._pool
        if tariff.billing is None:
            pool["bill"][rows] = np.inf
            return
        joined, every = pool["joined"][rows], tariff.billing.every_months
        opening = (times == 0.0) & (joined < 0.0)
        before, after = _anniversaries(joined, times, every)
        pool["billed"][rows] = np.where(opening, before, times)
        pool["bill"][rows] = after if tariff.billing.when == "end" else np.where(opening & (before < 0.0), after, times)

    def collect(self, tariff: Tariff, rows: Ints, until: Floats, rates: tuple[float, float]) -> list[Floats]:
        """Return what each customer is billed up to its own time, weighted by exp(rate x time) for two rates."""
        assert tariff.billing is not None
        total = [np.zeros(len(rows)), np.zeros(len(rows))]
        gone, at_start = self._pool["leaves"][rows] <= until, tariff.billing.when == "start"
        while True:
            bill = self._pool["bill"][rows]
            due = np.flatnonzero((bill < until) | ((bill == until) & ~(gone & at_start)))
            if not len(due):
                break
            after = _anniversaries(self._pool["joined"][rows[due]], bill[due], tariff.billing.every_months)[1]
            covers = after - bill[due] if at_start else bill[due] - self._pool["billed"][rows[due]]
            self._invoice(total, tariff, rows, due, (bill[due], covers), rates)
            self._pool["billed"][rows[due]], self._pool["bill"][rows[due]] = bill[due], after
        if not at_start and gone.any():
            self._close(total, tariff, rows, np.flatnonzero(gone), until, rates)
        return total

    def close(self, tariff: Tariff, rows: Ints, times: Floats, rates: tuple[float, float]) -> list[Floats]:
        """Return the last bill, at `times`, of customers who pay at the end and move away; as `collect` does."""
        total = [np.zeros(len(rows)), np.zeros(len(rows))]
        if tariff.billing is not None and tariff.billing.when == "end":
            self._close(total, tariff, rows, np.arange(len(rows)), times, rates)
        return total

    def _close(
        self, total: list[Floats], tariff: Tariff, rows: Ints, mine: Ints, until: Floats, rates: tuple[float, float]
    ) -> None:
        used = until[mine] - self._pool["billed"][rows[mine]]
        self._invoice(total, tariff, rows, mine, (until[mine], used), rates)
        self._pool["billed"][rows[mine]] = until[mine]

    def _invoice(
        self,
        total: list[Floats],
        tariff: Tariff,
        rows: Ints,
        mine: Ints,
        bill: tuple[Floats, Floats],
        rates: tuple[float, float],
    ) -> None:
        """Add a bill (when, for how many months) for some rows, at the price of the period it opens or closes."""
        when, months = bill
        assert tariff.billing is not None
        inside = _HAIR if tariff.billing.when == "start" else -_HAIR
        tenure = np.maximum(when - self._pool["joined"][rows[mine]] + inside, 0.0)
        amount = tariff.revenue * self._pool["size"][rows[mine]] * months * tariff.revenue_profile.at(tenure)
        for sums, rate in zip(total, rates, strict=True):
            sums[mine] += amount * np.exp(rate * when)


_HAIR = 1e-9
"""Months by which a bill looks into its period, so that rounding cannot put it on the other side of an anniversary."""


def _anniversaries(joined: Floats, times: Floats, every: float) -> tuple[Floats, Floats]:
    """Return the last anniversary of joining up to `times`, and the next one after (months)."""
    periods = np.floor((times - joined) / every + _HAIR)
    return joined + every * periods, joined + every * (periods + 1.0)
