"""Account: what keeping, renegotiating and releasing a client are worth, and where the difference comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.charts import canvas
from retainsim.charts.canvas import INCH, LARGE, NORMAL, SMALL, Panel, Slide
from retainsim.charts.colours import GREY, INK, LIGHT, ink, sign_colour
from retainsim.charts.lettering import BOUND, clean, cut, sentence, width
from retainsim.charts.scales import Scale, minus
from retainsim.study.clients.client import KEEP, RELEASE, RENEGOTIATE
from retainsim.study.clients.sentences import interval, share
from retainsim.wording import Money, percent, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.study.answer import Answer

_LEFT, _GAP = 4.3, 0.45
_HEAD, _FOOT = 0.5, 0.42
"""Inches above the panels for what they show, and below them for their ticks."""
_TALLEST = 0.46
_FILLED = 0.62
_NAME = 150.0
"""Points that a client's name may take in the title."""


def account(answer: Answer, *, ax: Axes | None = None) -> Axes:
    """Draw the options of the client, and beside them the bridge from keeping to releasing it."""
    told = _Told(answer)
    with canvas.style():
        slide = Slide(answer, told.finding, told.about, notes=told.notes, ax=ax)
        options = _options(told, slide)
        _bridge(told, slide)
    return options.ax


class _Told:
    """What an answer says, in the words of its chart."""

    def __init__(self, answer: Answer) -> None:
        self.client: dict[str, Any] = answer.report["accounts"][0]
        self.run, self.money = answer.report["run"], Money.of(answer.scenario.parameters)
        self.name = cut(clean(self.client["name"]), 18.0, _NAME * 2)

    @property
    def finding(self) -> str:
        """Return the title: the advice, and by how much it beats what."""
        advice, options = self.client["advice"], self.client["options"]
        if advice == KEEP:
            gain, less = options[RELEASE]["npv_vs_keep"], "releasing it would lose"
            return f"Keep {self.name}: {less} {self.interval({**_flipped(gain)})}"
        what = "Release" if advice == RELEASE else "Renegotiate with"
        offer = f", asking for {share(options[RENEGOTIATE]['offer'])}" if advice == RENEGOTIATE else ""
        return (
            f"{what} {self.name}{offer}: {self.interval(options[advice]['npv_vs_keep'])} more than keeping it as it is"
        )

    @property
    def about(self) -> str:
        """Return what is shown."""
        closing = ""
        if self.run["closing_value"] == "expected":
            years = self.run["closing_years"]
            closing = f" and {years:g} years of closing value"
        return (
            f"NPV over {span(self.run['months'])}{closing}, {self.run['tax']}. Mean of {self.run['replications']:,} "
            "replications on common luck; lines: 95 % interval of the mean"
        )

    @property
    def notes(self) -> list[str]:
        """Return how an offer is valued, and at which discount the client is worth nothing."""
        found, asked = self.client["breakeven_discount"], self.client["options"][RENEGOTIATE]
        notes = []
        if asked["offer"] < self.client["discount"]:
            chance = percent(asked["acceptance"], 0)
            notes = [f"An offer counts as its two answers do, weighed by their chance: accepted with {chance}."]
        if found["mean"] is None:
            return notes
        ends, today = f"{share(found['low'])} to {share(found['high'])}", share(self.client["discount"])
        worth = (
            f"Keeping is worth what releasing is at a discount of {share(found['mean'])} (95 %: {ends}); today {today}."
        )
        return [*notes, worth]

    def interval(self, found: dict[str, Any]) -> str:
        """Write an amount with its interval."""
        mean, sign = f"{'-' * (found['mean'] < 0)}{self.money.mean(found)}", self.money.sign
        ends = interval(found["low"], found["high"], self.money)
        return f"{mean} ({ends})".replace(f"-{sign}", f"−{sign}").replace(f"{sign} ", f"{sign}{BOUND}")

    def signed(self, amount: float) -> str:
        """Write a difference with its sign."""
        return ("+" if amount > 0 else "") + minus(self.money.say(amount)).replace(" ", BOUND)

    def title(self, option: str) -> str:
        """Name an option."""
        found = self.client["options"][option]
        if option == RENEGOTIATE:
            return f"Renegotiate: {share(found['offer'])} instead of {share(self.client['discount'])}".replace(
                " %", f"{BOUND}%"
            )
        late = found["at_month"] + found["notice_months"] if option == RELEASE else 0.0
        return (
            "Keep as it is" if option == KEEP else f"Release, last day in month {late:g}" if late else "Release at once"
        )

    def words(self, option: str) -> str:
        """Write what an option gains over keeping."""
        return (
            "What the others are compared with"
            if option == KEEP
            else self.interval(self.client["options"][option]["npv_vs_keep"])
        )


def _flipped(gain: dict[str, Any]) -> dict[str, Any]:
    return {"mean": -gain["mean"], "low": -gain["high"], "high": -gain["low"]}


# -- options ----------------------------------------------------------------------------------------------------


