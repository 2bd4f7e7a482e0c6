"""Leaks: which reason for leaving, and which mechanism behind the reasons, is most worth closing, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.colours import AXIS
from retainsim.charts.leaks import about_of, finding_of, notes_of, rows_of
from retainsim.charts.lettering import sentence
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, money_axis
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results) -> Native:
    """Return what closing each leak of the baseline would be worth; only for a run with `leaks=True`."""
    subject = Subject(results, BASELINE)
    rows = rows_of(subject)
    scale, unit, number = money_axis([end for row in rows for end in row.ends], subject.money, most=5)
    mean, low, high = zip(*(row.ends for row in rows), strict=True)
    part = Part(
        kind="bars",
        title=f"NPV gained if it were closed, {unit}",
        categories=tuple(f"{sentence(row.name)}{' (mechanism)' * (row.kind == 'mechanism')}" for row in rows),
        said=tuple(f"{row.words[0]} (95 %: {row.words[1]})" for row in rows),
        series=(Series("NPV gained", mean, AXIS, low, high, tuple(row.colour for row in rows)),),
        scale=scale,
        number=number,
    )
    return Native(finding_of(subject), about_of(subject), tuple(notes_of(subject, rows)[1:]), (part,))
