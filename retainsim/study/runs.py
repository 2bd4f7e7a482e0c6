"""Runs: arms x replications on common luck, over any number of processes, with the same result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from retainsim.calibration import Calibration, Lever, calibrate, recalibrate, solve_lever, solve_levers
from retainsim.draws import Luck
from retainsim.engine import Outcome, replicate
from retainsim.errors import UsageError
from retainsim.ledger import exact_sum
from retainsim.results import Results
from retainsim.scenario import Scenario
from retainsim.scenario.arms import Timeline, folded
from retainsim.scenario.schema import Arm
from retainsim.study import records
from retainsim.study.compare import BASELINE, half_width
from retainsim.study.leaks import Leak, Spared, leaks_of, spared
from retainsim.study.report import Ending, build
from retainsim.study.workers import Workers
from retainsim.world import Setup

CHECK_EVERY = 10
"""Replications between two looks at the precision reached."""
MOST = 1000
"""Replications after which a run gives up on its precision."""

Progress = Callable[[int, int], None]
"""Called with replications done and replications wanted."""


@dataclass(frozen=True)
class Played:
    """One replication: the outcome of every arm, and what closing each leak comes to."""

    arms: dict[str, Outcome]
    spared: dict[Leak, Spared]


@dataclass(frozen=True)
class Task:
    """What a process needs to play replications: the scenario, its calibration and the levers solved for."""

    scenario: Scenario
    calibration: Calibration
    levers: dict[str, Lever]
    lives: bool = False
    leaks: tuple[Leak, ...] = ()
    """Leaks to close, one by one, in the baseline."""

    def play(self, replication: int) -> Played:
        """Play one replication of every arm."""
        luck = Luck(self.scenario.parameters.run.seed, replication)
        setups = self.setups(replication)
        whole = {name: replicate(setup, luck) for name, setup in setups.items()}
        baseline = whole[BASELINE]
        found = {leak: self._spared(leak, setups[BASELINE], luck, baseline) for leak in self.leaks}
        return Played({name: self._slim(outcome, baseline) for name, outcome in whole.items()}, found)

    def setups(self, replication: int) -> dict[str, Setup]:
        """Return what every arm starts from in one replication."""
        today = self.scenario.draw(replication)
        bases = recalibrate(self.scenario.parameters, today, self.calibration)
        return {
            name: Setup(today, arm, Timeline(today, arm), bases, self._factor(name, arm))
            for name, arm in folded(today).items()
        }

    def trace(self, replication: int, arms: Collection[str] = ()) -> pd.DataFrame:
        """Play a replication once more and tabulate all that happens, in the arms named (default: all)."""
        luck, setups = Luck(self.scenario.parameters.run.seed, replication), self.setups(replication)
        found = {name: replicate(setups[name], luck, trace=True).trace for name in arms or setups}
        return records.events({name: log for name, log in found.items() if log is not None}, replication)

    def _spared(self, leak: Leak, setup: Setup, luck: Luck, baseline: Outcome) -> Spared:
        closed = replicate(replace(setup, closed=leak.closed), luck)
        with_closing = setup.today.run.closing_value == "expected"
        return spared(leak, baseline, closed, setup.bases.reasons, with_closing=with_closing)

    def batch(self, replications: list[int]) -> list[tuple[int, Played]]:
        """Play several replications."""
        return [(index, self.play(index)) for index in replications]

    def _factor(self, name: str, arm: Arm) -> float:
        """Return the factor of an arm's lever; solved anew where its goal is drawn from a distribution."""
        if arm.retention is None:
            return 1.0
        if arm.retention == self.scenario.arms[name].retention:
            return self.levers[name].factor
        return solve_lever(self.scenario.parameters, self.calibration, arm.retention, f"arms.{name}").factor

    def _slim(self, outcome: Outcome, baseline: Outcome) -> Outcome:
        """Count who was saved, and leave the names behind unless lives are asked for."""
        lost = np.unique(baseline.departed[0]) if baseline.departed else np.zeros(0, np.uint64)
        saved = float(np.isin(lost, outcome.present[0]).sum())
        if self.lives:
            return replace(outcome, saved=saved)
        return replace(outcome, saved=saved, present=(), departed=())


