"""Runtable: what a run came to: sentences, a table that fits the terminal, what a customer is worth and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli import cell, desktable, exchangetable, leaktable, risktable, sparkline
from retainsim.cli.grid import Scale, estimated, lay_out, room
from retainsim.cli.screen import plain
from retainsim.study.compare import BASELINE
from retainsim.wording import Money, percent, span
from retainsim.workings.concentration import LANDSLIDE

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.results import Results

_GAIN, _LOSS = "bright_blue", "bright_red"


def show(results: Results, screen: Screen) -> None:
    """Print the answer of a run."""
    if screen.as_json:
        screen.answer(results.report)
        return
    for sentence in results.verdict:
        screen.item(sentence)
    money = Money.of(results.scenario.parameters)
    screen.say("")
    table, drawn = _table(results, money, screen)
    screen.show(*table)
    screen.say(_caption(results.report) + drawn, "dim")
    exchangetable.show(results.report, money, screen)
    leaktable.show(results.report, money, screen)
    desktable.show(results.report, screen)
    risktable.show(results.report, _landslide(results), screen)
    screen.say("")
    for line in [*_economics(results.report["economics"], money), *_cash(results.report, money)]:
        screen.say(line)
    _self_check(results.report, screen)


def _landslide(results: Results) -> float:
    """Return the share of revenue that makes a landslide in the baseline."""
    settings = results.scenario.parameters.mechanisms.key_accounts
    return float(settings.landslide) if settings is not None else LANDSLIDE


def _table(results: Results, money: Money, screen: Screen) -> tuple[list[RenderableType], str]:
    """Lay the arms out: one row each, or on a narrow terminal a line for the title above its numbers.

    Also returns what the caption says of the lines drawn, where there is room for them.
    """
    from rich.text import Text

    arms, width = results.report["arms"], screen.out.width
    gains = [money.unit * arm["versus_baseline"]["npv"]["mean"] for arm in arms.values() if "versus_baseline" in arm]
    scales = Scale.of(money.unit * arm["npv"]["mean"] for arm in arms.values()), Scale.of(gains)
    headings = _headings(money, *scales, compared=len(arms) > 1)
    titles = [Text(plain(arm["title"]), style="bold" if name != BASELINE else "") for name, arm in arms.items()]
    rows = [_cells(arm, scales, money.unit, width, compared=len(arms) > 1) for arm in arms.values()]
    letters = min(room(titles, headings, rows, width, wanted=sparkline.MOST), sparkline.MOST)
    if letters < sparkline.LEAST or not sparkline.can_be_written(screen.out.encoding):
        return lay_out(["arm", *headings], titles, rows, width), ""
    pools = _pools(results)
    rows = [[Text(line), *row] for line, row in zip(sparkline.lines(pools, letters), rows, strict=True)]
    headings = [f"pool, month\n0 to {results.report['run']['months']}", *headings]
    return lay_out(["arm", *headings], titles, rows, width), _drawn(pools)


def _pools(results: Results) -> list[list[float]]:
    """Return the mean pool of every arm, month by month from month 0, in the order of the arms."""
    means = results.monthly.groupby(["arm", "month"])["pool"].mean()
    return [means[arm].to_list() for arm in results.arms]


def _drawn(pools: list[list[float]]) -> str:
    """Say in the caption what the lines show and what their ends stand for."""
    low, high = (f"{end:,.0f}" for end in sparkline.extent(pools))
    scale = "" if len(pools) == 1 else " on one scale for all arms,"
    ends = sparkline.BLOCKS[0], sparkline.BLOCKS[-1]
    return f" Lines: mean pool,{scale} from its lowest month ({low}, {ends[0]}) to its highest ({high}, {ends[1]})."


def _headings(money: Money, values: Scale, gains: Scale, *, compared: bool) -> list[str]:
    against = [f"vs baseline\n{money.sign} {gains.suffix}".rstrip(), "\nP(better)"] if compared else []
    return [f"NPV\n{money.sign} {values.suffix}".rstrip(), *against, "pool\nat end", "kept\n12 mo."]


def _cells(arm: dict[str, Any], scales: tuple[Scale, Scale], unit: float, width: int, *, compared: bool) -> list[Text]:
    from rich.text import Text

    kept, cells = arm["retention_12m"]["mean"], [estimated(arm["npv"], scales[0], unit, width)]
    if compared:
        cells += _compared(arm.get("versus_baseline"), scales[1], unit, width)
    return [*cells, Text(f"{arm['pool_end']['mean']:,.0f}"), Text("-" if kept is None else percent(kept))]


def _compared(paired: dict[str, Any] | None, gains: Scale, unit: float, width: int) -> list[Text]:
    from rich.text import Text

    if paired is None:
        return [Text("-"), Text("-")]
    mean = paired["npv"]["mean"]
    cell = estimated(paired["npv"], gains, unit, width, sign="+")
    cell.stylize(_GAIN if mean > 0 else _LOSS if mean < 0 else "", 0, len(gains(unit * mean, "+")))
    return [cell, Text(percent(paired["p_better"], 0))]


def _caption(report: dict[str, Any]) -> str:
    run = report["run"]
    closing = "with closing value, " if run["closing_value"] == "expected" else "without closing value, "
    text = (
        f"NPV {closing}{run['tax']}. Ranges: 95 % intervals of the mean of {run['replications']} replications. "
        "Pool: customers; kept: retention over 12 months."
    )
    if len(report["arms"]) > 1:
        text += " P(better): share of replications in which the arm beats the baseline."
    return text


def _economics(economics: dict[str, Any], money: Money) -> list[str]:
    """Say what a newcomer is worth and what one costs, by segment and by channel."""
    worth = economics["clv"]
    lines = [f"Lifetime value of a newcomer: {_listed(worth['segment'], money)}"]
    if worth["channel"]:
        lines[0] += f"; by channel: {_listed(worth['channel'], money)}"
        costs = [f"{name} {_cost(cost, money)}" for name, cost in economics["cost_to_acquire"].items()]
        lines.append(f"Cost of a join: {', '.join(costs)}.")
    lines[0] += "."
    if economics["marginal_cost_to_retain"] is not None:
        more = cell.amount(economics["marginal_cost_to_retain"], money)
        lines.append(f"Cost of keeping one customer more for a year: {more}.")
    return lines


def _cash(report: dict[str, Any], money: Money) -> list[str]:
    """Say of every arm that puts money in first how much, and when it is back."""
    horizon = span(report["run"]["months"])
    paired = {arm["title"]: arm["versus_baseline"] for arm in report["arms"].values() if "versus_baseline" in arm}
    lines = [
        f"{plain(title)}: {_trough(found['cash_trough'], money)}, {_payback(found['payback_month'], horizon)}."
        for title, found in paired.items()
        if (found["cash_trough"]["high"] or 0.0) < 0.0
    ]
    return ["Cash against the baseline, in brackets 5th to 95th percentile:", *lines] if lines else []


def _trough(found: dict[str, Any], money: Money) -> str:
    size = {key: -found[other] for key, other in (("mean", "mean"), ("low", "high"), ("high", "low"))}
    spread = money.interval(-found["p95"], -found["p05"])
    return f"{money.mean(size)} short at the deepest ({spread}), in month {found['month']:.0f}"


def _payback(found: dict[str, Any], horizon: str) -> str:
    if found["median"] is None:
        often = "" if found["never"] == 1.0 else f" in {percent(found['never'], 0)} of replications"
        return f"not back within {horizon}{often}"
    late = "never" if found["p95"] is None else f"{found['p95']:.0f}"
    return f"back in month {found['median']:.0f} ({found['p05']:.0f} to {late})"


def _listed(amounts: dict[str, float], money: Money) -> str:
    return ", ".join(f"{name} {cell.amount(value, money)}" for name, value in amounts.items())


def _cost(cost: dict[str, float | None], money: Money) -> str:
    average, marginal = cost["average"], cost["marginal"]
    if average is None:
        return "unknown (nobody joins)"
    if marginal == average:
        return cell.amount(average, money)
    return f"{cell.amount(average, money)} on average and {cell.amount(marginal, money)} for one more"


def _self_check(report: dict[str, Any], screen: Screen) -> None:
    checks = report["self_check"]
    failed = [check for check in checks if not check["ok"]]
    for check in failed:
        screen.say(
            f"SELF-CHECK FAILED: {check['name']}: simulated {check['simulated']:,.6g}, theory {check['theory']:,.6g} "
            f"(allowed {check['low']:,.6g} to {check['high']:,.6g}). Do not rely on this run.",
            "bold bright_red",
        )
    if checks and not failed:
        names = "; ".join(check["name"] for check in checks)
        screen.say(
            f"Self-check: within 4 standard errors of theory in {len(checks)} of {len(checks)}: {names}.",
            "dim",
        )
    if not checks:
        screen.say("Self-check: theory has no closed form for this scenario; the books balance.", "dim")
