"""Jsonschema: the schema in a form that editors use to complete, explain and check a scenario.

It says what each key may hold. What must fit together across keys, only loading a scenario can tell.
"""

from __future__ import annotations

from typing import Any

from retainsim.scenario.distributions import FORMS, TIMING
from retainsim.scenario.keys import is_month
from retainsim.scenario.quantiles import LAWS
from retainsim.scenario.schema import Parameters

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNDRAWN = {"Run"}  # tables whose numbers no distribution may replace
TIMED = {"Change", "Retention", "Investment"}  # tables that say when, which is decided and not unknown
NAME = r"^[^\s.]{1,40}$"  # looser than the scenario's: `\w` means ASCII alone to most editors
ABOUT = {"title", "description", "unit", "default", "discriminator"}  # said at the key, or not at all


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file."""
    schema = Parameters.model_json_schema()
    tables = {name: _table(name, table) for name, table in schema.pop("$defs").items()}
    root = _table("Parameters", schema)
    extends = {"type": "string", "description": "a file in this folder or below that this one builds on"}
    return {
        "$schema": DIALECT,
        **root,
        "title": "retainsim scenario",
        "description": "A business, what happens to it, and the variants to compare.",
        "properties": {"extends": extends, **root["properties"]},
        "anyOf": [{"required": ["segments"]}, {"required": ["extends"]}],
        "$defs": {**tables, "distribution": _distribution()},
    }


def _table(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Rewrite the schema of one table; what it needs may come from a base where tables merge key by key."""
    keys = {}
    for key, value in schema.get("properties", {}).items():
        may_be_drawn = name not in UNDRAWN and not (name in TIMED and key in TIMING)
        keys[key] = _key(key, value, may_be_drawn)
    merges = name == "Parameters" or name.endswith("Settings")
    kept = {key: value for key, value in schema.items() if not (merges and key == "required")}
    return {**kept, "properties": keys}


def _key(name: str, schema: dict[str, Any], may_be_drawn: bool) -> dict[str, Any]:
    """Rewrite the schema of one key: its unit in words, dates and distributions where they may stand."""
    value = _value(schema, may_be_drawn)
    if is_month(name):
        value = {"anyOf": [*value.get("anyOf", [value]), {"type": "string", "format": "date"}]}
    about, unit = schema.get("description", ""), schema.get("unit", "")
    description = f"{about} ({unit})" if unit else about
    extra = {"description": description, "default": _without_null(schema.get("default"))}
    return {**value, **{key: part for key, part in extra.items() if part not in ("", None)}}


def _without_null(default: Any) -> Any:
    if not isinstance(default, dict):
        return default
    return {key: _without_null(value) for key, value in default.items() if value is not None}


def _value(schema: dict[str, Any], may_be_drawn: bool) -> dict[str, Any]:
    """Rewrite what a value may be; `null` goes, since TOML has none."""
    if "anyOf" in schema:
        options = [_value(option, may_be_drawn) for option in schema["anyOf"] if option != {"type": "null"}]
        return options[0] if len(options) == 1 else {"anyOf": options}
    value = {key: part for key, part in schema.items() if key not in ABOUT}
    if value.get("pattern", "").startswith(r"^\w"):
        value["pattern"] = NAME
    if "items" in value:
        value["items"] = _value(value["items"], may_be_drawn)
    if "patternProperties" in value:
        (inner,) = value["patternProperties"].values()
        value["patternProperties"] = {NAME: _value(inner, may_be_drawn)}
        value["additionalProperties"] = False
    if value.get("type") == "number" and may_be_drawn:
        return {"anyOf": [value, {"$ref": "#/$defs/distribution"}]}
    return value


def _distribution() -> dict[str, Any]:
    """Return the schema of a table with exactly one key, which names a law."""
    laws = {kind: {"anyOf": [_numbers(count) for count in law.counts]} for kind, law in LAWS.items()}
    described = {kind: {**law, "description": FORMS[kind]} for kind, law in laws.items()}
    return {
        "type": "object",
        "title": "distribution",
        "description": "a number that is not known, drawn once per replication",
        "properties": described,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _numbers(count: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count}
