"""The options that commands share."""

from datetime import date

import pytest

from retainsim.cli.option import toml_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1_000.5", 1000.5),
        ("true", True),
        ('"5"', "5"),
        ("2026-01-01", date(2026, 1, 1)),
        ("[1, 2]", [1, 2]),
        ("{ normal = [0.2, 0.02] }", {"normal": [0.2, 0.02]}),
        ("five-reasons", "five-reasons"),
        ("22%", "22%"),
        ("Two words", "Two words"),
    ],
)
def test_a_value_is_toml_or_else_a_bare_word(text, value):
    assert toml_value(text) == value
    assert type(toml_value(text)) is type(value)


@pytest.mark.parametrize("text", ["[1, 2", '"open', "{ normal = 3", "1\nother = 2"])
def test_a_broken_value_is_not_taken_for_a_word(text):
    with pytest.raises(ValueError):
        toml_value(text)


@pytest.mark.parametrize("words", ["segments.small.price", "=3", "segments.small.price=", "segments.small.price=[1"])
def test_what_is_no_assignment_is_wrong_usage(play, words):
    assert "segments.small.price=" in play("validate", "quick.toml", "--set", words, code=2).stderr


def test_a_key_is_not_set_twice(play):
    words = ("--set", "run.months=6", "--set", "run.months=7")
    assert "run.months is set twice" in play("validate", "quick.toml", *words, code=2).stderr


def test_seed_is_not_given_in_two_ways(play):
    words = ("--seed", "1", "--set", "run.seed=2")
    assert "run.seed is set twice" in play("run", "quick.toml", *words, code=2).stderr


def test_a_word_reaches_the_scenario_as_a_text(play):
    assert "five-reasons" in play("explain", "quick.toml", "--set", "churn.preset=five-reasons").stdout
