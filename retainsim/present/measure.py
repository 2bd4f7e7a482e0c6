"""Measure: every number of a run by arm, in words, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts.lettering import sentence
from retainsim.charts.subject import Subject, amount
from retainsim.wording import percent

if TYPE_CHECKING:
    from retainsim.results import Results

GLOSSARY = {
    "npv": ("NPV", "money", "Net present value at month 0 of all cash to the horizon, with the closing value where the scenario counts it. Discounted continuously at the nominal annual rate, dated by cash."),
    "npv_to_horizon": ("NPV to the horizon", "money", "The same without closing value: nothing after the horizon counts."),
    "closing_value": ("Closing value", "money", "Expected discounted margin, over the closing years, of the customers still there at the horizon; at month 0."),
    "customer_equity": ("Customer equity at the horizon", "money", "Expected discounted margin of everybody in the pool at the horizon, as of then."),
    "customer_equity_opening": ("Customer equity at month 0", "money", "Expected discounted margin of everybody in the pool at month 0."),
    "pool_end": ("Pool at the horizon", "count", "Customers present at the horizon."),
    "joined": ("Joined", "count", "Customers who joined from month 0 to the horizon."),
    "left": ("Left", "count", "Customers who left from month 0 to the horizon, for one reason each."),
    "returned": ("Returned", "count", "Customers who came back after they had left."),
    "retention_12m": ("Kept 12 months", "share", "Share of the opening pool still there after 12 months."),
    "revenue": ("Revenue", "money", "All revenue to the horizon, not discounted."),
    "acquisition_cost": ("Acquisition cost", "money", "All that channels cost to the horizon, not discounted."),
    "cost_to_serve": ("Cost to serve", "money", "All cost of having customers to the horizon, not discounted."),
    "purchases": ("Purchases", "count", "Purchases to the horizon, where customers buy purchase by purchase."),
    "repeat_purchases": ("Repeat purchases", "count", "Purchases after a customer's first."),
    "active_customers": ("Active customers at the horizon", "count", "Customers who buy purchase by purchase and have not dropped out."),
    "p_better": ("P(better)", "share", "Share of replications in which the arm has a higher NPV than the baseline."),
    "p_mean_better": ("Confidence that the mean is higher", "share", "Confidence that the arm's mean NPV is above the baseline's (one-sided, Student t)."),
    "expected_loss": ("Expected loss", "money", "What choosing the arm loses against the baseline, averaged over all replications; 0 where it never loses."),
    "saved": ("Customers saved", "count", "Customers who are there at the horizon in the arm and have left in the baseline, less the other way round."),
    "payback_month": ("Payback", "months", "Month in which the gain over the baseline is back, mean of the replications in which it is; in brackets the share of these."),
    "affordable_per_customer_month": ("Affordable per customer-month", "money", "Cost per customer-month that would use up the arm's gain to the horizon."),
}  # fmt: skip
"""Label, kind and definition of every measure with a name of its own; other ledger lines are told alike."""
_PAIRED = ("p_better", "p_mean_better", "expected_loss", "saved", "payback_month", "affordable_per_customer_month")
_NO_MEASURES = ("title", "versus_baseline", "lever", "left_by_reason", "left_by_mechanism")
_GROUPS = {
    "left_by_reason": ("Left for {}", "Customers who left for the reason “{}”, to the horizon."),
    "left_by_mechanism": ("Left through {}", "Customers who left for a reason that the mechanism {} had fed."),
}


@dataclass(frozen=True)
class Row:
    """One measure: its label, what it means, and what every arm comes to in it, in words."""

    name: str
    label: str
    about: str
    cells: tuple[str, ...]


def measures(results: Results) -> list[Row]:
    """Return every measure of a run, in the order of the report; what compares with the baseline comes last."""
    arms = results.report["arms"]
    names = dict.fromkeys(name for arm in arms.values() for name in arm if name not in _NO_MEASURES)
    rows = [_row(results, name, [arm.get(name) for arm in arms.values()]) for name in names]
    for group, (label, about) in _GROUPS.items():
        parts = dict.fromkeys(part for arm in arms.values() for part in arm[group])
        for part in parts:
            found = [arm[group].get(part) for arm in arms.values()]
            words = _word(part)
            rows.append(Row(f"{group}.{part}", label.format(words), about.format(words), _cells(results, found, "count")))
    if len(arms) > 1:
        paired = [arm.get("versus_baseline", {}) for arm in arms.values()]
        rows += [_row(results, name, [each.get(name) for each in paired]) for name in _PAIRED]
    return rows


def _row(results: Results, name: str, found: list[Any]) -> Row:
    line = (sentence(_word(name)), "money", f"Ledger line “{_word(name)}” to the horizon, not discounted.")
    label, kind, about = GLOSSARY.get(name, line)
    return Row(name, label, about, _cells(results, found, kind))


def _cells(results: Results, found: list[Any], kind: str) -> tuple[str, ...]:
    subject = Subject(results, "baseline")
    return tuple(_said(subject, each, kind) for each in found)


def _said(subject: Subject, found: Any, kind: str) -> str:
    """Write an estimate with its 95 % interval, or a number that is none."""
    if not isinstance(found, Mapping):
        return "–" if found is None else _number(subject, float(found), kind)
    if found["mean"] is None:
        return "–"
    if "share" in found:
        return f"{_number(subject, found['mean'], kind)} ({percent(found['share'], 0)})"
    if kind == "money":
        written = f"{'−' * (found['mean'] < 0)}{subject.mean(found)}"
    else:
        written = _number(subject, found["mean"], kind)
    if found.get("low") is None or found["low"] == found["high"]:
        return written
    if kind == "money":
        return f"{written} ({subject.ends(found['low'], found['high'])})"
    return f"{written} ({_number(subject, found['low'], kind)} to {_number(subject, found['high'], kind)})"


def _number(subject: Subject, value: float, kind: str) -> str:
    if kind == "money":
        return subject.say(value)
    if kind == "share":
        return percent(value)
    return f"month {value:,.1f}" if kind == "months" else amount(value)


def _word(name: str) -> str:
    return name.replace("_", " ")
