"""Whale: named clients by what they are worth, added up one after another, and what to do with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, SMALL, Panel, Slide
from retainsim.charts.colours import AXIS, GREY, INK, ink, sign_colour
from retainsim.charts.lettering import BOUND, clean, cut, width
from retainsim.charts.scales import Scale, minus
from retainsim.study.clients.client import RENEGOTIATE
from retainsim.study.clients.sentences import share
from retainsim.wording import Money, small, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_MOST = 12
"""Clients at most: the best and the worst."""
_NAME, _GAP = 2.6, 0.15
_HEAD, _FOOT, _TALLEST = 0.5, 0.42, 0.6
_FILLED = 0.6


def whale(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw clients from the most to the least profitable, each from where those before it have brought the total."""
    money, clients = Money.of(answer.scenario.parameters), answer.report["accounts"]
    with canvas.style():
        slide = Slide(answer, _finding(clients, money), _about(answer), notes=_notes(answer, money), ax=ax)
        rows = _shown(clients)
        places = _Places.of(slide, rows, money)
        panel = _panel(slide, rows, places, money)
        for place, row in enumerate(rows):
            _draw(panel, len(rows) - place - 0.5, row, places, money)
    return panel.ax


def _shown(clients: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the clients there is room for with the total before each; those left out are one row."""
    rows, total = [], 0.0
    for each in clients:
        rows.append({**each, "start": total, **each["profit"]})
        total += each["profit"]["mean"]
    if len(rows) <= _MOST:
        return rows
    first = _MOST // 2
    head, middle, tail = rows[:first], rows[first : len(rows) - first + 1], rows[len(rows) - first + 1 :]
    sum_of = sum(row["mean"] for row in middle)
    others = {"name": f"{len(middle)} others", "advice": "", "start": middle[0]["start"], "mean": sum_of}
    return [*head, {**others, "low": sum_of, "high": sum_of}, *tail]


# -- words ------------------------------------------------------------------------------------------------------


def _finding(clients: list[dict[str, Any]], money: Money) -> str:
    profits = [each["profit"]["mean"] for each in clients]
    losing, total = [profit for profit in profits if profit < 0], sum(profits)
    said = f"{small(len(clients))} named clients are worth {_say(total, money)} together"
    if not losing:
        return f"{said}, and none costs more than it brings"
    names = clients[-1]["name"] if len(losing) == 1 else f"{small(len(losing))} of them"
    return f"{said}; {cut(clean(names), 18.0, 300.0)} take{'s' * (len(losing) == 1)} {_say(-sum(losing), money)} away"


def _about(answer: Answer) -> str:
    run = answer.report["run"]
    closing = f" and {run['closing_years']:g} years of closing value" if run["closing_value"] == "expected" else ""
    return (
        f"NPV over {span(run['months'])}{closing}, {run['tax']}, lost with each client, its effects on "
        f"all others counted. Mean of {run['replications']:,} replications; black lines: 95 % interval of the mean"
    )


def _notes(answer: Answer, money: Money) -> list[str]:
    return [
        f"For comparison: all the rest of the firm comes to an NPV of {_say(answer.report['rest_of_firm'], money)}."
    ]


def _say(amount: float, money: Money) -> str:
    return minus(money.say(amount)).replace(" ", BOUND)


def _advice(row: dict[str, Any]) -> str:
    if row["advice"] != RENEGOTIATE:
        return str(row["advice"])
    return f"ask for {share(row['options'][RENEGOTIATE]['offer'])}".replace(" %", f"{BOUND}%")


# -- drawing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Places:
    """Where names, steps, numbers and advice stand (inches): the steps' left and right, the right of the numbers."""

    left: float
    right: float
    numbers: float

    @classmethod
    def of(cls, slide: Slide, rows: list[dict[str, Any]], money: Money) -> _Places:
        """Give names, numbers and advice the room they need, the steps the rest."""
        texts = [_say(row["mean"], money) for row in rows], ["Advice", *(_advice(row) for row in rows)]
        numbers, advice = (max(width(text, SMALL, bold=True) for text in each) / INCH + 0.1 for each in texts)
        names = min(_NAME, max(width(clean(row["name"]), SMALL) for row in rows) / INCH + 0.05)
        edge = slide.width - advice - 2 * _GAP
        return cls(names + _GAP, edge - max(numbers, 0.6) - _GAP, edge)


def _panel(slide: Slide, rows: list[dict[str, Any]], places: _Places, money: Money) -> Panel:
    """Place the steps between the names and the columns of numbers and advice."""
    ends = [row["start"] + row[end] for row in rows for end in ("low", "mean", "high")]
    across = Scale.of([*(row["start"] for row in rows), *ends], most=6, money=money, zero=True)
    tall = len(rows) * min(_TALLEST, (slide.top - _HEAD - slide.bottom - _FOOT) / len(rows))
    box = (places.left, slide.top - _HEAD - tall, places.right - places.left, tall)
    panel = slide.panel(box, across, Scale(0.0, float(len(rows)), (), ()), grid="")
    panel.ax.spines["left"].set_visible(False)
    panel.ax.axvline(0.0, color=GREY, linewidth=1.0 * slide.scale, zorder=0.9)
    steps = f"Worth, added up, {across.unit}"
    for place, head, side in (
        (places.left, steps, "left"),
        (places.numbers, "Worth", "right"),
        (slide.width, "Advice", "right"),
    ):
        slide.text(place, slide.top - 0.28, head, SMALL, weight="bold", ha=side)
    return panel


def _draw(panel: Panel, level: float, row: dict[str, Any], places: _Places, money: Money) -> None:
    """Draw a client's step with its interval, and write its name, number and advice beside it."""
    slide, start, colour = panel.slide, row["start"], sign_colour(row["mean"])
    ends, end = (start + row["low"], start + row["high"]), start + row["mean"]
    panel.ax.barh(level, row["mean"], _FILLED, left=start, color=colour if row["advice"] else AXIS)
    for shade, thick in (("white", 3.2), (INK, 1.2)):  # a rim, so that it is seen on a dark bar
        panel.ax.plot(ends, (level, level), color=shade, linewidth=thick * slide.scale)
    if level > 1:
        down = level - 1 + _FILLED / 2, level - _FILLED / 2
        panel.ax.plot((end, end), down, color=GREY, linewidth=0.8 * slide.scale)
    name = cut(clean(row["name"]), SMALL, (places.left - _GAP) * INCH)
    look: dict[str, Any] = {"ha": "right", "va": "center"}
    slide.text(places.left - _GAP, panel.y(level), name, SMALL, **look)
    slide.text(places.numbers, panel.y(level), _say(row["mean"], money), SMALL, color=ink(colour), **look)
    slide.text(slide.width, panel.y(level), _advice(row), SMALL, color=INK, **look)
