"""Explore: sliders beside a verdict and charts, in a notebook; what is computed comes from the explorer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from retainsim import markup
from retainsim.charts import NAMES, chart
from retainsim.charts.lettering import visible
from retainsim.errors import RetainsimError, UsageError
from retainsim.present.notebook import drawing
from retainsim.scenario.hints import listing
from retainsim.study.explorer import REPLICATIONS, Explorer
from retainsim.wording import Money

if TYPE_CHECKING:
    from ipywidgets import VBox

    from retainsim.scenario import Scenario
    from retainsim.study.slider import Asked, Slider

PAUSE = 0.2
"""Seconds a slider must rest before anything is computed: what it passes through costs nothing."""
_KEPT = 64
"""Answers that are remembered as they are shown."""


def explore(
    scenario: Scenario,
    *keys: Asked,
    arm: str | None = None,
    replications: int = REPLICATIONS,
    charts: Sequence[str] = ("npv", "pool"),
) -> VBox:
    """Show sliders for a plan, and what it comes to against the baseline for whatever they say.

    There are sliders for points of retention and what they cost, for the spend on every channel, for discounts, and for
    the keys named. What cannot be is said in place of the charts.

    Parameters
    ----------
    scenario
        What `load` returned.
    keys
        Other numbers to be moved: dotted paths, or (path, low, high).
    arm
        The arm the plan starts as; default: the one the headline is about.
    replications
        Independent draws of all luck (at least 2): more are more precise, and slower.
    charts
        Names of charts of a run, in their order.

    Raises
    ------
    UsageError
        If ipywidgets is not installed, or a key, an arm or a chart is not there.
    ScenarioError
        If the observed churn cannot be reproduced, or the arm's lever asks for more than its scope can give.
    """
    widgets = _widgets()
    wrong = [name for name in charts if name not in NAMES]
    if wrong:
        raise UsageError(f"there is no chart {wrong[0]!r}; give {listing(NAMES)}")
    explorer = Explorer(scenario, *keys, arm=arm, replications=replications)
    board = _Board(widgets, explorer, tuple(charts))
    board.show()
    return board.box


def _widgets() -> Any:
    """Return ipywidgets.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        import ipywidgets
    except ImportError:
        raise UsageError(
            "explore needs ipywidgets, which is not installed; install it with: pip install ipywidgets"
        ) from None
    return ipywidgets


class _Board:
    """The sliders, and below them what they come to."""

    def __init__(self, widgets: Any, explorer: Explorer, charts: tuple[str, ...]) -> None:
        self._explorer, self._charts = explorer, charts
        self._money = Money.of(explorer.scenario.parameters)
        self._later = _Later(PAUSE, self.show)
        self._sliders = {slider.key: _slider(widgets, slider) for slider in explorer.sliders}
        self._said = {slider.key: widgets.Label(layout={"width": "18rem"}) for slider in explorer.sliders}
        self._state, self._answer = widgets.Label(), widgets.HTML(layout={"width": "100%"})
        self._draw = lru_cache(maxsize=_KEPT)(self._drawn)
        rows = [widgets.HBox([self._sliders[key], self._said[key]]) for key in self._sliders]
        back = widgets.Button(description="Back to the start", layout={"width": "auto"})
        back.on_click(self._back)
        self.box = widgets.VBox([*rows, widgets.HBox([back, self._state]), self._answer])
        for widget in self._sliders.values():
            widget.observe(self._moved, names="value")
        self._read_out()

    def show(self) -> None:
        """Show what the plan comes to at the values of the sliders, or why it cannot be."""
        values = tuple((key, float(widget.value)) for key, widget in self._sliders.items())
        try:
            self._answer.value = self._draw(values)
        except RetainsimError as error:
            self._answer.value = markup.fragment(markup.beware(_reasons(error)))
        self._state.value = ""

    def _drawn(self, values: tuple[tuple[str, float], ...]) -> str:
        """Return verdict, precision and charts as a fragment of HTML."""
        results = self._explorer.answer(dict(values))
        verdict = markup.verdict([visible(sentence) for sentence in results.verdict])
        figures = [drawing(chart(name)(results), results) for name in self._charts]
        return markup.fragment(verdict, markup.note(self._explorer.precision(results)), *figures)

    def _moved(self, change: object) -> None:
        self._read_out()
        self._state.value = "working …"
        self._later.call()

    def _read_out(self) -> None:
        for slider in self._explorer.sliders:
            self._said[slider.key].value = slider.say(float(self._sliders[slider.key].value), self._money)

    def _back(self, button: object) -> None:
        for key, value in self._explorer.start.items():
            self._sliders[key].value = int(value) if isinstance(self._sliders[key].value, int) else value


class _Later:
    """Does something once it has not been asked for again for a while, so that what is passed through is skipped.

    Parameters
    ----------
    seconds
        How long that is.
    work
        What is done; at once where no loop is running that could wait.
    """

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self._seconds, self._work = seconds, work
        self._waiting: asyncio.TimerHandle | None = None

    def call(self) -> None:
        """Ask for it, and let go of what was asked for before."""
        if self._waiting is not None:
            self._waiting.cancel()
        try:
            self._waiting = asyncio.get_running_loop().call_later(self._seconds, self._work)
        except RuntimeError:
            self._work()


def _slider(widgets: Any, slider: Slider) -> Any:
    number = slider.number
    kind, convert = (widgets.IntSlider, int) if number.is_whole else (widgets.FloatSlider, float)
    return kind(
        value=convert(slider.start), min=convert(number.low), max=convert(number.high), step=convert(slider.step),
        description=visible(slider.label), readout=False, style={"description_width": "16rem"},
        layout={"width": "34rem"},
    )  # fmt: skip


def _reasons(error: RetainsimError) -> list[str]:
    """Return what cannot be, without the place it has in no file."""
    return [f"This cannot be: {line.removeprefix('--set').lstrip(' :')}" for line in str(error).splitlines()]
