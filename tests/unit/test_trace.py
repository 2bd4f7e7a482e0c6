"""The trace holds all that happens to customers, in order of time, with money that agrees with the books."""

import numpy as np
import pytest

from retainsim.draws import Luck, key, name
from retainsim.engine import replicate
from retainsim.ledger import exact_sum
from retainsim.pool import Pool
from retainsim.study.records import events
from retainsim.trace import Trace
from unit.making import SEGMENT, arm, parameters, setup

LARGE = SEGMENT | {"share": 0.4, "price": 300.0, "term_months": 6.0}
SMALL = SEGMENT | {"share": 0.6, "moves": {"large": 0.05}}
ADS = {"ads": {"joins": 8.0, "cost_per_join": 40.0, "mix": {"small": 1.0}}}
FIRMS = {
    "plain": {},
    "inflation": {"firm": {"inflation": 0.06, "fixed_costs": 900.0, "tax_rate": 0.3}, "acquisition": ADS},
    "moving": {"segments": {"small": SMALL, "large": LARGE}, "acquisition": ADS},
    "billed": {"segments": {"small": SEGMENT | {"billing": {"every_months": 3.0, "when": "end"}}}, "acquisition": ADS},
    "moving_and_billed": {
        "segments": {
            "small": SMALL | {"billing": {"every_months": 4.0, "when": "end"}},
            "large": LARGE | {"billing": {"every_months": 3.0, "when": "start"}},
        }
    },
    "failing": {"mechanisms": {"failures": {"rate": 0.3, "cost": 7.0, "reason": "service"}}, "acquisition": ADS},
}
CHARGED = arm(
    retention={"churn": 0.8, "cost": {"per_customer_month": 1.5, "once": 300.0}},
    change=[{"set": "segments.small.price", "times": 1.2, "from_month": 7.5}],
)
OF_NOBODY = {"fixed_costs", "tax", "investment"}


def logged(today, each=None, seed=3):
    """Return the same replication traced and not."""
    start = setup(today, each)
    return replicate(start, Luck(seed, 0), trace=True), replicate(start, Luck(seed, 0))


def posted(trace):
    """Return the sum of money noted by line."""
    sums = {}
    for _, _, what, _, line, amounts in trace.parts:
        if what == "money":
            sums[line] = sums.get(line, 0.0) + exact_sum(amounts)
    return sums


def counted(trace, what):
    return sum(len(part[0]) for part in trace.parts if part[2] == what)


# -- the log ----------------------------------------------------------------------------------------------------


@pytest.fixture
def trace():
    pool = Pool()
    pool.append(4)
    pool["name"][:] = name(key("test"), np.arange(4))
    return Trace(pool)


def test_a_touch_is_noted_with_its_customers_and_why(trace):
    trace.note("join", np.array([2, 0]), np.array([0.3, 0.6]), why=np.array(["ads", "partners"], dtype=object))
    names, times, what, whys, line, amounts = trace.parts[0]
    assert names.tolist() == trace.pool["name"][[2, 0]].tolist()
    assert (times.tolist(), what, whys.tolist()) == ([0.3, 0.6], "join", ["ads", "partners"])
    assert (line, amounts.tolist()) == ("", [0.0, 0.0])


def test_one_word_says_why_for_all(trace):
    trace.note("wait", np.arange(3), np.zeros(3), why="long")
    assert trace.parts[0][3].tolist() == ["long"] * 3


def test_a_touch_of_nobody_is_not_noted(trace):
    trace.note("wait", np.arange(0), np.zeros(0))
    trace.note_money("revenue", np.arange(2), np.zeros(2), np.zeros(2))
    assert trace.parts == []


def test_what_comes_to_nothing_is_no_money(trace):
    trace.note_money("revenue", np.arange(3), np.array([0.1, 0.2, 0.3]), np.array([5.0, 0.0, 7.0]))
    names, times, _, _, line, amounts = trace.parts[0]
    assert (times.tolist(), line, amounts.tolist()) == ([0.1, 0.3], "revenue", [5.0, 7.0])
    assert names.tolist() == trace.pool["name"][[0, 2]].tolist()


