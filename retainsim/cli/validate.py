"""Validate: the command that checks scenario files without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from retainsim.cli import option
from retainsim.errors import ScenarioError

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


@click.command(short_help="Check scenario files, all problems at once.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@option.settings
@option.screen
def command(files: tuple[str, ...], *, settings: dict[str, Any], screen: Screen) -> None:
    """Check scenario files: every problem with its file, line and column, and what to do about it.

    Nothing is run. That a retention lever asks for more than can be had, only explain and run find out.

    \b
    Example:
      retainsim validate scenarios/five_points.toml
      retainsim validate scenarios/five_points.toml scenarios/telco.toml --set run.months=36
    """
    checked = [_check(file, settings) for file in files]
    if screen.as_json:
        screen.answer({"valid": all(each["valid"] for each in checked), "files": checked})
    else:
        for each in checked:
            _say(each, screen)
    if not all(each["valid"] for each in checked):
        click.get_current_context().exit(ScenarioError.exit_code)


def _check(file: str, settings: dict[str, Any]) -> dict[str, Any]:
    from retainsim.scenario import load

    try:
        scenario = load(file, settings)
    except ScenarioError as error:
        return {"file": file, "valid": False, "problems": error.problems, "warnings": []}
    return {
        "file": file,
        "valid": True,
        "problems": [],
        "warnings": list(scenario.warnings),
        "title": scenario.title,
        "segments": list(scenario.parameters.segments),
        "channels": list(scenario.parameters.acquisition),
        "arms": list(scenario.arms),
    }


def _say(checked: dict[str, Any], screen: Screen) -> None:
    if not checked["valid"]:
        for problem in checked["problems"]:
            click.echo(problem, err=True)
        return
    counts = ", ".join(counted(len(checked[f"{noun}s"]), noun) for noun in ("segment", "channel", "arm"))
    screen.say(f"{checked['file']}: valid ({counts})")
    screen.warn(f"{checked['file']}: {warning}" for warning in checked["warnings"])


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 arm, 5 arms."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
