"""Sweep: every arm at many values of one key or more, as a tidy table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from retainsim.study.answer import Answer, report_of
from retainsim.study.axis import Asked, Axis
from retainsim.study.compare import BASELINE, half_width
from retainsim.study.crossing import crossings
from retainsim.study.points import Plan, cautions, map_of, plan_of
from retainsim.study.reading import verdict
from retainsim.study.report import MEASURES
from retainsim.study.runs import headline
from retainsim.study.stage import Variant
from retainsim.study.trials import Effort, Trials

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.scenario import Scenario

TODAY = Variant(BASELINE)
"""Today's plan: the baseline, as the file has it."""


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Asked],
    *,
    assume: Mapping[str, Asked] | None = None,
    points: int | None = None,
    arms: Sequence[str] | None = None,
    **how: Unpack[Effort],
) -> Answer:
    """Play every arm at many values of some keys, on common luck.

    Parameters
    ----------
    scenario
        What `load` returned.
    vary
        Keys by dotted path, with `LO:HI:N`, `a,b,c` or a sequence of values: what the firm decides from month 0 on,
        where an arm can change it, else the file's value. A retention lever at no gain is no lever.
    assume
        Likewise: what is taken to be otherwise than the file says.
    points
        That many points of a Latin hypercube (bounds `LO:HI` are enough then); default: all combinations.
    arms
        Arms to play besides the baseline; default: all.
    how
        replications, jobs, progress, store, as `Trials` takes them.

    Returns
    -------
    Answer
        Its table has one row per point, arm and measure: the mean, the paired difference from the baseline at the same
        point, and that from today's plan (`vs_today`), each with its 95 % interval.

    Raises
    ------
    UsageError
        If a key, an arm or what is asked of a key cannot be meant.
    ScenarioError
        If a value is not allowed, or a lever asks for more than its scope can give.
    """
    plan = plan_of(scenario, vary, assume or {}, points=points, arms=arms)
    trials = Trials(scenario, **how)
    played = _Played(plan, trials, [{arm: plan.variant(trials, arm, at) for arm in plan.arms} for at in plan.points])
    trials.play([TODAY, *(variant for cell in played.cells for variant in cell.values())])
    table = _table(played)
    content = {"rows": len(table), "file": "sweep.parquet", **_content(played), "warnings": cautions(plan, scenario)}
    report = report_of("sweep", scenario, trials.replications, verdict(scenario, content), content)
    charts = {1: ("sweep",), 2: ("isoprofit",)}.get(len(plan.axes), ()) if plan.is_grid else ()
    return Answer("sweep", scenario, report, {"sweep": table}, charts, recalled=_recalled(played))


def isoprofit(
    scenario: Scenario, *, arm: str | None = None, channel: str | None = None, **how: Unpack[Effort]
) -> Answer:
    """Sweep the lever of an arm against the spend on a channel, and map what each plan is worth against today's.

    Nine gains, up to 1.6 times that of the file, by nine spends, from a quarter of today's to 2.25 times it; arm and
    channel need not be named where there is one.

    Raises
    ------
    UsageError
        If there is no such arm or channel, or more than one and none is named.
    ScenarioError
        If the lever asks for more than its scope can give.
    """
    vary = map_of(scenario, arm, channel)
    return sweep(scenario, vary, arms=[next(iter(vary)).split(".")[1]], **how)


@dataclass(frozen=True)
class _Played:
    """A plan, what came of it, and the variant of every point (in order) and arm."""

    plan: Plan
    trials: Trials
    cells: list[dict[str, Variant]]

    @property
    def subject(self) -> str:
        """Return the arm that is shown where there is room for one: whose own key is varied, else what is asked."""
        arms, own = self.plan.arms, [axis.arm for axis in self.plan.axes if axis.arm in self.plan.arms]
        if own:
            return own[0]
        if self.plan.is_decision and len(arms) != 2:
            return BASELINE
        lead = headline(self.trials.scenario)
        return lead if lead in arms else arms[-1]

    @property
    def against(self) -> str:
        """Return what it is compared with: today's plan, or the baseline at the same point."""
        return "today" if self.plan.is_decision or len(self.plan.arms) == 1 else "baseline"

    def npv(self, arm: str) -> Floats:
        """Return the NPV of an arm, shape (points, replications)."""
        return np.array([self.trials.values(cell[arm]) for cell in self.cells])

    def gain(self, arm: str) -> Floats:
        """Return the NPV of an arm less that of what it is compared with, shape (points, replications)."""
        other = self.trials.values(TODAY)[None, :] if self.against == "today" else self.npv(BASELINE)
        return self.npv(arm) - other


# -- the table --------------------------------------------------------------------------------------------------


