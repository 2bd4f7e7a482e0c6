"""Explorer: one plan against the baseline, anew for every set of values, on common luck, at once where it is known."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from retainsim.calibration import calibrate
from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.compare import BASELINE
from retainsim.study.draft import PLAN, Draft
from retainsim.study.report import Ending, build
from retainsim.study.slider import Asked, Slider, sliders_of
from retainsim.study.stage import Stage, Values
from retainsim.study.task import Task
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.engine import Outcome
    from retainsim.results import Results
    from retainsim.scenario import Scenario

REPLICATIONS = 6
"""Enough for an interval, and few enough for a second."""
_KEPT = 128
"""Answers, and baselines, that are remembered."""


class Explorer:
    """Answers what a plan is worth, for any values of its sliders.

    The scenario is calibrated once. Replication i of the plan and of the baseline have the luck of replication i of any
    run of the file, so that a move shows what it does and not other luck.

    Parameters
    ----------
    scenario
        What `load` returned.
    keys
        Numbers of the business to be moved besides: dotted paths, or (path, low, high). Those that an arm can change
        are the plan's alone; the others hold in the baseline too.
    arm
        The arm the plan starts as; default: the one the headline is about. What it draws from a distribution is at its
        mean.
    replications
        Independent draws of all luck (at least 2).

    Raises
    ------
    UsageError
        If there is no such key or arm, a key holds no number or has no such range, or there are too few replications.
    ScenarioError
        If the observed churn cannot be reproduced, or the arm's lever asks for more than its scope can give.
    """

    def __init__(
        self, scenario: Scenario, *keys: Asked, arm: str | None = None, replications: int = REPLICATIONS
    ) -> None:
        if replications < 2:
            raise UsageError(f"replications: {replications} (at least 2 are needed for an interval)")
        self.scenario, self.replications = scenario, replications
        self._stage = Stage(scenario, calibrate(scenario.parameters))
        self._draft = Draft(self._stage, arm)
        self.sliders: tuple[Slider, ...] = sliders_of(self._draft, keys)
        self._answered = lru_cache(maxsize=_KEPT)(self._compute)
        self._baseline = lru_cache(maxsize=_KEPT)(self._play_baseline)

    @property
    def start(self) -> dict[str, float]:
        """Return where the sliders start, by key: the arm as the file has it."""
        return {slider.key: slider.start for slider in self.sliders}

    def plan(self, values: Mapping[str, float] | None = None) -> Scenario:
        """Return the scenario with the plan as its arm, to be run in earnest or written to a file.

        Raises
        ------
        UsageError
            If there is no such slider, or a value is no finite number.
        ScenarioError
            If a value is not allowed.
        """
        decided, assumed = self._moved(values or {})
        plan = self._draft.plan(dict(decided))
        return plan.replace(dict(assumed)) if assumed else plan

    def answer(self, values: Mapping[str, float] | None = None) -> Results:
        """Return what the plan comes to against the baseline; sliders not named stay where they start.

        Raises
        ------
        UsageError
            If there is no such slider, or a value is no finite number.
        ScenarioError
            If a value is not allowed, or the lever asks for more than its scope can give.
        """
        return self._answered(*self._moved(values or {}))

    def precision(self, results: Results) -> str:
        """Say how far an answer is to be trusted."""
        gain = results.report["arms"][PLAN]["versus_baseline"]["npv"]
        half = 0.5 * (gain["high"] - gain["low"])
        money = Money.of(self.scenario.parameters)
        known = f"within {money.say(half)} (95 %)" if half else "exactly"
        return (
            f"{self.replications:,} replications on common luck: the difference from the baseline is known {known}. "
            f"Run the plan in earnest for more."
        )

    def _moved(self, values: Mapping[str, float]) -> tuple[Values, Values]:
        """Return the values that are not where they start: those of the plan alone, and those of both."""
        known = {slider.key: slider for slider in self.sliders}
        for key, value in values.items():
            if key not in known:
                raise UsageError(f"there is no slider {key!r}; give {listing(known)}{did_you_mean(key, list(known))}")
            if not math.isfinite(value):
                raise UsageError(f"{key}: {value!r} (only finite numbers can be tried)")
        moved = [(known[key], value) for key, value in sorted(values.items()) if value != known[key].start]
        parts: dict[bool, list[tuple[str, float]]] = {False: [], True: []}
        for slider, value in moved:
            whole = slider.number.is_whole and float(value).is_integer()
            parts[slider.is_assumed].append((slider.key, int(value) if whole else float(value)))
        return tuple(parts[False]), tuple(parts[True])

    def _compute(self, decided: Values, assumed: Values) -> Results:
        """Play the plan, and the baseline where it is not known."""
        start = time.perf_counter()
        task = Task(replace(self._stage, scenario=self._draft.plan(dict(decided))), assumed=assumed)
        task.stage.solve([task.variant(PLAN)])
        baseline = self._baseline(assumed)
        plan = [task.other(PLAN, index, outcome) for index, outcome in enumerate(baseline)]
        arms: dict[str, Any] = {BASELINE: list(enumerate(baseline)), PLAN: list(enumerate(plan))}
        lever = task.stage.lever(PLAN)
        ending = Ending(time.perf_counter() - start, self.replications, interrupted=False, precision_reached=True)
        world = task.stage.world(task.variant(PLAN))
        return build(world, arms, {}, self._stage.calibration, {PLAN: lever} if lever else {}, ending)

    def _play_baseline(self, assumed: Values) -> list[Outcome]:
        task = Task(replace(self._stage, scenario=self._draft.plan({})), assumed=assumed)
        return [task.baseline(index) for index in range(self.replications)]
