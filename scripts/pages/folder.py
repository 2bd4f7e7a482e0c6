"""Folder: a page with the files of a run's folder and the columns of its tables, as a small run writes them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

import retainsim
from pages.markdown import escape, table
from retainsim import mechanisms
from retainsim.present.glossary import GLOSSARY
from retainsim.results import EXTRAS, TABLES

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SAMPLES = ("five_points", "web_shop", "key_account_landslide")
"""Scenarios that together have every kind of column."""
SMALL: dict[str, Any] = {"run.replications": 2, "run.months": 12, "pool.customers": 60}

FILES = {
    "run.json": "written first: status (`running`, `interrupted`, `done`), seed, version, hashes, timings",
    "scenario.toml": "the scenario as resolved: bases merged, `--set` applied, defaults left out",
    "summary.json": "everything the answer says, as numbers: what `retainsim run --json` prints",
    "*.parquet": "the tables below",
    "charts/": "the charts, each as PNG and SVG; also as PDF with `retainsim charts --format pdf`",
    "deck.pptx": "what `retainsim deck` makes of it",
    "report.html": "what `retainsim report` makes of it",
    "workbook.xlsx": "what `retainsim workbook` makes of it",
    "store/": "what was computed, so that it is not computed again; `retainsim runs --prune` takes it away",
}
ABOUT = {
    "outcomes": "One row per arm and replication: what it came to.",
    "monthly": "One row per arm, replication and month. Month 0 is the opening; month m holds what happens in "
    "(m - 1, m].",
    "detail": "The same by segment, channel and reason, so that any grouping adds up to `monthly`. Rows with an empty "
    "reason hold pool, joined, returned, moved and the ledger lines; rows with a reason hold who left for it.",
    "cohorts": "Means over replications by month of joining and tenure.",
    "lifetimes": "Of those who join within the run, and of an opening pool of newcomers: one row per arm, replication, "
    "segment at joining and month of tenure. Named clients and customers who come back are not in it.",
    "values": "One row per arm, replication and ledger line.",
    "attribution": "Who left, by reason and by the mechanism that fed it.",
    "observations": "What mechanisms saw of themselves, such as waits at a desk: one row per measure and month.",
    "customers": "With `--customers`: one row per arm, replication, customer and spell.",
    "saved": "With `--customers`: one row per arm, replication and customer who does not leave, or leaves at "
    "another time than in the baseline.",
    "leaks": "With `--leaks`: one row per leak of the baseline, the most valuable first within its kind.",
    "events": "With `--trace`: all that happens to every customer of the first replication.",
}
COLUMNS = {
    "arm": "name of the arm; `baseline` is the file without any",
    "replication": "number of the independent draw of all luck; the same in every arm",
    "month": "month of the run",
    "date": "the same as a date, where the scenario has `run.start`",
    "segment": "who the customer is; empty: the firm's own",
    "channel": "where it came from; `existing`: there at month 0",
    "reason": "why it left; empty: it did not",
    "mechanism": "what fed the reason; `reasons`: the base hazard",
    "measure": "what was seen",
    "value": "what it comes to",
    "line": "ledger line",
    "amount": "money, nominal, positive as in the ledger",
    "pool": "customers present",
    "joined": "customers who joined",
    "left": "customers who left",
    "returned": "customers who came back",
    "moved": "customers who moved here from another segment, less those who moved away",
    "present_value": "net cash at month 0 of what is paid in the month; what is paid later is in the last",
    "customer_months": "months all customers were present, added up",
    "discounted_months": "the same, each valued at month 0",
    "alive": "customers of the cohort still there",
    "at_risk": "who reaches that tenure a month or more before the horizon; `left_REASON`: of them",
    "margin": "what they bring at that tenure, less cost of sales and cost to serve",
    "joined_month": "month it joined (0: there at month 0)",
    "tenure_month": "months since then",
    "customer": "its identity, the same in every arm",
    "spell": "1; 2 for who came back once, and so on",
    "left_month": "month it left; empty: still there at the horizon",
    "closing_value": "expected worth beyond the horizon, at month 0",
    "kind": "`saved`, `later`, `sooner` or `lost`",
    "left_month_baseline": "when it leaves in the baseline",
    "reason_baseline": "why it leaves there",
    "months_gained": "how much later it leaves than there",
    "worth": "what it brings in the arm less what it brings in the baseline, at month 0, after tax",
    "worth_beyond": "the part of it that is closing value",
    "leak": "the reason or mechanism that is closed",
    "elsewhere": "share of those it spares who leave for something else by then",
    "npv": "net present value",
    "low": "lower end of the 95 % interval of the mean",
    "high": "upper end of it",
    "npv_to_horizon": "net present value without closing value",
    "p_better": "share of replications in which it is a gain",
    "what": "what happened: `join`, `leave`, a touch, `money`",
    "why": "the channel, the reason, and the like",
    "largest_share": "share of the largest customer in revenue, mean over quarters",
    "ten_largest_share": "share of the ten largest",
    "key_accounts_share": "share of key accounts and named clients",
    "herfindahl": "sum of all customers' squared shares",
    "landslides": "quarters in which so much revenue leaves with key accounts as the scenario calls one",
    "revenue_at_risk": "the replication's part in the shortfall of the worst twentieth of quarters",
}
"""What a column holds, where the glossary of measures does not say it."""
OF_CUSTOMERS = {"revenue": "revenue", "cost_of_sales": "variable", "cost_to_serve": "variable"}
"""Lines that no mechanism posts to, with their classes."""
MEANT = {
    ("values", "value"): "value at month 0, signed",
    ("customers", "value"): "what it brought, valued at month 0",
    ("customers", "closing_value"): "what it is expected to bring beyond the horizon, valued at month 0",
    ("detail", "reason"): "why they left; empty: the row is not about leavings",
    ("attribution", "reason"): "why they left",
    ("observations", "mechanism"): "whose observation it is",
    ("lifetimes", "segment"): "who the customer was when it joined",
    ("lifetimes", "tenure_month"): "whole months since joining; k stands for [k, k + 1)",
    ("leaks", "kind"): "`reason` or `mechanism`",
    ("leaks", "saved"): "customers there at the horizon who have left otherwise, mean over replications",
}
"""What a column holds that means something else in another table."""
HEAD = """\
# The folder of a run

