"""Tornado: how far each input moves the difference between two arms, and where the advice flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GAIN, GREY, INK, LIGHT, LOSS
from retainsim.charts.lettering import BOUND, balance, clean, cut, height, width
from retainsim.charts.scales import Scale
from retainsim.charts.voice import Voice
from retainsim.study.compare import BASELINE
from retainsim.study.input import Input
from retainsim.wording import small

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_MOST = 12
"""Rows at most."""
_NAMES, _FLIPS = 3.6, 2.9
"""Inches at most for what inputs are called, and for where they flip."""
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""What is behind a value, so that the lines of zero and of today do not cross it."""
_FLIP = "Flips the advice"
_GAP, _AIR = 0.15, 0.07
_HEADS, _TICKS = 0.32, 0.35
_TALLEST = 0.75
_NARROW = 3.5
"""Inches of an axis up to which it has few ticks."""
_FILLED = 0.6
"""Share of a row that its bar fills."""


@dataclass(frozen=True)
class _Row:
    """One input: the difference at its ends (mean, low, high) and today, and how all is written."""

    asked: Input
    ends: tuple[dict[str, Any], dict[str, Any]]
    name: str
    span: str
    words: tuple[str, str]
    flip: tuple[str, str]


def tornado(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the difference between the arms at either end of every input, with its zero and the values that flip it."""
    voice = Voice(answer)
    rows = [_row(voice, row) for row in answer.report["inputs"][:_MOST]]
    with canvas.style():
        slide = Slide(answer, _finding(answer, voice), _about(answer), notes=_notes(answer), ax=ax)
        panel, room = _panel(answer, slide, rows, voice)
        _head(answer, panel)
        for place, row in enumerate(rows):
            level = len(rows) - place - 0.5
            _name(panel, row, level, room)
            _draw(panel, row, level, answer.report["difference"]["mean"])
            _flip(panel, row, level)
    return panel.ax


def _row(voice: Voice, row: dict[str, Any]) -> _Row:
    asked, money, at = Input.of(row), voice.money, row["flips_at"]
    flip = ("", "")
    if at is not None:
        side = "below" if at["mean"] < asked.today else "above"
        span = f"{asked.brief(at['low'], money)} to {asked.brief(at['high'], money)}".replace(" ", BOUND)
        whole = f"{side} {asked.say(at['mean'], money)}"
        is_wide = width(whole, SMALL, bold=True) > _FLIPS * INCH
        flip = (f"{side} {asked.brief(at['mean'], money)}" if is_wide else whole, f"95{BOUND}%:{BOUND}{span}")
    return _Row(
        asked=asked,
        ends=(row["difference_low"], row["difference_high"]),
        name=clean(asked.title),
        span=asked.span(asked.low, asked.high, money),
        words=(asked.brief(asked.low, money), asked.brief(asked.high, money)),
        flip=flip,
    )


# -- words ------------------------------------------------------------------------------------------------------


def _finding(answer: Answer, voice: Voice) -> str:
    """Say what flips the advice within the plausible ranges, or that nothing does."""
    report, advice = answer.report, _title(answer, answer.report["advice"])
    flips = [row for row in report["inputs"] if row["is_plausible"]]
    if report["is_free_gain"]:
        return f"{advice}: a free gain never flips ({_worth(report, voice)})"
    if not flips:
        return f"{advice} stays the advice within every plausible range ({_worth(report, voice)})"
    nearest = min(flips, key=lambda row: abs(row["flips_at"]["mean"] - row["today"]) / (row["high"] - row["low"]))
    asked, at = Input.of(nearest), nearest["flips_at"]["mean"]
    more = f"; so do {small(len(flips) - 1)} other inputs" if len(flips) > 2 else ""
    more = "; so does one other input" if len(flips) == 2 else more
    side = "below" if at < asked.today else "above"
    value = asked.say(at, voice.money).replace(" ", BOUND)
    return f"{advice} is the advice today; “{asked.title}” {side} {value} reverses it{more}"


def _worth(report: dict[str, Any], voice: Voice) -> str:
    found = report["difference"]
    return f"{'−' * (found['mean'] < 0)}{voice.mean(found)}, {voice.interval(found['low'], found['high'])}"


def _title(answer: Answer, arm: str) -> str:
    return "The baseline" if arm == BASELINE else f"“{clean(answer.scenario.arms[arm].title or arm)}”"


def _about(answer: Answer) -> str:
    own, other = (_title(answer, answer.report[which]) for which in ("arm", "against"))
    return (
        f"NPV of {own} less that of {other[0].lower() + other[1:]}, each input alone at either end of its plausible "
        "range. Dashed: today’s; black lines: 95 % interval of the mean"
    )


def _notes(answer: Answer) -> list[str]:
    screening, shown = answer.report["screening"], len(answer.report["inputs"])
    notes = []
    if screening["dropped"]:
        seen, least = screening["looked_at"], len(screening["dropped"])
        notes.append(f"{seen} inputs were looked at; {least} that move the difference less are not shown.")
    if shown > _MOST:
        notes.append(f"{_MOST} of {shown} inputs: those that move the difference most.")
    return notes


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(answer: Answer, slide: Slide, rows: list[_Row], voice: Voice) -> tuple[Panel, float]:
    """Place the bars between the names and the flips; return also the room for names (inches)."""
    each = min(_TALLEST, (slide.top - slide.bottom - _HEADS - _TICKS) / max(len(rows), 1))
    names = max(max(width(row.name, LARGE), width(row.span, SMALL)) for row in rows) / INCH
    room = min(_NAMES, names + 0.05)
    flips = max(width(text, SMALL, bold=True) for text in (_FLIP, *(row.flip[0] for row in rows))) / INCH
    left, wide = room + _GAP, slide.width - room - min(_FLIPS, flips) - 3 * _GAP
    ends = [answer.report["difference"]["mean"], *(value for row in rows for value in _extent(row))]
    before, after = _margins(rows, Scale.of(ends, money=voice.money, zero=True), wide)
    across = Scale.of(ends, most=5 if wide - before - after > _NARROW else 3, money=voice.money, zero=True)
    place = (left + before, slide.top - _HEADS - each * len(rows), wide - before - after, each * len(rows))
    return slide.panel(place, across, Scale(0.0, float(len(rows)), (), ()), grid=""), room


def _extent(row: _Row) -> list[float]:
    return [end[key] for end in row.ends for key in ("mean", "low", "high") if end[key] is not None]


def _margins(rows: list[_Row], across: Scale, wide: float) -> tuple[float, float]:
    """Return how much room (inches) the values written at the ends of the bars need beside the axis."""
    before = after = 0.0
    for _ in range(4):  # the narrower the axis, the nearer its ends are to the bars
        inch = (wide - before - after) / (across.high - across.low)
        for row in rows:
            first, second = (width(word, SMALL) / INCH + 2 * _AIR for word in _sorted_words(row))
            before = max(before, first - inch * (min(_extent(row)) - across.low))
            after = max(after, second - inch * (across.high - max(_extent(row))))
    return before, after


def _sorted_words(row: _Row) -> tuple[str, str]:
    """Return the values at the left and the right end of a bar."""
    return row.words if row.ends[1]["mean"] >= row.ends[0]["mean"] else (row.words[1], row.words[0])


def _head(answer: Answer, panel: Panel) -> None:
    """Say what the bars are, and draw the lines between rows, of today's difference and of none."""
    slide, today = panel.slide, answer.report["difference"]["mean"]
    panel.ax.spines["left"].set_visible(False)
    head = cut(f"Difference in NPV, {panel.across.unit}", SMALL, panel.width * INCH, bold=True)
    slide.text(panel.left, panel.top + 0.1, head, SMALL, weight="bold")
    slide.text(slide.width, panel.top + 0.1, _FLIP, SMALL, weight="bold", ha="right")
    for level in range(int(panel.up.high) + 1):
        slide.line((0, slide.width), (panel.y(level), panel.y(level)), color=LIGHT, linewidth=0.8)
    panel.ax.axvline(today, color=GREY, linewidth=1.0 * slide.scale, linestyle=(0, (4, 3)), zorder=1.4)
    panel.ax.axvline(0.0, color=INK, linewidth=1.6 * slide.scale, zorder=2.6)


def _name(panel: Panel, row: _Row, level: float, room: float) -> None:
    """Write what an input is called and, where there is room, its plausible range below."""
    slide, tall = panel.slide, panel.height / panel.up.high
    below = height("", SMALL) / INCH
    has_span = tall >= below + height("", NORMAL) / INCH
    lines = 1 if has_span or tall < 2 * below else 2
    sizes = ((LARGE, 1), (NORMAL, 1), (SMALL, lines))
    size, most = next((pair for pair in sizes if width(row.name, pair[0]) <= room * INCH), sizes[-1])
    name = balance(row.name, size, room * INCH, most)
    middle = panel.y(level) + (below / 2 if has_span else 0.0)
    slide.text(room, middle, name, size, ha="right", va="center")
    if has_span:
        under = panel.y(level) - height("", size) / INCH / 2
        slide.text(room, under, cut(row.span, SMALL, room * INCH), SMALL, ha="right", va="center", color=GREY)


def _draw(panel: Panel, row: _Row, level: float, today: float) -> None:
    """Draw both ends of a row from today's difference on, and write the value of the input at each."""
    scale = panel.slide.scale
    for end in row.ends:
        colour = GAIN if end["mean"] >= today else LOSS
        panel.ax.barh(level, end["mean"] - today, _FILLED, left=today, color=colour, zorder=2)
        if end["low"] is not None:
            for ink, thick in (("white", 3.6), (INK, 1.4)):  # a rim, so that it is seen on a dark bar
                span = (end["low"], end["high"])
                panel.ax.plot(span, (level, level), color=ink, linewidth=thick * scale, zorder=2.4)
    words, edges = _sorted_words(row), (min(*_extent(row), today), max(*_extent(row), today))
    for word, edge, sign, side in zip(words, edges, (-1, 1), ("right", "left"), strict=True):
        panel.slide.text(
            panel.x(edge) + sign * _AIR, panel.y(level), word, SMALL, ha=side, va="center", color=INK, bbox=_PAPER
        )


def _flip(panel: Panel, row: _Row, level: float) -> None:
    """Write where an input reverses the advice, or that it does not."""
    slide, middle = panel.slide, panel.y(level)
    value, interval = row.flip
    if not value:
        slide.text(slide.width, middle, "–", NORMAL, ha="right", va="center", color=GREY)
        return
    pitch = height("", SMALL) / INCH
    has_room = panel.height / panel.up.high >= 2 * pitch
    top = middle + (pitch / 2 if has_room else 0.0)
    value = cut(value, SMALL, _FLIPS * INCH, bold=True)
    slide.text(slide.width, top, value, SMALL, ha="right", va="center", weight="bold")
    if has_room:
        interval = cut(interval, SMALL, _FLIPS * INCH)
        slide.text(slide.width, middle - pitch / 2, interval, SMALL, ha="right", va="center", color=GREY)
