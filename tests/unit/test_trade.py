"""The two sentences on exchange rates say no more than is known."""

import pytest

from retainsim.study.trade import trade
from retainsim.wording import Money

NPV = {"mean": 490e3, "low": 480e3, "high": 500e3}
ROWS = [
    {"how": "win", "what": "ads", "cost_is": "marginal", "cost": 700.0, "clv": 1_400.0, "per_money": 2.0},
    {"how": "win", "what": "partners", "cost_is": "marginal", "cost": 100.0, "clv": 1_400.0, "per_money": 14.0},
]
KEEP = {"how": "keep", "what": "paid", "cost_is": "average", "cost": 960.0, "clv": 2_400.0, "per_money": 2.5}
CURVE = {"mean": 9e3, "low": 8.8e3, "high": 9.2e3, "best": {"spend": 3e4, "npv": 9e5}}
RATES = {
    "arm": "free", "is_free": True, "how": "exact", "npv": NPV, "joins": {"mean": 5.75, "low": 5.69, "high": 5.8},
    "spend": {"ads": CURVE, "partners": {"mean": 1.0, "low": 1.0, "high": 1.0, "best": None}},
    "margins": ROWS, "value_kept": 2_400.0,
}  # fmt: skip


def said(**more):
    report = {"exchange": {**RATES, **more}, "arms": {"paid": {"title": "Five points, paid"}}}
    return trade(report, Money("EUR"))


def test_nothing_is_said_without_an_arm_that_keeps_more():
    assert trade({}, Money("EUR")) == []


def test_a_point_is_so_much_money_so_many_joins_and_so_much_spend():
    assert said()[0] == (
        "One point of retention is worth EUR 490 k on average (95 %: EUR 480 k to EUR 500 k), as much as 5.75 more joins a month "
        "at no cost (5.69 to 5.80), or EUR 9.0 k a month more on ads (EUR 8.8 k to EUR 9.2 k)."
    )


@pytest.mark.parametrize(
    ("best", "says"),
    [
        ({"spend": 3e4, "npv": 2.8e5}, "; ads cannot buy that: at best, EUR 30 k a month more, it adds EUR 280 k."),
        ({"spend": 0.0, "npv": 0.0}, "; more spend on ads only loses."),
    ],
)
def test_a_channel_that_cannot_buy_a_point_says_what_it_can(best, says):
    spend = {"ads": {"mean": None, "low": None, "high": None, "best": best}}
    assert said(spend=spend, margins=ROWS[:1])[0].endswith(says)


def test_a_point_that_may_be_worth_nothing_is_not_converted():
    assert said(npv={"mean": 5.0, "low": -1.0, "high": 11.0})[0].startswith(
        "One point of retention is not clearly worth anything"
    )


def test_what_a_point_costs_is_told_where_it_does():
    assert "EUR 490 k on average after what it costs (95 %" in said(is_free=False)[0]


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (2.5, "money should move to keeping customers until they are equal."),
        (1.5, "money should move to ads until they are equal."),
    ],
)
def test_money_moves_to_where_one_more_brings_most(kept, says):
    found = said(margins=[*ROWS, {**KEEP, "per_money": kept}])[1]
    assert found.startswith("One more EUR spent on ads brings 2.0 in lifetime value, on “Five points, paid”")
    assert found.endswith(says)


def test_money_moves_nowhere_where_neither_pays():
    rows = [{**ROWS[0], "per_money": 0.5}, {**KEEP, "per_money": 0.7}]
    assert said(margins=rows)[1].endswith("neither pays for more.")


def test_without_a_price_of_keeping_the_most_it_may_cost_is_told():
    assert said()[1].endswith(
        "money is better spent on keeping customers while each kept a year costs under EUR 1.2 k."
    )
