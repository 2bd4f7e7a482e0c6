"""Fitted cohorts: what share of those who joined together is still there, observed beside simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, SMALL, Panel, Slide
from retainsim.charts.colours import on
from retainsim.charts.lettering import width
from retainsim.charts.scales import Scale
from retainsim.draws import Floats

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_GAP = 0.5
_KINDS = ("observed", "simulated")


def fitted_cohorts(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw two maps of the share still there, a row a cohort and a column a tenure."""
    table = answer.tables["cohorts"]
    wide = {kind: table.pivot_table(index="joined", columns="month", values=kind) for kind in _KINDS}
    wide["simulated"] = wide["simulated"].where(wide["observed"].notna())
    gap = (wide["simulated"] - wide["observed"]).abs()
    span = int(table["width"].iloc[0])
    grouped = "each month" if span == 1 else f"{span} months together"
    about = (
        f"Share still there, %, by time of joining ({grouped}) and months since. "
        "Simulated cohorts differ by their mix of segments alone"
    )
    with canvas.style():
        slide = Slide(answer, _finding(gap), about, ax=ax)
        panels = [_panel(slide, wide[kind], place, kind.capitalize()) for place, kind in enumerate(_KINDS)]
        for panel, kind in zip(panels, _KINDS, strict=True):
            _fill(panel, wide[kind].to_numpy(dtype=np.float64))
    return panels[0].ax


def _finding(gap: pd.DataFrame) -> str:
    worst = float(np.nanmax(gap.to_numpy()))
    middle = float(np.nanmean(gap.to_numpy()))
    row, column = (int(i) for i in np.unravel_index(np.nanargmax(gap.to_numpy()), gap.shape))
    return (
        f"Cohorts are reproduced within {100 * middle:.1f} points on average; furthest off is that of "
        f"{gap.index[row]} after {int(gap.columns[column])} months, by {100 * worst:.1f}"
    )


def _panel(slide: Slide, wide: pd.DataFrame, place: int, title: str) -> Panel:
    rows, columns = wide.shape
    left = max(width(str(name), SMALL) for name in wide.index) / INCH + 0.15
    room = (slide.width - left - _GAP) / 2
    floor = slide.bottom + 0.55
    months = [str(int(month)) for month in wide.columns]
    names = [str(name) for name in wide.index[::-1]] if place == 0 else [""] * rows
    across = Scale(0.0, float(columns), tuple(np.arange(columns) + 0.5), tuple(months))
    up = Scale(0.0, float(rows), tuple(np.arange(rows) + 0.5), tuple(names))
    box = (left + place * (room + _GAP), floor, room, slide.top - 0.35 - floor)
    panel = slide.panel(box, across, up, grid="")
    slide.text(box[0], panel.top + 0.12, title, SMALL, weight="bold")
    if place == 0:
        slide.text(0, panel.top + 0.12, "Joined", SMALL, weight="bold")
    slide.text(box[0], floor - 0.5, "Months since joining", SMALL, weight="bold")
    return panel


def _fill(panel: Panel, shares: Floats) -> None:
    """Fill the cells, the oldest cohort on top, and write the share where there is room."""
    colours = matplotlib.colormaps["Blues"]
    rows, columns = shares.shape
    fits = panel.width / columns > (width("100", SMALL) / INCH + 0.05) and panel.height / rows > 0.22
    for row in range(rows):
        for column in range(columns):
            share = shares[row, column]
            if np.isnan(share):
                continue
            low = rows - row - 1
            colour = to_hex(colours(0.1 + 0.85 * share))
            panel.ax.fill_between((column, column + 1), low, low + 1, color=colour, linewidth=0)
            if fits:
                x, y = panel.x(column + 0.5), panel.y(low + 0.5)
                panel.slide.text(x, y, f"{100 * share:.0f}", SMALL, ha="center", va="center", color=on(colour))
