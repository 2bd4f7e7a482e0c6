"""Errors: the only exceptions that leave the package, each with the exit code a command ends in."""

from __future__ import annotations


class RetainsimError(Exception):
    """Any failure retainsim reports on purpose.

    `exit_code` is what a command ends in: 1 for our fault, 2 for wrong usage, 3 for a wrong scenario or data.
    """

    exit_code = 1


class UsageError(RetainsimError):
    """A command or function was called in a way that cannot be meant (exit code 2)."""

    exit_code = 2


class ScenarioError(RetainsimError):
    """A scenario file is wrong; the message lists every problem found, one per line (exit code 3).

    Parameters
    ----------
    problems
        One finished line per problem: `file:line:column path: what is wrong (got ...); what is allowed`.
    """

    exit_code = 3

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class DataError(RetainsimError):
    """Customer data cannot be used; the message names the row or column and what to do (exit code 3)."""

    exit_code = 3


class BooksError(RetainsimError):
    """The books of a replication do not balance: a bug, never the user's fault."""


class LostError(RetainsimError):
    """Processes that were to play were lost again and again; what was kept by then is not lost (exit code 1)."""


class StopError(RetainsimError):
    """Ctrl-C ended the work; the message says where what was done by then is kept (exit code 130)."""

    exit_code = 130
