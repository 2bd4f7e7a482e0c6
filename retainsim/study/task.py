"""Task: what a process does with one replication of a run: play every arm, or recall what is known of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from retainsim.draws import Luck
from retainsim.engine import Outcome, replicate
from retainsim.scenario import Scenario
from retainsim.study import lifetime, records
from retainsim.study.archive import pack, unpack
from retainsim.study.compare import BASELINE
from retainsim.study.leaks import Leak, Spared, leaks_of, lost, saved, spared
from retainsim.study.stage import Stage, Values, Variant
from retainsim.study.store import Store, fingerprint
from retainsim.world import Setup

_FOREIGN = (KeyError, ValueError, TypeError)
"""What unpacking ends in where an entry is whole, but was made by something else."""


@dataclass(frozen=True)
class Played:
    """One replication: the outcome of every arm, and what closing each leak comes to."""

    arms: dict[str, Outcome]
    spared: dict[Leak, Spared]
    recalled: int = 0
    """How many of the outcomes were known already."""
    damaged: tuple[Path, ...] = ()
    """Entries of the store that were found damaged, and computed again."""


@dataclass(frozen=True)
class Task:
    """What a process needs to play replications: the scenario on its stage, and what is wanted of it."""

    stage: Stage
    lives: bool = False
    leaks: tuple[Leak, ...] = ()
    """Leaks to close, one by one, in the baseline."""
    store: Store | None = None
    """Where outcomes are kept, and recalled from."""
    assumed: Values = ()
    """What is taken to be otherwise than the file says, in every arm."""

    @property
    def scenario(self) -> Scenario:
        """Return the scenario that is played."""
        return self.stage.scenario

    def play(self, replication: int) -> Played:
        """Play one replication of every arm, those apart whose outcome is known already."""
        found = {name: self._recall(name, replication) for name in self.scenario.arms}
        known = {name: outcome for name, outcome in found.items() if outcome is not None}
        baseline = known.get(BASELINE) or self.baseline(replication)
        arms = {name: known.get(name) or self.other(name, replication, baseline) for name in found}
        spared = {leak: self._spared(leak, replication, baseline) for leak in self.leaks}
        damaged = tuple(self.store.damaged) if self.store else ()
        return Played({name: self._slim(outcome) for name, outcome in arms.items()}, spared, len(known), damaged)

    def keys(self, replication: int) -> list[str]:
        """Return where all that is to be known of a replication is stored."""
        of_leaks = [self._key(BASELINE, replication, leak.kind, leak.name) for leak in self.leaks]
        return [*(self._key(name, replication) for name in self.scenario.arms), *of_leaks]

    def setup(self, arm: str, replication: int) -> Setup:
        """Return what an arm starts from in one replication."""
        return self.stage.setup(self.variant(arm), replication)

    def luck(self, replication: int) -> Luck:
        """Return all luck of one replication."""
        return self.stage.luck(self.variant(BASELINE), replication)

    def variant(self, arm: str) -> Variant:
        """Return an arm in the world that is assumed."""
        return Variant(arm, assumed=self.assumed)

    def trace(self, replication: int, arms: Collection[str] = ()) -> pd.DataFrame:
        """Play a replication once more and tabulate all that happens, in the arms named (default: all)."""
        names, luck = arms or self.scenario.arms, self.luck(replication)
        found = {name: replicate(self.setup(name, replication), luck, trace=True).trace for name in names}
        return records.events({name: log for name, log in found.items() if log is not None}, replication)

    def baseline(self, replication: int) -> Outcome:
        """Play the baseline; the names of those who left stay with it, so that others can tell whom they saved."""
        outcome = self._played(BASELINE, replication)
        if not self.lives:
            outcome = replace(outcome, present=(), departed=(lost(outcome),))
        return self._keep(BASELINE, replication, outcome)

    def other(self, name: str, replication: int, baseline: Outcome) -> Outcome:
        """Play another arm and count whom it saved."""
        if name == BASELINE:
            return baseline
        outcome = self._played(name, replication)
        outcome = replace(outcome, saved=saved(outcome, baseline))
        if not self.lives:
            outcome = replace(outcome, present=(), departed=())
        return self._keep(name, replication, outcome)

    def _played(self, name: str, replication: int) -> Outcome:
        """Play an arm and count how long those who joined were watched, and who of them left."""
        outcome = replicate(self.setup(name, replication), self.luck(replication), worth=self.lives)
        return replace(outcome, lifetimes=lifetime.count(outcome), movers=())

    def _spared(self, leak: Leak, replication: int, baseline: Outcome) -> Spared:
        key = self._key(BASELINE, replication, leak.kind, leak.name)
        known = None if self.store is None else self.store.get(key)
        if known is not None and set(known) == {field.name for field in fields(Spared)}:
            return Spared(**{name: value.item() for name, value in known.items()})
        setup = self.setup(BASELINE, replication)
        closed = replicate(replace(setup, closed=leak.closed), self.luck(replication))
        with_closing = setup.today.run.closing_value == "expected"
        found = spared(leak, baseline, closed, setup.bases.reasons, with_closing=with_closing)
        if self.store is not None:
            self.store.put(key, {name: np.asarray(value) for name, value in asdict(found).items()})
        return found

    def _slim(self, outcome: Outcome) -> Outcome:
        """Leave names behind unless lives are asked for."""
        return outcome if self.lives else replace(outcome, departed=())

    def _key(self, arm: str, replication: int, *what: str) -> str:
        """Return where an outcome is stored: whom an arm saves depends on the baseline too."""
        who = [self.stage.identity(self.variant(name)) for name in dict.fromkeys((arm, BASELINE))]
        return fingerprint([who, replication, self.lives, what])

    def _recall(self, arm: str, replication: int) -> Outcome | None:
        if self.store is None:
            return None
        key = self._key(arm, replication)
        arrays = self.store.get(key)
        if arrays is None:
            return None
        try:
            return unpack(arrays)
        except _FOREIGN:
            self.store.disown(key)
            return None

    def _keep(self, arm: str, replication: int, outcome: Outcome) -> Outcome:
        if self.store is not None:
            self.store.put(self._key(arm, replication), pack(outcome))
        return outcome


def prepare(scenario: Scenario, *, lives: bool = False, leaks: bool = False, store: Store | None = None) -> Task:
    """Calibrate a scenario and solve the levers of its arms.

    Raises
    ------
    ScenarioError
        If the observed churn cannot be reproduced, or a lever asks for more than its scope can give.
    """
    wanted = tuple(leaks_of(scenario.parameters)) if leaks else ()
    return Task(Stage.of(scenario), lives, wanted, store)
