"""Cash: what an arm brings more than the baseline, added up over time, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.cash import about_of, finding_of, look_of, notes_of
from retainsim.charts.colours import arm_colours
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, Values, money_axis

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return the median gain over the baseline by month, with its 5th to 95th percentile once a year and at the end."""
    subject = Subject(results, arm)
    found = look_of(subject)
    scale, unit, number = money_axis(found.extent, subject.money, most=6)
    last = len(found.months) - 1
    kept = [place == last or (month > 0 and month % 12 == 0) for place, month in enumerate(found.months)]

    def ends(values: Values) -> Values:
        return tuple(value if keep else None for value, keep in zip(values, kept, strict=True))

    path, low, high = (tuple(map(float, values)) for values in (found.median, *found.most))
    colour, end = arm_colours(results)[subject.arm], subject.signed(found.end["median"] or 0.0)
    part = Part(
        kind="lines",
        title=f"Cash added up, {unit}, by month",
        categories=tuple(str(int(month)) for month in found.months),
        series=(Series(subject.title(subject.arm), path, colour, ends(low), ends(high), end=end),),
        scale=scale,
        number=number,
        every=max(1, round(12 * last / found.months[-1])),
    )
    about = about_of(subject).partition("; bands:")[0] + "; black lines, where seen: 5th to 95th percentile of them"
    return Native(finding_of(subject, found), about, tuple(notes_of(subject, found)), (part,))
