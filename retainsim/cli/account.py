"""Account: the command that asks whether a named client is worth keeping, renegotiating with, or letting go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import question

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Keep, renegotiate or release a named client.")
@question.options
@click.argument("name", required=False)
@click.option("--offer", type=float, metavar="SHARE", help="Discount to ask for: 0.3; default: the one worth most.")
@click.option("--release-at", type=float, default=0.0, metavar="MONTH", help="When it would be given notice.")
@click.option("--notice", type=float, default=0.0, metavar="MONTHS", help="From then to its last day.")
def command(
    name: str | None,
    *,
    offer: float | None,
    release_at: float,
    notice: float,
    asked: dict[str, Any],
    screen: Screen,
) -> None:
    """Compare keeping, renegotiating and releasing a client of [[accounts]]; without NAME, rank all of them.

    Its discount, rebate, cost to serve and days to pay count, and so does what it does to the others: the time it
    takes of desk and managers, what they hear of its discount, what its name is worth. Says where the difference
    comes from, what to ask for, and at which discount, cost or churn the advice becomes another one.

    \b
    Example:
      retainsim account scenarios/discount_client.toml "Nordwind AG"
      retainsim account scenarios/discount_client.toml --offer 0.32 --release-at 3 --notice 6
    """
    from retainsim.cli.accounttable import show
    from retainsim.study.account import account

    terms = {"name": name, "offer": offer, "release_at": release_at, "notice": notice}
    question.ask(account, "account", asked, screen, show, **terms)
