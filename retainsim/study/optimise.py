"""Optimise: where to put the next euro: the best split of a budget over levers, confirmed, and what is left to gain.

Three lots of luck, none of which sees the others': the search looks at plans on the first; the best few and today's
plan compete on the second; what the winner gains, and what another euro is worth, is measured on the third. So neither
the search's optimism nor the winner's curse is in any number that is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.advice import verdict
from retainsim.study.answer import Answer, report_of
from retainsim.study.axis import Asked, Axis, axis_of
from retainsim.study.budget import region_of, unit_costs
from retainsim.study.compare import BASELINE, estimate
from retainsim.study.points import variant_at
from retainsim.study.region import Region
from retainsim.study.search import search
from retainsim.study.selection import Selection, select
from retainsim.study.split import levers, marginal, totals
from retainsim.study.stage import Variant
from retainsim.study.trials import Effort, Trials

if TYPE_CHECKING:
    from retainsim.draws import Floats
    from retainsim.scenario import Scenario

MEASURES = ("npv", "customer_equity", "npv_to_horizon")
LOOKS, MOST = 10, 60
"""Replications on which the search looks at a plan, and on which the best few compete, at most."""
STEP = 0.1
"""How far a lever is moved to find what its next unit is worth, in shares of its bounds."""
_MATTERS = 0.05
"""Share of the gain that is worth telling apart among the best few."""
_MOST_LEVERS = 8


def optimise(
    scenario: Scenario,
    vary: Mapping[str, Asked],
    *,
    budget: float | None = None,
    costs: Mapping[str, float] | None = None,
    measure: str = "npv",
    arm: str = BASELINE,
    **how: Unpack[Effort],
) -> Answer:
    """Find the values of levers at which a measure is highest, and what the next euro is worth in each.

    Parameters
    ----------
    scenario
        What `load` returned.
    vary
        Levers by dotted path, with bounds `LO:HI`: decided from month 0 on.
    budget
        Money per month that the levers may cost together; default: no limit but the bounds.
    costs
        Money per month that one unit of a lever costs, where the file does not say it.
    measure
        `npv`, `customer_equity` or `npv_to_horizon`.
    arm
        The arm whose levers they are; default: the baseline.
    how
        replications (on which the gain is measured), jobs, progress, store, as `Trials` takes them.

    Raises
    ------
    UsageError
        If a lever, a bound, the budget, a cost, the measure or the arm cannot be meant.
    ScenarioError
        If a value is not allowed, or a lever asks for more than its scope can give.
    """
    axes = _axes(scenario, vary, measure, arm)
    found = unit_costs(scenario, axes, costs or {})
    region = region_of(axes, found, budget)
    bench = _Bench(Trials(scenario, **how), axes, measure, arm)
    plans, chosen = _chosen(bench, region)
    best = [float(value) for value in plans[chosen.best]]
    content = _content(bench, best, found, chosen)
    content["budget"] = None if budget is None else {"limit": budget, **totals(content, found)}
    content["warnings"] = _warnings(axes, region, bench.today, best)
    report = report_of("optimise", scenario, bench.trials.replications, verdict(scenario, content), content)
    tables = {"levers": levers(content), "plans": _plans(bench, plans, chosen)}
    return Answer("optimise", scenario, report, tables, ("optimise",))


@dataclass(frozen=True)
class _Bench:
    """Where plans are tried: an arm with other values of its levers, on three lots of luck."""

    trials: Trials
    axes: tuple[Axis, ...]
    measure: str
    arm: str

    @property
    def today(self) -> list[float]:
        """Return today's plan."""
        return [axis.today for axis in self.axes]

    @property
    def looking(self) -> range:
        """Return the replications on which the search looks at plans."""
        return range(min(LOOKS, max(self.trials.replications, 3)))

    @property
    def competing(self) -> range:
        """Return the replications on which the best few compete."""
        start = self.looking.stop
        return range(start, start + min(MOST, max(2 * self.trials.replications, LOOKS)))

    @property
    def fresh(self) -> range:
        """Return the replications on which the winner is measured."""
        start = self.competing.stop
        return range(start, start + self.trials.replications)

    def variant(self, plan: Sequence[float]) -> Variant:
        """Return the arm under a plan."""
        return variant_at(self.trials, self.axes, self.arm, plan)

    def values(self, plans: Sequence[Sequence[float]] | Floats, replications: range) -> Floats:
        """Return the measure of plans, shape (plans, replications), all played at once."""
        variants = [self.variant([float(value) for value in plan]) for plan in plans]
        self.trials.play(variants, replications)
        return np.array([self.trials.values(variant, self.measure, replications) for variant in variants])


