"""Retention programme: the curve, whom it reaches, what it does to them and what it costs."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim import theory
from retainsim.mechanisms.retention_programme import Settings

SET = {"spend_per_customer": 2.0, "effect": 0.2, "ceiling": 0.5}
TWO = {"small": SEGMENT | {"share": 0.7}, "large": SEGMENT | {"share": 0.3, "price": 200.0}}
REASONS = {"reasons": {"price": 1.0, "service": 3.0, "involuntary": 1.0}}
SPEND = "mechanisms.retention_programme.spend_per_customer"


def firm(programme=None, **more):
    tables = {"churn": REASONS, "mechanisms": {"retention_programme": SET | (programme or {})}}
    return parameters(**(tables | more))


def reached(found):
    """Return who is reached, by whether the programme is charged for them."""
    return found.pool["charge.retention_programme"][found.pool.rows()] > 0


# The curve


@pytest.mark.parametrize("spend", [0.0, 0.5, 2.0, 10.0, 1e6])
def test_what_is_prevented_saturates_along_the_curve_through_the_one_point_known(spend):
    settings = Settings(**SET)
    k = theory.saturation_constant(2.0, 0.2, ceiling=0.5)
    assert settings.prevented(spend) == pytest.approx(float(theory.saturating_response(spend, 0.5, k=k)))


def test_the_point_may_be_known_at_another_spend_than_todays():
    settings = Settings(spend_per_customer=0.0, effect=0.2, effect_at=3.0, ceiling=0.5)
    assert settings.prevented(0.0) == 0.0
    assert settings.prevented(3.0) == pytest.approx(0.2)
    assert settings.prevented(1e9) == pytest.approx(0.5)


@pytest.mark.parametrize("effect", [0.5, 0.6])
def test_the_effect_must_be_below_the_ceiling(effect):
    with pytest.raises(ValueError, match="must be below ceiling"):
        Settings(spend_per_customer=1.0, effect=effect, ceiling=0.5)


# Hazards


def factors(today, each=None):
    found = world(today, each)
    return dict(zip(found.churn.reasons, found.churn.table[0, 0] / setup(today).bases.hazards[0], strict=True))


def test_everybodys_hazard_falls_by_what_is_prevented_but_nobodys_involuntary_one():
    assert factors(firm()) == pytest.approx({"price": 0.8, "service": 0.8, "involuntary": 1.0})


def test_it_works_on_the_reasons_it_aims_at_alone():
    found = factors(firm({"aims_at": ["price", "involuntary"]}))
    assert found == pytest.approx({"price": 0.8, "service": 1.0, "involuntary": 0.8})


def test_offers_may_wake_sleepers():
    found = factors(firm({"backfire": 1.6}))
    assert found == pytest.approx({"price": 0.8 * 1.6, "service": 0.8 * 1.6, "involuntary": 1.0})


def test_an_arm_that_spends_more_moves_along_the_curve_of_the_file():
    found = factors(firm(), arm(change=[{"set": SPEND, "to": 5.0}]))
    k = -math.log(1 - 0.4) / 2.0
    assert found["price"] == pytest.approx(1 - 0.5 * (1 - math.exp(-5.0 * k)))


@pytest.mark.parametrize("key", ["effect", "ceiling", "effect_at"])
def test_an_arm_that_changes_the_curve_changes_what_is_prevented(key):
    today = firm({"effect_at": 3.0})
    changed = arm(change=[{"set": f"mechanisms.retention_programme.{key}", "times": 1.2}])
    assert factors(today, changed)["price"] != pytest.approx(factors(today)["price"])


# Whom it reaches


def selective(targets, reach=0.3, **more):
    more = {"segments": TWO, "pool": {"customers": 2000}} | more
    return firm({"targets": targets, "reach": reach}, **more)


@pytest.mark.parametrize("targets", ["random", "most_valuable", "most_at_risk"])
def test_a_selective_programme_plays_to_the_end_and_charges_for_those_it_reaches(targets):
    """Reach is of those present at each review; joiners are reached from the next one on."""
    outcome = play(selective(targets, acquisition={"ads": {"joins": 10.0}}))
    paid = outcome.lines["retention_programme"].sum()
    assert outcome.books_error <= 1e-9
    assert paid == pytest.approx(2.0 * 0.3 * outcome.customer_months, rel=0.05)


def test_the_most_valuable_are_those_with_the_highest_margin():
    found = world(selective("most_valuable"))
    segment = found.pool["segment"][found.pool.rows()]  # large is 0, small 1
    assert reached(found).sum() == 600
    assert reached(found)[segment == 0].mean() > 0.99
    wider = world(selective("most_valuable", reach=0.5))
    assert reached(wider)[segment == 0].all()


def test_a_price_that_falls_takes_customers_off_the_list_of_the_most_valuable():
    cheap = {"small": TWO["small"], "large": TWO["large"] | {"discount": 0.9}}
    found = world(selective("most_valuable", segments=cheap))
    segment = found.pool["segment"][found.pool.rows()]
    assert not reached(found)[segment == 0].any()


def test_the_most_at_risk_are_those_with_the_highest_hazard():
    frail = {"small": SEGMENT | {"frailty": {"kind": "gamma", "variance": 0.5}}}
    found = world(selective("most_at_risk", segments=frail))
    frailty = found.pool["frailty"][found.pool.rows()]
    assert frailty[reached(found)].min() >= frailty[~reached(found)].max()
    assert reached(found).mean() == pytest.approx(0.3, abs=1e-3)


def test_reaching_the_most_at_risk_does_not_take_them_off_the_list():
    frail = {"small": SEGMENT | {"frailty": {"kind": "gamma", "variance": 0.5}, "annual_churn": 0.01}}
    found = world(selective("most_at_risk", segments=frail))
    first = set(found.pool["name"][found.pool.rows()][reached(found)].tolist())
    found.env.run(until=1.0)
    found.change()
    second = set(found.pool["name"][found.pool.rows()][reached(found)].tolist())
    assert len(first & second) > 0.9 * len(first)


def test_a_random_share_is_reached_whoever_they_are_and_always_the_same():
    found = world(selective("random"))
    names, segment = found.pool["name"], found.pool["segment"]
    first = reached(found)
    assert abs(first.mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 2000)
    assert abs(first[segment == 0].mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / (segment == 0).sum())
    before = dict(zip(names.tolist(), first.tolist(), strict=True))
    found.env.run(until=1.0)
    found.change()
    rows = found.pool.rows()
    now = zip(found.pool["name"][rows].tolist(), reached(found).tolist(), strict=True)
    assert all(before[n] == r for n, r in now)


def test_a_wider_reach_reaches_those_of_the_narrower_and_more():
    for targets in ("random", "most_valuable", "most_at_risk"):
        few, many = (reached(world(selective(targets, reach))) for reach in (0.2, 0.6))
        assert many[few].all()
        assert many.sum() > few.sum()


def test_only_who_is_reached_leaves_later():
    without = world(parameters(churn=REASONS, segments=TWO, pool={"customers": 2000}))
    found = world(selective("random"))
    before, after, mine = without.pool["leaves"], found.pool["leaves"], reached(found)
    assert np.array_equal(after[~mine], before[~mine])
    voluntary = mine & (without.pool["reason"] != without.churn.reasons.index("involuntary"))
    assert (after[voluntary] > before[voluntary]).all()
    assert (after[mine] >= before[mine]).all()


# Costs


def test_everybody_is_charged_for_the_time_they_are_there():
    outcome = play(firm(acquisition={"ads": {"joins": 10.0}}))
    assert outcome.lines["retention_programme"].sum() == pytest.approx(2.0 * outcome.customer_months)
    assert outcome.values["retention_programme"].sum() == pytest.approx(2.0 * outcome.discounted_months)


def test_programme_costs_do_not_rise_with_inflation():
    outcome = play(firm(firm={"inflation": 0.1}))
    assert outcome.lines["retention_programme"].sum() == pytest.approx(2.0 * outcome.customer_months)


def test_a_change_of_spend_is_charged_from_its_month_on():
    outcome = play(firm(), arm(change=[{"set": SPEND, "to": 5.0, "from_month": 10.5}]))
    paid = outcome.lines["retention_programme"].sum(axis=(1, 2))
    pool = outcome.pool.sum(axis=(1, 2))
    assert paid[10] / ((pool[9] + pool[10]) / 2) == pytest.approx(2.0, rel=0.02)
    assert paid[11] / ((pool[10] + pool[11]) / 2) == pytest.approx(3.5, rel=0.02)
    assert paid[12] / ((pool[11] + pool[12]) / 2) == pytest.approx(5.0, rel=0.02)
