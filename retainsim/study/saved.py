"""Saved: whom an arm saves, when they would have left, and what each of them is worth; by name, on common luck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retainsim.errors import UsageError
from retainsim.study.compare import BASELINE, estimate, ratio

if TYPE_CHECKING:
    from retainsim.results import Results

KINDS = ("saved", "later", "sooner", "lost")
"""Still there at the horizon instead of gone; gone later, or sooner, than in the baseline; gone instead of there."""
REST = ("same", "other")
"""Who stays or leaves as in the baseline, at another profit maybe; who is there in one of the two only."""
COLUMNS = (
    "arm", "replication", "customer", "segment", "channel", "joined_month", "kind", "left_month_baseline",
    "reason_baseline", "left_month", "months_gained", "worth", "worth_beyond",
)  # fmt: skip
TOP = 0.1
"""Share of the customers saved whose part in what all of them are worth is told."""
_KEYS = ["replication", "customer"]
_HAIR = 1e-9


def saved(customers: pd.DataFrame, arm: str, *, months: int, with_closing: bool) -> pd.DataFrame:
    """Tabulate the customers who leave later or sooner in an arm than in the baseline, or do not leave at all.

    One row per replication and customer, those worth most first. `worth` is the money they bring in the arm less that
    in the baseline, valued at month 0 and after tax, `worth_beyond` the part of it that is closing value; `left_month`
    is empty for who is there at the horizon, to which `months_gained` count at most.
    """
    found = compared(customers, arm, months=months, with_closing=with_closing)
    found = found[found["kind"].isin(KINDS)].reset_index().assign(arm=arm)
    found = found.sort_values(["replication", "worth", "customer"], ascending=[True, False, True], ignore_index=True)
    return found[list(COLUMNS)]


def saved_in(results: Results, arm: str | None = None) -> pd.DataFrame:
    """Tabulate whom an arm of a run saves (default: the arm the headline is about).

    Raises
    ------
    UsageError
        If the run kept no customers, or has no such arm to compare with the baseline.
    """
    from retainsim.study.runs import headline  # which builds reports, of which this is part

    if results.customers is None or "value" not in results.customers:
        raise UsageError("saved: this run kept no customers; run it with customers=True (--customers)")
    others = [name for name in results.arms if name != BASELINE]
    name = arm or headline(results.scenario)
    if name not in others:
        raise UsageError(f"saved: there is no arm {name!r} to compare; the arms are {', '.join(others) or 'none'}")
    run = results.report["run"]
    with_closing = run["closing_value"] == "expected"
    return saved(results.customers, name, months=run["months"], with_closing=with_closing)


def compared(customers: pd.DataFrame, arm: str, *, months: int, with_closing: bool) -> pd.DataFrame:
    """Tabulate everybody who is ever there, in the arm or the baseline, by replication and customer (index)."""
    lives = _lives(customers, arm), _lives(customers, BASELINE)
    both = lives[0].merge(lives[1], how="outer", left_index=True, right_index=True, suffixes=("", "_baseline"))
    here, there = both["joined_month"].notna(), both["joined_month_baseline"].notna()
    end, before = (both[c].fillna(float(months)) for c in ("left_month", "left_month_baseline"))
    stays, stayed = (both[c].isna() for c in ("left_month", "left_month_baseline"))
    gained = np.where(here & there, end - before, 0.0)
    cases = [~(here & there), stays & ~stayed, stayed & ~stays, gained > _HAIR, gained < -_HAIR]
    which = np.select([np.asarray(case) for case in cases], [5, 0, 3, 1, 2], 4)
    worth, beyond = (both[c].fillna(0.0) - both[f"{c}_baseline"].fillna(0.0) for c in ("value", "closing_value"))
    who = {c: both[c].where(here, both[f"{c}_baseline"]) for c in ("segment", "channel", "joined_month")}
    names = np.array([*KINDS, *REST], dtype=object)
    kind = pd.Categorical(names[which], categories=[*KINDS, *REST])
    beyond = beyond * float(with_closing)
    return both.assign(kind=kind, months_gained=gained, worth=worth + beyond, worth_beyond=beyond, **who)


def whom(
    customers: pd.DataFrame, arm: str, replications: Sequence[int], *, months: int, with_closing: bool
) -> dict[str, Any]:
    """Estimate how many customers an arm saves, what they are worth, and how much of it is due to a few.

    Over all replications, those in which nobody is there included.
    `worth` splits the difference in what customers bring by what becomes of them; `top_tenth` is the part of what the
    saved are worth that is due to the tenth of them worth most.
    """
    everybody = compared(customers, arm, months=months, with_closing=with_closing)
    indices = np.asarray(replications)
    groups = everybody.groupby(["kind", "replication"], observed=True)["worth"]
    counts, worths = (
        table.unstack("kind", fill_value=0).reindex(index=indices, columns=[*KINDS, *REST], fill_value=0)
        for table in (groups.size(), groups.sum())
    )
    mine = everybody[everybody["kind"] == "saved"]
    return {
        **{kind: estimate(counts[kind].to_numpy()) for kind in KINDS},
        "worth": {kind: estimate(worths[kind].to_numpy()) for kind in (*KINDS, *REST)},
        "worth_each": ratio(worths["saved"].to_numpy(np.float64), counts["saved"].to_numpy(np.float64)),
        "top_tenth": estimate(np.asarray(_top(mine).reindex(indices), dtype=np.float64)),
        "by_segment": _by_segment(mine, indices),
    }


def _lives(customers: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return one row per replication and customer (index), all its spells together, the reason that of the last."""
    mine = customers[customers["arm"] == arm]
    columns = ["segment", "channel", "joined_month", "left_month", "reason", "value", "closing_value"]
    if (mine["spell"] == 1).all():
        return mine.set_index(_KEYS)[columns]
    mine = mine.sort_values("spell", kind="stable")
    last = mine.drop_duplicates(_KEYS, keep="last").set_index(_KEYS)
    first = mine.drop_duplicates(_KEYS).set_index(_KEYS)
    sums = mine.groupby(_KEYS)[["value", "closing_value"]].sum()
    return last.assign(joined_month=first["joined_month"], channel=first["channel"], **sums)[columns]


def _top(mine: pd.DataFrame) -> pd.Series[float]:
    """Return by replication the part of what the saved are worth that the top of them have; NaN where it is nothing."""

    def part(worth: pd.Series[float]) -> float:
        ranked, total = np.sort(worth.to_numpy())[::-1], float(worth.sum())
        return float(ranked[: -int(-TOP * len(ranked) // 1)].sum()) / total if total > 0 else float("nan")

    return mine.groupby("replication")["worth"].agg(part)


def _by_segment(mine: pd.DataFrame, indices: np.ndarray) -> dict[str, Any]:
    groups = mine.groupby(["segment", "replication"], observed=True)["worth"]
    counts, worths = (t.unstack("replication", fill_value=0).reindex(columns=indices, fill_value=0) for t in
                      (groups.size(), groups.sum()))  # fmt: skip
    return {
        str(name): {"saved": estimate(counts.loc[name].to_numpy()), "worth": estimate(worths.loc[name].to_numpy())}
        for name in counts.index
    }
