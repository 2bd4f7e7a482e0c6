"""Trials: variants of one scenario played on common luck, each replication of each once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.engine import Outcome, replicate
from retainsim.errors import UsageError
from retainsim.ledger import SIGNS, exact_sum
from retainsim.scenario import Scenario
from retainsim.scenario.schema import Parameters
from retainsim.study.stage import Stage, Variant
from retainsim.study.store import Store, fingerprint
from retainsim.study.tables import Labels, measures
from retainsim.study.workers import Workers

Measures = dict[str, float]
Piece = tuple[Variant, int]
"""One replication of a variant."""
Progress = Callable[[int, int], None]
"""Called with pieces done and pieces wanted so far."""
VALUE = "value."
"""What stands before the name of a ledger line whose value at month 0 is meant, signed.

Behind it, after a slash, may stand a named client: `value.revenue/Nordwind AG`; `closing_value` is a line of a client.
"""


class Effort(TypedDict, total=False):
    """How a question is played: what `Trials` takes besides the scenario."""

    replications: int | None
    jobs: int | Executor | None
    progress: Progress | None
    store: Store | str | os.PathLike[str] | None


class Trials:
    """Plays variants of one scenario, and remembers what came of them.

    Two variants are compared on common luck: replication i of one and of the other are paired.

    Parameters
    ----------
    scenario
        What `load` returned.
    replications
        Independent draws of all luck (at least 2); default: the scenario's.
    jobs
        Processes, or an executor; default: one process per processor where the work is long enough.
    progress
        Called as pieces are finished.
    store
        Where the measures of a variant are kept once all its replications are played, and recalled from: a folder.

    Raises
    ------
    ScenarioError
        If the observed churn cannot be reproduced, or a lever asks for more than its scope can give.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        replications: int | None = None,
        jobs: int | Executor | None = None,
        progress: Progress | None = None,
        store: Store | str | os.PathLike[str] | None = None,
    ) -> None:
        if replications is not None and replications < 2:
            raise UsageError(f"replications: {replications} (at least 2 are needed for an interval)")
        self.scenario, self.stage = scenario, Stage.of(scenario)
        self.replications = replications or scenario.parameters.run.replications
        self._jobs, self._progress, self._store = jobs, progress, Store.at(store)
        self._known: dict[Piece, Measures] = {}
        self.recalled: set[Variant] = set()
        """Variants of which something was known from earlier, so that less had to be played."""
        self._done = self._wanted = 0

    def variant(
        self, arm: str, values: Mapping[str, float] | None = None, *, assumed: Mapping[str, float] | None = None
    ) -> Variant:
        """Return an arm with other values, decided where an arm can change the key, else taken from the file."""
        return self.stage.variant(arm, values or {}, assumed=assumed)

    def play(self, variants: Iterable[Variant], replications: Sequence[int] | None = None) -> None:
        """Play what is not known yet of these variants (default: all replications), in parallel where it is long.

        Raises
        ------
        ScenarioError
            If a variant is not allowed, or its lever asks for more than its scope can give.
        """
        wanted, indices = list(dict.fromkeys(variants)), tuple(replications or range(self.replications))
        for variant in wanted:
            self._recall(variant, indices)
        self._fill([(v, i) for v in wanted for i in indices], lambda variant: self._keep(variant, indices))

    def each(self, pieces: Sequence[Piece], measure: str = "npv") -> Floats:
        """Return one measure of single replications of variants, shape (pieces,), played where it is not known.

        They are kept, and recalled, as one.

        Raises
        ------
        ScenarioError
            If a variant is not allowed, or its lever asks for more than its scope can give.
        """
        store, key = self._store, ""
        if store is not None:
            key = fingerprint([measure, [[self.stage.identity(variant), index] for variant, index in pieces]])
            known = store.get(key)
            if known is not None:
                return np.asarray(known["values"])
        self._fill(pieces, lambda variant: None)
        values = np.array([self._known[piece][measure] for piece in pieces])
        if store is not None:
            store.put(key, {"values": values})
        return values

    def _fill(self, pieces: Iterable[Piece], keep: Callable[[Variant], None]) -> None:
        """Play the pieces that are not known; `keep` is called with the variant of each that is finished."""
        missing = [piece for piece in dict.fromkeys(pieces) if piece not in self._known]
        self.stage.solve(variant for variant, _ in missing)
        self._wanted += len(missing)
        for piece, found in Workers(_Play(self.stage), self._jobs).play(missing):
            self._known[piece] = found
            self._done += 1
            keep(piece[0])
            if self._progress:
                self._progress(self._done, self._wanted)

    def table(self, variant: Variant, replications: Sequence[int] | None = None) -> pd.DataFrame:
        """Return every measure of a variant (columns) by replication (rows), played where it is not known."""
        indices = list(replications or range(self.replications))
        self.play([variant], indices)
        return pd.DataFrame([self._known[variant, i] for i in indices], index=pd.Index(indices, name="replication"))

    def values(self, variant: Variant, measure: str = "npv", replications: Sequence[int] | None = None) -> Floats:
        """Return one measure of a variant by replication, shape (replications,), played where it is not known.

        Raises
        ------
        UsageError
            If there is no such measure.
        """
        indices = replications or range(self.replications)
        self.play([variant], indices)
        found = [self._known[variant, i] for i in indices]
        if measure not in found[0]:
            from retainsim.scenario.hints import did_you_mean, listing

            known = [name for name in found[0] if not name.startswith(VALUE)]
            raise UsageError(
                f"there is no measure {measure!r}; give {listing(known, 40)}{did_you_mean(measure, known)}"
            )
        return np.array([each[measure] for each in found])

    def difference(self, variant: Variant, other: Variant, measure: str = "npv") -> Floats:
        """Return one measure of a variant less that of another, replication by replication on common luck."""
        self.play([variant, other])
        return self.values(variant, measure) - self.values(other, measure)

    def _recall(self, variant: Variant, indices: tuple[int, ...]) -> None:
        if self._store is None or all((variant, i) in self._known for i in indices):
            return
        for index, found in (self._store.get_table(self._key(variant, indices)) or {}).items():
            self._known.setdefault((variant, index), found)
            self.recalled.add(variant)

    def _keep(self, variant: Variant, indices: tuple[int, ...]) -> None:
        """Store a variant of which all replications wanted are known."""
        if self._store is not None and all((variant, i) in self._known for i in indices):
            self._store.put_table(self._key(variant, indices), {i: self._known[variant, i] for i in indices})

    def _key(self, variant: Variant, indices: tuple[int, ...]) -> str:
        return fingerprint([self.stage.identity(variant), indices])


