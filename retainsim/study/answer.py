"""Answer: what a question about a scenario came to: sentences, tables, numbers for machines, charts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.errors import UsageError
from retainsim.head import DONE, SCHEMA, head
from retainsim.results import claim, to_json, write_text, write_whole
from retainsim.study.report import run_head

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from retainsim.scenario import Scenario


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Parameters
    ----------
    question
        The command that asks it: `breakeven`.
    scenario
        What it was asked about.
    report
        The content of `answer.json`: numbers unrounded, money in the scenario's currency, plain values only.
    tables
        Tidy tables by name, the main one first.
    charts
        Names of the charts it has, the main one first.
    recalled
        How much of it was known from earlier, as a sentence; empty where nothing was.
    """

    question: str
    scenario: Scenario
    report: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    charts: tuple[str, ...] = ()
    recalled: str = field(default="", compare=False)
    folder: Path | None = field(default=None, compare=False)

    @property
    def verdict(self) -> list[str]:
        """Return the answer, in sentences."""
        return list(self.report["verdict"])

    @property
    def warnings(self) -> list[str]:
        """Return what whoever relies on the answer should know."""
        return list(self.report["warnings"])

    @property
    def table(self) -> pd.DataFrame:
        """Return the main table."""
        return next(iter(self.tables.values()))

    def plot(self, name: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw a chart (default: the main one), in the place of `ax` if given.

        Raises
        ------
        UsageError
            If the answer has no such chart.
        """
        from retainsim.charts import chart_of_answer

        if (name or "") not in ("", *self.charts) or not self.charts:
            raise UsageError(f"there is no chart {name!r}; the charts are {', '.join(self.charts) or 'none'}")
        return chart_of_answer(name or self.charts[0])(self, ax=ax)

    def deck(self, path: str | os.PathLike[str], *, template: str | os.PathLike[str] | None = None) -> Path:
        """Write a PowerPoint deck: verdict, charts, tables, assumptions; on the master of a template, if given."""
        from retainsim.present.inquiry import write_deck

        return write_deck(self, path, template=template)

    def html(self, path: str | os.PathLike[str]) -> Path:
        """Write a report: one HTML file that needs nothing but itself."""
        from retainsim.present.inquiry import write_report

        return write_report(self, path)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the folder of the answer (run.json, scenario.toml, answer.json, tables) and return it.

        Raises
        ------
        UsageError
            If the folder exists and is not empty, unless `force`.
        """
        folder = claim(path, force=force)
        write_text(folder / "scenario.toml", self.scenario.resolved())
        write_text(folder / "answer.json", to_json(self.report))
        for name, table in self.tables.items():
            write_whole(folder / f"{name}.parquet", partial(table.to_parquet, index=False))
        told = head(DONE, self.report["scenario"], self.report["run"], question=self.question)
        tables = {"tables": list(self.tables), "charts": list(self.charts)}
        write_text(folder / "run.json", to_json({**told, **tables}))
        object.__setattr__(self, "folder", folder)
        return folder

    def _repr_html_(self) -> str:
        from retainsim.present.notebook import answer

        return answer(self)


def report_of(
    question: str, scenario: Scenario, replications: int, verdict: list[str], content: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the report of an answer: what was asked of what, the answer, and the scenario's warnings."""
    return {
        "schema": SCHEMA,
        "question": question,
        "scenario": {"title": scenario.title, "file": scenario.file, "sha256": scenario.sha256},
        "run": run_head(scenario, replications),
        **content,
        "verdict": verdict,
        "warnings": [*content.get("warnings", ()), *scenario.warnings],
    }


def open_answer(folder: str | os.PathLike[str]) -> Answer:
    """Read the folder of an answer.

    Raises
    ------
    UsageError
        If the folder holds no answer, or one of its files is missing or unreadable.
    """
    from retainsim.scenario import load

    place = Path(folder)
    try:
        told = json.loads((place / "run.json").read_text(encoding="utf-8"))
        report = json.loads((place / "answer.json").read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(place / f"{Path(name).name}.parquet") for name in told["tables"]}
        question, charts = told["question"], tuple(told["charts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{place} is not a finished answer: {error}") from None
    return Answer(question, load(place / "scenario.toml"), report, tables, charts, folder=place)
