"""Exchange: what one point of retention is worth in money, in joins a month and in spend a month, and at the margin.

The worth of a point is estimated: the paired NPV difference of an arm that does nothing but keep more customers, over
the points it gains. What a join is worth is exact under the file's parameters: the margin expected of a newcomer within
what the NPV counts, month of joining by month of joining. At the optimum the marginal cost to acquire, the marginal
cost to retain and the lifetime value are all equal (Pfeifer 2005): money should move to where one more brings most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import economics
from retainsim.opening import segment_shares
from retainsim.study.compare import BASELINE, Estimate, estimate
from retainsim.study.tap import ENDS, Tap, newcomers

if TYPE_CHECKING:
    from retainsim.calibration import Calibration, Lever
    from retainsim.draws import Floats
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Parameters

FIVE = 0.05
"""The gain whose three readings are set side by side."""
_EXACT = ("growth", "retention_programme")


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
    taps = {name: Tap(today, name, values) for name, values in newcomers(today, found).items()}
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
        "readings": _readings(today, lever, gains[arm]),
    }


def lever_arm(scenario: Scenario, levers: Mapping[str, Lever]) -> str | None:
    """Return the first arm that does nothing but keep more customers, a free one before others."""
    pure = [name for name in scenario.arms if name != BASELINE and name in levers and _is_pure(scenario, name)]
    pure = [name for name in pure if levers[name].after - levers[name].before > 1e-6]
    return min(pure, key=lambda name: not _is_free(scenario, name), default=None)


def _mean_worth(taps: Mapping[str, Tap]) -> float:
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


def _readings(today: Parameters, lever: Lever, gains: Floats) -> list[dict[str, Any]]:
    """Return the three readings of five per cent: points gained, and what they are worth.

    Not played: the arm's gain is scaled by how much longer, discounted and within what the NPV counts, a customer with
    the hazard of the scope stays, which rises ever faster with retention. The interval reaches on to a straight line.
    """
    points = {"points": FIVE, "relative": FIVE * lever.before, "churn": FIVE * (1.0 - lever.before)}
    rows = []
    for name, gain in points.items():
        straight = gain / (lever.after - lever.before)
        share = _worth_gained(today, lever.before, gain) / _worth_gained(
            today, lever.before, lever.after - lever.before
        )
        likely, other = _ends(gains * share), _ends(gains * straight)
        lows, highs = ([each[end] or 0.0 for each in (likely, other)] for end in ("low", "high"))
        npv = {"mean": likely["mean"], "low": min(lows), "high": max(highs)}
        rows.append({"reading": name, "points": 100.0 * gain, "npv": npv})
    return rows


def _worth_gained(today: Parameters, retention: float, gain: float) -> float:
    """Return the years, discounted, that a customer stays longer within what the NPV counts if retention rises."""
    years = today.run.months / 12.0 + today.run.closing_years * (today.run.closing_value == "expected")

    def stay(kept: float) -> float:
        rate = 12.0 * today.discounting - math.log(min(max(kept, 1e-9), 1.0))
        return -math.expm1(-rate * years) / rate if rate else years

    return stay(retention + gain) - stay(retention)


def _ends(values: Floats) -> Estimate:
    found = estimate(values)
    return {end: found[end] for end in ENDS}


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
