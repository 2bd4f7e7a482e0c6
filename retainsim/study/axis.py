"""Axis: one key of a scenario that a question varies: between which bounds, at which values, in which unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.errors import UsageError
from retainsim.scenario.keys import Key, allowed_text, nouns
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

Asked = str | Sequence[float]
"""What is asked of a key: `LO:HI:N`, `LO:HI`, `a,b,c`, or the values themselves."""
MOST = 10_000
"""Values of one axis at most."""
_LEVER = re.compile(r"arms\.([^.]+)\.retention\.(points|relative|churn)")
NO_GAIN = {"points": 0.0, "relative": 1.0, "churn": 1.0}
"""The value of each reading of a retention lever at which it keeps nobody."""
_LEAST_POINTS = 0.1
"""As the schema has it; what a design puts below is no lever."""


@dataclass(frozen=True)
class Axis:
    """A key that is varied.

    Parameters
    ----------
    key
        Its dotted path.
    low, high
        Its bounds, in the unit of the key.
    values
        Those that are asked for; none where only bounds are.
    today
        What holds in the file; of a retention lever, no gain.
    unit
        As the schema states it.
    is_whole
        Only whole numbers may stand there.
    is_assumed
        The file's value is taken to be otherwise, instead of decided otherwise.
    can_be_decided
        An arm can change it.
    """

    key: str
    low: float
    high: float
    values: tuple[float, ...]
    today: float
    unit: str
    is_whole: bool = False
    is_assumed: bool = False
    can_be_decided: bool = True

    @property
    def lever_of(self) -> str:
        """Return the arm whose retention lever it is; empty where it is none."""
        found = _LEVER.fullmatch(self.key)
        return found[1] if found else ""

    @property
    def arm(self) -> str:
        """Return the only arm that it is about; empty where it is about all of them."""
        parts = self.key.split(".")
        return parts[1] if parts[0] == "arms" and len(parts) > 2 else ""

    @property
    def is_decision(self) -> bool:
        """True where the firm chooses the value, so that a plan of today can be compared with it."""
        return not self.is_assumed and (self.can_be_decided or self.key.startswith(("arms.", "pieces.")))

    @property
    def words(self) -> str:
        """Return the key as words: `acquisition.advertising.spend` is `advertising spend`."""
        if self.lever_of:
            return "retention gain" if self.key.endswith("points") else f"{self.key.rpartition('.')[2]} factor"
        return " ".join(self.key.split(".")[1:]).replace("_", " ")

    def at(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the values at shares of the way from the lower bound to the upper."""
        found = [self.low + share * (self.high - self.low) for share in shares]
        return tuple(float(round(value)) for value in found) if self.is_whole else tuple(found)

    def settle(self, value: float) -> float:
        """Return a value that a design or a search came up with, but a lever too weak to be one as no gain."""
        is_faint = self.lever_of and self.key.endswith(".points") and value < _LEAST_POINTS
        return 0.0 if is_faint else value

    def means_no_lever(self, value: float) -> bool:
        """Tell whether it is a retention lever, and this value of it keeps nobody."""
        return bool(self.lever_of) and value == NO_GAIN[self.key.rpartition(".")[2]]


def unit_name(unit: str, money: Money) -> str:
    """Write the unit of a key: `EUR per month`."""
    return f"{money.sign}{unit.removeprefix('money')}" if unit.startswith("money") else unit


def say(value: float, unit: str, money: Money) -> str:
    """Write a value of a key with its unit: `EUR 36,000 per month`, `5 percentage points`."""
    if unit.startswith("money"):
        return f"{'-' * (value < 0)}{money.sign} {_number(abs(value) * money.unit)}{unit.removeprefix('money')}"
    if unit.startswith("share"):
        return f"{100 * value:,.4g} %{unit.removeprefix('share')}"
    return f"{_number(value)} {unit}".rstrip()


