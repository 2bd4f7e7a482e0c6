"""The charts of named clients: nothing overlaps or is cut off, whatever the clients, and the title says the finding."""

import dataclasses
import functools

import pytest
from matplotlib.figure import Figure
from visible_text import leaving, overlapping, texts

import retainsim
from retainsim.charts.account import account
from retainsim.charts.whale import whale

LONG = "Donadampfschifffahrtselektrizitätenhauptbetriebswerk GmbH"
CLIENT = """[[accounts]]
name = "{name}"
segment = "small"
volume = {volume}
discount = {discount}
rebate = 0.03
promotions = {promotions}
days_to_pay = 60
cost_to_serve = 300
annual_churn = {churn}
fixed_cost = 400
avoidable_share = 0.5
known_by = 0.01
reference = 0.1
"""
FIRM = """
title = "Who is worth keeping?"
currency = {currency}
[run]
months = 12
replications = 3
{run}
[pool]
customers = 20
[segments.small]
price = {price}
gross_margin = 0.8
cost_to_serve = 5.0
annual_churn = 0.3
[churn]
calibrate = false
[acquisition.ads]
joins = 2
cost_per_join = 40
"""


def firm(*clients, currency='"EUR"', price=50.0, run=""):
    parts = [
        CLIENT.format(**{"name": "Nordwind AG", "volume": 100, "discount": 0.4, "promotions": 9, "churn": 0.2} | each)
        for each in clients
    ]
    return retainsim.loads(FIRM.format(currency=currency, price=price, run=run) + "".join(parts))


CASES = {
    "plain": lambda: firm({}),
    "exact": lambda: firm({"churn": 0.0}),
    "loss": lambda: firm({"discount": 0.9, "promotions": 2000}),
    "none": lambda: firm({"discount": 0.0}),
    "long": lambda: firm({"name": LONG}, currency='{ code = "USD", symbol = "$", unit = "million" }', price=4e6),
    "horizon": lambda: firm({}, run='closing_value = "none"'),
    "two": lambda: firm({}, {"name": "Süd & <Söhne> $x^2$", "discount": 0.9}),
    "many": lambda: firm(*({"name": f"{i}: {LONG}"[:60], "volume": 3 * i + 1, "discount": 0.05 * i} for i in range(16))),
}  # fmt: skip
DRAWN = [(account if name not in ("two", "many") else whale, name) for name in CASES]


@functools.cache
def answer(name):
    return retainsim.account(CASES[name](), jobs=1)


@pytest.fixture(params=DRAWN, ids=lambda each: each[1])
def drawn(request):
    chart, name = request.param
    ax = chart(answer(name))
    ax.figure.canvas.draw()
    return ax.figure


def test_nothing_overlaps_leaves_the_slide_or_is_small(drawn):
    assert overlapping(drawn) == []
    assert leaving(drawn) == []
    assert min(text.get_size() for text in texts(drawn)) >= 12
    assert not [text.get_text() for text in texts(drawn) if text.get_parse_math()]


@pytest.mark.parametrize(("chart", "name"), [(account, "long"), (whale, "many")])
@pytest.mark.parametrize("size", [(6.4, 4.8), (20, 6)])
def test_it_fits_into_given_axes(chart, name, size):
    figure = Figure(figsize=size)
    ax = figure.add_subplot()
    assert chart(answer(name), ax=ax) is ax
    figure.savefig("/dev/null", format="png")
    assert overlapping(figure) == []
    assert leaving(figure) == []


def title(chart, name, **changed):
    found = answer(name)
    report = found.report | {"accounts": [found.report["accounts"][0] | changed]} if changed else found.report
    return chart(dataclasses.replace(found, report=report)).figure.get_label().replace("\u00a0", " ")


def test_the_title_is_the_advice_with_its_number():
    assert title(account, "plain", advice="release").startswith("Release Nordwind AG: ")
    assert "more than keeping it as it is" in title(account, "plain", advice="renegotiate")
    assert title(account, "plain", advice="keep").startswith("Keep Nordwind AG: releasing it would lose EUR")


def test_the_whale_says_what_all_are_worth_and_what_some_take_away():
    assert "Two named clients are worth EUR" in title(whale, "two")
    assert "away" in title(whale, "two")


def test_of_many_clients_all_are_in_the_drawing():
    """Those there is no room for are one row, so that the last step ends at the total."""
    from retainsim.charts.whale import _shown

    clients = answer("many").report["accounts"]
    rows = _shown(clients)
    assert len(rows) == 12
    assert rows[-1]["start"] + rows[-1]["mean"] == pytest.approx(sum(each["profit"]["mean"] for each in clients))
    assert sum(row["mean"] for row in rows) == pytest.approx(sum(each["profit"]["mean"] for each in clients))
