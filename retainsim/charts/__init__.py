"""Charts: one file per question, each a slide that states its finding."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from retainsim.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.results import Results
    from retainsim.study.answer import Answer

__all__ = [
    "ANSWERS",
    "EXTRA",
    "FORMATS",
    "NAMES",
    "OF_JOINERS",
    "AnswerChart",
    "Chart",
    "Plot",
    "chart_of_answer",
    "draw",
    "names_of",
]

NAMES = ("npv", "bridge", "pool", "reasons", "incidence", "survival", "cohorts", "cash")
"""The charts, in the order of an argument: what it is worth, what of, how it comes about, why, and when it pays."""

OF_JOINERS = ("incidence", "survival", "cohorts")
"""Charts of those who join, which a run is left without where nobody is watched from joining on."""

FORMATS = ("png", "svg", "pdf")
"""Formats of a file: a picture, a drawing whose text is text, and a page whose fonts are in it."""

EXTRA = {"leaks": "leaks", "whale_curve": "customers", "desks": "desks", "concentration": "concentration"}
"""Charts of tables that not every run has, because of what it was asked for or is of, with the table of each."""

ANSWERS = (
    "account", "backcast", "breakeven", "fitted_cohorts", "fitted_incidence", "fitted_survival", "isoprofit",
    "optimise", "sweep", "tornado", "uncertainty", "whale",
)  # fmt: skip
"""Charts of the answers to questions; each answer says which are its own."""


class Chart(Protocol):
    """What every chart is: results in, axes out."""

    def __call__(self, results: Results, *, arm: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the chart of a run about one arm (default: the headline's), in the place of `ax` if given."""


class AnswerChart(Protocol):
    """What every chart of the answer to a question is: the answer in, axes out."""

    def __call__(self, answer: Answer, *, ax: Axes | None = None) -> Axes:
        """Draw the chart, in the place of `ax` if given."""


class Plot:
    """The charts of one run, by name: `results.plot.pool()`.

    Each takes `arm`, the arm it is about, and `ax`, axes in whose place it is drawn.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def __getattr__(self, name: str) -> Any:
        if name not in (*NAMES, *EXTRA):
            raise AttributeError(f"there is no chart {name!r}; the charts are {', '.join(names_of(self._results))}")

        def plot(*, arm: str | None = None, ax: Axes | None = None) -> Axes:
            return chart(name)(self._results, arm=arm, ax=ax)

        plot.__name__, plot.__doc__ = name, chart(name).__doc__
        return plot

    def save(self, folder: str | os.PathLike[str], *, formats: Iterable[str] = FORMATS[:2]) -> list[Path]:
        """Draw every chart of the run into a folder, which is made if need be, and return the files."""
        return draw(self._results, folder, formats=formats)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names_of(self._results)]


def names_of(results: Results) -> tuple[str, ...]:
    """Return the charts of a run: those of every run, and those of what it has besides."""
    joined = len(results.lifetimes) > 0
    mine = [name for name in NAMES if joined or name not in OF_JOINERS]
    return (*mine, *(name for name, table in EXTRA.items() if getattr(results, table) is not None))


def chart(name: str) -> Chart:
    """Return the chart of a name."""
    found: Chart = getattr(import_module(f"retainsim.charts.{name}"), name)
    return found


def chart_of_answer(name: str) -> AnswerChart:
    """Return the chart of an answer of a name."""
    found: AnswerChart = getattr(import_module(f"retainsim.charts.{name}"), name)
    return found


def draw(
    found: Results | Answer, folder: str | os.PathLike[str], *, formats: Iterable[str] = FORMATS[:2]
) -> list[Path]:
    """Draw every chart of a run or an answer into a folder, which is made if need be, and return the files.

    Raises
    ------
    UsageError
        If a format is unknown.
    """
    from retainsim.charts import canvas
    from retainsim.results import Results

    wanted = list(formats)
    for ending in wanted:
        _check(ending)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names_of(found) if isinstance(found, Results) else found.charts:
        ax = chart(name)(found) if isinstance(found, Results) else found.plot(name)
        for ending in wanted:
            path = place / f"{name}.{ending}"
            canvas.save(ax, path, ending)
            paths.append(path)
    return paths


def _check(ending: str) -> None:
    if ending not in FORMATS:
        raise UsageError(f"format {ending!r}; the formats are {', '.join(FORMATS)}")
