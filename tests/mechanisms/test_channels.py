"""Channels: how spending becomes joins, who joins, and what acquisition costs."""

import math
from datetime import date

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim import theory
from retainsim.mechanisms.channels import Settings

ADS = {"spend": 400.0, "joins": 6.0, "ceiling": 20.0}
HILL = {"spend": 400.0, "joins": 6.0, "curve": "hill", "half": 900.0, "power": 1.7}
SPEND = "acquisition.ads.spend"


def firm(channel, **more):
    return parameters(**({"acquisition": {"ads": channel}, "run": {"months": 24}} | more))


def rates(today, each=None, months=24, channel="ads"):
    """Return the joins a month that are held from the start of every month on."""
    found = world(today, each)
    held = []
    for month in range(months):
        if month:
            found.env.run(until=float(month))
        found.change()
        held.append(found.acquisition.rate(channel))
    return np.array(held)


def changed(**change):
    return arm(change=[{"set": SPEND} | change])


# The response to spend


@pytest.mark.parametrize("spend", [0.0, 100.0, 400.0, 5000.0])
def test_the_exponential_curve_goes_through_todays_point_and_under_the_ceiling(spend):
    settings = Settings(**ADS)
    k = theory.saturation_constant(400, 6, ceiling=20)
    assert k == pytest.approx(-math.log(1 - 6 / 20) / 400)
    assert settings.response(spend, 400.0) == pytest.approx(float(theory.saturating_response(spend, 20, k=k)))
    assert settings.response(1e9, 400.0) == pytest.approx(20.0)


@pytest.mark.parametrize("spend", [0.0, 100.0, 400.0, 5000.0])
def test_the_hill_curve_goes_through_todays_point_and_half_way_up_at_its_half(spend):
    settings = Settings(**HILL)
    most = 6.0 * (900**1.7 + 400**1.7) / 400**1.7
    assert settings.response(spend, 400.0) == pytest.approx(
        float(theory.hill_response(spend, most, half=900, power=1.7))
    )
    assert settings.response(900.0, 400.0) == pytest.approx(most / 2)


def test_todays_joins_are_todays_joins_to_the_last_digit():
    assert Settings(**ADS).response(400.0, 400.0) == 6.0
    assert Settings(**HILL).response(400.0, 400.0) == 6.0
    assert (rates(firm(ADS)) == 6.0).all()


@pytest.mark.parametrize("channel", [ADS, HILL])
@pytest.mark.parametrize("spend", [50.0, 400.0, 3000.0])
def test_the_marginal_cost_of_a_join_is_one_over_the_slope(channel, spend):
    settings, step = Settings(**channel), 0.01
    slope = (settings.response(spend + step, 400.0) - settings.response(spend - step, 400.0)) / (2 * step)
    assert settings.marginal_cost(spend, 400.0) == pytest.approx(1 / slope, rel=1e-6)


def test_another_number_of_joins_or_another_ceiling_is_another_curve():
    more = rates(firm(ADS), arm(change=[{"set": "acquisition.ads.joins", "times": 1.5}]))
    assert more == pytest.approx(np.full(24, 9.0))
    higher = arm(change=[{"set": "acquisition.ads.ceiling", "to": 40.0}, {"set": SPEND, "to": 800.0}])
    assert rates(firm(ADS), higher) == pytest.approx(np.full(24, 40.0 * (1 - (1 - 6 / 40) ** 2)))


def test_an_arm_moves_along_the_curve_from_its_month_on():
    found = rates(firm(ADS), changed(times=2.0, from_month=6.0))
    assert found == pytest.approx(np.repeat([6.0, 20.0 * (1 - 0.7**2)], [6, 18]))


def test_spend_that_ends_takes_its_joins_with_it():
    found = rates(firm(ADS), changed(times=2.0, from_month=6.0, until_month=9.0))
    assert found == pytest.approx(np.where((np.arange(24) >= 6) & (np.arange(24) < 9), 10.2, 6.0))


def test_a_ramp_is_held_at_the_middle_of_every_month():
    found = rates(firm(ADS), changed(times=2.0, from_month=6.0, ramp_months=4.0))
    strength = np.clip((np.arange(24) + 0.5 - 6.0) / 4.0, 0.0, 1.0)
    assert found == pytest.approx(20.0 * -np.expm1(np.log(0.7) * (1 + strength)))


# Lag and carry-over


def test_joins_follow_spend_with_a_lag():
    found = rates(firm(ADS | {"lag_months": 3.0}), changed(times=2.0, from_month=6.0))
    assert found == pytest.approx(np.repeat([6.0, 10.2], [9, 15]))


