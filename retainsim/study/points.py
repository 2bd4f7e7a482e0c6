"""Points: which variants of a scenario a sweep plays: every arm at every point of a grid or of a Latin hypercube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.axis import NO_GAIN, Asked, Axis, axis_of
from retainsim.study.compare import BASELINE
from retainsim.study.design import latin_hypercube

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.study.stage import Variant
    from retainsim.study.trials import Trials

_SIZE, _SPENDS, _GAINS = 9, 4, 5
"""A map has nine values each way: spends in quarters of today's, gains in fifths of the one in the file."""


@dataclass(frozen=True)
class Plan:
    """What a sweep plays.

    Parameters
    ----------
    axes
        The keys varied.
    points
        One value per key each.
    arms
        The arms, the baseline first.
    is_grid
        The points are all combinations of the values of the axes.
    """

    axes: tuple[Axis, ...]
    points: tuple[tuple[float, ...], ...]
    arms: tuple[str, ...]
    is_grid: bool

    @property
    def is_decision(self) -> bool:
        """True where all that is varied is for the firm to decide, so that today's plan can be compared with it."""
        return all(axis.is_decision for axis in self.axes)

    def variant(self, trials: Trials, arm: str, point: Sequence[float]) -> Variant:
        """Return an arm at a point."""
        return variant_at(trials, self.axes, arm, point)


def variant_at(trials: Trials, axes: Sequence[Axis], arm: str, point: Sequence[float]) -> Variant:
    """Return an arm at a point: without a lever that keeps nobody, and without what is the file's or another's."""
    values = {axis: axis.settle(value) for axis, value in zip(axes, point, strict=True)}
    if any(axis.lever_of == arm and axis.means_no_lever(value) for axis, value in values.items()):
        arm = BASELINE
    known = trials.scenario.distributions
    mine = {
        axis: value for axis, value in values.items()
        if axis.arm in ("", arm) and (axis.lever_of or axis.key in known or value != axis.today)
    }  # fmt: skip
    assumed = {axis.key: value for axis, value in mine.items() if axis.is_assumed}
    decided = {axis.key: value for axis, value in mine.items() if not axis.is_assumed}
    return trials.variant(arm, decided, assumed=assumed)


def plan_of(
    scenario: Scenario, vary: Mapping[str, Asked], assume: Mapping[str, Asked], points: int | None,
    arms: Sequence[str] | None,
) -> Plan:  # fmt: skip
    """Return what a sweep plays: a grid, or so many points of a Latin hypercube.

    Raises
    ------
    UsageError
        If a key, an arm or what is asked of a key cannot be meant.
    """
    twice = [key for key in vary if key in assume]
    if twice:
        raise UsageError(f"{twice[0]} is both varied and assumed; say once which is meant")
    axes = [axis_of(scenario, key, asked) for key, asked in vary.items()]
    axes += [axis_of(scenario, key, asked, is_assumed=True) for key, asked in assume.items()]
    if not axes:
        raise UsageError("nothing is varied; say what, such as --vary acquisition.advertising.spend=20000:80000:9")
    wrong = [arm for arm in arms or () if arm not in scenario.arms]
    if wrong:
        known = list(scenario.arms)
        raise UsageError(f"there is no arm {wrong[0]!r}; give {listing(known)}{did_you_mean(wrong[0], known)}")
    named = tuple(arm for arm in scenario.arms if arms is None or arm in arms or arm == BASELINE)
    found = _grid(axes) if points is None else _hypercube(axes, points, scenario.parameters.run.seed)
    return Plan(tuple(axes), found, named, is_grid=points is None)


def map_of(scenario: Scenario, arm: str | None, channel: str | None) -> dict[str, Asked]:
    """Return what to vary for the map of retention gain against acquisition spend, 9 x 9, today's plan on it.

    Raises
    ------
    UsageError
        If there is no such arm or channel, or more than one and none is named.
    """
    levers = [name for name, each in scenario.arms.items() if each.retention is not None]
    channels = [name for name, each in sorted(scenario.parameters.acquisition.items()) if each.spend]
    arm = _chosen(arm, levers, "arm with a retention lever", "--arm")
    channel = _chosen(channel, channels, "channel with a spend", "--channel")
    lever, spend = scenario.arms[arm].retention, scenario.parameters.acquisition[channel].spend
    assert lever is not None
    assert spend is not None
    if "retention" not in scenario.document.tree["arms"][arm]:
        raise UsageError(f"the lever of {arm} stands in a piece; write it into the arm for a map of it")
    reading = next(name for name in NO_GAIN if getattr(lever, name) is not None)
    none, asked = NO_GAIN[reading], float(getattr(lever, reading))
    gains = [float(f"{none + (asked - none) * step / _GAINS:.12g}") for step in range(_SIZE)]
    spends = [spend * (1 + step) / _SPENDS for step in range(_SIZE)]
    return {f"arms.{arm}.retention.{reading}": [g for g in gains if g >= 0.0], f"acquisition.{channel}.spend": spends}


def cautions(plan: Plan, scenario: Scenario) -> list[str]:
    """Say what may surprise: an arm that sets a varied key itself, and what a lever's arm does besides."""
    found = []
    for axis in plan.axes:
        deaf = [a for a in plan.arms if any(c.set == axis.key and c.to is not None for c in scenario.arms[a].change)]
        found += [f"arm {arm} sets {axis.key} itself, so that varying it changes nothing once it does" for arm in deaf]
        lever = scenario.arms.get(axis.lever_of)
        if lever and (lever.change or lever.investment or lever.event):
            found.append(f"arm {axis.lever_of} does more than its lever; where it gains nothing, it is the baseline")
    return found


def _chosen(name: str | None, known: Sequence[str], noun: str, option: str) -> str:
    if not known:
        raise UsageError(f"the scenario has no {noun}, so there is no map; vary keys of your own with --vary")
    if name is None and len(known) > 1:
        raise UsageError(f"more than one {noun}: {listing(known)}; say which is meant, with {option}")
    if name is not None and name not in known:
        raise UsageError(f"{name} is no {noun}; give {listing(known)}{did_you_mean(name, known)}")
    return name or known[0]


def _grid(axes: Sequence[Axis]) -> tuple[tuple[float, ...], ...]:
    open_ended = [axis for axis in axes if not axis.values]
    if open_ended:
        key, low, high = open_ended[0].key, open_ended[0].low, open_ended[0].high
        raise UsageError(
            f"{key}: bounds {low:g}:{high:g} without values; write {key}={low:g}:{high:g}:9, "
            "or ask for a Latin hypercube with --design lhs --points 50"
        )
    return tuple(product(*(sorted(axis.values) for axis in axes)))


def _hypercube(axes: Sequence[Axis], points: int, seed: int) -> tuple[tuple[float, ...], ...]:
    if points < 2:
        raise UsageError(f"points: {points} (at least 2)")
    flat = [axis for axis in axes if axis.low == axis.high]
    if flat:
        raise UsageError(f"{flat[0].key}: one value; give bounds, such as {flat[0].key}=LO:HI")
    shares = latin_hypercube(points, [axis.key for axis in axes], seed)
    columns = [axis.at(shares[:, place].tolist()) for place, axis in enumerate(axes)]
    return tuple(zip(*columns, strict=True))
