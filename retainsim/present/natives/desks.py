"""Desks: how long callers wait at the one service desk, and how busy its agents are, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.charts import scales
from retainsim.charts.colours import arm_colours
from retainsim.charts.desks import SHOWN, Desk, about_of, desks_of, finding_of, notes_of, scale_of, written
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, Values, number_format
from retainsim.units import add_months

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native | None:
    """Return waits and how busy agents are by month, in the baseline and one arm; None where desks are several."""
    subject = Subject(results, arm)
    found = desks_of(subject)
    if len(found) > 1:
        return None
    parts = tuple(_lines(subject, found[0], measure) for measure in SHOWN)
    about = about_of(subject).replace("; bands:", "; black lines, where seen:")
    return Native(finding_of(subject), about, tuple(notes_of(subject)), parts)


def _lines(subject: Subject, desk: Desk, measure: str) -> Part:
    start, up = subject.results.scenario.parameters.run.start, scale_of([desk], measure)
    months = [0, *map(int, next(iter(desk.paths[measure].values())).months)]
    time = scales.months(subject.results.report["run"]["months"], str)
    gap = time.ticks[1] / months[1] if len(time.ticks) > 1 else 1.0
    return Part(
        kind="lines",
        title=f"{SHOWN[measure]}, by month",
        categories=tuple(str(m) if start is None else add_months(start, m).isoformat()[:7] for m in months),
        series=tuple(_series(subject, desk, arm, measure) for arm in desk.paths[measure]),
        scale=up,
        number="0 %" if measure == "busy_share" else number_format(up),
        every=max(1, round(gap)),
    )


def _series(subject: Subject, desk: Desk, arm: str, measure: str) -> Series:
    """Return a line, with its interval at every twelfth month and at the last."""
    path, told = desk.paths[measure][arm], (desk.told[arm] or {}).get(measure, {})
    every = [True] * len(path.months)
    some = [month % 12 == 0 or month == path.months[-1] for month in path.months]

    def known(values: Any, kept: list[bool]) -> Values:
        return (None, *(float(v) if keep and np.isfinite(v) else None for v, keep in zip(values, kept, strict=True)))

    return Series(
        subject.title(arm),
        known(path.mean, every),
        arm_colours(subject.results)[arm],
        known(path.low, some),
        known(path.high, some),
        end="–" if told.get("mean") is None else written(told["mean"], measure),
    )
