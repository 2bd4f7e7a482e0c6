"""Beside: shares by month, observed as lines with their bands and simulated as dots, one colour a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.charts import scales
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import PALETTE
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import width
from retainsim.charts.scales import Scale

if TYPE_CHECKING:
    import pandas as pd

MOST = len(PALETTE)
"""Groups that have a colour of their own; more are not drawn."""
_LABELS = 3.3
_DOTS = 16
"""Simulated values drawn of each group, at most."""


@dataclass(frozen=True)
class Curve:
    """One group: its name, and its rows, a row a month, with observed, its interval, and simulated."""

    name: str
    rows: pd.DataFrame

    @property
    def end(self) -> float:
        """Return the last value that is known, observed if it is."""
        seen = self.rows["observed"].dropna()
        return float(seen.iloc[-1] if len(seen) else self.rows["simulated"].iloc[-1])


def curves_of(table: pd.DataFrame, key: str, *, rising: bool = False) -> list[Curve]:
    """Return the groups of a table there are colours for: those at an end first, the highest or the lowest."""
    found = [Curve(str(name), rows.sort_values("month")) for name, rows in table.groupby(key, sort=False)]
    found.sort(key=lambda curve: -curve.end if rising else curve.end)
    return found[:MOST]


def draw(slide: Slide, curves: Sequence[Curve], what: str) -> Panel:
    """Draw the groups on a panel of their own, each named at its end."""
    panel = _panel(slide, curves, what)
    scale, labels = slide.scale, []
    for curve, colour in zip(curves, PALETTE, strict=False):
        rows, known = curve.rows, curve.rows["observed"].notna().to_numpy()
        month = rows["month"].to_numpy(dtype=np.float64)
        low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("observed_low", "observed_high"))
        panel.ax.fill_between(month[known], low[known], high[known], color=colour, alpha=0.2, linewidth=0, step="post")
        panel.ax.step(month[known], rows["observed"][known], where="post", color=colour, linewidth=1.8 * scale)
        every = max(1, -(-len(month) // _DOTS))
        look: dict[str, Any] = {
            "color": colour,
            "markersize": 6 * scale,
            "markerfacecolor": "white",
            "markeredgewidth": 1.6 * scale,
        }
        panel.ax.plot(month[::every], rows["simulated"][::every], "o", clip_on=False, zorder=4, **look)
        ours = float(rows["simulated"].iloc[-1])
        last = rows[known].iloc[-1] if known.any() else rows.iloc[-1]
        told = (
            f"{100 * last['observed']:.0f} %, {100 * last['simulated']:.0f} %" if known.any() else f"{100 * ours:.0f} %"
        )
        labels.append(Ending(ours, told, curve.name.replace("_", " "), colour))
    write(panel, labels, panel.height, NORMAL)
    return panel


def _panel(slide: Slide, curves: Sequence[Curve], what: str) -> Panel:
    months = max(1, max(int(curve.rows["month"].max()) for curve in curves))
    across = scales.months(months, str)
    tops = [float(np.nanmax(curve.rows[["observed_high", "simulated"]].to_numpy(dtype=np.float64))) for curve in curves]
    up = Scale.of([0.0, 100 * min(1.0, max(tops))], most=6)
    up = Scale(0.0, up.high / 100, tuple(t / 100 for t in up.ticks), up.labels)
    left = max(width(label, SMALL) for label in up.labels) / INCH + 0.15
    floor = slide.bottom + 0.55
    panel = slide.panel((left, floor, slide.width - left - _LABELS - LEADER, slide.top - 0.35 - floor), across, up)
    slide.text(0, panel.top + 0.15, what, SMALL, weight="bold")
    slide.text(left, floor - 0.5, "Months since joining", SMALL, weight="bold")
    return panel
