"""Keys: what the schema says may stand at a path of a scenario, looked up by walking the models.

Pydantic knows this too, but tells it only for what went wrong. Messages, distributions and changes need to
ask: is this a number, which keys may stand here, what is the unit?
"""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from retainsim.scenario.hints import listing
from retainsim.scenario.schema import Parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

    from retainsim.scenario.positions import Path

LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


@dataclass(frozen=True)
class Key:
    """What may stand at one path.

    Attributes
    ----------
    kinds
        The types a value may have: `float`, `int`, `bool`, `str`, `date`, a literal, `list[...]`, `dict[...]`
        or a model. The last three nest.
    limits
        What of `LIMITS` the schema sets for it.
    unit, about
        Unit and meaning, as the schema states them.
    default
        The value where the file has none; `...` where it must be given.
    """

    kinds: tuple[Any, ...]
    limits: dict[str, Any]
    unit: str = ""
    about: str = ""
    default: Any = ...

    @property
    def is_number(self) -> bool:
        """True where any number may stand, and so a distribution."""
        return float in self.kinds

    @property
    def is_whole(self) -> bool:
        """True where only a whole number may stand."""
        return int in self.kinds and not self.is_number

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """Return the tables with fixed keys that may stand here."""
        return tuple(kind for kind in self.kinds if isinstance(kind, type) and issubclass(kind, BaseModel))

    def allowed(self, node: Any) -> tuple[str, ...]:
        """Return the keys that a table here may have, in the order of the schema; its `kind` decides."""
        models = _meant(self.models, node)
        return tuple(dict.fromkeys(name for model in models for name in model.model_fields))

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the values of `kind`, in quotes, where it decides between several tables."""
        tagged = [model.model_fields["kind"] for model in self.models if "kind" in model.model_fields]
        return tuple(f'"{tag}"' for field in tagged for tag in _choices(field)) if len(tagged) > 1 else ()

    def holds(self, container: type) -> Any:
        """Return the `list[...]` or `dict[...]` that may stand here, or None."""
        return next((kind for kind in self.kinds if get_origin(kind) is container), None)


ROOT = Key((Parameters,), {}, about="a scenario")


def find(path: Path, tree: Any) -> Key | None:
    """Return what may stand at `path` of `tree`, or None where the schema knows no such path."""
    key: Key | None = ROOT
    for part in path:
        key = step(key, part, tree) if key else None
        tree = child(tree, part)
    return key


def step(key: Key, part: str | int, node: Any) -> Key | None:
    """Return what may stand at `part` of `node`, a value at `key`; its `kind` decides between tables."""
    if isinstance(part, int):
        return _inner(key, key.holds(list))
    for model in _meant(key.models, node):
        if part in model.model_fields:
            return _declared(model.model_fields[part])
    return _inner(key, key.holds(dict))


def child(node: Any, part: str | int) -> Any:
    """Return the value at one more step down a tree, or None where there is none."""
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
        return node[part]
    return None


def value_at(tree: Any, path: Path) -> Any:
    """Return the value at `path`, or None where there is none."""
    for part in path:
        tree = child(tree, part)
    return tree


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as a user writes it: `segments.small.price`."""
    return ".".join(str(part) for part in path)


def is_month(name: str | int) -> bool:
    """True for keys that hold a month of the run, so that a date may stand there too."""
    return isinstance(name, str) and name.endswith("_month") and "per_" not in name


def _meant(models: tuple[type[BaseModel], ...], node: Any) -> tuple[type[BaseModel], ...]:
    kind = node.get("kind") if isinstance(node, dict) else None
    chosen = [m for m in models if "kind" in m.model_fields and kind in _choices(m.model_fields["kind"])]
    return tuple(chosen) or models


def _choices(field: FieldInfo) -> tuple[Any, ...]:
    return get_args(field.annotation)


def _declared(field: FieldInfo) -> Key:
    extra = field.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    kinds, limits = _read(field.annotation)
    limits = limits | _limits(field.metadata)
    default = ... if field.is_required() else field.get_default(call_default_factory=False)
    return Key(kinds, limits, unit, field.description or "", default)


