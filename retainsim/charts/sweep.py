"""Sweep: what every arm is worth at each value of one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, INK, colours_of
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.keyed import named, scale_of, unit_of
from retainsim.charts.lettering import clean, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.voice import Voice
from retainsim.study.compare import BASELINE
from retainsim.study.reading import settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_LABELS = 3.4
_MOST = 8
"""Arms drawn at most: the baseline, and those that come to most."""


@dataclass(frozen=True)
class _Line:
    """What an arm gains at each value: mean, low, high."""

    xs: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]


def sweep(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw what every arm gains over today's plan, or over the baseline at the same value, along one key."""
    voice, lines = Voice(answer), _lines(answer)
    ends = [value for line in lines.values() for value in (*line.low, *line.high)]
    up = Scale.of(ends, most=6, money=voice.money, zero=True)
    with canvas.style():
        slide = Slide(answer, _finding(answer, voice), _about(answer, voice), notes=_notes(answer, lines), ax=ax)
        panel = _panel(answer, voice, slide, lines, up)
        for arm, line in lines.items():
            _draw(panel, line, colours_of(answer.scenario.arms)[arm])
        _mark(answer, panel, lines)
        write(panel, [_label(answer, voice, arm, line) for arm, line in lines.items()], panel.height, NORMAL)
    return panel.ax


def _lines(answer: Answer) -> dict[str, _Line]:
    """Return the arms there is room for, those that gain most anywhere first."""
    report, key = answer.report, answer.report["keys"][0]["key"]
    column = "vs_today" if report["shown"]["against"] == "today" else "difference"
    table = answer.table[answer.table["measure"] == "npv"].sort_values(key)
    found = {}
    for arm in report["arms"]:
        mine = table[table["arm"] == arm]
        mean, low, high = (mine[name].tolist() for name in (column, f"{column}_low", f"{column}_high"))
        if column == "vs_today" or arm != BASELINE:
            found[arm] = _Line(mine[key].tolist(), mean, low, high)
    ranked = sorted(found, key=lambda arm: (arm not in (BASELINE, report["shown"]["arm"]), -max(found[arm].mean)))
    kept = set(ranked[:_MOST])
    return {arm: line for arm, line in found.items() if arm in kept}


# -- words ------------------------------------------------------------------------------------------------------


def _finding(answer: Answer, voice: Voice) -> str:
    report, top = answer.report, answer.report["top"]
    where, gain = settings(report, top["at"], voice.money), top["npv"]
    who = named(report)
    than = "today's plan" if report["shown"]["against"] == "today" else "the baseline"
    if gain["mean"] <= 0:
        return f"{who}at no value tried more than {than}; nearest at {where} ({voice.signed(gain['mean'])})"
    return (
        f"{who}{voice.signed(gain['mean'])} NPV over {than} ({voice.interval(gain['low'], gain['high'])}) at {where}"
        f"{_most(report)}"
    )


def _most(report: dict[str, Any]) -> str:
    return f", the most of {report['points']} values tried" if report["points"] > 1 else ""


def _about(answer: Answer, voice: Voice) -> str:
    same = "today's plan" if answer.report["shown"]["against"] == "today" else "the baseline at the same value"
    return (
        f"NPV {voice.terms}, less that of {same}, against {answer.report['keys'][0]['words']}. "
        f"Lines: mean of {voice.replications}; bands: 95 % interval of the mean"
    )


def _notes(answer: Answer, lines: dict[str, _Line]) -> list[str]:
    notes, arms = [], [arm for arm in answer.report["arms"] if arm in lines or arm == BASELINE]
    if any(each["arm"] in lines for each in answer.report["crossings"]):
        notes.append("Circles: values at which two arms come to the same.")
    if len(arms) < len(answer.report["arms"]):
        notes.append(f"{len(arms)} of {len(answer.report['arms'])} arms: those that come to most.")
    return [" ".join(notes)] * bool(notes)


def _name(answer: Answer, arm: str) -> str:
    return clean(answer.report["arms"][arm]) or arm


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(answer: Answer, voice: Voice, slide: Slide, lines: dict[str, _Line], up: Scale) -> Panel:
    key = answer.report["keys"][0]
    across = scale_of(next(iter(lines.values())).xs, key, voice)
    left = max(width(label, SMALL) for label in (*up.labels, *across.labels)) / INCH + 0.2
    wide, floor = slide.width - left - _LABELS - LEADER, slide.bottom + 0.55
    panel = slide.panel((left, floor, wide, slide.top - 0.3 - floor), across, up)
    slide.text(0, panel.top + 0.12, f"NPV gained, {up.unit}", SMALL, weight="bold")
    unit = unit_of(key, across, voice)
    slide.text(left, floor - 0.5, sentence(f"{key['words']}{', ' * bool(unit)}{unit}"), SMALL, weight="bold")
    panel.ax.axhline(0.0, color=GREY, linewidth=1.2 * slide.scale, zorder=1.5)
    return panel


def _draw(panel: Panel, line: _Line, colour: str) -> None:
    scale = panel.slide.scale
    panel.ax.fill_between(line.xs, line.low, line.high, color=colour, alpha=0.16, linewidth=0)
    panel.ax.plot(line.xs, line.mean, "o-", color=colour, linewidth=2.2 * scale, markersize=4 * scale, clip_on=False)


def _mark(answer: Answer, panel: Panel, lines: dict[str, _Line]) -> None:
    """Mark what holds today, and where arms change places."""
    today, scale = answer.report["keys"][0]["today"], panel.slide.scale
    if panel.across.low <= today <= panel.across.high:
        panel.ax.axvline(today, color=INK, linewidth=1.2 * scale, linestyle=(0.0, (4.0, 3.0)), zorder=1.6)
        x = min(max(panel.x(today), panel.left + 1.4), panel.right - 0.3)
        panel.slide.text(x, panel.top + 0.12, "today", SMALL, ha="center", color=INK)
    for each in answer.report["crossings"]:
        if each["arm"] in lines:
            look: dict[str, Any] = {"color": INK, "fillstyle": "none", "markersize": 9 * scale}
            panel.ax.plot(each["at"], each["gain"], "o", zorder=5, **look)


def _label(answer: Answer, voice: Voice, arm: str, line: _Line) -> Ending:
    return Ending(line.mean[-1], voice.signed(line.mean[-1]), _name(answer, arm), colours_of(answer.scenario.arms)[arm])
