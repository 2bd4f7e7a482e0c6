"""The command breakeven: its answer, its JSON, its refusals."""

import pytest

KEYS = {"lever", "today", "measure", "value", "why", "curve"}
PRICE = ("breakeven", "quick.toml", "--vary", "segments.small.price", "--match", "retention")


def test_the_answer_is_a_sentence_with_a_number_and_its_interval(play):
    done = play(*PRICE, "--no-charts")
    first = done.stdout.splitlines()[0]
    assert first.startswith(
        "The baseline comes to the NPV of “Five points more retention” at segments.small.price = EUR "
    )
    assert "(95 %: EUR " in first
    assert "today it is EUR 60 per customer-month" in first
    assert "baseline less retention" in done.stdout


def test_json_has_what_programs_need(answer):
    found = answer(*PRICE, "--no-charts")
    assert set(found) >= KEYS
    assert found["lever"] == "segments.small.price"
    assert found["today"] == 60.0
    assert found["value"]["low"] < found["value"]["mean"] < found["value"]["high"]
    assert all(len(point) == 2 for point in found["curve"])
    assert found["curve"] == sorted(found["curve"])


def test_where_there_is_no_value_the_answer_says_so_and_what_it_saw(answer):
    found = answer(*PRICE, "--between", "10:20", "--no-charts")
    assert found["value"] is None
    assert found["why"].startswith("between EUR 10.0 and EUR 20.0 it stays short of it")
    assert found["verdict"][0].startswith("No value of segments.small.price brings the baseline to the NPV of")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--vary", "segments.small.prise", "--match", "retention"], 2, 'did you mean "price"?'),
        (["--vary", "segments.small.price"], 2, "--match ARM (retention or advertising) or --target VALUE"),
        (["--vary", "segments.small.price", "--match", "retention", "--between", "1-2"], 2, "is no LO:HI"),
        (["--vary", "segments.small.price", "--target", "1", "--between", "-1:2"], 2, "must be a number at least 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(play, words, code, says):
    assert says in play("breakeven", "quick.toml", *words, code=code).stderr


def test_charts_and_tables_lie_in_the_folder(play, here):
    play(*PRICE, "-o", "found")
    assert (here / "found" / "charts" / "breakeven.png").is_file()
    assert (here / "found" / "curve.parquet").is_file()
