"""Tariff: what a customer of one segment and origin pays and costs, and the bills of those who pay in instalments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.pool import Pool
from retainsim.profile import Profile

if TYPE_CHECKING:
    from retainsim.scenario.schema import Billing, Parameters


@dataclass(frozen=True)
class Shapes:
    """How revenue and cost to serve run over tenure for everybody; `margin_by_year` (money) replaces the price."""

    revenue: Profile = field(default_factory=Profile)
    cost: Profile = field(default_factory=Profile)
    margin_by_year: tuple[float, ...] = ()
    extra_margin: tuple[tuple[str, Profile], ...] = ()
    """Margin on top, as a share of it, by origin."""


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

    @property
    def is_flat(self) -> bool:
        """True where nothing runs with tenure and nothing is billed in instalments."""
        return self.billing is None and self.revenue_profile.is_constant and self.cost_profile.is_constant


def tariff_of(now: Parameters, segment: str, origin: str, shapes: Shapes) -> Tariff:
    """Return the tariff in force for customers of a segment who came from an origin."""
    mine, plan, profile = now.segments[segment], now.plan(segment, origin), shapes.revenue
    revenue = (plan.price or 0.0) * mine.volume * (1 - mine.discount)
    if shapes.margin_by_year:
        starts = tuple(12.0 * year for year in range(len(shapes.margin_by_year)))
        needed = tuple((m / 12.0 + mine.cost_to_serve) / mine.gross_margin for m in shapes.margin_by_year)
        revenue, profile = 1.0, Profile.steps(starts, needed)
    channel = now.acquisition.get(origin)
    if channel is not None and channel.first_discount:
        off = Profile.steps((0.0, channel.first_discount_months), (1 - channel.first_discount, 1.0))
        profile = profile.times(off)
    extra = dict(shapes.extra_margin).get(origin)
    if extra is not None and revenue * mine.gross_margin > 0:
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
    )


class Bills:
    """The next bill of every customer who pays in instalments.

    At the start of a period the whole period is paid, and nothing is paid back to who leaves in it; at the end what
    was used of it is paid, also by who leaves.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        pool.own("bill", np.float64(np.inf))

    def start(self, tariff: Tariff, rows: Ints, times: Floats) -> None:
        """Set the first bill of customers who come under a tariff at `times` (months)."""
        if tariff.billing is None:
            return
        joined, every = self._pool["joined"][rows], tariff.billing.every_months
        periods = (times - joined) / every
        first = np.ceil(periods - 1e-9) if tariff.billing.when == "start" else np.floor(periods + 1e-9) + 1
        self._pool["bill"][rows] = joined + every * first

    def collect(self, tariff: Tariff, rows: Ints, until: Floats, rates: tuple[float, float]) -> list[Floats]:
        """Return what each customer is billed up to its own time, weighted by exp(rate x time) for two rates."""
        assert tariff.billing is not None
        every, at_start = tariff.billing.every_months, tariff.billing.when == "start"
        total = [np.zeros(len(rows)), np.zeros(len(rows))]
        gone = self._pool["leaves"][rows] <= until
        while True:
            bill = self._pool["bill"][rows]
            due = np.flatnonzero((bill < until) | ((bill == until) & ~(gone & at_start)))
            if not len(due):
                break
            self._invoice(total, tariff, rows, due, (bill[due], np.full(len(due), every)), rates)
            self._pool["bill"][rows[due]] += every
        if not at_start and gone.any():
            last = np.flatnonzero(gone)
            used = until[last] - (self._pool["bill"][rows[last]] - every)
            self._invoice(total, tariff, rows, last, (until[last], used), rates)
        return total

    def _invoice(
        self,
        total: list[Floats],
        tariff: Tariff,
        rows: Ints,
        mine: Ints,
        bill: tuple[Floats, Floats],
        rates: tuple[float, float],
    ) -> None:
        """Add a bill (when, for how many months) for some of the rows."""
        when, months = bill
        tenure = np.maximum(when - self._pool["joined"][rows[mine]], 0.0)
        amount = tariff.revenue * self._pool["size"][rows[mine]] * months * tariff.revenue_profile.at(tenure)
        for sums, rate in zip(total, rates, strict=True):
            sums[mine] += amount * np.exp(rate * when)
