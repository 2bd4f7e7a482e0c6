"""Page: the model of a scenario, as `retainsim explain` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from retainsim.cli.screen import plain
from retainsim.wording import figure, percent, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from retainsim.cli.screen import Screen
    from retainsim.wording import Money

LONGEST_NAME = 18
"""Letters of a name that are kept on one line, however narrow the terminal."""
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
    headings = ["channel", "joins a month", "paid", "a join costs", "one more", "who comes"]
    rows = [_tap(name, tap, money) for name, tap in taps.items()]
    joins = sum(tap["joins"] for tap in taps.values())
    return [
        _table(headings, rows, words=(2, 5)),
        *[f"{name}: {_assigned(rest)}" for name, tap in taps.items() if (rest := _beside(tap["settings"]))],
        f"In all {_flow(joins)} joins a month.",
    ]


def _tap(name: str, tap: dict[str, Any], money: Money) -> list[str]:
    cost = tap["cost_per_join"]
    pays = f"{_full(tap['spend'], money)} a month" if tap["spend"] is not None else "by the join"
    who = ", ".join(f"{percent(share, 0)} {segment}" for segment, share in tap["who"].items() if share)
    costs = [_full(cost[key], money) for key in ("average", "marginal")]
    return [name, _flow(tap["joins"]), pays if cost["average"] != 0 else "nothing", *costs, who]


def _beside(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _IN_TABLE}


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
    rows = [[reason, *(_rate(hazards[s][reason]) for s in segments)] for reason in reasons]
    rows += [
        ["all reasons", *(_rate(sum(hazards[s].values())) for s in segments)],
        ["churn a year, file", *(_share(leaks["annual_churn"][s]) for s in segments)],
        ["kept 12 months", *(percent(leaks["retention_12m"][s]) for s in segments)],
        ["frailty", *(_law(leaks["frailty"][s]) for s in segments)],
        ["duration", *(_law(leaks["duration"][s]) for s in segments)],
    ]
    return _table(["reason", *segments], rows)


def _pool(pool: dict[str, Any]) -> list[RenderableType]:
    rows = [
        [name, f"{each['customers']:,.0f}", *(_flow(each[key]) for key in ("mean_tenure", "leavings", "joins"))]
        for name, each in pool["segments"].items()
    ]
    rows.append(["all", f"{pool['customers']:,}", "", _flow(pool["leavings"]), _flow(pool["joins"])])
    moves = [
        f"{name} moves to {other}: {figure(rate, 3)} per customer-month."
        for name, each in pool["segments"].items()
        for other, rate in each["moves"].items()
    ]
    heads = ["segment", "customers", "mean tenure, months", "leave a month", "join a month"]
    return [_table(heads, rows), f"{_trend(pool)} {_tenure(pool)}", *moves]


def _trend(pool: dict[str, Any]) -> str:
    flows = f"{_flow(pool['joins'])} join and {_flow(pool['leavings'])} leave a month"
    if pool["expected_end"] is None:
        return f"The pool {_TRENDS[pool['trend']]} at first: {flows}."
    later = f"{pool['expected_end']:,.0f} are expected in month {pool['months']:,}"
    return f"The pool {_TRENDS[pool['trend']]}: at first {flows}, and {later}."


def _tenure(pool: dict[str, Any]) -> str:
    tenure = pool["tenure"]
    if tenure == "settled":
        return f"Tenures: settled, as {pool['age_years']:g} years of constant joining leave them."
    return "Tenures: all new." if tenure == "new" else f"Tenures: all {tenure['months']:g} months."


def _money(money_by_segment: dict[str, Any], money: Money) -> list[RenderableType]:
    heads = ["segment", "revenue", "gross margin", "cost to serve", "margin", "lifetime value"]
    rows = [
        [
            name, _cents(each["revenue"], money), percent(each["gross_margin"], 0),
            _cents(each["cost_to_serve"], money), _cents(each["margin"], money), _cents(each["clv"], money),
        ]
        for name, each in money_by_segment.items()
    ]  # fmt: skip
    terms = [f"{name}: {text}." for name, each in money_by_segment.items() if (text := _terms(each, money))]
    return [_table(heads, rows), "Lifetime value: of a newcomer, discounted, acquisition cost not taken off.", *terms]


def _terms(each: dict[str, Any], money: Money) -> str:
    parts = []
    if each["volume"] != 1 or each["discount"]:
        listed = f"{each['volume']:g} x {_money_of(each['price'] or 0.0, money)}"
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
        f"{name}: {each['about'].rstrip('.')}\n  {_assigned(each['settings'], each['units'])}"
        for name, each in mechanisms.items()
    ]


def _arms(arms: dict[str, Any], money: Money) -> list[RenderableType]:
    found: list[RenderableType] = []
    for name, arm in arms.items():
        does = [
            *([_lever(arm["retention"], money)] if arm["retention"] else []),
            *(_change(change) for change in arm["changes"]),
            *(f"spends {_money_of(i['amount'], money)} once, in month {i['at_month']:g}" for i in arm["investments"]),
        ]
        found.append(f"{name}: {plain(arm['title'])}")
        found += [f"  {text}" for text in does or ["changes nothing"]]
    return found


def _lever(lever: dict[str, Any], money: Money) -> str:
    scope = " and ".join(", ".join(names) for names in (lever["segments"], lever["reasons"]) if names)
    cost = [
        f"{_money_of(lever['cost'][key], money)} {text}"
        for key, text in (("once", "once"), ("per_month", "a month"), ("per_customer_month", "per customer-month"))
        if lever["cost"][key]
    ]
    return (
        f"retention{f' ({scope})' if scope else ''} from {percent(lever['before'])} to {percent(lever['after'])} "
        f"over 12 months: hazards x {figure(lever['hazard_factor'], 3)}{_when(lever)}; "
        f"costs {', '.join(cost) or 'nothing'}"
    )


def _change(change: dict[str, Any]) -> str:
    unit = f" {change['unit']}" if change["unit"] else ""
    return f"{change['set']}: {_number(change['before'])} to {_number(change['after'])}{unit}{_when(change)}"


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
        *([f"fixed costs {_money_of(run['fixed_costs'], money)} a month"] if run["fixed_costs"] else []),
    ]  # fmt: skip
    return ["; ".join(parts) + "."]


# -- how values are written -----------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: tuple[int, ...] = ()) -> Table:
    """Lay rows out; the first column and those of `words` hold words, the others numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    is_short = max((len(row[0]) for row in rows), default=0) <= LONGEST_NAME
    for index, heading in enumerate(headings):
        align: Literal["left", "right"] = "left" if index == 0 or index in words else "right"
        table.add_column(heading, justify=align, overflow="fold", no_wrap=is_short and index == 0)
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    return table


