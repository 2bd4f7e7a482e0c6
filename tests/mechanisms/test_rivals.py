"""Rivals: when they campaign, whom they lure and how many, and what an answer costs."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from unit.making import SEGMENT, arm, differing, parameters, play

from retainsim import theory
from retainsim.mechanisms.rivals import Mechanism, Settings

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
SURE = {"campaigns_per_year": 0.0, "reach": 1.0, "hazard": 0.05}
REASONS = {"competition": 1.0, "service": 3.0}
N = 20_000


def at(month, **event):
    return arm(event=[{"kind": "campaign", "at_month": month, **event}])


def luring(each=None, *, count=N, segments=FIXED, months=24, others=None, replication=0, firm=None, **settings):
    """Play a firm whose rivals campaign only when the arm says so."""
    mechanisms = {"rivals": SURE | settings} | (others or {})
    tables = {"pool": {"customers": count, "tenure": "new"}, "segments": segments, "churn": {"reasons": REASONS}}
    run = {"months": months, "discount_rate": 0.0}
    return play(parameters(run=run, mechanisms=mechanisms, **(tables | (firm or {}))), each, replication=replication)


def lost(outcome):
    """Return who has left by each month, as a share of the opening pool."""
    return np.cumsum(outcome.left.sum(axis=(1, 2, 3))) / outcome.opening.sum()


def assert_share(observed, expected, count=N):
    assert theory.within(observed, expected, theory.binomial_se(expected, count))


# How many they lure


def test_a_campaign_that_lasts_takes_the_share_of_a_competing_risk():
    """Hazards h_k and a pull on everybody: competition takes (h + pull) / (sum + pull) of all leavings; n = 20,000."""
    outcome = luring(at(0.0, length_months=1200.0), segments={"small": SEGMENT})
    rate = -math.log(0.7) / 12
    hazards = np.array([rate / 4 + 0.05, rate * 3 / 4])
    expected = theory.cumulative_incidence(hazards, 24.0)
    by_reason = outcome.left.sum(axis=(0, 1, 2)) / N
    for observed, share in zip(by_reason, np.ravel(expected), strict=True):
        assert_share(observed, share)
    assert_share(by_reason[0] / by_reason.sum(), hazards[0] / hazards.sum(), round(N * by_reason.sum()))
    assert_share(by_reason.sum(), 1 - math.exp(-24 * (rate + 0.05)))


def test_it_takes_whom_it_reaches_and_only_while_it_runs():
    """Of a share r reached, 1 - exp(-h L) leave between its beginning and its end, at the same pace."""
    outcome = luring(at(3.5, length_months=4.0), reach=0.4)
    months = outcome.departed[2]
    assert months.min() > 3.5 and months.max() <= 7.5
    assert_share(lost(outcome)[-1], 0.4 * -math.expm1(-0.05 * 4.0))
    assert_share((months <= 5.5).mean(), math.expm1(-0.1) / math.expm1(-0.2), len(months))


def test_its_length_and_pull_may_be_its_own():
    outcome = luring(at(0.0, length_months=6.0, hazard=0.2), hazard=0.0)
    assert_share(lost(outcome)[-1], -math.expm1(-1.2))


def test_two_campaigns_at_once_add_up():
    both = arm(event=[{"kind": "campaign", "at_month": m, "length_months": 6.0} for m in (2.0, 5.0)])
    observed = lost(luring(both))
    assert_share(observed[-1], -math.expm1(-0.05 * 12))
    assert_share(observed[8] - observed[5], math.exp(-0.15) - math.exp(-0.45))


def test_each_campaign_reaches_others():
    """Of those the first reaches, the second reaches a share r: who is reached twice leaves most."""
    two = arm(event=[{"kind": "campaign", "at_month": m, "length_months": 2.0, "hazard": 5.0} for m in (2.0, 10.0)])
    observed = lost(luring(two, reach=0.5))
    assert_share(observed[6], 0.5 * -math.expm1(-10.0))
    assert_share(observed[-1], 0.75)


def test_who_joins_while_it_runs_is_reached_from_the_next_month_on():
    """Joiners of month m leave within 24 months with 1 - exp(-h (24 - m))."""
    firm = {"pool": {"customers": 0}, "acquisition": {"ads": {"joins": 400.0}}}
    outcome = luring(at(0.0, length_months=1200.0), firm=firm)
    joined = outcome.joined.sum(axis=(1, 2))
    chances = -np.expm1(-0.05 * (24 - np.arange(25)))
    expected, variance = (joined * chances).sum(), (joined * chances * (1 - chances)).sum()
    assert theory.within(outcome.left.sum(), expected, math.sqrt(variance))


def test_the_leavings_are_put_down_to_rivals():
    outcome = luring(at(0.0, length_months=1200.0), segments={"small": SEGMENT})
    fed = outcome.fed["rivals"].sum()
    own = 0.05 / (0.05 - math.log(0.7) / 48)
    assert fed == pytest.approx(own * outcome.left[..., 0].sum(), rel=1e-9)


# Whom they lure most


def test_who_has_no_attention_is_lured_more():
    idle = {"account_managers": {"managers": 0, "reason": "service", "unattended_factor": 1.0}}
    observed = lost(luring(at(0.0, length_months=6.0), others=idle, unattended_weight=2.0))
    assert_share(observed[-1], -math.expm1(-0.05 * 3.0 * 6.0))


def test_full_attention_lures_nobody_more():
    """With a half-life of 600 months everybody's attention is within a thousandth of 1 from its visits on."""
    busy = {
        "account_managers": {
            "managers": 10, "capacity": 100_000.0, "attention_half_life": 600.0, "reason": "service",
            "unattended_factor": 1.0, "departure_per_year": 0.0,
        }
    }  # fmt: skip
    attended = luring(at(0.0, length_months=6.0), others=busy, unattended_weight=2.0)
    assert lost(attended)[-1] == pytest.approx(lost(luring(at(0.0, length_months=6.0)))[-1], abs=2e-3)


