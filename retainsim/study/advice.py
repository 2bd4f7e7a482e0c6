"""Advice: what the best split of a budget comes to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retainsim.study.axis import say
from retainsim.study.compare import BASELINE
from retainsim.study.reading import gained
from retainsim.wording import Money, percent

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Content = Mapping[str, Any]
NAMES = {"npv": "NPV", "npv_to_horizon": "NPV to the horizon", "customer_equity": "customer equity at the horizon"}


def verdict(scenario: Scenario, content: Content) -> list[str]:
    """Say what to move where and what it gains, how sure it is the best, and what another euro is worth."""
    money = Money.of(scenario.parameters)
    return [
        _advice(scenario, content, money),
        _sure(content),
        _next(content, money, "best"),
        _next(content, money, "today"),
    ]


def moves(content: Content) -> dict[str, float]:
    """Return by how much the best plan changes each lever: money per month where its cost is known, else its unit."""
    return {
        key: (content["best"][key] - content["today"][key]) * (found["cost"] or 1.0)
        for key, found in content["marginal"].items()
    }


def _advice(scenario: Scenario, content: Content, money: Money) -> str:
    gain = content["gain"]
    than = "today's plan" if content["arm"] == BASELINE else f"“{scenario.arms[content['arm']].title}” as it is"
    name = NAMES[content["measure"]]
    if not any(moves(content).values()):
        return f"Leave the levers as they are: no plan found is worth more {name} than {than}."
    worth = f"{gained(gain, money)} {name} than {than}"
    if gain["low"] is not None and gain["low"] <= 0:
        return f"No plan is clearly better than {than}: {_instead(content, money)} comes to {worth}."
    return f"{how(content, money)}: worth {worth}."


def how(content: Content, money: Money) -> str:
    """Say what to do: `Move EUR 12 k a month from advertising to the programme`, or which value to set."""
    if any(found["cost"] is None for found in content["marginal"].values()):
        return f"Set {_instead(content, money)}"
    up, down = ({k: m for k, m in moves(content).items() if sign * m > 0} for sign in (1, -1))
    if up and down:
        moved, net = min(sum(up.values()), -sum(down.values())), sum(up.values()) + sum(down.values())
        rest = f", and spend {money.say(abs(net))} a month {'more' if net > 0 else 'less'} in all"
        is_even = abs(net) < 0.005 * moved
        ends = f"from {_named(content, down)} to {_named(content, up)}"
        return f"Move {money.say(moved)} a month {ends}{'' if is_even else rest}"
    verb, way, changed = ("Put", "more a month into", up) if up else ("Take", "a month out of", down)
    each = [f"{money.say(abs(m))} {way} {content['marginal'][k]['words']}" for k, m in changed.items()]
    return f"{verb} {_and(each)}"


def _instead(content: Content, money: Money) -> str:
    """Say the best plan: `advertising spend to EUR 54,000 per month (today EUR 36,000 per month)`."""
    each = []
    for key, found in content["marginal"].items():
        best, today = (value(content[at][key], found, money) for at in ("best", "today"))
        each += [f"{found['words']} to {best} (today {today})"] * (best != today)
    return _and(each or ["the same levers"])


def value(number: float, found: Mapping[str, Any], money: Money) -> str:
    """Write a value of a lever, to four digits."""
    return say(float(f"{number:.4g}"), found["unit"], money)


def _sure(content: Content) -> str:
    others = content["plans"] - 1
    if not others:
        return "It is the only plan that competed: nothing else within the bounds came near it in the search."
    bound = min(content["p_best"], 0.999)
    return (
        f"Confidence that it is the best of the {content['plans']} plans that competed on fresh luck: at least "
        f"{percent(bound)}; the gain is measured on luck that neither search nor competition had seen."
    )


def _next(content: Content, money: Money, at: str) -> str:
    where = "At the best plan" if at == "best" else "Today"
    each = [f"{_worth(found, at, money)} in {found['words']}" for found in content["marginal"].values()]
    units = {found["per"] for found in content["marginal"].values()}
    if units == {"money per month"}:
        return f"{where} another {money.sign} 1 a month is worth, beyond its own cost, {'; '.join(each)}."
    return f"{where} one unit more (or {money.sign} 1 a month, where costs are known) is worth {'; '.join(each)}."


def money_of_next(found: Mapping[str, Any], money: Money) -> Money:
    """Return how the worth of a lever's next unit is written: of an amount per amount the file's unit cancels."""
    return Money(money.sign) if found["per"].startswith("money") else money


def _worth(found: Mapping[str, Any], at: str, money: Money) -> str:
    written, worth = money_of_next(found, money), found[at]
    return f"{written.say(worth['mean'])} (95 %: {written.interval(worth['low'], worth['high'])})"


def _named(content: Content, keys: Mapping[str, float]) -> str:
    return _and([content["marginal"][key]["words"] for key in keys])


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
