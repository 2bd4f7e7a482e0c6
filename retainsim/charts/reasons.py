"""Reasons: why customers leave, and which leaks an arm closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import INK, arm_colours, ink, on
from retainsim.charts.lettering import BOUND, balance, cut, height, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount, difference, interval_of_counts
from retainsim.mechanisms.reasons import PRESET_NOTES
from retainsim.study.compare import BASELINE, Estimate, estimate
from retainsim.units import MONTHS_PER_YEAR
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST = 8
"""Rows at most; the last one holds all reasons there is no room for."""
_NAMES = 2.3
_GAP = 0.15
_TALLEST = 1.0
_FILLED = 0.8
"""Share of a row that its bars fill."""


@dataclass(frozen=True)
class _Row:
    """One reason, or what remains: leavings a year in each arm, and their share of all leavings of the arm."""

    name: str
    found: list[Estimate]
    shares: list[float]


@dataclass(frozen=True)
class _Bar:
    """One bar: leavings a year, their 95 % interval, what is written at it, its middle and thickness in rows."""

    mean: float
    ends: tuple[float, float]
    number: str
    level: float
    thick: float


def reasons(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw leavings a year by reason, the baseline against one arm."""
    subject = Subject(results, arm)
    arms = list(dict.fromkeys((BASELINE, subject.arm)))
    rows = rows_of(subject, arms)
    with canvas.style():
        slide = Slide(results, finding_of(subject), about_of(subject), notes=notes_of(subject), ax=ax)
        panel = _panel(slide, rows)
        _names(panel, rows)
        colours = [arm_colours(results)[name] for name in arms]
        bars = [_bars(row, len(rows) - place) for place, row in enumerate(rows)]
        for row in bars:
            for bar, colour in zip(row, colours, strict=True):
                _draw(panel, bar, colour)
        if not subject.is_alone:
            _sign(panel, bars, [subject.title(name) for name in arms], colours)
    return panel.ax


def rows_of(subject: Subject, arms: list[str]) -> list[_Row]:
    """Return the reasons, the largest leak of the baseline first, and what is left of them in one row."""
    found = [subject.results.report["arms"][name]["left_by_reason"] for name in arms]
    ranked = sorted(found[0], key=lambda reason: (*(-arm[reason]["mean"] for arm in found), reason))
    kept = ranked if len(ranked) <= _MOST else ranked[: _MOST - 1]
    rest = ranked[len(kept) :]
    rows = [_row(subject, arms, _word(reason), [reason]) for reason in kept]
    return [*rows, _row(subject, arms, f"{len(rest)} other reasons", rest)] if rest else rows


def _bars(row: _Row, top: int) -> list[_Bar]:
    """Return the bars of a row that ends at `top`, one for each arm, from above."""
    bars, thick = [], _FILLED / len(row.found)
    for place, (found, share) in enumerate(zip(row.found, row.shares, strict=True)):
        mean = found["mean"] or 0.0
        low, high = (mean if found[end] is None else max(found[end] or 0.0, 0.0) for end in ("low", "high"))
        number = f"{amount(mean)} ({percent(share, 0)})".replace(" ", BOUND)
        level = top - 0.5 + _FILLED / 2 - (place + 0.5) * thick
        bars.append(_Bar(mean, (low, high), number, level, thick))
    return bars


def _row(subject: Subject, arms: list[str], name: str, reasons: list[str]) -> _Row:
    table, years = subject.results.outcomes, subject.results.report["run"]["months"] / MONTHS_PER_YEAR
    columns = [f"left_{reason}" for reason in reasons]
    found = [estimate(table.loc[table["arm"] == arm, columns].sum(axis=1).to_numpy() / years) for arm in arms]
    totals = [subject.results.report["arms"][arm]["left"]["mean"] / years for arm in arms]
    shares = [(e["mean"] or 0.0) / total if total else 0.0 for e, total in zip(found, totals, strict=True)]
    return _Row(name, found, shares)


# -- words ------------------------------------------------------------------------------------------------------


def _word(reason: str) -> str:
    return reason.replace("_", " ")


def finding_of(subject: Subject) -> str:
    """Say which leak changes most, or which is the largest."""
    years = subject.results.report["run"]["months"] / MONTHS_PER_YEAR
    if subject.is_alone or not subject.difference["left"]["mean"]:
        return _largest(subject, years)
    change = subject.difference["left"]["mean"]
    sign = 1 if change > 0 else -1
    by_reason = {r: sign * e["mean"] for r, e in subject.difference["left_by_reason"].items()}
    most = max(by_reason, key=lambda reason: by_reason[reason])
    part = "all" if by_reason[most] >= abs(change) else amount(by_reason[most] / years)
    more = "more" if sign > 0 else "fewer"
    return f"{subject.name}: {amount(abs(change) / years)} {more} leavings a year, {part} of them under “{_word(most)}”"


