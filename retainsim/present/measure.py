"""Measure: every number of a run by arm, in words, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.charts.lettering import sentence
from retainsim.charts.subject import Subject, amount
from retainsim.present.glossary import GLOSSARY
from retainsim.wording import percent

if TYPE_CHECKING:
    from retainsim.results import Results

_PAIRED = ("p_better", "p_mean_better", "expected_loss", "saved", "payback_month", "affordable_per_customer_month")
_NO_MEASURES = ("title", "versus_baseline", "lever", "left_by_reason", "left_by_mechanism")
BASES = "reasons"
"""Under this name the report counts who left for a reason by itself."""
GROUPS = {
    "left_by_reason": ("Left for {}", "Customers who left for the reason “{}”, to the horizon."),
    "left_by_mechanism": ("Left through {}", "Customers whose reason to leave had been fed by: {}."),
}
"""Measures of which there is one for each reason, or mechanism: label and meaning."""


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
    every = {name: measured(arm) for name, arm in arms.items()}
    names = dict.fromkeys(name for found in every.values() for name in found)
    rows = [_row(results, name, [found.get(name) for found in every.values()]) for name in names]
    for group, (label, about) in GROUPS.items():
        parts = dict.fromkeys(part for arm in arms.values() for part in arm[group])
        for part in parts:
            found = [arm[group].get(part) for arm in arms.values()]
            words = "no mechanism" if (group, part) == ("left_by_mechanism", BASES) else _word(part)
            rows.append(
                Row(f"{group}.{part}", label.format(words), about.format(words), _cells(results, found, "count"))
            )
    if len(arms) > 1:
        paired = [arm.get("versus_baseline", {}) for arm in arms.values()]
        rows += [_row(results, name, [each.get(name) for each in paired]) for name in _PAIRED]
    return rows


def measured(arm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the measures of an arm by name, those of its large customers and of its service desk last."""
    found = {name: each for name, each in arm.items() if name not in _NO_MEASURES and _is_measure(each)}
    found |= {f"concentration.{name}": each for name, each in arm.get("concentration", {}).items()}
    told = arm.get("desk", {"all": {}})
    for desk, seen in {"": told["all"], **told.get("desks", {})}.items():
        found |= {f"service_desk.{name}{f'.{desk}' * bool(desk)}": each for name, each in seen.items()}
    return found


def _is_measure(found: Any) -> bool:
    return "mean" in found if isinstance(found, Mapping) else found is None or isinstance(found, (int, float))


def _row(results: Results, name: str, found: list[Any]) -> Row:
    group, _, rest = name.partition(".")
    measure, _, desk = rest.partition(".")
    if desk:
        label, kind, about = GLOSSARY[f"{group}.{measure}"]
        return Row(name, f"{label} at the desk “{_word(desk)}”", f"{about} At this desk.", _cells(results, found, kind))
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
    if kind == "minutes":
        return f"{written} ({amount(found['low'])} to {amount(found['high'])})"
    return f"{written} ({_number(subject, found['low'], kind)} to {_number(subject, found['high'], kind)})"


def _number(subject: Subject, value: float, kind: str) -> str:
    if kind == "money":
        return subject.say(value)
    if kind == "share":
        return percent(value)
    if kind == "minutes":
        return f"{amount(value)} minutes"
    return f"month {value:,.1f}" if kind == "months" else amount(value)


def _word(name: str) -> str:
    return name.replace("_", " ")
