"""The command `new`, and the templates it writes."""

import re
import shlex
from itertools import pairwise

import pytest

import retainsim
from retainsim.cli.new import TEMPLATES, text_of
from retainsim.explain import explain


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_written_valid_and_runs(here, play, template):
    result = play("new", "mine", "--template", template)
    assert "retainsim explain mine.toml" in result.stdout
    assert play("validate", "mine.toml").stdout.startswith("mine.toml: valid")
    settings = ("--set", "pool.customers=100", "--replications", "2", "--no-charts")
    assert "NPV" in play("run", "mine.toml", *settings).stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_has_gamma_frailty_everywhere_and_a_pool_that_holds(template):
    scenario = retainsim.loads(text_of(template))
    assert all(segment.frailty.kind == "gamma" for segment in scenario.parameters.segments.values())
    assert explain(scenario)["pool"]["trend"] == "holds"


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_asks_its_question_and_explains_every_key(template):
    lines = text_of(template).splitlines()
    title = retainsim.loads(text_of(template)).title
    assert title.endswith("?")
    assert lines[0] == f"# {title}"
    for above, line in pairwise(lines):
        if re.match(r"[\w.]+ = ", line) and not line.startswith("title"):
            assert "#" in line or above.startswith("#"), line


def test_every_template_file_is_listed(answer):
    from importlib.resources import files

    there = {path.name.removesuffix(".toml") for path in (files("retainsim") / "templates").iterdir()}
    assert there == set(answer("new", "--list")["templates"]) == set(TEMPLATES)


def test_list_says_what_templates_are_for_and_writes_nothing(here, play):
    text = play("new", "--list").stdout
    assert all(f"{name}: {about}" in text for name, about in TEMPLATES.items())
    assert [path.name for path in here.iterdir()] == ["quick.toml"]


def test_an_existing_file_is_never_overwritten_without_force(here, play):
    before = (here / "quick.toml").read_text(encoding="utf-8")
    assert "quick.toml exists already" in play("new", "quick", code=2).stderr
    assert (here / "quick.toml").read_text(encoding="utf-8") == before
    play("new", "quick", "--force")
    assert (here / "quick.toml").read_text(encoding="utf-8") == text_of("subscription")


def test_without_a_name_the_file_is_called_as_the_template(here, play):
    play("new", "--template", "b2b")
    assert (here / "b2b.toml").is_file()


def test_the_ending_is_not_doubled(here, play):
    play("new", "mine.toml")
    assert (here / "mine.toml").is_file()
    play("new", "version1.2")
    assert (here / "version1.2.toml").is_file()


def test_the_next_command_can_be_typed_as_it_stands(here, answer):
    following = shlex.split(answer("new", "my own")["next"])
    assert following == ["retainsim", "explain", "my own.toml"]


def test_a_folder_that_is_not_there_is_told(play):
    assert "nowhere/mine.toml cannot be written to" in play("new", "nowhere/mine", code=2).stderr


def test_the_settings_the_readme_shows_are_in_the_default_template():
    segment = retainsim.loads(text_of("subscription")).parameters.segments["small"]
    assert segment.annual_churn is not None
