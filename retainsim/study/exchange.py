"""Exchange: what one point of retention is worth in money, in joins a month and in spend a month, and at the margin.

The worth of a point is estimated: the paired NPV difference of an arm that does nothing but keep more customers, over
the points it gains. What a join is worth is exact under the file's parameters: the margin expected of a newcomer within
what the NPV counts, month of joining by month of joining. At the optimum the marginal cost to acquire, the marginal
cost to retain and the lifetime value are all equal (Pfeifer 2005): money should move to where one more brings most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import economics
from retainsim.opening import segment_shares
from retainsim.study.compare import BASELINE, Estimate, estimate

if TYPE_CHECKING:
    from retainsim.calibration import Calibration, Lever
    from retainsim.draws import Floats
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Channel, Parameters

_NODES, _LOOKS = 12, 40
_MOST = 50.0
"""Spend is looked at up to so many times today's."""
_EXACT = ("growth", "retention_programme")
_ENDS = ("mean", "low", "high")


def exchange(
    scenario: Scenario, gains: Mapping[str, Floats], found: Calibration, levers: Mapping[str, Lever]
) -> dict[str, Any] | None:
    """Return the exchange rates of a run; None without an arm that only keeps more customers.

    Parameters
    ----------
    scenario
        What was run.
    gains
        Paired NPV difference from the baseline of every arm, shape (replications,).
    found
        The calibration of the baseline.
    levers
        The solved lever of every arm that has one.
    """
    arm = lever_arm(scenario, levers)
    if arm is None:
        return None
    today, lever = scenario.parameters, levers[arm]
    points = 100.0 * (lever.after - lever.before)
    worth = gains[arm] / points
    taps = {name: _Tap(today, name, values) for name, values in _newcomers(today, found).items()}
    return {
        "arm": arm,
        "points": points,
        "is_free": _is_free(scenario, arm),
        "how": _how(scenario),
        "npv": _ends(worth),
        "joins": _ends(worth / _mean_worth(taps)) if _mean_worth(taps) > 0 else None,
        "spend": {name: tap.bought(_ends(worth)) for name, tap in taps.items()},
        "margins": _margins(scenario, found, levers),
        "value_kept": _value_of_leavers(today, found, economics.lifetime_values(today, found.bases)["segment"]),
        "readings": _readings(lever, worth),
    }


def lever_arm(scenario: Scenario, levers: Mapping[str, Lever]) -> str | None:
    """Return the first arm that does nothing but keep more customers, a free one before others."""
    pure = [name for name in scenario.arms if name != BASELINE and name in levers and _is_pure(scenario, name)]
    pure = [name for name in pure if levers[name].after - levers[name].before > 1e-6]
    return min(pure, key=lambda name: not _is_free(scenario, name), default=None)


@dataclass(frozen=True)
class _Tap:
    """One channel, and what joins through it are worth.

    Parameters
    ----------
    today, name
        The file, and the channel's name.
    values
        What a newcomer brings within what the NPV counts, at month 0, by month of joining, shape (months,).
    """

    today: Parameters
    name: str
    values: Floats

    @property
    def channel(self) -> Channel:
        """Return its settings."""
        return self.today.acquisition[self.name]

    @property
    def worth(self) -> float:
        """Return the NPV of one more join a month for nothing, from month 0 to the horizon."""
        return float(self.values.sum())

    @property
    def bill(self) -> float:
        """Return the NPV of one unit of money spent a month, to the horizon, after tax."""
        months, rate = self.today.run.months, self.today.discounting
        return (1.0 - self.today.firm.tax_rate) * (-math.expm1(-rate * months) / rate if rate else float(months))

    def gain(self, more: float) -> float:
        """Return the NPV of spending so much more a month."""
        spend = self.channel.spend
        if spend is None:
            price = self.channel.cost_per_join
            return more / price * self.worth - more * self.bill if price else 0.0
        ages = np.arange(len(self.values)) - self.channel.lag_months
        reached = np.where(ages >= 0, 1.0 - self.channel.carry_over ** np.maximum(ages + 1.0, 1.0), 0.0)
        joins = [self.channel.response(spend + more * share, spend) for share in reached]
        return float((np.array(joins) - self.channel.joins) @ self.values) - more * self.bill

    def bought(self, worth: Estimate) -> dict[str, Any]:
        """Return the extra spend a month with the same NPV as `worth`, and the best that spend can do.

        `mean` is None where no spend comes up to it; `high` where none comes up to the upper end.
        """
        most = self._most()
        best = {"spend": most, "npv": self.gain(most)} if most is not None else None
        return {end: self._inverse(worth[end], most) for end in _ENDS} | {"best": best}

    def _most(self) -> float | None:
        """Return the extra spend that gains most; None where every join comes at the same price."""
        from scipy.optimize import minimize_scalar

        spend = self.channel.spend
        if spend is None:
            return None
        looked = np.append(0.0, spend * np.geomspace(1e-3, _MOST, _LOOKS))
        best = int(np.argmax([self.gain(more) for more in looked])) if spend else 0
        if best == 0:
            return 0.0
        bounds = looked[best - 1], looked[min(best + 1, len(looked) - 1)]
        return float(minimize_scalar(lambda x: -self.gain(x), bounds=bounds, method="bounded").x)

    def _inverse(self, worth: float | None, most: float | None) -> float | None:
        from scipy.optimize import brentq

        if worth is None or worth <= 0:
            return None
        if most is None:
            each = self.gain(1.0)
            return worth / each if each > 0 else None
        if self.gain(most) < worth:
            return None
        return float(brentq(lambda x: self.gain(x) - worth, 0.0, most))


