"""Incidence: which share of those who join has left by a tenure, for which reason, on top of one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retainsim.charts import canvas, tenure
from retainsim.charts.canvas import INCH, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import AXIS, GREY, reason_colours
from retainsim.charts.ending import LEADER, Ending, write
from retainsim.charts.lettering import width
from retainsim.charts.subject import Subject
from retainsim.draws import Floats
from retainsim.study.compare import BASELINE, Estimate
from retainsim.study.incidence import Incidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results

_MOST = 7
"""Reasons at most; the last one holds all there is no room or no colour of their own for."""
_LABELS = 3.5


@dataclass(frozen=True)
class Layer:
    """One reason, or all that remain: its name and colour, the share gone for it by tenure, and at the end."""

    name: str
    colour: str
    path: Floats
    gone: Estimate


@dataclass(frozen=True)
class Look:
    """What is drawn: months, layers from below, shares of the arm and of the baseline (None where that is the arm)."""

    months: Floats
    layers: list[Layer]
    mine: Incidence
    theirs: Incidence | None

    @property
    def end(self) -> int:
        """Return the tenure at the end (months)."""
        return int(self.months[-1])

    @property
    def gone(self) -> Estimate:
        """Return the share gone at the end for any reason."""
        return _turned(self.mine.estimate(self.end))

    @property
    def more(self) -> Estimate:
        """Return how much more of them are gone at the end than in the baseline."""
        return _turned(self.mine.estimate(self.end, other=self.theirs), 0.0)


def incidence(results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share of those who join who have left by months since joining, stacked by reason."""
    subject = Subject(results, arm)
    look = look_of(subject)
    with canvas.style():
        slide = Slide(results, finding_of(subject, look), about_of(subject), notes=[tenure.who_of(subject)], ax=ax)
        panel = _panel(slide, look)
        _draw(panel, look)
        labels = _labels(subject, look)
        if labels:
            write(panel, labels, panel.height + 0.4, NORMAL)
    return panel.ax


def look_of(subject: Subject) -> Look:
    """Return what the chart draws of its arm and of the baseline."""
    mine = tenure.lives_of(subject, subject.arm)
    theirs = None if subject.is_alone else tenure.lives_of(subject, BASELINE)
    end = min(tenure.end_of(each) for each in (mine, theirs) if each is not None)
    months = tenure.points(end)
    kept, rest = _ranked(subject, mine, end)
    colours = reason_colours(subject.results)
    layers = [Layer(_word(reason), colours[reason], *_gone(mine, months, [reason])) for reason in kept]
    if rest:
        name = _word(rest[0]) if len(rest) == 1 else f"{len(rest)} other reasons"
        layers.append(Layer(name, AXIS, *_gone(mine, months, rest)))
    return Look(months.astype(np.float64), layers, mine, theirs)


def _ranked(subject: Subject, mine: Incidence, end: int) -> tuple[list[str], list[str]]:
    """Return the reasons somebody leaves for, most first: those with a layer of their own, and the others.

    A reason whose colour a larger one has is among the others.
    """
    gone = dict(zip(mine.reasons, mine.shares[1:, end].tolist(), strict=True))
    ranked = sorted((reason for reason in gone if gone[reason] > 0), key=lambda reason: (-gone[reason], reason))
    colours, room = reason_colours(subject.results), _MOST - (len(ranked) > _MOST)
    kept: list[str] = []
    for reason in ranked:
        if len(kept) < room and colours[reason] not in [colours[other] for other in kept]:
            kept.append(reason)
    return kept, [reason for reason in ranked if reason not in kept]


def _gone(found: Incidence, months: np.ndarray, reasons: list[str]) -> tuple[Floats, Estimate]:
    """Return the share gone for some reasons together, by month, and estimated at the last."""
    rows = [1 + found.reasons.index(reason) for reason in reasons]
    return found.shares[rows][:, months].sum(axis=0), found.gone(int(months[-1]), reasons)


def _turned(found: Estimate, all_: float = 1.0) -> Estimate:
    """Return the estimate of what is gone from one of what is there."""
    ends = {"mean": "mean", "low": "high", "high": "low"}
    return {key: None if (x := found[other]) is None else all_ - x for key, other in ends.items()}


def _word(reason: str) -> str:
    return reason.replace("_", " ")


# -- words ------------------------------------------------------------------------------------------------------


