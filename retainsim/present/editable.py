"""Editable: a chart that PowerPoint itself draws and edits, with the run's own numbers in the workbook behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from retainsim.charts.canvas import INCH
from retainsim.charts.colours import AXIS, GAIN, GREY, INK, LIGHT, LOSS
from retainsim.charts.lettering import cut, height, visible, width, wrap
from retainsim.present.chartxml import as_line, lay_out, legend_at, run_on, title_at_left, whiskers
from retainsim.present.native import Part, ends_of, step_of
from retainsim.present.sheet import Column, columns_of, listed, steps_of, workbook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pptx.chart.chart import Chart

    from retainsim.present.master import Box, Master

SIZE = 12.0
"""Points of all that is written in a chart."""
_ENTRY = 0.5
"""Inches of a key that an entry takes beside its name."""
_HEAD, _TICKS, _NAMES = 0.4, 0.4, 0.5
"""Inches above the axes, below them, and the share of the width that names of bars take at most."""


def add_chart(shapes: Any, part: Part, box: Box, *, master: Master, alt: str) -> Any:
    """Add a chart to the shapes of a slide, in a box, with a text for those who cannot see it; return its frame."""
    from pptx.chart.data import CategoryChartData

    part = _short(part, box)
    columns = steps_of(part, GAIN, LOSS) if part.kind == "steps" else columns_of(part)
    columns = _told_apart(columns)
    names, inner = _names(part, box)
    data = CategoryChartData(number_format=part.number)
    data.categories = names
    for column in columns:
        data.add_series(column.name, column.values)
    frame = shapes.add_chart(_type(part), *master.placed(box), data)
    frame._element.nvGraphicFramePr.cNvPr.set("descr", visible(alt))
    frame.chart.part.chart_workbook.update_from_xlsx_blob(workbook(names, columns, part.number))
    frame.chart.font.size = master.points(SIZE)
    _title(frame.chart, part, box, master)
    _dress(frame.chart, part, columns)
    lay_out(frame.chart, inner, box)
    return frame


def _told_apart(columns: Sequence[Column]) -> list[Column]:
    """Return the columns with names that can be seen, each of which only one of them has."""
    found: dict[str, Column] = {}
    for column in columns:
        name = visible(column.name)
        numbered = (f"{name} ({number})" for number in range(2, len(columns) + 1))
        found[next(each for each in (name, *numbered) if each not in found)] = column
    return [replace(column, name=name) for name, column in found.items()]


def plot_box(part: Part, box: Box) -> Box:
    """Return where on the slide the axes of a chart in a box are."""
    left, top, wide, high = _names(part, box)[1]
    return replace(box, left=box.left + left, top=box.top + top, width=wide, height=high)


def _type(part: Part) -> Any:
    from pptx.enum.chart import XL_CHART_TYPE

    kinds = {
        "bars": XL_CHART_TYPE.BAR_CLUSTERED, "steps": XL_CHART_TYPE.COLUMN_STACKED, "lines": XL_CHART_TYPE.LINE,
        "areas": XL_CHART_TYPE.AREA_STACKED,
    }  # fmt: skip
    return kinds[part.kind]


# -- names and places -------------------------------------------------------------------------------------------


def _names(part: Part, box: Box) -> tuple[list[str], tuple[float, float, float, float]]:
    """Return the names of the categories as they are written, and where in the box the axes are (inches)."""
    high = box.height - _HEAD
    if part.kind == "bars":
        lines = max(1, int((high - _TICKS) / len(part.categories) * INCH / height("", SIZE)))
        names = [_wrapped(part, i, _NAMES * box.width * INCH, lines) for i in range(len(part.categories))]
        left = max(width(line, SIZE) for name in names for line in name.split("\n")) / INCH + 0.15
        return names, (left, _HEAD, box.width - left - 0.25, high - _TICKS)
    left = max(width(label, SIZE) for label in part.scale.labels or ("",)) / INCH + 0.3
    wide = box.width - left - 0.1
    if part.runs:
        return [visible(name) for name in part.categories], (left, _HEAD, wide - 0.25, high - _TICKS)
    room = wide / len(part.categories) * INCH - 4
    names = [_wrapped(part, i, room, 5) for i in range(len(part.categories))]
    below = max(height(name, SIZE) for name in names) / INCH + 0.15
    return names, (left, _HEAD, wide, high - below)


def _wrapped(part: Part, place: int, room: float, lines: int) -> str:
    """Return a name and what is said of it, in at most so many lines; the number stays."""
    said = wrap(part.said[place], SIZE, room, max(1, min(3, lines - 1))) if part.said else ""
    least = max(1, lines - said.count("\n") - 1) if said else lines
    name = wrap(visible(part.categories[place]), SIZE, room, least)
    if lines == 1 and said:
        return cut(f"{name} {said}".replace("\n", " "), SIZE, room)
    return f"{name}\n{said}" if said else name


# -- looks ------------------------------------------------------------------------------------------------------


def _dress(chart: Chart, part: Part, columns: Sequence[Column]) -> None:
    chart.font.color.rgb = _rgb(INK)
    _axes(chart, part)
    plot = chart.plots[0]
    if not part.runs:
        plot.gap_width, plot.overlap = (35, 100) if part.kind == "steps" else (45, 0)
    lengths = {name: place for place, (name, _) in enumerate(listed(columns), 1)}
    for series, column, shown in zip(
        plot.series, columns, [*part.series, *[part.series[0]] * len(columns)], strict=False
    ):
        _paint(series, column, part, is_dashed=shown.is_dashed)
        if any(column.above):
            whiskers(series, column, lengths, is_line=part.kind != "bars")
    if part.kind == "steps":
        as_line(chart, len(columns) - 1)


def _paint(series: Any, column: Column, part: Part, *, is_dashed: bool) -> None:
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    if part.kind == "lines":
        series.smooth = False
        series.format.line.color.rgb, series.format.line.width = _rgb(column.colour), Pt(2.25)
        series.marker.style = _no_marker() if len(part.categories) > 1 else None
        if is_dashed:
            series.format.line.dash_style = MSO_LINE.SQUARE_DOT
        return
    if part.kind == "areas":
        _fill(series.format, column.colour)
        return
    series.invert_if_negative = False
    if not column.colour:
        series.format.fill.background()
        series.format.line.fill.background()
        return
    _fill(series.format, column.colour)
    for place, colour in enumerate(column.colours):
        if colour != column.colour and column.values[place]:
            _fill(series.points[place].format, colour)


def _fill(look: Any, colour: str) -> None:
    look.fill.solid()
    look.fill.fore_color.rgb = _rgb(colour)


def _title(chart: Chart, part: Part, box: Box, master: Master) -> None:
    """Write what the values are, and beside it which bars are whose."""
    run = chart.chart_title.text_frame.paragraphs[0].add_run()
    run.text, run.font.size, run.font.bold = part.title, master.points(SIZE), True
    run.font.color.rgb = _rgb(INK)
    title_at_left(chart)
    chart.has_legend = part.kind == "bars" and len(part.series) > 1
    if chart.has_legend:
        left = _key(part)
        wide = sum(width(series.name, SIZE) / INCH + _ENTRY for series in part.series)
        legend_at(chart, left / box.width, min(wide, box.width - left) / box.width, 0.3 / box.height)


def _key(part: Part) -> float:
    """Return where beside the title the key of the bars begins (inches)."""
    return width(part.title, SIZE, bold=True) / INCH + 0.4


def _short(part: Part, box: Box) -> Part:
    """Return a chart of bars with names of its series that its key has room for."""
    if part.kind != "bars" or len(part.series) < 2:
        return part
    room = ((box.width - _key(part)) / len(part.series) - _ENTRY) * INCH
    return replace(part, series=tuple(replace(each, name=cut(each.name, SIZE, room)) for each in part.series))


def _axes(chart: Chart, part: Part) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK

    names, values, step = chart.category_axis, chart.value_axis, step_of(part.scale)
    values.minimum_scale, values.maximum_scale = ends_of(part.scale)
    values.major_unit, values.has_major_gridlines = step, True
    values.major_gridlines.format.line.color.rgb = _rgb(LIGHT)
    values.format.line.fill.background()
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = part.number, False
    values.major_tick_mark = names.major_tick_mark = XL_TICK_MARK.NONE
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.format.line.color.rgb = _rgb(AXIS)
    for axis in (names, values):
        axis.tick_labels.font.color.rgb = _rgb(GREY if axis is values or part.runs else INK)
    if part.kind == "bars":
        names.reverse_order = True
        values._element.find("{*}crosses").set("val", "max")
    if part.runs:
        # level to the eye; at exactly 0 LibreOffice writes every month, digit below digit
        names._element.find("{*}txPr").find("{*}bodyPr").set("rot", "1")
        run_on(names._element, values._element, part.every)


def _rgb(colour: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour.lstrip("#").upper())


def _no_marker() -> Any:
    from pptx.enum.chart import XL_MARKER_STYLE

    return XL_MARKER_STYLE.NONE
