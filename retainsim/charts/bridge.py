"""Bridge: from the baseline's NPV to an arm's, line by line: what a gain is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, INK, arm_colours, ink, sign_colour
from retainsim.charts.lettering import balance, height, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.draws import Floats
from retainsim.study.compare import BASELINE, Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

ORDER = (
    "revenue", "cost_of_sales", "cost_to_serve", "acquisition", "retention", "retention_programme", "investment",
    "fixed_costs", "tax",
)  # fmt: skip
"""The lines a business is told by, in this order; other lines follow, then what was merged, then closing value."""
CLOSING = "closing_value"
_MOST = 8
"""Lines shown one by one, besides closing value."""
_SMALL = 0.02
"""A line below this share of the largest is merged into `other`."""
_WORTH_SAYING = 0.05
_ZOOM = 0.35
"""Totals stand on zero unless the steps between them take less than this share of the axis."""
_FOOT = 0.06
"""Room below the lowest step for its number, as a share of the axis."""
_BAR = 0.62
_AIR = 0.06
_HEAD = 0.3
"""Room above the panel for a number, in inches."""


@dataclass(frozen=True)
class _Step:
    """One line of the bridge: from where to where the NPV goes, and the estimate of the difference."""

    name: str
    start: float
    end: float
    found: Estimate


def bridge(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what lies between the baseline's NPV and an arm's; for the baseline, between nothing and its NPV."""
    subject = Subject(results, arm)
    start = 0.0 if subject.is_alone else float(results.report["arms"][BASELINE]["npv"]["mean"])
    steps = steps_of(subject, start)
    up = scale_of(subject, start, steps)
    with canvas.style():
        slide = Slide(results, finding_of(subject, steps), about_of(subject), notes=notes_of(up), ax=ax)
        panel = _panel(slide, subject, len(steps) + (1 if subject.is_alone else 2), up)
        first = 0 if subject.is_alone else 1
        if first:
            _draw_total(panel, 0, start, subject, BASELINE)
        for place, step in enumerate(steps, first):
            _draw_step(panel, place, step, subject)
        _draw_total(panel, first + len(steps), float(subject.report["npv"]["mean"]), subject, subject.arm)
    return panel.ax


def steps_of(subject: Subject, start: float) -> list[_Step]:
    """Return the steps in order; they end at the arm's NPV."""
    lines = _lines(subject)
    steps, level = [], start
    for name, values in lines.items():
        found = estimate(values)
        steps.append(_Step(name, level, level + float(found["mean"] or 0.0), found))
        level = steps[-1].end
    return steps


def _lines(subject: Subject) -> dict[str, Floats]:
    """Return the lines of the bridge in order, each with its values by replication, small ones merged."""
    lines = _differences(subject)
    closing = {CLOSING: lines.pop(CLOSING)} if CLOSING in lines else {}
    sizes = {name: abs(float(values.mean())) for name, values in (lines | closing).items()}
    least = _SMALL * max(sizes.values(), default=0.0)
    ranked = sorted(lines, key=lambda name: -sizes[name])
    small = [name for place, name in enumerate(ranked) if sizes[name] < least or place >= _MOST]
    small = small if len(small) > 1 else []
    told = [name for name in ORDER if name in lines]
    others = sorted(name for name in lines if name not in told)
    found = {name: lines[name] for name in (*told, *others) if name not in small}
    other = {"other": np.sum([lines[name] for name in small], axis=0)} if small else {}
    return found | other | closing


def _differences(subject: Subject) -> dict[str, Floats]:
    """Return by line the value at month 0 in each replication, less the baseline's; lines of zeros are left out."""
    values = subject.results.values
    table = values.pivot_table(index="replication", columns=["arm", "line"], values="value", sort=False)
    wide = pd.DataFrame(table[subject.arm]).fillna(0.0)
    if not subject.is_alone:
        wide = wide.sub(pd.DataFrame(table[BASELINE]), fill_value=0.0)
    lines = {str(name): wide[name].to_numpy(np.float64) for name in wide}
    return {name: x for name, x in lines.items() if x.any() and (name != CLOSING or subject.has_closing)}


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject, steps: list[_Step]) -> str:
    """Say what the difference comes to, and what most of it is made of."""
    if subject.is_alone:
        npv = float(subject.report["npv"]["mean"])
        return _made_of(subject, steps, f"NPV is {subject.say(npv)}", -1 if npv < 0 else 1)
    gain = float(subject.difference["npv"]["mean"])
    if gain == 0:
        return f"{subject.name}: NPV stays {subject.say(subject.report['npv']['mean'])}"
    sign = 1 if gain > 0 else -1
    said = f"{subject.name}: {subject.mean(subject.difference['npv'])} {'more' if gain > 0 else 'less'} NPV"
    return _made_of(subject, steps, said, sign)


def _made_of(subject: Subject, steps: list[_Step], said: str, sign: int) -> str:
    """Add to a sentence what most of the amount is made of."""
    parts = {step.name: sign * (step.end - step.start) for step in steps}
    total, closing = sum(parts.values()), parts.get(CLOSING, 0.0)
    if 0 < total <= closing:
        return f"{said}, all of it closing value"
    if _WORTH_SAYING * total < closing < total:
        most = "most" if closing > total / 2 else subject.say(closing)
        return f"{said}, {most} of it closing value"
    largest = max(parts, key=lambda name: parts[name], default="")
    return f"{said}: {_word(largest)} {subject.signed(sign * parts[largest])}" if parts else said


