"""Noncontractual: a table with a row a purchase, fitted and played against what was observed."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from retainsim.draws import Floats
from retainsim.errors import DataError, RetainsimError
from retainsim.fit import backtest, replay
from retainsim.fit.activity import alive
from retainsim.fit.bounds import bounded, spends
from retainsim.fit.buying import BuyingFit, SpendFit, choose_buying, fit_spend
from retainsim.fit.contractual import next_day, plain
from retainsim.fit.draft import Facts
from retainsim.fit.flow import joins
from retainsim.fit.found import Found, Wish
from retainsim.fit.observed import LONGEST
from retainsim.fit.orders import Orders, read
from retainsim.fit.reader import Reader
from retainsim.fit.shopping import KEY, Shopping
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

_HELD_OUT = 0.25
_LEAST = 12
"""Months of observation that leave some to be held out."""


def fit(reader: Reader, facts: Facts, wish: Wish) -> Found:
    """Fit a table with a row a purchase.

    Raises
    ------
    DataError
        If too few customers bought again, or segments are asked for.
    """
    if wish.by is not None:
        raise DataError("--by: purchases are fitted as one segment; make a table of each group, and fit one at a time")
    orders = read(reader, wish.until, wish.since)
    wish.tell(f"fitting {orders.count:,} customers")
    chosen, _, why = choose_buying(orders.summary())
    facts = Facts(facts.name, facts.title, next_day(orders.until), facts.currency)
    months = _months(orders)
    first = joins(
        _first(orders, months)[-max(12, months // 2) :], first=_calendar(orders, min(months, max(12, months // 2)))
    )
    said = Shopping(
        facts,
        orders,
        chosen,
        why,
        _spend(orders),
        alive(chosen, *orders.columns()),
        first,
        reader.audit,
        reader.table.name,
    )
    tested = _play(orders, said, months, wish)
    report = {
        "segments": {
            KEY: {
                "law": chosen.kind,
                "customers": said.active,
                "estimates": {n: plain(e) for n, e in chosen.estimates.items()},
                "spend": plain(said.spend.mean if said.spend else None),
            }
        },
        "channels": {"advertising": {"joins": plain(first.today)}},
    }
    return Found(said.draft(), tested, _headline(said), report, int(reader.kept.sum()), ("backcast",))


def _headline(said: Shopping) -> str:
    today = said.joins.today
    spend = f", {said.spend.mean.value:,.2f} each on average" if said.spend else ""
    rate = said.fit.estimates["r"].value / said.fit.estimates["alpha"].value
    return (
        f"{said.orders.count:,} customers, of whom some {said.active:,} are still active and buy {12 * rate:.1f} "
        f"times a year{spend}; "
        f"{today.value:,.1f} (95 %: {today.low:,.1f} to {today.high:,.1f}) come a month."
    )


def _months(orders: Orders) -> int:
    return max(1, min(LONGEST, math.ceil((orders.until - float(orders.day.min())) / DAYS_PER_MONTH + 1e-9)))


def _spend(orders: Orders) -> SpendFit | None:
    """Return the law of spend; None without amounts, or where it has no finite mean."""
    if orders.amount is None or float(np.ptp(orders.spend()[0])) == 0:
        return None
    found = fit_spend(*orders.spend())
    return found if np.isfinite(found.mean.value) and found.estimates["q"].value > 1 else None


def _place(orders: Orders, days: Floats, months: int) -> Floats:
    """Return the month, from 0, that each day is in; below 0 before the window."""
    start = orders.until - months * DAYS_PER_MONTH
    return np.minimum(np.floor((days - start) / DAYS_PER_MONTH), months - 1)


def _first(orders: Orders, months: int) -> Floats:
    return _count(_place(orders, orders.first, months), months)


def _count(place: Floats, months: int, weight: Floats | None = None) -> Floats:
    inside = place >= 0
    return np.bincount(place[inside].astype(np.int64), None if weight is None else weight[inside], months).astype(
        np.float64
    )


def _calendar(orders: Orders, months: int) -> int:
    return int(str(date_of(orders.until - (months - 0.5) * DAYS_PER_MONTH))[5:7]) - 1


def _play(orders: Orders, said: Shopping, months: int, wish: Wish) -> backtest.Backtest:
    """Play the window from the first purchases on; the last months also with what was known before them."""
    tested = backtest.Backtest()
    wish.tell(f"playing the {months} months observed")
    seen = _seen(orders, months)
    start = orders.until - months * DAYS_PER_MONTH
    played = _window(said.fit, said.spend, seen["joined"], months)
    checks, table = backtest.compare({name: (seen[name], played[name]) for name in played}, start, judged=tuple(played))
    tested.add([check for check in checks if not check.name.startswith("joins")], months=table)
    held = int(months * _HELD_OUT)
    if months >= _LEAST:
        wish.tell("foretelling the last months from what was known before")
        _hold_out(orders, said, seen, months, held, tested)
    return tested


def _hold_out(
    orders: Orders, said: Shopping, seen: dict[str, Floats], months: int, held: int, tested: backtest.Backtest
) -> None:
    try:
        earlier = choose_buying(orders.before(orders.until - held * DAYS_PER_MONTH).summary())[0]
    except RetainsimError:
        return
    played = _window(earlier, said.spend, seen["joined"], months)
    late = {
        name: (seen[name][-held:], each[-held:]) for name, each in played.items() if name in ("purchases", "revenue")
    }
    checks, table = backtest.compare(late, orders.until - held * DAYS_PER_MONTH, held_out=True, judged=tuple(late))
    tested.add(checks, months=pd.concat([tested.tables["months"], table], ignore_index=True))


def _seen(orders: Orders, months: int) -> dict[str, Floats]:
    """Count purchases, first ones and revenue of those whose first purchase is in the window."""
    place = _place(orders, orders.day, months)
    place[(_place(orders, orders.first, months) < 0)[orders.customer]] = -1.0
    found = {"purchases": _count(place, months), "joined": _first(orders, months)}
    return found if orders.amount is None else found | {"revenue": _count(place, months, orders.amount)}


def _window(fit: BuyingFit, spend: SpendFit | None, came: Floats, months: int) -> dict[str, Floats]:
    """Return what is played with the customers who came, by series: columns mean, low, high; shape (months, 3)."""
    each = max(1.0, float(came.sum()) / replay.MOST)
    table = bounded(fit)
    table["purchases"] = table["purchases"] | {"spend": spends(spend) if spend else {"kind": "same", "mean": 0.0}}
    detail = replay.play_buyers(KEY, table, came / each, months)
    shrink, found = 1 / np.sqrt(each), {}
    for name in ("purchases", "joined", *(("revenue",) if spend else ())):
        drawn = detail.pivot_table(index="replication", columns="month", values=name).to_numpy()[:, 1:, None] * each
        found[name] = replay.Played.of(drawn, shrink).total
    return found
