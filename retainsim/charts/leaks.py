"""Leaks: which reason for leaving, and which mechanism behind the reasons, is most worth closing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import AXIS, GREY, INK, LIGHT, ink, reason_colours
from retainsim.charts.lettering import BOUND, balance, height, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount
from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE
from retainsim.wording import percent, small

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST = 12
"""Rows at most."""
_SURE = 4
"""The first of each kind, shown however little they are worth."""
_NAMES = 4.1
_GAP = 0.15
_HEADS, _TICKS, _GROUP = 0.55, 0.35, 0.32
"""Inches above the bars, below them, and above the mechanisms where they follow the reasons."""
_TALLEST = 0.75
_FILLED = 0.66
"""Share of a row that its bar fills."""


@dataclass(frozen=True)
class _Leak:
    """One row: what closing it is worth (mean, low, high), and how it is written; `level` is its middle in rows.

    `left` is how many leave through it, `anyway` how many of those it spares leave for something else.
    """

    kind: str
    name: str
    ends: tuple[float, float, float]
    words: tuple[str, str]
    left: str
    anyway: str
    colour: str
    level: float = 0.0


def leaks(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what closing each leak of the baseline would be worth; only for a run with `leaks=True`."""
    if results.leaks is None:
        raise UsageError("plot.leaks: nothing is known of this run's leaks; run it with leaks=True (--leaks)")
    subject = Subject(results, arm or BASELINE)
    if not subject.is_alone:
        raise UsageError(f"plot.leaks: arm {arm!r}; leaks are those of the baseline, leave the arm out")
    rows = rows_of(subject)
    with canvas.style():
        slide = Slide(results, finding_of(subject), about_of(subject), notes=notes_of(subject, rows), ax=ax)
        rows, tall = _placed(slide, rows)
        panel, room = _panel(subject, slide, rows, tall)
        _head(panel, rows)
        _names(panel, rows, room)
        for row in rows:
            _draw(panel, row)
        _columns(panel, rows)
    return panel.ax


def _table(subject: Subject) -> list[dict[str, Any]]:
    """Return the leaks with their estimates under the names the other charts use."""
    assert subject.results.leaks is not None
    rows: list[dict[str, Any]] = subject.results.leaks.to_dict("records")  # type: ignore[assignment]
    return [{**row, "mean": row["npv"]} for row in rows]


def rows_of(subject: Subject) -> list[_Leak]:
    """Return the leaks there is room for: reasons, then mechanisms, the most valuable first."""
    found = _table(subject)
    ranks = [sum(row["kind"] == found[place]["kind"] for row in found[:place]) for place in range(len(found))]
    order = sorted(range(len(found)), key=lambda place: (ranks[place] >= _SURE, -found[place]["mean"]))
    return [_row(subject, found[place]) for place in sorted(order[:_MOST])]


def _placed(slide: Slide, rows: list[_Leak]) -> tuple[list[_Leak], float]:
    """Return the rows with their levels, from above, and how tall they are together (inches)."""
    room = slide.top - slide.bottom - _HEADS - _TICKS
    firsts = sum(row.kind == "reason" for row in rows)
    group = _GROUP if 0 < firsts < len(rows) else 0.0
    each = min(_TALLEST, (room - group) / len(rows))
    total = len(rows) + group / each
    gaps = [group / each * (place >= firsts) for place in range(len(rows))]
    levels = [total - place - 0.5 - gap for place, gap in enumerate(gaps)]
    return [replace(row, level=level) for row, level in zip(rows, levels, strict=True)], total * each


def _row(subject: Subject, row: dict[str, Any]) -> _Leak:
    interval = subject.interval(row["low"], row["high"]).partition(f":{BOUND}")[2]
    return _Leak(
        kind=row["kind"],
        name=_word(row),
        ends=(row["mean"], row["low"], row["high"]),
        words=(_signed(subject, row), interval.replace(subject.money.sign + BOUND, "")),
        left=amount(row["left"]),
        anyway=_share(row["elsewhere"]) if row["left"] else "–",
        colour=reason_colours(subject.results)[row["leak"]] if row["kind"] == "reason" else AXIS,
    )


