"""Mechanism: a page for each mechanism from its own file, and a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from pages.markdown import declared, escape, inner, key_table, summary, table
from retainsim import mechanisms
from retainsim.mechanisms.channels import Settings as Channel
from retainsim.scenario.account import Account
from retainsim.scenario.segment import Purchases

if TYPE_CHECKING:
    from pydantic import BaseModel

TABLES = {"accounts": ("[[accounts]]", Account), "channels": ("[acquisition.NAME]", Channel),
          "purchases": ("[segments.NAME.purchases]", Purchases)}  # fmt: skip
"""Where the settings of mechanisms that are always on stand in a scenario."""
SPEAKING = ("accounts", "channels", "purchases")
"""Mechanisms that are always on and have a table of their own."""


def pages() -> dict[str, str]:
    """Return every page by its path."""
    each = {f"mechanisms/{name}.md": _page(name) for name in (*mechanisms.NAMES, *SPEAKING)}
    return each | {"mechanisms/index.md": _index()}


def _index() -> str:
    rows = [[f"[{name}]({name}.md)", _about(name)] for name in sorted((*mechanisms.NAMES, *SPEAKING))]
    head = "# Mechanisms\n\nEach behaviour is on when its table stands in the scenario.\n\n"
    return head + table(["table", "what happens"], rows)


def _page(name: str) -> str:
    place, settings = TABLES.get(name) or (f"[mechanisms.{name}]", mechanisms.module(name).Settings)
    lines = (mechanisms.module(name).__doc__ or "").strip().split("\n")
    title, _, first = lines[0].partition(": ")
    story = "\n".join([first[:1].upper() + first[1:], *lines[1:]])
    parts = [f"# {title}\n", f"`{place}`\n", story, "", "## Keys\n", key_table(settings)]
    parts += [f"## Table `{key}.NAME`\n\n{summary(kind)}\n\n{key_table(kind)}" for key, kind in _named(settings)]
    parts += [_meetings(name)]
    parts += [f"## Event `{_kind(event)}`\n\n{summary(event)}\n\n{key_table(event)}" for event in events(name)]
    return "\n".join(parts).rstrip() + "\n"


def _named(settings: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    """Return the tables by name that may stand in a table, with the keys they are under."""
    held = {key: inner(declared(settings, key)) for key in settings.model_fields}
    return [(key, kind) for key, found in held.items() for after, kind in found if after == ".NAME"]


def _meetings(name: str) -> str:
    """Return where the mechanism meets the others: ledger lines and touches."""
    kind = mechanisms.module(name).Mechanism
    told = [("Ledger lines", [f"`{line}` ({of})" for line, of in kind.lines.items()]),
            ("Touches it emits", [f"`{touch}`" for touch in kind.touches]),
            ("Touches it hears", [f"`{touch}`" for touch in kind.hears])]  # fmt: skip
    rows = [f"- {what}: {', '.join(words)}." for what, words in told if words]
    return "## Where it meets the others\n\n" + "\n".join(rows) + "\n" if rows else ""


def events(name: str) -> list[type[BaseModel]]:
    """Return the kinds of events a mechanism knows."""
    return list(getattr(mechanisms.module(name), "EVENTS", ()))


def _kind(event: type[BaseModel]) -> str:
    """Return how a scenario calls an event."""
    return str(get_args(event.model_fields["kind"].annotation)[0])


def _about(name: str) -> str:
    """Return what a mechanism does, in a sentence."""
    sentence = (mechanisms.module(name).__doc__ or "").strip().split("\n")[0].partition(": ")[2]
    return escape(sentence[:1].upper() + sentence[1:])
