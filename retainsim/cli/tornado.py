"""Tornado: the command that finds which input moves the difference between two arms, and where the advice flips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import question

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer
    from retainsim.study.input import Input
    from retainsim.wording import Money


def parse_inputs(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """Take every KEY or KEY=LO:HI apart: its bounds, or None."""
    found: dict[str, Any] = {}
    for text in value:
        key, is_bounded, bounds = (part.strip() for part in text.partition("="))
        if not key or key in found:
            raise click.BadParameter(f"{text!r}; name every key once, such as segments.small.price=50:70")
        found[key] = _bounds(text, bounds) if is_bounded else None
    return found


def _bounds(text: str, bounds: str) -> tuple[float, float]:
    try:
        low, high = (float(word) for word in bounds.split(":"))
    except ValueError:
        raise click.BadParameter(f"{text!r} is no KEY=LO:HI; write segments.small.price=50:70") from None
    return low, high


@click.command(short_help="Find which input would change the advice.")
@click.option("--arm", metavar="ARM", help="The arm in question; default: the one the headline is about.")
@click.option("--against", metavar="ARM", default="baseline", show_default=True, help="The arm it is compared with.")
@click.option(
    "--input", "inputs", metavar="KEY[=LO:HI]", multiple=True, callback=parse_inputs,
    help="Look at this number only, within these bounds; repeatable. Default: all numbers that matter.",
)  # fmt: skip
@click.option(
    "--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.2, show_default=True,
    help="How far a number is moved down and up where the file has no distribution for it.",
)  # fmt: skip
@question.options
def command(asked: dict[str, Any], screen: Screen, **more: Any) -> None:
    """Find which input moves the difference between two arms most, and at which value the advice reverses.

    Inputs are facts that may be otherwise than the file says. Each is put at either end of its plausible range (the
    5th and 95th percentile of its distribution, else 20 % down and up), all else equal and on the same luck. Where the
    better arm changes is looked for far beyond that.

    \b
    Example:
      retainsim tornado scenarios/five_points.toml --arm programme --input segments.small.annual_churn
      retainsim tornado scenarios/five_points.toml --arm programme --against advertising_same_budget
      retainsim tornado scenarios/five_points.toml --arm programme --input run.discount_rate=0.05:0.2
    """
    from retainsim.study.tornado import tornado

    question.ask(tornado, "tornado", asked, screen, show, **more)


def show(answer: Answer, screen: Screen) -> None:
    """Print the inputs as a table, the widest swing first."""
    from rich.text import Text

    from retainsim.cli.grid import Scale, estimated, lay_out
    from retainsim.study.input import Input
    from retainsim.wording import Money

    money, rows = Money.of(answer.scenario.parameters), answer.report["inputs"]
    scale = Scale.of(money.unit * row[end]["mean"] for row in rows for end in ("difference_low", "difference_high"))
    width = screen.out.width
    unit = f"{money.sign} {scale.suffix}".rstrip()
    headings = ["input", f"at its low\n{unit}", f"at its high\n{unit}", "flips at"]
    titles, cells = [], []
    for row in rows:
        asked = Input.of(row)
        titles.append(Text(row["title"]).append(f"\n{asked.span(asked.low, asked.high, money)}", style="dim"))
        ends = [estimated(row[end], scale, money.unit, width) for end in ("difference_low", "difference_high")]
        cells.append([*ends, _flip(asked, row["flips_at"], money)])
    screen.show(*lay_out(headings, titles, cells, width))
    screen.say(
        "Difference in NPV at either end of the plausible range and where it reverses, with 95 % intervals.",
        "dim",
    )


def _flip(asked: Input, at: dict[str, float] | None, money: Money) -> Text:
    """Write where an input reverses the advice, and its interval below."""
    from rich.text import Text

    if at is None:
        return Text("-")
    low, high = (asked.brief(at[end], money) for end in ("low", "high"))
    return Text(asked.brief(at["mean"], money)).append(f"\n{low} to {high}", style="dim")
