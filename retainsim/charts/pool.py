"""Pool: how many customers there are, month by month and arm by arm, and what fills and drains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas, scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import LOSS, arm_colours
from retainsim.charts.labels import LEADER, Label, write
from retainsim.charts.lettering import width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount, difference, interval_of_counts
from retainsim.draws import Floats
from retainsim.study.compare import BASELINE, estimate
from retainsim.units import add_months, monthly_hazard
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import LineStyleType

    from retainsim.results import Results

_MOST_POINTS = 241
"""Months drawn at most: a slide has no room for more, and their estimates take time."""
_MOST_BANDS = 5
_LABELS = 3.2
_LOWER = 0.37
"""Share of the height that the lower panel takes."""
_ZOOM = 0.6
"""The axis starts at zero unless everything lies above this share of the largest."""


@dataclass(frozen=True)
class _Path:
    """A mean number of customers by month, with the 95 % interval of the mean, which ends at zero."""

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
        slide = Slide(results, _finding(subject), _about(subject), notes=_notes(subject), ax=ax)
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
    mean, low, high = (np.maximum(np.array(column, np.float64), 0.0) for column in columns)
    return _Path(np.array(months, np.float64), mean, low, high)


def _extent(paths: Iterable[_Path]) -> list[float]:
    return [x for path in paths for x in (*path.low, *path.high)]


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


def _banded(subject: Subject) -> list[str]:
    """Return the arms whose band is drawn: all of a few, of many the baseline and the subject."""
    return subject.arms if len(subject.arms) <= _MOST_BANDS else [BASELINE, subject.arm]


# -- words ------------------------------------------------------------------------------------------------------


def _finding(subject: Subject) -> str:
    end = subject.report["pool_end"]["mean"]
    if subject.is_alone:
        start = _path(subject.results, subject.arm, "pool").mean[0]
        verb = "grows" if end > start else "shrinks" if end < start else "stays"
        change = f"from {amount(start)} to {amount(end)}" if end != start else f"at {amount(end)}"
        return f"The pool {verb} {change} customers in {subject.horizon}"
    more = subject.difference["pool_end"]["mean"]
    than = f"{amount(abs(more))} {'more' if more > 0 else 'fewer'} than the baseline" if more else "as in the baseline"
    return f"{subject.name}: {amount(end)} customers after {subject.horizon}, {than}"


def _about(subject: Subject) -> str:
    few = " of the baseline and of this arm" if len(_banded(subject)) < len(subject.arms) else ""
    shown = f"mean of {subject.replications}; bands: 95 % interval of the mean{few}"
    if not subject.is_alone:
        gap = subject.difference["pool_end"]
        shown += f". Difference at the end: {difference(gap['mean'])} ({interval_of_counts(gap['low'], gap['high'])})"
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
    start, months = subject.results.scenario.parameters.run.start, subject.results.report["run"]["months"]
    time = scales.months(months, lambda m: str(m) if start is None else add_months(start, m).isoformat()[:7])
    written = max(width(label, SMALL) for label in (*levels.labels, *rates.labels)) / INCH + 0.15
    left = max(written, (width("Month", SMALL, bold=True) + width(time.labels[0], SMALL) / 2) / INCH + 0.15)
    wide, floor, gap = slide.width - left - _LABELS - LEADER, slide.bottom + 0.3, 0.5
    room = slide.top - 0.3 - floor - gap
    upper = slide.panel((left, floor + _LOWER * room + gap, wide, (1 - _LOWER) * room), time.bare, levels)
    lower = slide.panel((left, floor, wide, _LOWER * room), time, rates)
    cropped = "" if levels.has_zero else " (axis does not start at zero)"
    slide.text(0, upper.top + 0.15, f"Customers in the pool{cropped}", SMALL, weight="bold")
    slide.text(0, lower.top + 0.15, "Customers per month", SMALL, weight="bold")
    slide.text(0, floor - 0.235, "Month", SMALL, weight="bold")
    return upper, lower


def _draw_pools(subject: Subject, panel: Panel, paths: dict[str, _Path]) -> None:
    colours = arm_colours(subject.results)
    for name, path in paths.items():
        twins = [other for other in paths if np.array_equal(paths[other].mean, path.mean)]
        _draw(panel, path, colours[name], style=_dashes(twins.index(name), len(twins)), band=name in _banded(subject))
    labels = [
        Label(float(path.mean[-1]), amount(float(path.mean[-1])), subject.title(name), colours[name])
        for name, path in paths.items()
    ]
    write(panel, labels, panel.height + 0.4, NORMAL)


def _draw_flows(subject: Subject, panel: Panel, flows: dict[tuple[str, str], _Path], target: _Path | None) -> None:
    colours = arm_colours(subject.results)
    labels = []
    same = np.array_equal(flows[BASELINE, "joined"].mean, flows[subject.arm, "joined"].mean)
    for (arm, flow), path in flows.items():
        if arm != BASELINE and flow == "joined" and same:
            continue
        _draw(panel, path, colours[arm], style=(0.0, (1.0, 1.6)) if flow == "joined" else "-")
        who = "" if subject.is_alone else "both arms" if flow == "joined" and same else subject.title(arm)
        what = "joins" if flow == "joined" else "leavings"
        labels.append(Label(float(path.mean[-1]), what, who, colours[arm]))
    if target is not None:
        panel.ax.plot(target.months, target.mean, color=LOSS, linewidth=1.4 * panel.slide.scale, linestyle="--")
        share = percent(subject.results.scenario.parameters.churn.target_annual or 0.0)
        labels.append(Label(float(target.mean[-1]), "leavings", f"at the target of {share}", LOSS))
    write(panel, labels, panel.height + 0.3, SMALL)


def _dashes(place: int, twins: int) -> LineStyleType:
    """Return the style of a line that lies on others: the first is whole, the others leave it in view."""
    return "-" if place == 0 else (-6.0 * place, (6.0, 6.0 * (twins - 1)))


def _draw(panel: Panel, path: _Path, colour: str, *, style: LineStyleType, band: bool = True) -> None:
    """Draw a mean and its band."""
    if band:
        panel.ax.fill_between(path.months, path.low, path.high, color=colour, alpha=0.16, linewidth=0)
    point = "o" if len(path.months) == 1 else ""
    panel.ax.plot(
        path.months, path.mean, marker=point, color=colour, linestyle=style, linewidth=2.2 * panel.slide.scale
    )
