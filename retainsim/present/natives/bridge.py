"""Bridge: from the baseline's NPV to an arm's, line by line, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.bridge import about_of, finding_of, notes_of, scale_of, steps_of
from retainsim.charts.colours import GREY, arm_colours, sign_colour
from retainsim.charts.lettering import sentence
from retainsim.charts.subject import Subject
from retainsim.present.native import Native, Part, Series, Values, money_format
from retainsim.study.compare import BASELINE

if TYPE_CHECKING:
    from retainsim.results import Results


def native(results: Results, *, arm: str | None = None) -> Native:
    """Return what lies between the baseline's NPV and an arm's; for the baseline, between nothing and its NPV."""
    subject = Subject(results, arm)
    start = 0.0 if subject.is_alone else float(results.report["arms"][BASELINE]["npv"]["mean"])
    end = float(subject.report["npv"]["mean"])
    steps = steps_of(subject, start)
    up = scale_of(subject, start, steps)
    unit, number = money_format(up, subject.money)
    head = [] if subject.is_alone else [(subject.title(BASELINE), start, arm_colours(results)[BASELINE])]
    tail = [(subject.title(subject.arm), end, arm_colours(results)[subject.arm])]
    moved = [(sentence(step.name.replace("_", " ")), step.end - step.start) for step in steps]
    bars = [*head, *((name, change, sign_colour(change)) for name, change in moved), *tail]
    told = [subject.say(amount, 3) for _, amount, _ in head], [subject.signed(change) for _, change in moved]
    none: Values = (None,)
    low, high = ((*none * len(head), *(step.found[key] for step in steps), *none) for key in ("low", "high"))
    values = tuple(amount for _, amount, _ in bars)
    series = Series("Value at month 0", values, GREY, low, high, tuple(colour for _, _, colour in bars))
    part = Part(
        kind="steps",
        title=f"Value at month 0, {unit}{'' if up.has_zero else ' (axis does not start at zero)'}",
        categories=tuple(name for name, _, _ in bars),
        said=(*told[0], *told[1], subject.say(end, 3)),
        series=(series,),
        scale=up,
        number=number,
        starts=(*none * len(head), *(step.start for step in steps), *none),
    )
    return Native(finding_of(subject, steps), about_of(subject), tuple(notes_of(up)), (part,))
