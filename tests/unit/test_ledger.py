"""The books: every euro once, dated by its cash, and no books that do not balance."""

import math

import numpy as np
import pytest

from retainsim.errors import BooksError
from retainsim.ledger import Ledger, month_row

DELTA = math.log(1.1) / 12


def books(months=12, discounting=DELTA):
    ledger = Ledger(months, 2, 2, 2, discounting)
    for line, kind in (("revenue", "revenue"), ("serve", "variable"), ("rent", "fixed"), ("machine", "capital")):
        ledger.open(line, kind)
    return ledger


def cells(value):
    return np.full((2, 2), value)


@pytest.mark.parametrize(("time", "row"), [(0.0, 0), (1e-9, 1), (0.5, 1), (1.0, 1), (1.0000001, 2), (12.0, 12)])
def test_a_month_ends_with_its_last_instant(time, row):
    assert month_row(time) == row


def test_a_post_is_dated_and_discounted_from_its_instant():
    ledger = books()
    ledger.post("machine", 100.0, at=6.5, segment=1, origin=0)
    assert ledger.amounts["machine"][7, 1, 0] == 100.0
    assert ledger.amounts["machine"].sum() == 100.0
    assert ledger.present_values["machine"][7] == pytest.approx(100.0 * 1.1 ** (-6.5 / 12))
    assert ledger.npv() == pytest.approx(-100.0 * 1.1 ** (-6.5 / 12))


def test_a_post_at_the_horizon_counts_and_one_beyond_it_does_not():
    ledger = books()
    ledger.post("machine", 100.0, at=12.0)
    ledger.post("machine", 50.0, at=12.001)
    ledger.post("machine", 50.0, at=300.0)
    assert ledger.amounts["machine"].sum() == 100.0
    assert ledger.balance() == 0.0


def test_revenue_counts_for_and_costs_count_against():
    ledger = books(discounting=0.0)
    ledger.add("revenue", 3, cells(100.0), cells(100.0))
    ledger.add("serve", 3, cells(30.0), cells(30.0))
    ledger.add_firm("rent", 3, 7.0, 7.0)
    ledger.post("machine", 5.0, at=3.0)
    assert ledger.npv() == pytest.approx(400.0 - 120.0 - 7.0 - 5.0)
    assert ledger.balance() <= 1e-9


@pytest.mark.parametrize(("lag", "row"), [(0.0, 3), (0.5, 4), (1.0, 4), (2.2, 6), (9.0, 12), (9.5, 13), (60.0, 13)])
def test_what_is_paid_later_is_worth_less_and_stands_where_it_is_paid(lag, row):
    """The last entry, one after the horizon, holds what is paid later than that."""
    ledger = books()
    ledger.add("revenue", 3, cells(1.0), cells(1.0), lag=lag)
    assert np.flatnonzero(ledger.present_values["revenue"]).tolist() == [row]
    assert ledger.present_values["revenue"][row] == pytest.approx(4.0 * math.exp(-DELTA * lag))
    assert ledger.amounts["revenue"][3].sum() == 4.0  # earned when it is earned
    assert ledger.balance() <= 1e-9


def test_every_cell_may_pay_after_another_time():
    ledger = books()
    ledger.add("revenue", 1, cells(1.0), cells(1.0), lag=np.array([[0.0], [2.0]]))
    wanted = np.zeros(14)
    wanted[1], wanted[3] = 2.0, 2.0 * math.exp(-2 * DELTA)
    assert ledger.present_values["revenue"] == pytest.approx(wanted)


def test_customers_who_appear_from_nowhere_raise():
    ledger = books()
    ledger.pool[:] = 5
    ledger.opening[:] = 5
    assert ledger.balance() == 0.0
    ledger.pool[4, 1, 0] += 1
    with pytest.raises(BooksError, match="do not balance"):
        ledger.balance()


@pytest.mark.parametrize("table", ["joined", "returned"])
def test_joining_and_returning_add_and_leaving_takes_away(table):
    ledger = books()
    ledger.count(getattr(ledger, table), 3, np.array([1, 1, 0]), np.array([0, 0, 1]))
    ledger.left[5, 1, 0, 1] = 1
    ledger.pool[3:, 1, 0], ledger.pool[3:, 0, 1] = 2, 1
    ledger.pool[5:, 1, 0] -= 1
    assert ledger.balance() == 0.0
    ledger.left[5, 1, 0, 1] = 0
    with pytest.raises(BooksError):
        ledger.balance()


def test_moves_take_from_one_segment_what_they_give_to_another():
    ledger = books()
    ledger.opening[:] = ledger.pool[:] = 10
    ledger.count_moves(np.array([2.5, 3.0]), np.array([0, 0]), np.array([1, 1]), np.array([0, 1]))
    assert ledger.moved.sum() == 0
    ledger.pool[3:, 0] -= 1
    ledger.pool[3:, 1] += 1
    assert ledger.balance() == 0.0


@pytest.mark.parametrize("error", [1e-6, -0.01, 1e9])
def test_money_that_is_in_a_line_but_not_in_the_cash_raises(error):
    ledger = books()
    ledger.add("revenue", 3, cells(100.0), cells(100.0))
    ledger.amounts["revenue"][3, 0, 0] += error
    with pytest.raises(BooksError, match="allowed 1e-09"):
        ledger.balance()


def test_rounding_is_no_imbalance():
    ledger = books()
    ledger.add("revenue", 3, cells(1e9 / 3), cells(1e9 / 3))
    ledger.amounts["revenue"][3, 0, 0] += 1e-6
    assert 0 < ledger.balance() <= 1e-9


@pytest.mark.parametrize("amount", [math.nan, math.inf])
def test_books_that_hold_no_number_raise(amount):
    ledger = books()
    ledger.post("machine", amount, at=3.0)
    with pytest.raises(BooksError):
        ledger.balance()


def test_a_line_has_one_class():
    ledger = books()
    ledger.open("rent", "fixed")
    with pytest.raises(BooksError, match="rent: opened as fixed and as variable"):
        ledger.open("rent", "variable")


def test_opening_a_line_again_keeps_what_is_in_it():
    ledger = books()
    ledger.post("machine", 3.0, at=1.0)
    ledger.open("machine", "capital")
    assert ledger.amounts["machine"].sum() == 3.0


def test_tax_is_on_revenue_less_variable_and_fixed_cost_not_on_investments_and_relieves_losses():
    ledger = books()
    ledger.add("revenue", 2, cells(100.0), cells(90.0))
    ledger.add("serve", 2, cells(30.0), cells(20.0))
    ledger.add_firm("rent", 2, 10.0, 9.0)
    ledger.post("machine", 1000.0, at=2.0)
    ledger.add("serve", 3, cells(10.0), cells(8.0))
    before = ledger.npv()
    ledger.tax(2, 0.25)
    ledger.tax(3, 0.50)
    assert ledger.amounts["tax"][2].sum() == pytest.approx(0.25 * (400 - 120 - 10))
    assert ledger.amounts["tax"][3].sum() == pytest.approx(0.50 * -40)
    assert ledger.balance() <= 1e-9
    rates = np.zeros(13)
    rates[2:4] = 0.25, 0.50
    ledger.tax_values(rates)
    assert before - ledger.npv() == pytest.approx(0.25 * (360 - 80 - 9) - 0.50 * 32)


def test_no_tax_opens_no_line():
    ledger = books()
    ledger.tax(2, 0.0)
    ledger.tax_values(np.zeros(13))
    assert "tax" not in ledger.classes
