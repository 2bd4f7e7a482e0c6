"""Pool: how many customers there are, and what fills and drains the pool, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.charts import scales
from retainsim.charts.colours import LOSS, arm_colours
from retainsim.charts.pool import extent_of, finding_of, flows_of, gap_of, levels_of, notes_of, path_of, target_of
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount
from retainsim.present.native import Native, Part, Series, Values, number_format
from retainsim.study.compare import BASELINE
from retainsim.units import add_months
from retainsim.wording import percent

if TYPE_CHECKING:
    from retainsim.results import Results

_LOWER = 0.42


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return the pool by month and arm, and the joins and leavings of the baseline and one arm."""
    subject = Subject(results, arm)
    paths = {name: path_of(results, name, "pool") for name in subject.arms}
    colours = arm_colours(results)
    pools = [
        _series(subject.title(name), path, colours[name], end=amount(float(path.mean[-1])))
        for name, path in paths.items()
    ]
    levels = levels_of(paths.values())
    cropped = "" if levels.has_zero else " (axis does not start at zero)"
    months = next(iter(paths.values())).months.tolist()
    above = _lines(subject, f"Customers in the pool, by month{cropped}", months, pools, levels, share=1 - _LOWER)
    about = f"Mean of {subject.replications}; black lines, where seen: 95 % interval of the mean{gap_of(subject)}"
    return Native(finding_of(subject), about, tuple(notes_of(subject)), (above, _flows(subject)))


def _flows(subject: Subject) -> Part:
    flows, target, colours = flows_of(subject), target_of(subject), arm_colours(subject.results)
    same = np.array_equal(flows[BASELINE, "joined"].mean, flows[subject.arm, "joined"].mean)
    shown = []
    for (arm, flow), path in flows.items():
        if arm != BASELINE and flow == "joined" and same:
            continue
        word = "joins" if flow == "joined" else "leavings"
        who = "" if subject.is_alone else "both arms" if flow == "joined" and same else subject.title(arm)
        shown.append(_series(who, path, colours[arm], end=word, is_dashed=flow == "joined", is_flow=True))
    if target is not None:
        share = percent(subject.results.scenario.parameters.churn.target_annual or 0.0)
        shown.append(_series(f"at the target of {share}", target, LOSS, end="leavings", is_dashed=True, is_flow=True))
    ends = [*extent_of(flows.values()), *(target.mean.tolist() if target else ())]
    months = [0.0, *flows[BASELINE, "joined"].months]
    return _lines(
        subject, "Customers who come and go, by month", months, shown, Scale.of(ends, most=4, zero=True), share=_LOWER
    )


def _lines(
    subject: Subject, title: str, months: Sequence[float], series: list[Series], scale: Scale, *, share: float
) -> Part:
    start = subject.results.scenario.parameters.run.start
    time = scales.months(subject.results.report["run"]["months"], str)
    gap = (time.ticks[1] - time.ticks[0]) / (months[1] - months[0]) if len(months) > 1 and len(time.ticks) > 1 else 1
    return Part(
        kind="lines",
        title=title,
        categories=tuple(str(int(m)) if start is None else add_months(start, int(m)).isoformat()[:7] for m in months),
        series=tuple(series),
        scale=scale,
        number=number_format(scale),
        every=max(1, round(gap)),
        share=share,
    )


def _series(name: str, path: Any, colour: str, **look: Any) -> Series:
    """Return a path as a series from month 0 on, with its interval at every twelfth month and at the last."""
    last, before = len(path.months) - 1, int(path.months[0])
    gap: Values = (None,) * (1 if before else 0)
    kept = [place == last or (month > 0 and month % 12 == 0) for place, month in enumerate(path.months)]

    def ends(values: Any) -> Values:
        return (*gap, *(float(value) if keep else None for value, keep in zip(values, kept, strict=True)))

    return Series(name, (*gap, *map(float, path.mean)), colour, ends(path.low), ends(path.high), **look)
