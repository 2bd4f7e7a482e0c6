"""Closing: what customers are still worth from a date on, in expectation.

For each customer the margin less cost to serve and standing programme cost, weighted by the chance of still
being there under the hazards then in force, discounted; less the fixed cost that ends when a named client goes. Strain
is zero, temporary changes have ended, a notice already given is paid to its renewal, and a customer who costs more than
it brings counts as a loss.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.profile import Profile, exponential_span

if TYPE_CHECKING:
    from retainsim.tariff import Tariff
    from retainsim.world import World

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_CHUNK = 50_000


def future_value(world: World, rows: Ints, months: float) -> Floats:
    """Value what customers bring over the `months` from now on, at now (money per row, before tax)."""
    value = np.zeros(len(rows))
    cells = world.pool["cell"][rows]
    for s in range(len(world.segments)):
        for o in range(len(world.origins)):
            mine = np.flatnonzero(cells == s * len(world.origins) + o)
            for part in np.array_split(mine, max(1, -(-len(mine) // _CHUNK))):
                if len(part):
                    value[part] = _Cell(world, s, o, rows[part], months).value()
    return value


class _Cell:
    """The customers of one segment and origin, looked at from now on."""

    def __init__(self, world: World, segment: int, origin: int, rows: Ints, months: float) -> None:
        self._world, self._months, self._rows = world, months, rows
        self._tariff: Tariff = world.money.tariffs[segment][origin]
        self._law, self._term = world.bases.durations[segment], world.churn.terms[segment, origin]
        pool = world.pool
        self._tenure = world.time - pool["joined"][rows]
        self._hazard, self._ends = world.churn.rates(rows).sum(axis=0), world.churn.expected_ends(rows)
        self._noticed = pool["notice"][rows] <= world.time
        until = np.where(self._noticed, np.minimum(pool["leaves"][rows] - world.time, months), months)
        self._until = np.minimum(until, pool["ends"][rows] - world.time)
        self._charge = world.money.charges_per_head(rows, segment)
        client = world.now.account(world.segments[segment])
        self._avoidable = client.fixed_cost * client.avoidable_share if client else 0.0
        self._flows: dict[tuple[Profile, float], Floats] = {}
        self._growth = world.money.inflation - world.ledger.discounting

    def value(self) -> Floats:
        """Return the value of each customer at now."""
        tariff, pays = self._tariff, self._world.pool["size"][self._rows] * self._world.pool["spends"][self._rows]
        late = np.exp(-self._world.ledger.discounting * tariff.lag)
        today = np.exp(self._world.money.inflation * self._world.time)
        revenue = self._bills() if tariff.billing else self._flow(tariff.revenue_profile, self._growth)
        gross = tariff.revenue * pays * today * revenue
        serve = tariff.cost_to_serve * today * self._flow(tariff.cost_profile, self._growth)
        charged = self._charge * self._flow(Profile(), -self._world.ledger.discounting)
        if self._avoidable:
            charged = charged + self._avoidable * today * self._flow(Profile(), self._growth)
        return gross * (late - 1 + tariff.gross_margin) - serve - charged

    def _flow(self, profile: Profile, growth: float) -> Floats:
        """Return the value of one unit a month, times a profile, for as long as each customer stays."""
        if (profile, growth) not in self._flows:
            if np.isfinite(self._term):
                way = self._by_period
            else:
                way = self._quadrature if self._law.is_power else self._by_stretch
            self._flows[profile, growth] = way(profile, growth)
        return self._flows[profile, growth]

    def _by_stretch(self, profile: Profile, growth: float) -> Floats:
        """Sum over stretches of tenure on which profile and hazard are exponential: exact."""
        starts = sorted({*profile.starts, 0.0, *self._law.knots})
        total = np.zeros(len(self._rows))
        for start, end in zip(starts, [*starts[1:], np.inf], strict=True):
            first = np.maximum(self._tenure, start)
            span = np.minimum(self._tenure + self._until, end) - first
            if (inside := np.flatnonzero(span > 0)).size:
                burn = self._hazard[inside] * self._law.factor(start) + self._ends[inside]
                burn *= ~self._noticed[inside]
                wait = (first - self._tenure)[inside]
                worth = np.exp(growth * wait) * self._stay(wait, inside)
                for value, rate in profile.terms_from(start):
                    level = value * np.exp(rate * (first[inside] - start))
                    total[inside] += worth * level * exponential_span(span[inside], rate + growth - burn)
        return total

    def _quadrature(self, profile: Profile, growth: float) -> Floats:
        """Integrate month by month with four nodes each, wider panels after ten years."""
        edges = np.unique(np.append(np.minimum(_panels(), self._months), self._months))
        total = np.zeros(len(self._rows))
        for low, high in pairwise(edges):
            span = np.maximum(np.minimum(self._until, high) - low, 0.0)
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                at = low + span * (node + 1) / 2
                total += weight / 2 * span * np.exp(growth * at) * self._stay(at) * profile.at(self._tenure + at)
        return total

    def _by_period(self, profile: Profile, growth: float) -> Floats:
        """Sum over contract periods: within one, a customer is present for certain."""
        total, start = np.zeros(len(self._rows)), np.zeros(len(self._rows))
        end = self._term * (np.floor(self._tenure / self._term + 1e-12) + 1) - self._tenure
        while (start < self._until).any():
            stop = np.minimum(end, self._until)
            total += np.where(stop > start, self._stay(start) * self._span(profile, growth, start, stop), 0.0)
            start, end = end, end + self._term
        return total

    def _span(self, profile: Profile, growth: float, start: Floats, stop: Floats) -> Floats:
        if profile.is_constant:
            return np.exp(growth * start) * exponential_span(stop - start, growth)
        inside = profile.integral(self._tenure + stop, growth) - profile.integral(self._tenure + start, growth)
        return np.asarray(np.exp(-growth * self._tenure) * inside)

    def _stay(self, wait: Floats, mine: Ints | slice = slice(None)) -> Floats:
        """Return the chance of still being there after `wait` months; 1 until a notice already given ends."""
        tenure = self._tenure[mine]
        passed = self._law.cumulative(tenure + wait) - self._law.cumulative(tenure)
        gone = self._hazard[mine] * passed + self._ends[mine] * np.maximum(wait, 0.0)
        return np.where(self._noticed[mine], 1.0, np.exp(-gone))

    def _bills(self) -> Floats:
        """Return the value of the bills to come, for one unit a month."""
        billing = self._tariff.billing
        assert billing is not None
        wait = self._world.pool["bill"][self._rows] - self._world.time
        value = self._bills_ahead if billing.when == "start" else self._bills_behind
        return value(wait, billing.every_months)

    def _bills_ahead(self, wait: Floats, every: float) -> Floats:
        """Sum the bills paid at the start of a period, the next one after `wait` months."""
        total = np.zeros(len(self._rows))
        while (wait < self._until).any():
            worth = np.exp(self._growth * wait) * self._stay(self._renewed(wait))
            worth *= self._tariff.revenue_profile.at(self._tenure + wait)
            total += np.where(wait < self._until, worth, 0.0)
            wait = wait + every
        return total * every

    def _bills_behind(self, wait: Floats, every: float) -> Floats:
        """Value bills paid at the end of a period, or on leaving for the part used.

        By parts, what is paid is worth what has accrued so far, and from then on each month's use as it is had, less
        the interest on it until it is paid.
        """
        profile, start = self._tariff.revenue_profile, np.zeros(len(self._rows))
        billed = self._world.pool["billed"][self._rows] - self._world.time
        total = -billed * profile.at(self._tenure)
        while (start < self._until).any():
            span = np.maximum(np.minimum(wait, self._until) - start, 0.0)
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                at = start + span * (node + 1) / 2
                use = 1.0 + self._growth * (at - billed)
                worth = np.exp(self._growth * at) * self._stay(self._renewed(at)) * use
                total += weight / 2 * span * worth * profile.at(self._tenure + at)
            start, billed, wait = np.minimum(wait, self._until), wait, wait + every
        return total

    def _renewed(self, wait: Floats) -> Floats:
        """Return the last renewal up to `wait`, or `wait` itself without a contract."""
        if not np.isfinite(self._term):
            return np.maximum(wait, 0.0)
        periods = np.floor((self._tenure + wait) / self._term + 1e-9)
        return np.maximum(periods * self._term - self._tenure, 0.0)


def _panels() -> Floats:
    return np.concatenate([np.arange(0.0, 120.0), np.arange(120.0, 2500.0, 12.0)])