def _share(share: float) -> str:
    """Write the share of those spared who leave anyway; those they bring along may make it more than all."""
    written = percent(min(max(share, 0.0), 1.0), 0).replace(" ", BOUND)
    return f"over {written}" if share > 1.005 else written


# -- words ------------------------------------------------------------------------------------------------------


def _word(row: dict[str, Any]) -> str:
    return str(row["leak"]).replace("_", " ")


def finding_of(subject: Subject) -> str:
    """Say which reason is most worth closing."""
    found = [row for row in _table(subject) if row["kind"] == "reason"]
    if not any(row["left"] for row in found):
        return f"Nobody leaves in {subject.horizon}"
    top, others = found[0], found[1:]
    worth = f"{_signed(subject, top)} ({subject.interval(top['low'], top['high'])})"
    if top["low"] <= 0:
        how = "clearly " * (top["mean"] > 0)
        return f"No reason is {how}worth closing: the first, “{_word(top)}”, comes to {worth}"
    return f"Closing “{_word(top)}” is worth {worth}{_lead(subject, top, others)}"


def _lead(subject: Subject, top: dict[str, Any], others: list[dict[str, Any]]) -> str:
    """Say how far the first is ahead of the others, and only what the intervals bear out."""
    if not others:
        return ""
    if len(others) > 1 and top["low"] > sum(max(row["high"], 0.0) for row in others):
        return f", more than the other {small(len(others))} reasons added up"
    how = "ahead of" if top["low"] > others[0]["high"] else "not clearly more than"
    return f", {how} “{_word(others[0])}” with {_signed(subject, others[0])}"


def _signed(subject: Subject, row: dict[str, Any]) -> str:
    return f"{'−' * (row['mean'] < 0)}{subject.mean(row)}"


def about_of(subject: Subject) -> str:
    """Say what the bars are."""
    return (
        f"NPV {subject.terms}, gained if nobody left through it any more: each leak of the baseline closed alone, "
        f"at no cost. Bars: mean of {subject.replications}; black lines: 95 % interval of the mean"
    )


def notes_of(subject: Subject, rows: list[_Leak]) -> list[str]:
    """Say what the grey numbers are, and what is not shown."""
    spared = "which share of those it spares leave for something else by then."
    notes = [f"In grey: how many leave through it within {subject.horizon}, and {spared}"]
    more = []
    if len({row.kind for row in rows}) > 1:
        more.append("Mechanisms act through the reasons: the groups do not add up.")
    shown = {(row.kind, row.name) for row in rows}
    if rest := [row for row in _table(subject) if (row["kind"], _word(row)) not in shown]:
        most = max(row["mean"] for row in rest)
        more.append(f"Not shown: {_counted(rest)}, each {subject.say(most)} or less.")
    return notes + [" ".join(more)] * bool(more)


def _counted(rest: list[dict[str, Any]]) -> str:
    counts = {kind: sum(row["kind"] == kind for row in rest) for kind in ("reason", "mechanism")}
    return " and ".join(f"{small(n)} {kind}{'s' * (n != 1)}" for kind, n in counts.items() if n)


# -- drawing ----------------------------------------------------------------------------------------------------

_LEFT, _ANYWAY = ("Leave", "through it"), ("Leave", "anyway")


def _panel(subject: Subject, slide: Slide, rows: list[_Leak], tall: float) -> tuple[Panel, float]:
    """Place the bars between the names and the numbers; return also the room for names (inches)."""
    longest = max(width(row.name, LARGE) for row in rows) / INCH + 0.02
    room = max(min(_NAMES, longest), width("Mechanisms", SMALL, bold=True) / INCH)
    words = max(width(row.words[0], NORMAL, bold=True) + width(row.words[1], SMALL) for row in rows) / INCH + 0.1
    wide = slide.width - room - _GAP - words - sum(_widths(rows)) - 2 * _GAP
    across = Scale.of([end for row in rows for end in row.ends], most=5, money=subject.money, zero=True)
    up = Scale(0.0, rows[0].level + 0.5, (), ())
    return slide.panel((room + _GAP, slide.top - _HEADS - tall, wide, tall), across, up, grid=""), room


