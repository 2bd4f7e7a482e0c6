"""Guesses: whole scenarios drawn from the schema alone, right ones and wrong ones, by somebody who knows no rule."""

import math
from functools import cache

from hypothesis import strategies as st

from retainsim.scenario.jsonschema import json_schema

ODD = st.sampled_from([
    "", "x", "2026-01-01", True, False, 0, -1, 1, 1e308, -1e308, 5e-324, 2**63, -(2**70), [], {}, [[]], [{}], {"x": {}},
    {"normal": [0.2, 0.05]}, {"uniform": [1.0, 0.0]}, {"normal": []}, {"beta": [1e9, 1e-9]}, "price", "arms.a", "é", "a" * 300,
])  # fmt: skip
"""What hardly belongs anywhere; the tamer a guess, the rarer it is, and the fewer keys there are."""
WORDS = st.sampled_from(["a", "a", "a", "b", "price", "web", "x/y", "ünï"])
PATHS = st.sampled_from([
    "segments.a.price", "segments.b.annual_churn", "acquisition.a.spend", "firm.tax_rate", "run.months", "nowhere", "a.b.c.d",
    "churn.reasons.price", "mechanisms.failures.rate", "accounts.0.discount", "segments.a.frailty.variance", "arms.a.title",
])  # fmt: skip
OFTEN = {"segments", "run", "pool", "price", "annual_churn", "joins"}
"""What a scenario is hardly one without."""


@cache
def definitions():
    return json_schema()["$defs"]


@st.composite
def guesses(draw):
    """Return a tree for a scenario; small and short, where it is one."""
    tree = draw(tables(json_schema(), 0, draw(st.sampled_from([20, 20, 80, 1000]))))
    for table, values in (("run", {"months": 6, "replications": 2}), ("pool", {"customers": 80})):
        if isinstance(tree.get(table, {}), dict):
            tree[table] = tree.get(table, {}) | values
    churn = tree.setdefault("churn", {})
    if isinstance(churn, dict):
        churn["calibrate"] = False  # which would take long where mechanisms are on
    tree.pop("extends", None)
    return tree


@st.composite
def tables(draw, schema, depth, tame):
    found = {}
    required = set(schema.get("required", ()))
    for key, inner in schema.get("properties", {}).items():
        if key in required or key in OFTEN or draw(st.integers(0, tame // 10 + 3 * depth)) == 0:
            found[key] = draw(values(inner, depth + 1, key, tame))
    for inner in schema.get("patternProperties", {}).values():
        for word in draw(st.lists(WORDS, min_size=1, max_size=2, unique=True)):
            found[word] = draw(values(inner, depth + 1, word, tame))
    if draw(st.integers(0, 3 * tame)) == 0:
        found[draw(st.sampled_from(["prise", "anual_churn", "__class__", "a b", ""]))] = draw(ODD)
    return found


def values(schema, depth, key, tame):
    if "$ref" in schema:
        schema = definitions()[schema["$ref"].rpartition("/")[2]]
    right = _right(schema, depth, key, tame)
    return st.integers(0, 4 * tame).flatmap(lambda luck: ODD if luck == 0 else right)


def _right(schema, depth, key, tame):
    for many in ("anyOf", "oneOf"):
        if many in schema and schema.get("type") != "object":
            kinds = [each for each in schema[many] if each.get("$ref") != "#/$defs/distribution"]
            return st.one_of([values(each, depth, key, tame) for each in kinds])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kind = schema.get("type")
    if kind == "object":
        return tables(schema, depth, tame)
    if kind == "array":
        return st.lists(
            values(schema.get("items", {}), depth + 1, key, tame),
            min_size=schema.get("minItems", 0),
            max_size=min(schema.get("maxItems", 3), 12),
        )
    if kind in ("number", "integer"):
        return _numbers(schema)
    if kind == "boolean":
        return st.booleans()
    return PATHS if key == "set" else WORDS if kind == "string" else ODD


def _numbers(schema):
    """Return numbers within limits, often at one of them; those that are excluded are passed by."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e3) + 1e-3)
    high = min(schema.get("maximum", schema.get("exclusiveMaximum", low + 50.0) - 1e-3), low + 50.0)
    if schema["type"] == "integer":
        return st.integers(math.ceil(low), max(math.ceil(low), math.floor(high)))
    inner = st.floats(low, max(low, high), allow_nan=False)
    return st.one_of(inner, inner, st.sampled_from([float(low), float(max(low, high))]))