def test_what_runs_with_time_is_added_up_until_a_life_ends(trace):
    for amount in (1.0, 2.5):
        trace.add_up("revenue", np.arange(4), np.full(4, amount))
        trace.add_up("cost_to_serve", np.array([1, 3]), np.array([0.5, 0.25]))
    trace.close(np.array([1, 2]), np.array([4.0, 5.0]))
    assert [(part[4], part[1].tolist(), part[5].tolist()) for part in trace.parts] == [
        ("cost_to_serve", [4.0], [1.0]),
        ("revenue", [4.0, 5.0], [3.5, 3.5]),
    ]


def test_what_is_noted_does_not_change_with_the_pool(trace):
    times = np.array([0.5])
    trace.note("wait", np.array([1]), times)
    before = trace.parts[0][0].copy()
    trace.pool["name"][:] = 0
    times[:] = 9.0
    assert trace.parts[0][0].tolist() == before.tolist()
    assert trace.parts[0][1].tolist() == [0.5]


# -- of a firm --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", [None, CHARGED], ids=["baseline", "charged"])
@pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)
def test_the_money_of_the_log_is_the_money_of_the_books_line_by_line(firm, each):
    traced, plain = logged(parameters(**firm), each)
    found = posted(traced.trace)
    for line, sum_of_line in found.items():
        assert sum_of_line == pytest.approx(exact_sum(traced.lines[line][:, :-1, :-1]), rel=1e-9), line
        assert sum_of_line == pytest.approx(exact_sum(plain.lines[line][:, :-1, :-1]), rel=1e-9), line
    others = {line for line in traced.lines if traced.lines[line][:, :-1, :-1].any()} - set(found)
    assert others <= OF_NOBODY
    assert {"revenue", "cost_of_sales", "cost_to_serve"} <= set(found)


@pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)
def test_who_comes_and_goes_in_the_log_is_who_does_in_the_books(firm):
    traced, plain = logged(parameters(**firm))
    for what, table in (("opening", traced.opening), ("join", plain.joined), ("leave", plain.left)):
        assert counted(traced.trace, what) == table.sum()
    assert counted(traced.trace, "move") == np.maximum(plain.moved, 0).sum() or not plain.moved.any()


@pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)
def test_looking_changes_nothing(firm):
    traced, plain = logged(parameters(**firm), CHARGED)
    assert traced.npv_to_horizon == pytest.approx(plain.npv_to_horizon, rel=1e-9)
    assert np.array_equal(traced.left, plain.left)
    assert np.array_equal(traced.departed[0], plain.departed[0])
    assert traced.departed[2] == pytest.approx(plain.departed[2])
    assert np.array_equal(traced.present[0], plain.present[0])
    assert plain.trace is None


def test_the_table_is_in_order_of_time_and_a_life_begins_before_it_ends():
    table = events({"baseline": logged(parameters(acquisition=ADS))[0].trace}, 0)
    assert table["month"].is_monotonic_increasing
    lives = table[table["what"].isin(["opening", "join", "leave"])].groupby("customer")["what"].apply(list)
    assert {tuple(life) for life in lives} == {("opening",), ("join",), ("opening", "leave"), ("join", "leave")}


def test_a_life_is_paid_for_before_or_as_it_ends():
    table = events({"baseline": logged(parameters(acquisition=ADS))[0].trace}, 0)
    left = table[table["what"] == "leave"].set_index("customer")["month"]
    money = table[(table["what"] == "money") & table["customer"].isin(left.index)]
    assert (money["month"].to_numpy() <= left[money["customer"]].to_numpy()).all()


def test_a_firm_without_customers_has_an_empty_log():
    nobody = logged(parameters(pool={"customers": 0}))[0].trace
    table = events({"baseline": nobody}, 0)
    assert table.empty
    assert list(table) == ["arm", "replication", "customer", "month", "what", "why", "line", "amount"]
