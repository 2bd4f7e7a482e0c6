"""NPV: what every arm is worth, and by how much it beats the baseline, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retainsim.charts.colours import arm_colours
from retainsim.charts.npv import finding_of, notes_of, ranked_arms
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, money_axis
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return the NPV of every arm and its paired difference from the baseline, with intervals."""
    subject = Subject(results, arm)
    arms = ranked_arms(subject)
    own = {name: results.report["arms"][name]["npv"] for name in arms}
    gains = {name: results.report["arms"][name]["versus_baseline"]["npv"] for name in arms if name != BASELINE}
    parts = [_bars(subject, own, "NPV", gains=False)]
    if gains:
        parts.append(_bars(subject, gains, "Difference from the baseline", gains=True))
    shown = f"Bars: mean of {subject.replications}; black lines and brackets: 95 % interval of the mean"
    about = f"NPV {subject.terms}. {shown}"
    return Native(finding_of(subject), about, tuple(notes_of(subject)), tuple(parts))


def _bars(subject: Subject, found: Mapping[str, Any], title: str, *, gains: bool) -> Part:
    colours = [arm_colours(subject.results)[name] for name in found]
    ends = [each[key] for each in found.values() for key in ("mean", "low", "high") if each[key] is not None]
    scale, unit, number = money_axis(ends, subject.money, most=4)
    return Part(
        kind="bars",
        title=f"{title}, {unit}",
        categories=tuple(subject.title(name) for name in found),
        said=tuple(_said(subject, each, gains=gains) for each in found.values()),
        series=(Series.of(title, list(found.values()), colours[-1], colours),),
        scale=scale,
        number=number,
    )


def _said(subject: Subject, found: Mapping[str, Any], *, gains: bool) -> str:
    mean = subject.signed(found["mean"], 3) if gains else subject.say(found["mean"], 3)
    return f"{mean} ({subject.ends(found['low'], found['high'])})"
