"""Derive: what is made of a run: the run is read, a file is written, and its path is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retainsim.errors import UsageError

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen


def derive(
    run: str, out: str | None, write: Callable[[Any, Path], Path], *, name: str, screen: Screen, answers: bool = True
) -> None:
    """Read a run, or with `answers` also the answer to a question, let `write` make a file of it, and print the path.

    Raises
    ------
    UsageError
        If the folder is no run, or holds an answer that this is not made of, or the file has not the ending of `name`.
    """
    from retainsim.results import is_answer, open_run
    from retainsim.study.answer import open_answer

    kind, ending = Path(name).stem, Path(name).suffix
    if out and Path(out).suffix.lower() != ending:
        raise UsageError(f"--out: {out} does not end in {ending}; name a file that does")
    if is_answer(run) and not answers:
        raise UsageError(f"{run} holds an answer, and a {kind} is made of a run; its report: retainsim report {run}")
    results, path = open_answer(run) if is_answer(run) else open_run(run), Path(out) if out else Path(run) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with screen.busy(f"making the {kind}"):
        write(results, path)
    screen.warn(results.report["warnings"])
    if screen.as_json:
        screen.answer({kind: str(path)})
    else:
        click.echo(str(path))
