"""Pair: the two arms a question is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean
from retainsim.study.runs import headline

if TYPE_CHECKING:
    from retainsim.scenario import Scenario


def pair(scenario: Scenario, arm: str | None, against: str) -> str:
    """Return the first of two arms to compare: the one named, else the one the headline is about.

    Raises
    ------
    UsageError
        If there is no such arm, no arm at all, or both are the same.
    """
    own = arm or headline(scenario)
    if own is None:
        raise UsageError("the scenario has no arms to compare; add one, such as [arms.retention]")
    for name in (own, against):
        if name not in scenario.arms:
            known = ", ".join(scenario.arms)
            raise UsageError(f"there is no arm {name!r}; the arms are {known}{did_you_mean(name, scenario.arms)}")
    if own == against:
        raise UsageError(f"the arm {own} cannot be compared with itself; name another with --arm or --against")
    return own
