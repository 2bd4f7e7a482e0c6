"""Verdict: the answer of a run, in sentences a director can read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.study.compare import (
    BASELINE,
    Estimate,
    confidence_above_zero,
    differences,
    estimate,
    ratio,
)
from retainsim.study.trade import trade
from retainsim.wording import Money, count, figure, percent, span

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Report = dict[str, Any]


def verdict(scenario: Scenario, report: Report, outcomes: pd.DataFrame) -> list[str]:
    """Say what each arm is worth, what a free gain may cost, how retention compares with acquisition, what is best."""
    arms = [name for name in report["arms"] if name != BASELINE]
    money = Money.of(scenario.parameters)
    if not arms:
        return [_alone(report, money), *_leaks(report, money)]
    sentences = [_worth(scenario, report, name, money) for name in arms]
    sentences[0] = f"{_terms(report)}: {sentences[0]}"
    sentences += [_affordable(report, name, money) for name in arms if _is_free(scenario, report, name)]
    sentences += [said for name in arms if (said := _whom(report, name, money))]
    sentences += _against_acquisition(scenario, report, outcomes)
    return [*sentences, _best(report, outcomes, money), *trade(report, money), *_leaks(report, money)]


def is_lever_on_acquisition(scenario: Scenario, arm: str) -> bool:
    """True where an arm does nothing but change acquisition."""
    mine = scenario.arms[arm]
    return mine.retention is None and bool(mine.change) and all(c.set.startswith("acquisition.") for c in mine.change)


def _alone(report: Report, money: Money) -> str:
    arm = report["arms"][BASELINE]
    return (
        f"{_terms(report)}: the baseline has an NPV of {money.mean(arm['npv'])} "
        f"(95 %: {money.interval(arm['npv']['low'], arm['npv']['high'])}) and ends with "
        f"{arm['pool_end']['mean']:,.0f} customers."
    )


def _leaks(report: Report, money: Money) -> list[str]:
    """Name the reason and the mechanism most worth closing, where the run was asked to find out."""
    found: list[dict[str, Any]] = report.get("leaks", [])
    tops = [next((leak for leak in found if leak["kind"] == kind), None) for kind in ("reason", "mechanism")]
    if tops[0] is None or not any(leak["left"] for leak in found):
        return []
    horizon, anyway = span(report["run"]["months"]), min(max(tops[0]["elsewhere"], 0.0), 1.0)
    if tops[0]["low"] > 0:
        said = (
            f"The leak most worth closing is {_closed(tops[0], money)}; "
            f"{percent(anyway, 0)} of those it spares would leave for something else within {horizon}."
        )
    else:
        said = f"No reason is clearly worth closing; the first is {_closed(tops[0], money)}."
    clear = "" if tops[1] is None or tops[1]["low"] > 0 else ", not clearly worth closing"
    return [said] if tops[1] is None else [said, f"First of the mechanisms is {_closed(tops[1], money)}{clear}."]


def _closed(leak: dict[str, Any], money: Money) -> str:
    """Say what closing a leak is worth."""
    mean = f"{'-' * (leak['npv'] < 0)}{money.mean({**leak, 'mean': leak['npv']})}"
    return f"{leak['leak'].replace('_', ' ')}: {mean} (95 %: {money.interval(leak['low'], leak['high'])})"


def _terms(report: Report) -> str:
    """Say once what all NPVs of the run mean."""
    run = report["run"]
    years = f"{run['closing_years']:g} more year{'s' if run['closing_years'] != 1 else ''}"
    closing = f" plus closing value ({years} of those still there)" if run["closing_value"] == "expected" else ""
    return f"NPV over {span(run['months'])}{closing}, at {100 * run['discount_rate']:.4g} % a year, {run['tax']}"


def _worth(scenario: Scenario, report: Report, name: str, money: Money) -> str:
    arm = report["arms"][name]
    paired = arm["versus_baseline"]
    gain: Estimate = paired["npv"]
    mean, low, high = gain["mean"], gain["low"], gain["high"]
    assert mean is not None
    assert low is not None
    assert high is not None
    if mean == low == high == 0.0:
        return f"{arm['title']}: no different from the baseline."
    more = "more" if mean > 0 else "less"
    bounds = money.interval(*((low, high) if mean > 0 else (-high, -low)))
    unknown = ""
    if scenario.distributions:
        unknown = f"; with what is not known, {money.say(gain['p05'] or 0.0)} to {money.say(gain['p95'] or 0.0)}"
        unknown += " (5th to 95th percentile)"
    return (
        f"{arm['title']}: {money.mean(gain)} {more} than the baseline (95 %: {bounds}{unknown}); "
        f"better in {_how_often(paired['p_better'], report['run']['replications'])}."
    )


def _how_often(share: float, replications: int) -> str:
    if share == 1.0:
        return f"all {replications} replications"
    return f"{round(share * replications):,} of {replications:,} replications"


def _is_free(scenario: Scenario, report: Report, name: str) -> bool:
    affordable = report["arms"][name]["versus_baseline"]["affordable_per_customer_month"]["mean"]
    return scenario.arms[name].is_free_gain and affordable is not None


def _affordable(report: Report, name: str, money: Money) -> str:
    arm = report["arms"][name]
    most = arm["versus_baseline"]["affordable_per_customer_month"]
    return (
        f"{arm['title']}: pays for itself within {span(report['run']['months'])} at up to "
        f"{money.exact(most['mean'])} per customer-month (95 %: {money.exact(most['low'])} to "
        f"{money.exact(most['high'])}; closing value not counted)."
    )


def _whom(report: Report, name: str, money: Money) -> str | None:
    """Say whom an arm saves and what they are worth, where customers were kept and it saves any to speak of."""
    arm, horizon = report["arms"][name], span(report["run"]["months"])
    found = arm.get("whom")
    if found is None or (found["saved"]["low"] or 0.0) < 1.0 or found["worth_each"]["mean"] is None:
        return None
    many, each, top = found["saved"], found["worth_each"], found["top_tenth"]
    said = (
        f"{arm['title']}: saves {count(many['mean'])} customers by the end of {horizon} (95 %: {count(many['low'])} to "
        f"{count(many['high'])}), worth {money.say(each['mean'])} each "
        f"(95 %: {money.interval(each['low'], each['high'])})"
    )
    if top["low"] is None or many["mean"] < 20.0:
        return f"{said}."
    few = f"the {count(0.1 * many['mean'])} worth most bring {percent(top['mean'], 0)} of that"
    return f"{said}; {few} (95 %: {percent(top['low'])} to {percent(top['high'])})."


def _against_acquisition(scenario: Scenario, report: Report, outcomes: pd.DataFrame) -> list[str]:
    """Compare the first retention arm with every arm that only changes acquisition."""
    levers = [name for name in report["arms"] if scenario.arms[name].retention is not None]
    taps = [name for name in report["arms"] if is_lever_on_acquisition(scenario, name)]
    if not levers:
        return []
    return [s for tap in taps if (s := _times(report, outcomes, levers[0], tap))]


def _times(report: Report, outcomes: pd.DataFrame, lever: str, tap: str) -> str | None:
    gains = [differences(outcomes, name)["npv"].to_numpy() for name in (lever, tap)]
    found = ratio(*gains)
    if found["mean"] is None or found["low"] is None or found["high"] is None or gains[1].mean() <= 0:
        return None
    return (
        f"{_title(report, lever)} is worth {figure(found['mean'])} times as much as {_title(report, tap)} "
        f"(95 %: {figure(found['low'])} to {figure(found['high'])})."
    )


def _best(report: Report, outcomes: pd.DataFrame, money: Money) -> str:
    ranked = sorted(report["arms"], key=lambda a: report["arms"][a]["npv"]["mean"], reverse=True)
    best, second = ranked[:2]
    gap = differences(outcomes, best, second)["npv"].to_numpy()
    if not gap.any():
        return f"Highest NPV: {_title(report, best)} and {_title(report, second)} come to the same."
    found, sure = estimate(gap), confidence_above_zero(gap)
    assert found["mean"] is not None
    assert sure is not None
    return (
        f"Highest mean NPV: {_title(report, best)}, {money.mean(found)} above {_title(report, second)} "
        f"(95 %: {money.interval(found['low'], found['high'])}; confidence that its mean is higher: {_sure(sure)})."
    )


def _sure(confidence: float) -> str:
    return "above 99.9 %" if confidence > 0.999 else percent(confidence)


def _title(report: Report, name: str) -> str:
    return f"“{report['arms'][name]['title']}”" if name != BASELINE else "the baseline"
