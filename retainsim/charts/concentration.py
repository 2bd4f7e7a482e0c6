"""Concentration: how much of the firm hangs on its largest customers, the baseline beside one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, INK, LIGHT, arm_colours, ink
from retainsim.charts.lettering import BOUND, cut, height, width
from retainsim.charts.scales import Scale, minus
from retainsim.charts.subject import Subject, amount
from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE
from retainsim.wording import percent
from retainsim.workings.concentration import LANDSLIDE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

SHARES = {
    "largest_share": ("Largest customer", "share of revenue, mean of the quarters' ends"),
    "ten_largest_share": ("Ten largest customers", "share of revenue, likewise"),
    "key_accounts_share": ("Key accounts", "share of revenue, likewise"),
    "revenue_at_risk": (
        "Revenue at risk",
        "how far it is below what a quarter brings on average, in the worst 5 % of quarters",
    ),
}
"""What is drawn on one axis of shares: its name, and what it is."""
INDEX = {"herfindahl": ("HHI", "sum of all customers' squared shares of revenue; 1: one customer brings all")}
"""What has an axis of its own."""
_TITLES, _GAP = 2.6, 0.15
_FILLED = 0.72
"""Share of its line that a bar fills."""
_BETWEEN, _TICKS, _TALLEST = 0.5, 0.3, 0.42
"""Inches between the two axes, for the ticks of the first, below the second, and of a line at most."""
_NOTHING = 1e-9
"""What is below this is what rounding left of zero."""
_AIR = 0.3
"""Lines left free between measures."""


@dataclass(frozen=True)
class _Line:
    """One line: a measure's name with its meaning, or a bar of an arm; `level` is its middle in lines, from below."""

    measure: str
    arm: str
    level: float


