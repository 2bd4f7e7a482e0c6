"""Investment: money an arm spends at a month, once."""

import math

import pytest
from unit.making import arm, differing, parameters, play


def spent(*items, months=24, **tables):
    return play(parameters(run={"months": months}, **tables), arm(investment=list(items)))


def test_it_is_posted_in_its_month_and_valued_at_its_instant():
    outcome = spent(
        {"at_month": 5.5, "amount": 1000.0}, {"at_month": 0.0, "amount": 70.0}, {"at_month": 6.0, "amount": 1.0}
    )
    line = outcome.lines["investment"].sum(axis=(1, 2))
    assert {m: a for m, a in enumerate(line) if a} == {0: 70.0, 6: 1001.0}
    wanted = 70.0 + 1000.0 * 1.1 ** (-5.5 / 12) + 1.1**-0.5
    assert outcome.values["investment"].sum() == pytest.approx(wanted)
    assert outcome.npv_to_horizon == pytest.approx(play(parameters()).npv_to_horizon - wanted)


@pytest.mark.parametrize("month", [24.0, 24.5, 600.0])
def test_what_is_spent_at_the_horizon_or_later_is_not_this_runs(month):
    without = play(parameters())
    found = spent({"at_month": month, "amount": 1e6})
    assert differing(without, found) == []


def test_it_changes_no_customer_and_no_other_line():
    without, found = play(parameters()), spent({"at_month": 5.3, "amount": 1000.0})
    changed = {path.split(".")[0] for path in differing(without, found)}
    assert changed <= {"lines", "values", "segment_values", "npv_to_horizon", "books_error"}
    assert differing(without.lines["revenue"], found.lines["revenue"]) == []


def test_it_is_capital_and_not_taken_off_the_taxable_profit():
    taxed = {"firm": {"tax_rate": 0.4}}
    without, found = play(parameters(**taxed)), spent({"at_month": 3.0, "amount": 1000.0}, **taxed)
    assert found.lines["tax"].sum() == without.lines["tax"].sum()
    assert without.npv_to_horizon - found.npv_to_horizon == pytest.approx(1000.0 * math.exp(-3 * math.log(1.1) / 12))
