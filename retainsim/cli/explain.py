"""Explain: the command that shows the whole model of a scenario on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Show the whole model of a scenario on one page.")
@option.scenario_file
@option.settings
@option.screen
def command(file: str, *, settings: dict[str, Any], screen: Screen) -> None:
    """Show the whole model of a scenario: taps, leaks, pool, money, mechanisms and arms.

    Read it before you run: does the pool hold, is the churn the one you know, does each arm do what you mean?
    Nothing is simulated; what is expected follows from the laws in the file.

    \b
    Example:
      retainsim explain scenarios/five_points.toml
      retainsim explain scenarios/telco.toml --set churn.preset=five-reasons
    """
    from retainsim.explain import explain
    from retainsim.scenario import load

    scenario = load(file, settings)
    with screen.busy("calibrating"):
        page = explain(scenario)
    if screen.as_json:
        screen.answer(page)
    else:
        from retainsim.cli.page import show
        from retainsim.wording import Money

        show(page, Money.of(scenario.parameters), screen)
    screen.warn(page["warnings"])