def _largest(subject: Subject, years: float) -> str:
    total, by_reason = subject.report["left"]["mean"], subject.report["left_by_reason"]
    if not total:
        return f"Nobody leaves in {subject.horizon}"
    most = max(by_reason, key=lambda reason: by_reason[reason]["mean"])
    largest = by_reason[most]["mean"]
    share = percent(largest / total, 0).replace(" ", BOUND)
    found = (
        f"{share} of leavings are under “{_word(most)}”: {amount(largest / years)} of {amount(total / years)} a year"
    )
    return found if subject.is_alone else f"{subject.name}: as many leavings as in the baseline. {found}"


def about_of(subject: Subject) -> str:
    """Say what the bars are, and the difference of all leavings."""
    shown = f"mean of {subject.replications}; black lines: 95 % interval of the mean; in brackets: share of leavings"
    if subject.is_alone:
        return shown
    years = subject.results.report["run"]["months"] / MONTHS_PER_YEAR
    gap = {k: None if v is None else v / years for k, v in subject.difference["left"].items()}
    return (
        f"{shown}. Difference: {difference(gap['mean'] or 0.0)} a year ({interval_of_counts(gap['low'], gap['high'])})"
    )


def notes_of(subject: Subject) -> list[str]:
    """Say where the shares of the reasons come from."""
    churn = subject.results.scenario.parameters.churn
    preset = churn.preset or (None if churn.reasons is not None else "keaveney-1995")
    return [f"{sentence(PRESET_NOTES[preset])}."] if preset else []


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(slide: Slide, rows: list[_Row]) -> Panel:
    """Place the panel, with room for the numbers on the right of the longest bar."""
    tall = min(_TALLEST, (slide.top - slide.bottom - 0.7) / len(rows)) * len(rows)
    values = [x for row in rows for e in row.found for x in (e["mean"], e["high"]) if x is not None]
    longest = max(width(bar.number, NORMAL, bold=True) for row in rows for bar in _bars(row, 1)) / INCH
    across = Scale.of(values, most=6, zero=True)
    levels = Scale(0.0, float(len(rows)), (), ())
    place = (_NAMES, slide.top - 0.35 - tall, slide.width - _NAMES - longest - 0.2, tall)
    panel = slide.panel(place, across, levels, grid="")
    panel.slide.text(panel.left, panel.top + 0.12, "Leavings per year", SMALL, weight="bold")
    return panel


def _names(panel: Panel, rows: list[_Row]) -> None:
    """Write the reasons beside their bars, as large as all of them fit."""
    room = (_NAMES - _GAP) * INCH
    for size in (LARGE, NORMAL, SMALL):
        names = [balance(row.name, size, room, 2) for row in rows]
        if not any(name.endswith("…") for name in names):
            break
    for place, name in enumerate(names):
        level = panel.y(len(rows) - place - 0.5)
        panel.slide.text(_NAMES - _GAP, level, name, size, ha="right", va="center")


def _draw(panel: Panel, bar: _Bar, colour: str) -> None:
    """Draw the bar of one arm and reason with its interval and its number."""
    low, high = bar.ends
    panel.ax.barh(bar.level, bar.mean, 0.92 * bar.thick, color=colour)
    panel.ax.plot((low, high), (bar.level, bar.level), color=INK, linewidth=1.4 * panel.slide.scale)
    place = panel.x(high) + 0.08, panel.y(bar.level)
    panel.slide.text(*place, bar.number, _size(panel, bar), va="center", weight="bold", color=ink(colour))


def _size(panel: Panel, bar: _Bar) -> float:
    """Return the size of a number that keeps clear of the bars above and below."""
    return NORMAL if bar.thick * panel.height / panel.up.high * INCH >= height("", NORMAL) + 1 else SMALL


def _sign(panel: Panel, bars: list[list[_Bar]], titles: list[str], colours: list[str]) -> None:
    """Write the names of the arms at the bars of the first reason that has room for them, else of the roomiest."""
    rooms = [[_room(panel, bar) for bar in row] for row in bars]
    spare = [min(r[0] - width(t, SMALL) for r, t in zip(row, titles, strict=True)) for row in rooms]
    chosen = next((i for i, s in enumerate(spare) if s >= 0), spare.index(max(spare)))
    for bar, (room, start, is_inside), title, colour in zip(bars[chosen], rooms[chosen], titles, colours, strict=True):
        look = on(colour) if is_inside else ink(colour)
        panel.slide.text(start, panel.y(bar.level), cut(title, SMALL, room), SMALL, va="center", color=look)


def _room(panel: Panel, bar: _Bar) -> tuple[float, float, bool]:
    """Return the room for a name (points), where it starts (inches), and whether it is inside the bar."""
    low, high = bar.ends
    inside = (panel.x(low) - panel.left - 0.2) * INCH
    start = panel.x(high) + 0.2 + width(bar.number, _size(panel, bar), bold=True) / INCH
    outside = (panel.slide.width - start) * INCH
    return (inside, panel.left + 0.1, True) if inside >= outside else (outside, start, False)
