"""Report: everything a run has to say, built from the outcomes of its replications."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from retainsim import economics
from retainsim.calibration import Calibration, Lever
from retainsim.engine import Outcome
from retainsim.results import SCHEMA, Results
from retainsim.scenario import Scenario
from retainsim.study import cash, concentration, desks, leaks, lifetime, records, tables
from retainsim.study.compare import (
    BASELINE,
    Estimate,
    confidence_above_zero,
    differences,
    estimate,
    expected_loss,
    ratio,
    shares_of_best,
)
from retainsim.study.exchange import exchange
from retainsim.study.leaks import Leak, Spared
from retainsim.study.saved import whom
from retainsim.study.selfcheck import self_check
from retainsim.study.verdict import verdict

MEASURES = (
    "npv", "npv_to_horizon", "closing_value", "customer_equity", "customer_equity_opening", "pool_end", "joined",
    "left", "retention_12m", "revenue", "acquisition_cost", "cost_to_serve",
)  # fmt: skip
"""Measures of every arm that never change their name; every other ledger line follows them."""
_NO_LINES = ("arm", "replication", "saved", "customer_months", "discounted_months")


@dataclass(frozen=True)
class Ending:
    """How a run ended: seconds taken, replications wanted, whether interrupted, whether precise enough."""

    seconds: float
    wanted: int
    interrupted: bool
    precision_reached: bool


def build(
    scenario: Scenario,
    played: Mapping[str, Sequence[tuple[int, Outcome]]],
    closings: Mapping[Leak, Sequence[Spared]],
    found: Calibration,
    levers: Mapping[str, Lever],
    ending: Ending,
) -> Results:
    """Turn the outcomes of replications into results: tables, summary, verdict, self-check, warnings."""
    today = scenario.parameters
    labels = tables.Labels(today, found.bases.reasons)
    with_closing = today.run.closing_value == "expected"
    outcomes = concentration.added(tables.outcomes(played, labels, with_closing), played)
    monthly = tables.monthly(played, labels)
    report = {
        "schema": SCHEMA,
        "scenario": {"title": scenario.title, "file": scenario.file, "sha256": scenario.sha256},
        "run": run_head(scenario, len(played[BASELINE]), seconds=ending.seconds),
        "books": {"max_relative_error": max(o.books_error for arm in played.values() for _, o in arm)},
        "arms": _arms(scenario, outcomes, monthly, labels, levers),
        "economics": _economics(today, found),
    }
    fed = records.attribution(played, labels)
    _attribute(report, fed)
    observed = records.observations(played)
    _watch_desks(report, observed)
    shut = _closed(report, closings)
    kept = _lives(report, played, labels, with_closing)
    report |= _exchange(scenario, outcomes, found, levers)
    report["verdict"] = verdict(scenario, report, outcomes)
    report["self_check"] = self_check(scenario, found, played[BASELINE])
    report["warnings"] = _warnings(scenario, report, ending)
    return Results(
        scenario=scenario,
        report=report,
        outcomes=outcomes,
        monthly=monthly,
        detail=tables.detail(played, labels),
        cohorts=tables.cohorts(played, labels),
        lifetimes=lifetime.table(played, labels, len(today.accounts)),
        values=tables.values(played, labels),
        attribution=fed,
        observations=observed,
        leaks=shut,
        customers=kept,
        interrupted=ending.interrupted,
        precision_reached=ending.precision_reached,
    )


def _closed(report: dict[str, Any], closings: Mapping[Leak, Sequence[Spared]]) -> pd.DataFrame | None:
    """Tabulate what closing each leak is worth where the run was asked to find out."""
    if not closings:
        return None
    shut = leaks.table(closings)
    report["leaks"] = shut.to_dict("records")
    return shut


def _lives(
    report: dict[str, Any], played: Mapping[str, Sequence[tuple[int, Outcome]]], labels: tables.Labels, closing: bool
) -> pd.DataFrame | None:
    """Tabulate every customer where the run was asked to keep them, and say of every arm whom it saves."""
    if not played[BASELINE][0][1].present:
        return None
    kept = records.customers(played, labels)
    _name_whom(report, kept, [index for index, _ in played[BASELINE]], closing)
    return kept


def _exchange(
    scenario: Scenario, outcomes: pd.DataFrame, found: Calibration, levers: Mapping[str, Lever]
) -> dict[str, Any]:
    gains = {name: differences(outcomes, name)["npv"].to_numpy() for name in scenario.arms if name != BASELINE}
    rates = exchange(scenario, gains, found, levers)
    return {"exchange": rates} if rates else {}


def run_head(scenario: Scenario, replications: int, *, seconds: float | None = None) -> dict[str, Any]:
    """Return what every report says of how its numbers came about."""
    run = scenario.parameters.run
    return {
        "seed": run.seed,
        "replications": replications,
        "months": run.months,
        "step": run.step,
        "version": importlib.metadata.version("retainsim"),
        **({} if seconds is None else {"seconds": round(seconds, 3)}),
        "closing_value": run.closing_value,
        "closing_years": run.closing_years,
        "discount_rate": run.discount_rate,
        "tax": "after tax" if scenario.parameters.firm.tax_rate else "before tax",
        "uncertain_inputs": sorted(scenario.distributions),
    }


def _arms(
    scenario: Scenario,
    outcomes: pd.DataFrame,
    monthly: pd.DataFrame,
    labels: tables.Labels,
    levers: Mapping[str, Lever],
) -> dict[str, Any]:
    found, best = {}, shares_of_best(outcomes)
    for name, arm in scenario.arms.items():
        mine = outcomes[outcomes["arm"] == name]
        found[name] = {"title": arm.title, **_measures(mine, labels)}
        if len(best) > 1:
            found[name]["p_best"] = best[name]
        if name != BASELINE:
            found[name]["versus_baseline"] = _versus(outcomes, monthly, labels, name)
        if name in levers:
            lever = levers[name]
            found[name]["lever"] = {
                "hazard_factor": lever.factor,
                "retention_before": lever.before,
                "retention_asked": arm.retention.goal(lever.before) if arm.retention else lever.before,
                "retention_expected": lever.after,
                "standard_error": lever.error,
            }
    return found


def _measures(table: pd.DataFrame, labels: tables.Labels) -> dict[str, Any]:
    """Estimate every measure of one arm, or of the difference between two."""
    lefts = {f"left_{reason}": reason for reason in labels.reasons}
    lines = [c for c in map(str, table) if c not in (*MEASURES, *_NO_LINES, *concentration.MEASURES, *lefts)]
    found: dict[str, Any] = {m: estimate(table[m].to_numpy()) for m in (*MEASURES, *lines) if m in table}
    found["left_by_reason"] = {r: estimate(table[c].to_numpy()) for c, r in lefts.items()}
    if hangs := {m: estimate(table[m].to_numpy()) for m in concentration.MEASURES if m in table}:
        found["concentration"] = hangs
    return found


def _versus(outcomes: pd.DataFrame, monthly: pd.DataFrame, labels: tables.Labels, arm: str) -> dict[str, Any]:
    difference = differences(outcomes, arm)
    gains = difference["npv"].to_numpy()
    mine, gained = outcomes[outcomes["arm"] == arm], cash.gains(monthly, arm)
    return {
        **_measures(difference, labels),
        "p_better": float((gains > 0).mean()),
        "p_mean_better": confidence_above_zero(gains),
        "expected_loss": expected_loss(gains),
        "saved": estimate(mine["saved"].to_numpy()),
        "payback_month": cash.payback(gained),
        "cash_trough": cash.trough(gained),
        "affordable_per_customer_month": _affordable(difference, mine),
    }


def _affordable(difference: pd.DataFrame, mine: pd.DataFrame) -> Estimate:
    """Estimate the cost per customer-month to the horizon that would use the gain to the horizon up."""
    return ratio(difference["npv_to_horizon"].to_numpy(), mine["discounted_months"].to_numpy())


def _economics(today: Any, found: Calibration) -> dict[str, Any]:
    """Return what the baseline's customers are worth and cost, exact under the file's parameters."""
    return {
        "clv": economics.lifetime_values(today, found.bases),
        "cost_to_acquire": economics.acquisition_costs(today),
        "marginal_cost_to_retain": economics.marginal_cost_to_retain(today, found.bases),
        "retention_12m_expected": dict(zip(sorted(today.segments), found.retention.tolist(), strict=False)),
    }


def _warnings(scenario: Scenario, report: dict[str, Any], ending: Ending) -> list[str]:
    warnings = list(scenario.warnings)
    failed = [c["name"] for c in report["self_check"] if not c["ok"]]
    warnings += [f"self-check failed: {name}; do not rely on this run" for name in failed]
    if ending.interrupted:
        done = report["run"]["replications"]
        warnings.append(f"interrupted: {done} of {ending.wanted} replications are finished and kept")
    if not ending.precision_reached and not ending.interrupted:
        warnings.append(f"the precision asked for was not reached after {ending.wanted} replications")
    return list(dict.fromkeys(warnings))


def _attribute(report: dict[str, Any], fed: pd.DataFrame) -> None:
    """Estimate how many leave in every arm by the mechanism that fed their reason."""
    for name, arm in report["arms"].items():
        totals = fed[fed["arm"] == name].groupby(["mechanism", "replication"], observed=True)["left"].sum()
        who = sorted(totals.index.unique("mechanism"))
        arm["left_by_mechanism"] = {each: estimate(totals[each].to_numpy()) for each in who}


def _watch_desks(report: dict[str, Any], observed: pd.DataFrame) -> None:
    """Tell of every arm with a service desk what happened there."""
    for name, told in desks.by_arm(observed).items():
        report["arms"][name]["desk"] = told  # beside `service_desk`, the line of what it costs


def _name_whom(
    report: dict[str, Any], customers: pd.DataFrame, replications: Sequence[int], with_closing: bool
) -> None:
    """Say of every arm whom it saves."""
    months = report["run"]["months"]
    for name in [name for name in report["arms"] if name != BASELINE]:
        found = whom(customers, name, replications, months=months, with_closing=with_closing)
        report["arms"][name]["whom"] = found
