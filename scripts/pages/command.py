"""Command: a page with what every command says of itself, and what exit codes mean; no word of it is the toolkit's."""

from __future__ import annotations

import inspect
import re

import click

from pages.markdown import escape, table
from retainsim.cli.root import COMMANDS, main


def pages() -> dict[str, str]:
    """Return the page by its path."""
    sections = [_section(name) for name in COMMANDS]
    return {"commands.md": "\n".join([_head(), *sections]).rstrip() + "\n"}


def _head() -> str:
    rows = [[f"[`{name}`](#retainsim-{name})", about] for name, about in COMMANDS.items()]
    told = "Every command also takes `--help`, and prints the answer on stdout, all else on stderr.\n"
    return f"# Commands\n\n{table(['command', 'what it does'], rows)}\n{told}\n## Exit codes\n\n{_codes()}"


def _codes() -> str:
    """Return the exit codes, as the help of `retainsim` tells them."""
    told = re.search(r"Exit codes: ([^.]+)\.", main.help or "")
    assert told
    pairs = [each.strip().split(" ", 1) for each in " ".join(told[1].split()).split(";")]
    return table(["code", "meaning"], pairs)


def _section(name: str) -> str:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    arguments = " ".join(_argument(each) for each in command.params if isinstance(each, click.Argument))
    rows = [_option(each) for each in command.params if isinstance(each, click.Option) and not each.hidden]
    usage = f"```text\nretainsim {name} {arguments}".rstrip() + " [OPTIONS]\n```\n"
    return f"## retainsim {name}\n\n{usage}\n{_prose(command.help or '')}\n\n{table(['option', 'meaning'], rows)}"


def _argument(argument: click.Argument) -> str:
    name = (argument.metavar or argument.name or "").upper().removesuffix("...") + "..." * (argument.nargs == -1)
    return name if argument.required else f"[{name}]"


def _option(option: click.Option) -> list[str]:
    names = ", ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" `{_value(option)}`"
    default = f" Default: `{option.default}`." if option.show_default else ""
    return [names + escape(value), escape(option.help or "") + default]


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " or ".join(option.type.choices)
    return option.metavar or str(option.type.name).upper()


def _prose(text: str) -> str:
    """Return a help text, its examples as a block of commands."""
    parts = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(_examples(part) if part.startswith("\b\n") else part for part in parts)


def _examples(part: str) -> str:
    head, *lines = part.removeprefix("\b\n").split("\n")
    return f"{head}\n\n```sh\n" + "\n".join(line.strip() for line in lines) + "\n```"
