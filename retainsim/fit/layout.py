"""Layout: a scenario file, key by key, each number with a comment on where it comes from."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import tomli_w

from retainsim.fit.estimate import Estimate

FILL_IN = "FILL IN:"
"""What the comment of a number begins with that the data say nothing about."""
WIDTH = 112
_AT = 30
"""Column at which the comment of a key stands, if the key leaves room."""
_MOST = 70
"""A key longer than this has its comment above it."""


@dataclass(frozen=True)
class Key:
    """One key of a scenario.

    Parameters
    ----------
    name, value
        As the file has them; a value that is a text stands in quotes.
    comment
        Unit, meaning, method.
    estimate
        The number with its interval, where it is one; then it can be written as a distribution.
    law
        What describes not knowing it.
    is_open
        True where the data say nothing about it.
    """

    name: str
    value: Any
    comment: str
    estimate: Estimate | None = None
    law: Literal["beta", "normal", "lognormal"] = "normal"
    is_open: bool = False


@dataclass(frozen=True)
class Block:
    """One table of a scenario: its name ("" for the top of the file), what is said above its keys, and the keys."""

    name: str
    keys: Sequence[Key]
    notes: Sequence[str] = ()
    before: Sequence[str] = field(default=())
    """What is said above the name of the table."""


def write(story: Sequence[str], blocks: Sequence[Block], *, uncertain: bool = False) -> str:
    """Return the text of a scenario: a story in comments, then table by table.

    With `uncertain`, what was estimated stands as a distribution.
    """
    parts = ["\n".join(line for text in story for line in _comment(text))]
    parts += ["\n".join(_block(block, uncertain)) for block in blocks]
    return "\n\n".join(parts) + "\n"


def open_keys(blocks: Sequence[Block]) -> list[str]:
    """Return the keys that wait for the user, by dotted path."""
    return [f"{block.name}.{key.name}".lstrip(".") for block in blocks for key in block.keys if key.is_open]


def _block(block: Block, uncertain: bool) -> Iterator[str]:
    for text in block.before:
        yield from _comment(text)
    if block.before:
        yield ""
    if block.name:
        yield f"[{block.name}]"
    for text in block.notes:
        yield from _comment(text)
    for key in block.keys:
        yield from _key(key, uncertain)


def _key(key: Key, uncertain: bool) -> Iterator[str]:
    value = distribution(key) if uncertain and key.estimate is not None else None
    line = f"{key.name} = {value or toml(key.value)}"
    comment = f"{FILL_IN} {key.comment}" if key.is_open else key.comment
    if len(line) > _MOST:
        yield from _comment(f"{key.name}: {comment}")
        yield from _long(key, line)
        return
    first, *rest = textwrap.wrap(comment, WIDTH - max(_AT, len(line) + 2) - 2, break_long_words=False) or [""]
    yield f"{line:<{_AT}}  # {first}".rstrip() if len(line) < _AT else f"{line}  # {first}"
    for each in textwrap.wrap(" ".join(rest), WIDTH - _AT - 6, break_long_words=False):
        yield f"{'':<{_AT}}    # {each}"


def _long(key: Key, line: str) -> Iterator[str]:
    """Break a list over lines."""
    if len(line) <= WIDTH or not isinstance(key.value, list):
        yield line
        return
    yield f"{key.name} = ["
    row = "   "
    for cell in (f" {toml(each)}," for each in key.value):
        if len(row) + len(cell) > WIDTH:
            yield row
            row = "   "
        row += cell
    yield row
    yield "]"


def _comment(text: str) -> Iterator[str]:
    """Yield a comment; what begins with two spaces is a table and stays as it is."""
    if text.startswith("  ") or not text:
        yield f"# {text}".rstrip()
        return
    for line in textwrap.wrap(text, WIDTH - 2, break_long_words=False):
        yield f"# {line}"


def toml(value: Any) -> str:
    """Write a value as TOML does, tables on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return tomli_w.dumps({"x": value}).partition(" = ")[2].strip()


def distribution(key: Key) -> str | None:
    """Return the law of a number that is not known, as the file has it; None where the interval says nothing."""
    found, value = key.estimate, float(key.value)
    assert found is not None
    error = found.error
    if not (error > 0 and value > 0):
        return None
    if key.law == "beta":
        spread = value * (1 - value) / error**2 - 1
        return f"{{ beta = [{value * spread:.5g}, {(1 - value) * spread:.5g}] }}" if spread > 2 else None
    if key.law == "lognormal":
        return f"{{ lognormal = [{value:.5g}, {error / value:.4g}] }}"
    return f"{{ normal = [{value:.6g}, {error:.4g}] }}" if error < value / 4 else None


def interval(found: Estimate, form: str = ".4f") -> str:
    """Write a 95 % interval."""
    return f"95 %: {found.low:{form}} to {found.high:{form}}"


def significant(value: float, digits: int = 5) -> float:
    """Round to significant digits, a whole number where it is one."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
