"""Page: the model of a scenario, as `retainsim explain` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli import cell
from retainsim.cli.screen import plain
from retainsim.wording import figure, percent, span

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from retainsim.cli.screen import Screen
    from retainsim.wording import Money

_IN_TABLE = ("joins", "spend", "cost_per_join", "mix")
_TRENDS = {"holds": "holds its size", "grows": "grows", "shrinks": "shrinks"}


def show(page: dict[str, Any], money: Money, screen: Screen) -> None:
    """Print the page, section by section."""
    screen.say(page["title"], "bold")
    sections = {
        f"Taps: how customers come (money in {money.sign})": _taps(page["taps"], money),
        "Leaks: why customers leave (hazard per 1,000 customer-months)": _leaks(page["leaks"], screen.out.width),
        "Pool: who is there at month 0": _pool(page["pool"]),
        f"Money per customer-month at tenure 0 ({money.sign})": _money(page["money"], money),
        f"Named clients, per month ({money.sign})": _accounts(page["accounts"], money),
        "Mechanisms": _mechanisms(page["mechanisms"]),
        "Arms": _arms(page["arms"], money),
        "Not known: drawn once per replication, the same in all arms": _uncertain(page["uncertain"]),
        "Run": _run(page["run"], money),
    }
    for heading, parts in sections.items():
        if parts:
            screen.say("")
            screen.say(heading, "bold bright_blue")
            for part in parts:
                screen.say(part) if isinstance(part, str) else screen.show(part)


def _taps(taps: dict[str, Any], money: Money) -> list[RenderableType]:
    if not taps:
        return ["Nobody joins."]
    headings = ["channel", "joins a month", "paid", "a join costs", "one more"]
    rows = [_tap(name, tap, money) for name, tap in taps.items()]
    joins = sum(tap["joins"] for tap in taps.values())
    return [
        cell.table(headings, rows, words=(2,)),
        *(_brings(name, tap) for name, tap in taps.items()),
        f"In all {cell.flow(joins)} joins a month.",
    ]


def _tap(name: str, tap: dict[str, Any], money: Money) -> list[str]:
    cost = tap["cost_per_join"]
    pays = f"{cell.plain_amount(tap['spend'], money)} a month" if tap["spend"] is not None else "by the join"
    costs = [cell.plain_amount(cost[key], money) for key in ("average", "marginal")]
    return [name, cell.flow(tap["joins"]), pays if cost["average"] != 0 else "nothing", *costs]


def _brings(name: str, tap: dict[str, Any]) -> str:
    """Say who comes through a channel, and what else the file says of it."""
    who = ", ".join(f"{percent(share, 0)} {segment}" for segment, share in tap["who"].items() if share)
    beside = {key: value for key, value in tap["settings"].items() if key not in _IN_TABLE}
    return f"{name} brings {who}{f'; {cell.assigned(beside)}' if beside else ''}."


def _leaks(leaks: dict[str, Any], width: int) -> list[RenderableType]:
    segments = list(leaks["hazards"])
    fitting = max(1, (width - 24) // 12)
    groups = [segments[i : i + fitting] for i in range(0, len(segments), fitting)]
    how = (
        "Base hazards are calibrated, so that the annual churn by segment and the reasons' shares come out."
        if leaks["calibrated"]
        else "Base hazards are those of the file as it stands (churn.calibrate = false)."
    )
    shares = f" Shares of the reasons: preset {leaks['preset']}." if leaks["preset"] else ""
    target = leaks["target_annual"]
    aim = f" The leak should stay below {percent(target)} a year." if target else ""
    return [*(_leak_table(leaks, group) for group in groups), f"{how}{shares}{aim}"]


def _leak_table(leaks: dict[str, Any], segments: list[str]) -> Table:
    hazards = leaks["hazards"]
    weight = {reason: sum(hazards[s][reason] for s in segments) for reason in leaks["reasons"]}
    reasons = sorted(leaks["reasons"], key=lambda reason: -weight[reason])
    rows = [[reason, *(cell.rate(hazards[s][reason]) for s in segments)] for reason in reasons]
    rows += [
        ["all reasons", *(cell.rate(sum(hazards[s].values())) for s in segments)],
        ["churn a year, file", *(cell.share(leaks["annual_churn"][s]) for s in segments)],
        ["kept 12 months", *(percent(leaks["retention_12m"][s]) for s in segments)],
        ["frailty", *(cell.law(leaks["frailty"][s]) for s in segments)],
        ["duration", *(cell.law(leaks["duration"][s]) for s in segments)],
    ]
    return cell.table(["reason", *segments], rows)


def _pool(pool: dict[str, Any]) -> list[RenderableType]:
    rows = [
        [name, f"{each['customers']:,.0f}", *(cell.flow(each[key]) for key in ("mean_tenure", "leavings", "joins"))]
        for name, each in pool["segments"].items()
    ]
    rows.append(["all", f"{pool['customers']:,}", "", cell.flow(pool["leavings"]), cell.flow(pool["joins"])])
    moves = [
        f"{name} moves to {other}: {figure(rate, 3)} per customer-month."
        for name, each in pool["segments"].items()
        for other, rate in each["moves"].items()
    ]
    heads = ["segment", "customers", "mean tenure, months", "leave a month", "join a month"]
    return [cell.table(heads, rows), f"{_trend(pool)} {_tenure(pool)}", *moves]


def _trend(pool: dict[str, Any]) -> str:
    flows = f"{cell.flow(pool['joins'])} join and {cell.flow(pool['leavings'])} leave a month"
    if pool["expected_end"] is None:
        return f"The pool {_TRENDS[pool['trend']]} at first: {flows}."
    later = f"{pool['expected_end']:,.0f} are expected in month {pool['months']:,}"
    return f"The pool {_TRENDS[pool['trend']]}: at first {flows}, and {later}."


def _tenure(pool: dict[str, Any]) -> str:
    if not isinstance(pool["tenure"], str):
        return f"Tenures: all {pool['tenure']['months']:g} months."
    settled = f"settled, as {pool['age_years']:g} years of constant joining leave them"
    listed = "as the file lists them for each segment"
    return f"Tenures: { {'settled': settled, 'new': 'all new', 'observed': listed}[pool['tenure']] }."


def _money(money_by_segment: dict[str, Any], money: Money) -> list[RenderableType]:
    heads = ["segment", "revenue", "gross margin", "cost to serve", "margin", "lifetime value"]
    rows = [[name, *_monthly(each, money)] for name, each in money_by_segment.items()]
    terms = [f"{name}: {text}." for name, each in money_by_segment.items() if (text := _terms(each, money))]
    return [
        cell.table(heads, rows),
        "Lifetime value: of a newcomer, discounted, acquisition cost not taken off.",
        *terms,
    ]


def _monthly(each: dict[str, Any], money: Money) -> list[str]:
    revenue, serve, margin, clv = (
        cell.plain_amount(each[key], money) for key in ("revenue", "cost_to_serve", "margin", "clv")
    )
    return [revenue, percent(each["gross_margin"], 0), serve, margin, clv]


def _terms(each: dict[str, Any], money: Money) -> str:
    parts = []
    if each["volume"] != 1 or each["discount"]:
        listed = f"{each['volume']:g} x {cell.amount(each['price'] or 0.0, money)}"
        parts.append(f"{listed} less {percent(each['discount'])} discount" if each["discount"] else listed)
    if each["term_months"]:
        parts.append(f"contracts of {span(round(each['term_months']))}")
    if each["billing"]:
        parts.append(f"billed every {each['billing']['every_months']:g} months at the {each['billing']['when']}")
    return ", ".join(parts)


def _mechanisms(mechanisms: dict[str, Any]) -> list[RenderableType]:
    if not mechanisms:
        return ["None is on."]
    return [
        f"{name}: {each['about'].rstrip('.')}\n  {cell.assigned(each['settings'], each['units'])}"
        for name, each in mechanisms.items()
    ]


def _arms(arms: dict[str, Any], money: Money) -> list[RenderableType]:
    found: list[RenderableType] = []
    for name, arm in arms.items():
        does = [
            *([_lever(arm["retention"], money)] if arm["retention"] else []),
            *(_change(change) for change in arm["changes"]),
            *(_event(event) for event in arm["events"]),
            *(f"spends {cell.amount(i['amount'], money)} once, in month {i['at_month']:g}" for i in arm["investments"]),
        ]
        found.append(f"{name}: {plain(arm['title'])}")
        found += [f"  {text}" for text in does or ["changes nothing"]]
    return found


def _event(event: dict[str, Any]) -> str:
    beside = {key: value for key, value in event.items() if key not in ("kind", "at_month")}
    return f"{event['kind']} in month {event['at_month']:g}{f': {cell.assigned(beside)}' if beside else ''}"


def _accounts(accounts: dict[str, Any], money: Money) -> list[RenderableType]:
    if not accounts:
        return []
    heads = ["client", "revenue", "gross margin", "cost to serve", "margin"]
    rows = [[name, *_monthly(each | {"clv": 0.0}, money)[:4]] for name, each in accounts.items()]
    return [
        cell.table(heads, rows),
        *(f"{name}: {cell.assigned(each['settings'])}." for name, each in accounts.items()),
    ]


def _lever(lever: dict[str, Any], money: Money) -> str:
    scope = " and ".join(", ".join(names) for names in (lever["segments"], lever["reasons"]) if names)
    reached = "" if lever["targets"] == "everyone" else f" of the {lever['aim']}"
    cost = [
        f"{cell.amount(lever['cost'][key], money)} {text}"
        for key, text in (("once", "once"), ("per_month", "a month"), ("per_customer_month", "per customer-month"))
        if lever["cost"][key]
    ]
    return (
        f"retention{f' ({scope})' if scope else ''} from {percent(lever['before'])} to {percent(lever['after'])} "
        f"over 12 months: hazards{reached} x {figure(lever['hazard_factor'], 3)}{_when(lever)}; "
        f"costs {', '.join(cost) or 'nothing'}"
    )


def _change(change: dict[str, Any]) -> str:
    unit = f" {change['unit']}" if change["unit"] else ""
    return f"{change['set']}: {cell.number(change['before'])} to {cell.number(change['after'])}{unit}{_when(change)}"


def _when(timed: dict[str, Any]) -> str:
    until = f" until month {timed['until_month']:g}" if timed.get("until_month") is not None else ""
    ramp = f", in full after {timed['ramp_months']:g} months" if timed["ramp_months"] else ""
    return f" from month {timed['from_month']:g}{until}{ramp}"


def _uncertain(uncertain: dict[str, str]) -> list[RenderableType]:
    return [f"{path}: {law}" for path, law in uncertain.items()]


def _run(run: dict[str, Any], money: Money) -> list[RenderableType]:
    closing = (
        f"closing value over {run['closing_years']:g} years"
        if run["closing_value"] == "expected"
        else "no closing value"
    )
    often = (
        f"until the headline is known to {percent(run['precision'])}"
        if run["precision"]
        else f"{run['replications']} replications"
    )
    start = f" from {run['start']}" if run["start"] else ""
    tax = f"tax {percent(run['tax_rate'])}" if run["tax_rate"] else "before tax"
    parts = [
        f"{span(run['months'])}{start} in steps of {run['step']:g} months", often, f"seed {run['seed']}",
        f"discount rate {100 * run['discount_rate']:g} % a year", closing, tax,
        *([f"inflation {percent(run['inflation'])} a year"] if run["inflation"] else []),
        *([f"fixed costs {cell.amount(run['fixed_costs'], money)} a month"] if run["fixed_costs"] else []),
    ]  # fmt: skip
    return ["; ".join(parts) + "."]
