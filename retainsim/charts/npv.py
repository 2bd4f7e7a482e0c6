"""NPV: what every arm is worth, and by how much it beats the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, INK, LIGHT, arm_colours, ink, sign_colour
from retainsim.charts.lettering import BOUND, balance, height, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.study.compare import BASELINE
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_TITLES = 2.9
_GAP = 0.4
_AIR = 0.08
_MOST_BEST = 3
_TALLEST = 1.6
"""Inches a row takes at most: few rows stay together at the top."""


def npv(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the NPV of every arm and, beside it, its paired difference from the baseline, with intervals."""
    subject = Subject(results, arm)
    arms = ranked_arms(subject)
    own = {name: results.report["arms"][name]["npv"] for name in arms}
    gains = {name: results.report["arms"][name]["versus_baseline"]["npv"] for name in arms if name != BASELINE}
    with canvas.style():
        slide = Slide(results, finding_of(subject), _about(subject), notes=notes_of(subject), ax=ax)
        tall = min(_TALLEST, (slide.top - slide.bottom - 0.8) / len(arms))
        left, right = _panels(subject, slide, tall * len(arms), own, gains)
        _write_titles(subject, left, arms, tall)
        for row, name in enumerate(reversed(arms)):
            colour = arm_colours(results)[name]
            _draw(left, row + 0.5, own[name], colour, (subject.say(own[name]["mean"], 3), ""))
            if right and name in gains:
                _draw(right, row + 0.5, gains[name], colour, _words(subject, gains[name]))
    return left.ax


def ranked_arms(subject: Subject) -> list[str]:
    """Return the baseline, then the arms by their mean NPV, the highest first."""
    arms = subject.results.report["arms"]
    others = [name for name in subject.arms if name != BASELINE]
    return [BASELINE, *sorted(others, key=lambda name: -arms[name]["npv"]["mean"])]


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject) -> str:
    """Say what the arm is worth against the baseline."""
    if subject.is_alone:
        found = subject.report["npv"]
        return (
            f"NPV is {'−' * (found['mean'] < 0)}{subject.mean(found)} ({subject.interval(found['low'], found['high'])})"
        )
    gain = subject.difference["npv"]
    mean, low, high = gain["mean"], gain["low"], gain["high"]
    if mean == 0 and low == 0:
        return f"{subject.name}: NPV stays {subject.say(subject.report['npv']['mean'])}"
    if low is not None and low <= 0 <= high:
        return f"{subject.name}: no clear difference in NPV ({subject.interval(low, high)})"
    more = "more" if mean > 0 else "less"
    low, high = (low, high) if mean > 0 or low is None else (-high, -low)
    return f"{subject.name}: {subject.mean(gain)} {more} NPV ({subject.interval(low, high)})"


def notes_of(subject: Subject) -> list[str]:
    """Say how often each arm has the highest NPV of all, and which arms are left out."""
    arms = subject.results.report["arms"]
    best = sorted((name for name in arms if arms[name].get("p_best")), key=lambda name: -arms[name]["p_best"])
    said = [f"“{subject.title(name)}” in {percent(arms[name]['p_best'], 0)}" for name in best[:_MOST_BEST]]
    others = f", {len(best) - len(said)} other arms in the rest" if len(best) > len(said) else ""
    return [
        *([f"Highest NPV of all: {', '.join(said)}{others} of the replications."] if said else []),
        *subject.left_out,
    ]


def _about(subject: Subject) -> str:
    return (
        f"NPV {subject.terms}. Dots: mean of {subject.replications}; thick lines: 95 % interval of the mean; "
        "thin lines: 5th to 95th percentile of the replications"
    )


def _words(subject: Subject, gain: dict[str, Any]) -> tuple[str, str]:
    """Return a difference and its interval, the currency once."""
    interval = subject.interval(gain["low"], gain["high"])
    return subject.signed(gain["mean"], 3), interval.replace(subject.money.sign + BOUND, "")


# -- drawing ----------------------------------------------------------------------------------------------------


