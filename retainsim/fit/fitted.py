"""Fitted: customer data turned into a scenario, with what was observed beside what it reproduces."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.errors import UsageError
from retainsim.fit import contractual, noncontractual, retention, shape, value
from retainsim.fit.audit import Audit
from retainsim.fit.column import Guess
from retainsim.fit.draft import Draft, Facts
from retainsim.fit.found import Found, Tell, Wish
from retainsim.fit.reader import Reader
from retainsim.fit.replay import REPLICATIONS
from retainsim.fit.table import Table, of_frame, read
from retainsim.scenario import Scenario, loads
from retainsim.study.answer import Answer, report_of
from retainsim.wording import Money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUESTION = "fit"


@dataclass(frozen=True)
class Fit:
    """A scenario made from customer data.

    Parameters
    ----------
    text
        The scenario file, each number with its interval and method.
    answer
        What was observed beside what the scenario reproduces: verdict, tables, charts.
    draft
        The scenario before it was text.
    guess, audit
        Which column was taken for what, and what was found in the rows.
    """

    text: str
    answer: Answer
    draft: Draft
    guess: Guess
    audit: Audit

    def scenario(self) -> Scenario:
        """Return the scenario, ready to be run."""
        return loads(self.text, name=self.answer.scenario.file)

    @property
    def verdict(self) -> list[str]:
        """Return in sentences what was found, and whether the scenario reproduces what was observed, or where not."""
        return self.answer.verdict

    @property
    def warnings(self) -> list[str]:
        """Return what whoever relies on the numbers should know."""
        return self.answer.warnings

    @property
    def checks(self) -> pd.DataFrame:
        """Return every comparison: observed, simulated, its band, whether they agree."""
        return self.answer.tables["checks"]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Return what was observed and simulated: `survival`, `months`, `cohorts`, `incidence`, as far as there is."""
        return self.answer.tables

    def plot(self, name: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw a chart (default: the first), in the place of `ax` if given; `answer.charts` names them."""
        return self.answer.plot(name, ax=ax)

    def report(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the report as one HTML page that needs nothing but itself, and write it to `path` if given."""
        from retainsim.present.fitreport import page
        from retainsim.results import write_text

        found = page(self)
        if path is not None:
            write_text(Path(path), found)
        return found

    def save(self, folder: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write a folder with the answer, its tables, its charts and the report, and return it.

        Raises
        ------
        UsageError
            If the folder exists and is not empty, unless `force`.
        """
        from retainsim.charts import draw

        place = self.answer.save(folder, force=force)
        draw(self.answer, place / "charts", formats=("png",))
        self.report(place / "report.html")
        return place

    def _repr_html_(self) -> str:
        sentences = "".join(f"<p>{html.escape(each)}</p>" for each in (*self.verdict, *self.warnings))
        return sentences + str(self.checks.to_html(index=False, float_format=lambda x: f"{x:,.4g}"))


def fit(
    data: pd.DataFrame | str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    by: str | None = None,
    observed_from: Any = None,
    observed_until: Any = None,
    shape: shape.Shape | None = None,
    uncertain: bool = False,
    tell: Tell | None = None,
) -> Fit:
    """Make a scenario of customer data, and play the observed time with it.

    Parameters
    ----------
    data
        A DataFrame, or the path of a CSV, Parquet or Excel file: a row a customer, a retention table, or transactions.
    columns
        Which column plays which role, where names do not tell: `{"start": "signup_date"}`; "none" for no column.
    by
        Column that makes segments; default: one called segment, or as few as the data bear.
    observed_from, observed_until
        Dates between which customers were watched; default: as the data tell.
    shape
        `customers`, `retention` or `transactions`; default: as the columns tell.
    uncertain
        Write what was estimated as distributions.
    tell
        Called with what is being done.

    Raises
    ------
    DataError
        If nothing can be made of the data; the message names the row or column.
    UsageError
        If a role, a shape or a date is none.
    """
    audit = Audit()
    wish = Wish(
        by, _day(observed_from, "observed_from"), _day(observed_until, "observed_until"), tell or (lambda text: None)
    )
    wish.tell("reading")
    table = of_frame(data, audit) if not isinstance(data, str | os.PathLike) else read(data, audit)
    guess, found = _fit(table, audit, dict(columns or {}), shape, wish)
    return _written(table, guess, audit, found, uncertain)


def _fit(
    table: Table, audit: Audit, columns: dict[str, str], wanted: shape.Shape | None, wish: Wish
) -> tuple[Guess, Found]:
    if wanted is not None and wanted not in shape.SHAPES:
        raise UsageError(f"shape {wanted!r}; it may be {', '.join(shape.SHAPES)}")
    kind, guess = shape.find(table, columns, wanted)
    reader = Reader(table, guess, audit)
    facts = Facts(Path(table.name).stem if "." in table.name else "customers", currency=_currency(reader))
    audit.say("read", f"a table of {shape.SAID[kind]}")
    study: dict[shape.Shape, Callable[[Reader, Facts, Wish], Found]] = {
        "customers": contractual.fit,
        "retention": retention.fit,
        "transactions": noncontractual.fit,
    }
    return guess, study[kind](reader, facts, wish)


def _written(table: Table, guess: Guess, audit: Audit, found: Found, uncertain: bool) -> Fit:
    text = found.draft.text(uncertain=uncertain)
    scenario = loads(text, name=f"{Path(table.name).stem}.toml" if "." in table.name else "<fit>")
    tested = found.backtest
    sign = Money.of(scenario.parameters).sign
    tested.checks[:] = [replace(c, name=c.name.replace("revenue", f"revenue, {sign}")) for c in tested.checks]
    verdict = [
        _verdict(found),
        found.headline,
        *[f"{check.said[:1].upper()}{check.said[1:]}." for check in tested.failed],
    ]
    content = {
        "data": {
            "name": table.name,
            "rows": max(len(table), found.used + audit.left_out),
            "used": found.used,
            "left_out": audit.left_out,
            "columns": dict(guess.columns),
            "notes": [{"kind": n.kind, "text": n.text, "count": n.count, "rows": list(n.rows)} for n in audit.notes],
        },
        **found.report,
        "fill_in": found.draft.open,
        "checks": [check.row() for check in tested.checks],
        "warnings": [*(str(note) for note in audit.of("beware")), *found.warnings],
    }
    checks = pd.DataFrame([check.row() for check in tested.checks])
    report = report_of(QUESTION, scenario, REPLICATIONS, verdict, content)
    answer = Answer(QUESTION, scenario, report, {"checks": checks, **tested.tables}, found.charts)
    return Fit(text, answer, found.draft, guess, audit)


def _verdict(found: Found) -> str:
    checks, failed = found.backtest.checks, found.backtest.failed
    if not checks:
        return "Nothing could be compared: too little was observed."
    if not failed:
        return f"The scenario reproduces what was observed, in all {len(checks)} comparisons."
    return (
        f"The scenario reproduces {len(checks) - len(failed)} of {len(checks)} things observed; it does not reproduce "
        f"{'; '.join(check.name for check in failed[:3])}{' and more' if len(failed) > 3 else ''}."
    )


def _day(wanted: Any, name: str) -> float | None:
    if wanted is None:
        return None
    found = value.day_of(wanted)
    if found != found:
        raise UsageError(f"{name}: {wanted!r} is no date; write it as 2025-12-31")
    return found


def _currency(reader: Reader) -> str | None:
    """Return the currency that prices or amounts are marked with, if they are."""
    role = next((role for role in ("price", "amount") if role in reader), None)
    if role is None:
        return None
    signs = {"€": "EUR", "$": "USD", "£": "GBP", "EUR": "EUR", "USD": "USD", "GBP": "GBP", "CHF": "CHF"}
    shown = "".join(reader.column(role).astype(str).iloc[:200])
    return next((code for sign, code in signs.items() if sign in shown), None)
