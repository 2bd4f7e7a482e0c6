"""Budget: what a unit of a lever costs a month, so that levers share one budget and their next euros compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.axis import Axis
from retainsim.study.region import Region

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Parameters

_PER_UNIT = {
    "mechanisms.service_desk.agents": ("service_desk", "agent_cost"),
    "mechanisms.account_managers.managers": ("account_managers", "salary"),
}
"""Levers that are heads, and where the file says what one costs a month."""
_SALARY = "mechanisms.account_managers.salary"
_PROGRAMME = "mechanisms.retention_programme.spend_per_customer"


def unit_costs(scenario: Scenario, axes: tuple[Axis, ...], given: Mapping[str, float]) -> tuple[float | None, ...]:
    """Return what one unit of each lever costs (money per month), at today's pool; None where nothing says it.

    A lever that is money per month costs itself. Heads cost what the file says, spend per customer is on all
    customers of month 0 whom it reaches. Anything else has to be given.

    Raises
    ------
    UsageError
        If a cost is given for what is not varied, or is below 0.
    """
    keys = [axis.key for axis in axes]
    for key, cost in given.items():
        if key not in keys:
            raise UsageError(
                f"a cost is given for {key}, which is not varied; give {listing(keys)}{did_you_mean(key, keys)}"
            )
        if not 0 <= cost < np.inf:
            raise UsageError(f"the cost of {key} is {cost:g}; give money per month for each unit, at least 0")
    return tuple(given[axis.key] if axis.key in given else _known(scenario.parameters, axis) for axis in axes)


def region_of(axes: tuple[Axis, ...], costs: tuple[float | None, ...], budget: float | None) -> Region:
    """Return where a plan may lie.

    Raises
    ------
    UsageError
        If a budget is given and what a lever costs is not known, or the lower bounds alone cost more than it.
    """
    lacking = [axis for axis, cost in zip(axes, costs, strict=True) if cost is None]
    if budget is not None and lacking:
        first = lacking[0]
        raise UsageError(
            f"{first.key} ({first.unit or 'no unit'}) has no cost per month that the file tells, so it has no place in "
            f"the budget; say what one unit costs with --cost {first.key}=AMOUNT (money per month), or drop --budget"
        )
    low, high, whole = (np.array([getattr(axis, name) for axis in axes]) for name in ("low", "high", "is_whole"))
    known = np.array([cost or 0.0 for cost in costs])
    if budget is not None and known @ low > budget:
        raise UsageError(
            f"the lower bounds alone cost {known @ low:,.6g} a month, more than the budget of {budget:,.6g}; lower them"
        )
    return Region(low, high, whole, known if budget is not None else 0.0 * known, np.inf if budget is None else budget)


def _known(today: Parameters, axis: Axis) -> float | None:
    if axis.key in _PER_UNIT:
        mechanism, key = _PER_UNIT[axis.key]
        return float(getattr(getattr(today.mechanisms, mechanism), key)) or None
    if axis.key == _SALARY:
        return float(today.mechanisms.account_managers.managers)
    if axis.key == _PROGRAMME:
        programme = today.mechanisms.retention_programme
        reach = 1.0 if programme.targets == "everyone" else programme.reach
        return float((today.pool.customers + len(today.accounts)) * reach) or None
    return 1.0 if axis.unit == "money per month" else None
