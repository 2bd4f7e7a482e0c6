"""Labels: names and numbers beside a panel, each where its line ends."""

from __future__ import annotations

from dataclasses import dataclass

from retainsim.charts.canvas import INCH, SMALL, Panel
from retainsim.charts.colours import ink
from retainsim.charts.lettering import balance, height, spread, width

LEADER = 0.3
"""Inches between the end of a panel and its labels."""


@dataclass(frozen=True)
class Label:
    """What stands at the end of a line: where it ends, a word in bold, more words, its colour."""

    end: float
    bold: str
    more: str
    colour: str


def write(panel: Panel, labels: list[Label], room: float, largest: float) -> None:
    """Write labels beside a panel, in as large a type and as many lines as there is room for (inches)."""
    for size, lines in ((largest, 3), (SMALL, 3), (largest, 2), (SMALL, 2), (SMALL, 1)):
        first = max(width(label.bold, size, bold=True) for label in labels) / INCH + 0.1
        wide = panel.slide.width - panel.right - LEADER - first
        texts = [balance(label.more, size, wide * INCH, lines) for label in labels]
        tall = [height(text, size) / INCH + 0.03 for text in texts]
        if sum(tall) <= room:
            break
    beyond = room - panel.height
    wanted = [panel.y(label.end) for label in labels]
    middles = spread(wanted, tall, panel.bottom - beyond / 3, panel.top + 2 * beyond / 3)
    for label, text, middle, high in zip(labels, texts, middles, tall, strict=True):
        at, top, colour = panel.right + LEADER, float(middle) + high / 2, ink(label.colour)
        _lead(panel, label, top - height("", size) / INCH / 2)
        panel.slide.text(at, top, label.bold, size, weight="bold", color=colour, va="top")
        panel.slide.text(at + first, top, text, size, color=colour, va="top")


def _lead(panel: Panel, label: Label, level: float) -> None:
    """Lead the eye from the end of a line to its label."""
    xs = panel.right + 0.05, panel.right + LEADER - 0.05
    panel.slide.line(xs, (panel.y(label.end), level), color=label.colour, linewidth=0.8)