def about_of(subject: Subject) -> str:
    """Say what the bridge shows, and the difference with its interval."""
    lines = f"black lines: 95 % interval of the mean of {subject.replications}"
    if subject.is_alone:
        return f"value at month 0 of every line, {subject.terms}; {lines}"
    gain = subject.difference["npv"]
    interval = subject.interval(gain["low"], gain["high"])
    sign = "+" if gain["mean"] > 0 else "−" if gain["mean"] < 0 else ""
    return f"NPV {subject.terms}. Difference: {sign}{subject.mean(gain)} ({interval}); {lines}"


def notes_of(up: Scale) -> list[str]:
    """Warn where the axis of money does not start at zero."""
    return [] if up.has_zero else ["The axis does not start at zero: read the steps, and the totals by their numbers."]


def _word(line: str) -> str:
    return line.replace("_", " ")


# -- drawing ----------------------------------------------------------------------------------------------------


def scale_of(subject: Subject, start: float, steps: list[_Step]) -> Scale:
    """Return the axis of money: from zero, unless the steps could then not be seen."""
    levels = [start, *(x for step in steps for x in (step.end, *_ends(step)))]
    largest = max(abs(x) for x in levels)
    is_small = not subject.is_alone and max(levels) - min(levels) < _ZOOM * largest
    foot = min(levels) - _FOOT * (max(levels) - min(levels)) if is_small else 0.0
    return Scale.of([*levels, foot], most=6, money=subject.money)


def _ends(step: _Step) -> tuple[float, float]:
    """Return the 95 % interval of where a step ends, given where it starts."""
    low, high = step.found["low"], step.found["high"]
    return (step.end, step.end) if low is None or high is None else (step.start + low, step.start + high)


def _panel(slide: Slide, subject: Subject, bars: int, up: Scale) -> Panel:
    left = max(width(label, SMALL) for label in up.labels) / INCH + 0.15
    across = Scale(-0.5, bars - 0.5, (), ())
    floor, ceiling = slide.bottom + 0.75, slide.top - 0.55
    panel = slide.panel((left, floor, slide.width - left, ceiling - floor), across, up, grid="")
    slide.text(0, slide.top - 0.2, f"Value at month 0, {up.unit}", SMALL, weight="bold")
    if up.has_zero:
        panel.ax.axhline(0.0, color=GREY, linewidth=1.0 * slide.scale, zorder=0.9)
        panel.ax.spines["bottom"].set_visible(False)
    return panel


def _draw_total(panel: Panel, place: int, npv: float, subject: Subject, arm: str) -> None:
    """Draw an NPV as a bar from zero, or as a level where zero is off the axis."""
    colour, scale = arm_colours(subject.results)[arm], panel.slide.scale
    if panel.up.has_zero:
        panel.ax.bar(place, npv, _BAR, color=colour)
    else:
        ends = place - _BAR / 2, place + _BAR / 2
        panel.ax.plot(ends, (npv, npv), color=colour, linewidth=5 * scale, solid_capstyle="butt")
    foot = 0.0 if panel.up.has_zero else npv
    _write(panel, place, subject.say(npv, 3), (min(npv, foot), max(npv, foot)), npv, ink(colour))
    _write_name(panel, place, subject.title(arm), "bold", ink(colour))


def _draw_step(panel: Panel, place: int, step: _Step, subject: Subject) -> None:
    change, scale = step.end - step.start, panel.slide.scale
    colour = sign_colour(change)
    panel.ax.bar(place, change, _BAR, bottom=step.start, color=colour)
    panel.ax.plot((place, place), _ends(step), color=INK, linewidth=1.4 * scale)
    panel.ax.plot((place - 1 + _BAR / 2, place - _BAR / 2), (step.start,) * 2, color=GREY, linewidth=0.8 * scale)
    panel.ax.plot((place + _BAR / 2, place + 1 - _BAR / 2), (step.end,) * 2, color=GREY, linewidth=0.8 * scale)
    reach = (step.start, step.end, *_ends(step))
    _write(panel, place, subject.signed(change), (min(reach), max(reach)), change, ink(colour))
    _write_name(panel, place, sentence(_word(step.name)), "normal", INK)


def _write(panel: Panel, place: int, text: str, reach: tuple[float, float], sign: float, colour: str) -> None:
    """Write a number above what rises and below what falls, in the smaller size where bars are narrow."""
    room = panel.width / (panel.across.high - panel.across.low) * INCH
    size = NORMAL if width(text, NORMAL, bold=True) < room - 4 else SMALL
    low, high, tall = panel.y(reach[0]) - _AIR, panel.y(reach[1]) + _AIR, height(text, size) / INCH
    sides = [(low - tall, low, "top"), (high, high + tall, "bottom")]
    free = [side for side in (sides if sign < 0 else sides[::-1]) if _is_free(panel, side[0], side[1])]
    bottom, top, side = (free or sides)[0]
    level = top if side == "top" else bottom
    panel.slide.text(panel.x(place), level, text, size, ha="center", va=side, weight="bold", color=colour)


def _is_free(panel: Panel, bottom: float, top: float) -> bool:
    """True where words keep clear of the names below the panel, of its head, and of the line of zero."""
    crosses = panel.up.has_zero and bottom < panel.y(0.0) < top
    return bottom >= panel.bottom and top <= panel.top + _HEAD and not crosses


def _write_name(panel: Panel, place: int, name: str, weight: str, colour: str) -> None:
    room = panel.width / (panel.across.high - panel.across.low) * INCH - 6
    text = balance(name, SMALL, room, 4 if weight == "bold" else 3, bold=weight == "bold")
    panel.slide.text(
        panel.x(place), panel.bottom - 0.08, text, SMALL, ha="center", va="top", weight=weight, color=colour
    )
