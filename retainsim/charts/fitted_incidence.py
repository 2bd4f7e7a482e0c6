"""Fitted incidence: what share of newcomers has left for each reason, observed beside simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts import canvas
from retainsim.charts.beside import curves_of, draw
from retainsim.charts.canvas import Slide
from retainsim.charts.lettering import BOUND

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer


def fitted_incidence(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the share of newcomers who have left by tenure, for every reason."""
    table = answer.tables["incidence"]
    curves = curves_of(table, "reason", rising=True)
    gap = 100 * float((table["simulated"] - table["observed"]).abs().max())
    first = curves[0]
    finding = (
        f"“{first.name.replace('_', ' ').capitalize()}” has taken {100 * first.end:.0f} % of newcomers by month{BOUND}"
        f"{int(first.rows['month'].max())}; simulated reasons stay within {gap:.1f} points"
    )
    about = (
        "Share of newcomers who have left, by reason. Lines: observed (Aalen and Johansen); bands: their 95 % "
        "intervals; "
        f"circles: simulated, mean of {answer.report['run']['replications']} replications"
    )
    notes = [
        "The scenario has one set of shares for all segments and tenures. At the end of each line: observed, simulated."
    ]
    with canvas.style():
        slide = Slide(answer, finding, about, notes=notes, ax=ax)
        return draw(slide, curves, "Has left, %").ax
