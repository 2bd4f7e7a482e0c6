"""Arms: what a variant does to the parameters, and when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from retainsim.errors import ScenarioError
from retainsim.scenario.messages import translate
from retainsim.scenario.schema import Arm, Change, Parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retainsim.scenario.schema import Piece, Timed

BASELINE = "baseline"


def fold(arm: Arm, pieces: Mapping[str, Piece]) -> Arm:
    """Return the arm with the pieces it includes folded in: theirs first, in the order of `include`."""
    parts = [*(pieces[name] for name in arm.include), arm]
    return arm.model_copy(
        update={
            "retention": next((part.retention for part in reversed(parts) if part.retention), None),
            "change": [change for part in parts for change in part.change],
            "investment": [item for part in parts for item in part.investment],
            "event": [event for part in parts for event in part.event],
            "include": [],
        }
    )


def folded(parameters: Parameters) -> dict[str, Arm]:
    """Return every arm by name, pieces folded in and titles given: the baseline first."""
    named = {BASELINE: parameters.arms.get(BASELINE, Arm())} | parameters.arms
    arms = {name: fold(arm, parameters.pieces) for name, arm in named.items()}
    return {name: arm.model_copy(update={"title": arm.title or readable(name)}) for name, arm in arms.items()}


def readable(name: str) -> str:
    """Turn the name of an arm into words: `five_points` becomes `Five points`."""
    words = name.replace("_", " ").replace("-", " ").strip() or name
    return words[:1].upper() + words[1:]


def changed(parameters: Parameters, changes: Iterable[tuple[Change, float]]) -> dict[str, Any]:
    """Return the parameters as a tree, changes applied one after another, each at a share of full strength.

    Nothing is checked. Where only a whole number may stand, what lies on a ramp is rounded.
    """
    tree = parameters.model_dump()
    for change, strength in changes:
        *path, last = steps(change.set, tree)
        table: Any = tree
        for part in path:
            table = table[part]
        value = change.applied(table[last], strength)
        is_whole = isinstance(table[last], int) and (strength < 1 or float(value).is_integer())
        table[last] = round(value) if is_whole and math.isfinite(value) else value
    return tree


def decided(parameters: Parameters, values: Mapping[str, float]) -> Parameters:
    """Return the parameters with other values for keys that an arm can change, by dotted path.

    Raises
    ------
    ScenarioError
        If a value is not allowed.
    """
    changes = [(Change(set=key, to=float(value)), 1.0) for key, value in values.items()]
    return _checked(changed(parameters, changes), "as decided:")


def _checked(tree: dict[str, Any], where: str) -> Parameters:
    try:
        return Parameters.model_validate(tree)
    except ValidationError as error:
        problems = translate(error.errors(include_url=False), tree)
        raise ScenarioError([problem.line(where) for problem in problems]) from None


def steps(path: str, tree: Any) -> list[str | int]:
    """Take a dotted path apart; digits count the items of a list."""
    parts: list[str | int] = []
    for word in path.split("."):
        part = int(word) if isinstance(tree, list) and word.isascii() and word.isdigit() else word
        parts.append(part)
        tree = _inside(tree, part)
    return parts


def _inside(tree: Any, part: str | int) -> Any:
    if isinstance(tree, dict):
        return tree.get(part)
    return tree[part] if isinstance(tree, list) and isinstance(part, int) and part < len(tree) else None


class Timeline:
    """The parameters in force in one arm, from the first month to the last.

    Parameters
    ----------
    parameters
        Those of the file, in force where nothing changes.
    arm
        An arm with its pieces folded in. What starts at the horizon or later is left out.
    """

    def __init__(self, parameters: Parameters, arm: Arm) -> None:
        horizon, self._parameters = parameters.run.months, parameters
        self._changes = [change for change in arm.change if change.from_month < horizon]
        self._lever = arm.retention
        self._step = min(parameters.run.step, 1.0)  # no value is held for longer than a month
        self._known = {(0.0,) * len(self._changes): parameters}

    @property
    def breakpoints(self) -> list[float]:
        """Return the months above 0 at which something starts, ends or finishes ramping, in order."""
        found = {time for change in self._changes for time in _turns(change, change.until_month)}
        if self._lever is not None:
            found |= set(_turns(self._lever, None))
        return sorted(time for time in found if time > 0)

    def at(self, time: float, window: tuple[float, float] | None = None) -> Parameters:
        """Return the parameters in force at `time` (months), inside a window from one stop to the next.

        The default window starts at `time` and lasts the scenario's step, or a month if that is shorter. Times at which
        the same is in force get the same object. At infinity all ramps are done and all that is temporary has ended.

        Raises
        ------
        ScenarioError
            If changes take a key beyond its limits.
        """
        inside = window or (time, time + self._step)
        strengths = tuple(self._strength(change, time, inside) for change in self._changes)
        if strengths not in self._known:
            self._known[strengths] = self._changed(strengths)
        return self._known[strengths]

    def _strength(self, change: Change, time: float, window: tuple[float, float]) -> float:
        if change.until_month is not None and time >= change.until_month:
            return 0.0
        return change.strength_in(time, window)

    def _changed(self, strengths: tuple[float, ...]) -> Parameters:
        active = [pair for pair in zip(self._changes, strengths, strict=True) if pair[1] > 0]
        return _checked(changed(self._parameters, active), "changed by an arm:")


def _turns(timed: Timed, until: float | None) -> list[float]:
    end = math.inf if until is None else until
    times = (timed.from_month, timed.from_month + timed.ramp_months, end)
    return [time for time in times if time <= end and time < math.inf]