def _number(value: float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:,.4g}"


def _flow(value: float) -> str:
    """Write customers a month, or months."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def _rate(hazard: float) -> str:
    """Write a hazard per customer-month as one per 1,000 of them, so that small ones can be read."""
    return figure(1000 * hazard, 3)


def _full(value: float | None, money: Money) -> str:
    """Write an amount without its currency; one that has no end is None."""
    if value is None:
        return "no end"
    value *= money.unit
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _cents(value: float, money: Money) -> str:
    value *= money.unit
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def _money_of(value: float | None, money: Money) -> str:
    return "no end" if value is None else f"{money.sign} {_cents(value, money)}"


def _law(law: dict[str, Any]) -> str:
    rest = {key: value for key, value in law.items() if key != "kind"}
    numbers = " ".join(f"{value:g}" for value in rest.values() if isinstance(value, float))
    return f"{law['kind']} {numbers}".strip()


def _assigned(settings: dict[str, Any], units: dict[str, str] | None = None) -> str:
    return ", ".join(f"{key} = {_value(value)}{_unit(units, key)}" for key, value in settings.items())


def _unit(units: dict[str, str] | None, key: str) -> str:
    return f" {units[key]}" if units and units[key] else ""


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(each) for each in value)}]"
    return _number(value) if isinstance(value, (int, float)) else str(value)
