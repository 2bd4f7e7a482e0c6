"""Chartxml: what charts of PowerPoint can do and python-pptx has no words for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retainsim.charts.colours import INK
from retainsim.present.sheet import NAME, Column

if TYPE_CHECKING:
    from pptx.chart.chart import Chart

    from retainsim.present.master import Box


def title_at_left(chart: Chart) -> None:
    """Put the title of a chart into its upper left."""
    title = chart._chartSpace.chart.get_or_add_title()
    for old in title.findall("{*}layout"):
        title.remove(old)
    _add(title, _layout(0.0, 0.0), after="c:tx")


def legend_at(chart: Chart, left: float, wide: float, high: float) -> None:
    """Put the legend of a chart at its top: from where, how wide and how high, in shares of the chart."""
    from pptx.enum.chart import XL_LEGEND_POSITION

    legend = chart.legend
    assert legend is not None
    legend.position, legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    for old in legend._element.findall("{*}layout"):
        legend._element.remove(old)
    _add(legend._element, _layout(left, 0.0, wide, high), after="c:legendPos")


def run_on(names: Any, values: Any, every: int) -> None:
    """Let lines run from edge to edge, with a name at every so many places."""
    for tag in ("tickLblSkip", "tickMarkSkip"):
        _add(names, f'<c:{tag} %s val="{every}"/>', before="c:noMultiLvlLbl")
    for old in values.findall("{*}crossBetween"):
        values.remove(old)
    _add(values, '<c:crossBetween %s val="midCat"/>', after="c:crosses")


def lay_out(chart: Chart, inner: tuple[float, float, float, float], box: Box) -> None:
    """Fix where in its box a chart has its axes (left, top, width, height in inches)."""
    left, top, wide, high = inner
    shares = left / box.width, top / box.height, wide / box.width, high / box.height
    area = chart._chartSpace.chart.plotArea
    for old in area.findall("{*}layout"):
        area.remove(old)
    area.insert(0, _parsed(_layout(*shares, target='<c:layoutTarget val="inner"/>')))


def _layout(x: float, y: float, w: float | None = None, h: float | None = None, target: str = "") -> str:
    size = "" if w is None else f'<c:w val="{w:.5f}"/><c:h val="{h:.5f}"/>'
    return (
        f'<c:layout %s><c:manualLayout>{target}<c:xMode val="edge"/><c:yMode val="edge"/>'
        f'<c:x val="{x:.5f}"/><c:y val="{y:.5f}"/>{size}</c:manualLayout></c:layout>'
    )


def whiskers(series: Any, column: Column, lengths: Mapping[str, int], *, is_line: bool) -> None:
    """Draw 95 % intervals, whose lengths stand in columns of their own; bars know which way theirs go."""
    rows = len(column.values)
    ends = "".join(
        f"<c:{tag}>{_cells(lengths[f'95 % interval {side}: {column.name}'], values, rows)}</c:{tag}>"
        for tag, side, values in (("plus", "above", column.above), ("minus", "below", column.below))
    )
    ink = f'<a:solidFill><a:srgbClr val="{INK[1:]}"/></a:solidFill>'
    way = '<c:errDir val="y"/>' if is_line else ""
    bars = (
        f'<c:errBars %s>{way}<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>'
        f'{ends}<c:spPr><a:ln w="19050">{ink}</a:ln></c:spPr></c:errBars>'
    )
    _add(series._element, bars, before="c:cat")


def _cells(place: int, values: Sequence[float | None], rows: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    letter = xl_col_to_name(place)
    points = "".join(f'<c:pt idx="{i}"><c:v>{float(v)!r}</c:v></c:pt>' for i, v in enumerate(values) if v is not None)
    return (
        f"<c:numRef><c:f>{NAME}!${letter}$2:${letter}${rows + 1}</c:f><c:numCache><c:formatCode>General</c:formatCode>"
        f'<c:ptCount val="{rows}"/>{points}</c:numCache></c:numRef>'
    )


def as_line(chart: Chart, place: int) -> None:
    """Make the last series of a chart of columns an unseen line, which carries the intervals."""
    bars = chart._chartSpace.chart.plotArea.find("{*}barChart")
    series = bars.findall("{*}ser")[place]
    for old in (*series.findall("{*}invertIfNegative"), *series.findall("{*}spPr")):
        series.remove(old)
    _add(series, "<c:spPr %s><a:ln><a:noFill/></a:ln></c:spPr>", after="c:tx")
    _add(series, '<c:marker %s><c:symbol val="none"/></c:marker>', after="c:spPr")
    line = _parsed('<c:lineChart %s><c:grouping val="standard"/><c:varyColors val="0"/></c:lineChart>')
    line.append(series)
    line.append(_parsed('<c:marker %s val="1"/>'))
    for axis in bars.findall("{*}axId"):
        line.append(_parsed(f'<c:axId %s val="{axis.get("val")}"/>'))
    bars.addnext(line)


def _add(parent: Any, xml: str, *, before: str = "", after: str = "") -> None:
    """Put an element into another, where the schema wants it."""
    found = parent.find("{*}" + (before or after).partition(":")[2])
    assert found is not None
    (found.addprevious if before else found.addnext)(_parsed(xml))


def _parsed(xml: str) -> Any:
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    return parse_xml(xml.replace(" %s", f" {nsdecls('c', 'a')}", 1))
