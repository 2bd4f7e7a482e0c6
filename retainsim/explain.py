"""Explain: the whole model of a scenario at month 0, as plain values: taps, leaks, pool, money, mechanisms, arms.

Nothing is simulated, except where calibration has to be: what is expected follows from the laws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import economics, mechanisms, outlook
from retainsim.calibration import Calibration, calibrate, solve_lever
from retainsim.draws import Luck
from retainsim.engine import build
from retainsim.opening import segment_shares, tenure_law
from retainsim.scenario.arms import Timeline, steps
from retainsim.scenario.keys import find, value_at
from retainsim.scenario.schema import Arm
from retainsim.world import Setup, World

if TYPE_CHECKING:
    from pydantic import BaseModel

    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Channel, Parameters, Retention

Table = dict[str, Any]

HOLDS = 0.02
"""A pool that changes by no more than this share holds its size."""


def explain(scenario: Scenario) -> Table:
    """Return the model of a scenario as it stands at month 0: numbers, words, lists and tables only.

    Shares are in [0, 1], money in the scenario's currency, hazards per customer-month.

    Raises
    ------
    ScenarioError
        If the observed churn cannot be reproduced, or a lever asks for more than its scope can give.
    """
    today = scenario.parameters
    found = calibrate(today)
    world = _world(today, found)
    taps = _taps(world)
    return {
        "title": scenario.title,
        "file": scenario.file,
        "currency": today.currency if isinstance(today.currency, str) else _given(today.currency),
        "taps": taps,
        "leaks": _leaks(world, found),
        "pool": _pool(world, today, taps),
        "money": _money(world, found),
        "accounts": _accounts(world),
        "mechanisms": _mechanisms(today),
        "arms": {name: _arm(scenario, found, name) for name in scenario.arms},
        "uncertain": {path: str(law) for path, law in scenario.distributions.items()},
        "run": _run(today),
        "warnings": list(scenario.warnings),
    }


def _world(today: Parameters, found: Calibration) -> World:
    """Return the world of the baseline at month 0, with every mechanism on and hardly anybody in the pool."""
    few = today.pool.model_copy(update={"customers": min(today.pool.customers, 1)})
    small = today.model_copy(update={"pool": few})
    return build(Setup(small, Arm(), Timeline(small, Arm()), found.bases), Luck(0, 0))


def _taps(world: World) -> dict[str, Table]:
    costs = economics.acquisition_costs(world.today)
    return {name: _tap(world, name) | {"cost_per_join": costs[name]} for name in world.channels}


def _tap(world: World, name: str) -> Table:
    channel: Channel = world.today.acquisition[name]
    mix = world.mix(channel.mix)
    season = channel.seasonality or [1.0]
    now = season[world.season()] if channel.seasonality else 1.0
    joins = world.acquisition.rate(name) / now if now else channel.joins
    return {
        "joins": joins * sum(season) / len(season),
        "joins_now": world.acquisition.rate(name),
        "spend": channel.spend,
        "curve": None if channel.spend is None else channel.curve,
        "ceiling": channel.ceiling,
        "who": dict(zip(world.segments, (mix / mix.sum()).tolist(), strict=True)),
        "hazard_factor": channel.hazard,
        "settings": _given(channel),
    }


def _leaks(world: World, found: Calibration) -> Table:
    """Return the mean hazard of the opening pool by segment and reason, and what it comes to in a year."""
    today, bases = world.today, found.bases
    return {
        "calibrated": today.churn.calibrate,
        "preset": today.churn.preset or (None if today.churn.reasons is not None else "keaveney-1995"),
        "reasons": list(bases.reasons),
        "hazards": {name: _hazards(world, i, bases.reasons) for i, name in enumerate(_own(world))},
        "annual_churn": {name: today.segments[name].annual_churn for name in _own(world)},
        "retention_12m": dict(zip(_own(world), found.retention.tolist(), strict=False)),
        "frailty": {name: _given(today.segments[name].frailty) for name in _own(world)},
        "duration": {name: _given(today.segments[name].duration) for name in _own(world)},
        "target_annual": today.churn.target_annual,
    }


def _hazards(world: World, segment: int, reasons: tuple[str, ...]) -> dict[str, float]:
    """Return the hazard by reason, mean of the opening pool over the first month or term."""
    span = _span(world, segment)
    total = -np.log(max(outlook.staying(world, segment, span), 1e-12)) / span
    rates = world.churn.table[segment, 0]
    shares = rates / rates.sum() if rates.sum() else rates
    return dict(zip(reasons, (shares * total).tolist(), strict=True))


def _span(world: World, segment: int) -> float:
    """Return the months over which leavings are averaged: a term where all renew on the same day, else one."""
    term = world.bases.terms[segment]
    return float(term) if world.today.pool.tenure != "settled" and np.isfinite(term) else 1.0


def _pool(world: World, today: Parameters, taps: dict[str, Table]) -> Table:
    """Return who is there, and whether joins outweigh leavings in the first month, by segment and in all."""
    present = segment_shares(today, world.bases) * today.pool.customers
    segments = {}
    for index, name in enumerate(_own(world)):
        span = _span(world, index)
        segments[name] = {
            "customers": float(present[index]),
            "mean_tenure": _mean_tenure(world, index),
            "leavings": float(present[index]) * (1.0 - outlook.staying(world, index, span)) / span,
            "joins": sum(tap["joins"] * tap["who"][name] for tap in taps.values()),
            "moves": dict(today.everyone[name].moves),
        }
    joins, leavings = (sum(each[key] for each in segments.values()) for key in ("joins", "leavings"))
    end = _expected_end(world, today, taps)
    flows = (joins, leavings) if end is None else (end, float(today.pool.customers))
    observed = today.pool.tenure == "settled" and all(segment.tenures for segment in today.segments.values())
    tenure = today.pool.tenure if isinstance(today.pool.tenure, str) else _given(today.pool.tenure)
    return {
        "customers": today.pool.customers,
        "tenure": "observed" if observed else tenure,
        "age_years": today.pool.age_years,
        "segments": segments,
        "joins": joins,
        "leavings": leavings,
        "months": today.run.months,
        "expected_end": end,
        "trend": _trend(*flows),
    }


def _expected_end(world: World, today: Parameters, taps: dict[str, Table]) -> float | None:
    joins = np.array([[tap["joins"] * tap["who"][name] for tap in taps.values()] for name in world.segments])
    opening = segment_shares(today, world.bases) * today.pool.customers
    return outlook.pool_at(world, today.run.months, opening, joins)


def _mean_tenure(world: World, segment: int) -> float:
    tenure, weights = tenure_law(world.today, world.bases, segment)
    return float(tenure @ weights)


def _trend(more: float, less: float) -> str:
    """Say whether the first (joins, or the pool later) outweighs the second (leavings, or the pool now)."""
    if abs(more - less) <= HOLDS * max(more, less):
        return "holds"
    return "grows" if more > less else "shrinks"


def _money(world: World, found: Calibration) -> dict[str, Table]:
    """Return what a customer of each segment pays and costs a month at tenure 0, and its lifetime value."""
    values = economics.lifetime_values(world.today, found.bases)["segment"]
    return {name: _segment_money(world, i) | {"clv": values[name]} for i, name in enumerate(_own(world))}


def _own(world: World) -> tuple[str, ...]:
    """Return the segments without the named clients, each of which is a segment of one."""
    return world.segments[: len(world.segments) - world.bases.clients]


def _accounts(world: World) -> dict[str, Table]:
    """Return what each named client pays and costs a month, and what the file says of it."""
    first = len(_own(world))
    return {
        name: _segment_money(world, first + i) | {"settings": _given(client)}
        for i, name in enumerate(world.segments[first:])
        if (client := world.today.account(name)) is not None
    }


def _segment_money(world: World, segment: int) -> Table:
    name, tariff = world.segments[segment], world.money.tariffs[segment][0]
    plan, mine = world.today.plan(name), world.today.everyone[name]
    start = np.zeros(1)
    buys = mine.purchases.per_month * mine.purchases.spend.mean if mine.purchases else 1.0
    client = world.today.account(name)
    start = start if client is None else np.array([client.customer_for_months])
    revenue = buys * tariff.revenue * float(tariff.revenue_profile.at(start)[0])
    serve = tariff.cost_to_serve * float(tariff.cost_profile.at(start)[0])
    return {
        "price": plan.price,
        "volume": mine.volume,
        "discount": mine.discount,
        "revenue": revenue,
        "gross_margin": tariff.gross_margin,
        "cost_to_serve": serve,
        "margin": revenue * tariff.gross_margin - serve,
        "term_months": plan.term_months,
        "billing": plan.billing.model_dump() if plan.billing else None,
    }


def _mechanisms(today: Parameters) -> dict[str, Table]:
    on = [name for name in mechanisms.NAMES if getattr(today.mechanisms, name) is not None]
    return {name: _mechanism(name, getattr(today.mechanisms, name)) for name in on}


def _mechanism(name: str, settings: BaseModel) -> Table:
    about = (mechanisms.module(name).__doc__ or "").split("\n")[0].partition(": ")[2]
    return {"about": about, "settings": _given(settings), "units": _units(settings)}


def _units(settings: BaseModel) -> dict[str, str]:
    fields = type(settings).model_fields
    extras = {key: fields[key].json_schema_extra for key in _given(settings)}
    return {key: str(extra.get("unit", "")) if isinstance(extra, dict) else "" for key, extra in extras.items()}


def _given(settings: BaseModel) -> Table:
    """Return the settings that the file gives, and the kind of a law."""
    given = settings.model_dump(mode="json", exclude_unset=True)
    kind = getattr(settings, "kind", None)
    return {"kind": kind, **given} if kind else given


def _arm(scenario: Scenario, found: Calibration, name: str) -> Table:
    arm = scenario.arms[name]
    where = scenario.document.at(("arms", name, "retention"))
    return {
        "title": arm.title,
        "retention": _lever(scenario, found, arm.retention, where) if arm.retention else None,
        "changes": _changes(scenario.parameters, arm),
        "investments": [item.model_dump() for item in arm.investment],
        "events": [event.model_dump(exclude_none=True) for event in arm.event],
    }


def _lever(scenario: Scenario, found: Calibration, lever: Retention, where: str) -> Table:
    solved = solve_lever(scenario.parameters, found, lever, where)
    return {
        **{key: value for key in ("points", "relative", "churn") if (value := getattr(lever, key)) is not None},
        "before": solved.before,
        "after": solved.after,
        "hazard_factor": solved.factor,
        "reasons": lever.reasons,
        "segments": lever.segments,
        "targets": lever.targets,
        "share": lever.share,
        "aim": lever.aim,
        "from_month": lever.from_month,
        "ramp_months": lever.ramp_months,
        "cost": lever.cost.model_dump(),
    }


def _changes(today: Parameters, arm: Arm) -> list[Table]:
    """Return each change with the value of the file and the value it comes to."""
    tree = today.model_dump()
    found = []
    for change in arm.change:
        path = tuple(steps(change.set, tree))
        before, key = value_at(tree, path), find(path, tree)
        told = {"before": before, "after": change.applied(before, 1.0), "unit": key.unit if key else ""}
        found.append(change.model_dump(exclude_none=True) | told)
    return found


def _run(today: Parameters) -> Table:
    run = today.run.model_dump(mode="json")
    return run | {
        "fixed_costs": today.firm.fixed_costs,
        "tax_rate": today.firm.tax_rate,
        "inflation": today.firm.inflation,
    }
