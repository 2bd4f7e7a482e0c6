"""Backcast: the observed months once more: customers, joins and leavings, observed beside simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas, scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GAIN, GREY, INK, LIGHT, LOSS
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import width
from retainsim.charts.scales import Scale
from retainsim.charts.subject import amount

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_TITLES = {"pool": "Customers", "purchases": "Purchases"}
_HEADS = {"pool": "Customers", "purchases": "Purchases a month"}
_LABELS = 2.9
_LOWER = 0.40
_COLOURS = {"pool": INK, "purchases": INK, "joined": GAIN, "left": LOSS}
_WORDS = {"pool": "customers", "purchases": "purchases", "joined": "join", "left": "leave"}


def backcast(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the pool above and the flows below, as observed, as played, and as foretold for the months held out."""
    table = answer.tables["months"]
    with canvas.style():
        slide = Slide(answer, _finding(answer), _about(answer), notes=_notes(table), ax=ax)
        upper, lower = _panels(slide, table)
        for panel, names in zip((upper, lower), _series_of(table), strict=True):
            labels = [_draw(panel, table[table["series"] == name], name) for name in names]
            write(panel, labels, panel.height, NORMAL)
    return upper.ax


def _series_of(table: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is drawn above and below: the pool, or purchases where nobody knows who is still there."""
    there = set(table["series"])
    above = "pool" if "pool" in there else "purchases"
    return (above,), tuple(name for name in ("joined", "left") if name in there)


def _finding(answer: Answer) -> str:
    if "pool" not in set(answer.tables["months"]["series"]):
        return _finding_of_buyers(answer)
    checks = {check["name"]: check for check in answer.report["checks"]}
    whole = checks["customers at the end"]
    said = f"{amount(whole['observed'])} customers at the end, {amount(whole['simulated'])} simulated"
    held = checks.get("customers at the end, held out")
    if held:
        off = held["simulated"] / max(held["observed"], 1.0) - 1
        said += f"; foretold without the last months {amount(held['simulated'])} ({off:+.1%})".replace(
            "%", " %"
        ).replace("-", "−")
    return said


def _finding_of_buyers(answer: Answer) -> str:
    checks = {check["name"]: check for check in answer.report["checks"]}
    whole, held = checks["purchases"], checks.get("purchases, held out")
    said = f"{amount(whole['observed'])} purchases, {amount(whole['simulated'])} simulated"
    return said + (
        f"; of the last months foretold {amount(held['simulated'])} of {amount(held['observed'])}" if held else ""
    )


def _about(answer: Answer) -> str:
    above, below = _series_of(answer.tables["months"])
    flows = "joins and leavings" if len(below) > 1 else "joins"
    return (
        f"{_TITLES[above[0]]}, and {flows} a month. Thick lines: observed; thin lines: simulated "
        f"with the joins that came, "
        f"mean of {answer.report['run']['replications']} replications; bands: 95 % of single futures"
    )


def _notes(table: pd.DataFrame) -> list[str]:
    if not table["held_out"].any():
        return []
    months = int(table[table["held_out"]]["month"].max())
    return [
        f"Shaded: the last {months} months foretold from what was known before them, joins too (dashed); its bands "
        f"hold "
        "the intervals of the estimates as well."
    ]


def _panels(slide: Slide, table: pd.DataFrame) -> tuple[Panel, Panel]:
    above, below = _series_of(table)
    pool, flows = table[table["series"].isin(above)], table[table["series"].isin(below)]
    levels = Scale.of(pool[["observed", "low", "high"]].to_numpy().ravel(), most=5, zero=True)
    rates = Scale.of(flows[["observed", "low", "high"]].to_numpy().ravel(), most=4, zero=True)
    whole = table[~table["held_out"]]
    dates = _dates(whole[whole["series"] == above[0]].sort_values("month"))
    time = scales.months(len(dates) - 1, lambda month: dates[month][:7])
    left = max(width(label, SMALL) for label in (*levels.labels, *rates.labels)) / INCH + 0.15
    left = max(left, width(time.labels[0], SMALL) / INCH / 2)
    wide, room, floor = slide.width - left - _LABELS - LEADER, slide.top - slide.bottom - 1.1, slide.bottom + 0.3
    lower = slide.panel((left, floor, wide, _LOWER * room), time, rates)
    upper = slide.panel((left, floor + _LOWER * room + 0.5, wide, (1 - _LOWER) * room), time.bare, levels)
    slide.text(0, upper.top + 0.12, _HEADS[above[0]], SMALL, weight="bold")
    slide.text(
        0, lower.top + 0.12, "Joins and leavings a month" if len(below) > 1 else "Joins a month", SMALL, weight="bold"
    )
    held = table[table["held_out"]]
    if len(held):
        start = (len(dates) - 1) - int(held["month"].max())
        for panel in (upper, lower):
            panel.ax.axvspan(start, len(dates) - 1, color=LIGHT, linewidth=0, zorder=0)
    return upper, lower


def _dates(rows: pd.DataFrame) -> list[str]:
    """Return the date of every month from 0 on, whether the series starts there or at month 1."""
    found = rows["date"].tolist()
    return found if int(rows["month"].min()) == 0 else [found[0], *found]


def _draw(panel: Panel, rows: pd.DataFrame, name: str) -> Ending:
    """Draw one series: observed, played, foretold; return what stands at its end."""
    scale, colour = panel.slide.scale, _COLOURS[name]
    whole, held = rows[~rows["held_out"]], rows[rows["held_out"]]
    months = whole["month"].to_numpy(dtype=np.float64)
    panel.ax.fill_between(months, whole["low"], whole["high"], color=colour, alpha=0.16, linewidth=0)
    panel.ax.plot(months, whole["observed"], color=colour, linewidth=2.4 * scale)
    panel.ax.plot(months, whole["simulated"], color=colour, linewidth=1.0 * scale)
    if len(held):
        later = held["month"].to_numpy(dtype=np.float64) + months.max() - held["month"].max()
        panel.ax.fill_between(later, held["low"], held["high"], color=GREY, alpha=0.16, linewidth=0)
        panel.ax.plot(later, held["simulated"], color=colour, linewidth=1.6 * scale, linestyle=(0.0, (4.0, 2.0)))
    tail = whole.tail(12) if name != "pool" else whole.tail(1)
    seen, ours = float(tail["observed"].mean()), float(tail["simulated"].mean())
    more = (
        f"{_WORDS[name]} observed,\n{amount(ours)} simulated"
        if name == "pool"
        else f"{_WORDS[name]} a month lately, {amount(ours)} simulated"
    )
    return Ending(float(whole["observed"].iloc[-1]), amount(seen), more.replace("\n", " "), colour)
