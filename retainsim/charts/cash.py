"""Cash: how deep the money of an arm goes under before it comes back, when it is back, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.charts import canvas, scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, LOSS, arm_colours
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.draws import Floats
from retainsim.study.cash import gains, payback, trough
from retainsim.study.compare import BASELINE, estimate
from retainsim.units import add_months
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST_POINTS = 241
_LABELS = 3.5


@dataclass(frozen=True)
class _Cash:
    """The gain of an arm over time, added up: percentiles by month, its deepest point, when it is back."""

    months: Floats
    median: Floats
    half: tuple[Floats, Floats]
    most: tuple[Floats, Floats]
    end: dict[str, float | None]
    trough: dict[str, float | None]
    payback: dict[str, float | None]

    @property
    def is_under(self) -> bool:
        """True where money goes in first, surely more than none."""
        return (self.trough["high"] or 0.0) < 0.0

    @property
    def extent(self) -> list[float]:
        """Return what an axis must hold."""
        return [*self.most[0].tolist(), *self.most[1].tolist(), self.trough["mean"] or 0.0]


def cash(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the cash an arm brings more than the baseline, added up over time, with its trough and payback."""
    subject = Subject(results, arm)
    found = look_of(subject)
    levels = Scale.of(found.extent, money=subject.money, zero=True)
    with canvas.style():
        slide = Slide(results, finding_of(subject, found), about_of(subject), notes=notes_of(subject, found), ax=ax)
        panel = _panel(subject, slide, levels)
        _draw(subject, panel, found)
        write(panel, _labels(subject, found), panel.height + 0.4, NORMAL)
    return panel.ax


def look_of(subject: Subject) -> _Cash:
    """Return what the chart draws: the gain of its arm over the baseline, or the baseline's cash where it is alone."""
    gain = gains(subject.results.monthly, subject.arm, None if subject.is_alone else BASELINE)
    every = -(-(len(gain) - 1) // (_MOST_POINTS - 1)) or 1
    months = np.arange(len(gain) - 1, -1, -every)[::-1]
    low, lower, median, upper, high = np.quantile(gain[months], [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    end = estimate(gain[-1]) | {"median": float(median[-1])}
    return _Cash(months.astype(np.float64), median, (lower, upper), (low, high), end, trough(gain), payback(gain))


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject, found: _Cash) -> str:
    """Say how deep the money goes under and when it is back, or how far ahead the arm ends."""
    end = found.end["median"] or 0.0
    ahead = f"{subject.say(abs(end))} {'ahead' if end >= 0 else 'behind'} after {subject.horizon}"
    if subject.is_alone:
        ahead = f"{subject.say(end)} of cash in {subject.horizon}"
    if not found.is_under:
        return f"{subject.name}: {ahead}" + (", with no money to put in first" if end > 0 else "")
    depth = subject.say(-(found.trough["mean"] or 0.0))
    return f"{subject.name}: {depth} short at the deepest, {_back(subject, found)}"


def _back(subject: Subject, found: _Cash) -> str:
    median, never = found.payback["median"], found.payback["never"] or 0.0
    if median is not None:
        return f"back in month {median:.0f}"
    often = f" in {percent(never, 0)} of replications" if never < 1.0 else ""
    return f"not back within {subject.horizon}{often}"


def about_of(subject: Subject) -> str:
    """Say what is drawn, in which unit, and what the bands are."""
    what = "Cash of the baseline" if subject.is_alone else "Cash more than the baseline"
    return (
        f"{what}, added up and valued at month 0, {subject.results.report['run']['tax']}: "
        f"median of {subject.replications}; bands: the middle 50 % and 90 % of them, in brackets the 90 %"
    )


def notes_of(subject: Subject, found: _Cash) -> list[str]:
    """Say what the mean is, which other charts show, and what is left out."""
    mean = f"Mean at the end: {subject.signed(found.end['mean'] or 0.0)}"
    closing = "; closing value is not in it: only what is paid within the run" if subject.has_closing else ""
    return [f"{mean} ({subject.interval(found.end['low'], found.end['high'])}){closing}."]


def _labels(subject: Subject, found: _Cash) -> list[Ending]:
    colour = arm_colours(subject.results)[subject.arm]
    ends = _spread(subject, found.end)
    end = float(found.median[-1])
    labels = [Ending(end, subject.signed(end), f"at the end{ends}", colour)]
    if not found.is_under:
        return labels
    depth, month = found.trough["mean"] or 0.0, found.trough["month"]
    at = f"at the deepest, in month {month:.0f}{_spread(subject, found.trough)}"
    labels.append(Ending(depth, subject.say(depth), at, LOSS))
    median, first, last = (found.payback[key] for key in ("median", "p05", "p95"))
    if median is not None:
        span = f"{first:.0f} to {last:.0f}" if last is not None else f"{first:.0f} to never"
        labels.append(Ending(0.0, f"month {median:.0f}", f"back for good ({span})", GREY))
    return labels


def _spread(subject: Subject, found: dict[str, Any]) -> str:
    low, high = subject.say(found["p05"]), subject.say(found["p95"])
    return f" ({low} to {high})" if low != high else ""


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(subject: Subject, slide: Slide, levels: Scale) -> Panel:
    """Place the panel, with room for labels on the right."""
    start, months = subject.results.scenario.parameters.run.start, subject.results.report["run"]["months"]
    time = scales.months(months, lambda m: str(m) if start is None else add_months(start, m).isoformat()[:7])
    written = max(width(label, SMALL) for label in levels.labels) / INCH + 0.15
    left = max(written, (width("Month", SMALL, bold=True) + width(time.labels[0], SMALL) / 2) / INCH + 0.15)
    floor = slide.bottom + 0.3
    box = (left, floor, slide.width - left - _LABELS - LEADER, slide.top - 0.3 - floor)
    panel = slide.panel(box, time, levels)
    slide.text(0, panel.top + 0.15, f"Cash added up, {levels.unit}", SMALL, weight="bold")
    slide.text(0, floor - 0.235, "Month", SMALL, weight="bold")
    return panel


def _draw(subject: Subject, panel: Panel, found: _Cash) -> None:
    colour, scale = arm_colours(subject.results)[subject.arm], panel.slide.scale
    panel.ax.axhline(0.0, color=GREY, linewidth=1.2 * scale, zorder=1.5)
    for band in (found.most, found.half):
        panel.ax.fill_between(found.months, *band, color=colour, alpha=0.16, linewidth=0)
    panel.ax.plot(found.months, found.median, color=colour, linewidth=2.2 * scale)
    if not found.is_under:
        return
    depth, month = found.trough["mean"] or 0.0, found.trough["month"] or 0.0
    horizon = found.months[-1]
    panel.ax.plot((month, horizon), (depth, depth), color=LOSS, linewidth=0.8 * scale, linestyle=(0.0, (4.0, 3.0)))
    panel.ax.plot(month, depth, "o", color=LOSS, markersize=8 * scale, clip_on=False)
    median, first, last = (found.payback[key] for key in ("median", "p05", "p95"))
    if median is not None and first is not None:
        ends = (first, horizon if last is None else last)
        panel.ax.plot(ends, (0.0, 0.0), color=colour, linewidth=6 * scale, alpha=0.45, solid_capstyle="butt")
        panel.ax.plot(median, 0.0, "o", color=colour, markersize=8 * scale, clip_on=False)
