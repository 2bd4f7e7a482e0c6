"""Breakeven: the difference between two arms along one key, and the value at which it vanishes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GAIN, GREY, INK, LOSS, ink
from retainsim.charts.lettering import BOUND, clean, cut, sentence, width
from retainsim.charts.scales import Scale, minus
from retainsim.draws import Floats
from retainsim.study.compare import BASELINE
from retainsim.study.quantity import Quantity, name_of_measure, of_measure
from retainsim.wording import Money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_LONGEST = 60.0
"""Share of the title's line, in letters, that a name may take."""
_HEAD, _FOOT = 0.8, 0.62
"""Inches above the panel for its heading and the marks, and below it for ticks and the axis' name."""
_AIR = 0.12
_APART = 0.02
"""Share of the axis by which dots are apart."""


def breakeven(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the difference along the key with its 95 % band, the break-even value with its interval, and today's."""
    told = _Told(answer)
    with canvas.style():
        slide = Slide(answer, told.finding(), told.about(), notes=told.notes(), ax=ax)
        panel = _panel(told, slide)
        _draw(told, panel)
        _mark(told, panel)
    return panel.ax


class _Told:
    """What an answer says, in the words and units of its chart."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.report = answer, answer.report
        self.money = Money.of(answer.scenario.parameters)
        self.key = Quantity(self.report["unit"], self.money)
        self.measured = of_measure(self.report["measure"], self.money)
        self.table = answer.tables["curve"]

    @property
    def value(self) -> dict[str, float | None] | None:
        """Return the break-even value."""
        found: dict[str, float | None] | None = self.report["value"]
        return found

    def finding(self) -> str:
        """Return the title: the value and what it equals."""
        lever, what = cut(clean(self.report["lever"]), 12.0, 7 * _LONGEST), self._goal()
        if self.value is None:
            best = self.report["closest"]
            size = self.measured.bare(abs(best["difference"]["mean"]))
            how = "short of" if best["difference"]["mean"] < 0 else "above"
            at = self.key.say(best["value"])
            return self.bind(f"At best, {at}, {self._arm()} is {size} {how} {what}: no {lever} makes them equal")
        number = self.key.estimated(self.value) + self.key.rest
        return self.bind(f"{self._arm()} equals {what} at {lever} = {number} ({self._interval()})")

    def about(self) -> str:
        """Return what is shown."""
        count = f"{self.report['run']['replications']:,} replications on common luck"
        return f"Blue: ahead; vermilion: behind. Line: mean of {count}; band: 95 % interval of the mean"

    def notes(self) -> list[str]:
        """Return what lies elsewhere."""
        others = [self.key.say(value) for value in self.report["others"]]
        notes = [f"The difference seems to vanish near {' and '.join(others[:3])} too."] if others else []
        if self.report["plan"] is not None:
            notes.append(f"The arm's own value, {self.key.exact(self.report['plan'])}, has given way.")
        return [self.bind(note) for note in notes]

    @property
    def difference(self) -> str:
        """Return what the vertical axis is."""
        against = "the target" if self.report["match"] is None else _name(self.answer, self.report["match"])
        return f"{name_of_measure(self.report['measure'])} of {self._arm()} less that of {against}".replace(
            "less that of the target", "less the target"
        )

    def marks(self) -> list[tuple[float, str, str, str]]:
        """Return what is marked on the axis of values: where, in bold, after it, in which colour."""
        marks = [(self.report["today"], "Today" if not self._is_own else "In the file", "", GREY)]
        marks[0] = (*marks[0][:2], self.bind(self.key.exact(self.report["today"])), GREY)
        if self.value is not None and self.value["mean"] is not None:
            marks.append(
                (self.value["mean"], "Break-even", self.bind(self.key.estimated(self.value) + self.key.rest), INK)
            )
        low, high = float(self.table["value"].min()), float(self.table["value"].max())
        return [mark for mark in marks if low <= mark[0] <= high]

    def bind(self, text: str) -> str:
        """Return a text in which numbers stay with their signs."""
        sign = self.money.sign
        return text.replace(" %", f"{BOUND}%").replace(f"{sign} ", f"{sign}{BOUND}")

    @property
    def _is_own(self) -> bool:
        return str(self.report["lever"]).startswith(("arms.", "pieces."))

    def _interval(self) -> str:
        assert self.value is not None
        low, high = self.value["low"], self.value["high"]
        return "exact" if low == high else f"95 %: {self.key.interval(low, high)}"

    def _arm(self) -> str:
        return _name(self.answer, self.report["arm"])

    def _goal(self) -> str:
        if self.report["match"] is None:
            return f"{name_of_measure(self.report['measure'])} of {self.measured.exact(self.report['target'])}"
        what = "" if self.report["measure"] == "npv" else f" in {name_of_measure(self.report['measure'])}"
        return _name(self.answer, self.report["match"]) + what


def _name(answer: Answer, arm: str) -> str:
    """Return what an arm is called, short enough for a title."""
    return "the baseline" if arm == BASELINE else f"“{cut(clean(answer.scenario.arms[arm].title or arm), 12.0, 300.0)}”"


def _panel(told: _Told, slide: Slide) -> Panel:
    """Place the panel, its scales wide enough for the band and for zero, with the names of both axes."""
    money = told.money if told.measured.is_money else None
    up = Scale.of([*told.table["low"], *told.table["high"]], most=6, money=money, zero=True)
    up = _written(up, told.measured)
    across = Scale.of(told.table["value"], most=6, money=told.money if told.key.is_money else None)
    across = _written(across, told.key)
    left = max(width(label, SMALL) for label in up.labels) / INCH + 0.15
    right = width(across.labels[-1], SMALL) / INCH / 2 if across.labels else 0.0
    floor = slide.bottom + _FOOT
    panel = slide.panel((left, floor, slide.width - left - right, slide.top - _HEAD - floor), across, up)
    slide.text(
        0,
        slide.top - 0.22,
        cut(sentence(f"{told.difference}, {up.unit}"), SMALL, slide.width * INCH, bold=True),
        SMALL,
        weight="bold",
    )
    lever = f"{clean(told.report['lever'])}, {across.unit}".rstrip(", ")
    slide.text(left, slide.bottom + 0.08, cut(lever, SMALL, panel.width * INCH, bold=True), SMALL, weight="bold")
    return panel


def _written(scale: Scale, quantity: Quantity) -> Scale:
    """Return a scale with the unit of a quantity, shares in per cent."""
    if not quantity.unit.startswith("share"):
        return replace(scale, unit=f"{scale.unit}{quantity.rest}".strip())
    labels = tuple(minus(f"{100 * tick:,.6g}") for tick in scale.ticks)
    return replace(scale, labels=labels, unit=f"%{quantity.rest}")


def _draw(told: _Told, panel: Panel) -> None:
    """Draw the difference and its band, blue where the arm is ahead and vermilion where it is behind."""
    scale, table = (
        panel.slide.scale,
        told.table.fillna({"low": told.table["difference"], "high": told.table["difference"]}),
    )
    values, means = table["value"].to_numpy(), table["difference"].to_numpy()
    panel.ax.axhline(0.0, color=INK, linewidth=1.2 * scale, zorder=1.5)
    panel.ax.fill_between(values, table["low"], table["high"], color=GREY, alpha=0.25, linewidth=0)
    panel.ax.plot(values, means, color=GREY, linewidth=2.0 * scale)
    shown = _apart(values)
    for colour, mine in ((GAIN, shown & (means > 0)), (LOSS, shown & (means <= 0))):
        panel.ax.plot(values[mine], means[mine], "o", color=colour, markersize=6 * scale, clip_on=False)


def _apart(values: Floats) -> np.ndarray:
    """Return which points are drawn as dots: none so near to the one before that they would overlap."""
    shown, last, least = np.zeros(len(values), dtype=bool), -np.inf, _APART * float(np.ptp(values))
    for place, value in enumerate(values.tolist()):
        if value - last >= least:
            shown[place], last = True, value
    return shown


def _mark(told: _Told, panel: Panel) -> None:
    """Mark today's value and the break-even value, with its interval, and write both above the panel."""
    scale, marks = panel.slide.scale, told.marks()
    for value, _, _, colour in marks:
        panel.ax.axvline(value, color=colour, linewidth=1.4 * scale, linestyle="-" if colour == INK else ":")
    found = told.value
    if found is not None and found["low"] is not None and found["high"] is not None:
        panel.ax.axvspan(found["low"], found["high"], color=INK, alpha=0.12, linewidth=0)
    sizes = [(width(bold, NORMAL, bold=True) + width(f" {more}", NORMAL)) / INCH for _, bold, more, _ in marks]
    for (_, bold, more, colour), start in zip(marks, _starts(panel, [mark[0] for mark in marks], sizes), strict=True):
        level = panel.top + _AIR
        panel.slide.text(start, level, bold, NORMAL, weight="bold", color=ink(colour))
        panel.slide.text(start + width(f"{bold} ", NORMAL, bold=True) / INCH, level, more, NORMAL, color=ink(colour))


def _starts(panel: Panel, values: list[float], sizes: list[float]) -> list[float]:
    """Return where the words of each mark begin: above it, moved sideways so that none leaves or overlaps."""
    wanted = [panel.x(v) - s / 2 for v, s in zip(values, sizes, strict=True)]
    starts = [min(max(w, 0.0), panel.slide.width - s) for w, s in zip(wanted, sizes, strict=True)]
    if len(starts) == 2:
        first, last = sorted(range(2), key=lambda i: values[i])
        overlap = starts[first] + sizes[first] + 3 * _AIR - starts[last]
        if overlap > 0:
            starts[first] = max(starts[first] - overlap / 2, 0.0)
            starts[last] = min(
                max(starts[last], starts[first] + sizes[first] + 3 * _AIR), panel.slide.width - sizes[last]
            )
            starts[first] = min(starts[first], starts[last] - sizes[first] - 3 * _AIR)
    return starts
