"""Survival: how long those who join stay, by segment, in an arm and in the baseline, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.subject import Subject
from retainsim.charts.survival import Curve, about_of, curves_of, finding_of, groups_of, notes_of
from retainsim.charts.tenure import SINCE, across_of, down_from_all, points
from retainsim.present.native import Native, Part, Series, Values, every_of, share_format

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return the shares still there by months since joining, with their intervals once a year and at the end."""
    subject = Subject(results, arm)
    groups = groups_of(subject)
    curves = curves_of(subject, groups)
    months = points(curves[0].end if curves else 0)
    series = tuple(_series(curve, months.tolist()) for curve in curves)
    lowest = min((end for each in series for end in each.low if end is not None), default=0.0)
    scale = down_from_all(lowest)
    part = Part(
        kind="lines",
        title=f"Share still there{'' if scale.has_zero else ' (axis does not start at zero)'}, by months since joining",
        categories=tuple(map(str, months.tolist())),
        series=series,
        scale=scale,
        number=share_format(scale),
        every=every_of(across_of(int(months[-1])), months.tolist()),
        across=SINCE,
    )
    about = about_of(subject).replace("bands: 95 %", "black lines, where seen: 95 %")
    return Native(finding_of(subject, groups), about, tuple(notes_of(subject, groups)), (part,))


def _series(curve: Curve, months: list[int]) -> Series:
    low, high = curve.found.band(points(curve.end))
    kept = [month == curve.end or (month > 0 and month % 12 == 0) for month in months]
    ends: tuple[Values, Values] = tuple(
        tuple(float(value) if keep else None for value, keep in zip(values, kept, strict=True))
        for values in (low, high)
    )  # type: ignore[assignment]
    path = tuple(curve.found.there[months].tolist())
    return Series(curve.more, path, curve.colour, *ends, end=curve.bold, is_dashed=curve.is_dashed)
