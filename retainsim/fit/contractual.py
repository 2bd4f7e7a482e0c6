"""Contractual: a table with a row a customer, fitted and played against what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from retainsim.fit import backtest, holdout, replay, staying
from retainsim.fit.choice import Candidate
from retainsim.fit.cohort import cohorts
from retainsim.fit.column import NONE
from retainsim.fit.customers import Customers, read
from retainsim.fit.draft import Facts
from retainsim.fit.estimate import NORMAL
from retainsim.fit.found import Found, Wish
from retainsim.fit.group import Groups, alone, by_column
from retainsim.fit.observed import observe, window
from retainsim.fit.part import Part, fit_parts, grain_of
from retainsim.fit.proposal import propose
from retainsim.fit.reader import Reader
from retainsim.fit.subscription import Subscription
from retainsim.fit.tap import Taps, taps
from retainsim.fit.value import date_of

LONGEST = 120
"""Months at most for which newcomers are played."""


def fit(reader: Reader, facts: Facts, wish: Wish) -> Found:
    """Fit a table with a row a customer.

    Raises
    ------
    DataError
        If too few rows can be used, nobody left, or everybody did.
    """
    customers = read(reader, until=wish.until, since=wish.since)
    wish.tell(f"fitting {len(customers):,} customers")
    groups = segments(customers, wish.by, reader)
    parts = fit_parts(customers, groups, grain_of(customers))
    found = taps(customers, groups, parts)
    if customers.until is not None:
        facts = Facts(facts.name, facts.title, next_day(customers.until), facts.currency)
    said = Subscription(facts, customers.spells, parts, found, reader.audit, reader.table.name)
    tested = _play(customers, groups, parts, wish)
    report = {"segments": {part.key: segment(part) for part in parts}, "channels": channels(found)}
    return Found(said.draft(), tested, headline(parts, found), report, len(customers), charts(tested))


def segments(customers: Customers, by: str | None, reader: Reader) -> Groups:
    """Return the segments: by the column the user names, by one called segment, or as the data bear."""
    if by is not None and by.lower() == NONE:
        return alone(customers)
    named = by or customers.named
    if named is not None:
        return by_column(customers, named, reader.audit)
    return propose(customers, set(reader.guess.columns.values()), reader.audit)


def _play(customers: Customers, groups: Groups, parts: Sequence[Part], wish: Wish) -> backtest.Backtest:
    """Play newcomers, the observed window, and the months held out."""
    tested = backtest.Backtest()
    months = min(LONGEST, int(max(part.curve.last for part in parts)))
    wish.tell("playing newcomers of every segment")
    played = replay.lives(parts, max(months, 1))
    checks, table = staying.survival(parts, played)
    tested.add([*checks, *staying.leavings(parts, played)], survival=table)
    for name, more in (
        ("incidence", staying.by_reason(parts, played)),
        ("cohorts", cohorts(customers, groups, parts, played)),
    ):
        if more is not None:
            tested.add([], **{name: more})
    if customers.is_dated and window(customers) >= 3:
        _play_window(customers, groups, parts, wish, tested)
    return tested


def _play_window(
    customers: Customers, groups: Groups, parts: Sequence[Part], wish: Wish, tested: backtest.Backtest
) -> None:
    """Play the calendar: all of it with the joins that came, the last months with those foretold."""
    import pandas as pd

    wish.tell(f"playing the {window(customers)} months observed")
    seen = observe(customers, groups, window(customers))
    checks, table = backtest.months(seen, replay.calendar(parts, seen))
    tested.add(checks, months=table)
    wish.tell("foretelling the last months from what was known before")
    foretold = holdout.foretell(customers, groups)
    if foretold is None:
        return
    months, played, unknown = foretold
    seen = observe(customers, groups, months)
    checks, later = backtest.months(seen, played, held_out=True, unknown=unknown)
    tested.add(checks, months=pd.concat([table, later], ignore_index=True))


def headline(parts: Sequence[Part], found: Taps) -> str:
    """Say how many customers there are, how many of them will leave, and how many join."""
    counts = np.array([part.count for part in parts])
    churn = float(np.average([part.churn.value for part in parts], weights=counts))
    half = NORMAL * float(np.sqrt(sum((part.churn.error * part.count) ** 2 for part in parts))) / counts.sum()
    joins = sum(channel.joins.value for channel in found.channels)
    return (
        f"{counts.sum():,} customers, of whom {100 * churn:.1f} % (95 %: {100 * (churn - half):.1f} to "
        f"{100 * (churn + half):.1f} %) "
        f"will leave within 12 months; {joins:{',.0f' if joins >= 10 else '.2g'}} join a month."
    )


def segment(part: Part) -> dict[str, Any]:
    """Return what was found of a segment, in plain values."""
    return {
        "label": part.label,
        "customers": part.count,
        "rows": round(part.spells.n),
        "left": round(part.spells.events),
        "law": part.fit.kind,
        "annual_churn": plain(part.churn),
        "first_year_churn": plain(part.fit.estimates["annual_churn"]),
        "price": plain(part.price.mean if part.price else None),
        "mean_tenure": float(part.present.mean()),
        "laws": {each.fit.kind: _law(each) for each in part.candidates},
    }


def _law(tried: Candidate) -> dict[str, Any]:
    fit = tried.fit
    numbers = {name: plain(each) for name, each in fit.estimates.items()}
    return {"aic": fit.aic, "bic": fit.bic, "deficit": _number(tried.deficit), "estimates": numbers}


def channels(found: Taps) -> dict[str, Any]:
    """Return what was found of every channel, in plain values."""
    return {
        each.key: {"label": each.label, "joins": plain(each.joins), "mix": each.mix, "customers": each.count}
        for each in found.channels
    }


def plain(found: Any) -> dict[str, float] | None:
    """Return an estimate in plain values, or None."""
    return None if found is None else {"mean": found.value, "low": found.low, "high": found.high}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def next_day(until: float) -> date:
    """Return the date after a day (since 1970)."""
    return date.fromisoformat(str(date_of(until + 1)))


def charts(tested: backtest.Backtest) -> tuple[str, ...]:
    """Return the charts there are tables for."""
    drawn = {
        "survival": "fitted_survival",
        "months": "backcast",
        "cohorts": "fitted_cohorts",
        "incidence": "fitted_incidence",
    }
    return tuple(chart for table, chart in drawn.items() if table in tested.tables)