def interval(low: float, high: float, unit: str, money: Money) -> str:
    """Write an interval of a key's values with their unit: `EUR 20,000 to EUR 80,000 per month`."""
    bare = next((kind for kind in ("money", "share") if unit.startswith(kind)), "")
    return f"{say(low, bare, money)} to {say(high, unit, money)}"


def axis_of(scenario: Scenario, key: str, asked: Asked, *, is_assumed: bool = False) -> Axis:
    """Read what is asked of a key.

    Raises
    ------
    UsageError
        If there is no such key, it holds no number, or what is asked is no values or bounds that it may have.
    """
    found = scenario.key(key)
    if not (found.is_number or found.is_whole):
        raise UsageError(
            f"{key}: only a number can be varied (it is {nouns(found)}); give the path of a key that is one"
        )
    today = scenario.value(key)
    values, is_bounds = _read(key, asked)
    if found.is_whole:
        values = _whole(key, values, is_bounds)
    axis = Axis(
        key, min(values), max(values), values, today, "" if key.endswith(found.unit) else found.unit,
        is_whole=found.is_whole, is_assumed=is_assumed, can_be_decided=scenario.can_be_decided(key),
    )  # fmt: skip
    for value in values:
        if not (_is_within(found, value) or axis.means_no_lever(value)):
            raise UsageError(f"{key}: {value:g} is not allowed; give {allowed_text(found)}")
    if axis.lever_of:
        axis = replace(axis, today=NO_GAIN[key.rpartition(".")[2]])
    return replace(axis, values=()) if is_bounds else axis


def _read(key: str, asked: Asked) -> tuple[tuple[float, ...], bool]:
    """Return values, or bounds and True."""
    how = f"{key}: {asked!r} cannot be read; write LO:HI:N (20000:80000:9), values (1,2,5), or bounds (LO:HI)"
    if not isinstance(asked, str):
        values = tuple(float(value) for value in asked)
        if not values or not np.isfinite(values).all():
            raise UsageError(f"{key}: {list(asked)!r}; give at least one finite number")
        return tuple(dict.fromkeys(values)), False
    try:
        numbers = [float(word) for word in re.split("[:,]", asked)]
    except ValueError:
        raise UsageError(how) from None
    if not np.isfinite(numbers).all() or (":" in asked and "," in asked):
        raise UsageError(how)
    return _spaced(key, numbers, how) if ":" in asked else (tuple(dict.fromkeys(numbers)), False)


def _spaced(key: str, numbers: list[float], how: str) -> tuple[tuple[float, ...], bool]:
    if not 2 <= len(numbers) <= 3:
        raise UsageError(how)
    low, high = numbers[:2]
    if not low < high:
        raise UsageError(f"{key}: from {low:g} to {high:g}; the first bound must be below the second")
    if len(numbers) == 2:
        return (low, high), True
    count = numbers[2]
    if not (count.is_integer() and 2 <= count <= MOST):
        raise UsageError(f"{key}: {count:g} values; give a whole number from 2 to {MOST:,}")
    steps = np.linspace(low, high, int(count))
    return tuple(float(f"{value:.12g}") for value in steps), False


def _whole(key: str, values: tuple[float, ...], is_bounds: bool) -> tuple[float, ...]:
    """Round evenly spaced values to whole numbers; bounds and single values must be whole already."""
    if len(values) <= 2 or is_bounds:
        wrong = [value for value in values if not value.is_integer()]
        if wrong:
            raise UsageError(f"{key}: {wrong[0]:g}; only whole numbers may stand there")
    return tuple(dict.fromkeys(float(round(value)) for value in values))


def _is_within(key: Key, value: float) -> bool:
    limits = key.limits
    return (
        value >= limits.get("ge", -np.inf)
        and value <= limits.get("le", np.inf)
        and not value <= limits.get("gt", -np.inf)
        and not value >= limits.get("lt", np.inf)
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:,.4g}"