def _options(told: _Told, slide: Slide) -> Panel:
    """Draw each option as a dot with its interval, its name and number above it."""
    options, floor = told.client["options"], slide.bottom + _FOOT
    gains = {name: options[name]["npv_vs_keep"] for name in options}
    across = Scale.of(
        [gain[end] for gain in gains.values() for end in ("low", "mean", "high")], most=4, money=told.money, zero=True
    )
    tall = min(slide.top - _HEAD - floor, 4.2)
    box = (0.1, slide.top - _HEAD - tall, _LEFT - 0.1, tall)
    panel = slide.panel(box, across, Scale(0.0, float(len(options)), (), ()), grid="")
    panel.ax.spines["left"].set_visible(False)
    slide.text(0, slide.top - 0.28, f"NPV compared with keeping it, {across.unit}", SMALL, weight="bold")
    for row, name in enumerate(reversed(options)):
        _option(told, panel, row, name)
    return panel


def _option(told: _Told, panel: Panel, row: int, name: str) -> None:
    gain, scale, level = told.client["options"][name]["npv_vs_keep"], panel.slide.scale, row + 0.25
    colour = sign_colour(gain["mean"])
    panel.ax.plot((0.0, 0.0), (row + 0.08, row + 0.42), color=GREY, linewidth=1.2 * scale, clip_on=False)
    panel.ax.plot(
        (gain["low"], gain["high"]),
        (level, level),
        color=colour,
        linewidth=6 * scale,
        alpha=0.45,
        solid_capstyle="butt",
    )
    panel.ax.plot(gain["mean"], level, "o", color=colour, markersize=8 * scale, clip_on=False)
    if row:
        panel.slide.line((0, _LEFT), (panel.y(row),) * 2, color=LIGHT, linewidth=0.8)
    is_advised = name == told.client["advice"]
    top, weight = panel.y(row + 0.78), "bold" if is_advised else "normal"
    panel.slide.text(0, top, told.title(name), LARGE, weight=weight, va="center")
    size = NORMAL if width(told.words(name), NORMAL) < _LEFT * INCH else SMALL
    panel.slide.text(0, panel.y(row + 0.56), told.words(name), size, va="center", color=ink(colour))


# -- bridge -----------------------------------------------------------------------------------------------------


def _bridge(told: _Told, slide: Slide) -> None:
    """Draw the parts of what a release changes as steps, the sum of them last."""
    parts = told.client["bridge"]
    total = {"part": "release less keep", "kind": "", **told.client["options"][RELEASE]["npv_vs_keep"]}
    rows = [*parts, total]
    starts = [sum(part["mean"] for part in parts[:place]) for place in range(len(parts))] + [0.0]
    left, names, numbers = (
        _LEFT + _GAP,
        _widest([sentence(row["part"]) for row in rows]),
        _widest(["+" + told.signed(row["mean"]) for row in rows]),
    )
    across = _across(told, rows, starts)
    each = min(_TALLEST, (slide.top - _HEAD - slide.bottom - _FOOT) / len(rows))
    wide = slide.width - left - names - numbers - 0.3
    box = (left + names + 0.12, slide.top - _HEAD - each * len(rows), wide, each * len(rows))
    panel = slide.panel(box, across, Scale(0.0, float(len(rows)), (), ()), grid="")
    panel.ax.spines["left"].set_visible(False)
    panel.ax.axvline(0.0, color=GREY, linewidth=1.0 * slide.scale, zorder=0.9)
    head = f"Where it comes from if {told.name} is released, {across.unit}"
    slide.text(left, slide.top - 0.28, cut(head, SMALL, (slide.width - left) * INCH, bold=True), SMALL, weight="bold")
    for place, (row, start) in enumerate(zip(rows, starts, strict=True)):
        _step(told, panel, len(rows) - place - 0.5, row, start)


def _across(told: _Told, rows: list[dict[str, Any]], starts: list[float]) -> Scale:
    ends = [start + row[end] for row, start in zip(rows, starts, strict=True) for end in ("low", "mean", "high")]
    return Scale.of([*starts, *ends], most=5, money=told.money, zero=True)


def _widest(texts: list[str]) -> float:
    return max(width(text, SMALL, bold=True) for text in texts) / INCH


def _step(told: _Told, panel: Panel, level: float, row: dict[str, Any], start: float) -> None:
    is_total, slide = not row["kind"], panel.slide
    weight = "bold" if is_total else "normal"
    panel.ax.barh(level, row["mean"], _FILLED, left=start, color=sign_colour(row["mean"]))
    for colour, thick in (("white", 3.2), (INK, 1.2)):  # a rim, so that it is seen on a dark bar
        panel.ax.plot(
            (start + row["low"], start + row["high"]), (level, level), color=colour, linewidth=thick * slide.scale
        )
    if not is_total:
        end = start + row["mean"]
        panel.ax.plot(
            (end, end), (level - 1 + _FILLED / 2, level - _FILLED / 2), color=GREY, linewidth=0.8 * slide.scale
        )
    slide.text(panel.left - 0.12, panel.y(level), sentence(row["part"]), SMALL, ha="right", va="center", weight=weight)
    colour = ink(sign_colour(row["mean"]))
    slide.text(
        slide.width,
        panel.y(level),
        told.signed(row["mean"]),
        SMALL,
        ha="right",
        va="center",
        weight=weight,
        color=colour,
    )
