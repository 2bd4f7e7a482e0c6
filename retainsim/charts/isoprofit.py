"""Isoprofit: what plans are worth against today's, two keys against each other, and where they break even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib.colors import to_rgb

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GAIN, INK, LOSS
from retainsim.charts.keyed import named, scale_of, unit_of
from retainsim.charts.lettering import height, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.voice import Voice
from retainsim.study.axis import interval
from retainsim.study.reading import setting, settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.draws import Floats
    from retainsim.study.answer import Answer

_BAR, _GAP = 0.3, 0.45
_Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top (inches)."""
_BANDS = 11
"""Colours at most."""
_STRONGEST = 0.85
"""Share of the full colour that the largest gain or loss has."""


@dataclass(frozen=True)
class _Map:
    """What is gained at each point: axes ascending, tables of shape (second, first)."""

    xs: Floats
    ys: Floats
    mean: Floats
    low: Floats
    high: Floats


def isoprofit(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw contours of what is gained over today's plan, or over the baseline at the same point, and the break-even."""
    voice, found = Voice(answer), _map(answer)
    levels = _levels(found.mean, voice)
    with canvas.style():
        slide = Slide(answer, _finding(answer, voice), _about(answer, voice), notes=_notes(answer, found), ax=ax)
        panel = _panel(answer, voice, slide, found, levels)
        _fill(panel, found, levels)
        _bar(answer, panel, levels)
        _mark(answer, voice, panel, found)
    return panel.ax


def _map(answer: Answer) -> _Map:
    first, second = (key["key"] for key in answer.report["keys"])
    column = "vs_today" if answer.report["shown"]["against"] == "today" else "difference"
    table = answer.table[(answer.table["measure"] == "npv") & (answer.table["arm"] == answer.report["shown"]["arm"])]
    wide = [
        table.pivot(index=second, columns=first, values=name) for name in (column, f"{column}_low", f"{column}_high")
    ]
    mean, low, high = (each.to_numpy(np.float64) for each in wide)
    return _Map(wide[0].columns.to_numpy(np.float64), wide[0].index.to_numpy(np.float64), mean, low, high)


def _levels(mean: Floats, voice: Voice) -> Scale:
    """Return the scale of the colours, with a level at zero."""
    return Scale.of(mean.ravel(), most=_BANDS - 2, money=voice.money, zero=True)


# -- words ------------------------------------------------------------------------------------------------------


def _than(answer: Answer) -> str:
    return "today's plan" if answer.report["shown"]["against"] == "today" else "the baseline at the same point"


def _finding(answer: Answer, voice: Voice) -> str:
    report, than = answer.report, _than(answer)
    who = named(report)
    if report["breakeven"]:
        (first, second), last = report["keys"], report["breakeven"][-1]
        ends = interval(last["low"], last["high"], second["unit"], voice.money)
        given, at = setting(first, last[first["key"]], voice.money), setting(second, last["at"], voice.money)
        return f"{who}with {given} the plan breaks even with {than} at {at} (95 %: {ends})"
    gain, where = report["top"]["npv"], settings(report, report["top"]["at"], voice.money)
    if gain["mean"] <= 0:
        return f"{who}nowhere on the map more than {than}; nearest with {where} ({voice.signed(gain['mean'])})"
    ends = voice.interval(gain["low"], gain["high"])
    return f"{who}up to {voice.signed(gain['mean'])} over {than} ({ends}), with {where}"


def _about(answer: Answer, voice: Voice) -> str:
    return (
        f"NPV {voice.terms}, less that of {_than(answer)}: mean of {voice.replications} at each of "
        f"{answer.report['points']:,} points. Black line: break-even; dashed: 95 % interval of where it lies"
    )


def _notes(answer: Answer, found: _Map) -> list[str]:
    if (found.mean > 0).all() or (found.mean < 0).all():
        side = "more" if (found.mean > 0).all() else "less"
        return [f"Everywhere on this map, NPV is {side} than that of {_than(answer)}: there is no break-even line."]
    return []


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(answer: Answer, voice: Voice, slide: Slide, found: _Map, levels: Scale) -> Panel:
    first, second = answer.report["keys"]
    across, up = (scale_of(v.tolist(), k, voice) for v, k in ((found.xs, first), (found.ys, second)))
    left = max(width(label, SMALL) for label in (*up.labels, *across.labels)) / INCH + 0.2
    numbers = max(width(label, SMALL) for label in levels.labels) / INCH + 0.2
    title = width(f"NPV gained, {levels.unit}", SMALL, bold=True) / INCH
    floor = slide.bottom + 0.55
    wide = slide.width - left - _GAP - max(_BAR + numbers, title)
    panel = slide.panel((left, floor, wide, slide.top - 0.3 - floor), across, up, grid="")
    for place, key, scale in (((0.0, panel.top + 0.12), second, up), ((left, floor - 0.5), first, across)):
        unit = unit_of(key, scale, voice)
        slide.text(*place, sentence(f"{key['words']}{', ' * bool(unit)}{unit}"), SMALL, weight="bold")
    return panel


def _colours(levels: Scale) -> tuple[list[float], list[tuple[float, ...]]]:
    """Return the edges of the bands of colour and the colour of each: white at zero, blue above, vermilion below."""
    edges = [levels.low, *(t for t in levels.ticks if levels.low < t < levels.high), levels.high]
    largest = max(abs(edge) for edge in edges)
    colours = []
    for low, high in pairwise(edges):
        middle = (low + high) / 2
        share = _STRONGEST * abs(middle) / largest
        full = to_rgb(GAIN if middle > 0 else LOSS)
        colours.append(tuple(1 - share * (1 - part) for part in full))
    return edges, colours


def _fill(panel: Panel, found: _Map, levels: Scale) -> None:
    edges, colours = _colours(levels)
    ax, scale = panel.ax, panel.slide.scale
    ax.contourf(found.xs, found.ys, found.mean, levels=edges, colors=colours)
    ax.contour(
        found.xs, found.ys, found.mean, levels=edges[1:-1], colors="white", linewidths=0.8 * scale, linestyles="-"
    )
    for table, thick, style in ((found.mean, 2.6, "-"), (found.low, 1.2, "--"), (found.high, 1.2, "--")):
        if table.min() < 0 < table.max():
            ax.contour(found.xs, found.ys, table, levels=[0.0], colors=INK, linewidths=thick * scale, linestyles=style)


def _bar(answer: Answer, panel: Panel, levels: Scale) -> None:
    """Draw what the colours stand for, beside the map."""
    edges, colours = _colours(levels)
    slide = panel.slide
    box = (panel.right + _GAP, panel.bottom, _BAR, panel.height)
    bar = slide.panel(box, Scale(0.0, 1.0, (), ()), levels, grid="")
    bar.ax.yaxis.tick_right()
    bar.ax.spines[["left", "bottom"]].set_visible(False)
    for low, high, colour in zip(edges, edges[1:], colours, strict=False):
        bar.ax.fill_between((0.0, 1.0), low, high, color=colour, linewidth=0)
    bar.ax.axhline(0.0, color=INK, linewidth=2.6 * slide.scale)
    slide.text(box[0], panel.top + 0.12, f"NPV gained, {levels.unit}", SMALL, weight="bold")


def _mark(answer: Answer, voice: Voice, panel: Panel, found: _Map) -> None:
    """Mark today's plan and where most is gained, each with its words, which keep off one another."""
    first, second = (key["key"] for key in answer.report["keys"])
    today, top = [key["today"] for key in answer.report["keys"]], answer.report["top"]
    marks = []
    inside = panel.across.low <= today[0] <= panel.across.high and panel.up.low <= today[1] <= panel.up.high
    if answer.report["shown"]["against"] == "today" and inside:
        marks.append((*today, "Today's plan", "o"))
    if top["npv"]["mean"] > 0:
        marks.append((top["at"][first], top["at"][second], f"Most: {voice.signed(top['npv']['mean'])}", "D"))
    taken: list[_Box] = []
    for x, y, words, shape in marks:
        look: dict[str, Any] = {"color": INK, "markeredgecolor": "white", "clip_on": False}
        look["markersize"] = 11 * panel.slide.scale
        panel.ax.plot(x, y, shape, zorder=6, **look)
        taken.append(_write(panel, (panel.x(x), panel.y(y)), words, taken))


def _write(panel: Panel, at: tuple[float, float], words: str, taken: Sequence[_Box]) -> _Box:
    """Write words beside a mark, inside the panel, where nothing else is written; return their box."""
    wide, tall = width(words, NORMAL, bold=True) / INCH + 0.12, height(words, NORMAL) / INCH + 0.06
    lefts = (at[0] + 0.16, at[0] - 0.16 - wide)
    bottoms = (at[1] - tall / 2, at[1] + 0.16, at[1] - 0.16 - tall)
    boxes = [(left, bottom, left + wide, bottom + tall) for bottom in bottoms for left in lefts]
    fits = [
        box for box in boxes
        if box[0] >= panel.left and box[2] <= panel.right and box[1] >= panel.bottom and box[3] <= panel.top
        and not any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken)
    ]  # fmt: skip
    box = (fits or boxes)[0]
    rim = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
    panel.slide.text(box[0] + 0.06, box[1] + tall / 2, words, NORMAL, va="center", weight="bold", bbox=rim)
    return box
