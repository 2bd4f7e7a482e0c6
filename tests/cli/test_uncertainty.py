"""The command uncertainty: luck, ignorance, and what to measure first."""

import pytest

UNSURE = (
    "--set",
    "segments.small.annual_churn={normal=[0.22,0.03]}",
    "--set",
    "segments.small.price={uniform=[50,70]}",
)
QUICK = ("uncertainty", "quick.toml", "--arm", "retention", "--draws", "16", *UNSURE)


def test_its_json_has_the_keys_that_are_promised(answer):
    found = answer(*QUICK, "--no-charts")
    assert {"luck", "ignorance"} <= set(found["variance"])
    assert {row["key"] for row in found["indices"]} == {"segments.small.annual_churn", "segments.small.price"}
    for row in found["indices"]:
        assert {"key", "first", "total", "evpi"} <= set(row)
        assert all({"mean", "low", "high"} <= set(row[kind]) for kind in ("first", "total", "evpi"))
    for each in (found["variance"]["luck"], found["variance"]["ignorance"], found["p_right"], found["evpi"]):
        assert each["low"] <= each["mean"] <= each["high"]
    assert found["budget"] == {"draws": 16, "points": 80, "luck": 32}


def test_it_says_how_sure_the_advice_is_and_draws_a_chart(play, here):
    found = play(*QUICK, "-o", "answer")
    assert "The advice (" in found.stdout
    assert "of its variance" in found.stdout.lower()
    assert "price, small" in found.stdout
    assert (here / "answer" / "charts" / "uncertainty.png").is_file()


def test_without_distributions_it_is_wrong_usage_and_says_how_to_write_one(play):
    said = play("uncertainty", "quick.toml", code=2).output
    assert "annual_churn = { normal = [0.22, 0.022] }" in said


@pytest.mark.parametrize("columns", ["70", "80", "120"])
def test_it_fits_the_terminal(play, columns):
    lines = play(*QUICK, "--no-charts", env={"COLUMNS": columns}).stdout.splitlines()
    assert all(len(line) <= int(columns) for line in lines if "─" in line)
