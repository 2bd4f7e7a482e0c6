"""Referrals: who is brought, by whom, what they are like and what they cost."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
PLAIN = {"rate": 0.02, "hazard_factor": 1.0, "extra_margin": 0.0}


def referring(settings=None, *, count=2000, **tables):
    tables = {"segments": FIXED, "pool": {"customers": count}, "run": {"months": 24, "discount_rate": 0.0}} | tables
    return parameters(mechanisms={"referrals": PLAIN | (settings or {})}, **tables)


def test_a_pool_that_nobody_leaves_grows_at_the_rate_of_referrals():
    """Pure birth from 2,000: mean 2,000 exp(r t), variance 2,000 exp(r t) (exp(r t) - 1)."""
    growth = math.exp(0.02 * 24)
    ends = [play(referring(), replication=r).pool[-1].sum() for r in range(10)]
    assert abs(np.mean(ends) - 2000 * growth) < 4 * math.sqrt(2000 * growth * (growth - 1) / 10)


def test_children_refer_in_turn_within_the_same_month():
    """At rate 2 a month almost half of those who come in a month have been brought by somebody who came in it."""
    ends = play(referring({"rate": 1.0}, count=5000, run={"months": 1})).pool[-1].sum()
    assert abs(ends - 5000 * math.e) < 4 * math.sqrt(5000 * math.e * (math.e - 1))


def test_a_child_joins_the_segment_of_who_brought_it():
    segments = {"small": FIXED["small"] | {"share": 3.0}, "large": FIXED["small"] | {"share": 1.0}}
    joined = play(referring(segments=segments)).joined.sum(axis=(0, 2))
    assert abs(joined[0] / joined.sum() - 0.25) < 0.04


def test_a_reward_is_paid_for_every_child():
    outcome = play(referring({"reward": 30.0}))
    assert outcome.lines["referrals"].sum() == pytest.approx(30.0 * outcome.joined.sum())


def test_a_child_is_the_same_person_in_every_arm_and_saving_its_parent_only_adds_children():
    today = referring(segments={"small": SEGMENT}, run={"months": 36})
    one, two = play(today), play(today, arm(retention={"churn": 0.9}), factor=0.9)
    came = [
        dict(zip(*(np.concatenate([o.present[i], o.departed[i]]).tolist() for i in (0, 1)), strict=True))
        for o in (one, two)
    ]
    assert came[0].keys() <= came[1].keys()
    assert all(came[1][n] == pytest.approx(t, abs=1e-9) for n, t in came[0].items())
    assert len(came[1]) > len(came[0])


def test_referred_customers_stay_longer():
    today = referring({"rate": 0.2, "hazard_factor": 0.5}, segments={"small": SEGMENT})
    outcome = play(today)
    exposed = outcome.alive.sum(axis=(1, 3))  # by origin, at the end of every month
    rates = outcome.left.sum(axis=(0, 1, 3)) / exposed.sum(axis=0)
    assert rates[1] / rates[0] == pytest.approx(0.5, abs=0.05)


def margin_of_children(today):
    """Return the margin a month of who was referred, over the margin of the others."""
    outcome = play(today)
    heads = outcome.alive[:, 0].sum(axis=-1)
    margins = outcome.margins[:, 0].sum(axis=-1)
    return margins[13:].sum(axis=0) / ((heads[12:-1] + heads[13:]) / 2).sum(axis=0)


def test_referred_customers_bring_more_margin_at_first():
    """With 600 months to fade in, 24 months after it is still 25 % almost all over."""
    found = margin_of_children(referring({"extra_margin": 0.25, "fades_over_months": 600}))
    assert found[0] == pytest.approx(35.0, rel=1e-2)
    assert found[1] / found[0] == pytest.approx(1.25, abs=0.01)


def test_they_bring_more_margin_also_where_margins_are_given_by_year():
    tables = {"segments": FIXED, "pool": {"customers": 2000}, "run": {"months": 24, "discount_rate": 0.0}}
    referrals = PLAIN | {"extra_margin": 0.25, "fades_over_months": 600}
    today = parameters(mechanisms={"referrals": referrals, "growth": {"margin_by_year": [420.0]}}, **tables)
    found = margin_of_children(today)
    assert found[0] == pytest.approx(35.0, rel=1e-2)
    assert found[1] / found[0] == pytest.approx(1.25, abs=0.01)


def test_referrals_and_moves_go_together():
    segments = {
        "small": FIXED["small"] | {"moves": {"large": 0.1}},
        "large": FIXED["small"] | {"moves": {"small": 0.1}},
    }
    assert play(referring(segments=segments)).books_error <= 1e-9
