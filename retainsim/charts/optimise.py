"""Optimise: how a budget is split today and at the best, and what the next euro is worth in each lever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import AXIS, GAIN, GREY, LIGHT, ink
from retainsim.charts.lettering import BOUND, balance, height, sentence, width
from retainsim.charts.scales import Scale, minus
from retainsim.charts.voice import Voice
from retainsim.study.advice import NAMES, how, value
from retainsim.wording import Money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_TITLES, _GAP = 2.6, 0.3
_TALLEST = 1.5
"""Inches a lever takes at most."""
_TIMES = (("today", AXIS), ("best", GAIN))


def optimise(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw every lever today and at the best, and beside it what another euro a month is worth at either."""
    voice, levers = Voice(answer), answer.report["marginal"]
    with canvas.style():
        slide = Slide(answer, _finding(answer, voice), _about(answer, voice), notes=_notes(answer), ax=ax)
        tall = min(_TALLEST, (slide.top - slide.bottom - 0.85) / len(levers))
        left, right = _panels(answer, voice, slide, tall * len(levers))
        for row, key in enumerate(reversed(levers)):
            _name(left, row, levers[key]["words"], tall)
            _bars(answer, voice, left, row, key)
            _dots(answer, voice, right, row, key)
    return left.ax


def _is_priced(answer: Answer) -> bool:
    """True where it is known what every lever costs, so that euros are compared with euros."""
    return all(found["cost"] is not None for found in answer.report["marginal"].values())


# -- words ------------------------------------------------------------------------------------------------------


def _finding(answer: Answer, voice: Voice) -> str:
    gain, content = answer.report["gain"], answer.report
    ends = voice.interval(gain["low"], gain["high"])
    if gain["low"] is None or gain["low"] <= 0:
        found = f"the best found, {voice.signed(gain['mean'])} ({ends})"
        return f"No plan within the bounds is clearly better than today's: {found}"
    return f"{how(content, voice.money)}: worth {voice.mean(gain)} ({ends})"


def _about(answer: Answer, voice: Voice) -> str:
    name = NAMES[answer.report["measure"]]
    return (
        f"{name}, {voice.terms}; today's plan and the best. Dots: mean of {voice.replications} that the search "
        "has not seen; lines: 95 % interval of the mean"
    )


def _notes(answer: Answer) -> list[str]:
    budget = answer.report["budget"]
    if budget is None:
        return []
    money = Voice(answer).money
    said = (
        f"{money.say(budget[at], 3)} {word}"
        for at, word in (("limit", "at most"), ("today", "today"), ("best", "at the best"))
    )
    return [f"Budget a month: {', '.join(said)}."]


def _money(answer: Answer, voice: Voice) -> Money:
    """Return how the worth of another euro is written: of an amount per amount the file's unit cancels."""
    return Money(voice.money.sign) if _is_priced(answer) else voice.money


def _signed(answer: Answer, voice: Voice, worth: float) -> str:
    return ("+" if worth > 0 else "") + minus(_money(answer, voice).say(worth)).replace(" ", BOUND)


# -- drawing ----------------------------------------------------------------------------------------------------


