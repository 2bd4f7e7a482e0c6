"""The command `schema`."""

import json
import tomllib

import jsonschema


def test_the_schema_printed_accepts_a_valid_scenario(here, play):
    schema = json.loads(play("schema").stdout)
    scenario = tomllib.loads((here / "quick.toml").read_text(encoding="utf-8"))
    jsonschema.validate(scenario, schema)
    scenario["pool"]["customers"] = "many"
    assert not jsonschema.Draft202012Validator(schema).is_valid(scenario)


def test_a_file_is_written_and_not_overwritten(here, play):
    printed = json.loads(play("schema").stdout)
    result = play("schema", "-o", "s.json")
    assert result.stdout == ""
    assert json.loads((here / "s.json").read_text(encoding="utf-8")) == printed
    (here / "s.json").write_text("mine", encoding="utf-8")
    assert "s.json exists already" in play("schema", "-o", "s.json", code=2).stderr
    assert (here / "s.json").read_text(encoding="utf-8") == "mine"
    play("schema", "-o", "s.json", "--force")
    assert json.loads((here / "s.json").read_text(encoding="utf-8")) == printed


def test_a_folder_that_is_not_there_is_told(play):
    assert "nowhere/s.json cannot be written to" in play("schema", "-o", "nowhere/s.json", code=2).stderr


def test_json_names_the_file(answer):
    assert answer("schema", "-o", "s.json") == {"file": "s.json"}
