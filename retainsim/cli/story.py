"""Story: the command that tells the life of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Tell the life of one customer.")
@option.scenario_file
@click.option("--customer", help="Identity (as in customers.parquet), or a named client; default: an eventful life.")
@click.option("--arm", default="baseline", show_default=True, help="The arm it lives in.")
@click.option("--replication", default=0, show_default=True, type=click.IntRange(min=0), help="Which draw of all luck.")
@option.settings
@option.screen
def command(
    file: str, *, customer: str | None, arm: str, replication: int, settings: dict[str, Any], screen: Screen
) -> None:
    """Tell the life of one customer in sentences: what happened to it, when, and what it was worth.

    The same customer has the same luck in every arm: compare its lives with --arm.

    \b
    Example:
      retainsim story scenarios/five_points.toml
      retainsim story scenarios/five_points.toml --arm retention
    """
    from retainsim.scenario import load
    from retainsim.study.story import story

    scenario = load(file, settings)
    with screen.busy("playing the replication once more"):
        sentences = story(scenario, customer, arm=arm, replication=replication)
    if screen.as_json:
        screen.answer({"story": sentences})
        return
    screen.say(sentences[0], "bold")
    for sentence in sentences[1:]:
        screen.item(sentence)
