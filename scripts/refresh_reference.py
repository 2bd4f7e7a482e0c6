"""Write the reference page of every mechanism from its own file, or check that the pages are up to date.

python scripts/refresh_reference.py           write docs/reference/mechanisms/*.md
python scripts/refresh_reference.py --check   fail if a page differs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from retainsim import mechanisms
from retainsim.mechanisms.channels import Settings as Channel
from retainsim.scenario import keys
from retainsim.scenario.account import Account
from retainsim.scenario.segment import Purchases

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference" / "mechanisms"
TABLES = {"accounts": ("[[accounts]]", Account), "channels": ("[acquisition.NAME]", Channel),
          "purchases": ("[segments.NAME.purchases]", Purchases)}  # fmt: skip
"""Where the settings of mechanisms that are always on stand in a scenario."""
SPEAKING = ("accounts", "channels", "purchases")
"""Mechanisms that are always on and have a table of their own."""


def main() -> int:
    """Write or check, and return the exit code."""
    pages = {f"{name}.md": page(name) for name in (*mechanisms.NAMES, *SPEAKING)} | {"index.md": index()}
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        return 0
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    wrong = sorted({*pages, *there} - {name for name in pages if there.get(name) == pages[name]})
    for name in wrong:
        print(f"docs/reference/mechanisms/{name} is out of date; run python scripts/refresh_reference.py")
    return 1 if wrong else 0


def index() -> str:
    """Return the page that lists all mechanisms."""
    rows = [f"| [{name}]({name}.md) | {about(name)} |" for name in sorted((*mechanisms.NAMES, *SPEAKING))]
    head = "# Mechanisms\n\nEach behaviour is on when its table stands in the scenario.\n\n| table | what happens |\n"
    return head + "| --- | --- |\n" + "\n".join(rows) + "\n"


def page(name: str) -> str:
    """Return the page of one mechanism."""
    place, settings = TABLES.get(name) or (f"[mechanisms.{name}]", mechanisms.module(name).Settings)
    lines = (mechanisms.module(name).__doc__ or "").strip().split("\n")
    title, _, first = lines[0].partition(": ")
    story = "\n".join([first[:1].upper() + first[1:], *lines[1:]])
    parts = [f"# {title}\n", f"`{place}`\n", story, "", "## Keys\n", key_table(settings)]
    parts += [f"## Table `{key}.NAME`\n\n{summary(table)}\n\n{key_table(table)}" for key, table in inner(settings)]
    parts += [meetings(name, settings)]
    parts += [f"## Event `{kind(event)}`\n\n{summary(event)}\n\n{key_table(event)}" for event in events(name)]
    return "\n".join(part for part in parts if part is not None).rstrip() + "\n"


def key_table(settings: type[BaseModel]) -> str:
    """Return the keys of a table with default, unit, limits and meaning."""
    rows = []
    for key in settings.model_fields:
        told = declared(settings, key)
        rows.append(f"| `{key}` | {default(told)} | {told.unit} | {limits(told)} | {escape(told.about)} |")
    head = "| key | default | unit | allowed | meaning |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def declared(settings: type[BaseModel], key: str) -> keys.Key:
    """Return what may stand at a key of a table."""
    told = keys.step(keys.Key((settings,), {}), key, {})
    assert told is not None
    return told


def inner(settings: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    """Return the tables by name that may stand in a table, with the keys they are under."""
    held = {key: declared(settings, key).holds(dict) for key in settings.model_fields}
    found = {key: get_args(kind)[1] for key, kind in held.items() if kind is not None}
    return [(key, kind) for key, kind in found.items() if isinstance(kind, type) and issubclass(kind, BaseModel)]


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


def limits(key: keys.Key) -> str:
    """Return what may stand at a key."""
    return escape(keys.allowed_text(key))


def meetings(name: str, settings: type[BaseModel]) -> str:
    """Return where the mechanism meets the others: reasons, ledger lines and touches."""
    kind = mechanisms.module(name).Mechanism
    told = [("Ledger lines", [f"`{line}` ({of})" for line, of in kind.lines.items()]),
            ("Touches it emits", [f"`{touch}`" for touch in kind.touches]),
            ("Touches it hears", [f"`{touch}`" for touch in kind.hears])]  # fmt: skip
    rows = [f"- {what}: {', '.join(words)}." for what, words in told if words]
    return "## Where it meets the others\n\n" + "\n".join(rows) + "\n" if rows else ""


def events(name: str) -> list[type[BaseModel]]:
    """Return the kinds of events a mechanism knows."""
    return list(getattr(mechanisms.module(name), "EVENTS", ()))


def kind(event: type[BaseModel]) -> str:
    """Return how a scenario calls an event."""
    return str(get_args(event.model_fields["kind"].annotation)[0])


def summary(model: type[BaseModel]) -> str:
    """Return the first line of a model's docstring."""
    return (model.__doc__ or "").strip().split("\n")[0]


def about(name: str) -> str:
    """Return what a mechanism does, in a sentence."""
    sentence = (mechanisms.module(name).__doc__ or "").strip().split("\n")[0].partition(": ")[2]
    return escape(sentence[:1].upper() + sentence[1:])


def escape(text: str) -> str:
    """Return text that breaks no table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
