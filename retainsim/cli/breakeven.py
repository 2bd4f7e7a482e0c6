"""Breakeven: the command that finds at which value of a key one arm equals another, or a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import question

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer


def _range(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, float] | None:
    """Take LO:HI apart."""
    if value is None:
        return None
    low, colon, high = value.partition(":")
    try:
        return float(low), float(high if colon else "")
    except ValueError:
        raise click.BadParameter(f"{value!r} is no LO:HI; write 0:100") from None


@click.command(short_help="Find the value at which one arm equals another.")
@click.option("--vary", metavar="KEY", required=True, help="What is varied, by its path: acquisition.ads.spend.")
@click.option("--match", metavar="ARM", help="The arm to be equalled, held as it is.")
@click.option("--target", metavar="VALUE", type=float, help="The number to be equalled instead of an arm.")
@click.option("--arm", metavar="ARM", help="The arm in which KEY is varied; default: the baseline, or X of arms.X...")
@click.option("--measure", metavar="NAME", default="npv", show_default=True, help="In which measure.")
@click.option("--between", metavar="LO:HI", callback=_range, help="Where to look; default: outwards from today.")
@click.option("--both/--one", default=None, help="The value holds in --match too; default: only for keys of run.")
@question.options
def command(*, asked: dict[str, Any], screen: Screen, **more: Any) -> None:
    """Find the value of KEY at which an arm equals another arm, or a number.

    How much advertising buys what five points of retention give? What may the programme cost? At which discount does
    a client stop paying? The value has a 95 % interval from the replications; where there is none, the answer says
    what the closest is.

    \b
    Example:
      retainsim breakeven scenarios/five_points.toml --vary segments.small.price --match retention
      retainsim breakeven scenarios/five_points.toml --vary arms.programme.retention.cost.per_customer_month
    """
    from retainsim.study.breakeven import breakeven

    question.ask(breakeven, "breakeven", asked, screen, _show, **more)


def _show(answer: Answer, screen: Screen) -> None:
    """Print the curve around the answer, its values written alike."""
    from retainsim.cli import cell
    from retainsim.study.quantity import of_measure
    from retainsim.wording import Money

    money = Money.of(answer.scenario.parameters)
    measured, report = of_measure(answer.report["measure"], money), answer.report
    points: list[dict[str, float]] = answer.table.to_dict("records")  # type: ignore[assignment]
    shown = [points[place] for place in sorted({round(i * (len(points) - 1) / 8) for i in range(9)})]
    rows = [
        (
            f"{p['value']:,.6g}",
            measured.estimated({**p, "mean": p["difference"] * (abs(p["difference"]) > 1e-6 * (p["high"] - p["low"]))}),
            measured.interval(p["low"], p["high"]),
        )
        for p in shown
    ]
    against = report["match"] or "target"
    headings = [
        report["unit"].replace("money", money.sign) or report["lever"],
        f"{report['arm']} less {against}",
        "95 %",
    ]
    screen.show(cell.table(headings, rows))