def _table(played: _Played) -> pd.DataFrame:
    rows = []
    for number, (point, cell) in enumerate(zip(played.plan.points, played.cells, strict=True)):
        keys = {"point": number, **{axis.key: value for axis, value in zip(played.plan.axes, point, strict=True)}}
        for arm, variant in cell.items():
            for measure in MEASURES:
                values = (played.trials.values(each, measure) for each in (variant, cell[BASELINE], TODAY))
                rows.append({**keys, "arm": arm, "measure": measure, **_row(*values)})
    return pd.DataFrame(rows)


def _row(own: Floats, base: Floats, today: Floats) -> dict[str, float | None]:
    row: dict[str, float | None] = {}
    for name, values in (("", own), ("difference", own - base), ("vs_today", own - today)):
        mean, low, high = _ends(values)
        row |= {name or "mean": mean, f"{name}_low".strip("_"): low, f"{name}_high".strip("_"): high}
    return {**row, "p_better": float((own > base).mean())}


def _ends(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Return mean, low and high; None where there is nothing to be measured."""
    if not np.isfinite(values).all():
        return None, None, None
    mean, half = float(values.mean()), half_width(values) or 0.0
    return mean, mean - half, mean + half


# -- what it comes to -------------------------------------------------------------------------------------------


def _content(played: _Played) -> dict[str, Any]:
    plan, is_grid = played.plan, played.plan.is_grid
    return {
        "design": "grid" if is_grid else "lhs",
        "points": len(plan.points),
        "keys": [_axis(axis) for axis in plan.axes],
        "arms": {arm: played.trials.scenario.arms[arm].title for arm in plan.arms},
        "shown": {"arm": played.subject, "against": played.against, "better": _better(played)},
        "leaders": _leaders(played),
        "top": _top(played),
        "crossings": _crossings(played) if is_grid and len(plan.axes) == 1 else [],
        "breakeven": _breakeven(played) if is_grid and len(plan.axes) == 2 else [],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    how = "assumed" if axis.is_assumed else "decided" if axis.can_be_decided else "file"
    return {"key": axis.key, "words": axis.words, "arm": axis.arm, "unit": axis.unit, "how": how, "today": axis.today}


def _better(played: _Played) -> dict[str, int]:
    """Return at how many points the arm shown is better than what it is compared with, and at how many clearly."""
    found = [_ends(each) for each in played.gain(played.subject)]
    return {
        "points": sum((mean or 0) > 0 for mean, _, _ in found),
        "clearly": sum((low or 0) > 0 for _, low, _ in found),
    }


def _leaders(played: _Played) -> list[str]:
    """Return the arm with the highest mean NPV at each point; of equals, the first."""
    means = np.array([played.npv(arm).mean(axis=1) for arm in played.plan.arms])
    return [played.plan.arms[place] for place in means.argmax(axis=0)]


def _top(played: _Played) -> dict[str, Any]:
    """Return the point at which the arm shown is worth most, and by how much it is ahead there."""
    gains = played.gain(played.subject)
    best = int(gains.mean(axis=1).argmax())
    mean, low, high = _ends(gains[best])
    at = {axis.key: value for axis, value in zip(played.plan.axes, played.plan.points[best], strict=True)}
    return {"at": at, "npv": {"mean": mean, "low": low, "high": high}}


def _crossings(played: _Played) -> list[dict[str, Any]]:
    """Return where arms cross the baseline, and where another takes the lead, along the one axis there is."""
    xs, arms = [point[0] for point in played.plan.points], played.plan.arms
    pairs = dict.fromkeys((arm, BASELINE) for arm in arms[1:])
    pairs |= dict.fromkeys(
        (new, old) for old, new in pairwise(_leaders(played)) if BASELINE not in (old, new) and old != new
    )
    unique = [pair for pair in pairs if pair[::-1] not in pairs or pair < pair[::-1]]
    return [
        {"arm": arm, "against": other, **each, "gain": float(np.interp(each["at"], xs, played.gain(arm).mean(axis=1)))}
        for arm, other in unique
        for each in crossings(xs, played.npv(arm) - played.npv(other))
    ]


def _breakeven(played: _Played) -> list[dict[str, Any]]:
    """Return where the arm shown comes to the same as what it is compared with: along the second axis, by the first."""
    first, second = played.plan.axes
    gains, found = played.gain(played.subject), []
    for value in sorted(first.values):
        mine = [place for place, point in enumerate(played.plan.points) if point[0] == value]
        ys = [played.plan.points[place][1] for place in mine]
        found += [{first.key: value, "key": second.key, **crossing} for crossing in crossings(ys, gains[mine])]
    return found


def _recalled(played: _Played) -> str:
    known = sum(all(variant in played.trials.recalled for variant in cell.values()) for cell in played.cells)
    return f"{known:,} of {len(played.cells):,} points were known from earlier" if known else ""