def prepare(scenario: Scenario, *, lives: bool = False, leaks: bool = False) -> Task:
    """Calibrate a scenario and solve the levers of its arms.

    Raises
    ------
    ScenarioError
        If the observed churn cannot be reproduced, or a lever asks for more than its scope can give.
    """
    found = calibrate(scenario.parameters)
    levers = solve_levers(scenario.parameters, found, scenario.arms, scenario.document.at)
    return Task(scenario, found, levers, lives, tuple(leaks_of(scenario.parameters)) if leaks else ())


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    customers: bool = False,
    leaks: bool = False,
    trace: bool = False,
) -> Results:
    """Play every arm of a scenario on common luck and compare the arms with the baseline.

    Parameters
    ----------
    scenario
        What `load` returned.
    replications
        Independent draws of all luck (at least 2); default: as the scenario says.
    jobs
        Processes; default: one per processor, or none beside this one where the work is short.
    executor
        Runs the batches instead of processes of our own.
    progress
        Called after each batch with replications done and wanted.
    customers
        Keep every customer's life in `results.customers`.
    leaks
        Also close every leak of the baseline, one by one, and tell in `results.leaks` what each is worth.
    trace
        Also play the first replication once more and log all that happens in `results.events`.

    Returns
    -------
    Results
        The same for any number of processes. After Ctrl-C, what was finished, with `interrupted` set.
    """
    start = time.perf_counter()
    task, plan = prepare(scenario, lives=customers, leaks=leaks), _Plan.of(scenario, replications)
    played: dict[int, Played] = {}
    interrupted = False
    try:
        _play(task, plan, played, Workers(task, jobs, executor), progress)
    except KeyboardInterrupt:
        if len(played) < 2:
            raise
        interrupted = True
    by_arm = {arm: [(i, played[i].arms[arm]) for i in sorted(played)] for arm in scenario.arms}
    by_leak = {leak: [played[i].spared[leak] for i in sorted(played)] for leak in task.leaks}
    ending = Ending(time.perf_counter() - start, plan.most, interrupted, plan.is_reached(played))
    results = build(scenario, by_arm, by_leak, task.calibration, task.levers, ending)
    return replace(results, events=task.trace(0)) if trace else results


@dataclass(frozen=True)
class _Plan:
    """How many replications: a number, or as many as a precision takes."""

    most: int
    precision: float | None = None
    headline: str | None = None
    with_closing: bool = True

    @classmethod
    def of(cls, scenario: Scenario, replications: int | None) -> _Plan:
        if replications is not None and replications < 2:
            raise UsageError(f"replications: {replications} (at least 2 are needed for an interval)")
        settings = scenario.parameters.run
        arm = headline(scenario)
        if replications is not None or settings.precision is None or arm is None:
            return cls(replications or settings.replications)
        return cls(MOST, settings.precision, arm, settings.closing_value == "expected")

    def next_look(self, done: int) -> int:
        """Return the number of replications after which to look again."""
        return self.most if self.precision is None else min(self.most, done + CHECK_EVERY)

    def is_reached(self, played: dict[int, Played]) -> bool:
        """True where nothing more is to be played for the precision's sake."""
        if self.precision is None:
            return True
        assert self.headline is not None
        gains = [self._npv(played[i].arms[self.headline]) - self._npv(played[i].arms[BASELINE]) for i in sorted(played)]
        half = half_width(np.array(gains))
        return half is not None and half <= self.precision * abs(float(np.mean(gains)))

    def _npv(self, outcome: Outcome) -> float:
        return outcome.npv_to_horizon + (exact_sum(outcome.closing) if self.with_closing else 0.0)


def headline(scenario: Scenario) -> str | None:
    """Return the arm the headline is about: the first with a retention lever, else the first of all."""
    arms = [name for name in scenario.arms if name != BASELINE]
    levers = [name for name in arms if scenario.arms[name].retention is not None]
    return next(iter(levers + arms), None)


def _play(
    task: Task,
    plan: _Plan,
    played: dict[int, Played],
    workers: Workers,
    progress: Progress | None,
) -> None:
    """Fill `played` until the plan is fulfilled; what is finished when interrupted stays in it."""
    done = 0
    while done < plan.most:
        look = plan.next_look(done)
        for index, found in workers.play(list(range(done, look))):
            played[index] = found
            if progress:
                progress(len(played), look if plan.precision else plan.most)
        done = look
        if plan.precision is not None and plan.is_reached(played):
            break
