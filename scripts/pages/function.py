"""Function: a page with the public names of the package, from their docstrings and signatures."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import retainsim
from pages.markdown import prose, summary, table
from retainsim.charts import ANSWERS, EXTRA, NAMES, OF_JOINERS
from retainsim.fit.fitted import Fit
from retainsim.study.answer import Answer

ORDER = ("load", "loads", "fit", "run", "open_run", "breakeven", "sweep", "isoprofit", "tornado", "optimise", "account",
         "uncertainty", "explore", "story")  # fmt: skip
"""Functions in the order one needs them; the rest follows."""
HEAD = """\
# Python

What `import retainsim` gives: the same questions as on the command line, with tables that are pandas DataFrames.
Names that do not stand here are not meant to be relied on.

"""


def pages() -> dict[str, str]:
    """Return the page by its path."""
    names = [name for name in retainsim.__all__ if not name.endswith("Error")]
    functions = [name for name in names if not isinstance(_public(name), type)]
    functions.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    classes = {name: _public(name) for name in names if name not in functions}
    classes |= {"Answer": Answer, "Fit (object)": Fit}
    parts = [HEAD + _contents(functions, classes), "## Functions\n", *map(_function, functions)]
    parts += ["## Objects\n", *(_class(name, kind) for name, kind in classes.items()), _charts(), _errors()]
    return {"python.md": "\n".join(parts).rstrip() + "\n"}


def _contents(functions: list[str], classes: dict[str, Any]) -> str:
    kinds = {name: _public(name) for name in functions} | classes
    rows = [[f"[`{name.split()[0]}`](#{_anchor(name)})", summary(kind)] for name, kind in kinds.items()]
    return table(["name", "what it does"], rows)


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-").replace("(", "").replace(")", "")


def _public(name: str) -> Any:
    """Return what a public name stands for: `retainsim.fit` is also a folder of modules, which answers in its place."""
    home = retainsim._HOMES.get(name)
    return getattr(import_module(home) if home else retainsim, name)


def _function(name: str) -> str:
    function = _public(name)
    return f"### {name}\n\n{_signature(f'retainsim.{name}', function)}\n{prose(inspect.getdoc(function) or '')}\n"


def _class(name: str, kind: type) -> str:
    """Return what a class is and what can be asked of it."""
    members = {key: member for key, member in vars(kind).items() if not key.startswith("_")}
    told = [_member(name.split()[0].lower(), key, member) for key, member in members.items() if inspect.getdoc(member)]
    attributes = prose(inspect.getdoc(kind) or "").replace("**Parameters**", "**Attributes**")
    return f"### {name}\n\n{attributes}\n\n" + "\n".join(filter(None, told)) + "\n"


def _member(owner: str, key: str, member: Any) -> str:
    if isinstance(member, property) or hasattr(member, "func"):
        return f"`{owner}.{key}`\n:   {_first(member)}\n"
    function = getattr(member, "__func__", member)
    if not inspect.isfunction(function):
        return ""
    return f"`{owner}.{key}{_arguments(function)}`\n:   {_first(function)}\n"


def _first(member: Any) -> str:
    return " ".join((inspect.getdoc(member) or "").split("\n\n")[0].split())


def _signature(name: str, function: Any) -> str:
    text = f"{name}{_arguments(function)}"
    if len(text) > 96:
        inside = [str(each) for each in _told(function)]
        text = f"{name}(\n    " + ",\n    ".join(inside) + f"\n) -> {_returns(function)}"
    return f"```text\n{text}\n```\n"


def _arguments(function: Any) -> str:
    returned = _returns(function)
    return f"({', '.join(_told(function))})" + (f" -> {returned}" if returned else "")


def _told(function: Any) -> list[str]:
    """Return the parameters as the source writes them, with a bare star before those that need their name."""
    told: list[str] = []
    starred = False
    for each in inspect.signature(function).parameters.values():
        if each.name in ("self", "cls"):
            continue
        if each.kind is each.KEYWORD_ONLY and not starred:
            told.append("*")
        starred = starred or each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL)
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = "" if each.default is each.empty else f" = {each.default!r}"
        annotation = "" if each.annotation is each.empty else f": {each.annotation}"
        told.append(f"{stars}{each.name}{annotation}{default}")
    return told


def _returns(function: Any) -> str:
    returned = inspect.signature(function).return_annotation
    return "" if returned is inspect.Signature.empty else str(returned)


def _charts() -> str:
    of = {name: "a run in which customers join" if name in OF_JOINERS else "every run" for name in NAMES}
    of |= {name: f"a run with `results.{kept}`" for name, kept in EXTRA.items()}
    rows = [[f"`results.plot.{name}()`", what] for name, what in of.items()]
    rows += [[f'`answer.plot("{name}")`', "an answer that lists it in `answer.charts`"] for name in ANSWERS]
    return "## Charts\n\nEach returns Matplotlib axes and takes `ax=`, axes in whose place it is drawn.\n\n" + table(
        ["call", "of"], rows
    )


def _errors() -> str:
    names = [name for name in retainsim.__all__ if name.endswith("Error")]
    kinds = sorted((getattr(retainsim, name) for name in names), key=lambda kind: kind.exit_code)
    rows = [[f"`retainsim.{kind.__name__}`", str(kind.exit_code), summary(kind)] for kind in kinds]
    return "## Errors\n\nNothing else leaves the package on purpose.\n\n" + table(["error", "exit code", "when"], rows)
