"""The model of a scenario at month 0: the numbers of `explain`, beside closed forms and simulation."""

import json
import math

import numpy as np
import pytest

import retainsim
from retainsim import theory
from retainsim.explain import explain

FILE = """\
title = "Explained: does it hold?"
[run]
months = 24
replications = 40
closing_value = "none"
[pool]
customers = 2_000
tenure = {tenure}
[segments.small]
share = 3
price = 50.0
discount = 0.1
volume = 2.0
gross_margin = 0.6
cost_to_serve = 4.0
annual_churn = 0.2
{small}
[segments.large]
share = 1
price = 500.0
annual_churn = 0.1
[churn.reasons]
price = 1
product = 3
[acquisition.advertising]
spend = 6_000
joins = 60
ceiling = 150
mix = {{ small = 2, large = 1 }}
[acquisition.friends]
joins = 10
[arms.retention]
retention = {{ points = 5, segments = ["small"], cost = {{ per_month = 3 }} }}
[arms.changes]
change = [
  {{ set = "acquisition.advertising.spend", by = 100, until_month = 3 }},
  {{ set = "acquisition.advertising.spend", times = 2.0, from_month = 3 }},
]
investment = [ {{ at_month = 2, amount = 9 }} ]
{more}
"""


def page(small="", more="", tenure='"settled"', settings=None):
    text = FILE.format(small=small, more=more, tenure=tenure)
    return explain(retainsim.loads(text, settings))


def test_it_is_json():
    assert json.loads(json.dumps(page(), allow_nan=False))["title"] == "Explained: does it hold?"


def test_with_constant_hazards_the_leaks_are_the_churn_split_by_reason():
    leaks = page()["leaks"]
    hazard = -math.log(0.8) / 12
    assert leaks["hazards"]["small"] == pytest.approx({"price": hazard / 4, "product": hazard * 3 / 4})
    assert leaks["retention_12m"] == pytest.approx({"small": 0.8, "large": 0.9})


def test_leavings_a_month_are_customers_times_their_chance_to_leave():
    pool = page()["pool"]
    expected = 1500 * (1 - 0.8 ** (1 / 12)) + 500 * (1 - 0.9 ** (1 / 12))
    assert pool["leavings"] == pytest.approx(expected)
    assert pool["joins"] == 70
    assert {name: each["customers"] for name, each in pool["segments"].items()} == {"small": 1500, "large": 500}


def test_with_frailty_the_first_month_loses_more_than_the_years_mean():
    mean = -math.log(0.8) / 12
    frail = page('frailty = { kind = "gamma", variance = 1.0 }')["leaks"]["hazards"]["small"]
    assert sum(frail.values()) > 1.05 * mean
    assert sum(page()["leaks"]["hazards"]["small"].values()) == pytest.approx(mean)


def test_the_tenure_of_a_settled_pool_is_that_of_constant_joining():
    hazard, age = -math.log(0.9) / 12, 120.0
    mean = 1 / hazard - age / math.expm1(hazard * age)
    assert page()["pool"]["segments"]["large"]["mean_tenure"] == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize(
    "small",
    [
        "",
        'frailty = { kind = "gamma", variance = 0.8 }',
        'frailty = { kind = "beta", a = 0.8, b = 3.0 }\nterm_months = 6',
        'duration = { kind = "steps", months = [6, 24], factors = [2.0, 1.0, 0.5] }',
    ],
)
def test_the_pool_expected_at_the_horizon_is_the_pool_simulated(small):
    text = FILE.format(small=small, more="", tenure='"settled"')
    scenario = retainsim.loads(text)
    results = retainsim.run(scenario, replications=24, jobs=1)
    baseline = results.outcomes.query("arm == 'baseline'")["pool_end"].to_numpy()
    expected, se = explain(scenario)["pool"]["expected_end"], baseline.std(ddof=1) / math.sqrt(len(baseline))
    # n = 24 replications, two-sided, z = 4
    assert abs(baseline.mean() - expected) < 4 * se


def test_the_expected_pool_agrees_with_theory_where_hazards_are_constant():
    expected = 0.0
    for customers, churn, joins in ((1500, 0.2, 60 * 2 / 3), (500, 0.1, 60 / 3)):
        hazard = -math.log(1 - churn) / 12
        expected += customers * math.exp(-24 * hazard) + joins * -math.expm1(-24 * hazard) / hazard
    without_friends = page(settings={"acquisition.friends.joins": 0.0})["pool"]["expected_end"]
    assert without_friends == pytest.approx(expected, rel=1e-5)