def _axes(scenario: Scenario, vary: Mapping[str, Asked], measure: str, arm: str) -> tuple[Axis, ...]:
    if not vary:
        raise UsageError("no lever is named; say which and between which bounds: --vary acquisition.ads.spend=0:80000")
    if len(vary) > _MOST_LEVERS:
        raise UsageError(f"{len(vary)} levers are too many for one search; name at most {_MOST_LEVERS}")
    for word, noun, known in ((measure, "measure", MEASURES), (arm, "arm", scenario.arms)):
        if word not in known:
            raise UsageError(f"there is no {noun} {word!r}; give {listing(known)}{did_you_mean(word, known)}")
    axes = tuple(axis_of(scenario, key, asked) for key, asked in vary.items())
    for axis in axes:
        _check(scenario, axis, arm)
    return axes


def _check(scenario: Scenario, axis: Axis, arm: str) -> None:
    if axis.values or axis.low == axis.high:
        raise UsageError(f"{axis.key}: the search takes bounds; write {axis.key}=LO:HI")
    if not axis.is_decision:
        raise UsageError(f"{axis.key} is the same in all arms, so nobody decides it; vary it with sweep instead")
    if axis.arm not in ("", arm):
        raise UsageError(f"{axis.key} is a lever of the arm {axis.arm}; add --arm {axis.arm}")
    if any(change.set == axis.key for change in scenario.arms[arm].change):
        raise UsageError(f"the arm {arm} changes {axis.key} itself; leave one of the two out")


def _chosen(bench: _Bench, region: Region) -> tuple[Floats, Selection]:
    """Search, and let the best few and today's plan compete on luck the search has not seen."""

    def look(plans: Floats) -> Floats:
        return np.asarray(bench.values(plans, bench.looking).mean(axis=1))

    def sample(which: Sequence[int], replications: range) -> Floats:
        lot = bench.competing
        return bench.values(plans[list(which)], range(lot.start + replications.start, lot.start + replications.stop))

    plans = search(look, region, [bench.today])
    if region.holds(bench.today):
        known = (plans == np.array(bench.today)).all(axis=1)
        plans = plans if known.any() else np.concatenate([plans, [bench.today]])
    means = look(np.concatenate([plans, [bench.today]]))
    matters = max(_MATTERS * float(means[:-1].max() - means[-1]), 1e-6 * float(np.abs(means).max()), 1e-9)
    return plans, select(sample, len(plans), indifference=matters, most=len(bench.competing))


def _content(
    bench: _Bench, best: list[float], costs: Sequence[float | None], chosen: Selection
) -> dict[str, Any]:  # fmt: skip
    moved = [
        (plan, place, _step(bench.axes[place], plan[place]))
        for plan in (bench.today, best)
        for place in range(len(best))
    ]
    ends = [[*plan[:place], end, *plan[place + 1 :]] for plan, place, pair in moved for end in pair]
    values = bench.values([bench.today, best, *ends], bench.fresh)
    pairs = values[2:].reshape(2, len(best), 2, -1)
    widths = np.array([pair[1] - pair[0] for _, _, pair in moved]).reshape(2, -1, 1)
    today, there = (pairs[:, :, 1] - pairs[:, :, 0]) / widths
    keys = [axis.key for axis in bench.axes]
    return {
        "measure": bench.measure,
        "arm": bench.arm,
        "best": dict(zip(keys, best, strict=True)),
        "today": dict(zip(keys, bench.today, strict=True)),
        "gain": estimate(values[1] - values[0]),
        "p_best": chosen.p_best,
        "plans": len(chosen.values),
        "marginal": {
            axis.key: marginal(axis, costs[place], {"today": today[place], "best": there[place]})
            for place, axis in enumerate(bench.axes)
        },
    }


def _step(axis: Axis, value: float) -> tuple[float, float]:
    """Return the values on either side between which the worth of a lever's next unit is found."""
    step = max(1.0, round(STEP * (axis.high - axis.low))) if axis.is_whole else STEP * (axis.high - axis.low)
    return max(value - step, min(axis.low, value)), min(value + step, max(axis.high, value))


def _plans(bench: _Bench, plans: Floats, chosen: Selection) -> pd.DataFrame:
    """Tabulate the plans that competed, the winner first."""
    order = sorted(range(len(plans)), key=lambda place: place != chosen.best)
    keys = [axis.key for axis in bench.axes]
    rows = []
    for place in order:
        found = estimate(chosen.values[place])
        values = {"mean": found["mean"], "low": found["low"], "high": found["high"]}
        is_today = [float(value) for value in plans[place]] == bench.today
        rows.append({**dict(zip(keys, plans[place], strict=True)), "is_today": is_today, **values,
                     "replications": chosen.sampled[place]})  # fmt: skip
    return pd.DataFrame(rows)


def _warnings(axes: Sequence[Axis], region: Region, today: Sequence[float], best: Sequence[float]) -> list[str]:
    found = [
        f"{axis.key}: the best lies at the bound of {value:,.6g}; a better one may lie beyond"
        for axis, value in zip(axes, best, strict=True)
        if value in (axis.low, axis.high)
    ]
    found += [
        f"{axis.key}: a lever of an arm costs what the file says however much it keeps, so its best is its upper bound"
        for axis in axes
        if axis.lever_of
    ]
    if not region.holds(today):
        found.append("today's plan lies outside the bounds or the budget; it is compared with, but did not compete")
    return found
