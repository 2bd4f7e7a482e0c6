"""Survival: how long those who join stay, segment by segment, and how much longer in an arm than in the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas, tenure
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import arm_colours, ink, segment_colours
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import cut, width
from retainsim.charts.subject import Subject
from retainsim.study.compare import BASELINE, Estimate
from retainsim.study.incidence import Incidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST = 6
"""Curves at most: of so many segments alone, or of half as many in two arms."""
_LABELS = 3.6
_ROW = 0.22
"""Inches of a row of customers at risk."""


@dataclass(frozen=True)
class Group:
    """The customers of one segment, or of all, in the arm and in the baseline (None where that is the arm)."""

    name: str
    mine: Incidence
    theirs: Incidence | None
    end: int

    @property
    def stay(self) -> Estimate:
        """Return the share still there at the end."""
        return self.mine.estimate(self.end)

    @property
    def gain(self) -> Estimate:
        """Return how much more of them are still there at the end than in the baseline."""
        return self.mine.estimate(self.end, other=self.theirs)


@dataclass(frozen=True)
class Curve:
    """One curve: whose, in which colour, whether dashed, and what stands at its end."""

    found: Incidence
    end: int
    colour: str
    is_dashed: bool
    name: str
    bold: str
    more: str


def survival(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share of those who join still there by months since joining, with the customers at risk below it."""
    subject = Subject(results, arm)
    groups = groups_of(subject)
    curves = curves_of(subject, groups)
    with canvas.style():
        slide = Slide(results, finding_of(subject, groups), about_of(subject), notes=notes_of(subject, groups), ax=ax)
        panel = _panel(slide, curves)
        for curve in curves:
            _draw(panel, curve)
        if curves:
            ends = [Ending(float(c.found.there[c.end]), c.bold, c.more, c.colour) for c in curves]
            write(panel, ends, panel.height + 0.4, NORMAL)
            _count(panel, curves, subject)
    return panel.ax


def groups_of(subject: Subject) -> list[Group]:
    """Return the segments that most join and are watched for long, or all customers where there is but one.

    All are watched for as long as the one that is watched least.
    """
    segments = tenure.joined_most(subject, _MOST if subject.is_alone else _MOST // 2)
    every = [(segment, [segment]) for segment in segments] if len(segments) > 1 else [("", segments)]
    groups = []
    for name, within in every:
        mine = tenure.lives_of(subject, subject.arm, within)
        theirs = None if subject.is_alone else tenure.lives_of(subject, BASELINE, within)
        end = min(tenure.end_of(each) for each in (mine, theirs) if each is not None)
        groups.append(Group(name.replace("_", " "), mine, theirs, end))
    longest = max(group.end for group in groups)
    kept = [group for group in groups if 2 * group.end >= longest > 0]
    return [replace(group, end=min(each.end for each in kept)) for group in kept]


def curves_of(subject: Subject, groups: list[Group]) -> list[Curve]:
    """Return the curves of every group, that of the arm before that of the baseline."""
    arms, shades = arm_colours(subject.results), segment_colours(subject.results)
    found = []
    for group in groups:
        is_one = not group.name
        colour = arms[subject.arm] if is_one else shades[group.name.replace(" ", "_")]
        found.append(_curve(subject, group, colour))
        if group.theirs is not None:
            there = group.theirs.estimate(group.end)
            name = subject.title(BASELINE) if is_one else f"{group.name}, {subject.title(BASELINE)}"
            look = (arms[BASELINE], False) if is_one else (colour, True)
            found.append(Curve(group.theirs, group.end, *look, name, tenure.share(there["mean"]), name))
    return found


def _curve(subject: Subject, group: Group, colour: str) -> Curve:
    """Return the curve of a group in the arm; at its end, how it differs from the baseline's, with the interval."""
    title = subject.title(subject.arm)
    ends = tenure.ends_of_share(group.stay) if group.theirs is None else tenure.ends_of_difference(group.gain)
    if group.theirs is None:
        name = group.name or title
        return Curve(group.mine, group.end, colour, False, name, tenure.share(group.stay["mean"]), f"{name} ({ends})")
    is_same = all(tenure.is_nothing(group.gain[key]) for key in ("mean", "low", "high"))
    gain = "as before" if is_same else f"{tenure.signed(group.gain['mean'] or 0.0)} points ({ends})"
    told = f"{gain}, {group.name or title}"
    name = f"{group.name}, {title}" if group.name else title
    return Curve(group.mine, group.end, colour, False, name, tenure.share(group.stay["mean"]), told)


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject, groups: list[Group]) -> str:
    """Say how many of those who join are still there at the end, and how many more than in the baseline."""
    if not groups:
        return tenure.nobody_of(subject)
    if len(groups) == 1:
        return _of_all(subject, groups[0])
    when = tenure.after(groups[0].end)
    if subject.is_alone:
        low, high = (pick(groups, key=lambda g: g.stay["mean"] or 0.0) for pick in (min, max))
        few = tenure.share(low.stay["mean"])
        if low is high or few == tenure.share(high.stay["mean"]):
            return f"After {when}, {few} of those who join are still there, whatever the segment"
        told = f"{few} ({tenure.short(low.name)}) to {tenure.share(high.stay['mean'])} ({tenure.short(high.name)})"
        return f"Of those who join, {told} are still there after {when}"
    return f"{subject.name}: {_between(groups, when)}"


