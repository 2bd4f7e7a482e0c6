"""Breakeven: at which value of one key an arm equals another arm, or a number, in a chosen measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from retainsim.study.answer import Answer, report_of
from retainsim.study.compare import BASELINE, estimate
from retainsim.study.goal import Goal
from retainsim.study.quantity import Quantity, name_of_measure, of_measure
from retainsim.study.seek import Found, seek
from retainsim.study.shortfall import Shortfall
from retainsim.study.trials import Effort, Trials
from retainsim.wording import Money, rounded

if TYPE_CHECKING:
    from retainsim.scenario import Scenario


def breakeven(
    scenario: Scenario,
    vary: str,
    *,
    match: str | None = None,
    target: float | None = None,
    arm: str | None = None,
    measure: str = "npv",
    between: tuple[float, float] | None = None,
    both: bool | None = None,
    **effort: Unpack[Effort],
) -> Answer:
    """Find the value of a key at which an arm equals another arm, or a number.

    Parameters
    ----------
    scenario
        What `load` returned.
    vary
        The key, by dotted path. Where an arm can change it, it is decided from month 0 on; else the file is taken to
        say so.
    match
        The arm to be equalled, held as it is. Default: the baseline, where the key is one of an arm (`arms.NAME....`).
    target
        The number to be equalled instead, in the unit of the measure.
    arm
        The arm in which the key is varied; default: the baseline, or the arm that the key is one of. Its own changes
        of the key give way to the value.
    measure
        In which measure: `npv`, `npv_to_horizon`, `pool_end`, any other of a replication.
    between
        Where to look; default: within the key's limits, outwards from today's value.
    both
        Whether the value holds in `match` too; default: only for keys of `run`, which say how value is counted.
    **effort
        `replications`, `jobs`, `progress` and `store`, as `Trials` takes them.

    Returns
    -------
    Answer
        With `value` in its report (mean, low, high: 95 % interval from the replications), or None and why.

    Raises
    ------
    UsageError
        If the key, an arm or the measure is not there, or it is not clear what is to equal what.
    ScenarioError
        If no value looked at is possible.
    """
    goal = Goal.of(scenario, vary, arm=arm, match=match, target=target, measure=measure, both=both)
    bracket = goal.bracket(between)
    trials = Trials(scenario, **effort)
    found = seek(Shortfall(trials, goal), bracket)
    words = _Words(goal, found)
    content = _content(goal, found, words)
    report = report_of("breakeven", scenario, trials.replications, words.verdict(), content)
    return Answer("breakeven", scenario, report, {"curve": curve(found)}, ("breakeven",))


def curve(found: Found) -> pd.DataFrame:
    """Tabulate the difference at every value played: mean and 95 % interval over all replications."""
    estimates = [estimate(row) for row in found.table]
    columns = {key: [each[key] for each in estimates] for key in ("mean", "low", "high")}
    return pd.DataFrame({"value": found.values, "difference": columns.pop("mean"), **columns})


def _content(goal: Goal, found: Found, words: _Words) -> dict[str, Any]:
    value = None if found.root is None else {"mean": found.root, "low": found.low, "high": found.high}
    best = words.closest
    closest = {key: estimate(found.table[best])[key] for key in ("mean", "low", "high")}
    return {
        "lever": goal.key,
        "today": goal.today,
        "measure": goal.measure,
        "value": value,
        "why": words.why(),
        "curve": [[float(x), float(y)] for x, y in zip(found.values, found.means, strict=True)],
        "unit": words.key.unit,
        "arm": goal.arm,
        "match": goal.match,
        "target": goal.target,
        "both": goal.both,
        "plan": goal.plan,
        "whole": words.whole,
        "slope": found.slope,
        "others": found.others,
        "monotone": found.is_monotone,
        "looked": {"low": found.looked[0], "high": found.looked[1]},
        "closest": {"value": float(found.values[best]), "difference": closest},
        "warnings": words.warnings(),
    }


class _Words:
    """What was found, in sentences."""

    def __init__(self, goal: Goal, found: Found) -> None:
        self.goal, self.found = goal, found
        money = Money.of(goal.scenario.parameters)
        known = goal.scenario.key(goal.key)
        self.key, self.measured = Quantity(known.unit, money, known.is_whole), of_measure(goal.measure, money)

    @property
    def closest(self) -> int:
        """Return the place of the value whose difference is nearest to zero."""
        return int(abs(self.found.means).argmin())

    @property
    def whole(self) -> int | None:
        """Return the whole number nearest to the root at which the arm is not behind; None for other keys."""
        if self.found.root is None or self.found.slope is None or not self.key.is_whole:
            return None
        return math.ceil(self.found.root) if self.found.slope > 0 else math.floor(self.found.root)

    def verdict(self) -> list[str]:
        """Return the answer: the value and what lies on either side of it, or that there is none and why."""
        if self.found.root is None:
            return [f"No value of {self.goal.key} brings {self._arm()} to {self._goal()}: {self.why()}."]
        goal, found = self.goal, self.found
        first = f"{self._arm()} comes to {self._goal()} at {goal.key} = {self._value()}; {self._today()}."
        sentences = [first[:1].upper() + first[1:]]
        if found.slope:
            side = "Above" if found.slope > 0 else "Below"
            sentences.append(f"{side} that value {self._arm()} is ahead; {self.why()}.")
        return sentences

    def why(self) -> str:
        """Say where was looked, and what was seen there."""
        found, span = self.found, self._span()
        if found.is_flat:
            same = "the two come to the same whatever it is" if not found.table.any() else "it makes no difference"
            return f"{same} ({span})"
        if found.root is None:
            return self._none(span)
        if not found.others:
            turns = "" if found.is_monotone else ", though the difference turns back"
            return f"it is the only one {span}{turns}"
        others = " and ".join(self.key.say(value) for value in found.others)
        return f"it is the one nearest to today {span}; the difference seems to vanish near {others} too"

    def warnings(self) -> list[str]:
        """Return what to beware of."""
        warnings, found = [], self.found
        if found.root is not None and None in (found.low, found.high):
            warnings.append("the replications set no end to the interval; use more of them (--replications)")
        if self.goal.plan is not None:
            own = f"the arm {self.goal.arm} changes {self.goal.key} itself (to {self.key.exact(self.goal.plan)})"
            warnings.append(f"{own}; the value sought is in force in its place, from month 0")
        return warnings

    def _none(self, span: str) -> str:
        mean = float(self.found.means[self.closest])
        gap = estimate(self.found.table[self.closest])
        size = {"mean": abs(mean), "low": gap["low"], "high": gap["high"]}
        if mean < 0 and gap["low"] is not None and gap["high"] is not None:
            size |= {"low": -gap["high"], "high": -gap["low"]}
        how = "short of" if mean < 0 else "above"
        at = self.key.say(float(self.found.values[self.closest]))
        amount = f"{self.measured.estimated(size)} (95 %: {self.measured.interval(size['low'], size['high'])})"
        return f"{span} it stays {how} it, and comes nearest at {at}, {amount} {how} it{self._fault()}"

    def _fault(self) -> str:
        """Say why there is nothing beyond the closest value, where it is the last possible one."""
        at = float(self.found.values[self.closest])
        if at not in (self.found.values[0], self.found.values[-1]):
            return ""
        is_last = at == self.found.values[-1]
        beyond = [fault for value, fault in self.found.faults.items() if (value > at) == is_last]
        return f"; beyond that, {beyond[0]}" if beyond else ""

    def _arm(self) -> str:
        return _title(self.goal.scenario, self.goal.arm)

    def _goal(self) -> str:
        name = name_of_measure(self.goal.measure)
        if self.goal.match is None:
            return f"{name} of {self.measured.exact(self.goal.target or 0.0)}"
        held = " with the same value" if self.goal.both else ""
        return f"the {name} of {_title(self.goal.scenario, self.goal.match)}{held}"

    def _value(self) -> str:
        root, low, high = self.found.root, self.found.low, self.found.high
        assert root is not None
        if low == high == root:
            return f"{self.key.exact(rounded(root, 8))} (exact: all replications agree)"
        number = self.key.estimated({"mean": root, "low": low, "high": high}) + self.key.rest
        whole = "" if self.whole is None else f", in whole numbers {self.whole:,}"
        return f"{number} (95 %: {self.key.interval(low, high)}){whole}"

    def _today(self) -> str:
        where = "in the file" if self.goal.key.startswith(("arms.", "pieces.")) else "today"
        return f"{where} it is {self.key.exact(self.goal.today)}"

    def _span(self) -> str:
        low, high = (self.key.bare(end) for end in self.found.looked)
        return f"between {low} and {high}"


def _title(scenario: Scenario, arm: str) -> str:
    return "the baseline" if arm == BASELINE else f"“{scenario.arms[arm].title}”"
