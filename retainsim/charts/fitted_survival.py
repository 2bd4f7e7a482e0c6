"""Fitted survival: how long customers stay, observed beside simulated, segment by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts import canvas
from retainsim.charts.beside import curves_of, draw
from retainsim.charts.canvas import Slide

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer


def fitted_survival(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the share of newcomers still there by tenure, of every segment."""
    table = answer.tables["survival"]
    curves = curves_of(table, "segment")
    notes = ["At the end of each line: observed, simulated where observation ends."]
    if len(curves) < table["segment"].nunique():
        notes.append(f"{len(curves)} of {table['segment'].nunique()} segments: those that lose most.")
    about = (
        "Share of newcomers still there. Lines: observed (Kaplan and Meier); bands: their 95 % intervals; circles: "
        f"simulated, mean of {answer.report['run']['replications']} replications"
    )
    with canvas.style():
        slide = Slide(answer, _finding(answer), about, notes=[" ".join(notes)], ax=ax)
        return draw(slide, curves, "Still there, %").ax


def _finding(answer: Answer) -> str:
    checks = [check for check in answer.report["checks"] if check["name"].startswith("still there")]
    if not checks:
        rows = answer.tables["survival"]
        return f"Simulated survival at month {int(rows['month'].max())}, where observation ends too early to compare"
    worst = max(checks, key=lambda check: abs(check["simulated"] - check["observed"]))
    gap = 100 * abs(worst["simulated"] - worst["observed"])
    wrong = sum(not check["agrees"] for check in checks)
    head = f"Simulated survival stays within {gap:.1f} points of what was observed"
    if wrong:
        missed = f"Simulated survival misses what was observed in {wrong} of {len(checks)} comparisons"
        return f"{missed}, by up to {gap:.1f} points"
    return f"{head}, in all {len(checks)} comparisons"
