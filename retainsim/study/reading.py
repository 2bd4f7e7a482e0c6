"""Reading: what a sweep comes to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retainsim.study.axis import interval, say
from retainsim.study.compare import BASELINE
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Content = Mapping[str, Any]


def verdict(scenario: Scenario, content: Content) -> list[str]:
    """Say where the arm shown is worth most, where it breaks even, and where another arm takes the lead."""
    money = Money.of(scenario.parameters)
    is_line = len(content["keys"]) == 1 and content["design"] == "grid"
    said = [_best(content, money), *(_flips(content, money) if is_line else [*_breakeven(content, money)])]
    is_own = any(key["arm"] for key in content["keys"])
    return [*said, *([] if is_line or is_own or len(content["arms"]) == 1 else [_shares(content)])]


def titled(content: Content, arm: str) -> str:
    """Return how an arm is called in a sentence: by its title, unless what that says is varied."""
    if any(key["arm"] == arm for key in content["keys"]):
        return f"the arm {arm}"
    return "the baseline" if arm == BASELINE else f"“{content['arms'][arm]}”"


def settings(content: Content, at: Mapping[str, float], money: Money) -> str:
    """Write a point: `retention gain of 8 percentage points and advertising spend of EUR 54,000 per month`."""
    return " and ".join(setting(key, at[key["key"]], money) for key in content["keys"])


def setting(key: Mapping[str, Any], value: float, money: Money) -> str:
    """Write a value of a key: `advertising spend of EUR 54,000 per month`."""
    return f"{key['words']} of {say(value, key['unit'], money)}"


def compared(content: Content) -> str:
    """Say what the arm shown is compared with."""
    return "today's plan" if content["shown"]["against"] == "today" else "the baseline at the same point"


def gained(npv: Mapping[str, float], money: Money) -> str:
    """Write an estimated difference: EUR 1.2 m more (95 %: EUR 1.1 m to EUR 1.3 m)."""
    low, high = (npv["low"], npv["high"]) if npv["mean"] >= 0 else (-npv["high"], -npv["low"])
    more = "more" if npv["mean"] >= 0 else "less"
    return f"{money.mean(npv)} {more} (95 %: {money.interval(low, high)})"


def _best(content: Content, money: Money) -> str:
    top, shown = content["top"], content["shown"]
    if top["npv"]["mean"] == 0:
        who = titled(content, shown["arm"])
        return f"At none of {content['points']:,} points is {who} worth more than {compared(content)}."
    said = (
        f"{gained(top['npv'], money)} NPV than {compared(content)}: that is the most {titled(content, shown['arm'])} "
        f"comes to, with {settings(content, top['at'], money)}"
    )
    better, points = shown["better"], content["points"]
    count = f"; of {points:,} points it is ahead at {better['points']:,}, clearly at {better['clearly']:,}"
    return f"{said}{count * (points > 1)}."


def _flips(content: Content, money: Money) -> list[str]:
    """Say where arms change places; where none does, which leads throughout."""
    said = [_flip(content, each, money) for each in content["crossings"]]
    leaders = list(dict.fromkeys(content["leaders"]))
    if len(content["arms"]) > 1 and len(leaders) == 1:
        said.append(f"At every value tried, {titled(content, leaders[0])} has the highest mean NPV.")
    return said


def _flip(content: Content, each: Mapping[str, Any], money: Money) -> str:
    key, way = content["keys"][0], "above" if each["rises"] else "below"
    said = (
        f"{titled(content, each['arm'])} is worth more than {titled(content, each['against'])} {way} "
        f"{setting(key, each['at'], money)} (95 %: {interval(each['low'], each['high'], key['unit'], money)})."
    )
    return said[:1].upper() + said[1:]


def _breakeven(content: Content, money: Money) -> list[str]:
    """Say where the arm shown breaks even at the largest value of the first key at which it does."""
    if not content["breakeven"]:
        return []
    (first, second), last = content["keys"], content["breakeven"][-1]
    ends = interval(last["low"], last["high"], second["unit"], money)
    return [
        f"With {setting(first, last[first['key']], money)} the plan breaks even with {compared(content)} at "
        f"{setting(second, last['at'], money)} (95 %: {ends})."
    ]


def _shares(content: Content) -> str:
    """Say at how many points each arm leads."""
    leads = {arm: content["leaders"].count(arm) for arm in content["arms"]}
    told = [f"{titled(content, arm)} at {n:,}" for arm, n in sorted(leads.items(), key=lambda x: -x[1]) if n]
    return f"Highest mean NPV: {', '.join(told)} of {content['points']:,} points."
