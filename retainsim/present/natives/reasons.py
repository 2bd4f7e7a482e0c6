"""Reasons: why customers leave, and which leaks an arm closes, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.colours import arm_colours
from retainsim.charts.lettering import BOUND, sentence
from retainsim.charts.reasons import about_of, finding_of, notes_of, rows_of
from retainsim.charts.scales import Scale
from retainsim.charts.subject import Subject, amount
from retainsim.present.native import Native, Part, Series, number_format
from retainsim.study.compare import BASELINE
from retainsim.wording import percent

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return leavings a year by reason, the baseline against one arm."""
    subject = Subject(results, arm)
    arms, colours = list(dict.fromkeys((BASELINE, subject.arm))), arm_colours(results)
    rows = rows_of(subject, arms)
    series = [
        Series.of(subject.title(name), [row.found[place] for row in rows], colours[name])
        for place, name in enumerate(arms)
    ]
    ends = [end for each in series for end in (*each.values, *each.high) if end is not None]
    scale = Scale.of(ends, most=6, zero=True)
    part = Part(
        kind="bars",
        title="Leavings per year",
        categories=tuple(sentence(row.name) for row in rows),
        said=tuple(_said(row.found, row.shares) for row in rows),
        series=tuple(series),
        scale=scale,
        number=number_format(scale),
    )
    return Native(finding_of(subject), about_of(subject), tuple(notes_of(subject)), (part,))


def _said(found: list[dict[str, float | None]], shares: list[float]) -> str:
    numbers = [
        f"{amount(each['mean'] or 0.0)} ({percent(share, 0)})" for each, share in zip(found, shares, strict=True)
    ]
    return " to ".join(numbers).replace(" ", BOUND)
