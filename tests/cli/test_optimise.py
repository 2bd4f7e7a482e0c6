"""The command that splits a budget: what it prints and what it refuses."""

from pathlib import Path

import pytest

LEVERS = ("--vary", "acquisition.advertising.spend=100:3000")


def test_the_answer_says_what_to_do_how_sure_it_is_and_what_the_next_euro_is_worth(play):
    result = play("optimise", "quick.toml", *LEVERS, "-o", "out", env={"COLUMNS": "80"})
    assert "Confidence that it is the best" in result.stdout
    assert "another EUR 1 a month is worth, beyond its own cost," in result.stdout
    assert "advertising spend, EUR per month" in result.stdout.replace("\n", " ")
    assert "chart: out/charts/optimise.png" in result.stderr


def test_json_has_the_keys_that_are_promised(answer):
    found = answer("optimise", "quick.toml", *LEVERS, "--budget", "900", "--no-charts")
    key = "acquisition.advertising.spend"
    assert found["today"] == {key: 900.0}
    assert 100 <= found["best"][key] <= 900
    assert {"mean", "low", "high"} <= set(found["gain"])
    assert {"today", "best", "per"} <= set(found["marginal"][key])
    assert 0 <= found["p_best"] <= 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no lever is named"),
        (("--vary", "acquisition.advertising.spend=1:2:3"), "the search takes bounds"),
        (("--vary", "segments.small.price=50:70", "--budget", "900"), "--cost segments.small.price=AMOUNT"),
        ((*LEVERS, "--cost", "acquisition.advertising.spend=much"), "'much' is no amount"),
        ((*LEVERS, "--arm", "nobody"), "there is no arm 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_exit_code_2(play, words, says):
    assert says in play("optimise", "quick.toml", *words, code=2).output
    assert not Path("runs").exists()
