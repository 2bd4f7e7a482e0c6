"""Canvas: the slide every chart is drawn on, and the only place that knows a backend of matplotlib.

A slide is 13.33 x 7.5 inches: the finding as a bold title, a line on what is shown, panels, notes, and the
source. Lengths are inches and sizes of type points on that slide; on smaller axes everything shrinks alike.
Text is placed by measure, as figure text, and is never parsed as mathematics.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from retainsim.charts import FORMATS as FORMATS
from retainsim.charts.colours import AXIS, GREY, INK
from retainsim.charts.drawing import content
from retainsim.charts.drawing import style as style
from retainsim.charts.lettering import ASCENT, PITCH, balance, bound, clean, families, height, level, wrap
from retainsim.errors import UsageError
from retainsim.results import write_whole

if TYPE_CHECKING:
    from retainsim.charts.scales import Scale
    from retainsim.results import Results
    from retainsim.study.answer import Answer

SIZE = (40 / 3, 7.5)
MARGIN = (0.6, 0.42)
INCH = 72.0
SMALL, NORMAL, LARGE = 12.0, 13.0, 14.0
_TITLES = ((24.0, 2), (21.0, 2), (18.0, 3))
"""Sizes of the title, and in how many lines it must fit to have that size."""
_NOTEBOOK_DPI = 80


class Sheet(Axes):
    """Axes of a slide; in a notebook they show the whole slide."""

    slide: Slide | None = None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the slide to a file, .png, .svg or .pdf by its name, whole or not at all, and return its path.

        Raises
        ------
        UsageError
            If the file has another ending.
        """
        place = Path(path)
        if (ending := place.suffix[1:].lower()) not in FORMATS:
            raise UsageError(f"{place}: a chart is saved as {', '.join(f'.{known}' for known in FORMATS)}")
        save(self, place, ending)
        return place

    def _repr_png_(self) -> bytes:
        return content(_root(self), "png", dpi=_NOTEBOOK_DPI)


@dataclass(frozen=True)
class Panel:
    """Axes with fixed scales at a fixed place of a slide (inches from its lower left)."""

    ax: Axes
    slide: Slide
    left: float
    bottom: float
    width: float
    height: float
    across: Scale
    up: Scale

    def x(self, value: float) -> float:
        """Return where on the slide a value of the horizontal axis is."""
        return self.left + self.width * (value - self.across.low) / (self.across.high - self.across.low)

    def y(self, value: float) -> float:
        """Return where on the slide a value of the vertical axis is."""
        return self.bottom + self.height * (value - self.up.low) / (self.up.high - self.up.low)

    @property
    def right(self) -> float:
        """Return where on the slide the panel ends."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Return where on the slide the panel ends at its top."""
        return self.bottom + self.height


