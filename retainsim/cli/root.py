"""Root: the command `retainsim`, which knows its commands by name and imports only the one that is asked for."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import Any, NoReturn

import click

from retainsim.cli.screen import forget
from retainsim.errors import RetainsimError

COMMANDS = {
    "new": "Write a commented starter scenario.",
    "validate": "Check scenario files, all problems at once.",
    "explain": "Show the whole model of a scenario on one page.",
    "run": "Play a scenario and compare its arms.",
    "breakeven": "Find the value at which one arm equals another.",
    "sweep": "Play every arm at many values of one key or more.",
    "tornado": "Find which input would change the advice.",
    "optimise": "Find the best split of a budget, and what the next euro is worth.",
    "account": "Keep, renegotiate or release a named client.",
    "fit": "Make a scenario of your own customer data.",
    "uncertainty": "Tell luck from ignorance, and what to measure first.",
    "runs": "List runs, newest first.",
    "rerun": "Compute a run once more and compare every number.",
    "story": "Tell the life of one customer.",
    "charts": "Draw the charts of a run anew.",
    "deck": "Make a PowerPoint deck of a run or of an answer.",
    "report": "Make a report of a run or of an answer: one HTML file.",
    "workbook": "Make an Excel workbook of a run.",
    "schema": "Print the JSON Schema of scenario files, for editors.",
}
"""What `retainsim --help` says of each command; a test keeps it equal to what the command says itself."""

FAULT, WRONG_USAGE, INTERRUPTED = 1, 2, 130
DEBUG = "retainsim.debug"


class Root(click.Group):
    """A group that imports a command when it is invoked, and turns every failure into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"retainsim.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command meant, or say which one may have been."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"there is no command {name!r}{f'; did you mean {close[0]}?' if close else ''}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong ends in a short message and the exit code of its kind."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            forget(sys.stdout)
            ctx.exit(0)
        except KeyboardInterrupt:
            _fail(ctx, "interrupted; nothing was kept", INTERRUPTED)
        except RetainsimError as error:
            _fail(ctx, str(error), error.exit_code)
        except OSError as error:
            _fail(ctx, f"{error.filename or 'the disk'}: {error.strerror or error}; choose another place", WRONG_USAGE)
        except Exception as error:
            hint = "" if ctx.meta.get(DEBUG) else "; run it again with --debug and report what it says"
            _fail(ctx, f"retainsim failed: {type(error).__name__}: {error}{hint}", FAULT)
        return answer


def _fail(ctx: click.Context, message: str, code: int) -> NoReturn:
    if ctx.meta.get(DEBUG):
        traceback.print_exc(file=sys.stderr)
    click.echo(message, err=True)
    ctx.exit(code)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="retainsim", message="%(prog)s %(version)s")
def main() -> None:
    """Find out whether it is cheaper to plug the leak or to open the tap.

    Customers are a pool: acquisition fills it, churn drains it. Describe yours in a scenario file, and
    retainsim plays it many times over, with the same luck in every arm, and says what each decision is worth.

    \b
    Example:
      retainsim new mine
      retainsim explain mine.toml
      retainsim run mine.toml

    Exit codes: 0 done; 1 our fault; 2 wrong usage; 3 the scenario or data is wrong; 4 done, but the precision
    asked for was not reached; 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
