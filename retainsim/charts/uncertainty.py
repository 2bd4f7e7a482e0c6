"""Uncertainty: luck against ignorance, which input the ignorance is about, and what knowing it would be worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import AXIS, GAIN, GREY, INK, LIGHT
from retainsim.charts.lettering import BOUND, balance, clean, height, width
from retainsim.charts.scales import Scale
from retainsim.charts.voice import Voice
from retainsim.study.compare import BASELINE
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_MOST = 8
"""Rows at most."""
_NAMES = 3.4
_GAP = 0.15
_HEADS, _TICKS, _STRIP, _BETWEEN = 0.3, 0.35, 0.4, 0.5
"""Inches above the strip and the bars, below them, of the strip of luck and ignorance, and between the two."""
_TALLEST = 0.75
_FILLED = 0.6
_PALE = "#8CBEDD"
"""The colour of what an input makes together with others."""


def uncertainty(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the variance of the difference as luck and ignorance, and below it what each input makes of the latter."""
    voice, rows = Voice(answer), answer.report["indices"][:_MOST]
    with canvas.style():
        slide = Slide(answer, _finding(answer, voice), _about(answer), notes=_notes(answer), ax=ax)
        names = max(width(clean(row["title"]), LARGE) for row in rows) / INCH + 0.05
        room = min(_NAMES, max(names, width("variance", LARGE) / INCH))
        words = [(voice.mean(row["evpi"]), _interval(voice, row["evpi"])) for row in rows]
        column = max(max(width(a, NORMAL, bold=True), width(b, SMALL)) for a, b in words) / INCH
        column = max(column, width("Worth knowing", SMALL, bold=True) / INCH) + 2 * _GAP
        wide = slide.width - room - column - _GAP
        strip = _strip(answer, slide, (room + _GAP, wide))
        panel = _panel(slide, rows, (room + _GAP, strip.bottom - _BETWEEN, wide))
        for place, (row, written) in enumerate(zip(rows, words, strict=True)):
            level = len(rows) - place - 0.5
            _name(panel, clean(row["title"]), level, room)
            _draw(panel, row, level)
            _write(panel, written, level)
    return panel.ax


# -- words ------------------------------------------------------------------------------------------------------


def _finding(answer: Answer, voice: Voice) -> str:
    """Say what to measure first and how sure the advice is."""
    report = answer.report
    first, right = report["indices"][0], report["p_right"]["mean"]
    sure = f"the advice is right with {_share(right)} probability"
    if first["evpi"]["mean"] > 0.0:
        return f"Measure “{first['title']}” first: knowing it is worth {voice.mean(first['evpi'])}; {sure}"
    if report["evpi"]["mean"] > 0.0:
        return f"No single number would change the decision; knowing all is worth {voice.mean(report['evpi'])}; {sure}"
    return f"Nothing is worth measuring before deciding: {sure}"


def _about(answer: Answer) -> str:
    own, other = (_title(answer, answer.report[which]) for which in ("arm", "against"))
    return f"Variance of the NPV of {own} less that of {other}: luck, and what is not known. Black lines: 95 % interval"


def _title(answer: Answer, arm: str) -> str:
    return "the baseline" if arm == BASELINE else f"“{clean(answer.scenario.arms[arm].title or arm)}”"


def _notes(answer: Answer) -> list[str]:
    report, spent = answer.report, answer.report["budget"]
    shown = len(report["indices"])
    rest = f" {_MOST} of {shown} inputs are shown." if shown > _MOST else ""
    dark = "Dark: what the input makes alone; pale: with what it makes together with others."
    if report["indices"][0]["total"]["mean"] is None:
        dark = "Beside luck, ignorance is too small to be taken apart with so few draws."
    return [f"{dark} {spent['draws']} draws, {spent['points']:,} points in both arms.{rest}"]


def _share(share: float) -> str:
    return percent(share, 0 if 0.015 <= share <= 0.985 or share in (0.0, 1.0) else 1).replace(" ", BOUND)


def _interval(voice: Voice, found: dict[str, Any]) -> str:
    return voice.interval(found["low"], found["high"]).replace(voice.money.sign + BOUND, "")


# -- drawing ----------------------------------------------------------------------------------------------------


