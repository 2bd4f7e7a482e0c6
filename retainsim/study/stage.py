"""Stage: a scenario made ready to be played, in any of its variants: bases calibrated, levers solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from retainsim.calibration import Calibration, Lever, calibrate, recalibrate, solve_lever
from retainsim.draws import Luck
from retainsim.errors import UsageError
from retainsim.scenario import Scenario
from retainsim.scenario.arms import Timeline, decided, folded
from retainsim.scenario.schema import Arm, Retention
from retainsim.study.compare import BASELINE
from retainsim.study.store import fingerprint
from retainsim.world import Setup

Values = tuple[tuple[str, float], ...]
"""Keys of the scenario, by dotted path, with values for them."""
_NO_RESULT = ("arms", "pieces", "title")
_NO_LUCK = ("replications", "precision")


@dataclass(frozen=True)
class Variant:
    """One way in which a business may be run, in a world that may not be as the file says.

    Parameters
    ----------
    arm
        The arm that is played.
    decided
        What the firm decides from month 0 on, by dotted path: in force instead of the file's value, which is still
        what today's curves, the opening pool and calibration follow. Relative changes of the arm start from it.
    assumed
        What is taken to be otherwise than the file says, by dotted path, for this variant as a whole: as if drawn from
        a distribution, so that bases scale with a churn and a lever still is the factor that the file's goal asks for.
    events
        What happens besides, as in `arms.<name>.event`.
    instead
        Keys that the arm itself no longer changes, so that what is decided is what is in force.
    """

    arm: str = BASELINE
    decided: Values = ()
    assumed: Values = ()
    events: tuple[Any, ...] = ()
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A scenario, its calibration, and the levers solved so far."""

    scenario: Scenario
    calibration: Calibration
    levers: dict[str, Lever] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario) -> Stage:
        """Calibrate a scenario and solve the levers of its arms.

        Raises
        ------
        ScenarioError
            If the observed churn cannot be reproduced, or a lever asks for more than its scope can give.
        """
        stage = cls(scenario, calibrate(scenario.parameters))
        stage.solve(Variant(name) for name in scenario.arms)
        return stage

    def variant(self, arm: str, values: Mapping[str, float], *, assumed: Mapping[str, float] | None = None) -> Variant:
        """Return an arm with other values: decided where an arm can change the key, else taken from the file.

        Raises
        ------
        UsageError
            If there is no such arm.
        """
        if arm not in self.scenario.arms:
            raise UsageError(f"there is no arm {arm!r}; the arms are {', '.join(self.scenario.arms)}")
        levers = {key: value for key, value in values.items() if self.scenario.can_be_decided(key)}
        others = dict(assumed or {}) | {key: value for key, value in values.items() if key not in levers}
        return Variant(arm, self._values(levers), self._values(others))

    def world(self, variant: Variant) -> Scenario:
        """Return the scenario with what a variant assumes, checked like the file.

        Raises
        ------
        ScenarioError
            If a key is unknown or a value is not allowed.
        """
        return _world(self.scenario, variant.assumed)

    def solve(self, variants: Iterable[Variant]) -> None:
        """Solve the levers of variants, where their goal is not drawn from a distribution.

        Raises
        ------
        ScenarioError
            If a lever asks for more than its scope can give.
        """
        for variant in variants:
            lever = self.world(variant).arms[variant.arm].retention
            if lever is not None and _goal(lever) not in self.levers:
                self.levers[_goal(lever)] = self._solved(variant.arm, lever)

    def lever(self, arm: str) -> Lever | None:
        """Return the solved lever of an arm of the file."""
        lever = self.scenario.arms[arm].retention
        return None if lever is None else self.levers[_goal(lever)]

    def setup(self, variant: Variant, replication: int) -> Setup:
        """Return what one replication of a variant starts from.

        Raises
        ------
        ScenarioError
            If a value decided is not allowed, or the arm's changes take a key beyond its limits.
        """
        today = self.world(variant).draw(replication)
        bases = recalibrate(self.scenario.parameters, today, self.calibration)
        arm = folded(today)[variant.arm]
        arm = arm.model_copy(update={"event": [*arm.event, *variant.events]}) if variant.events else arm
        if variant.instead:
            arm = arm.model_copy(update={"change": [c for c in arm.change if c.set not in variant.instead]})
        start = decided(today, dict(variant.decided)) if variant.decided else today
        return Setup(today, arm, Timeline(start, arm), bases, self._factor(arm))

    def luck(self, variant: Variant, replication: int) -> Luck:
        """Return all luck of a replication, the same for every variant that has the scenario's seed."""
        return Luck(self.world(variant).parameters.run.seed, replication)

    def identity(self, variant: Variant) -> list[Any]:
        """Return all that the outcomes of a variant follow from, but for the code, in plain values."""
        world, own = self.world(variant), self.scenario
        events = [event.model_dump(mode="json") for event in variant.events]
        files = [_business(own), *([_business(world)] if variant.assumed else [])]
        instead = [sorted(variant.instead)] if variant.instead else []
        return [files, variant.arm, _written(world, variant.arm), variant.decided, events, *instead]

    def _values(self, values: Mapping[str, float]) -> Values:
        """Return values sorted by key, whole where only a whole number may stand."""
        whole = {key for key, value in values.items() if self.scenario.key(key).is_whole and float(value).is_integer()}
        return tuple(sorted((key, int(value) if key in whole else float(value)) for key, value in values.items()))

    def _factor(self, arm: Arm) -> float:
        """Return the factor of an arm's lever; solved anew where its goal is drawn from a distribution."""
        if arm.retention is None:
            return 1.0
        known = self.levers.get(_goal(arm.retention))
        return (known or self._solved(arm.title or "", arm.retention)).factor

    def _solved(self, arm: str, lever: Retention) -> Lever:
        where = self.scenario.document.at(("arms", arm, "retention"))
        return solve_lever(self.scenario.parameters, self.calibration, lever, where)


@lru_cache(maxsize=256)
def _world(scenario: Scenario, assumed: Values) -> Scenario:
    return scenario.replace(dict(assumed)) if assumed else scenario


def _goal(lever: Retention) -> str:
    """Return what a lever asks for and of whom, without what it costs and when it starts."""
    return lever.model_dump_json(include={"points", "relative", "churn", "reasons", "segments", "targets", "share"})


@lru_cache(maxsize=256)
def _business(scenario: Scenario) -> str:
    """Return a fingerprint of what a scenario says of the business, apart from arms and what steers a run."""
    tree = {key: value for key, value in scenario.document.tree.items() if key not in _NO_RESULT}
    tree["run"] = {key: value for key, value in tree.get("run", {}).items() if key not in _NO_LUCK}
    return fingerprint(_plain(tree))


def _written(scenario: Scenario, arm: str) -> Any:
    """Return an arm as the file has it, with the pieces it includes, its title left out."""
    tree = scenario.document.tree
    mine = {key: value for key, value in tree.get("arms", {}).get(arm, {}).items() if key != "title"}
    return _plain([mine, {name: tree["pieces"][name] for name in mine.get("include", [])}])


def _plain(value: Any) -> Any:
    """Return a tree with whole numbers written alike, dates as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
