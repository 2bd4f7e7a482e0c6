"""Goal: what is varied, in which arm, and what that arm is to equal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from retainsim.errors import UsageError
from retainsim.scenario import Scenario
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.scenario.keys import allowed_text
from retainsim.study.compare import BASELINE
from retainsim.study.stage import Stage, Variant

_NO_BUSINESS = ("run.seed", "run.replications", "run.precision", "run.step")


@dataclass(frozen=True)
class Goal:
    """An arm in which one key is varied, until it equals another arm or a number in one measure.

    Parameters
    ----------
    scenario
        The file.
    key
        What is varied, by dotted path.
    arm
        The arm in which it is. Where the arm changes the key itself, the value sought takes the place of that change.
    match
        The arm it is to equal; None for a number.
    target
        The number it is to equal; None for an arm.
    measure
        In which measure.
    both
        Whether the value is in force in `match` too.
    """

    scenario: Scenario
    key: str
    arm: str
    match: str | None
    target: float | None
    measure: str
    both: bool

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        key: str,
        *,
        arm: str | None,
        match: str | None,
        target: float | None,
        measure: str,
        both: bool | None,
    ) -> Goal:
        """Return what is meant.

        Raises
        ------
        UsageError
            If the key holds no number, an arm is not there, or what is to equal what is not clear.
        """
        _check_key(scenario, key)
        own = _own_arm(key)
        for name in (arm, match):
            _check_arm(scenario, name)
        if own is not None and arm not in (None, own):
            raise UsageError(f"{key} belongs to the arm {own}, so that is the arm varied; leave --arm {arm} out")
        varied = own or arm or BASELINE
        if match is not None and target is not None:
            raise UsageError("give --match ARM or --target VALUE, not both")
        if match is None and target is None:
            match = _default_match(scenario, varied, own)
        if match == varied:
            raise UsageError(
                f"the arm {varied} is the one varied; --match must name another: {_others(scenario, varied)}"
            )
        is_shared = key.startswith("run.") if both is None else both
        return cls(scenario, key, varied, match, target, measure, is_shared and match is not None)

    @property
    def today(self) -> float:
        """Return the value in the file."""
        return self.scenario.value(self.key)

    @property
    def plan(self) -> float | None:
        """Return the value that the arm itself gives the key, at full strength; None where it gives none."""
        mine = [c for c in self.scenario.arms[self.arm].change if c.set == self.key]
        return float(mine[-1].applied(self.today, 1.0)) if mine else None

    @property
    def limits(self) -> tuple[float, float]:
        """Return the least and the largest value that may stand at the key, infinite where there is none.

        Ends that are not allowed themselves are moved inwards by a thousandth of the range, or of what there is.
        """
        found = self.scenario.key(self.key).limits
        low = float(found.get("ge", found.get("gt", -math.inf)))
        high = float(found.get("le", found.get("lt", math.inf)))
        gap = 1e-3 * (high - low if math.isfinite(high - low) else max(abs(self.today), 1e-3))
        return low + gap * ("gt" in found), high - gap * ("lt" in found)

    @property
    def is_whole(self) -> bool:
        """True where only a whole number may stand."""
        return self.scenario.key(self.key).is_whole

    def variants(self, stage: Stage, value: float) -> tuple[Variant, Variant | None]:
        """Return the arm with the value in force, and what it is to equal; None for a number."""
        varied = stage.variant(self.arm, {self.key: value})
        if self.plan is not None:
            varied = replace(varied, instead=(self.key,))
        if self.match is None:
            return varied, None
        return varied, stage.variant(self.match, {self.key: value} if self.both else {})

    def bracket(self, between: tuple[float, float] | None) -> tuple[float, float] | None:
        """Check a range given by the user.

        Raises
        ------
        UsageError
            If it is empty or leaves the limits of the key.
        """
        if between is None:
            return None
        low, high = map(float, between)
        least, most = self.limits
        slack = 1e-12 * max(abs(low), abs(high))
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise UsageError(f"between {low:g} and {high:g}: the second must be larger; write --between 0:100")
        if low < least - slack or high > most + slack:
            found = self.scenario.key(self.key)
            raise UsageError(f"between {low:g} and {high:g}: {self.key} must be {allowed_text(found)} ({found.unit})")
        return low, high


def _check_key(scenario: Scenario, key: str) -> None:
    found = scenario.key(key)
    if key in _NO_BUSINESS:
        raise UsageError(f"{key} steers how the scenario is played, not the business; vary another key")
    if not (found.is_number or found.is_whole):
        raise UsageError(f"{key} is no number ({allowed_text(found)}); only a number can be varied")
    scenario.value(key)


def _own_arm(key: str) -> str | None:
    parts = key.split(".")
    return parts[1] if parts[0] == "arms" and len(parts) > 2 else None


def _check_arm(scenario: Scenario, name: str | None) -> None:
    if name is not None and name not in scenario.arms:
        known = listing(scenario.arms)
        raise UsageError(f"there is no arm {name!r}; the arms are {known}{did_you_mean(name, scenario.arms)}")


def _default_match(scenario: Scenario, varied: str, own: str | None) -> str:
    if varied != BASELINE and own is not None:
        return BASELINE
    raise UsageError(
        f"say what the arm {varied} is to equal: --match ARM ({_others(scenario, varied)}) or --target VALUE"
    )


def _others(scenario: Scenario, varied: str) -> str:
    others = [name for name in scenario.arms if name != varied]
    return listing(others) if others else "the scenario has no other arm; add one, or use --target"
