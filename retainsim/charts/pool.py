"""Pool: how many customers there are, month by month and arm by arm, and what fills and drains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas, scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import LOSS, arm_colours, ink
from retainsim.charts.lettering import cut, height, spread, width, wrap
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount, interval_of_counts
from retainsim.draws import Floats
from retainsim.study.compare import BASELINE, estimate
from retainsim.units import monthly_hazard
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST_POINTS = 241
"""Months drawn at most: a slide has no room for more, and their estimates take time."""
_LABELS = 3.1
_LEADER = 0.3
_LOWER = 0.36
"""Share of the height that the lower panel takes."""
_ZOOM = 0.6
"""The axis starts at zero unless everything lies above this share of the largest."""


@dataclass(frozen=True)
class _Path:
    """A mean over replications by month, with the 95 % interval of the mean."""

    months: Floats
    mean: Floats
    low: Floats
    high: Floats


def pool(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the pool over time by arm, and below it the joins and leavings of the baseline and one arm."""
    subject = Subject(results, arm)
    paths = {name: _path(results, name, "pool") for name in subject.arms}
    levels = Scale.of(_extent(paths.values()), most=6)
    if levels.low < _ZOOM * levels.high:
        levels = Scale.of(_extent(paths.values()), most=6, zero=True)
    flows, target = _flows(subject), _at_target(subject)
    rates = Scale.of([*_extent(flows.values()), *(target.mean if target else ())], most=4, zero=True)
    with canvas.style():
        slide = Slide(results, _finding(subject), _about(subject, levels), notes=_notes(subject), ax=ax)
        upper, lower = _panels(subject, slide, levels, rates)
        _draw_pools(subject, upper, paths)
        _draw_flows(subject, lower, flows, target)
    return upper.ax


def _path(results: Results, arm: str, column: str, first: int = 0) -> _Path:
    """Estimate a column of the monthly table for every month that is drawn."""
    mine = results.monthly[results.monthly["arm"] == arm]
    wide = mine.pivot_table(index="month", columns="replication", values=column)
    horizon = int(wide.index[-1])
    every = -(-horizon // (_MOST_POINTS - 1))
    months = [m for m in range(horizon, -1, -every) if m >= first][::-1]
    found = [estimate(wide.loc[m].to_numpy()) for m in months]
    keys = ("mean", "low", "high")
    columns = ([e["mean"] if e[k] is None else e[k] for e in found] for k in keys)
    return _Path(np.array(months, np.float64), *(np.array(c, np.float64) for c in columns))


def _extent(paths: object) -> list[float]:
    return [x for path in paths for x in (*path.low, *path.high)]  # type: ignore[attr-defined]


def _flows(subject: Subject) -> dict[tuple[str, str], _Path]:
    """Return joins and leavings a month, by arm and flow: the baseline's and those of the subject."""
    arms = dict.fromkeys((BASELINE, subject.arm))
    return {(arm, flow): _path(subject.results, arm, flow, 1) for arm in arms for flow in ("joined", "left")}


def _at_target(subject: Subject) -> _Path | None:
    """Return the leavings a month of the baseline's pool, did it leak at the target; None if it leaks no more."""
    target = subject.results.scenario.parameters.churn.target_annual
    stay = subject.results.report["arms"][BASELINE]["retention_12m"]["mean"]
    if target is None or stay is None or 1 - stay <= target:
        return None
    present = _path(subject.results, BASELINE, "pool", 1)
    leavings = monthly_hazard(target) * present.mean
    return _Path(present.months, leavings, leavings, leavings)


# -- words ------------------------------------------------------------------------------------------------------


def _finding(subject: Subject) -> str:
    end = subject.report["pool_end"]["mean"]
    if subject.is_alone:
        start = _path(subject.results, subject.arm, "pool").mean[0]
        verb = "grows" if end > start else "shrinks" if end < start else "stays"
        change = f"from {amount(start)} to {amount(end)}" if end != start else f"at {amount(end)}"
        return f"The pool {verb} {change} customers in {subject.horizon}"
    more = subject.difference["pool_end"]["mean"]
    than = (
        f"{amount(abs(more))} {'more' if more > 0 else 'fewer'} than the baseline"
        if more
        else "as in the baseline"
    )
    return f"{subject.name}: {amount(end)} customers after {subject.horizon}, {than}"


def _about(subject: Subject, levels: Scale) -> str:
    shown = f"mean of {subject.replications}; bands: 95 % interval of the mean"
    if not subject.is_alone:
        gap = subject.difference["pool_end"]
        shown += (
            f". Difference at the end: {amount(gap['mean'])} ({interval_of_counts(gap['low'], gap['high'])})"
        )
    if not levels.has_zero:
        shown += ". The axis of the pool does not start at zero"
    return shown


def _notes(subject: Subject) -> list[str]:
    target = subject.results.scenario.parameters.churn.target_annual
    notes = subject.left_out
    if target is not None and _at_target(subject) is not None:
        leak = 1 - subject.results.report["arms"][BASELINE]["retention_12m"]["mean"]
        notes.append(f"The baseline's leak, {percent(leak)} a year, exceeds the target of {percent(target)}.")
    return notes


# -- drawing ----------------------------------------------------------------------------------------------------


def _panels(subject: Subject, slide: Slide, levels: Scale, rates: Scale) -> tuple[Panel, Panel]:
    """Place the pool above the flows, on one axis of time, with room for labels on the right."""
    margin = max(width(label, SMALL) for label in (*levels.labels, *rates.labels)) / INCH + 0.15
    time = scales.months(subject.results.report["run"]["months"], _calendar(subject))
    wide = slide.width - margin - _LABELS - _LEADER
    floor, gap = slide.bottom + 0.5, 0.62
    room = slide.top - 0.3 - floor - gap
    lower = slide.panel((margin, floor, wide, _LOWER * room), time, rates) if False else None
    upper = slide.panel((margin, floor + _LOWER * room + gap, wide, (1 - _LOWER) * room), time, levels)
    lower = slide.panel((margin, floor, wide, _LOWER * room), time, rates)
    slide.text(0, upper.top + 0.12, "Customers in the pool", SMALL, weight="bold")
    slide.text(0, lower.top + 0.12, "Customers per month", SMALL, weight="bold")
    unit = "date" if _start(subject) else "month"
    slide.text(lower.right, floor - 0.46, unit, SMALL, ha="right", color="#4D4D4D")
    return upper, lower