def concentration(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the shares of the largest customers, revenue at risk and HHI; only for a run with key accounts."""
    if results.concentration is None:
        text = "plot.concentration: this run has neither key accounts nor named clients"
        raise UsageError(f"{text}; give its scenario a [mechanisms.key_accounts] or [[accounts]]")
    subject = Subject(results, arm)
    with canvas.style():
        slide = Slide(results, finding_of(subject), about_of(subject), notes=notes_of(subject), ax=ax)
        group = len(arms_of(subject)) + 1 + _AIR
        each = min(_TALLEST, (slide.top - slide.bottom - _TICKS - _BETWEEN) / ((len(SHARES) + len(INDEX)) * group))
        floor = slide.top - each * group * len(SHARES)
        first = _panel(subject, slide, SHARES, floor, each)
        _panel(subject, slide, INDEX, floor - _BETWEEN - each * group * len(INDEX), each)
    return first.ax


def arms_of(subject: Subject) -> list[str]:
    """Return the baseline and the arm that is shown beside it."""
    return list(dict.fromkeys((BASELINE, subject.arm)))


def of(subject: Subject, arm: str, measure: str) -> dict[str, float | None]:
    """Return what the report says of a measure of an arm."""
    found: dict[str, float | None] = subject.results.report["arms"][arm]["concentration"][measure]
    return found


def scale_of(subject: Subject, measures: dict[str, tuple[str, str]], most: int = 6) -> Scale:
    """Return the axis of some measures: of shares in per cent."""
    found = [of(subject, arm, measure) for arm in arms_of(subject) for measure in measures]
    ends = [max(end, 0.0) for each in found for key in ("mean", "low", "high") if (end := each[key]) is not None]
    size = 1.0 if measures is INDEX else 100.0
    scale = Scale.of([size * end for end in ends], most=most, zero=True)
    sign = "" if measures is INDEX else f"{BOUND}%"
    ticks, labels = tuple(tick / size for tick in scale.ticks), tuple(f"{label}{sign}" for label in scale.labels)
    return Scale(scale.low / size, scale.high / size, ticks, labels)


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject) -> str:
    """Say what the ten largest customers bring, and how far revenue falls short in the worst quarters."""
    now, risk = of(subject, subject.arm, "ten_largest_share"), of(subject, subject.arm, "revenue_at_risk")
    share = said_of(now, "ten_largest_share", word=True)
    if subject.is_alone:
        short = f"; in the worst 5 % of quarters, revenue is {_share(risk['mean'])} short" if risk["mean"] else ""
        return f"The ten largest customers bring {share} of revenue{short}"
    gap, was = subject.difference["concentration"]["ten_largest_share"], of(subject, BASELINE, "ten_largest_share")
    clear = f" instead of {_share(was['mean'] or 0.0)}"
    if gap["low"] is None or gap["low"] <= 0 <= gap["high"]:
        clear = (
            ", not clearly more or less than in the baseline" if abs(gap["mean"]) > _NOTHING else ", as in the baseline"
        )
    return f"{subject.name}: the ten largest customers bring {share} of revenue{clear}"


def about_of(subject: Subject) -> str:
    """Say what the bars are."""
    gap = "" if subject.is_alone else ". At the right: paired difference from the baseline"
    return f"Bars: mean of {subject.replications}; black lines and brackets: 95 % interval of the mean{gap}"


def notes_of(subject: Subject) -> list[str]:
    """Say how often much leaves at once."""
    settings = subject.results.scenario.parameters.mechanisms.key_accounts
    limit = LANDSLIDE if settings is None else settings.landslide
    often = [(arm, of(subject, arm, "landslides")["mean"] or 0.0) for arm in arms_of(subject)]
    said = ", ".join(f"{amount(number)} in {_owner(subject, arm)}" for arm, number in often)
    what = f"quarters in which more than {percent(limit, 0)} of revenue leaves with key accounts, per run"
    return [f"Landslides, {what}: {said}."]


def _owner(subject: Subject, arm: str) -> str:
    return "the baseline" if arm == BASELINE else f"“{cut(subject.title(arm), SMALL, 240.0)}”"


def said_of(found: dict[str, float | None], measure: str, *, word: bool = False) -> str:
    """Write an estimate with its interval: 20.5 % (17.8 to 23.3)."""
    mean, low, high = (found[key] for key in ("mean", "low", "high"))
    if mean is None:
        return "–"
    number = _number(mean, measure)
    if low is None or high is None or low == high:
        return number
    ends = f"{_number(max(low, 0.0), measure)} to {_number(min(high, 1.0), measure)}".replace(f"{BOUND}%", "")
    return f"{number} ({f'95{BOUND}%:{BOUND}' * word}{ends})"


def gap_of(found: dict[str, float | None], measure: str) -> str:
    """Write a difference with its interval, of shares in points: −4.5 points (−6.0 to −3.0)."""
    mean, low, high = (found[key] for key in ("mean", "low", "high"))
    if mean is None:
        return "–"
    ends = [end for end in (mean, low, high) if end is not None]
    if max(map(abs, ends)) < _NOTHING:
        return "the same"
    digits = 1 if max(map(abs, ends)) >= 0.01 else 2
    signed = [_signed(end, _index(end) if measure in INDEX else f"{100 * end:.{digits}f}") for end in ends]
    between = f" ({signed[1]} to {signed[2]})" if len(signed) == 3 and low != high else ""
    return f"{signed[0]}{'' if measure in INDEX else f'{BOUND}points'}{between}"


def _signed(value: float, written: str) -> str:
    """Return a number as it is written with its sign, of which nothing has none."""
    return written.lstrip("-") if not written.strip("-0.") else f"{'+' * (value > 0)}{minus(written)}"


def _number(value: float, measure: str) -> str:
    return _index(value) if measure in INDEX else _share(value)


def _share(value: float) -> str:
    return percent(value, 1 if value >= 0.01 or not value else 2).replace(" ", BOUND)


def _index(value: float) -> str:
    return f"{value:.{4 if abs(value) >= 0.001 or abs(value) < _NOTHING else 6}f}"


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(subject: Subject, slide: Slide, measures: dict[str, tuple[str, str]], floor: float, each: float) -> Panel:
    """Place measures on one axis, each with a head of one line and a bar for each arm, and draw them."""
    arms, gaps = arms_of(subject), {} if subject.is_alone else subject.difference["concentration"]
    titles = {arm: "" if subject.is_alone else cut(subject.title(arm), SMALL, _TITLES * INCH) for arm in arms}
    numbers, differences = (_widest(subject, arms), _widest_gap(gaps))
    left = 0.0 if subject.is_alone else max(width(title, SMALL) for title in titles.values()) / INCH + _GAP
    lines = _lines(measures, arms)
    top = lines[0].level + 0.5
    box = (left, floor, slide.width - left - numbers - differences - 2 * _GAP, each * top)
    panel = slide.panel(box, scale_of(subject, measures), Scale(0.0, top, (), ()), grid="")
    panel.ax.spines["left"].set_visible(False)
    for line in lines:
        if line.arm:
            _draw(subject, panel, line, titles[line.arm])
        else:
            _head(panel, line, measures[line.measure])
        if line.arm not in ("", BASELINE):
            gap, size = gap_of(gaps[line.measure], line.measure), _size(panel)
            slide.text(slide.width, panel.y(line.level), gap, size, ha="right", va="center")
    return panel


def _lines(measures: dict[str, tuple[str, str]], arms: list[str]) -> list[_Line]:
    group, top = len(arms) + 1, len(measures) * (len(arms) + 1 + _AIR)
    places = [(measure, arm) for measure in measures for arm in ("", *arms)]
    levels = [top - place - _AIR * (place // group) - 0.5 for place in range(len(places))]
    return [_Line(measure, arm, level) for (measure, arm), level in zip(places, levels, strict=True)]


def _widest(subject: Subject, arms: list[str]) -> float:
    """Return the room that the longest number takes (inches)."""
    texts = [said_of(of(subject, arm, measure), measure) for arm in arms for measure in (*SHARES, *INDEX)]
    return max(width(text, NORMAL, bold=True) for text in texts) / INCH + 0.15


def _widest_gap(gaps: dict[str, Any]) -> float:
    """Return the room that the longest difference takes (inches)."""
    texts = [gap_of(gaps[measure], measure) for measure in (*SHARES, *INDEX) if gaps]
    return max((width(text, NORMAL) for text in texts), default=0.0) / INCH


def _head(panel: Panel, line: _Line, said: tuple[str, str]) -> None:
    """Write what the bars below it are."""
    slide, level = panel.slide, panel.y(line.level) - 0.02
    slide.line((0, slide.width), (panel.y(line.level + 0.5),) * 2, color=LIGHT, linewidth=0.8)
    slide.text(0, level, said[0], SMALL, va="center", weight="bold")
    start = width(said[0], SMALL, bold=True) / INCH + _GAP
    slide.text(start, level, cut(said[1], SMALL, (slide.width - start) * INCH), SMALL, va="center", color=GREY)


def _size(panel: Panel) -> float:
    """Return the size of what is written at bars, so that lines keep clear of one another."""
    return NORMAL if panel.height / panel.up.high * INCH >= height("", NORMAL) else SMALL


def _draw(subject: Subject, panel: Panel, line: _Line, title: str) -> None:
    """Draw the bar of an arm with its interval, its title before it and its number behind it."""
    found, colour = of(subject, line.arm, line.measure), arm_colours(subject.results)[line.arm]
    mean = found["mean"] or 0.0
    low, high = (mean if found[key] is None else min(max(found[key] or 0.0, 0.0), 1.0) for key in ("low", "high"))
    panel.ax.barh(line.level, mean, _FILLED, color=colour)
    for shade, thick in (("white", 3.2), (INK, 1.2)):  # a rim, so that it is seen on a dark bar
        panel.ax.plot((low, high), (line.level, line.level), color=shade, linewidth=thick * panel.slide.scale)
    look: dict[str, Any] = {"va": "center", "color": ink(colour)}
    panel.slide.text(0, panel.y(line.level), title, SMALL, **look)
    place = panel.x(max(high, mean)) + 0.1, panel.y(line.level)
    panel.slide.text(*place, said_of(found, line.measure), _size(panel), **look)
