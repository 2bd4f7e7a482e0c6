"""Runs: arms x replications on common luck, over any number of processes, with the same result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from retainsim.engine import Outcome
from retainsim.errors import UsageError
from retainsim.ledger import exact_sum
from retainsim.results import Results
from retainsim.scenario import Scenario
from retainsim.study.compare import BASELINE, half_width
from retainsim.study.courier import Courier
from retainsim.study.report import Ending, build
from retainsim.study.store import Store
from retainsim.study.task import Played, Task, prepare
from retainsim.study.workers import Workers

CHECK_EVERY = 10
"""Replications between two looks at the precision reached."""
MOST = 1000
"""Replications after which a run gives up on its precision."""

Progress = Callable[[int, int], None]
"""Called with replications done and replications wanted."""


def run(
    scenario: Scenario,
    *,
    replications: int | None = None,
    jobs: int | Executor | None = None,
    progress: Progress | None = None,
    customers: bool = False,
    leaks: bool = False,
    trace: bool = False,
    store: Store | str | os.PathLike[str] | None = None,
) -> Results:
    """Play every arm of a scenario on common luck and compare the arms with the baseline.

    Parameters
    ----------
    scenario
        What `load` returned.
    replications
        Independent draws of all luck (at least 2); default: as the scenario says.
    jobs
        Processes, or an executor that takes the batches; default: one process per processor, or none beside this one
        where the work is short.
    progress
        Called after each batch with replications done and wanted.
    customers
        Keep every customer's life in `results.customers`.
    leaks
        Also close every leak of the baseline, one by one, and tell in `results.leaks` what each is worth.
    trace
        Also play the first replication once more and log all that happens in `results.events`.
    store
        Where outcomes are kept as soon as they are known, and recalled from instead of being computed again: a folder.

    Returns
    -------
    Results
        The same for any number of processes. After Ctrl-C, what was finished, with `interrupted` set.
    """
    start = time.perf_counter()
    task, plan = (
        prepare(scenario, lives=customers, leaks=leaks, store=Store.at(store)),
        _Plan.of(scenario, replications),
    )
    played: dict[int, Played] = {}
    interrupted = False
    try:
        _play(task, plan, played, Workers(task.play, jobs, Courier.of(task)), progress)
    except KeyboardInterrupt:
        if len(played) < 2:
            raise
        interrupted = True
    by_arm = {arm: [(i, played[i].arms[arm]) for i in sorted(played)] for arm in scenario.arms}
    by_leak = {leak: [played[i].spared[leak] for i in sorted(played)] for leak in task.leaks}
    ending = Ending(time.perf_counter() - start, plan.most, interrupted, plan.is_reached(played))
    levers = {name: lever for name in scenario.arms if (lever := task.stage.lever(name)) is not None}
    results = build(scenario, by_arm, by_leak, task.stage.calibration, levers, ending)
    recalled = sum(each.recalled for each in played.values())
    here = task.store.damaged if task.store else []
    damaged = sorted({*here, *(path for each in played.values() for path in each.damaged)})
    asked = {"replications": replications, "customers": customers, "leaks": leaks, "trace": trace}
    events = task.trace(0) if trace else None
    return replace(results, events=events, recalled=recalled, damaged=tuple(damaged), asked=asked)


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
    workers: Workers[int, Played],
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
