"""Reversal: what would change the advice, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retainsim.study.compare import BASELINE
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.study.flip import Flip
    from retainsim.study.input import Input

Report = dict[str, Any]
NEVER = "a free gain never flips"
_MOST = 3
"""Flips told in the verdict."""


def is_free_gain(scenario: Scenario, arm: str, against: str) -> bool:
    """Tell whether an arm does nothing but keep more customers than a baseline in which nothing changes, at no cost."""
    other = scenario.arms[against]
    does_nothing = against == BASELINE and not (other.retention or other.change or other.investment or other.event)
    return does_nothing and scenario.arms[arm].is_free_gain


def why(asked: Input, found: Flip | None, money: Money, *, is_free: bool) -> str:
    """Say at which value an input reverses the advice, or why it does not."""
    if found is None:
        return (
            NEVER if is_free else f"does not flip between {asked.span(*asked.widest, money)}".replace(" to ", " and ")
        )
    beyond = f"{'below' if found.falls else 'above'} {asked.say(found.mean, money)}"
    interval = f"95 %: {asked.span(found.low, found.high, money)}"
    if is_free:
        return f"{NEVER} while customers bring more than they cost; {beyond} ({interval}) they do not"
    return f"flips {beyond} ({interval})"


def verdict(scenario: Scenario, content: Report, inputs: Sequence[Input]) -> list[str]:
    """Say what the advice is, what reverses it, and what moves the difference most."""
    money, by_key = Money.of(scenario.parameters), {each.key: each for each in inputs}
    flips = [row for row in content["inputs"] if row["flips_at"] is not None]
    flips.sort(key=lambda row: _distance(row, by_key[row["key"]]))
    sentences = [_advice(scenario, content, money), *_reversals(scenario, content, flips, by_key, money)]
    if content["inputs"] and content["inputs"][0]["swing"] > 0.0:
        sentences.append(_widest(content["inputs"][0], by_key, money))
    return [*sentences, _looked_at(content)]


def name_of(scenario: Scenario, arm: str) -> str:
    """Return what an arm is called in a sentence."""
    return "the baseline" if arm == BASELINE else f"“{scenario.arms[arm].title}”"


def _advice(scenario: Scenario, content: Report, money: Money) -> str:
    found = content["difference"]
    own, other = (name_of(scenario, content[which]) for which in ("arm", "against"))
    low, high = found["low"], found["high"]
    advice = f"the advice is {_told(scenario, content)}"
    if found["mean"] == low == high == 0.0:
        return f"{own} and {other} come to the same NPV."
    if low is not None and low <= 0.0 <= high:
        unclear = f"{own}: no clear difference in NPV from {other} (95 %: {money.interval(low, high)})"
        return f"{unclear}; by the mean, {advice}."
    more = "more" if found["mean"] > 0 else "less"
    bounds = money.interval(*((low, high) if found["mean"] > 0 else (-high, -low)))
    return f"{own}: {money.mean(found)} {more} NPV than {other} (95 %: {bounds}), so {advice}."


def _told(scenario: Scenario, content: Report) -> str:
    return name_of(scenario, content["advice"])


def _reversals(
    scenario: Scenario, content: Report, flips: list[Report], by_key: dict[str, Input], money: Money
) -> list[str]:
    if content["is_free_gain"]:
        return [f"{NEVER[:1].upper()}{NEVER[1:]}: it pays wherever customers bring more than they cost."]
    near = [row for row in flips if row["is_plausible"]]
    far = [row for row in flips if not row["is_plausible"]]
    advice = _told(scenario, content)
    if near:
        said = "; or if ".join(_condition(by_key[row["key"]], row, money) for row in near[:_MOST])
        rest = f"; and at {len(near) - _MOST} more values" if len(near) > _MOST else ""
        return [f"The advice ({advice}) flips if {said}{rest}. Nothing else within the plausible ranges reverses it."]
    said = f"No single input reverses the advice ({advice}) within its plausible range."
    if not far:
        return [f"{said} None does far beyond it either."]
    return [f"{said} Nearest beyond: it flips if {_condition(by_key[far[0]['key']], far[0], money)}."]


def _condition(asked: Input, row: Report, money: Money) -> str:
    at = row["flips_at"]
    how = "falls below" if at["mean"] < asked.today else "rises above"
    interval = f"95 %: {asked.span(at['low'], at['high'], money)}; today {asked.say(asked.today, money)}"
    return f"“{asked.title}” {how} {asked.say(at['mean'], money)} ({interval})"


def _distance(row: Report, asked: Input) -> float:
    """Return how far a flip is from today's value, plausible ranges being one long."""
    return abs(row["flips_at"]["mean"] - asked.today) / (asked.high - asked.low)


def _widest(row: Report, by_key: dict[str, Input], money: Money) -> str:
    asked = by_key[row["key"]]
    ends = [money.say(row[f"difference_{end}"]["mean"]) for end in ("low", "high")]
    values = [asked.say(value, money) for value in (asked.low, asked.high)]
    return f"“{asked.title}” moves the difference most: {ends[0]} at {values[0]}, {ends[1]} at {values[1]}."


def _looked_at(content: Report) -> str:
    seen, dropped = content["screening"]["looked_at"], len(content["screening"]["dropped"])
    how = f"; {dropped} that move the difference less were dropped by a first pass" if dropped else ""
    return f"{seen} input{'s were' if seen != 1 else ' was'} looked at{how}."
