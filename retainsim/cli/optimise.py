"""Optimise: the command that splits a budget over levers, and says what the next euro is worth in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option, question

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer
    from retainsim.wording import Money


@click.command(short_help="Find the best split of a budget, and what the next euro is worth.")
@option.vary("LO:HI")
@click.option("--budget", metavar="AMOUNT", type=click.FloatRange(0.0), help="Money per month that the levers may "
              "cost together.")  # fmt: skip
@click.option("--cost", "costs", multiple=True, callback=option.parse_amounts, metavar="KEY=AMOUNT", help="Money per "
              "month that one unit of a lever costs, where the file does not say it. Repeatable.")  # fmt: skip
@click.option("--measure", type=click.Choice(["npv", "customer_equity", "npv_to_horizon"]), default="npv", help="What "
              "is to be as high as can be.")  # fmt: skip
@click.option("--arm", default="baseline", help="The arm whose levers they are; default: the baseline.")
@question.options
def command(*, asked: dict[str, Any], screen: Screen, **chosen: Any) -> None:
    """Find the best split of a budget over levers, and what the next euro is worth in each.

    Each --vary names a lever and its bounds: spend on a channel or a programme, agents of a desk, managers, any number
    that an arm can change. Spend per month costs itself; agents and managers cost what the file pays them; spend per
    customer counts at today's pool; for anything else say what one unit costs a month with --cost.

    A search proposes plans; the best of them and today's plan then compete on fresh luck; the gain and the worth of the
    next euro are measured on luck that neither has seen.

    \b
    Example:
      retainsim optimise scenarios/car_wash.toml --vary acquisition.flyers.spend=0:3000 --set run.months=12
    """
    from retainsim.study.optimise import optimise

    vary = chosen.pop("vary")
    question.ask(optimise, "optimise", asked, screen, show, vary=vary, **chosen)


def show(answer: Answer, screen: Screen) -> None:
    """Print the levers: today, at the best, and what the next euro is worth at either."""
    from rich.text import Text

    from retainsim.cli.grid import Scale, estimated, lay_out
    from retainsim.study.advice import money_of_next
    from retainsim.study.axis import unit_name
    from retainsim.wording import Money

    money, report = Money.of(answer.scenario.parameters), answer.report
    levers = report["marginal"]
    units = {key: money_of_next(found, money).unit for key, found in levers.items()}
    nexts = Scale.of(units[key] * found[at]["mean"] for key, found in levers.items() for at in ("today", "best"))
    rows = [
        [Text(_bare(report[at][key], found, money)) for at in ("today", "best")]
        + [estimated(found[at], nexts, units[key], screen.out.width, "+") for at in ("today", "best")]
        for key, found in levers.items()
    ]
    worth = f"{money.sign} {nexts.suffix}".rstrip()
    heads = ["today", "best", f"next unit\ntoday, {worth}", f"next unit\nat best, {worth}"]
    titles = [f"{found['words']}, {unit_name(found['unit'], money)}".rstrip(", ") for found in levers.values()]
    screen.show(*lay_out(["lever", *heads], [Text(title) for title in titles], rows, screen.out.width))
    screen.say(_caption(report, money.sign), "dim")


def _bare(number: float, found: dict[str, Any], money: Money) -> str:
    """Write a value of a lever without its unit."""
    from retainsim.wording import figure

    size = number * (money.unit if found["unit"].startswith("money") else 1.0)
    return f"{size:,.0f}" if abs(size) >= 1000 else figure(size, 4) if size % 1 else f"{size:,.0f}"


def _caption(report: dict[str, Any], sign: str) -> str:
    is_priced = all(found["cost"] is not None for found in report["marginal"].values())
    unit = f"{sign} 1 a month" if is_priced else f"{sign} 1 a month, or one unit where no cost is known,"
    runs = report["run"]["replications"]
    return f"Next unit: what {unit} more is worth, its own cost taken off. Ranges: 95 % intervals, {runs} replications."
