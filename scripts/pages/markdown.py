"""Markdown: tables of keys and of anything else, and docstrings, as a page writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from retainsim.scenario import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def key_table(settings: type[BaseModel]) -> str:
    """Return the keys of a table of a scenario with default, unit, limits and meaning."""
    told = {key: declared(settings, key) for key in settings.model_fields}
    rows = [
        [f"`{key}`", default(each), each.unit, escape(keys.allowed_text(each)), escape(each.about)]
        for key, each in told.items()
    ]
    return table(["key", "default", "unit", "allowed", "meaning"], rows)


def declared(settings: type[BaseModel], key: str) -> keys.Key:
    """Return what may stand at a key of a table."""
    told = keys.step(keys.Key((settings,), {}), key, {})
    assert told is not None
    return told


def default(key: keys.Key) -> str:
    """Return a default as a scenario would write it."""
    value = key.default
    if value is ...:
        return "required"
    if value is None or value == [] or value == {} or isinstance(value, BaseModel):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def inner(key: keys.Key) -> list[tuple[str, type[BaseModel]]]:
    """Return the tables that may stand at a key, each with what comes after the key's name in its path."""
    found = [("", model) for model in key.models]
    for container, after in ((dict, ".NAME"), (list, "[]")):
        held = key.holds(container)
        if held is not None:
            of = keys.Key(keys._read(get_args(held)[-1])[0], {})
            found += [(after, model) for model in of.models]
    return found


def summary(model: type[BaseModel]) -> str:
    """Return the first line of a model's docstring."""
    return (model.__doc__ or "").strip().split("\n")[0]


def prose(docstring: str) -> str:
    """Return a docstring as Markdown: its sections as lists, its examples as code."""
    parts = re.split(r"\n\n?(\w+)\n-{3,}\n", docstring.strip())
    text = _examples(parts[0])
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        text += f"\n\n**{heading}**\n\n{_items(body)}"
    return text


def _items(body: str) -> str:
    """Return the entries of a section: a name, and below it, indented, what it is."""
    entries: list[list[str]] = []
    for line in body.split("\n"):
        if line and not line.startswith(" "):
            entries.append([line])
        elif line.strip():
            entries[-1].append(line.strip())
    return "\n".join(f"- `{name}`: {' '.join(about)}" if about else f"- `{name}`" for name, *about in entries)


def _examples(text: str) -> str:
    return re.sub(r"(?m)(?:^    .*\n?)+", lambda found: f"```python\n{_dedent(found[0])}\n```\n", text)


def _dedent(text: str) -> str:
    return "\n".join(line[4:] for line in text.rstrip("\n").split("\n"))


def escape(text: str) -> str:
    """Return text that breaks no table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
