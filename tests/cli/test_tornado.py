"""The command tornado: which input would change the advice."""

import json

import pytest

KEYS = {"key", "low", "high", "difference_low", "difference_high", "flips_at"}
COST = "arms.retention.retention.cost.per_customer_month"


def test_its_json_has_the_keys_that_are_promised(answer):
    found = answer("tornado", "quick.toml", "--arm", "retention", "--input", COST, "--no-charts")
    (row,) = found["inputs"]
    assert set(row) >= KEYS
    assert (row["key"], row["low"], row["high"]) == (COST, pytest.approx(1.2), pytest.approx(1.8))
    for end in ("difference_low", "difference_high"):
        assert {"mean", "low", "high"} <= set(row[end])
    assert (row["flips_at"] is None) == row["why"].startswith("does not flip")


def test_bounds_are_taken_as_given(answer):
    found = answer("tornado", "quick.toml", "--input", f"{COST}=0.5:9", "--no-charts")
    assert (found["inputs"][0]["low"], found["inputs"][0]["high"]) == (0.5, 9.0)


def test_it_says_a_sentence_with_its_number_then_a_table_and_draws_a_chart(play, here):
    found = play("tornado", "quick.toml", "--input", COST, "-o", "answer")
    first = found.stdout.splitlines()[0]
    assert "NPV" in first
    assert "95 %" in first
    assert "cost per customer-month, retention" in found.stdout
    assert (here / "answer" / "charts" / "tornado.png").is_file()
    assert json.loads((here / "answer" / "answer.json").read_text("utf-8"))["question"] == "tornado"


@pytest.mark.parametrize("columns", ["70", "80", "120"])
def test_it_fits_the_terminal(play, columns):
    words = ("tornado", "quick.toml", "--input", COST, "--input", "segments.small.price", "--no-charts")
    lines = play(*words, env={"COLUMNS": columns}).stdout.splitlines()
    table = [line for line in lines if "─" in line]
    assert all(len(line) <= int(columns) for line in table)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--input", "segments.small.prize"), 'did you mean "price"'),
        (("--input", "segments.small.price=5"), "is no KEY=LO:HI"),
        (("--input", "segments.small.price", "--input", "segments.small.price"), "name every key once"),
        (("--arm", "advertisin"), 'did you mean "advertising"'),
        (("--arm", "retention", "--against", "retention"), "cannot be compared with itself"),
        (("--share", "1"), "--share"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(play, words, said):
    assert said in play("tornado", "quick.toml", *words, code=2).output
