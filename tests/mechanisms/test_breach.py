"""Breach: who leaves at once, who is wary for a while, what it costs, and when it happens."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, play_in_order, setup

from retainsim.draws import Luck

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}


def breached(count=20_000, segments=FIXED, each=None, **breach):
    breach = {"at_month": 7.5, "acquisition_factor": 1.0} | breach
    return play(parameters(pool={"customers": count}, segments=segments, mechanisms={"breach": breach}), each)


def share_lost(outcome):
    return outcome.left.sum(axis=(1, 2, 3)) / outcome.opening.sum()


@pytest.mark.parametrize("month", [3.0, 7.5, 23.99])
@pytest.mark.parametrize("share", [0.039, 0.5])
def test_a_share_leaves_at_once(month, share):
    outcome = breached(at_month=month, leave_at_once=share)
    lost = share_lost(outcome)
    assert np.flatnonzero(lost).tolist() == [math.ceil(month)]
    assert abs(lost.sum() - share) < 4 * math.sqrt(share * (1 - share) / 20_000)
    assert set(outcome.departed[2].tolist()) == {month}


def test_a_breach_may_happen_at_month_0():
    assert breached(at_month=0.0).books_error <= 1e-9


def test_what_else_happens_at_the_same_instant_may_come_before_or_after(monkeypatch):
    today = parameters(mechanisms={"breach": {"at_month": 4.0}})
    start = setup(today, arm(retention={"churn": 0.9, "from_month": 4.0}), factor=0.9)
    names = ["retention", "reasons", "breach"]
    found = [play_in_order(order, start, Luck(0, 0), monkeypatch).left.tolist() for order in (names[::-1], names)]
    assert found[0] == found[1]


def test_wariness_is_strain_that_halves():
    """Held for a month at a time: burnt = w (1 + 2^(-1/3) + ...), from the instant of the breach."""
    outcome = breached(at_month=6.0, leave_at_once=0.0, wary=0.05, half_life=3.0)
    burnt = 0.05 * np.cumsum(0.5 ** (np.arange(18) / 3.0))
    expected = -np.expm1(-burnt)
    lost = np.cumsum(share_lost(outcome))
    assert lost[6] == 0.0
    assert (np.abs(lost[7:] - expected) < 4 * np.sqrt(expected * (1 - expected) / 20_000)).all()


def test_fines_and_records_are_posted_at_once():
    outcome = breached(count=1000, fine=500.0, cost_per_record=2.0)
    line = outcome.lines["breach"].sum(axis=(1, 2))
    assert {m: a for m, a in enumerate(line) if a} == {8: 2500.0}
    assert outcome.values["breach"].sum() == pytest.approx(2500.0 * 1.1 ** (-7.5 / 12))


def test_fewer_join_for_a_while_after_it():
    tables = {
        "acquisition": {"ads": {"joins": 400.0}},
        "mechanisms": {"breach": {"at_month": 6.0, "acquisition_factor": 0.5}},
    }
    joined = play(parameters(**tables)).joined.sum(axis=(1, 2))
    for months, expected in ((slice(1, 7), 2400), (slice(7, 13), 1200), (slice(13, 25), 4800)):
        assert abs(joined[months].sum() - expected) < 4 * math.sqrt(expected)


def test_random_breaches_come_at_their_rate_and_at_the_same_times_in_every_arm():
    counts = []
    today = parameters(run={"months": 60}, segments=FIXED, mechanisms={"breach": {"per_year": 1.0, "fine": 1.0}})
    for replication in range(24):
        one, two = (play(today, each, replication=replication) for each in (None, arm(retention={"churn": 0.9})))
        assert np.array_equal(one.lines["breach"], two.lines["breach"])
        counts.append(one.lines["breach"].sum())
    assert abs(np.mean(counts) - 5.0) < 4 * math.sqrt(5.0 / 24)


@pytest.mark.parametrize(
    "change", [{"set": "mechanisms.breach.per_year", "to": 12.0}, {"set": "mechanisms.breach.at_month", "to": 3.0}]
)
def test_an_arm_that_changes_when_it_happens_changes_when_it_happens(change):
    assert not np.array_equal(breached(count=200, each=arm(change=[change])).left, breached(count=200).left)