@dataclass(frozen=True)
class _Play:
    """What a process does with a piece."""

    stage: Stage

    def __call__(self, piece: Piece) -> Measures:
        """Play one replication of a variant and return its measures."""
        variant, replication = piece
        setup = self.stage.setup(variant, replication)
        outcome = replicate(setup, self.stage.luck(variant, replication))
        labels = Labels(setup.today, setup.bases.reasons)
        found = measures(outcome, labels, setup.today.run.closing_value == "expected")
        found.pop("saved")
        worth = {line: SIGNS[outcome.classes[line]] * float(outcome.values[line].sum()) for line in outcome.values}
        return found | {f"{VALUE}{line}": worth[line] for line in sorted(worth)} | _by_client(setup.today, outcome)


def _by_client(today: Parameters, outcome: Outcome) -> Measures:
    """Return what each named client is worth at month 0, by line, before tax but for its closing value."""
    found, places = {}, list(today.everyone)
    for client in today.accounts:
        place = places.index(client.name)
        for line in sorted(outcome.segment_values):
            value = SIGNS[outcome.classes[line]] * float(outcome.segment_values[line][place])
            found[f"{VALUE}{line}/{client.name}"] = value
        found[f"{VALUE}closing_value/{client.name}"] = exact_sum(outcome.closing[place])
    return found
