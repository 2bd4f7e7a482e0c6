"""Concentration: how much of the firm hangs on its largest customers, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.colours import arm_colours
from retainsim.charts.concentration import SHARES, about_of, arms_of, finding_of, notes_of, of, said_of, scale_of
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, number_format

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return shares of the largest customers and revenue at risk, of the baseline and one arm; HHI in words."""
    subject = Subject(results, arm)
    about = about_of(subject).partition(". At the right")[0]
    found = [of(subject, name, "herfindahl") for name in arms_of(subject)]
    index = f"HHI: {' to '.join(said_of(each, 'herfindahl') for each in found)}; 1: one customer brings all."
    return Native(finding_of(subject), about, (index, *notes_of(subject)), (_bars(subject),))


def _bars(subject: Subject) -> Part:
    colours, scale = arm_colours(subject.results), scale_of(subject, SHARES)
    return Part(
        kind="bars",
        title="Share of revenue",
        categories=tuple(name for name, _ in SHARES.values()),
        said=tuple(
            " to ".join(said_of(of(subject, arm, measure), measure) for arm in arms_of(subject)) for measure in SHARES
        ),
        series=tuple(
            Series.of(subject.title(arm), [of(subject, arm, measure) for measure in SHARES], colours[arm])
            for arm in arms_of(subject)
        ),
        scale=scale,
        number=f"{number_format(scale, 0.01).split(';')[0]} %",
    )
