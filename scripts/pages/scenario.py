"""Scenario: a page with every key a scenario file may hold, from the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pages.markdown import declared, inner, key_table, summary, table
from pages.mechanism import events
from retainsim import mechanisms
from retainsim.mechanism import Event
from retainsim.mechanisms.reasons import PRESETS
from retainsim.scenario.distributions import FORMS
from retainsim.scenario.quantiles import LAWS, TAIL
from retainsim.scenario.schema import Mechanisms, Parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

ELSEWHERE = {"acquisition": "channels", "accounts": "accounts", "purchases": "purchases"}
"""Keys whose tables have a page of their own."""
TOP = "The file itself"
HEAD = """\
# The keys of a scenario

A scenario is one TOML file. This page lists every key it may hold; `retainsim schema` prints the same for editors,
which then complete keys and mark what is wrong. A key that does not stand here is an error, with a suggestion.

- `NAME` is a name you choose: letters, digits, `_` and `-`.
- Every default is the value that holds where the file has none; a table without required keys may be left out.
- A month may also be given as a date where `run.start` says which date month 0 is.
- `extends = "base.toml"` at the top of the file builds on another one: tables merge key by key, lists replace.
- `--set KEY=VALUE` on the command line takes the same paths: `--set segments.small.price=70`.
"""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    sections = [f"## {path}\n\n{_intro(path, model)}{_keys(model)}" for path, model in _tables()]
    return {"scenario.md": "\n".join([HEAD, *sections, _reasons(), _distributions()])}


def _tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the tables of a scenario in the order of the schema, those within others after them."""
    yield TOP, Parameters
    for key in Parameters.model_fields:
        yield from _within((), key, Parameters)


def _within(path: tuple[str, ...], key: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    if key in ELSEWHERE:
        return
    for after, kind in inner(declared(model, key)):
        if issubclass(kind, Event):
            continue
        here = (*path, f"{key}{after}")
        yield _heading(here, kind), kind
        if kind is not Mechanisms:
            for each in kind.model_fields:
                yield from _within(here, each, kind)


def _heading(path: tuple[str, ...], model: type[BaseModel]) -> str:
    """Return a path as the file writes it: `[segments.NAME]`, `[[arms.NAME.change]]`."""
    dotted = ".".join(path).replace("[]", "")
    told = f"[[{dotted}]]" if path[-1].endswith("[]") else f"[{dotted}]"
    tags = get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()
    return f'`{told}` with `kind = "{tags[0]}"`' if tags else f"`{told}`"


def _intro(path: str, model: type[BaseModel]) -> str:
    pointer = {
        "`[mechanisms]`": "Each has a table of its own, described on its page.\n\n",
        TOP: f"{', '.join(_linked(key) for key in ELSEWHERE)} have pages of their own.\n\n",
    }
    text = ("" if path == TOP else f"{summary(model)}\n\n") + pointer.get(path, "")
    return text + (_events() if "event" in model.model_fields else "")


def _linked(key: str) -> str:
    place = {"acquisition": "[acquisition.NAME]", "accounts": "[[accounts]]", "purchases": "[segments.NAME.purchases]"}
    return f"[`{place[key]}`](mechanisms/{ELSEWHERE[key]}.md)"


def _events() -> str:
    names = [name for name in sorted((*mechanisms.ALWAYS_ON, *mechanisms.NAMES)) if events(name)]
    found = [(name, get_args(e.model_fields["kind"].annotation)[0]) for name in names for e in events(name)]
    listed = ", ".join(f"[`{kind}`](mechanisms/{name}.md#event-{kind})" for name, kind in found)
    return f"Kinds of events: {listed}.\n\n"


def _keys(model: type[BaseModel]) -> str:
    if model is Mechanisms:
        rows = [
            [f"[`{name}`](mechanisms/{name}.md)", str(field.description)] for name, field in model.model_fields.items()
        ]
        return table(["table", "what happens"], rows)
    return key_table(model)


def _reasons() -> str:
    rows = [[f"`{name}`", ", ".join(f"{reason} {_share(x)}" for reason, x in shares.items())]
            for name, shares in PRESETS.items()]  # fmt: skip
    return "## Presets of `churn.preset`\n\nShares of leavings, on any scale.\n\n" + table(["preset", "shares"], rows)


def _share(value: Any) -> str:
    return f"{value:g}"


def _distributions() -> str:
    rows = [[f"`{{ {kind} = {form} }}`", LAWS[kind].needs] for kind, form in FORMS.items()]
    head = (
        "## Distributions\n\nAny number of the business may be a distribution instead: it is not known, and is drawn "
        "once per replication, the same in all arms. Every law is cut to its central "
        f"{100 * (1 - 2 * TAIL):.2f} %. Numbers of `[run]`, and months in arms, are decided and never drawn.\n\n"
    )
    return head + table(["instead of the number", "needs"], rows)
