"""Incidence: the share of those who join who have left by a tenure, reason on reason, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.incidence import about_of, finding_of, look_of
from retainsim.charts.subject import Subject
from retainsim.charts.tenure import SINCE, across_of, ends_of_share, share, up_from_none, who_of
from retainsim.present.native import Native, Part, Series, every_of, share_format

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return the shares gone by months since joining, one series a reason, to be stacked."""
    subject = Subject(results, arm)
    look = look_of(subject)
    months = [int(month) for month in look.months]
    scale = up_from_none(1.0 - float(look.mine.there[look.end]))
    series = [
        Series(
            f"{layer.name} ({ends_of_share(layer.gone)})", tuple(layer.path.tolist()), layer.colour,
            end=share(layer.gone["mean"]),
        )
        for layer in look.layers
    ]  # fmt: skip
    cropped = "" if scale.high == 1.0 else " (axis does not reach 100 %)"
    part = Part(
        kind="areas",
        title=f"Share who have left{cropped}, by months since joining",
        categories=tuple(map(str, months)),
        series=tuple(series),
        scale=scale,
        number=share_format(scale),
        every=every_of(across_of(look.end), months),
        across=SINCE,
    )
    about = about_of(subject).partition("; dashed line")[0]
    return Native(finding_of(subject, look), about, (who_of(subject),), (part,))