def test_the_trend_is_that_of_the_expected_pool():
    none, one = (page(settings={"acquisition.advertising.joins": j})["pool"]["expected_end"] for j in (0.0, 1.0))
    holding = (2000 - none) / (one - none)
    for factor, trend in ((0.9, "shrinks"), (1.0, "holds"), (1.1, "grows")):
        pool = page(settings={"acquisition.advertising.joins": factor * holding})["pool"]
        assert pool["trend"] == trend


def test_where_customers_move_no_pool_is_expected_but_the_flows_are_compared():
    pool = page("moves = { large = 0.01 }")["pool"]
    assert pool["expected_end"] is None
    assert pool["trend"] in ("grows", "holds", "shrinks")
    assert pool["segments"]["small"]["moves"] == {"large": 0.01}


def test_a_tap_says_what_a_join_costs_and_who_comes():
    taps = page()["taps"]
    rate = -math.log1p(-60 / 150) / 6000
    assert taps["advertising"]["cost_per_join"]["average"] == pytest.approx(100)
    assert taps["advertising"]["cost_per_join"]["marginal"] == pytest.approx(1 / (rate * 90), rel=1e-4)
    assert taps["advertising"]["who"] == pytest.approx({"small": 2 / 3, "large": 1 / 3})
    assert taps["friends"]["cost_per_join"] == {"average": 0.0, "marginal": 0.0}
    assert sum(taps["friends"]["who"].values()) == pytest.approx(1)


def test_a_seasonal_channel_is_told_by_its_mean():
    season = [0.0] + [12 / 11] * 11
    tap = page(settings={"acquisition.friends.seasonality": season})["taps"]["friends"]
    assert (tap["joins_now"], tap["joins"]) == (0.0, pytest.approx(10))


def test_money_is_per_customer_month_and_discounted_for_a_life():
    money = page()["money"]
    assert money["small"]["revenue"] == pytest.approx(90)
    assert money["small"]["margin"] == pytest.approx(50)
    hazard = -math.log(0.9)
    assert money["large"]["clv"] == pytest.approx(theory.clv_continuous(6000, hazard, discount=0.10), rel=1e-3)


def test_growth_by_year_of_tenure_is_told_at_its_start():
    growth = "[mechanisms.growth]\nmargin_by_year = [120, 240]"
    assert page(more=growth)["money"]["small"]["margin"] == pytest.approx(10)


def test_a_mechanism_is_listed_only_if_it_is_on():
    growth = "[mechanisms.growth]\nvolume_per_year = 0.1"
    assert page()["mechanisms"] == {}
    found = page(more=growth)["mechanisms"]["growth"]
    assert found["settings"] == {"volume_per_year": 0.1}
    assert found["units"] == {"volume_per_year": "share a year"}
    assert "regulars" in found["about"]


def test_a_lever_is_told_by_retention_before_and_after_and_its_factor():
    lever = page()["arms"]["retention"]["retention"]
    assert (lever["before"], lever["after"]) == (pytest.approx(0.80), pytest.approx(0.85))
    assert lever["hazard_factor"] == pytest.approx(math.log(0.85) / math.log(0.8))
    assert lever["segments"] == ["small"]
    assert lever["cost"]["per_month"] == 3


def test_a_change_is_told_by_the_value_of_the_file_and_what_it_comes_to():
    arm = page()["arms"]["changes"]
    assert [(c["before"], c["after"]) for c in arm["changes"]] == [(6000, 6100), (6000, 12000)]
    assert arm["changes"][0]["unit"] == "money per month"
    assert arm["investments"] == [{"at_month": 2.0, "amount": 9.0}]


def test_an_empty_pool_is_said_to_grow_if_anybody_joins():
    pool = page(settings={"pool.customers": 0})["pool"]
    assert (pool["customers"], pool["leavings"], pool["trend"]) == (0, 0.0, "grows")
    assert np.isfinite(pool["expected_end"])


def test_a_scenario_without_channels_has_no_taps():
    scenario = retainsim.loads("[segments.a]\nprice = 1.0\nannual_churn = 0.5\n[pool]\ncustomers = 10")
    found = explain(scenario)
    assert found["taps"] == {}
    assert found["pool"]["trend"] == "shrinks"


def test_a_lever_that_asks_too_much_is_the_scenarios_fault():
    with pytest.raises(retainsim.ScenarioError, match="ask for at most"):
        page(settings={"arms.retention.retention.points": 60})
