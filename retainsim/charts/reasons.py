"""Reasons: why customers leave, and which leaks an arm closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import arm_colours, ink
from retainsim.charts.lettering import BOUND, cut, height, sentence, width, wrap
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount, interval_of_counts
from retainsim.mechanisms.reasons import PRESET_NOTES
from retainsim.study.compare import BASELINE, Estimate
from retainsim.units import MONTHS_PER_YEAR
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST = 8
"""Reasons shown one by one; what remains is one row more."""
_NAMES = 2.4
_NUMBERS = 2.6
_TALLEST = 0.95
_INSIDE = 0.1


@dataclass(frozen=True)
class _Bar:
    """Leavings a year of one arm for one reason: mean, 95 % interval, share of all leavings of the arm."""

    mean: float
    low: float
    high: float
    share: float


def reasons(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw leavings a year by reason, the baseline against one arm."""
    subject = Subject(results, arm)
    arms = list(dict.fromkeys((BASELINE, subject.arm)))
    rows = _rows(subject, arms)
    with canvas.style():
        slide = Slide(results, _finding(subject, rows), _about(subject), notes=_notes(subject), ax=ax)
        panel = _panel(slide, rows, len(arms))
        for level, (reason, bars) in enumerate(reversed(rows.items())):
            _name(panel, level + 0.5, reason)
            for number, bar in enumerate(bars):
                _draw(panel, _level(level, number, len(arms)), 0.8 / len(arms), bar, arm_colours(results)[arms[number]])
        _write_arms(subject, panel, arms, rows)
    return panel.ax


def _rows(subject: Subject, arms: list[str]) -> dict[str, list[_Bar]]:
    """Return the bars of every reason, the largest leak of the baseline first, small ones in one row."""
    report = subject.results.report
    found = {arm: report["arms"][arm]["left_by_reason"] for arm in arms}
    ranked = sorted(found[BASELINE], key=lambda r: (-found[BASELINE][r]["mean"], -found[subject.arm][r]["mean"], r))
    return {reason: [_bar(subject, arm, found[arm][reason]) for arm in arms] for reason in ranked[:_MOST]}