class Slide:
    """One finding.

    Parameters
    ----------
    results
        The run, or the answer, that the source line names.
    finding
        The title: a sentence with its number.
    about
        What is shown, in which unit, and what the bands are.
    notes
        What whoever reads the chart must know.
    ax
        Axes whose place the slide takes; default: a figure of its own.
    """

    def __init__(
        self, results: Results | Answer, finding: str, about: str, *, notes: Iterable[str] = (), ax: Axes | None = None
    ) -> None:
        self.finding, self.about, self.notes = level(finding), level(about), tuple(map(level, notes))
        self._guest = ax
        self._figure = _root(ax) if ax is not None else Figure(figsize=SIZE)
        if ax is None:
            FigureCanvasAgg(self._figure)
            self._figure.set_label(self.finding)
        self._place(ax)
        self.bottom = self._foot([bound(level(line)) for line in (*self.notes, source_of(results))])
        self.top = self._head(bound(self.finding), bound(self.about))

    def panel(self, box: tuple[float, float, float, float], across: Scale, up: Scale, *, grid: str = "y") -> Panel:
        """Place a panel (left, bottom, width, height) with its ticks; the first one is the axes returned."""
        ax, self._guest = self._guest, None
        corner = (*self._at(box[0], box[1]), box[2] * self._unit[0], box[3] * self._unit[1])
        if ax is None:
            ax = self._figure.add_axes(corner, axes_class=Sheet)
            assert isinstance(ax, Sheet)
            ax.slide = self
        else:
            ax.clear()
            place = Bbox.from_bounds(*corner).transformed(self._figure.transFigure)
            ax.set_position(place.transformed(ax.figure.transSubfigure.inverted()))
        ax.set(xlim=(across.low, across.high), ylim=(up.low, up.high), autoscale_on=False)
        ax.set_xticks(across.ticks, across.labels, parse_math=False)
        ax.set_yticks(up.ticks, up.labels, parse_math=False)
        ax.tick_params(
            labelsize=SMALL * self.scale, length=3.5 * self.scale, pad=4 * self.scale, color=AXIS, labelcolor=GREY
        )
        ax.spines[["left", "bottom"]].set(color=AXIS, linewidth=0.8 * self.scale)
        ax.spines[["top", "right"]].set_visible(False)
        if grid:
            ax.grid(axis=grid, linewidth=0.8 * self.scale)  # type: ignore[arg-type]
            ax.set_axisbelow(True)
        return Panel(ax, self, *box, across, up)

    def text(self, x: float, y: float, text: str, size: float = NORMAL, *, va: str = "baseline", **look: Any) -> None:
        """Write a text of one line or more at a place (inches); `look` goes to matplotlib."""
        lines, pitch = text.split("\n"), PITCH * size / INCH
        first = {
            "baseline": y,
            "top": y - ASCENT * size / INCH,
            "center": y + pitch * len(lines) / 2 - ASCENT * size / INCH,
            "bottom": y + pitch * len(lines) - ASCENT * size / INCH,
        }[va]
        plain: dict[str, Any] = {"color": INK, "va": "baseline", "parse_math": False, "usetex": False}
        for number, line in enumerate(lines):
            place = self._at(x, first - number * pitch)
            self._figure.text(*place, line, size=size * self.scale, family=families(line), **(plain | look))

    def line(self, xs: Sequence[float], ys: Sequence[float], **look: Any) -> None:
        """Draw a line between places (inches)."""
        points = [self._at(x, y) for x, y in zip(xs, ys, strict=True)]
        look["linewidth"] = look.get("linewidth", 1.0) * self.scale
        line = Line2D(*zip(*points, strict=True), transform=self._figure.transFigure, **look)
        self._figure.add_artist(line)

    def _place(self, ax: Axes | None) -> None:
        """Find the slide's place on the figure: its corner, an inch in shares of the figure, and its scale."""
        inches = self._figure.get_size_inches()
        if ax is None:
            corner, size = MARGIN, (SIZE[0] - 2 * MARGIN[0], SIZE[1] - 2 * MARGIN[1])
        else:
            box = ax.get_window_extent().transformed(self._figure.transFigure.inverted())
            corner = box.x0 * inches[0], box.y0 * inches[1]
            size = box.width * inches[0], box.height * inches[1]
        needed = SIZE[0] - 2 * MARGIN[0], SIZE[1] - 2 * MARGIN[1]
        self.scale = min(size[0] / needed[0], size[1] / needed[1])
        self.width, self._height = size[0] / self.scale, size[1] / self.scale
        self._corner = corner[0] / inches[0], corner[1] / inches[1]
        self._unit = self.scale / inches[0], self.scale / inches[1]

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._corner[0] + x * self._unit[0], self._corner[1] + y * self._unit[1]

    def _head(self, finding: str, about: str) -> float:
        """Write the title and what is shown; return where the room for panels ends."""
        room = self.width * INCH
        for size, most in _TITLES:
            title = balance(finding, size, room, most, bold=True)
            if not title.endswith("…"):
                break
        self.text(0, self._height, title, size, weight="bold", va="top")
        below = self._height - height(title, size) / INCH - 0.06
        about = wrap(about, LARGE, room, 2)
        self.text(0, below, about, LARGE, color=GREY, va="top")
        return below - height(about, LARGE) / INCH - 0.12

    def _foot(self, lines: Sequence[str]) -> float:
        """Write notes and source at the bottom; return where the room for panels begins."""
        foot = "\n".join(wrap(line, SMALL, self.width * INCH, 2) for line in lines)
        self.text(0, 0, foot, SMALL, color=GREY, va="bottom")
        return height(foot, SMALL) / INCH + 0.15


def save(ax: Axes, path: Path, ending: str) -> None:
    """Write the figure of a chart, whole or not at all, and with the same bytes whenever it is drawn."""
    found = drawn(ax, ending)
    write_whole(path, lambda file: Path(file).write_bytes(found))


def drawn(ax: Axes, ending: str) -> bytes:
    """Return the figure of a chart as the content of a file, the same whenever it is drawn."""
    return content(_root(ax), ending)


def slide_of(ax: Axes) -> Slide:
    """Return the slide that a chart has been drawn on, if it was drawn on one of its own."""
    assert isinstance(ax, Sheet)
    assert ax.slide is not None
    return ax.slide


def head_of(ax: Axes) -> float:
    """Return the share of a slide's height that its title and the line below it take."""
    return 1.0 - (slide_of(ax).top + MARGIN[1]) / SIZE[1]


def _root(ax: Axes) -> Figure:
    figure = ax.figure.canvas.figure
    assert isinstance(figure, Figure)
    return figure


def source_of(results: Results | Answer) -> str:
    """Return the line that says which program, scenario and seed a chart comes from."""
    run, title = results.report["run"], clean(results.report["scenario"]["title"])
    return f"Source: retainsim {run['version']}, “{title}”, {run['replications']:,} replications, seed {run['seed']}"
