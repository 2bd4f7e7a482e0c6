"""Draft: the arm that a plan is: an arm of the file, with the values that somebody moves instead of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.compare import BASELINE
from retainsim.study.runs import headline
from retainsim.study.stage import Stage, Variant

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Arm

PLAN = "plan"
"""What the arm is called."""
TITLE = "Your plan"
POINTS = f"arms.{PLAN}.retention.points"
COST = f"arms.{PLAN}.retention.cost.per_customer_month"
LEAST_POINTS = 0.1
"""As the schema has it; what is below is no lever, and costs nothing."""
_GAINS = ("points", "relative", "churn")


class Draft:
    """A plan that starts as an arm of the file.

    What is not moved stays as the arm has it, dates and ramps included. What is moved holds from month 0 on, instead of
    the arm's own changes of that key.

    Parameters
    ----------
    stage
        The scenario, calibrated.
    arm
        The arm; default: the one the headline is about, or the baseline where there is no other.

    Raises
    ------
    UsageError
        If there is no such arm.
    ScenarioError
        If its lever asks for more than its scope can give.
    """

    def __init__(self, stage: Stage, arm: str | None = None) -> None:
        self.scenario: Scenario = stage.scenario
        name, known = arm or headline(self.scenario) or BASELINE, list(self.scenario.arms)
        if name not in known:
            raise UsageError(f"there is no arm {name!r}; give {listing(known)}{did_you_mean(name, known)}")
        self.arm: Arm = self.scenario.arms[name]
        stage.solve([Variant(name)])
        lever = stage.lever(name)
        self.points = 0.0 if lever is None else round(100.0 * (lever.after - lever.before), 2)
        """Points of retention its lever gains, whichever way the file says so."""
        self.cost = 0.0 if self.arm.retention is None else self.arm.retention.cost.per_customer_month

    def in_force(self, key: str) -> float:
        """Return the value of a key once all changes of the arm are in force.

        Raises
        ------
        UsageError
            If there is no number at the key.
        """
        value = self.scenario.value(key)
        for change in self.arm.change:
            value = change.applied(value, 1.0) if change.set == key else value
        return value

    def plan(self, values: Mapping[str, float]) -> Scenario:
        """Return the scenario with the plan as its only arm beside the baseline; `values` are those moved, by key.

        Raises
        ------
        ScenarioError
            If a value is not allowed.
        """
        arms = {PLAN: self._arm(values)}
        if BASELINE in self.scenario.parameters.arms:
            arms[BASELINE] = _plain(self.scenario.arms[BASELINE])
        return self.scenario.replace({"arms": arms} | ({"pieces": {}} if self.scenario.parameters.pieces else {}))

    def _arm(self, values: Mapping[str, float]) -> dict[str, Any]:
        """Return the arm as a table of the file."""
        arm = {**_plain(self.arm), "title": TITLE}
        own = {key: value for key, value in values.items() if key.startswith(f"arms.{PLAN}.")}
        moved = {key: value for key, value in values.items() if key not in own}
        kept = [change for change in arm.get("change", []) if change["set"] not in moved]
        arm["change"] = [*kept, *({"set": key, "to": value} for key, value in moved.items())]
        for key, value in own.items():
            if ".event." in key:
                _, _, _, place, name = key.split(".")
                arm["event"][int(place)][name] = value
        lever = self._lever(arm.pop("retention", {}), own)
        return arm | ({"retention": lever} if lever else {})

    def _lever(self, lever: dict[str, Any], own: Mapping[str, float]) -> dict[str, Any]:
        """Return the lever as a table of the file; empty where it keeps nobody."""
        if POINTS in own:
            lever = {key: value for key, value in lever.items() if key not in _GAINS} | {"points": own[POINTS]}
        if not lever or lever.get("points", LEAST_POINTS) < LEAST_POINTS:
            return {}
        cost = lever.get("cost", {}) | ({"per_customer_month": own[COST]} if COST in own else {})
        return lever | ({"cost": cost} if cost else {})


def _plain(arm: Arm) -> dict[str, Any]:
    """Return an arm as a table of the file, without what is as the schema has it."""
    return arm.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
