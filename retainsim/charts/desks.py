"""Desks: how long callers wait at the service desk, and how busy its agents are, desk by desk over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.charts import canvas, scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import arm_colours, ink
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import BOUND, clean, cut, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE
from retainsim.study.desks import Path, path
from retainsim.units import add_months
from retainsim.wording import figure, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from retainsim.results import Results

SHOWN = {"wait_minutes": "Wait, minutes per call", "busy_share": "Busy, share of agents' time"}
"""The measures drawn, from above."""
MOST = 4
"""Desks at most: those that get most calls."""
_MOST_POINTS = 241
_LABELS, _BETWEEN = 2.6, 0.95
"""Inches that the labels take, and the gap between desks, where the numbers stand."""
_WHOLE = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), ("0 %", "25 %", "50 %", "75 %", "100 %"))


@dataclass(frozen=True)
class Desk:
    """One desk: its name, its paths by measure and arm, and what the report says of it by arm."""

    name: str
    paths: dict[str, dict[str, Path]]
    told: dict[str, Any]


def desks(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw waits and how busy agents are at every desk, the baseline and one arm; only for a run with a desk."""
    if results.desks is None:
        raise UsageError("plot.desks: this run has no service desk; give its scenario a [mechanisms.service_desk]")
    subject = Subject(results, arm)
    found = desks_of(subject)
    ups = {measure: scale_of(found, measure) for measure in SHOWN}
    with canvas.style():
        slide = Slide(results, finding_of(subject), about_of(subject), notes=notes_of(subject), ax=ax)
        first = None
        for place, desk in enumerate(found):
            for measure, up in ups.items():
                panel = _panel(subject, slide, (place, len(found)), measure, up)
                first = first or panel
                _draw(subject, panel, desk, measure, is_last=place == len(found) - 1)
            head = cut(desk.name, NORMAL, (panel.width + _BETWEEN - 0.1) * INCH, True)
            slide.text(panel.left, slide.top - 0.27, head, weight="bold")
    assert first is not None
    return first.ax


def desks_of(subject: Subject) -> list[Desk]:
    """Return the desks there is room for, those that get most calls first."""
    table = subject.results.desks
    assert table is not None
    calls = table.groupby("desk")["calls"].sum()
    ranked = sorted(map(str, calls.index), key=lambda desk: (-calls[desk], desk))
    return [_desk(subject, table, desk) for desk in ranked[:MOST]]


def _desk(subject: Subject, table: pd.DataFrame, name: str) -> Desk:
    arms = [arm for arm in dict.fromkeys((BASELINE, subject.arm)) if _told(subject, arm)]
    months, mine = subject.results.report["run"]["months"], table[table["desk"] == name]
    every = -(-months // (_MOST_POINTS - 1))
    paths = {
        measure: {arm: path(mine[mine["arm"] == arm], measure, months=months, every=every) for arm in arms}
        for measure in SHOWN
    }
    return Desk(sentence(clean(name.replace("_", " "))), paths, {arm: _told(subject, arm, name) for arm in arms})


def _told(subject: Subject, arm: str, desk: str = "") -> Any:
    """Return what the report says of a desk of an arm, or of all its calls; nothing where it has none."""
    told = subject.results.report["arms"][arm].get("desk", {})
    return told.get("desks", {}).get(desk) if desk else told.get("all")


def scale_of(found: list[Desk], measure: str) -> Scale:
    """Return the axis of a measure, one for all desks."""
    ends = [
        ends for desk in found for each in desk.paths[measure].values() for ends in (each.mean, each.low, each.high)
    ]
    if measure == "busy_share":
        return _WHOLE
    return Scale.of(np.concatenate(ends), most=5, zero=True)


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject) -> str:
    """Say how long callers wait and how busy agents are, and what they did in the baseline."""
    now, before = _told(subject, subject.arm), _told(subject, BASELINE)
    start = "" if subject.is_alone else f"{subject.name}: "
    if not now or now["wait_minutes"]["mean"] is None:
        return f"{start}nobody calls the service desk".replace("nobody", "Nobody" if not start else "nobody")
    was = None if subject.is_alone or not before or before["wait_minutes"]["mean"] is None else before
    wait = f"callers wait {said_of(now['wait_minutes'], 'wait_minutes')}{_instead(now, was, 'wait_minutes')}"
    if now["busy_share"]["mean"] is None:
        return f"{start}{wait}; no agent is there"
    busy = percent(now["busy_share"]["mean"], 0).replace(" ", BOUND)
    return f"{start}{wait}; agents are busy {busy} of their time{_instead(now, was, 'busy_share')}"


def _instead(now: Mapping[str, Any], was: Mapping[str, Any] | None, measure: str) -> str:
    """Say what a measure is in the baseline, where it is another."""
    if was is None or was[measure]["mean"] is None:
        return ""
    both = [written(each[measure]["mean"], measure) for each in (now, was)]
    return f" instead of {both[1]}" if both[0] != both[1] else ", as in the baseline"


