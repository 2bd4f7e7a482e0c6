"""Command: a page with the help of every command, and what their exit codes mean."""

from __future__ import annotations

import re

import click

from pages.markdown import table
from retainsim.cli.root import COMMANDS, main

WIDTH = 100
"""Columns of the help, as a terminal of that width shows it."""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    sections = [_section(name) for name in COMMANDS]
    return {"commands.md": "\n".join([_head(), *sections]).rstrip() + "\n"}


def _head() -> str:
    rows = [[f"[`{name}`](#retainsim-{name})", about] for name, about in COMMANDS.items()]
    return f"# Commands\n\n{table(['command', 'what it does'], rows)}\n## Exit codes\n\n{_codes()}"


def _codes() -> str:
    """Return the exit codes, as the help of `retainsim` tells them."""
    told = re.search(r"Exit codes: ([^.]+)\.", main.help or "")
    assert told
    pairs = [each.strip().split(" ", 1) for each in " ".join(told[1].split()).split(";")]
    return table(["code", "meaning"], pairs)


def _section(name: str) -> str:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    context = click.Context(command, info_name=f"retainsim {name}", max_content_width=WIDTH, terminal_width=WIDTH)
    return f"## retainsim {name}\n\n```text\n{command.get_help(context)}\n```\n"
