"""Screen: what a command says: the answer on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType


@dataclass(frozen=True)
class Screen:
    """Where the output of one command goes, and how much of it.

    Parameters
    ----------
    as_json
        The answer is one JSON object.
    quiet
        Nothing but the answer and what went wrong is said.
    """

    as_json: bool = False
    quiet: bool = False

    @cached_property
    def out(self) -> Console:
        """Return the console of the answer."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Return the console of progress, warnings and paths."""
        return _console(stderr=True)

    def show(self, *renderables: RenderableType) -> None:
        """Print parts of the answer."""
        for each in renderables:
            self.out.print(each)

    def say(self, text: str, style: str = "") -> None:
        """Print a line of the answer: wrapped between words on a terminal, else left whole."""
        _line(self.out, text, style)

    def item(self, text: str) -> None:
        """Print one of several sentences: on a terminal with a bullet, else as a line."""
        if not self.out.is_terminal:
            self.say(text)
            return
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row("-", Text(plain(text)))
        self.out.print(grid)

    def answer(self, content: Any) -> None:
        """Print the answer as one JSON object."""
        is_unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
        click.echo(json.dumps(content, indent=1, ensure_ascii=not is_unicode, allow_nan=False))

    def busy(self, text: str) -> contextlib.AbstractContextManager[object]:
        """Say on a terminal, for as long as the body takes, what is being done."""
        if self.quiet or not self.err.is_terminal:
            return contextlib.nullcontext()
        return self.err.status(text)

    def note(self, text: str, style: str = "") -> None:
        """Print a line beside the answer, unless quiet."""
        if not self.quiet:
            self.complain(text, style)

    def warn(self, warnings: Iterable[str]) -> None:
        """Print warnings, unless quiet."""
        for warning in warnings:
            self.note(f"warning: {warning}", "yellow")

    def complain(self, text: str, style: str = "") -> None:
        """Print a line beside the answer, even if quiet."""
        _line(self.err, text, style)


def plain(text: str) -> str:
    """Return text without what could control a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def forget(stream: TextIO) -> None:
    """Let what is still written to a stream go nowhere: whoever read it has gone."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class Lasting(Console):
        """A console whose command goes on when nobody reads it any more."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            forget(sys.stderr if stderr else sys.stdout)

    return Lasting(stderr=stderr, markup=False, highlight=False, emoji=False)


def _line(console: Console, text: str, style: str) -> None:
    from rich.text import Text

    console.print(Text(plain(text), style=style), soft_wrap=not console.is_terminal)
