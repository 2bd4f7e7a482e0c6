"""The charts of sweep, map and best split: nothing overlaps or is clipped, and the title says no more than is known."""

import dataclasses
import functools
import json

import pytest
from charts.conftest import LONG, WORD, scenario
from visible_text import leaving, overlapping, texts

import retainsim
from retainsim.charts import canvas

PROGRAMME = "[mechanisms.retention_programme]\nspend_per_customer = 0.5\neffect = 0.05\nceiling = 0.3\n"
CHANNEL = "[acquisition.ads]\nspend = 300\njoins = 4\nceiling = 9\n"
LEVER = "[arms.lever]\ntitle = '''{title}'''\nretention = {{ points = 5, cost = {{ per_customer_month = 0.5 }} }}\n"
MORE = '[arms.more]\nchange = [ { set = "acquisition.ads.spend", times = 2 } ]\n'
SPEND, POINTS = "acquisition.ads.spend", "arms.lever.retention.points"


def firm(title="Five points more", currency='"EUR"', arms=MORE, **more):
    text = scenario(currency=currency, run="months = 12", joins=0, tail=CHANNEL + PROGRAMME,
                    arms=LEVER.format(title=title) + arms, **more)  # fmt: skip
    return retainsim.loads(text)


def swept(vary, assume=None, **more):
    return retainsim.sweep(firm(**more), vary, assume=assume, replications=3, jobs=1)


@functools.cache
def made(name):
    long = {"title": LONG[:120], "currency": '{ code = "USD", symbol = "$", unit = "million" }'}
    many = "".join(f"[arms.a{i}]\ntitle = '''{WORD[i:]}'''\nretention = {{ points = {i} }}\n" for i in range(1, 10))
    make = {
        "line": lambda: swept({SPEND: "150:900:4"}),
        "line_two": lambda: swept({SPEND: "300,301"}),
        "line_one": lambda: swept({SPEND: "450"}),
        "line_assumed": lambda: swept({}, {"segments.small.annual_churn": "0.1:0.4:3"}),
        "line_many": lambda: swept({SPEND: "150:900:3"}, arms=many, **long),
        "map": lambda: retainsim.isoprofit(firm(), replications=3, jobs=1),
        "map_small": lambda: swept({SPEND: "150,900", POINTS: "0,5"}),
        "map_assumed": lambda: swept({}, {"segments.small.price": "10,30", "segments.small.annual_churn": "0.1,0.4"}),
        "map_gains": lambda: swept({POINTS: "4,8", "firm.fixed_costs": "0,1"}),
        "map_long": lambda: swept({SPEND: "150,900", POINTS: "0,5"}, **long),
        "split": lambda: best({SPEND: "0:900", f"{KEY}.spend_per_customer": "0:3"}, budget=450.0),
        "split_one": lambda: best({SPEND: "100:900"}),
        "split_unpriced": lambda: best({SPEND: "100:900", "segments.small.price": "10:20"}, **long),
    }
    return make[name]()


KEY = "mechanisms.retention_programme"
NAMES = (
    "line", "line_two", "line_one", "line_assumed", "line_many", "map", "map_small", "map_assumed", "map_gains",
    "map_long", "split", "split_one", "split_unpriced",
)  # fmt: skip


def best(vary, budget=None, **more):
    return retainsim.optimise(firm(**more), vary, budget=budget, replications=3, jobs=1)


@pytest.fixture(scope="module", params=NAMES)
def answer(request):
    return made(request.param)


@pytest.fixture(scope="module")
def drawn(answer):
    figure = answer.plot().figure
    figure.canvas.draw()
    return figure


def test_no_text_overlaps_another(drawn):
    assert overlapping(drawn) == []


def test_no_text_leaves_the_slide(drawn):
    assert leaving(drawn) == []


def test_all_text_can_be_read_from_the_back_of_the_room(drawn):
    assert min(text.get_size() for text in texts(drawn)) >= 12


def test_no_text_is_read_as_mathematics(drawn):
    assert not [text.get_text() for text in texts(drawn) if text.get_parse_math() or text.get_usetex()]


def test_the_title_is_bold_and_states_a_number(drawn):
    title = max(texts(drawn), key=lambda text: text.get_size())
    assert title.get_weight() == "bold"
    assert any(letter.isdigit() for letter in drawn.get_label())


def test_the_source_names_the_scenario(drawn, answer):
    assert f"Source: retainsim {answer.report['run']['version']}" in " ".join(t.get_text() for t in texts(drawn))


@pytest.mark.parametrize("name", ["line", "map", "split"])
def test_a_second_drawing_has_the_same_bytes(name, tmp_path):
    for path in (tmp_path / "first", tmp_path / "second"):
        canvas.save(made(name).plot(), path, "png")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_an_answer_that_was_kept_draws_the_same_chart(tmp_path):
    from retainsim.study.answer import open_answer

    made("map").save(tmp_path / "kept")
    again = open_answer(tmp_path / "kept")
    assert again.plot().figure.get_label() == made("map").plot().figure.get_label()


def test_a_split_that_gains_nothing_for_sure_says_so():
    found = made("split")
    gain = {"mean": 10.0, "low": -5.0, "high": 25.0, "p05": 0.0, "p95": 0.0}
    unsure = dataclasses.replace(found, report=json.loads(json.dumps({**found.report, "gain": gain})))
    assert "No plan within the bounds is clearly better" in unsure.plot().figure.get_label()
