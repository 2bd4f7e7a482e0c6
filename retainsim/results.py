"""Results: what a run came to, as tidy tables in memory and as a folder on disk."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.errors import UsageError
from retainsim.head import DONE, INTERRUPTED, RUNNING, SCHEMA, head

if TYPE_CHECKING:
    from retainsim.charts import Plot
    from retainsim.scenario import Scenario

__all__ = ["SCHEMA", "Results", "open_run"]

TABLES = ("outcomes", "monthly", "detail", "cohorts", "lifetimes", "values", "attribution", "observations")
EXTRAS = ("customers", "leaks", "events")
"""Tables a run has only if asked for them."""
_COLUMNS = ("npv", "npv_to_horizon", "pool_end", "joined", "left", "retention_12m")


@dataclass(frozen=True)
class Results:
    """A finished run.

    Parameters
    ----------
    scenario
        What was run.
    report
        The content of `summary.json`: numbers unrounded, money in the scenario's currency.
    outcomes
        One row per arm and replication.
    monthly
        One row per arm, replication and month; month 0 is the opening.
    detail
        The same by segment, channel and reason; all rows of a month add up to it.
    cohorts
        Means by arm, segment, channel, month of joining and tenure.
    lifetimes
        Of those who join within the run, and of an opening pool of newcomers: by arm, replication, segment at joining
        and month of tenure k, who reaches tenure k a month or more before the horizon (`at_risk`), and who of them
        leaves by tenure k + 1, by reason (`left_...`). Named clients and customers who come back are not in it.
    values
        Value at month 0 of every ledger line and of closing, by arm and replication.
    attribution
        Who left by arm, replication, reason and the mechanism that fed the reason (`reasons`: the bases).
    observations
        What mechanisms saw of themselves, such as waits and utilisation of a desk, by arm, replication and month.
    customers
        Every customer of every replication, where the run was asked to keep them.
    leaks
        What closing each leak of the baseline is worth, where the run was asked to find out.
    events
        Everything that happened to every customer of the first replication, where the run was asked to trace it.
    interrupted
        True where Ctrl-C ended the run before all replications were played.
    recalled
        Outcomes (arms x replications) that were known already and were not computed again.
    damaged
        What was kept of them and found damaged; it was computed again.
    asked
        What was asked of the run beside its scenario: replications, and what it was to find out besides.
    """

    scenario: Scenario
    report: dict[str, Any]
    outcomes: pd.DataFrame
    monthly: pd.DataFrame
    detail: pd.DataFrame
    cohorts: pd.DataFrame
    lifetimes: pd.DataFrame
    values: pd.DataFrame
    attribution: pd.DataFrame
    observations: pd.DataFrame
    customers: pd.DataFrame | None = None
    leaks: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    interrupted: bool = False
    precision_reached: bool = True
    folder: Path | None = field(default=None, compare=False)
    recalled: int = field(default=0, compare=False)
    damaged: tuple[Path, ...] = field(default=(), compare=False)
    asked: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def arms(self) -> dict[str, str]:
        """Return the title of every arm, the baseline first."""
        return {name: arm["title"] for name, arm in self.report["arms"].items()}

    @property
    def verdict(self) -> list[str]:
        """Return the answer, in sentences."""
        return list(self.report["verdict"])

    @property
    def summary(self) -> pd.DataFrame:
        """Return one row per arm: means of the main measures and the paired NPV difference with its interval."""
        rows = {name: self._row(arm) for name, arm in self.report["arms"].items()}
        return pd.DataFrame(rows).T.rename_axis("arm")

    @property
    def desks(self) -> pd.DataFrame | None:
        """Return calls and minutes by arm, replication, month and desk, where there is a service desk."""
        from retainsim.study.desks import by_month

        return by_month(self.observations)

    @property
    def concentration(self) -> pd.DataFrame | None:
        """Return what the largest customers are at every quarter's end, where there are key accounts or clients."""
        from retainsim.study.concentration import by_quarter

        return by_quarter(self.observations)

    @property
    def plot(self) -> Plot:
        """Return the charts of this run: `results.plot.pool()`."""
        from retainsim.charts import Plot

        return Plot(self)

    def compare(self, arm: str, other: str = "baseline") -> pd.DataFrame:
        """Return the paired difference of every measure between two arms, one row each, with 95 % intervals."""
        from retainsim.study.compare import compare

        for name in (arm, other):
            if name not in self.arms:
                raise UsageError(f"there is no arm {name!r}; the arms are {', '.join(self.arms)}")
        return compare(self.outcomes, arm, other)

    def saved(self, arm: str | None = None) -> pd.DataFrame:
        """Return whom an arm (default: the headline's) saves, and what each is worth, where customers were kept.

        One row per replication and customer who does not leave, or leaves later or sooner than in the baseline.
        """
        from retainsim.study.saved import saved_in

        return saved_in(self, arm)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the run folder (run.json, scenario.toml, summary.json, tables) and return it.

        Raises
        ------
        UsageError
            If the folder exists and is not empty, unless `force`.
        """
        folder = claim(path, force=force)
        self._write_status(folder, RUNNING)
        write_text(folder / "scenario.toml", self.scenario.resolved())
        write_text(folder / "summary.json", to_json(self.report))
        for name in TABLES:
            table: pd.DataFrame = getattr(self, name)
            write_whole(folder / f"{name}.parquet", partial(table.to_parquet, index=False))
        for name, extra in self._extras().items():
            if extra is not None:
                write_whole(folder / f"{name}.parquet", partial(extra.to_parquet, index=False))
            else:
                (folder / f"{name}.parquet").unlink(missing_ok=True)
        self._write_status(folder, INTERRUPTED if self.interrupted else DONE)
        object.__setattr__(self, "folder", folder)
        return folder

    def _extras(self) -> dict[str, pd.DataFrame | None]:
        others = [name for name, arm in self.report["arms"].items() if "whom" in arm]
        saved = pd.concat([self.saved(name) for name in others], ignore_index=True) if others else None
        return {name: getattr(self, name) for name in EXTRAS} | {"saved": saved}

    def deck(self, path: str | os.PathLike[str], *, template: str | os.PathLike[str] | None = None) -> Path:
        """Write a PowerPoint deck whose charts can be edited, on the master of a template if one is given."""
        from retainsim.present.deck import write

        return write(self, path, template=template)

    def html(self, path: str | os.PathLike[str]) -> Path:
        """Write a report: one HTML file that needs nothing but itself."""
        from retainsim.present.report import write

        return write(self, path)

    def workbook(self, path: str | os.PathLike[str]) -> Path:
        """Write an Excel workbook whose totals are formulas."""
        from retainsim.present.workbook import write

        return write(self, path)

    def _write_status(self, folder: Path, status: str) -> None:
        told = head(status, self.report["scenario"], self.report["run"], asked=self.asked)
        told["precision_reached"] = self.precision_reached
        write_text(folder / "run.json", to_json(told))

    @staticmethod
    def _row(arm: dict[str, Any]) -> dict[str, float | None]:
        row = {name: arm[name]["mean"] for name in _COLUMNS}
        paired = arm.get("versus_baseline", {}).get("npv", {})
        return row | {
            f"npv_difference{k}": paired.get(v) for k, v in (("", "mean"), ("_low", "low"), ("_high", "high"))
        }

    def _repr_html_(self) -> str:
        from retainsim.present.notebook import run

        return run(self)


def open_run(folder: str | os.PathLike[str]) -> Results:
    """Read a run folder.

    Raises
    ------
    UsageError
        If the folder is no run, or one of its files is missing or unreadable.
    """
    from retainsim.scenario import load

    place, files = Path(folder), ("run.json", "summary.json", *(f"{name}.parquet" for name in TABLES))
    try:
        told = json.loads((place / "run.json").read_text(encoding="utf-8"))
        if told["status"] == RUNNING:
            raise UsageError(f"{place} is not a finished run; go on with it: retainsim run --resume {place}")
        report = json.loads((place / "summary.json").read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(place / f"{name}.parquet") for name in TABLES}
        scenario = load(place / "scenario.toml").called(report["scenario"]["file"])
    except FileNotFoundError:
        missing = next((name for name in files if not (place / name).exists()), "scenario.toml")
        remedy = "see what there is: retainsim runs" if missing == "run.json" else "run the scenario again"
        raise UsageError(f"{place} is not a finished run: it has no {missing}; {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{place} is not a finished run: {error}") from None
    return Results(
        scenario=scenario,
        report=report,
        outcomes=tables["outcomes"],
        monthly=tables["monthly"],
        detail=tables["detail"],
        cohorts=tables["cohorts"],
        lifetimes=tables["lifetimes"],
        values=tables["values"],
        attribution=tables["attribution"],
        observations=tables["observations"],
        customers=_extra(place / "customers.parquet"),
        leaks=_extra(place / "leaks.parquet"),
        events=_extra(place / "events.parquet"),
        interrupted=told["status"] == INTERRUPTED,
        precision_reached=told.get("precision_reached", True),
        folder=place,
        asked=told.get("asked", {}),
    )


def is_answer(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder holds the answer to a question instead of a run."""
    return (Path(folder) / "answer.json").is_file()


def _extra(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.is_file() else None


def claim(path: str | os.PathLike[str], *, force: bool) -> Path:
    """Make a folder, or find it empty, unless `force`.

    Raises
    ------
    UsageError
        If it exists and is not empty.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise UsageError(f"{folder} exists already; choose another place with --out, or use --force")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def to_json(content: Any) -> str:
    """Write content as JSON, keys in the order given, numbers unrounded, no NaN."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    write_whole(path, lambda file: Path(file).write_text(text, encoding="utf-8", newline="\n"))


def write_whole(path: Path, write: Callable[[str], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    try:
        write(temporary)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
