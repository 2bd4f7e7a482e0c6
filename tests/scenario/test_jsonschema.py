"""Editors check a scenario against the same keys, units and limits as retainsim does."""

import copy
import json
import tomllib

import jsonschema
import pytest

from retainsim import mechanisms
from retainsim.scenario.jsonschema import json_schema

GOOD = """\
title = "A question"
[run]
start = 2026-01-01
[pool]
tenure = { months = 3 }
[segments."klein-ß"]
price = 60
annual_churn = { normal = [0.22, 0.02] }
frailty = { kind = "gamma", variance = { beta = [1, 2, 0.1, 1] } }
moves = { gross = { uniform = [0.01, 0.02] } }
[segments.gross]
price = 60
annual_churn = 0.1
[acquisition.ads]
joins = 3
[arms.x]
retention = { points = 5, from_month = 2026-04-01 }
change = [{ set = "acquisition.ads.joins", to = 3.5, until_month = 6 }]
investment = [{ amount = 5, at_month = 2026-07-01 }]
"""


def instance(text=GOOD):
    """Return a scenario as an editor sees it: dates are strings."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def errors(tree):
    return list(jsonschema.Draft202012Validator(json_schema()).iter_errors(tree))


def test_it_is_a_schema_of_the_draft_it_names():
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "retainsim scenario"
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)


def test_a_good_scenario_passes():
    assert errors(instance()) == []


def test_a_file_that_extends_another_needs_nothing_of_its_own():
    assert errors({"extends": "base.toml", "acquisition": {"ads": {"spend": 5}}}) == []
    assert errors({"title": "nobody"}) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("titel",), "x"),
        (("pool", "customers"), -1),
        (("pool", "customers"), {"normal": [1, 2]}),
        (("pool", "tenure"), "old"),
        (("run", "discount_rate"), {"normal": [1, 2]}),
        (("segments", "gross", "annual_churn"), 22),
        (("segments", "gross", "annual_churn"), {"normal": [1, 2, 3]}),
        (("segments", "gross", "annual_churn"), {"normal": [1, 2], "uniform": [1, 2]}),
        (("segments", "gross", "annual_churn"), {"nromal": [1, 2]}),
        (("segments", "gross", "annual_churn"), "2026-01-01"),
        (("segments", "gross", "frailty"), {"kind": "gama", "variance": 1}),
        (("segments", "a b"), {}),
        (("arms", "x", "retention"), 5),
        (("arms", "x", "retention", "points"), 0.05),
        (("arms", "x", "retention", "from_month"), {"uniform": [1, 2]}),
        (("arms", "x", "change", 0, "set"), 5),
        (("mechanisms", "grwth"), {}),
    ],
)
def test_what_is_wrong_is_marked(path, value):
    tree = copy.deepcopy(instance())
    node = tree
    for key in path[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
    node[path[-1]] = value
    assert errors(tree) != []


def test_every_mechanism_can_be_switched_on():
    tables = json_schema()["$defs"]["Mechanisms"]["properties"]
    assert set(tables) == set(mechanisms.NAMES)
    assert all("$ref" in table and table["description"] for table in tables.values())


def walk(node):
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(value)


def test_every_key_says_what_it_means_and_in_which_unit():
    tables = json_schema()["$defs"]
    churn = tables["Segment"]["properties"]["annual_churn"]
    assert churn["description"] == "observed 12-month churn of the opening pool (share a year)"
    for name, table in tables.items():
        for key, value in table.get("properties", {}).items():
            assert "description" in value or key == "kind", f"{name}.{key} is not explained"


def test_nothing_in_it_is_null_since_toml_has_none():
    assert not any(node.get("type") == "null" or None in node.values() for node in walk(json_schema()))
