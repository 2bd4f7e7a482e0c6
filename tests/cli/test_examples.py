"""The examples in the help of every command do what they say."""

import shlex

import click
import pytest

from retainsim.cli import main
from retainsim.cli.root import COMMANDS


def examples(name=None):
    """Return the example lines of a command's help."""
    context = click.Context(main, info_name="retainsim")
    command = main.get_command(context, name) if name else main
    lines = command.get_help(click.Context(command, info_name=name, parent=context)).splitlines()
    return [line.strip() for line in lines if line.startswith("    retainsim ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name):
    assert any(line.startswith(f"retainsim {name} ") or line == f"retainsim {name}" for line in examples(name))


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_the_examples_run(shipped, play_quickly, name):
    play_quickly(shlex.split(line)[1:] for line in examples(name))