@pytest.mark.parametrize("carry_over", [0.3, 0.8])
@pytest.mark.parametrize("lag", [0.0, 2.0])
def test_carried_over_spend_is_the_geometric_mean_of_the_months_before(carry_over, lag):
    """Effective spend (1 - l) sum of l^j s(t - j), DESIGN section 4; before month 0 spend is today's."""
    channel = ADS | {"carry_over": carry_over, "lag_months": lag}
    found = rates(firm(channel), changed(times=3.0, from_month=4.0, until_month=10.0))
    spend = lambda t: 1200.0 if 4.0 <= t < 10.0 else 400.0  # noqa: E731
    effective = [(1 - carry_over) * sum(carry_over**j * spend(t - lag - j) for j in range(200)) for t in range(24)]
    assert found == pytest.approx(20.0 * -np.expm1(np.log(0.7) * np.array(effective) / 400.0), rel=1e-6)


@pytest.mark.parametrize("more", [{"carry_over": 0.9}, {"lag_months": 7.5}, {"carry_over": 0.5, "lag_months": 3.0}])
def test_joins_at_month_0_and_ever_after_are_todays_while_spend_is(more):
    assert (rates(firm(ADS | more)) == 6.0).all()
    assert rates(firm(ADS | more), changed(times=2.0, from_month=1.0))[0] == 6.0


# Seasons


SEASON = [float(month) for month in range(1, 13)]


def test_seasons_start_with_january_where_a_date_is_given():
    today = firm(ADS | {"seasonality": SEASON}, run={"months": 24, "start": date(2026, 10, 1)})
    assert rates(today) == pytest.approx(6.0 * np.resize([10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9], 24))


def test_seasons_start_with_the_first_month_of_the_run_where_none_is():
    assert rates(firm(ADS | {"seasonality": SEASON})) == pytest.approx(6.0 * np.resize(SEASON, 24))


def test_a_season_multiplies_what_spend_brings():
    today = firm(ADS | {"seasonality": SEASON})
    assert rates(today, changed(times=2.0))[3] == pytest.approx(4.0 * 10.2)


def test_seasons_hold_also_where_reviews_are_further_apart():
    today = firm(ADS | {"seasonality": SEASON, "joins": 40.0, "ceiling": 90.0}, run={"months": 12, "step": 6.0})
    joined = sum(play(today, replication=r).joined.sum(axis=(1, 2))[1:] for r in range(5))
    expected = 5 * 40.0 * np.array(SEASON)
    assert (np.abs(joined - expected) < 4 * np.sqrt(expected)).all()


# Who joins


def test_joiners_belong_to_segments_as_the_mix_says():
    segments = {"small": SEGMENT, "large": SEGMENT | {"price": 400.0}}
    today = firm({"joins": 200.0, "mix": {"small": 3.0, "large": 1.0}}, segments=segments)
    joined = play(today).joined.sum(axis=(0, 2))  # sorted: large, small
    n = joined.sum()
    assert abs(joined[0] / n - 0.25) < 4 * math.sqrt(0.25 * 0.75 / n)


def test_without_a_mix_joiners_replace_who_leaves():
    segments = {"small": SEGMENT | {"share": 3.0}, "large": SEGMENT | {"share": 1.0, "annual_churn": 0.1}}
    joined = play(firm({"joins": 200.0}, segments=segments)).joined.sum(axis=(0, 2))
    flows = np.array([1.0 * -math.log(0.9), 3.0 * -math.log(0.7)])
    share = flows[0] / flows.sum()
    assert abs(joined[0] / joined.sum() - share) < 4 * math.sqrt(share * (1 - share) / joined.sum())


def test_those_who_join_through_it_have_a_hazard_of_their_own():
    today = firm({"joins": 1.0, "hazard_factor": 1.5, "first_discount": 0.2, "price": 1.0} | {}, acquisition={
        "ads": {"joins": 1.0, "hazard_factor": 1.5, "first_discount": 0.2}, "web": {"joins": 1.0},
    })  # fmt: skip
    found = world(today)
    relative = found.churn.table[0] / setup(today).bases.hazards[0]
    assert relative == pytest.approx(np.array([[1.0, 1.0], [1.5 * math.exp(2.09 * 0.2)] * 2, [1.0, 1.0]]))
    assert Settings(joins=1.0, first_discount=0.2).hazard == pytest.approx(theory.lewis_hazard_factor(0.2))