def test_who_carries_as_much_strain_as_the_campaign_pulls_is_lured_half_as_much_again():
    """Strain w = h for 600 months: motive 1/2, so pull h (1 + m / 2), beside the strain itself."""
    leak = {
        "breach": {"at_month": 0.0, "leave_at_once": 0.0, "wary": 0.05, "half_life": 600.0, "acquisition_factor": 1.0}
    }
    outcome = luring(at(0.0, length_months=6.0), others=leak, months=6)
    expected = -math.expm1(-6.0 * (0.05 + 0.05 * 1.5))
    assert abs(lost(outcome)[-1] - expected) < 4 * theory.binomial_se(expected, N) + 2e-3


def test_who_buys_on_price_alone_is_lured_more():
    firm = {"pool": {"customers": 0}, "acquisition": {"ads": {"joins": 2000.0}}}
    some = {"price_only_buyers": {"share": 1.0, "leave_after_first": 0.0}}
    each = at(1.0, length_months=1200.0)
    outcome = luring(each, firm=firm, others=some, motive_weight=3.0, months=4)
    joined = outcome.joined.sum(axis=(1, 2))
    chances = -np.expm1(-0.05 * 4.0 * (4 - np.maximum(np.arange(5), 1)))
    expected, variance = (joined * chances).sum(), (joined * chances * (1 - chances)).sum()
    assert theory.within(outcome.left.sum(), expected, math.sqrt(variance))


# The answer


def test_who_accepts_a_counter_offer_is_not_lured():
    """Of n = 20,000 a share accepts; the others leave with 1 - exp(-h L)."""
    observed = lost(luring(at(2.0, length_months=4.0), counter_offer=0.1, counter_offer_accept=0.3))
    assert_share(observed[-1], 0.7 * -math.expm1(-0.2))
    assert lost(luring(at(2.0, length_months=4.0), counter_offer=0.1, counter_offer_accept=1.0))[-1] == 0.0


def test_a_counter_offer_holds_for_its_months_and_no_longer():
    settings = {"counter_offer": 0.1, "counter_offer_accept": 1.0, "counter_offer_months": 3.0}
    outcome = luring(at(2.0, length_months=8.0), **settings)
    assert outcome.departed[2].min() > 5.0
    assert_share(lost(outcome)[-1], -math.expm1(-0.05 * 5.0))


def test_a_counter_offer_costs_what_it_is_and_what_it_gives_away():
    """1,000 offers of 7, and a fifth of a revenue of 50 for 3.2 months."""
    settings = {
        "counter_offer": 0.2,
        "counter_offer_accept": 1.0,
        "counter_offer_months": 3.2,
        "counter_offer_cost": 7.0,
    }
    line = luring(at(2.5), count=1000, **settings).lines["rivals"].sum(axis=(1, 2))
    expected = np.zeros(25)
    expected[3:7] = 1000 * np.array([7.0 + 5.0, 10.0, 10.0, 7.0])
    assert line == pytest.approx(expected, rel=1e-9)