def _panels(answer: Answer, voice: Voice, slide: Slide, tall: float) -> tuple[Panel, Panel]:
    levers = answer.report["marginal"]
    rows = Scale(0.0, float(len(levers)), (), ())
    sizes = [_size(answer, key, at) for key in levers for at, _ in _TIMES]
    worths = [each for key in levers for at, _ in _TIMES for each in _worth(answer, key, at) if each is not None]
    money = voice.money if _is_priced(answer) else None
    across = Scale.of([*sizes, 0.0], most=4, money=money, zero=True)
    plain = Scale.of(worths, most=5, money=_money(answer, voice), zero=True)
    words = max(width(_words(answer, voice, key, at), SMALL) for key in levers for at, _ in _TIMES) / INCH + 0.15
    nexts = (
        max(
            width(_signed(answer, voice, _worth(answer, key, at)[0] or 0.0), SMALL)
            for key in levers
            for at, _ in _TIMES
        )
        / INCH
    )
    room = (slide.width - _TITLES - 3 * _GAP - words - nexts - 0.2) / 2
    floor = slide.top - 0.4 - tall
    left = slide.panel((_TITLES + _GAP, floor, room, tall), across, rows, grid="")
    right = slide.panel((left.right + words + _GAP, floor, room, tall), plain, rows, grid="")
    first = f"{across.unit} a month" if money else "Place between its bounds, %"
    second = (
        f"{voice.money.sign} 1 a month more is worth, {plain.unit}" if money else f"A tenth more is worth, {plain.unit}"
    )
    for panel, head in ((left, first), (right, second)):
        panel.ax.spines["left"].set_visible(False)
        panel.ax.axvline(0.0, color=GREY, linewidth=1.2 * slide.scale, zorder=1.5)
        slide.text(panel.left, panel.top + 0.12, sentence(head), SMALL, weight="bold")
    for row in range(1, len(levers)):
        slide.line((0, slide.width), (left.y(row), left.y(row)), color=LIGHT, linewidth=0.8)
    return left, right


def _size(answer: Answer, key: str, at: str) -> float:
    """Return how long a lever's bar is: what it costs a month, or how far it is between its bounds (per cent)."""
    found, here = answer.report["marginal"][key], answer.report[at][key]
    if _is_priced(answer):
        return float(found["cost"] * here)
    return float(100 * (here - found["low"]) / (found["high"] - found["low"]))


def _worth(answer: Answer, key: str, at: str) -> tuple[float | None, ...]:
    """Return what another euro a month is worth, or a tenth of the bounds where costs are not known."""
    found: dict[str, Any] = answer.report["marginal"][key]
    unit = 1.0 if _is_priced(answer) else (found["cost"] or 1.0) * (found["high"] - found["low"]) / 10
    return tuple(None if found[at][end] is None else unit * found[at][end] for end in ("mean", "low", "high"))


def _words(answer: Answer, voice: Voice, key: str, at: str) -> str:
    found, here = answer.report["marginal"][key], answer.report[at][key]
    written = value(here, found, voice.money)
    return f"{'best' if at == 'best' else 'today'}: {written}"


def _name(panel: Panel, row: int, words: str, tall: float) -> None:
    for size, lines in ((LARGE, 3), (NORMAL, 3), (SMALL, 2)):
        if height("\n" * (lines - 1), size) / INCH <= tall - 0.08:
            break
    name = balance(sentence(words), size, _TITLES * INCH, lines)
    panel.slide.text(0, panel.y(row + 0.5), name, size, va="center")


def _bars(answer: Answer, voice: Voice, panel: Panel, row: int, key: str) -> None:
    for (at, colour), level in zip(_TIMES, (row + 0.68, row + 0.32), strict=True):
        size = _size(answer, key, at)
        panel.ax.barh(level, size, 0.28, color=colour)
        start = panel.x(max(size, 0.0)) + 0.08
        words = _words(answer, voice, key, at)
        panel.slide.text(start, panel.y(level), words, SMALL, va="center", color=ink(colour))


def _dots(answer: Answer, voice: Voice, panel: Panel, row: int, key: str) -> None:
    scale = panel.slide.scale
    for (at, colour), level in zip(_TIMES, (row + 0.68, row + 0.32), strict=True):
        mean, low, high = _worth(answer, key, at)
        if mean is None or low is None or high is None:
            continue
        panel.ax.plot((low, high), (level, level), color=colour, linewidth=5 * scale, alpha=0.5, solid_capstyle="butt")
        panel.ax.plot(mean, level, "o", color=colour, markersize=8 * scale, clip_on=False)
        start = panel.x(max(high, 0.0)) + 0.12
        panel.slide.text(start, panel.y(level), _signed(answer, voice, mean), SMALL, va="center", color=ink(colour))
