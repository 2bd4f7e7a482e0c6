"""Verdict: the answer of a run, in sentences a director can read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.study.compare import BASELINE, confidence_above_zero, differences
from retainsim.wording import Money, percent, span

if TYPE_CHECKING:
    from retainsim.scenario import Scenario


def verdict(scenario: Scenario, report: dict[str, Any], outcomes: pd.DataFrame) -> list[str]:
    """Return one sentence per arm, what a free gain may cost, and which arm is best."""
    arms = {name: arm for name, arm in report["arms"].items() if name != BASELINE}
    if not arms:
        return [_alone(scenario, report)]
    money = Money.of(scenario.parameters)
    sentences = [_worth(scenario, report, name, money) for name in arms]
    sentences += [_affordable(scenario, report, name, money) for name in arms if _is_free(scenario, report, name)]
    return [*sentences, _best(report, outcomes, money)]


def _alone(scenario: Scenario, report: dict[str, Any]) -> str:
    money, arm = Money.of(scenario.parameters), report["arms"][BASELINE]
    npv, pool = arm["npv"], arm["pool_end"]
    return (
        f"The baseline has an NPV of {money.say(npv['mean'])} {_terms(report)} "
        f"(95 %: {money.interval(npv['low'], npv['high'])}) and ends with {pool['mean']:,.0f} customers."
    )


def _worth(scenario: Scenario, report: dict[str, Any], name: str, money: Money) -> str:
    arm = report["arms"][name]
    paired = arm["versus_baseline"]
    gain = paired["npv"]
    if gain["mean"] == 0 and gain["low"] == 0:
        return f"{arm['title']}: changes nothing in the NPV."
    does = "is worth" if gain["mean"] > 0 else "costs"
    sign = 1 if gain["mean"] > 0 else -1
    low, high = (sorted((sign * gain["low"], sign * gain["high"]))) if gain["low"] is not None else (None, None)
    sentence = (
        f"{arm['title']}: {does} {money.say(abs(gain['mean']))} {_terms(report)} "
        f"(95 %: {money.interval(low, high)})"
    )
    if scenario.distributions:
        sentence += f"; over what is not known, from {money.say(gain['p05'])} to {money.say(gain['p95'])} (5th to 95th percentile)"
    return f"{sentence}; better than the baseline in {percent(paired['p_better'], 0)} of replications."


def _terms(report: dict[str, Any]) -> str:
    run = report["run"]
    closing = ""
    if run["closing_value"] == "expected":
        closing = f" and the {run['closing_years']:g} years after them that closing value counts"
    return f"over {span(run['months'])}{closing}, {run['tax']}"


def _is_free(scenario: Scenario, report: dict[str, Any], name: str) -> bool:
    lever = scenario.arms[name].retention
    if lever is None or scenario.arms[name].change or scenario.arms[name].investment:
        return False
    cost = lever.cost
    free = not (cost.once or cost.per_month or cost.per_customer_month)
    return free and report["arms"][name]["versus_baseline"]["affordable_per_customer_month"] is not None


def _affordable(scenario: Scenario, report: dict[str, Any], name: str, money: Money) -> str:
    arm = report["arms"][name]
    most = arm["versus_baseline"]["affordable_per_customer_month"]
    return (
        f"{arm['title']}: pays for itself within {span(report['run']['months'])} as long as it costs less than "
        f"{money.exact(most)} per customer-month (mean, without closing value)."
    )


def _best(report: dict[str, Any], outcomes: pd.DataFrame, money: Money) -> str:
    ranked = sorted(report["arms"], key=lambda a: report["arms"][a]["npv"]["mean"], reverse=True)
    best, second = ranked[:2]
    gap = differences(outcomes, best, second)["npv"].to_numpy()
    sure = confidence_above_zero(gap)
    if not gap.any():
        return f"{_title(report, best)} and {_title(report, second)} come to the same NPV."
    return (
        f"Of all arms, {_title(report, best)} has the highest mean NPV, {money.say(float(gap.mean()))} above "
        f"{_title(report, second)}"
        + (f" (confidence that its mean is higher: {percent(min(sure, 0.9999), 2 if sure > 0.99 else 0)})." if sure is not None else ".")
    )


def _title(report: dict[str, Any], name: str) -> str:
    return f"“{report['arms'][name]['title']}”" if name != BASELINE else "the baseline"
