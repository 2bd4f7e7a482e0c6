"""Armtable: one row for every arm: what it is worth, by how much it beats the baseline, and who stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.charts.subject import Subject, amount
from retainsim.study.compare import BASELINE
from retainsim.wording import percent

if TYPE_CHECKING:
    from retainsim.results import Results


def heads(results: Results) -> tuple[str, ...]:
    """Return the heads of the columns."""
    return (
        "Arm", "NPV (95\u00a0%)", "Against the baseline (95\u00a0%)", "P(better)", "Pool at end", "Kept 12 months",
    )  # fmt: skip


def arm_rows(results: Results) -> list[tuple[str, ...]]:
    """Return a row for every arm, the baseline first."""
    return [_row(results, name) for name in results.arms]


def caption(results: Results) -> str:
    """Say what the columns are."""
    subject = Subject(results, BASELINE)
    return (
        f"NPV {subject.terms}. In brackets: 95 % interval of the mean of {subject.replications}. P(better): share of "
        "replications in which the arm beats the baseline. Pool: customers at the horizon. Kept: share of the opening "
        "pool still there after 12 months."
    )


def _row(results: Results, name: str) -> tuple[str, ...]:
    subject = Subject(results, name)
    found, kept = subject.report, subject.report["retention_12m"]["mean"]
    against, better = "–", "–"
    if not subject.is_alone:
        gain = subject.difference["npv"]
        sign = "+" if gain["mean"] > 0 else "−" if gain["mean"] < 0 else ""
        against = f"{sign}{subject.mean(gain)}\n({subject.ends(gain['low'], gain['high'])})"
        better = percent(subject.difference["p_better"], 0)
    npv = found["npv"]
    worth = f"{'−' * (npv['mean'] < 0)}{subject.mean(npv)}\n({subject.ends(npv['low'], npv['high'])})"
    end = amount(found["pool_end"]["mean"])
    return subject.title(name), worth, against, better, end, "–" if kept is None else percent(kept)