def _of_all(subject: Subject, group: Group) -> str:
    stay = f"{tenure.share(group.stay['mean'])} of those who join are still there after {tenure.after(group.end)}"
    if subject.is_alone:
        return f"{stay} (95 %: {tenure.ends_of_share(group.stay)})"
    gain, ends = group.gain["mean"] or 0.0, tenure.ends_of_difference(group.gain)
    if all(tenure.is_nothing(group.gain[key]) for key in ("mean", "low", "high")):
        return f"{subject.name}: {stay}, as in the baseline"
    if not tenure.is_clear(group.gain):
        return f"{subject.name}: {stay}, no clear difference from the baseline ({ends} points)"
    more = f"{tenure.size(gain)} points {'more' if gain > 0 else 'fewer'} than in the baseline"
    return f"{subject.name}: {stay}, {more} (95 %: {tenure.ends_of_size(group.gain)})"


def _between(groups: list[Group], when: str) -> str:
    """Say by how much more stay, from the segment that gains least to the one that gains most."""
    gains = sorted(((group.gain["mean"] or 0.0, group.name) for group in groups), key=lambda pair: pair[0])
    (least, few), (most, many) = gains[0], gains[-1]
    if tenure.is_nothing(least) and tenure.is_nothing(most):
        kept = tenure.share(groups[0].stay["mean"])
        return f"after {when}, {kept} ({tenure.short(groups[0].name)}) are still there, as in the baseline"
    if least > 0.0 or tenure.is_nothing(least):
        told = f"{tenure.size(least)} ({tenure.short(few)}) to {tenure.size(most)} points ({tenure.short(many)}) more"
    elif most < 0.0 or tenure.is_nothing(most):
        told = f"{tenure.size(most)} ({tenure.short(many)}) to {tenure.size(least)} points ({tenure.short(few)}) fewer"
    else:
        told = (
            f"{tenure.signed(least)} ({tenure.short(few)}) to {tenure.signed(most)} points ({tenure.short(many)}) more"
        )
    return f"{told} of those who join are still there after {when}"


def about_of(subject: Subject) -> str:
    """Say what is drawn, in which unit, and what the bands are."""
    more = "" if subject.is_alone else ", in brackets that of the difference from the baseline"
    within = ", in brackets too" if subject.is_alone else more
    return (
        f"Share still there by months since joining, estimated from {subject.replications} together; "
        f"bands: 95 % interval of the share over replications{within}"
    )


def notes_of(subject: Subject, groups: list[Group]) -> list[str]:
    """Say who is told of, and which segments there is no room for."""
    every = subject.results.lifetimes["segment"].nunique()
    notes = [tenure.who_of(subject)]
    if len(groups) > 1:
        few = f"{len(groups)} of {every} segments, those that most join" if len(groups) < every else ""
        moves = any(each.moves for each in subject.results.scenario.parameters.segments.values())
        told = [each for each in (few, "by segment at joining" if moves else "") if each]
        notes += [", ".join(told) + "."] if told else []
    return notes


# -- drawing ----------------------------------------------------------------------------------------------------


def _panel(slide: Slide, curves: list[Curve]) -> Panel:
    """Place the panel, with room for labels on the right and for customers at risk below."""
    end = curves[0].end if curves else 0
    lowest = min((float(_band(curve)[0].min()) for curve in curves), default=0.0)
    up, across = tenure.down_from_all(lowest), tenure.across_of(end)
    left = max(width(label, SMALL) for label in up.labels) / INCH + 0.15
    floor = slide.bottom + 0.55 + (_ROW * len(curves) + 0.3) * bool(curves)
    box = (left, floor, slide.width - left - _LABELS - LEADER, slide.top - 0.3 - floor)
    panel = slide.panel(box, across, up)
    cropped = "" if up.has_zero else " (axis does not start at zero)"
    slide.text(0, panel.top + 0.15, f"Share still there{cropped}", SMALL, weight="bold")
    slide.text(left, floor - 0.48, tenure.SINCE, SMALL, weight="bold")
    return panel


def _band(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    return curve.found.band(tenure.points(curve.end))


def _draw(panel: Panel, curve: Curve) -> None:
    months, scale = tenure.points(curve.end), panel.slide.scale
    low, high = _band(curve)
    panel.ax.fill_between(months, low, high, color=curve.colour, alpha=0.16, linewidth=0)
    there = curve.found.there[months]
    style = tenure.DASHES if curve.is_dashed else "-"
    panel.ax.plot(months, there, color=curve.colour, linewidth=2.2 * scale, linestyle=style)


def _count(panel: Panel, curves: list[Curve], subject: Subject) -> None:
    """Write below the axis how many customers each estimate rests on, row by row."""
    slide, top = panel.slide, panel.bottom - 0.48 - 0.32
    slide.text(0, top, f"Customers at risk, {subject.replications} together", SMALL, weight="bold")
    for row, curve in enumerate(curves, 1):
        colour, level = ink(curve.colour), top - _ROW * row
        for tick in panel.across.ticks:
            number = tenure.people(curve.found.reaching(int(tick)))
            slide.text(panel.x(tick), level, number, SMALL, ha="center", color=colour)
        at, room = panel.right + LEADER + 0.15, (_LABELS - 0.15) * INCH
        slide.text(at, level, cut(curve.name, SMALL, room), SMALL, color=colour)