def _widths(rows: list[_Leak]) -> tuple[float, float]:
    """Return how wide the two columns at the right are (inches)."""
    found = (*_LEFT, *(row.left for row in rows)), (*_ANYWAY, *(row.anyway for row in rows))
    left, anyway = (max(width(text, SMALL) for text in texts) / INCH + 2 * _GAP for texts in found)
    return left, anyway


def _head(panel: Panel, rows: list[_Leak]) -> None:
    """Say what the bars are, and draw a line between the rows and one at zero."""
    slide = panel.slide
    panel.ax.spines["left"].set_visible(False)
    slide.text(panel.left, panel.top + 0.12, f"NPV gained if it were closed, {panel.across.unit}", SMALL, weight="bold")
    for level in {row.level + side for row in rows for side in (-0.5, 0.5)}:
        slide.line((0, slide.width), (panel.y(level), panel.y(level)), color=LIGHT, linewidth=0.8)
    panel.ax.axvline(0.0, color=GREY, linewidth=1.2 * slide.scale, zorder=1.5)


def _names(panel: Panel, rows: list[_Leak], room: float) -> None:
    """Write the leaks beside their bars, as large as all of them fit, each group under its kind."""
    tall, slide = panel.height / panel.up.high * INCH, panel.slide
    for size in (LARGE, NORMAL, SMALL):
        names = [balance(row.name, size, room * INCH, 1 + (height("\n", size) <= tall)) for row in rows]
        if not any(name.endswith("…") for name in names):
            break
    for name, row in zip(names, rows, strict=True):
        slide.text(room, panel.y(row.level), name, size, ha="right", va="center")
    for kind in dict.fromkeys(row.kind for row in rows):
        first = next(row for row in rows if row.kind == kind)
        base = panel.y(first.level + 0.5) + (0.12 if first is rows[0] else 0.06)
        slide.text(room, base, f"{kind.title()}s", SMALL, ha="right", weight="bold")


def _draw(panel: Panel, row: _Leak) -> None:
    """Draw a bar with its interval, and write its number beside it."""
    mean, low, high = row.ends
    panel.ax.barh(row.level, mean, _FILLED, color=row.colour)
    for colour, thick in (("white", 3.6), (INK, 1.4)):  # a rim, so that it is seen on a dark bar
        panel.ax.plot((low, high), (row.level, row.level), color=colour, linewidth=thick * panel.slide.scale)
    start, level, (number, interval) = panel.x(max(high, 0.0)) + 0.1, panel.y(row.level), row.words
    colour = ink(row.colour) if row.kind == "reason" else INK
    panel.slide.text(start, level, number, NORMAL, va="center", weight="bold", color=colour)
    start += width(number, NORMAL, bold=True) / INCH + 0.1
    panel.slide.text(start, level, interval, SMALL, va="center", color=GREY)


def _columns(panel: Panel, rows: list[_Leak]) -> None:
    """Write how many leave through each leak, and how many of those it spares leave anyway."""
    slide, pitch = panel.slide, height("", SMALL) / INCH
    first = slide.width - _widths(rows)[1]
    columns = (first, _LEFT, [row.left for row in rows]), (slide.width, _ANYWAY, [row.anyway for row in rows])
    for place, head, texts in columns:
        for line, word in enumerate(reversed(head)):
            slide.text(place, panel.top + 0.12 + line * pitch, word, SMALL, ha="right", color=GREY)
        for row, text in zip(rows, texts, strict=True):
            slide.text(place, panel.y(row.level), text, SMALL, ha="right", va="center", color=GREY)
