"""Self-check: the baseline beside closed forms of `theory`, wherever the scenario has one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import theory
from retainsim.calibration import Calibration
from retainsim.draws import Floats
from retainsim.engine import Outcome
from retainsim.laws import BetaFrailty, GammaFrailty

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Parameters

Check = dict[str, Any]


def self_check(scenario: Scenario, found: Calibration, baseline: Sequence[tuple[int, Outcome]]) -> list[Check]:
    """Compare survival, pool and lifetime value of the baseline with theory, each +- 4 standard errors."""
    today = scenario.parameters
    arm = scenario.arms["baseline"]
    if scenario.distributions or arm.change or arm.retention or not _is_plain(today):
        return []
    laws = [_Law(today, found, s) for s in range(len(found.bases.segments) - found.bases.clients)]
    checks = [check for law in laws for check in (_survival(law, baseline), _value(law, baseline)) if check]
    pool = _pool(today, laws, baseline)
    return checks + ([pool] if pool else [])


class _Law:
    """One segment as theory sees it: how newcomers survive, and what the opening pool is."""

    def __init__(self, today: Parameters, found: Calibration, index: int) -> None:
        bases = found.bases
        self.index, self.name = index, bases.segments[index]
        self.today, self.segment = today, today.segments[self.name]
        self.frailty, self.duration = bases.frailties[index], bases.durations[index]
        self.hazard = float(bases.hazards[index].sum())
        self.age = 12.0 * today.pool.age_years
        self.tenure = today.pool.tenure

    def survival(self, months: Floats | float) -> Floats:
        """Return the share of newcomers still there at `months`."""
        if isinstance(self.frailty, BetaFrailty):
            renewals = np.asarray(months) / self.duration.unit
            return theory.survival_bdw(renewals, a=self.frailty.a, b=self.frailty.b, power=self.duration.power)
        passed = self._passed(months)
        if isinstance(self.frailty, GammaFrailty):
            return theory.survival_gamma_frailty(passed, self.frailty.variance)
        return np.exp(-passed)

    def _passed(self, months: Floats | float) -> Floats:
        law = self.duration
        if law.factors:
            return theory.cumulative_hazard_steps(months, self.hazard, knots=law.knots, factors=law.factors)
        return theory.cumulative_hazard(months, self.hazard, power=law.power)

    def share_left(self, months: float) -> float:
        """Return the same for one month."""
        return float(self.survival(months))

    def retention(self, span: float) -> float:
        """Return the share of the opening pool still there after `span` months."""
        if self.tenure == "settled" and self.segment.tenures:
            own = self.segment.tenures
            tenures = np.interp((np.arange(12_000) + 0.5) / 12_000, np.linspace(0.0, 1.0, len(own)), own)
            return float(np.mean(self.survival(tenures + span) / self.survival(tenures)))
        if self.tenure == "settled":
            return theory.retention_settled(self.share_left, self.age, span_months=span)
        start = 0.0 if isinstance(self.tenure, str) else self.tenure.months
        return float(self.survival(start + span) / self.survival(start))


def _is_plain(today: Parameters) -> bool:
    """True where nothing but segments, reasons and constant channels shapes the pool."""
    segments = today.segments.values()
    on = [name for name in type(today.mechanisms).model_fields if getattr(today.mechanisms, name) is not None]
    bound = any(today.plan(name).term_months for name in today.segments)
    return not (
        bound
        or today.accounts
        or any(s.by_purchase for s in segments)
        or any(s.moves or (s.duration.kind == "steps" and s.frailty.kind == "beta") for s in segments)
        or any(name != "growth" for name in on)
        or any(c.seasonality or c.hazard != 1.0 or c.plan for c in today.acquisition.values())
    )


def _check(name: str, simulated: float, expected: float, se: float) -> Check:
    slack = 4.0 * se + 1e-9 * abs(expected)
    ok = expected - slack <= simulated <= expected + slack
    return {
        "name": name, "simulated": simulated, "low": expected - slack, "high": expected + slack,
        "theory": expected, "ok": bool(ok),
    }  # fmt: skip


def _survival(law: _Law, baseline: Sequence[tuple[int, Outcome]]) -> Check | None:
    opening = float(sum(o.opening[law.index, 0] for _, o in baseline))
    if law.today.run.months < 12 or not opening:
        return None
    stayed = float(sum(o.pool[12, law.index, 0] for _, o in baseline))
    expected = law.retention(12.0)
    se = theory.binomial_se(expected, opening)
    return _check(f"12-month retention of the opening pool, {law.name}", stayed / opening, expected, se)


def _value(law: _Law, baseline: Sequence[tuple[int, Outcome]]) -> Check | None:
    """Compare what an opening customer is worth, expected, where margins are constant and frailty has one value."""
    today, segment = law.today, law.segment
    plan = today.plan(law.name)
    simple = law.frailty.is_none and law.duration.is_constant and not plan.billing and not today.firm.inflation
    count = sum(int(o.opening[law.index, 0]) for _, o in baseline)
    if not simple or not count or today.mechanisms.growth is not None or segment.pays_after_months:
        return None
    revenue = (plan.price or 0.0) * segment.volume * (1 - segment.discount)
    margin = (revenue * segment.gross_margin - segment.cost_to_serve) * (1 - today.firm.tax_rate)
    years = today.run.closing_years
    rate = law.hazard + today.discounting
    if rate == 0.0:
        return None
    whole = theory.clv_continuous(12 * margin, 12 * law.hazard, discount=today.run.discount_rate)
    expected = whole * -math.expm1(-rate * 12 * years)
    simulated = sum(float(o.equity[law.index, 0]) for _, o in baseline) / count
    return _check(f"value of an opening customer over {years:g} years, {law.name}", simulated, expected, 0.0)


def _pool(today: Parameters, laws: Sequence[_Law], baseline: Sequence[tuple[int, Outcome]]) -> Check | None:
    """Compare the pool at the horizon with survivors of the opening pool plus a Poisson number of joiners."""
    months = float(today.run.months)
    mean = variance = 0.0
    for law in laws:
        opening, stay = float(baseline[0][1].opening[law.index, 0]), law.retention(months)
        mean += opening * stay
        variance += opening * stay * (1 - stay)
        joins = _joins(law, baseline)
        present = theory.pool_from_empty(joins, law.share_left, time=months)
        mean, variance = mean + present, variance + present
    simulated = float(np.mean([o.pool[-1].sum() for _, o in baseline]))
    return _check("pool at the horizon", simulated, mean, math.sqrt(variance / len(baseline)))


def _joins(law: _Law, baseline: Sequence[tuple[int, Outcome]]) -> float:
    """Return the joins a month of a segment that the file's channels bring in expectation."""
    today, total = law.today, 0.0
    for channel in today.acquisition.values():
        if channel.mix is None:
            shares = _default_share(law, baseline)
        else:
            shares = channel.mix.get(law.name, 0.0) / sum(channel.mix.values())
        total += channel.joins * shares
    return total


def _default_share(law: _Law, baseline: Sequence[tuple[int, Outcome]]) -> float:
    """Return a segment's share of joiners where it is the scenario's default, as counted over all replications."""
    joined = np.sum([o.joined.sum(axis=(0, 2)) for _, o in baseline], axis=0)
    return float(joined[law.index] / joined.sum()) if joined.sum() else 0.0
