"""The golden numbers still come out, and a change of them is a change of results, which the changelog tells."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("refresh_golden", ROOT / "scripts" / "refresh_golden.py")
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)
KEPT = json.loads(golden.FILE.read_text(encoding="utf-8"))


@pytest.mark.long
@pytest.mark.parametrize("name", golden.scenarios())
def test_the_golden_numbers_come_out(name):
    assert golden.differences(KEPT["scenarios"][name], golden.numbers(name), name) == []


def test_every_scenario_has_its_golden_numbers():
    assert sorted(KEPT["scenarios"]) == golden.scenarios()
    assert all(10 <= len(numbers) <= 25 for numbers in KEPT["scenarios"].values())


def test_a_change_of_golden_numbers_is_a_line_of_the_changelog_marked_so():
    """The line quotes the fingerprint of the numbers, which `scripts/refresh_golden.py` prints."""
    now = golden.fingerprint(KEPT["scenarios"])
    if now == KEPT["first"]:
        return
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.split(r"(?m)^- ", text)
    told = [entry for entry in entries if f"golden {now}" in " ".join(entry.split())]
    assert any("**results change**" in entry for entry in told), f"golden numbers changed: tell it, with (golden {now})"


def test_a_number_that_differs_by_more_than_a_billionth_is_named():
    old = {"a.npv": 1e6, "a.left": 3.0, "a.gone": 1.0}
    new = {"a.npv": 1e6 * (1 + 1e-10), "a.left": 3.0 + 1e-8, "a.new": 2.0}
    said = golden.differences(old, new, "x")
    assert [line.split(" was ")[0] for line in said] == ["x: a.left", "x: a.gone", "x: a.new"]
    assert golden.fingerprint({"x": old}) != golden.fingerprint({"x": new})
