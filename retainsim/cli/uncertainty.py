"""Uncertainty: the command that tells luck from ignorance, and says which number to measure first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import question

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer


@click.command(short_help="Tell luck from ignorance, and what to measure first.")
@click.option("--arm", metavar="ARM", help="The arm in question; default: the one the headline is about.")
@click.option("--against", metavar="ARM", default="baseline", show_default=True, help="The arm it is compared with.")
@click.option(
    "--draws", metavar="N", type=click.IntRange(16, 4096),
    help="Draws of what is not known, rounded down to a power of two; default: as many as make about 640 points.",
)  # fmt: skip
@question.options
def command(asked: dict[str, Any], screen: Screen, **more: Any) -> None:
    """Tell how much of the spread is luck and how much ignorance, and which number to measure first.

    What is not known is a distribution in the scenario, such as { normal = [0.22, 0.02] }. The difference between two
    arms is played for many draws of it, and its variance taken apart: what luck makes, what each unknown number makes,
    how likely the advice is right, and what knowing a number exactly before deciding would be worth. Every draw has
    luck of its own, so that --replications does not count.

    \b
    Example:
      retainsim uncertainty scenarios/what_to_measure.toml --arm programme --draws 16
    """
    from retainsim.study.uncertainty import uncertainty

    question.ask(uncertainty, "uncertainty", asked, screen, show, **more)


def show(answer: Answer, screen: Screen) -> None:
    """Print the inputs as a table, the one most worth measuring first."""
    from rich.text import Text

    from retainsim.cli.grid import Scale, estimated, lay_out
    from retainsim.wording import Money

    money, rows, width = Money.of(answer.scenario.parameters), answer.report["indices"], screen.out.width
    scale = Scale.of(money.unit * row["evpi"]["mean"] for row in rows)
    headings = ["input", "alone", "in all", f"worth knowing\n{money.sign} {scale.suffix}".rstrip()]
    titles = [Text(row["title"]) for row in rows]
    cells = [
        [*(Text(_share(row[kind])) for kind in ("first", "total")), estimated(row["evpi"], scale, money.unit, width)]
        for row in rows
    ]
    screen.show(*lay_out(headings, titles, cells, width))
    screen.say(
        "Share of ignorance that the input makes alone and with others, with half the width of its 95 % interval; "
        "what knowing it exactly before deciding would be worth (95 % interval).", "dim",
    )  # fmt: skip


def _share(found: dict[str, float | None]) -> str:
    if found["mean"] is None or found["low"] is None or found["high"] is None:
        return "-"
    return f"{100 * found['mean']:.0f} % ± {50 * (found['high'] - found['low']):.0f}"