`retainsim run` writes one folder: `runs/SCENARIO-DATE-TIME-HASH`, or the one given by `--out`. Files are written whole
or not at all. A question (`breakeven`, `sweep`, ...) writes a folder of the same kind, with `answer.json` and its own
tables in place of `summary.json` and those below. `retainsim fit` writes one beside its scenario: `mine-fit` for
`mine.toml`, with `report.html`.

"""
LINES = """\
## Ledger lines

Every amount is posted once, to one line. Amounts are positive in every line; its class says which way they count.
`monthly` and `detail` have a column for every line of what is on, `outcomes` the total to the horizon (there
`acquisition` is called `acquisition_cost`).

"""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    files = table(["file", "what it holds"], [[f"`{name}`", about] for name, about in FILES.items()])
    found = _columns()
    tables = [_table(name, found[name]) for name in (*TABLES, *EXTRAS[:1], "saved", *EXTRAS[1:])]
    return {"run_folder.md": "\n".join([HEAD + files, *tables, LINES + _lines()])}


def _columns() -> dict[str, dict[str, str]]:
    """Return the columns of every table, each with what it counts in, as the samples write them."""
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in SAMPLES:
            scenario = retainsim.load(SCENARIOS / f"{name}.toml", SMALL)
            run = retainsim.run(scenario, jobs=1, customers=True, leaks=True, trace=True)
            for path in sorted(run.save(Path(folder) / name).glob("*.parquet")):
                columns = pd.read_parquet(path)
                found.setdefault(path.stem, {}).update({key: _kind(columns[key]) for key in columns})
    return found


def _kind(column: pd.Series[Any]) -> str:
    kinds = {"i": "whole number", "f": "number", "b": "true or false"}
    return "date" if column.name == "date" else kinds.get(getattr(column.dtype, "kind", "O"), "text")


def _table(name: str, columns: dict[str, str]) -> str:
    rows = [row for key, kind in columns.items() if (row := _row(name, key, kind))]
    return f"## {name}.parquet\n\n{ABOUT[name]}\n\n" + table(["column", "holds", "meaning"], rows)


def _row(name: str, key: str, kind: str) -> list[str] | None:
    """Return the row of a column; None for one of the ledger lines or reasons, which have rows of their own."""
    if key in _classes() or key == "acquisition_cost":
        return ["`LINE`", "number", "total of a ledger line; see below"] if key == "revenue" else None
    if key.startswith("left_") and key not in COLUMNS:
        return ["`left_REASON`", "number", "customers who left for the reason"] if key == "left_competition" else None
    about = MEANT.get((name, key)) or COLUMNS.get(key) or _lower(GLOSSARY[key][2])
    return [f"`{key}`", kind, escape(about)]


def _lower(sentence: str) -> str:
    """Return a sentence of the glossary as the other cells are written."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _classes() -> dict[str, tuple[str, str]]:
    """Return every ledger line with its class and what posts it."""
    lines = {line: (kind, "what customers pay and cost") for line, kind in OF_CUSTOMERS.items()}
    for name in sorted((*mechanisms.ALWAYS_ON, *mechanisms.NAMES)):
        lines |= {line: (kind, name) for line, kind in mechanisms.module(name).Mechanism.lines.items()}
    return lines | {"tax": ("tax", "firm")}


def _lines() -> str:
    rows = [[f"`{line}`", kind, by] for line, (kind, by) in _classes().items()]
    return table(["line", "class", "posted by"], rows)