def test_offers_go_only_to_whom_a_campaign_reaches():
    line = luring(at(2.0), reach=0.3, counter_offer=0.2, counter_offer_accept=0.0, counter_offer_cost=1.0).lines[
        "rivals"
    ]
    assert_share(line.sum() / N, 0.3)


def test_with_no_answer_nothing_is_paid():
    assert not luring(at(2.0)).lines["rivals"].any()


# When they campaign


def counted(rate, *, replication=0, each=None, **settings):
    """Return in which months campaigns began: each costs one offer of 1."""
    answer = {"counter_offer": 0.1, "counter_offer_accept": 0.0, "counter_offer_cost": 1.0}
    chance = {"campaigns_per_year": rate, "hazard": 0.0} | answer | settings
    return luring(each, count=1, months=60, replication=replication, **chance).lines["rivals"].sum(axis=(1, 2))


def test_random_campaigns_come_at_their_rate():
    """Poisson: 24 replications of 60 months at 1.5 a year, mean 7.5."""
    counts = [counted(1.5, replication=r).sum() for r in range(24)]
    assert theory.within(np.mean(counts), 7.5, math.sqrt(7.5 / 24))


def test_a_higher_rate_only_adds_campaigns_and_other_arms_have_the_same():
    few, many = counted(1.0), counted(3.0)
    assert (few <= many).all() and few.sum() < many.sum()
    assert np.array_equal(few, counted(1.0, each=arm(retention={"churn": 0.9})))


def test_an_arm_that_changes_the_rate_changes_them_from_then_on():
    change = {"set": "mechanisms.rivals.campaigns_per_year", "to": 12.0, "from_month": 30.0}
    more, none = counted(1.0, each=arm(change=[change])), counted(0.0)
    assert np.array_equal(more[:31], counted(1.0)[:31]) and more[31:].sum() > 15
    assert none.sum() == 0


def test_a_campaign_after_the_horizon_changes_nothing():
    assert differing(luring(at(30.0)), luring()) == []


# Law by law


def test_a_stronger_pull_a_wider_reach_and_a_longer_campaign_never_lose_fewer():
    weak = {"hazard": 0.02, "reach": 0.3, "length_months": 2.0}
    before = luring(at(2.0), count=5000, segments={"small": SEGMENT}, **weak).left.sum()
    for stronger in ({"hazard": 0.06}, {"reach": 0.8}, {"length_months": 6.0}):
        settings = weak | stronger
        assert luring(at(2.0), count=5000, segments={"small": SEGMENT}, **settings).left.sum() > before


def test_saving_one_segment_changes_nothing_in_the_other():
    two = {"large": SEGMENT | {"share": 0.5}, "small": SEGMENT | {"share": 0.5}}
    answer = {"counter_offer": 0.2, "counter_offer_cost": 7.0, "campaigns_per_year": 3.0, "reach": 0.5}
    lever = {"retention": {"churn": 0.5, "segments": ["small"]}}
    tables = {"count": 2000, "segments": two, **answer}
    one = luring(arm(), **tables)
    changed = parameters(
        run={"months": 24, "discount_rate": 0.0}, pool={"customers": 2000, "tenure": "new"}, segments=two,
        churn={"reasons": REASONS}, mechanisms={"rivals": SURE | answer},
    )  # fmt: skip
    saved = play(changed, arm(**lever), factor=0.5)
    assert one.left[:, 1].sum() > saved.left[:, 1].sum()
    assert differing(one.left[:, 0], saved.left[:, 0]) == []
    assert differing(one.lines["rivals"][:, 0], saved.lines["rivals"][:, 0]) == []


def test_settled_customer_by_customer_it_comes_to_the_same():
    answer = {"counter_offer": 0.2, "campaigns_per_year": 4.0, "reach": 0.5}
    today = parameters(mechanisms={"rivals": SURE | answer}, churn={"reasons": REASONS})
    one, two = play(today), play(today, eager=True)
    assert one.fed["rivals"].sum() > 10 and differing(one.left, two.left) == []
    assert one.lines["rivals"].sum() == pytest.approx(two.lines["rivals"].sum(), rel=1e-9)


def test_calibration_leaves_campaigns_out():
    today = parameters(mechanisms={"rivals": {}})
    assert today.mechanisms.rivals.calm() is None
    assert Mechanism.is_closed_form(today) and not Mechanism.is_coupled(today)


@pytest.mark.parametrize(
    "bad", [{"reach": 1.2}, {"campaigns_per_year": 13.0}, {"length_months": 0.0}, {"hazard": -0.1}, {"depth": 0.1}]
)
def test_values_that_mean_nothing_are_refused(bad):
    with pytest.raises(ValidationError):
        Settings(**bad)