def finding_of(subject: Subject, look: Look) -> str:
    """Say how many have left by the end, how many of them for the largest reason, and how many more than before."""
    if not look.end:
        return tenure.nobody_of(subject)
    if not look.layers:
        return f"{_who(subject)}Nobody who joins has left after {tenure.after(look.end)}"
    left = f"{tenure.share(look.gone['mean'])} of those who join leave within {tenure.after(look.end)}"
    if subject.is_alone:
        largest = look.layers[0]
        ends = tenure.ends_of_share(largest.gone)
        return f"{left}, above all for {largest.name}: {tenure.share(largest.gone['mean'])} (95 %: {ends})"
    if not tenure.is_clear(look.more):
        return f"{_who(subject)}{left}, {_as_before(look)}"
    return f"{_who(subject)}within {tenure.after(look.end)}, {_than(look)}"


def _who(subject: Subject) -> str:
    return "" if subject.is_alone else f"{subject.name}: "


def _as_before(look: Look) -> str:
    if all(tenure.is_nothing(look.more[key]) for key in ("mean", "low", "high")):
        return "as in the baseline"
    return f"no clear difference from the baseline ({tenure.ends_of_difference(look.more)} points)"


def _than(look: Look) -> str:
    """Say by how much more or fewer leave than in the baseline, and for which reason above all."""
    mean = look.more["mean"] or 0.0
    ends = f"(95 %: {tenure.ends_of_size(look.more)})"
    told = f"{tenure.size(mean)} points {'more' if mean > 0 else 'fewer'} of those who join leave {ends}"
    reason, part = _moved(look, mean)
    return f"{told}, {tenure.size(part)} for {_word(reason)}" if len(look.mine.reasons) > 1 else told


def _moved(look: Look, whole: float) -> tuple[str, float]:
    """Return the reason that makes most of a difference, and by how much more or fewer leave for it (tenure.share)."""
    parts = {
        reason: look.mine.gone(look.end, [reason], look.theirs)["mean"] or 0.0 for reason in sorted(look.mine.reasons)
    }
    most = max(parts, key=lambda reason: parts[reason] * np.sign(whole))
    return most, parts[most]


def about_of(subject: Subject) -> str:
    """Say what is drawn, in which unit, and what stands in brackets."""
    dashed = "" if subject.is_alone else "; dashed line: all who have left in the baseline"
    return (
        f"Share of those who join who have left, by months since joining and by reason, estimated from "
        f"{subject.replications} together; in brackets: 95 % interval{dashed}"
    )


def _labels(subject: Subject, look: Look) -> list[Ending]:
    """Return what stands at the right of every layer, of those still there, and of the baseline's line."""
    if not look.end:
        return []
    labels, below = [], 0.0
    for layer in look.layers:
        middle, below = below + float(layer.path[-1]) / 2, below + float(layer.path[-1])
        told = f"{layer.name} ({tenure.ends_of_share(layer.gone)})"
        labels.append(Ending(middle, tenure.share(layer.gone["mean"]), told, layer.colour))
    if look.theirs is not None:
        before = 1.0 - float(look.theirs.there[look.end])
        labels.append(Ending(before, tenure.share(before), f"left in all: {subject.title(BASELINE)}", GREY))
    top = tenure.up_from_none(_highest(look)).high
    there = look.mine.estimate(look.end)
    at = (_highest(look) + 1.0) / 2 if top == 1.0 else top
    labels.append(Ending(at, tenure.share(there["mean"]), f"still there ({tenure.ends_of_share(there)})", GREY))
    return labels


# -- drawing ----------------------------------------------------------------------------------------------------


def _highest(look: Look) -> float:
    """Return the largest share gone that is drawn."""
    return max(1.0 - float(each.there[look.end]) for each in (look.mine, look.theirs) if each is not None)


def _panel(slide: Slide, look: Look) -> Panel:
    up = tenure.up_from_none(_highest(look))
    left = max(width(label, SMALL) for label in up.labels) / INCH + 0.15
    floor = slide.bottom + 0.55
    box = (left, floor, slide.width - left - _LABELS - LEADER, slide.top - 0.3 - floor)
    panel = slide.panel(box, tenure.across_of(look.end), up)
    cropped = "" if up.high == 1.0 else " (axis does not reach 100 %)"
    slide.text(0, panel.top + 0.15, f"Share who have left{cropped}", SMALL, weight="bold")
    slide.text(left, floor - 0.48, tenure.SINCE, SMALL, weight="bold")
    return panel


def _draw(panel: Panel, look: Look) -> None:
    scale, below = panel.slide.scale, np.zeros(len(look.months))
    for layer in look.layers:
        panel.ax.fill_between(look.months, below, below + layer.path, color=layer.colour, linewidth=0, alpha=0.85)
        below = below + layer.path
        panel.ax.plot(look.months, below, color="white", linewidth=0.8 * scale)
    if look.theirs is not None and look.end:
        gone = 1.0 - look.theirs.there[look.months.astype(int)]
        panel.ax.plot(look.months, gone, color=GREY, linewidth=1.8 * scale, linestyle=tenure.DASHES)
