"""Doubt: how sure the advice is, what makes it unsure, and what to measure first, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retainsim.study.reversal import name_of
from retainsim.wording import Money, percent

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.study.input import Input

Report = dict[str, Any]


def verdict(scenario: Scenario, content: Report, inputs: Sequence[Input]) -> list[str]:
    """Say what the difference is, how sure the advice is, what the spread is made of, and what to measure first."""
    money = Money.of(scenario.parameters)
    return [
        _difference(scenario, content, money),
        _right(scenario, content),
        _split(content),
        *_measure(content, inputs, money),
        _budget(content, len(inputs)),
    ]


def _difference(scenario: Scenario, content: Report, money: Money) -> str:
    found = content["difference"]
    own, other = (name_of(scenario, content[which]) for which in ("arm", "against"))
    more = "more" if found["mean"] > 0 else "less"
    ends = (found["low"], found["high"]) if found["mean"] > 0 else (-found["high"], -found["low"])
    return (
        f"{own}: {money.mean(found)} {more} NPV than {other} (95 %: {money.interval(*ends)}); with luck and what is "
        f"not known, {money.say(found['p05'])} to {money.say(found['p95'])} (5th to 95th percentile)."
    )


def _right(scenario: Scenario, content: Report) -> str:
    found, advice = content["p_right"], name_of(scenario, content["advice"])
    other = name_of(scenario, content["against" if content["advice"] == content["arm"] else "arm"])
    if found["low"] == 1.0:
        return f"The advice ({advice}) was right for all that was drawn: {other} never had the higher expected NPV."
    return (
        f"The advice ({advice}) is right with a probability of {_percent(found['mean'])} "
        f"({_interval(found)}): so often it has the higher expected NPV."
    )


def _split(content: Report) -> str:
    luck = content["variance"]["share_of_luck"]
    rest = {"low": 1.0 - luck["high"], "high": 1.0 - luck["low"]}
    if content["variance"]["luck"]["mean"] == content["variance"]["ignorance"]["mean"] == 0.0:
        return "The difference does not vary: neither luck nor what is not known changes it."
    return (
        f"Of its variance, {_percent(luck['mean'])} is luck and {_percent(1.0 - luck['mean'])} ignorance "
        f"({_interval(rest)})."
    )


def _measure(content: Report, inputs: Sequence[Input], money: Money) -> list[str]:
    """Say what knowing everything, and the one input most worth knowing, would be worth."""
    rows, whole = content["indices"], content["evpi"]
    if not rows:
        return []
    if whole["mean"] <= 0.0:
        nothing = (
            "Nothing is worth measuring for this decision: the advice is the same whatever the inputs turn out to be."
        )
        return [f"{nothing} {_about(rows)}"]
    told = f"Knowing every input exactly before deciding would be worth {_worth(whole, money)}"
    first = rows[0]
    if first["evpi"]["mean"] <= 0.0:
        return [f"{told}; no single one would change the decision alone."]
    title = next(each for each in inputs if each.key == first["key"]).title
    return [f"{told}. Measure “{title}” first: knowing it alone would be worth {_worth(first['evpi'], money)}."]


def _about(rows: list[Report]) -> str:
    """Say which input most of the ignorance is about, where that can be told."""
    most = max(rows, key=lambda row: row["total"]["mean"] or 0.0)
    if most["total"]["mean"] is None:
        return "Beside luck, ignorance is too small to be taken apart with so few draws."
    share = min(max(most["total"]["mean"], 0.0), 1.0)
    return f"Most of the ignorance is about “{most['title']}” ({_percent(share)} of it)."


def _worth(found: Report, money: Money) -> str:
    return f"{money.mean(found)} (95 %: {money.interval(found['low'], found['high'])})"


def _budget(content: Report, inputs: int) -> str:
    spent = content["budget"]
    return (
        f"{spent['draws']} draws of {inputs} input{'s' if inputs != 1 else ''}, played in both arms at "
        f"{spent['points']:,} points; luck counts as one more input."
    )


def _percent(share: float) -> str:
    digits = 0 if 0.015 <= share <= 0.985 or share in (0.0, 1.0) else 1
    return percent(share, digits)


def _interval(found: Report) -> str:
    return f"95 %: {_percent(found['low']).removesuffix(' %')} to {_percent(found['high'])}"
