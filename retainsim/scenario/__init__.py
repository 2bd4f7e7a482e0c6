"""Scenario: one file, which says what the business is, what happens to it, and which variants to compare.

`load` and `loads` check everything before they return; what they return never changes.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import draws
from retainsim.errors import UsageError
from retainsim.scenario import armrules, keys, reach
from retainsim.scenario import document as documents
from retainsim.scenario.arms import folded, steps
from retainsim.scenario.caution import warn
from retainsim.scenario.distributions import substitute
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.scenario.keys import dotted
from retainsim.scenario.overrides import overlay
from retainsim.scenario.problems import check
from retainsim.scenario.schema import Parameters

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from retainsim.scenario.distributions import Distribution
    from retainsim.scenario.document import Document
    from retainsim.scenario.keys import Key
    from retainsim.scenario.problems import Checked
    from retainsim.scenario.schema import Arm

__all__ = ["Scenario", "load", "loads"]


@dataclass(frozen=True, eq=False, repr=False)
class Scenario:
    """A scenario that is right, whatever file or text it came from.

    Two are equal if they say the same, though their files may be called, ordered or commented differently.

    Attributes
    ----------
    document
        What the file says, and where.
    parameters
        The file with every distribution at its mean.
    distributions
        What is not known, by dotted path.
    warnings
        What is allowed, but whoever reads results should know.
    """

    document: Document
    parameters: Parameters
    distributions: dict[str, Distribution]
    warnings: tuple[str, ...]
    _checked: Checked

    @property
    def title(self) -> str:
        """Return the question the scenario answers."""
        return self.parameters.title

    @property
    def file(self) -> str:
        """Return the name of the file, as it was given; of a text, what stands in for one."""
        return self.document.sources[0]

    @property
    def name(self) -> str:
        """Return the name of the file without folder and ending; `scenario` for a text."""
        return "scenario" if self.file.startswith("<") else Path(self.file).stem or "scenario"

    @cached_property
    def sha256(self) -> str:
        """Return the fingerprint of what the scenario says, bases and overrides included."""
        return sha256(documents.dump(_canonical(self.document.tree)).encode()).hexdigest()

    @cached_property
    def arms(self) -> dict[str, Arm]:
        """Return the arms by name: the baseline, then as in the file; pieces folded in, titles given."""
        return folded(self.parameters)

    def draw(self, replication: int) -> Parameters:
        """Return the parameters of one replication: every distribution drawn, by luck of its own path.

        The same for all arms, and in any order; without distributions, `parameters` itself.
        """
        luck = draws.Luck(self.parameters.run.seed, replication)
        return self.at({path: _uniform(luck, path) for path in self.distributions})

    def at(self, ranks: Mapping[str, float]) -> Parameters:
        """Return the parameters with distributions at given ranks in [0, 1], by path; the others at the mean.

        Raises
        ------
        UsageError
            If there is no distribution at a path.
        """
        if not ranks:
            return self.parameters
        for wanted in ranks:
            if wanted not in self.distributions:
                known = f"it has {listing(self.distributions)}{did_you_mean(wanted, self.distributions)}"
                raise UsageError(f"the scenario has no distribution at {wanted}; {known}")
        drawn = {}
        for path, law in self._checked.distributions.items():
            rank = ranks.get(dotted(path))
            drawn[path] = law.mean if rank is None else law.quantile(rank)
        return Parameters.model_validate(substitute(self._checked.tree, drawn))

    def replace(self, settings: Mapping[str, Any]) -> Scenario:
        """Return the scenario with other values, by dotted path, checked like the file (`--set key=value`).

        Raises
        ------
        ScenarioError
            If a path is unknown, or the scenario is not right with the new values.
        """
        return _checked(overlay(self.document, settings))

    def called(self, file: str) -> Scenario:
        """Return the same scenario under the name of the file that it was first read from."""
        return replace(self, document=replace(self.document, sources=(file, *self.document.sources[1:])))

    def can_be_decided(self, key: str) -> bool:
        """Tell whether an arm can change a key, by dotted path; what none can is the same in all arms."""
        return armrules.wrong_target(key, self._nominal) is None

    def value(self, key: str) -> float:
        """Return the number that holds at a key, by dotted path: the file's, a distribution's mean, or the default.

        Raises
        ------
        UsageError
            If there is no number at the key.
        """
        path = tuple(steps(key, self._nominal))
        value = keys.value_at(self.parameters.model_dump(), path)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            wrong = armrules.wrong_target(key, self._nominal) or f"there is no number at {key}"
            raise UsageError(wrong)
        return float(value)

    def key(self, key: str) -> Key:
        """Return what may stand at a key, by dotted path: its unit, limits, default and meaning.

        Raises
        ------
        UsageError
            If the schema knows no such key.
        """
        found = keys.find(tuple(steps(key, self._nominal)), self._nominal)
        if found is None:
            raise UsageError(armrules.wrong_target(key, self._nominal) or f"there is no key {key}")
        return found

    @cached_property
    def _nominal(self) -> dict[str, Any]:
        """Return the tree with every distribution at its mean."""
        return substitute(self._checked.tree, {path: law.mean for path, law in self._checked.distributions.items()})

    def resolved(self) -> str:
        """Return the scenario as TOML, bases and overrides folded in; it loads again to an equal one."""
        return documents.dump(self.document.tree)

    def _repr_html_(self) -> str:
        from retainsim.scenario.overview import html

        return html(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        parts = self.parameters
        return (
            f"<Scenario {self.title!r}: {len(parts.segments)} segments, {len(parts.acquisition)} channels, "
            f"{len(self.arms)} arms>"
        )


def load(
    path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None = None,
    *,
    within: str | os.PathLike[str] | None = None,
) -> Scenario:
    """Load a scenario from a file, with other values for some keys, by dotted path.

    What it `extends` is read from its own folder and below, or from the folder `within` and below.

    Raises
    ------
    ScenarioError
        If the file cannot be read or anything in it is wrong; all problems at once, each with its place.
    """
    with reach.reading_within(within) if within is not None else nullcontext():
        return _checked(overlay(documents.read(path), settings or {}))


def loads(text: str, settings: Mapping[str, Any] | None = None, *, name: str = "<scenario>") -> Scenario:
    """Load a scenario from a text, which messages call `name`.

    Raises
    ------
    ScenarioError
        If anything in the text is wrong; all problems at once, each with its place.
    """
    return _checked(overlay(documents.parse(text, name), settings or {}))


def _checked(document: Document) -> Scenario:
    checked = check(document)
    laws = {dotted(path): law for path, law in checked.distributions.items()}
    return Scenario(document, checked.parameters, laws, warn(checked.parameters), checked)


def _uniform(luck: draws.Luck, path: str) -> float:
    names = np.atleast_1d(draws.name(draws.key(path)))
    return float(luck.uniform(f"scenario.{path}", names)[0])


def _canonical(value: Any) -> Any:
    """Return a tree in the order of its keys, with numbers that are equal written alike."""
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
