"""Exchangetable: what a point of retention is worth by each reading of five per cent, and what one more costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli import cell
from retainsim.wording import figure

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.wording import Money

_READINGS = {"points": "five points", "relative": "retention x 1.05", "churn": "churn x 0.95"}


def show(report: dict[str, Any], money: Money, screen: Screen) -> None:
    """Print the exchange rates of a run that has an arm which only keeps more customers."""
    rates: dict[str, Any] | None = report.get("exchange")
    if rates is None:
        return
    screen.say("")
    screen.say("What “five per cent more retention” is worth", "bold")
    screen.show(cell.table(["read as", "points", "NPV", "joins/month"], _readings(rates, money)))
    screen.say(_caption(report, rates), "dim")
    if rates["margins"]:
        headings = ["one more customer", "costs", "lifetime value", f"per {money.sign}"]
        screen.show(cell.table(headings, [_margin(report, row, money) for row in rates["margins"]]))


def _readings(rates: dict[str, Any], money: Money) -> list[tuple[str, ...]]:
    """Return one row per reading, the single point first."""
    rows = [{"reading": "one, on average", "points": 1.0, "npv": rates["npv"]}, *rates["readings"]]
    return [_reading(row, rates, money) for row in rows]


def _reading(row: dict[str, Any], rates: dict[str, Any], money: Money) -> tuple[str, ...]:
    npv, joins = row["npv"], rates["joins"]
    sign = "-" if npv["mean"] < 0 else ""
    worth = f"{sign}{money.mean(npv)} ({money.interval(npv['low'], npv['high'])})"
    more = (
        "-"
        if joins is None or not rates["npv"]["mean"]
        else figure(joins["mean"] * npv["mean"] / rates["npv"]["mean"], 3)
    )
    return _READINGS.get(row["reading"], row["reading"]), figure(row["points"], 3), worth, more


def _caption(report: dict[str, Any], rates: dict[str, Any]) -> str:
    title = report["arms"][rates["arm"]]["title"]
    exact = "exact" if rates["how"] == "exact" else "approximate: without what mechanisms add or uncertainty moves"
    return (
        f"Scaled from “{title}” ({figure(rates['points'], 3)} points), not played; "
        "ranges: 95 %, and on to a straight line. "
        f"Joins: at no cost, as they come today; what one is worth is {exact}."
    )


def _margin(report: dict[str, Any], row: dict[str, Any], money: Money) -> tuple[str, ...]:
    arms = report["arms"]
    what = arms[row["what"]]["title"] if row["what"] in arms and row["how"] == "keep" else row["what"].replace("_", " ")
    name = f"won: {what}" if row["how"] == "win" else f"kept a year: {what}"
    cost = cell.amount(row["cost"], money) + (" on average" if row["cost_is"] == "average" else "")
    return name, cost, cell.amount(row["clv"], money), "-" if row["per_money"] is None else figure(row["per_money"])