def _panels(
    subject: Subject, slide: Slide, tall: float, own: dict[str, Any], gains: dict[str, Any]
) -> tuple[Panel, Panel | None]:
    """Place the NPVs beside the differences, rows of both on one level; no differences where there is one arm."""
    rows = Scale(0.0, float(len(own)), (), ())
    floor = slide.top - 0.35 - tall
    room = slide.width - _TITLES - _GAP * (2 if gains else 1)
    share = 0.42 if gains else 1.0
    values = Scale.of(_extent(own), most=4, money=subject.money)
    left = slide.panel((_TITLES + _GAP, floor, share * room, tall), values, rows, grid="")
    _head(left, f"NPV, {values.unit}")
    for row in range(1, len(own)):
        slide.line((0, slide.width), (left.y(row), left.y(row)), color=LIGHT, linewidth=0.8)
    if not gains:
        return left, None
    differences = Scale.of(_extent(gains), most=5, money=subject.money, zero=True)
    place = (left.right + _GAP, floor, (1 - share) * room, tall)
    right = slide.panel(place, differences, rows, grid="")
    _head(right, f"Difference from the baseline, {differences.unit}")
    right.ax.axvline(0.0, color=GREY, linewidth=1.2 * slide.scale, zorder=1.5)
    return left, right


def _head(panel: Panel, title: str) -> None:
    panel.ax.spines["left"].set_visible(False)
    panel.slide.text(panel.left, panel.top + 0.12, title, SMALL, weight="bold")


def _extent(found: dict[str, Any]) -> list[float]:
    keys = ("mean", "low", "high", "p05", "p95")
    return [estimate[key] for estimate in found.values() for key in keys if estimate[key] is not None]


def _write_titles(subject: Subject, panel: Panel, arms: list[str], tall: float) -> None:
    colours = arm_colours(subject.results)
    for size, lines in ((LARGE, 3), (NORMAL, 3), (SMALL, 2)):
        if height("\n" * (lines - 1), size) / INCH <= tall - 0.08:
            break
    for name in arms:
        bold = name == subject.arm
        title = balance(subject.title(name), size, _TITLES * INCH, lines, bold=bold)
        level = panel.y(len(arms) - arms.index(name) - 0.5)
        weight = "bold" if bold else "normal"
        panel.slide.text(0, level, title, size, va="center", weight=weight, color=ink(colours[name]))


def _draw(panel: Panel, row: float, found: dict[str, Any], colour: str, words: tuple[str, str]) -> None:
    """Draw a mean as a dot, below the middle of its row, with its two intervals and its words."""
    level, scale = row - 0.17, panel.slide.scale
    panel.ax.plot((found["p05"], found["p95"]), (level, level), color=colour, linewidth=1.4 * scale)
    if found["low"] is not None:
        ends = found["low"], found["high"]
        panel.ax.plot(ends, (level, level), color=colour, linewidth=6 * scale, alpha=0.45, solid_capstyle="butt")
    panel.ax.plot(found["mean"], level, "o", color=colour, markersize=8 * scale, clip_on=False)
    _write(panel, level, found["mean"], words)


def _write(panel: Panel, level: float, mean: float, words: tuple[str, str]) -> None:
    """Write a number and its interval above its dot, moved sideways where they would leave the panel."""
    number, interval = words
    first = width(number, NORMAL, bold=True) / INCH
    whole = first + (width(interval, SMALL) / INCH + 0.1 if interval else 0.0)
    start = _beside(panel, panel.x(mean) - whole / 2, whole, mean) if interval else panel.x(mean) - whole / 2
    start = max(min(start, panel.right - whole), panel.left)
    colour = ink(sign_colour(mean)) if interval else INK
    panel.slide.text(start, panel.y(level) + 0.13, number, NORMAL, weight="bold", color=colour)
    if interval:
        panel.slide.text(start + first + 0.1, panel.y(level) + 0.13, interval, SMALL, color=GREY)


def _beside(panel: Panel, start: float, wide: float, mean: float) -> float:
    """Return where words start so that the line of no difference does not cross them, on their own side if they fit."""
    zero = panel.x(0.0)
    if not start - _AIR < zero < start + wide + _AIR:
        return start
    before, after = zero - _AIR - wide, zero + _AIR
    fits_before, fits_after = before >= panel.left, after + wide <= panel.right
    if mean >= 0:
        return after if fits_after or not fits_before else before
    return before if fits_before or not fits_after else after
