"""The chart of a break-even value: whatever the answer, it can be read, and says what was found."""

import functools

import pytest
from conftest import LONG, WORD, arm, scenario
from visible_text import leaving, overlapping, texts

import retainsim
from retainsim.charts import canvas, chart_of_answer
from retainsim.study.breakeven import breakeven

PLAIN = scenario(arms=arm("retention", title="Five points more retention"))
LOUD = scenario(
    title=f"{LONG} {LONG}"[:200], currency='{ code = "USD", symbol = "$", unit = "million" }',
    arms=arm("retention", title=WORD) + arm("other", title=LONG[:120]),
)  # fmt: skip
PRICE = "segments.small.price"
ASKED = {
    "found": (PLAIN, PRICE, {"match": "retention"}),
    "near_today": (PLAIN, PRICE, {"target": 62_000}),
    "none": (PLAIN, PRICE, {"match": "retention", "between": (1, 15)}),
    "without_today": (PLAIN, PRICE, {"match": "retention", "between": (21, 30)}),
    "cost": (PLAIN, "arms.retention.retention.cost.per_customer_month", {}),
    "points": (PLAIN, "arms.retention.retention.points", {"measure": "pool_end", "target": 250}),
    "share": (PLAIN, "segments.small.annual_churn", {"match": "retention", "measure": "retention_12m"}),
    "whole": (PLAIN, "pool.customers", {"match": "retention", "measure": "pool_end"}),
    "loud": (LOUD, PRICE, {"match": "retention"}),
    "loud_none": (LOUD, "arms.retention.retention.points", {"match": "other", "between": (7, 15)}),
}


@functools.cache
def answer(name):
    text, key, more = ASKED[name]
    return breakeven(retainsim.loads(text), key, replications=3, jobs=1, **more)


@pytest.fixture(params=ASKED)
def drawn(request):
    ax = answer(request.param).plot()
    ax.figure.canvas.draw()
    return ax.figure


def test_all_text_can_be_read(drawn):
    assert overlapping(drawn) == []
    assert leaving(drawn) == []
    assert min(text.get_size() for text in texts(drawn)) >= 12
    assert not [text.get_text() for text in texts(drawn) if text.get_parse_math()]


def test_the_title_states_what_was_found(drawn):
    title = drawn.get_label()
    assert any(digit in title for digit in "0123456789")
    size = max(text.get_size() for text in texts(drawn))
    assert not [text for text in texts(drawn) if text.get_size() == size][-1].get_text().endswith("…")


def written(name):
    return " ".join(text.get_text() for text in texts(answer(name).plot().figure)).replace("\u00a0", " ")


def test_a_value_that_is_found_is_marked_beside_today():
    assert "Today EUR 20 per customer-month" in written("found")
    assert "Break-even EUR" in written("found")
    assert "Break-even" not in written("none")
    assert "Today" not in written("without_today")


def test_where_there_is_none_the_title_says_how_near_one_comes():
    title = answer("none").plot().figure.get_label().replace("\u00a0", " ")
    assert title.startswith("At best, EUR 15.0 per customer-month, the baseline is EUR ")
    assert title.endswith(" short of “Five points more retention”: no segments.small.price makes them equal")


def test_a_second_drawing_has_the_same_bytes(tmp_path):
    for place in (tmp_path / "one.svg", tmp_path / "two.svg"):
        canvas.save(chart_of_answer("breakeven")(answer("found")), place, "svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
