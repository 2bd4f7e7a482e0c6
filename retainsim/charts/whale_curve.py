"""Whale curve: how much of the profit the best customers bring, before and after, and how much the worst take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, arm_colours
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import BOUND, width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject
from retainsim.draws import Floats
from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE
from retainsim.study.profitability import BEST, GRID, Curve
from retainsim.study.profitability import curve as curve_of
from retainsim.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_LABELS = 3.3
_SHARES = Scale(0.0, 1.0, tuple(np.linspace(0.0, 1.0, 6).tolist()), tuple(f"{s} %" for s in range(0, 101, 20)))


def whale_curve(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw profit added up over customers, the most profitable first; only for a run with `customers=True`."""
    if results.customers is None or "value" not in results.customers:
        raise UsageError("plot.whale_curve: this run kept no customers; run it with customers=True (--customers)")
    subject = Subject(results, arm)
    every = sorted(results.outcomes["replication"].unique())
    curves = {name: curve_of(results.customers, name, every) for name in dict.fromkeys((BASELINE, subject.arm))}
    ends = [np.quantile(curve.profit, rank, axis=0) for curve in curves.values() for rank in (0.05, 0.95)]
    levels = Scale.of(np.concatenate(ends), money=subject.money, zero=True)
    with canvas.style():
        slide = Slide(results, _finding(subject, curves), _about(subject), notes=_notes(subject, curves), ax=ax)
        panel = _panel(slide, levels)
        for name, curve in curves.items():
            _draw(subject, panel, name, curve)
        write(panel, [_label(subject, name, curve) for name, curve in curves.items()], panel.height + 0.4, NORMAL)
    return panel.ax


# -- words ------------------------------------------------------------------------------------------------------


def _finding(subject: Subject, curves: dict[str, Curve]) -> str:
    before = curves[BASELINE]
    if not before.profit.any():
        return f"Nobody is ever a customer in {subject.horizon}"
    if before.total.mean() <= 0.0:
        loss = subject.say(abs(float(before.total.mean())))
        return f"All customers together lose {loss} in {subject.horizon}"
    best = f"The best {percent(BEST, 0)} of customers bring {_part(before)} of the profit"
    if subject.is_alone or curves[subject.arm].total.mean() <= 0.0:
        return f"{best}{_losing(before)}"
    after = _part(curves[subject.arm])
    if after == _part(before):
        return f"{best}, with “{subject.name}” as without{_losing(before)}"
    return f"{best}; with “{subject.name}”, {after}"


def _part(curve: Curve) -> str:
    return percent(float(curve.best.mean() / curve.total.mean()), 0)


def _losing(curve: Curve) -> str:
    share = float(curve.losing.mean())
    return f"; {percent(share, 0)} cost more than they bring" if share >= 0.005 else ""


def _about(subject: Subject) -> str:
    return (
        f"Profit of all customers within {subject.horizon}, valued at month 0, {subject.results.report['run']['tax']}, "
        f"added up from the most profitable on: mean of {subject.replications}; bands: 5th to 95th percentile of them"
    )


def _notes(subject: Subject, curves: dict[str, Curve]) -> list[str]:
    told = [f"{subject.title(name)}: {percent(float(curve.losing.mean()))}" for name, curve in curves.items()]
    return [
        f"Share of customers who cost more than they bring: {', '.join(told)}.",
        "What is posted to no customer (fixed costs, channel spend, investments) is not in it.",
    ]


def _label(subject: Subject, name: str, curve: Curve) -> Ending:
    total = float(curve.total.mean())
    return Ending(total, subject.say(total, 3), subject.title(name), arm_colours(subject.results)[name])


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(slide: Slide, levels: Scale) -> Panel:
    left = max(width(label, SMALL) for label in levels.labels) / INCH + 0.15
    floor = slide.bottom + 0.55
    box = (left, floor, slide.width - left - _LABELS - LEADER, slide.top - 0.3 - floor)
    panel = slide.panel(box, _SHARES, levels)
    slide.text(0, panel.top + 0.15, f"Profit added up, {levels.unit}", SMALL, weight="bold")
    under = f"Share of customers, the most profitable first ({percent(BEST, 0)} marked)"
    slide.text(left, floor - 0.5, under.replace(" %", f"{BOUND}%"), SMALL, weight="bold")
    return panel


def _draw(subject: Subject, panel: Panel, name: str, curve: Curve) -> None:
    colour, scale = arm_colours(subject.results)[name], panel.slide.scale
    low, high = np.quantile(curve.profit, [0.05, 0.95], axis=0)
    mean: Floats = curve.profit.mean(axis=0)
    panel.ax.axhline(0.0, color=GREY, linewidth=1.2 * scale, zorder=1.5)
    panel.ax.fill_between(GRID, low, high, color=colour, alpha=0.16, linewidth=0)
    panel.ax.plot(GRID, mean, color=colour, linewidth=2.2 * scale)
    panel.ax.plot(BEST, float(curve.best.mean()), "o", color=colour, markersize=8 * scale)