def said_of(found: Mapping[str, float | None], measure: str) -> str:
    """Write an estimate with its interval: 1.5 minutes (95 %: 1.4 to 1.7)."""
    mean, low, high = (found[key] for key in ("mean", "low", "high"))
    unit = f"{BOUND}minutes" if measure == "wait_minutes" else ""
    if mean is None:
        return "–"
    if low is None or high is None:
        return f"{written(mean, measure)}{unit}"
    ends = max(low, 0.0), high
    digits = next((d for d in (2, 3) if written(ends[0], measure, d) != written(ends[1], measure, d)), 2)
    number, low_end, high_end = (written(value, measure, digits) for value in (mean, *ends))
    return f"{number}{unit} (95{BOUND}%:{BOUND}{low_end} to {high_end})"


def written(value: float, measure: str, digits: int = 2) -> str:
    """Write minutes, of which a hundredth is the least that counts, or a share."""
    if measure == "wait_minutes":
        return figure(value, digits) if 0.1 <= value < 10 else f"{value:,.{2 if value < 10 else 0}f}"
    return percent(value, digits - 2).replace(" ", BOUND)


def about_of(subject: Subject) -> str:
    """Say what the lines are."""
    return (
        f"Mean of {subject.replications}, to the answer or the hanging up; bands: 95 % interval of the mean. "
        "Numbers at the lines: all calls of the whole run"
    )


def notes_of(subject: Subject) -> list[str]:
    """Say how many hang up, and which desks are not shown."""
    hung = {arm: _told(subject, arm) for arm in dict.fromkeys((BASELINE, subject.arm))}
    shares = {arm: told["hang_up_share"]["mean"] for arm, told in hung.items() if told}
    said = [f"{percent(share)} in {_owner(subject, arm)}" for arm, share in shares.items() if share is not None]
    table = subject.results.desks
    assert table is not None
    every = table["desk"].nunique()
    notes = [f"Callers who hang up: {', '.join(said)}."] if said else []
    return notes + [f"{MOST} of {every} desks: those that get most calls."] * (every > MOST)


def _owner(subject: Subject, arm: str) -> str:
    return "the baseline" if arm == BASELINE else f"“{cut(subject.title(arm), SMALL, 300.0)}”"


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(subject: Subject, slide: Slide, place: tuple[int, int], measure: str, up: Scale) -> Panel:
    """Place a measure of one of so many desks: waits above, how busy agents are below, ticks written once."""
    start, months = subject.results.scenario.parameters.run.start, subject.results.report["run"]["months"]
    time = scales.months(months, lambda m: str(m) if start is None else add_months(start, m).isoformat()[:7])
    month = width("Month", SMALL, bold=True) + width(time.labels[0], SMALL) / 2
    left = max(month, *(width(label, SMALL) for label in (*up.labels, "100 %"))) / INCH + 0.15
    (number, count), floor, gap = place, slide.bottom + 0.3, 0.55
    names = 0.35 if count > 1 else 0.05
    wide = (slide.width - left - _LABELS - LEADER - (count - 1) * _BETWEEN) / count
    tall = (slide.top - names - 0.3 - floor - gap) / 2
    low = floor + (tall + gap) * (measure == "wait_minutes")
    box = (left + number * (wide + _BETWEEN), low, wide, tall)
    across = _thinned(time, wide) if measure == "busy_share" else time.bare
    panel = slide.panel(box, across, up if number == 0 else up.bare)
    if number == 0:
        slide.text(left, panel.top + 0.15, SHOWN[measure], SMALL, weight="bold")
        if measure == "busy_share":
            slide.text(0, floor - 0.235, "Month", SMALL, weight="bold")
    return panel


def _thinned(time: Scale, wide: float) -> Scale:
    """Return the axis of time with as many of its ticks as can be written in so many inches."""
    each = max(width(label, SMALL) for label in time.labels) / INCH + 0.15
    every = next(n for n in range(1, len(time.ticks) + 1) if n * wide / max(1, len(time.ticks) - 1) >= each or n > 9)
    return replace(time, ticks=time.ticks[::every], labels=time.labels[::every])


def _draw(subject: Subject, panel: Panel, desk: Desk, measure: str, *, is_last: bool) -> None:
    """Draw a measure of a desk, arm by arm, with its numbers and at the last desk the arms' titles."""
    labels = []
    first = next(iter(desk.paths[measure].values())).mean
    for place, (arm, found) in enumerate(desk.paths[measure].items()):
        is_twin = place > 0 and np.array_equal(found.mean, first, equal_nan=True)
        colour, told = arm_colours(subject.results)[arm], desk.told[arm] or {}
        panel.ax.fill_between(found.months, found.low, found.high, color=colour, alpha=0.16, linewidth=0)
        dashes = (0.0, (6.0, 6.0)) if is_twin else "-"  # the line below stays in view
        look: dict[str, Any] = {"color": colour, "linewidth": 2.2 * panel.slide.scale, "linestyle": dashes}
        panel.ax.plot(found.months, found.mean, marker="o" if len(found.months) == 1 else "", **look)
        known, mean = found.mean[np.isfinite(found.mean)], told.get(measure, {}).get("mean")
        if known.size:
            number = "–" if mean is None else written(mean, measure)
            labels.append(Ending(float(known[-1]), number, subject.title(arm) if is_last else "", ink(colour)))
    if labels:
        write(panel, labels, panel.height + 0.4, NORMAL if is_last else SMALL)
