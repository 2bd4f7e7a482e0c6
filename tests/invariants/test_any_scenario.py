"""Whatever a file holds, it is refused with a reason or runs to balanced books, and nothing else ever happens."""

import random
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.making import setup

import retainsim
from invariants.guesses import guesses
from invariants.scenarios import trees
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.errors import ScenarioError

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.toml"))


def examples(count):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


def assert_runs_to_balanced_books(scenario):
    """Play one replication of every arm, on bases that need no calibration, which would take long."""
    for name, arm in scenario.arms.items():
        start = setup(scenario.draw(0), arm, factor=1.0 if arm.retention is None else 0.8)
        outcome = replicate(start, Luck(scenario.parameters.run.seed, 0))
        assert 0.0 <= outcome.books_error <= 1e-9, name
        flows = outcome.joined + outcome.returned + outcome.moved - outcome.left.sum(axis=3)
        assert np.array_equal(outcome.opening + np.cumsum(flows, axis=0), outcome.pool), name
        assert np.isfinite(outcome.npv_to_horizon), name


@pytest.mark.long
@examples(500)
@given(trees())
def test_a_scenario_that_is_accepted_runs_to_balanced_books(drawn):
    tree, arm = drawn
    tree = tree | {
        "run": tree["run"] | {"months": 6},
        "churn": tree["churn"] | {"calibrate": False},
        "arms": {"a": arm},
    }
    try:
        scenario = retainsim.loads(tomli_w.dumps(tree))
    except ScenarioError:
        return
    assert_runs_to_balanced_books(scenario)


@pytest.mark.long
@examples(200)
@given(guesses())
def test_what_is_guessed_from_the_schema_is_refused_with_a_reason_or_runs(tree):
    try:
        scenario = retainsim.loads(tomli_w.dumps(tree))
    except ScenarioError as error:
        assert error.problems
        assert all(problem.startswith("<scenario>:") for problem in error.problems)
        return
    assert_runs_to_balanced_books(scenario)


def test_most_generated_scenarios_are_not_refused():
    """Lest the test above tests nothing."""
    found = []

    @examples(60)
    @given(trees())
    def count(drawn):
        tree, arm = drawn
        try:
            retainsim.loads(tomli_w.dumps(tree | {"arms": {"a": arm}}))
            found.append(True)
        except ScenarioError as error:
            found.append(str(error))

    count()
    assert sum(each is True for each in found) > 0.5 * len(found), [each for each in found if each is not True][:3]


def loads(data):
    """Load what may be anything; the only failure is ours."""
    try:
        retainsim.loads(data, name="x.toml")
    except ScenarioError as error:
        assert all(line.startswith(("x.toml:", "...")) for line in str(error).split("\n")), str(error)
        return False
    return True


@examples(400)
@given(st.text())
def test_no_text_crashes_the_reader(text):
    loads(text)


TOKENS = ["[", "]", "{", "}", "=", ".", ",", '"', "'", '"""', "'''", "#", "\n", "\r\n", "\t", " ", "\\", "\\u0041", "a", "b.c", "[[a]]", "[a.b]",
          "1", "-1.5e3", "inf", "nan", "true", "2026-01-01", "07:32:00", "0x1F", "1_000", "é", "\ufeff", "\x00", "extends", "title"]  # fmt: skip


@examples(400)
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_no_heap_of_toml_crashes_the_reader(text):
    loads(text)


@examples(150)
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "x.toml"
    path.write_bytes(data)
    try:
        retainsim.load(path)
    except ScenarioError as error:
        assert str(error)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_no_mutation_of_a_real_file_crashes_the_reader(path):
    """Cut, doubled, swapped and overwritten, 12 ways each; what is accepted all the same is a scenario."""
    text, luck = path.read_text(encoding="utf-8"), random.Random(path.stem)
    if "extends" in text:
        text = text.replace("extends", "# extends")
    for _ in range(12):
        found = text
        for _ in range(luck.randint(1, 4)):
            start, end = sorted(luck.randrange(len(found)) for _ in range(2))
            end = min(end, start + luck.choice([1, 3, 30, 300]))
            other = luck.randrange(len(found))
            found = (
                found[:start]
                + luck.choice(["", found[other : other + 40], luck.choice(TOKENS), found[start:end] * 2])
                + found[end:]
            )
        loads(found)
