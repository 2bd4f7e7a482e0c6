"""Cli: what is typed in a terminal, one file per command; `main` is the console script."""

from retainsim.cli.root import main

__all__ = ["main"]