def test_a_first_discount_is_taken_off_the_price_for_its_months():
    segments = {"small": SEGMENT | {"annual_churn": 0.0}}
    channel = {"joins": 50.0, "first_discount": 0.4, "first_discount_months": 3.0}
    today = firm(channel, segments=segments, pool={"customers": 0}, run={"months": 18, "discount_rate": 0.0})
    outcome = play(today)
    joined = outcome.present[1]
    wanted = 50.0 * (0.6 * np.minimum(18.0 - joined, 3.0) + np.maximum(15.0 - joined, 0.0)).sum()
    assert outcome.lines["revenue"].sum() == pytest.approx(wanted)
    assert outcome.lines["cost_of_sales"].sum() == pytest.approx(0.2 * wanted)
    assert outcome.lines["cost_to_serve"].sum() == pytest.approx(5.0 * (18.0 - joined).sum())


def test_a_first_discount_is_taken_off_what_growth_makes_of_the_price():
    """From month 0 to 3 of tenure 60 % of a price that grows 50 % a year, then all of it."""
    segments = {"small": SEGMENT | {"annual_churn": 0.0}}
    channel = {"joins": 50.0, "first_discount": 0.4, "first_discount_months": 3.0}
    run = {"months": 18, "discount_rate": 0.0}
    growth = {"growth": {"premium_per_year": 0.5}}
    outcome = play(firm(channel, segments=segments, pool={"customers": 0}, run=run, mechanisms=growth))
    stayed, rate = 18.0 - outcome.present[1], math.log(1.5) / 12
    paid = 50.0 * (np.expm1(rate * stayed) - 0.4 * np.expm1(rate * np.minimum(stayed, 3.0))) / rate
    assert outcome.lines["revenue"].sum() == pytest.approx(paid.sum())


def test_a_channel_may_have_a_plan_of_its_own():
    segments = {"small": SEGMENT | {"annual_churn": 0.4}}
    plans = {"yearly": {"price": 30.0, "term_months": 12.0}}
    channels = {"ads": {"joins": 40.0, "plan": "yearly"}, "web": {"joins": 40.0}}
    today = firm({}, acquisition=channels, plans=plans, segments=segments, pool={"customers": 50})
    outcome = play(today)
    terms = (outcome.departed[2] - outcome.departed[1]) / 12.0
    bound = outcome.departed[4] == 1
    assert terms[bound] == pytest.approx(np.round(terms[bound]))
    assert (np.abs(terms - np.round(terms))[~bound] > 1e-6).all()
    assert outcome.lines["revenue"][:, 0, 1].sum() / outcome.alive[:, 0, 1].sum() == pytest.approx(30.0, rel=0.1)
    assert outcome.lines["revenue"][:, 0, 2].sum() / outcome.alive[:, 0, 2].sum() == pytest.approx(50.0, rel=0.1)


# Costs


def test_spend_is_posted_for_the_time_it_is_spent():
    today = firm(ADS, run={"months": 24, "discount_rate": 0.0})
    outcome = play(today, changed(times=2.0, from_month=6.5))
    paid = outcome.lines["acquisition"][:, -1, 1]
    assert paid == pytest.approx(np.array([0.0] + [400.0] * 6 + [600.0] + [800.0] * 17))
    assert outcome.lines["acquisition"].sum() == pytest.approx(paid.sum())
    assert outcome.values["acquisition"].sum() == pytest.approx(paid.sum())


def test_spend_is_valued_continuously():
    outcome = play(firm(ADS))
    delta = math.log(1.1) / 12
    assert outcome.values["acquisition"].sum() == pytest.approx(400.0 * -math.expm1(-24 * delta) / delta)


def test_every_join_is_paid_for_on_its_day():
    today = firm({"joins": 20.0, "cost_per_join": 90.0})
    outcome = play(today)
    joined = np.concatenate([outcome.present[1], outcome.departed[1]])
    joined = joined[joined > 0]
    assert outcome.lines["acquisition"].sum() == pytest.approx(90.0 * outcome.joined.sum())
    assert outcome.values["acquisition"].sum() == pytest.approx(90.0 * (1.1 ** (-joined / 12)).sum())


def test_free_joins_cost_nothing():
    assert play(firm({"joins": 20.0})).lines["acquisition"].sum() == 0.0


# What cannot be meant


@pytest.mark.parametrize(
    ("channel", "complaint"),
    [
        ({"joins": 5.0, "ceiling": 20.0}, "needs spend"),
        ({"joins": 5.0, "spend": 10.0, "ceiling": 20.0, "cost_per_join": 3.0}, "not both"),
        ({"joins": 5.0, "spend": 10.0, "curve": "hill"}, "needs half"),
        ({"joins": 5.0, "spend": 10.0}, "needs ceiling"),
        ({"joins": 5.0, "spend": 10.0, "ceiling": 5.0}, "must be above joins"),
    ],
)
def test_a_curve_that_is_not_known_is_refused(channel, complaint):
    with pytest.raises(ValueError, match=complaint):
        Settings(**channel)
