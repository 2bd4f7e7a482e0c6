"""Trade: the exchange rates of a run, in two sentences: what a point is worth, and which way money should move."""

from __future__ import annotations

from typing import Any

from retainsim.wording import Money, figure

Rates = dict[str, Any]


def trade(report: dict[str, Any], money: Money) -> list[str]:
    """Say what one point of retention is worth, in money and in acquisition, and where one more brings more."""
    rates: Rates | None = report.get("exchange")
    if rates is None:
        return []
    return [_point(rates, money), *_direction(report, rates, money)]


def _point(rates: Rates, money: Money) -> str:
    npv, joins = rates["npv"], rates["joins"]
    cost = "" if rates["is_free"] else " after what it costs"
    bounds = f"(95 %: {money.interval(npv['low'], npv['high'])})"
    if npv["low"] is None or npv["low"] <= 0:
        return f"One point of retention is not clearly worth anything{cost} {bounds}."
    said = f"One point of retention is worth {money.mean(npv)} on average{cost} {bounds}"
    if joins is None:
        return f"{said}."
    about = "" if rates["how"] == "exact" else "about "
    ends = f"{figure(joins['low'], 3)} to {figure(joins['high'], 3)}"
    more = f"as much as {about}{figure(joins['mean'], 3)} more joins a month at no cost ({ends})"
    return f"{said}, {more}{_spend(rates, money)}."


def _spend(rates: Rates, money: Money) -> str:
    """Say how much spend buys a point, in the channel where a curve says what more spend brings."""
    name = _curved(rates)
    if name is None:
        return ""
    found = rates["spend"][name]
    if found["mean"] is not None:
        ends = f"{money.say(found['low'])} to {money.say(found['high'])}" if found["high"] else "no upper end"
        return f", or {money.say(found['mean'])} a month more on {name} ({ends})"
    best = found["best"]
    if best["npv"] <= 0:
        return f"; more spend on {name} only loses"
    return (
        f"; {name} cannot buy that: at best, {money.say(best['spend'])} a month more, it adds {money.say(best['npv'])}"
    )


def _curved(rates: Rates) -> str | None:
    """Return the channel with a response curve in which one more unit of money brings most."""
    rows = [row for row in rates["margins"] if row["how"] == "win" and row["per_money"] is not None]
    rows = [row for row in rows if rates["spend"][row["what"]]["best"] is not None]
    return max(rows, key=lambda row: row["per_money"])["what"] if rows else None


def _direction(report: dict[str, Any], rates: Rates, money: Money) -> list[str]:
    """Say which way money should move."""
    name = _curved(rates)
    if name is None:
        return []
    won = next(row for row in rates["margins"] if row["how"] == "win" and row["what"] == name)["per_money"]
    keep = [row for row in rates["margins"] if row["how"] == "keep" and row["per_money"] is not None]
    spent = f"One more {money.sign} spent on {name} brings {figure(won)} in lifetime value"
    if not keep or won <= 0:
        most = rates["value_kept"] / max(won, 1.0)
        return [
            f"{spent}: money is better spent on keeping customers while each kept a year costs under {money.say(most)}."
        ]
    best = max(keep, key=lambda row: (row["cost_is"] == "marginal", row["per_money"]))
    what = "the retention programme" if best["cost_is"] == "marginal" else f"“{report['arms'][best['what']]['title']}”"
    mean = " on average" if best["cost_is"] == "average" else ""
    return [f"{spent}, on {what} {figure(best['per_money'])}{mean}: {_move(won, best['per_money'], name)}."]


def _move(won: float, kept: float, channel: str) -> str:
    if max(won, kept) < 1.0:
        return "neither pays for more"
    return f"money should move to {'keeping customers' if kept > won else channel} until they are equal"