def _inner(key: Key, container: Any) -> Key | None:
    """Return what may stand in a list or a table of names: its unit and meaning are those of the whole."""
    if container is None:
        return None
    kinds, limits = _read(get_args(container)[-1])
    inner = replace(key, kinds=kinds, limits=limits, default=...)
    docs = [(model.__doc__ or "").partition(".")[0] for model in inner.models]
    return replace(inner, about=docs[0]) if docs else inner


def _read(annotation: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the plain types of an annotation, unions and annotations taken apart, and the limits in it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *notes = get_args(annotation)
        kinds, limits = _read(inner)
        return kinds, limits | _limits(notes)
    if origin not in (Union, types.UnionType):
        return (annotation,), {}
    read = [_read(member) for member in get_args(annotation) if member is not type(None)]
    return tuple(k for kinds, _ in read for k in kinds), {k: v for _, each in read for k, v in each.items()}


def _limits(notes: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for note in notes:
        found |= {name: value for name in LIMITS if (value := getattr(note, name, None)) is not None}
        found |= _limits(getattr(note, "metadata", ()))
    return found


def expected(key: Key) -> str:
    """Say what may stand at a key: `a number at least 0 and below 1 (share a year: observed churn)`."""
    unit = "" if date in key.kinds else key.unit
    meaning = ": ".join(text for text in (unit, key.about) if text)
    return f"{nouns(key)}{_range(key)}" + (f" ({meaning})" if meaning else "")


def allowed_text(key: Key) -> str:
    """Say what may stand at a key, without unit and meaning: `a number at least 0 and below 1`."""
    return f"{nouns(key)}{_range(key)}"


def nouns(key: Key) -> str:
    """Say of which type a value may be: `a number`, `"settled", "new" or a table with months`."""
    if key.tags:
        return f"a table with kind = {listing(key.tags)}"
    words = list(dict.fromkeys(word for kind in key.kinds for word in _nouns(kind, key)))
    return listing(words)


def _nouns(kind: Any, key: Key) -> list[str]:
    simple = {float: "a number", int: "a whole number", bool: "true or false", date: "a date"}
    if kind in simple:
        return [simple[kind]]
    if kind is str:
        is_name = str(key.limits.get("pattern", "")).startswith(r"^\w")
        return ["a name (letters, digits, _ and -; at most 40)" if is_name else "a text"]
    if get_origin(kind) is Literal:
        return [f'"{choice}"' for choice in get_args(kind)]
    if get_origin(kind) is list:
        return [f"a list of {_plural(get_args(kind)[0])}"]
    return [_table_noun(kind)]


def _plural(annotation: Any) -> str:
    names = {float: "numbers", int: "whole numbers", str: "names"}
    return names.get(_read(annotation)[0][0], "tables")


def _table_noun(kind: Any) -> str:
    if get_origin(kind) is dict:
        inner = _read(get_args(kind)[1])[0][0]
        return "a table of numbers by name" if inner is float else "tables by name"
    needed = [name for name, field in kind.model_fields.items() if field.is_required()]
    return f"a table with {' and '.join(needed)}" if needed else "a table"


def _range(key: Key) -> str:
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    said = [f"{word} {number(key.limits[name])}" for name, word in words.items() if name in key.limits]
    low, high = key.limits.get("min_length"), key.limits.get("max_length")
    if date in key.kinds:
        said.append("such as 2026-01-01, without quotes")
    elif str in key.kinds:
        said += [f"of at most {high} characters"] if high else []
        said += [f"of the form {key.limits['pattern']}"] if "[A-Z]" in key.limits.get("pattern", "") else []
    elif low or high:
        said.append(f"with exactly {low}" if low == high else f"with {low or 0} or more")
    return f" {' and '.join(said)}" if said else ""


def number(value: float) -> str:
    """Write a number as a scenario would, digits of whole ones in groups: `50_000_000`, `0.22`."""
    if isinstance(value, float) and (not value.is_integer() or abs(value) >= 1e15):
        return f"{value:.6g}"
    return f"{int(value):_}"