def _strip(answer: Answer, slide: Slide, place: tuple[float, float]) -> Panel:
    """Draw the whole variance as one bar, luck first, and write how much of it is which."""
    luck = answer.report["variance"]["share_of_luck"]
    bottom = slide.top - _HEADS - _STRIP
    panel = slide.panel((place[0], bottom, place[1], _STRIP), _shares(1.0).bare, Scale(0.0, 1.0, (), ()), grid="")
    panel.ax.spines[["left", "bottom"]].set_visible(False)
    panel.ax.tick_params(length=0)
    panel.ax.barh(0.5, luck["mean"], 0.9, color=AXIS)
    panel.ax.barh(0.5, 1.0 - luck["mean"], 0.9, left=luck["mean"], color=GAIN)
    for colour, thick in (("white", 3.6), (INK, 1.4)):  # a rim, so that it is seen on a dark bar
        ends = (luck["low"], luck["high"])
        panel.ax.plot(ends, (0.5, 0.5), color=colour, linewidth=thick * slide.scale)
    rest = f"{_share(1 - luck['high'])} to {_share(1 - luck['low'])}"
    slide.text(panel.left, panel.top + 0.08, f"Luck {_share(luck['mean'])}", SMALL, weight="bold", color=GREY)
    words = f"Ignorance {_share(1 - luck['mean'])} (95{BOUND}%: {rest})"
    slide.text(panel.right, panel.top + 0.08, words, SMALL, weight="bold", color=GAIN, ha="right")
    slide.text(place[0] - _GAP, panel.y(0.5), "variance", LARGE, ha="right", va="center")
    return panel


def _shares(most: float) -> Scale:
    """Return an axis of shares from none to at least `most`."""
    ticks = tuple(tick / 4 for tick in range(int(4 * most + 1e-9) + 1))
    return Scale(0.0, most, ticks, tuple(f"{100 * tick:.0f}{BOUND}%" for tick in ticks))


def _panel(slide: Slide, rows: list[dict[str, Any]], place: tuple[float, float, float]) -> Panel:
    """Place the bars of the inputs below the strip, and say what they are."""
    left, top, wide = place
    each = min(_TALLEST, (top - slide.bottom - _TICKS) / len(rows))
    tall = each * len(rows)
    panel = slide.panel((left, top - tall, wide, tall), _shares(1.0), Scale(0.0, float(len(rows)), (), ()), grid="x")
    panel.ax.spines["left"].set_visible(False)
    slide.text(panel.left, panel.top + 0.1, "Share of ignorance that each input makes", SMALL, weight="bold")
    slide.text(slide.width, panel.top + 0.1, "Worth knowing", SMALL, weight="bold", ha="right")
    for level in range(len(rows) + 1):
        slide.line((0, slide.width), (panel.y(level), panel.y(level)), color=LIGHT, linewidth=0.8)
    return panel


def _name(panel: Panel, name: str, level: float, room: float) -> None:
    """Write what an input is called, as large as its row and the room (inches) allow."""
    tall = panel.height / panel.up.high * INCH
    fits = [size for size in (LARGE, NORMAL) if width(name, size) <= room * INCH and height("", size) <= tall]
    size = fits[0] if fits else SMALL
    lines = 2 if height("\n", size) <= tall else 1
    written = balance(name, size, room * INCH, lines)
    panel.slide.text(room, panel.y(level), written, size, ha="right", va="center")


def _draw(panel: Panel, row: dict[str, Any], level: float) -> None:
    """Draw what an input makes in all, and of it what it makes alone."""
    if row["total"]["mean"] is None:
        return
    first, total = (min(max(row[kind]["mean"], 0.0), 1.0) for kind in ("first", "total"))
    panel.ax.barh(level, max(total, first), _FILLED, color=_PALE)
    panel.ax.barh(level, first, _FILLED, color=GAIN)
    low, high = (min(max(row["total"][end], 0.0), 1.0) for end in ("low", "high"))
    for colour, thick in (("white", 3.6), (INK, 1.4)):  # a rim, so that it is seen on a dark bar
        panel.ax.plot((low, high), (level, level), color=colour, linewidth=thick * panel.slide.scale)


def _write(panel: Panel, words: tuple[str, str], level: float) -> None:
    """Write what knowing an input would be worth, and its interval where there is room."""
    slide, middle, pitch = panel.slide, panel.y(level), height("", SMALL) / INCH
    has_room = panel.height / panel.up.high >= pitch + height("", NORMAL) / INCH
    top = middle + (pitch / 2 if has_room else 0.0)
    slide.text(slide.width, top, words[0], NORMAL, ha="right", va="center", weight="bold")
    if has_room:
        under = middle - height("", NORMAL) / INCH / 2
        slide.text(slide.width, under, words[1], SMALL, ha="right", va="center", color=GREY)
