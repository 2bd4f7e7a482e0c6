"""Concentration: who is large at a quarter's end, what leaves with key accounts, and when that is a landslide."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, differing, parameters, play

from retainsim import theory

LOYAL = {"small": SEGMENT | {"annual_churn": 0.0}}
CLIENT = {"name": "Nordwind", "segment": "small", "volume": 20.0, "annual_churn": 0.0}
RELEASE = {"kind": "release", "account": "Nordwind", "at_month": 7.0}


def firm(count=100, *, months=12, settings=None, segments=LOYAL, **more):
    mechanisms = {} if settings is None else {"key_accounts": settings}
    run = {"months": months, "discount_rate": 0.0}
    return parameters(pool={"customers": count}, segments=segments, run=run, mechanisms=mechanisms, **more)


def watched(outcome, measure):
    return {month: value for who, month, what, value in outcome.observed if (who, what) == ("concentration", measure)}


# By hand: 100 customers of EUR 50 and a client of EUR 1,000 a month


def test_shares_are_those_of_what_customers_pay_at_the_quarters_end():
    outcome = play(firm(accounts=[CLIENT]))
    assert watched(outcome, "largest_share") == pytest.approx(dict.fromkeys([3, 6, 9, 12], 1000 / 6000))
    assert watched(outcome, "ten_largest_share") == pytest.approx(dict.fromkeys([3, 6, 9, 12], 1450 / 6000))
    assert watched(outcome, "key_accounts_share")[12] == pytest.approx(1000 / 6000)
    assert watched(outcome, "herfindahl")[12] == pytest.approx((100 * 50**2 + 1000**2) / 6000**2)
    assert set(watched(outcome, "landslides").values()) == {0.0}


@pytest.mark.parametrize(("at", "quarter"), [(7.0, 9), (8.99, 9), (9.0, 12), (0.0, 3), (3.0, 6)])
def test_a_client_that_goes_takes_its_share_of_the_revenue_at_the_quarters_start(at, quarter):
    outcome = play(firm(accounts=[CLIENT]), arm(event=[RELEASE | {"at_month": at}]))
    lost = watched(outcome, "key_revenue_lost")
    assert lost == pytest.approx({month: 1 / 6 if month == quarter else 0.0 for month in (3, 6, 9, 12)})
    assert [month for month, slid in watched(outcome, "landslides").items() if slid] == [quarter]
    assert watched(outcome, "largest_share")[12] == pytest.approx(1 / 100)


@pytest.mark.parametrize(("limit", "slides"), [(0.16, 1), (0.17, 0)])
def test_a_landslide_is_what_takes_more_than_the_scenario_says(limit, slides):
    today = firm(accounts=[CLIENT], settings={"sigma": 0.0, "key_share": 0.0, "landslide": limit})
    assert sum(watched(play(today, arm(event=[RELEASE])), "landslides").values()) == slides


def test_a_client_that_grows_is_as_large_as_it_is_by_then():
    today = firm(accounts=[CLIENT | {"growth": 0.5}], firm={"inflation": 0.1})
    assert watched(play(today), "largest_share")[12] == pytest.approx(1500 / 6500)


def test_revenue_lost_is_of_key_accounts_alone():
    """The largest tenth of n = 3,000, all with the same hazard: their part of what 12 months lose."""
    today = firm(3000, settings={"sigma": 0.0, "key_share": 0.2}, segments={"small": SEGMENT})
    lost = sum(watched(play(today), "key_revenue_lost").values())
    expected = 0.2 * 4 * (1 - 0.7**0.25)
    assert theory.within(lost, expected, math.sqrt(expected / 3000))


def test_a_release_after_the_horizon_or_at_it_is_no_landslide():
    for at in (12.0, 13.0):
        outcome = play(firm(accounts=[CLIENT]), arm(event=[RELEASE | {"at_month": at}]))
        assert set(watched(outcome, "landslides").values()) == {0.0}


# Against closed forms


@pytest.mark.parametrize("settings", [{"law": "pareto", "alpha": 5.0}, {"sigma": 1.0}], ids=str)
def test_key_accounts_bring_the_top_share_of_their_law(settings):
    """n = 50,000, the largest tenth; standard error of a ratio of means, z = 4."""
    outcome = play(firm(50_000, months=3, settings=settings | {"key_share": 0.1}))
    if "alpha" in settings:
        expected = float(theory.pareto_top_share(0.1, alpha=5.0))
        sizes = 0.8 * (1 - (np.arange(50_000) + 0.5) / 50_000) ** -0.2
    else:
        expected = float(theory.lognormal_top_share(0.1, sigma=1.0))
        from scipy.special import ndtri

        sizes = np.exp(ndtri((np.arange(50_000) + 0.5) / 50_000) - 0.5)
    se = (np.where(np.arange(50_000) >= 45_000, sizes, 0.0) - expected * sizes).std() / math.sqrt(50_000)
    assert theory.within(watched(outcome, "key_accounts_share")[3], expected, se)


def test_the_herfindahl_index_is_that_of_its_law():
    """n HHI of a lognormal is exp(sigma^2); n = 50,000, sigma = 0.5, z = 4."""
    found = watched(play(firm(50_000, months=3, settings={"sigma": 0.5})), "herfindahl")[3]
    squared = math.exp(2 * 0.25) * math.sqrt(math.expm1(4 * 0.25))  # sd of the square, above that of its ratio
    assert theory.within(50_000 * found, math.exp(0.25), squared / math.sqrt(50_000))


# What it leaves alone


def test_it_watches_only_where_there_are_key_accounts_or_named_clients():
    assert play(firm()).observed == ()


def test_watching_changes_nothing():
    today = firm(500, segments={"small": SEGMENT})
    sized = firm(500, segments={"small": SEGMENT}, settings={"sigma": 0.0, "key_share": 0.0})
    assert play(sized).observed
    assert differing(play(today).departed, play(sized).departed) == []


def test_a_pool_without_customers_or_revenue_has_shares_of_nothing():
    for segments in (LOYAL, {"small": LOYAL["small"] | {"price": 0.0}}):
        today = firm(0 if segments is LOYAL else 5, settings={}, segments=segments, acquisition={"ads": {"joins": 0.0}})
        assert {value for _, _, _, value in play(today).observed} == {0.0}
