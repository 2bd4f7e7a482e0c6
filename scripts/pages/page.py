"""Page: a page whose blocks are run, one after another in a folder of their own, and whose outputs are what is printed.

A block of `sh` or `python` is run. What stands in a comment on the line above a block says more of it:

    <!-- output -->             the block is what the one before it prints
    <!-- output: COMMAND -->    the block is what this command prints
    <!-- file: NAME -->         the block is this file's content
    <!-- append: NAME -->       the block is added to this file
    <!-- quote: FILE, WORDS --> the block is the paragraph of this file of the project that begins with these words
    <!-- command: ... -->       the checks run the block elsewhere
    <!-- not run: REASON -->    the block is not run
    <!-- before: COMMAND -->    (above no block) run before what follows

What is shown is run as it stands; what is not shown is run with few replications of a small pool.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import pandas as pd
from click.testing import CliRunner
from loky import get_reusable_executor

from retainsim.cli.root import main

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"
PART = re.compile(
    r"(?:^<!-- (?!before)(?P<mark>[a-z ]+)(?:: (?P<value>[^\n]+?))? -->\n\n?)?"
    r"(?P<head>^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n)(?P<text>.*?)(?P<tail>^ *```$)"
    r"|^<!-- before: (?P<before>[^\n]+) -->$",
    re.DOTALL | re.MULTILINE,
)
RUN = ("sh", "python")
UNRUN = ("not run", "command")
COLUMNS = 100
ONE = {"--jobs": "1"}
"""Options of a command whose output is shown; the output does not depend on them."""
FEW = ONE | {"--replications": "2", "--draws": "16"}
"""Options of one whose output is not."""
SMALL = {"replications = ": 2, "customers = ": 200, "months = ": 12, "joins = ": 3}
"""What small scenarios say instead."""


class BlockError(Exception):
    """A block of a page does not run."""


def paths() -> list[Path]:
    """Return the pages whose blocks are run: the README and what is written by hand in docs/."""
    written = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in path.parts]
    return [ROOT / "README.md", *written]


def refreshed(text: str) -> str:
    """Run a page and return it with every output as printed now.

    Raises
    ------
    BlockError
        If a block does not run.
    """
    parts = [found.groupdict(default="") | {"whole": found[0]} for found in PART.finditer(text)]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), pd.option_context("display.width", COLUMNS):
        bench = Bench(Path(folder))
        after = [*parts, {}][1:]
        done = [bench.play(part, is_shown=then.get("mark") == "output" and not then["value"])
                for part, then in zip(parts, after, strict=True)]  # fmt: skip
        bench.clear()
    written = iter(done)
    return PART.sub(lambda _: next(written), text)


@dataclass
class Bench:
    """A folder in which the blocks of one page are run, with the scenarios at hand: as they stand, or small."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    printed: str = ""

    def __post_init__(self) -> None:
        self._small = Path(tempfile.mkdtemp())
        (self._small / "data").symlink_to(SCENARIOS / "data")
        for path in SCENARIOS.glob("*.toml"):
            (self._small / path.name).write_text(_fewer(path.read_text("utf-8")), encoding="utf-8")

    def clear(self) -> None:
        """Take the small scenarios away, and end the processes that work in a folder which is gone after this."""
        get_reusable_executor().shutdown(wait=True)
        shutil.rmtree(self._small)

    def play(self, part: dict[str, str], *, is_shown: bool) -> str:
        """Run one part of a page, and return what it is to be."""
        if part["before"]:
            self._lay_out(is_shown=False)
            self._command(part["before"], is_shown=False)
        elif part["mark"] == "output":
            return self._show(part)
        elif part["mark"] == "quote":
            return _filled(part, _quoted(*part["value"].split(", ", 1)))
        elif part["mark"] in ("file", "append"):
            with (self.folder / part["value"]).open("a" if part["mark"] == "append" else "w", encoding="utf-8") as file:
                file.write(f"\n{part['text']}")
        elif part["kind"] in RUN and part["mark"] not in UNRUN:
            self._lay_out(is_shown=is_shown)
            self.printed = (
                self._python(part["text"]) if part["kind"] == "python" else self._shell(part["text"], is_shown)
            )
        return part["whole"]

    def _show(self, part: dict[str, str]) -> str:
        """Return an output block with what was printed, or what its own command prints."""
        if part["value"]:
            self._lay_out(is_shown=True)
            self.printed = self._command(part["value"], is_shown=True)
        return _filled(part, self.printed)

    def _lay_out(self, *, is_shown: bool) -> None:
        """Lay the scenarios out: as they stand where what they come to is shown, else small."""
        place = self.folder / "scenarios"
        place.unlink(missing_ok=True)
        place.symlink_to(SCENARIOS if is_shown else self._small)

    def _shell(self, text: str, is_shown: bool) -> str:
        lines = re.sub(r"\\\n\s*", "", text).splitlines()
        return "".join(self._command(line, is_shown=is_shown) for line in lines if shlex.split(line, comments=True))

    def _command(self, line: str, *, is_shown: bool) -> str:
        """Run a command of ours and return what it prints on stdout."""
        program, *words = shlex.split(line, comments=True)
        if program != "retainsim":
            raise BlockError(f"{line}: only retainsim is run here; mark the block <!-- not run: why -->")
        few = _effort(words, ONE if is_shown else FEW)
        result = CliRunner().invoke(main, [*words, *few], env={"COLUMNS": str(COLUMNS), "NO_COLOR": "1"})
        if result.exit_code != 0:
            raise BlockError(f"{line}: exit code {result.exit_code}: {result.output[-2000:]}")
        return result.stdout

    def _python(self, text: str) -> str:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(text, "<page>", "exec"), self.names)
        except Exception as error:
            raise BlockError(f"{text}\n{type(error).__name__}: {error}") from error
        return printed.getvalue()


def _filled(part: dict[str, str], text: str) -> str:
    """Return a block with another text in it."""
    lines = [f"{part['indent']}{line}".rstrip() for line in text.strip("\n").splitlines()]
    inside = "".join(f"{line}\n" for line in lines)
    return part["whole"].removesuffix(part["text"] + part["tail"]) + inside + part["tail"]


def _quoted(path: str, words: str) -> str:
    """Return the paragraph of a file of the project that begins with these words."""
    found = [each for each in (ROOT / path).read_text(encoding="utf-8").split("\n\n") if each.startswith(words)]
    if len(found) != 1:
        raise BlockError(f"{path}: {len(found)} paragraphs begin with {words!r}, not one")
    return found[0]


def _effort(words: list[str], wanted: dict[str, str]) -> list[str]:
    """Return the options wanted of a command, as far as it knows them; they take precedence over its own."""
    command = main.get_command(click.Context(main), words[0]) if words else None
    known = {option for each in command.params for option in each.opts} if command else set()
    return [word for key, value in wanted.items() if key in known for word in (key, value)]


def _fewer(text: str) -> str:
    for key, number in SMALL.items():
        text = re.sub(rf"(?m)^{key}[\d_]+", f"{key}{number}", text)
    return text
