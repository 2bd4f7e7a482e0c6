"""Range: which numbers of a file may be otherwise than it says, and between which bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from retainsim.errors import UsageError
from retainsim.expectation import is_closed_form
from retainsim.scenario.distributions import TIMING
from retainsim.scenario.keys import Key, allowed_text, child, dotted
from retainsim.study.input import Bounds, Input, concerns, title_of

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.scenario.positions import Path

SHARE = 0.2
"""How far a value that has no distribution is moved down and up, as a share of it."""
FACTOR = 4.0
"""How far beyond the plausible range a value is looked for: today's divided and multiplied by this."""
LEVEL = 0.05
"""A plausible range is what a distribution leaves between this and as much at its other end."""
_RUN = ("discount_rate", "closing_years")
"""What of [run] says how the firm values money; the rest steers the run."""
_WARNS = "churn.target_annual"
_INSIDE = 0.01
"""How far inside a limit that may not be reached a value stays, as a share of the way to it."""


def describe(scenario: Scenario, key: str, bounds: Bounds | None = None, *, share: float = SHARE) -> Input:
    """Return the input at a key, with its plausible range: `bounds`, else its distribution's, else today's +- a share.

    Raises
    ------
    UsageError
        If there is no such key, it holds no number, or the bounds are none it may have.
    """
    today, found = scenario.value(key), scenario.key(key)
    if bounds is not None:
        _check(key, found, bounds)
    low, high = bounds or _plausible(scenario, key, found, today, share)
    widest = _widest(scenario, key, found, (low, today, high))
    is_drawn = key in scenario.distributions
    return Input(key, title_of(scenario, key), found.unit, today, low, high, widest, found.is_whole, is_drawn)


def all_of(scenario: Scenario, arms: tuple[str, ...], *, share: float = SHARE) -> list[Input]:
    """Return every number of the file that says something of the business, or of one of these arms, and can vary."""
    known = is_closed_form(scenario.parameters)
    found = [describe(scenario, key, share=share) for key in _keys(scenario, arms) if known or not _is_law(key)]
    return [each for each in found if each.low < each.high]


def narrowed(asked: Input, is_allowed: Callable[[float], bool]) -> Input:
    """Return the input with ranges in which all values are allowed, where others of the file limit it."""
    ends = {end: _reached(asked, end, is_allowed) for end in {asked.low, asked.high, *asked.widest}}
    return replace(
        asked, low=ends[asked.low], high=ends[asked.high], widest=(ends[asked.widest[0]], ends[asked.widest[1]])
    )


def _keys(scenario: Scenario, arms: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths of the numbers of a file, those that steer the run and say when an arm acts left out."""
    for path in _numbers(scenario.document.tree, (), scenario):
        key = dotted(path)
        is_timing = path[0] in ("arms", "pieces") and path[-1] in TIMING
        is_steering = path[0] == "run" and path[-1] not in _RUN
        if is_timing or is_steering or key == _WARNS or not any(concerns(scenario, key, arm) for arm in arms):
            continue
        if scenario.parameters.run.closing_value == "none" and path[-1] == "closing_years":
            continue
        yield key
    if "discount_rate" not in scenario.document.tree.get("run", {}):
        yield "run.discount_rate"


def _numbers(node: Any, path: Path, scenario: Scenario) -> Iterator[Path]:
    if dotted(path) in scenario.distributions:
        yield path
    elif isinstance(node, (dict, list)):
        for part in node if isinstance(node, dict) else range(len(node)):
            yield from _numbers(child(node, part), (*path, part), scenario)
    elif isinstance(node, (int, float)) and not isinstance(node, bool):
        yield path


def _is_law(key: str) -> bool:
    """True for keys of laws that are calibrated anew for every value, which may take minutes beside mechanisms."""
    return key.startswith("segments.") and key.split(".")[2] in ("frailty", "duration")


def _plausible(scenario: Scenario, key: str, found: Key, today: float, share: float) -> Bounds:
    law = scenario.distributions.get(key)
    if law is not None:
        return law.quantile(LEVEL), law.quantile(1.0 - LEVEL)
    ends = sorted((today * (1.0 - share), today * (1.0 + share)))
    if found.is_whole:
        ends = [float(math.floor(ends[0])), float(math.ceil(ends[1]))]
    return _clipped(ends[0], found, today), _clipped(ends[1], found, today)


def _widest(scenario: Scenario, key: str, found: Key, inner: tuple[float, float, float]) -> Bounds:
    """Return the whole range of a share, else today's value divided and multiplied, and all that may be drawn."""
    low, today, high = inner
    law = scenario.distributions.get(key)
    ends = [low, high, today / FACTOR, today * FACTOR, *(law.ends if law is not None else ())]
    top = found.limits.get("le", found.limits.get("lt", math.inf))
    if found.limits.get("ge", found.limits.get("gt", -math.inf)) >= 0.0 and top <= 1.0:
        ends += [0.0, top]
    if found.is_whole:
        ends = [float(round(end)) for end in ends]
    return min(_clipped(end, found, today) for end in ends), max(_clipped(end, found, today) for end in ends)


def _clipped(value: float, found: Key, today: float) -> float:
    """Return the value nearest to it that the limits of a key allow, a little inside those that may not be reached."""
    limits = found.limits
    value = min(max(value, limits.get("ge", -math.inf)), limits.get("le", math.inf))
    for name, side in (("gt", 1.0), ("lt", -1.0)):
        if name in limits and side * (value - limits[name]) <= 0.0:
            value = limits[name] + _INSIDE * (today - limits[name])
    return float(value)


def _check(key: str, found: Key, bounds: Bounds) -> None:
    low, high = bounds
    if not low < high:
        raise UsageError(f"{key}: from {low:g} to {high:g}; the first bound must be below the second")
    for end in bounds:
        if found.is_whole and not float(end).is_integer():
            raise UsageError(f"{key}: {end:g}; only whole numbers may stand there")
        if _clipped(end, found, 0.5 * (low + high)) != end:
            raise UsageError(f"{key}: {end:g} is not allowed; give {allowed_text(found)}")


def _reached(asked: Input, end: float, is_allowed: Callable[[float], bool]) -> float:
    """Return an end, or the value nearest to it, seen from today's, that is allowed."""
    if end == asked.today or is_allowed(end):
        return end
    inside, beyond = asked.today, end
    for _ in range(12):
        middle = 0.5 * (inside + beyond)
        middle = float(round(middle)) if asked.is_whole else middle
        inside, beyond = (middle, beyond) if is_allowed(middle) else (inside, middle)
    return inside
