"""What a unit of a lever costs a month, and what a budget refuses."""

import numpy as np
import pytest

import retainsim
from retainsim.study.axis import axis_of
from retainsim.study.budget import region_of, unit_costs
from study.quick import TEXT, scenario

MORE = """
[mechanisms.service_desk]
agents = 3
agent_cost = 3000

[mechanisms.account_managers]
managers = 2
salary = 5000

[mechanisms.retention_programme]
spend_per_customer = 1.0
effect = 0.1
ceiling = 0.4
targets = "random"
reach = 0.5
"""
AGENTS, SPEND = "mechanisms.service_desk.agents", "acquisition.advertising.spend"
MANAGERS = "mechanisms.account_managers.managers"
PROGRAMME, PRICE = "mechanisms.retention_programme.spend_per_customer", "segments.small.price"


def axes(*keys):
    bounds = {PRICE: "50:70", PROGRAMME: "0:5", AGENTS: "1:8", MANAGERS: "0:9"}
    whole = scenario(text=TEXT + MORE)
    return whole, tuple(axis_of(whole, key, bounds.get(key, "0:2000")) for key in keys)


def test_spend_costs_itself_heads_what_they_are_paid_and_a_programme_whom_it_reaches():
    whole, found = axes(SPEND, AGENTS, MANAGERS, PROGRAMME, PRICE)
    assert unit_costs(whole, found, {}) == (1.0, 3000.0, 5000.0, 150 * 0.5, None)


def test_what_is_given_comes_before_what_the_file_says():
    whole, found = axes(AGENTS, PRICE)
    assert unit_costs(whole, found, {AGENTS: 4000.0, PRICE: 0.0}) == (4000.0, 0.0)


def test_a_lever_that_nothing_prices_has_no_place_in_a_budget_and_the_remedy_is_told():
    _, found = axes(SPEND, PRICE)
    with pytest.raises(retainsim.UsageError, match=r"segments\.small\.price \(money per customer-month\).*--cost segm"):
        region_of(found, (1.0, None), 1000.0)
    assert region_of(found, (1.0, None), None).budget == np.inf


@pytest.mark.parametrize(
    ("given", "says"),
    [({"acquisition.advertising.spent": 1.0}, "not varied.*did you mean"), ({SPEND: -1.0}, "at least 0")],
)
def test_a_cost_that_cannot_be_meant_is_refused(given, says):
    whole, found = axes(SPEND)
    with pytest.raises(retainsim.UsageError, match=says):
        unit_costs(whole, found, given)


def test_lower_bounds_beyond_the_budget_are_refused():
    _, found = axes(AGENTS)
    with pytest.raises(
        retainsim.UsageError, match="lower bounds alone cost 3,000 a month, more than the budget of 2,0"
    ):
        region_of(found, (3000.0,), 2000.0)
