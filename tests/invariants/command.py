"""Command: plays a command of the program in this process."""

from click.testing import CliRunner

from retainsim.cli import main


def play(*words, code=0):
    """Run a command that is to end with this exit code, and return what it printed."""
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result
