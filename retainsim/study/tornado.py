"""Tornado: which input moves the difference between two arms most, and at which value the advice reverses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.study import flip
from retainsim.study.answer import Answer, report_of
from retainsim.study.compare import BASELINE, estimate
from retainsim.study.flip import Flip
from retainsim.study.gap import Gap
from retainsim.study.input import Bounds, Input
from retainsim.study.pair import pair
from retainsim.study.range import SHARE, all_of, describe, narrowed
from retainsim.study.reversal import is_free_gain, verdict, why
from retainsim.study.trials import Effort, Trials
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

MOST = 10
"""Inputs looked at closely, unless they are named."""
_SCOUTS = 2
"""Replications of the first pass: on common luck they are enough to tell what moves the difference."""
_LEAST = 0.01
"""What moves the difference by less than this share of the widest swing is dropped."""


@dataclass(frozen=True)
class Swing:
    """One input: the difference at either end of its plausible range, and where it flips."""

    asked: Input
    ends: tuple[Floats, Floats]
    flip: Flip | None

    @property
    def width(self) -> float:
        """Return how far the mean difference moves from one end to the other."""
        return abs(float(self.ends[1].mean() - self.ends[0].mean()))


def tornado(
    scenario: Scenario,
    arm: str | None = None,
    *,
    against: str = BASELINE,
    inputs: Mapping[str, Bounds | None] | None = None,
    share: float = SHARE,
    **effort: Unpack[Effort],
) -> Answer:
    """Find how far each input moves the difference in NPV between two arms, and where the better one changes.

    Parameters
    ----------
    scenario
        What `load` returned.
    arm, against
        The two arms; default: the one the headline is about, and the baseline.
    inputs
        Keys to look at, by dotted path, each with its plausible range or None; default: all numbers of the file that
        say something of the business, of which the first pass drops what does not move the difference.
    share
        How far a value without distribution or range is moved down and up, as a share of it.
    effort
        `replications`, `jobs`, `progress` and `store`, as `Trials` takes them.

    Raises
    ------
    UsageError
        If an arm or a key is unknown, a range is not allowed, or there is nothing to compare or to vary.
    ScenarioError
        If the observed churn cannot be reproduced.
    """
    if not 0.0 < share < 1.0:
        raise UsageError(f"share: {share:g}; give a share above 0 and below 1, such as {SHARE:g}")
    own = pair(scenario, arm, against)
    gap = Gap(Trials(scenario, **effort), own, against)
    asked = _asked(gap, inputs, share)
    kept = asked if inputs else _screened(gap, asked)
    swings = _swings(gap, kept)
    return _answer(gap, swings, [each.key for each in asked if each not in kept])


def _asked(gap: Gap, inputs: Mapping[str, Bounds | None] | None, share: float) -> list[Input]:
    """Return the inputs to look at, each within the ranges that the rest of the file allows."""
    scenario = gap.trials.scenario
    if inputs:
        found = [describe(scenario, key, bounds, share=share) for key, bounds in inputs.items()]
        for each in found:
            if each.low == each.high:
                raise UsageError(f"{each.key} is {each.today:g}, which no share moves; give {each.key}=LO:HI")
    else:
        found = all_of(scenario, (gap.arm, gap.against), share=share)
    able = [narrowed(each, partial(gap.is_allowed, each)) for each in found]
    if inputs:
        _refuse(found, able)
    kept = [each for each in able if each.low < each.high]
    if not kept:
        raise UsageError("no number of the file can vary; name one with its range: --input KEY=LO:HI")
    return kept


def _refuse(found: Sequence[Input], able: Sequence[Input]) -> None:
    for wanted, got in zip(found, able, strict=True):
        if (wanted.low, wanted.high) != (got.low, got.high):
            raise UsageError(
                f"{got.key}: from {wanted.low:g} to {wanted.high:g} is not allowed beside the rest of the file; "
                f"give {got.key}=LO:HI within {got.low:g} and {got.high:g}"
            )


def _screened(gap: Gap, asked: Sequence[Input]) -> list[Input]:
    """Return the inputs that move the difference most, by a first pass to one end of each on few replications."""
    scouts, today = _scouts(gap), gap.today(_scouts(gap))
    ends = [each.high if each.high != each.today else each.low for each in asked]
    gap.play(zip(asked, ends, strict=True), scouts)
    moved = [abs(float((gap.at(each, end, scouts) - today).mean())) for each, end in zip(asked, ends, strict=True)]
    order = sorted(range(len(asked)), key=lambda place: -moved[place])[:MOST]
    return [asked[place] for place in order if moved[place] >= _LEAST * max(moved) and moved[place] > 0.0]


def _swings(gap: Gap, kept: Sequence[Input]) -> list[Swing]:
    """Play both ends of every input, and find where the better arm changes; the widest swing first."""
    gap.play([(each, value) for each in kept for value in each.inner])
    scouts = _scouts(gap)
    gap.play([(each, end) for each in kept for end in each.widest], scouts)
    brackets = [(each, ends) for each in kept if (ends := flip.look(gap, each, scouts))]
    flips = flip.find(gap, brackets, scouts)
    found = [Swing(e, (gap.at(e, e.low), gap.at(e, e.high)), flips.get(e.key)) for e in kept]
    return sorted(found, key=lambda swing: -swing.width)


def _scouts(gap: Gap) -> range:
    return range(min(_SCOUTS, gap.trials.replications))


def _answer(gap: Gap, swings: Sequence[Swing], dropped: Sequence[str]) -> Answer:
    scenario, today = gap.trials.scenario, gap.today()
    free = is_free_gain(scenario, gap.arm, gap.against)
    money = Money.of(scenario.parameters)
    rows = [_row(swing, money, is_free=free) for swing in swings]
    content: dict[str, Any] = {
        "arm": gap.arm,
        "against": gap.against,
        "measure": "npv",
        "difference": estimate(today),
        "advice": gap.arm if today.mean() > 0.0 else gap.against,
        "is_free_gain": free,
        "inputs": rows,
        "screening": {"looked_at": len(swings) + len(dropped), "dropped": list(dropped), "replications": _SCOUTS},
    }
    told = verdict(scenario, content, [swing.asked for swing in swings])
    report = report_of("tornado", scenario, gap.trials.replications, told, content)
    return Answer("tornado", scenario, report, {"inputs": _table(rows)}, ("tornado",))


def _row(swing: Swing, money: Money, *, is_free: bool) -> dict[str, Any]:
    asked, found = swing.asked, swing.flip
    at = None if found is None or is_free else {"mean": found.mean, "low": found.low, "high": found.high}
    return {
        "key": asked.key,
        "title": asked.title,
        "unit": asked.unit,
        "today": asked.today,
        "low": asked.low,
        "high": asked.high,
        "difference_low": estimate(swing.ends[0]),
        "difference_high": estimate(swing.ends[1]),
        "swing": swing.width,
        "flips_at": at,
        "is_plausible": at is not None and asked.low <= at["mean"] <= asked.high,
        "why": why(asked, found, money, is_free=is_free),
        "searched": list(asked.widest),
    }


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Tabulate the inputs, one row each: estimates as columns of mean, low and high."""
    plain = ("key", "title", "unit", "today", "low", "high")
    ends = ("difference_low", "difference_high", "flips_at")
    return pd.DataFrame(
        {key: row[key] for key in plain}
        | {f"{end}_{part}": (row[end] or {}).get(part) for end in ends for part in ("mean", "low", "high")}
        | {"swing": row["swing"], "why": row["why"]}
        for row in rows
    )
