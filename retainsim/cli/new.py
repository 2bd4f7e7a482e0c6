"""New: the command that writes a commented starter scenario."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retainsim.cli import option

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen

TEMPLATES = {
    "subscription": "private customers who pay by the month or are bound for a year; advertising and friends",
    "b2b": "small and large firms under yearly contracts; sales force and partners",
    "minimal": "the fewest keys that make a scenario",
}


@click.command(short_help="Write a commented starter scenario.")
@click.argument("name", required=False)
@click.option("--template", type=click.Choice(list(TEMPLATES)), default="subscription", show_default=True,
              help="What the scenario starts from.")  # fmt: skip
@click.option("--list", "lists", is_flag=True, help="List the templates.")
@option.force("Overwrite NAME.toml if it exists.")
@option.screen
def command(name: str | None, *, template: str, lists: bool, force: bool, screen: Screen) -> None:
    """Write NAME.toml, a commented scenario that runs as it is, for you to put in your own numbers.

    Without NAME it is called as the template.

    \b
    Example:
      retainsim new mine
      retainsim new --list
      retainsim new clients --template b2b
    """
    if lists:
        _list(screen)
        return
    from retainsim.cli.place import write_new

    path = Path(name or template)
    path = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    write_new(path, text_of(template), force=force)
    following = f"retainsim explain {shlex.quote(str(path))}"
    if screen.as_json:
        screen.answer({"file": str(path), "template": template, "next": following})
    else:
        screen.say(f"{path} is written. Put in your numbers, then see what it says:\n  {following}")


def text_of(template: str) -> str:
    """Return the text of a template."""
    return (files("retainsim") / "templates" / f"{template}.toml").read_text(encoding="utf-8")


def _list(screen: Screen) -> None:
    if screen.as_json:
        screen.answer({"templates": TEMPLATES})
        return
    for name, about in TEMPLATES.items():
        screen.say(f"{name}: {about}")
