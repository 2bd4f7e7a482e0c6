"""Reasons: why customers leave, and which leaks an arm closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import INK, arm_colours, ink
from retainsim.charts.lettering import BOUND, balance, cut, sentence, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount, interval_of_counts
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


def reasons(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw leavings a year by reason, the baseline against one arm."""
    subject = Subject(results, arm)
    arms = list(dict.fromkeys((BASELINE, subject.arm)))
    rows = _rows(subject, arms)
    with canvas.style():
        slide = Slide(results, _finding(subject), _about(subject), notes=_notes(subject), ax=ax)
        panel = _panel(slide, subject, rows)
        for level, row in enumerate(reversed(rows)):
            name = balance(row.name, LARGE, (_NAMES - _GAP) * INCH, 2)
            slide.text(_NAMES - _GAP, panel.y(level + 0.5), name, LARGE, ha="right", va="center")
            titles = [subject.title(a) for a in arms] if row is rows[0] and len(arms) > 1 else [""] * len(arms)
            for number, title in enumerate(titles):
                _draw(panel, level, number, row, title, arm_colours(results)[arms[number]])
    return panel.ax


def _rows(subject: Subject, arms: list[str]) -> list[_Row]:
    """Return the reasons, the largest leak of the baseline first, and what is left of them in one row."""
    found = [subject.results.report["arms"][name]["left_by_reason"] for name in arms]
    ranked = sorted(found[0], key=lambda reason: (*(-arm[reason]["mean"] for arm in found), reason))
    kept = ranked if len(ranked) <= _MOST else ranked[: _MOST - 1]
    rest = ranked[len(kept) :]
    rows = [_row(subject, arms, _word(reason), [reason]) for reason in kept]
    return [*rows, _row(subject, arms, f"{len(rest)} other reasons", rest)] if rest else rows


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


def _finding(subject: Subject) -> str:
    years = subject.results.report["run"]["months"] / MONTHS_PER_YEAR
    if subject.is_alone or not subject.difference["left"]["mean"]:
        return _largest(subject, years)
    change = subject.difference["left"]["mean"]
    sign = 1 if change > 0 else -1
    by_reason = {r: sign * e["mean"] for r, e in subject.difference["left_by_reason"].items()}
    most = max(by_reason, key=lambda reason: by_reason[reason])
    part = "all" if by_reason[most] >= abs(change) else amount(by_reason[most] / years)
    more = "more" if sign > 0 else "fewer"
    return f"{subject.name}: {amount(abs(change) / years)} {more} leavings a year, {part} of them from {_word(most)}"


def _largest(subject: Subject, years: float) -> str:
    total, by_reason = subject.report["left"]["mean"], subject.report["left_by_reason"]
    if not total:
        return f"Nobody leaves in {subject.horizon}"
    most = max(by_reason, key=lambda reason: by_reason[reason]["mean"])
    largest = by_reason[most]["mean"]
    share = percent(largest / total, 0).replace(" ", BOUND)
    found = f"{share} of leavings are from {_word(most)}: {amount(largest / years)} of {amount(total / years)} a year"
    return found if subject.is_alone else f"{subject.name}: as many leavings as in the baseline. {found}"


def _about(subject: Subject) -> str:
    shown = f"mean of {subject.replications}; black lines: 95 % interval of the mean; in brackets: share of leavings"
    if subject.is_alone:
        return shown
    years = subject.results.report["run"]["months"] / MONTHS_PER_YEAR
    gap = {k: None if v is None else v / years for k, v in subject.difference["left"].items()}
    return f"{shown}. Difference: {amount(gap['mean'] or 0.0)} a year ({interval_of_counts(gap['low'], gap['high'])})"


def _notes(subject: Subject) -> list[str]:
    churn = subject.results.scenario.parameters.churn
    preset = churn.preset or (None if churn.reasons is not None else "keaveney-1995")
    return [f"{sentence(PRESET_NOTES[preset])}."] if preset else []


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(slide: Slide, subject: Subject, rows: list[_Row]) -> Panel:
    """Place the panel, with room for the numbers on the right of the longest bar."""
    tall = min(_TALLEST, (slide.top - slide.bottom - 0.7) / len(rows)) * len(rows)
    values = [x for row in rows for e in row.found for x in (e["mean"], e["high"]) if x is not None]
    longest = max(width(_number(row, i), NORMAL, bold=True) for row in rows for i in range(len(row.found))) / INCH
    across = Scale.of(values, most=6, zero=True)
    levels = Scale(0.0, float(len(rows)), (), ())
    place = (_NAMES, slide.top - 0.35 - tall, slide.width - _NAMES - longest - 0.2, tall)
    panel = slide.panel(place, across, levels, grid="")
    panel.slide.text(panel.left, panel.top + 0.12, "Leavings per year", SMALL, weight="bold")
    return panel


def _number(row: _Row, arm: int) -> str:
    return f"{amount(row.found[arm]['mean'] or 0.0)} ({percent(row.shares[arm], 0)})".replace(" ", BOUND)


def _draw(panel: Panel, level: int, number: int, row: _Row, title: str, colour: str) -> None:
    """Draw the bar of one arm with its interval, its number, and in the first row the name of the arm."""
    found, scale = row.found[number], panel.slide.scale
    thick = _FILLED / len(row.found)
    middle = level + 0.5 + _FILLED / 2 - (number + 0.5) * thick
    mean = found["mean"] or 0.0
    low, high = (mean if found[k] is None else max(found[k] or 0.0, 0.0) for k in ("low", "high"))
    panel.ax.barh(middle, mean, 0.92 * thick, color=colour)
    panel.ax.plot((low, high), (middle, middle), color=INK, linewidth=1.4 * scale)
    end = panel.x(max(mean, high)) + 0.08
    text, place = _number(row, number), panel.y(middle)
    panel.slide.text(end, place, text, NORMAL, va="center", weight="bold", color=ink(colour))
    if title:
        _sign(panel, place, (panel.x(min(mean, low)), end + width(text, NORMAL, bold=True) / INCH), title, colour)


def _sign(panel: Panel, level: float, ends: tuple[float, float], title: str, colour: str) -> None:
    """Write the name of an arm in its bar, or beyond its number where there is more room."""
    inside, outside = ends[0] - panel.left - 0.25, panel.slide.width - ends[1] - 0.1
    if inside >= outside:
        text = cut(title, SMALL, inside * INCH)
        panel.slide.text(panel.left + 0.1, level, text, SMALL, va="center", color="white")
    else:
        text = cut(title, SMALL, outside * INCH)
        panel.slide.text(ends[1] + 0.1, level, text, SMALL, va="center", color=ink(colour))
