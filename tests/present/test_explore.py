"""Sliders in a notebook: thin, patient with a dragging hand, and never a traceback."""

import asyncio
import sys

import pytest

import retainsim
from retainsim.present import explore as module
from retainsim.present.explore import _Later
from retainsim.study.explorer import Explorer

TEXT = """
title = "Plug <the> leak?"
[run]
months = 12
seed = 1
[pool]
customers = 120
[segments.small]
price = 60.0
annual_churn = 0.22
[acquisition.advertising]
spend = 900
joins = 3
ceiling = 8
[arms.retention]
retention = { points = 5, cost = { per_customer_month = 1.5 } }
"""


@pytest.fixture(scope="module")
def scenario():
    return retainsim.loads(TEXT)


@pytest.fixture
def board(scenario):
    return retainsim.explore(scenario, ("pool.customers", 100, 200), replications=2, charts=["npv"])


def sliders(board):
    rows = [row.children for row in board.children[:-2]]
    return {row[0].description: row for row in rows}


def shown(board):
    return board.children[-1].value.split("</style>")[1]


def test_there_is_a_slider_with_its_value_in_words_for_what_a_plan_is_made_of(board):
    said = {label: row[1].value for label, row in sliders(board).items()}
    assert said == {
        "More retention": "5 percentage points",
        "Cost of more retention": "EUR 1.50 per customer-month",
        "Spend on advertising": "EUR 900 per month",
        "Customers of the pool (in both)": "120 customers",
    }


def test_the_verdict_its_precision_and_the_charts_stand_below(board, scenario):
    explorer = Explorer(scenario, replications=2)
    results = explorer.answer()
    assert explorer.precision(results) in shown(board)
    assert "Your plan" in shown(board)
    assert shown(board).count("<svg") == 1


def test_a_move_shows_another_answer_and_the_way_back_the_first(board):
    first = shown(board)
    slider, label = sliders(board)["More retention"]
    slider.value = 8.0
    assert (label.value, shown(board) != first) == ("8 percentage points", True)
    board.children[-2].children[0].click()
    assert (slider.value, shown(board)) == (5.0, first)


def test_what_cannot_be_is_said_in_place_of_the_charts_and_goes_away_again(board):
    first = shown(board)
    slider = sliders(board)["More retention"][0]
    slider.max = 50.0
    slider.value = 40.0
    assert "This cannot be: retention of 118.0% asked for" in shown(board)
    assert "--set" not in shown(board)
    assert "<svg" not in shown(board)
    assert "Traceback" not in shown(board)
    slider.value = 5.0
    assert shown(board) == first


def test_a_place_seen_before_is_neither_played_nor_drawn_again(board, monkeypatch):
    slider = sliders(board)["More retention"][0]
    slider.value = 7.0
    monkeypatch.setattr(module, "drawing", lambda *given: pytest.fail("drawn again"))
    slider.value = 5.0
    slider.value = 7.0


def test_without_ipywidgets_the_command_that_installs_it_is_told(monkeypatch, scenario):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(retainsim.UsageError, match="install it with: pip install ipywidgets"):
        retainsim.explore(scenario)


def test_a_chart_that_is_not_there_is_refused(scenario):
    with pytest.raises(retainsim.UsageError, match="there is no chart 'pie'; give npv, bridge, pool"):
        retainsim.explore(scenario, charts=["pie"])


def test_what_a_hand_passes_through_is_not_computed():
    done = []

    async def drag():
        later = _Later(0.02, lambda: done.append(len(moves)))
        for move in range(50):
            moves.append(move)
            later.call()
            await asyncio.sleep(0.0)
        await asyncio.sleep(0.1)

    moves = []
    asyncio.run(drag())
    assert done == [50]