def _newcomers(today: Parameters, found: Calibration) -> dict[str, Floats]:
    """Return what newcomers bring by channel and month of joining, at month 0, season included."""
    horizon, rate = today.run.months, today.discounting
    counted = 12.0 * today.run.closing_years if today.run.closing_value == "expected" else 0.0
    middles = np.arange(horizon) + 0.5
    spans = np.linspace(0.0, float(horizon), min(_NODES, horizon) + 1)
    growth = math.log1p(today.firm.inflation) / 12.0
    shift = today.run.start.month - 1 if today.run.start else 0
    seasons = (np.arange(horizon) + shift) % 12
    values = {}
    for name, curve in economics.newcomer_values(today, found.bases, spans + counted).items():
        at_joining = _smooth(spans, curve)(horizon - middles)
        season = np.array(today.acquisition[name].seasonality or [1.0] * 12)[seasons]
        values[name] = season * np.exp((growth - rate) * middles) * at_joining
    return values


def _smooth(spans: Floats, values: Floats) -> Any:
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(spans, values)


def _mean_worth(taps: Mapping[str, _Tap]) -> float:
    """Return the NPV of one more join a month, through the channels in proportion to today's joins."""
    joins = np.array([tap.channel.joins for tap in taps.values()])
    worth = np.array([tap.worth for tap in taps.values()])
    return float(joins @ worth / joins.sum()) if joins.sum() else 0.0


def _margins(scenario: Scenario, found: Calibration, levers: Mapping[str, Lever]) -> list[dict[str, Any]]:
    """Return what one more customer costs and is worth, by channel, and what keeping one for a year does."""
    today = scenario.parameters
    clv, costs = economics.lifetime_values(today, found.bases), economics.acquisition_costs(today)
    rows = [_margin("win", name, "marginal", cost["marginal"], clv["channel"][name]) for name, cost in costs.items()]
    kept = _value_of_leavers(today, found, clv["segment"])
    programme = economics.marginal_cost_to_retain(today, found.bases)
    if programme is not None:
        rows.append(_margin("keep", "retention_programme", "marginal", programme, kept))
    for name, lever in levers.items():
        cost = _yearly_cost(scenario, name)
        if cost and lever.after > lever.before:
            rows.append(_margin("keep", name, "average", cost / (lever.after - lever.before), kept))
    return rows


def _value_of_leavers(today: Parameters, found: Calibration, clv: Mapping[str, float]) -> float:
    """Return the lifetime value of customers of the segments as those who leave are spread over them."""
    leaving = segment_shares(today, found.bases) * (1.0 - found.retention)
    each = np.array([clv.get(name, 0.0) for name in found.bases.segments])
    return float(leaving @ each / leaving.sum()) if leaving.sum() else 0.0


def _yearly_cost(scenario: Scenario, name: str) -> float:
    """Return what an arm that only keeps customers costs per customer in scope and year; 0 for others."""
    lever = scenario.arms[name].retention
    return 12.0 * lever.cost.per_customer_month if lever is not None and _is_pure(scenario, name) else 0.0


def _margin(how: str, what: str, kind: str, cost: float | None, clv: float) -> dict[str, Any]:
    """Return one row: what it is, what it costs (marginal or on average), what it is worth, and worth per money."""
    ratio = None if not cost else clv / cost
    return {"how": how, "what": what, "cost_is": kind, "cost": cost, "clv": clv, "per_money": ratio}


def _readings(lever: Lever, worth: Floats) -> list[dict[str, Any]]:
    """Return the three readings of five per cent: points gained, and their worth to first order."""
    gains = {"points": 5.0, "relative": 5.0 * lever.before, "churn": 5.0 * (1.0 - lever.before)}
    return [{"reading": name, "points": gain, "npv": _ends(worth * gain)} for name, gain in gains.items()]


def _ends(values: Floats) -> Estimate:
    found = estimate(values)
    return {end: found[end] for end in _ENDS}


def _is_pure(scenario: Scenario, name: str) -> bool:
    arm = scenario.arms[name]
    return arm.retention is not None and not (arm.change or arm.investment or arm.event)


def _is_free(scenario: Scenario, name: str) -> bool:
    lever = scenario.arms[name].retention
    return lever is not None and not any(lever.cost.model_dump().values())


def _how(scenario: Scenario) -> str:
    """Return whether what a join is worth is exact, or leaves out what mechanisms add to it."""
    others = [name for name in scenario.parameters.on if name not in _EXACT]
    return "approximate" if others or scenario.distributions else "exact"
