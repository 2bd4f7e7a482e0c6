"""Involuntary churn: how many payments fail, how many relationships that ends, and what it costs."""

import math

import numpy as np
import pytest
from experiment import play as run_file
from unit.making import SEGMENT, arm, parameters, play, setup

from retainsim import engine, theory
from retainsim.draws import Luck

FIXED = SEGMENT | {"annual_churn": 0.0}
REASONS = ("involuntary", "price", "service")


def paying(count=10_000, segment=FIXED, months=12, more=None, **settings):
    return parameters(
        pool={"customers": count}, segments={"small": segment}, run={"months": months, "discount_rate": 0.0},
        mechanisms={"involuntary_churn": settings} | (more or {}),
    )  # fmt: skip


def check(observed, expected, se):
    assert theory.within(observed, expected, se), f"{observed:.6g}, expected {expected:.6g} +- {se:.2g}"


def by_reason(outcome):
    return dict(zip(REASONS, outcome.left.sum(axis=(0, 1, 2)).tolist(), strict=True))


def failures(outcome):
    """Return names, times and fates of the failed payments of a traced outcome."""
    parts = [part for part in outcome.trace.parts if part[2] == "payment_failure"]
    return [np.concatenate([part[i] for part in parts]) for i in (0, 1, 3)]


def lives(outcome, reason="involuntary"):
    """Return when each customer left for a reason, by name."""
    names, _, left, _, _, why, _ = outcome.departed
    mine = why == REASONS.index(reason)
    return dict(zip(names[mine].tolist(), left[mine].tolist(), strict=True))


def test_a_binomial_share_of_failed_payments_is_recovered_and_the_others_end_it_at_that_moment():
    outcome = engine.replicate(setup(paying(rate=0.1, recover_share=0.6)), Luck(0, 0), trace=True)
    names, times, fates = failures(outcome)
    check((fates == "recovered").mean(), 0.6, theory.binomial_se(0.6, len(fates)))
    check(len(times), 0.1 * outcome.customer_months, math.sqrt(len(times)))
    lost = fates == "lost"
    assert lives(outcome) == dict(zip(names[lost].tolist(), times[lost].tolist(), strict=True))


def test_those_whose_payment_is_lost_go_at_its_rate():
    """exp(-0.08 x 0.25 x 12) of 10,000 stay where nobody leaves for any other reason."""
    outcome = play(paying(rate=0.08, recover_share=0.75))
    stay = math.exp(-0.08 * 0.25 * 12)
    check(outcome.pool[-1].sum() / 10_000, stay, theory.binomial_se(stay, 10_000))
    assert by_reason(outcome) == {"involuntary": outcome.left.sum(), "price": 0, "service": 0}


def test_beside_other_reasons_it_takes_its_share():
    """Competing at 0.03 a month against -ln(0.7) / 12, raw."""
    outcome = play(paying(segment=SEGMENT, rate=0.1, recover_share=0.7))
    other = -math.log(0.7) / 12
    share = 0.03 / (0.03 + other) * -math.expm1(-12 * (0.03 + other))
    check(by_reason(outcome)["involuntary"] / 10_000, share, theory.binomial_se(share, 10_000))


@pytest.mark.parametrize(
    "law", [{"term_months": 12.0}, {"frailty": {"kind": "gamma", "variance": 2.0}}, {"duration": {"kind": "power", "power": 0.4}}]
)  # fmt: skip
def test_no_contract_frailty_or_duration_touches_it(law):
    plain = lives(play(paying(rate=0.05, recover_share=0.5, count=2000)))
    assert lives(play(paying(rate=0.05, recover_share=0.5, count=2000, segment=FIXED | law))) == plain


def test_every_failed_payment_costs():
    outcome = engine.replicate(setup(paying(rate=0.1, cost=3.0, count=1000)), Luck(0, 0), trace=True)
    _, times, _ = failures(outcome)
    months = np.bincount(np.ceil(times).astype(int), minlength=13)
    assert outcome.lines["involuntary_churn"].sum(axis=(1, 2)) == pytest.approx(3.0 * months)


def test_what_it_ends_is_its_doing_even_where_the_reason_has_a_base_of_its_own():
    today = paying(segment=SEGMENT, rate=0.1, reason="price")
    outcome = engine.replicate(setup(today), Luck(0, 0), trace=True)
    _, _, fates = failures(outcome)
    assert outcome.fed["involuntary_churn"].sum() == pytest.approx((fates == "lost").sum())
    assert outcome.left.sum(axis=(0, 1, 2))[0] > (fates == "lost").sum()


def test_recovering_more_delays_leavings_and_hastens_nobodys():
    ends = []
    for share in (0.3, 0.8):
        outcome = play(paying(segment=SEGMENT, count=3000, rate=0.1, recover_share=share))
        names, left = outcome.departed[0], outcome.departed[2]
        ends.append(dict(zip(names.tolist(), left.tolist(), strict=True)))
    assert all(name in ends[0] and ends[0][name] <= time + 1e-9 for name, time in ends[1].items())
    assert len(ends[1]) < len(ends[0]) - 300


def test_recovering_all_nobody_goes_but_all_is_paid_for():
    outcome = play(paying(rate=0.1, recover_share=1.0, cost=1.0))
    assert outcome.left.sum() == 0
    assert outcome.lines["involuntary_churn"].sum() > 10_000


def test_a_programme_keeps_nobody_whose_payment_is_lost():
    """Customers it saves from other reasons stay to lose a payment later: it only adds involuntary leavings."""
    more = {"retention_programme": {"spend_per_customer": 1.0, "effect": 0.6, "ceiling": 0.9}}
    without, with_it = (play(paying(segment=SEGMENT, rate=0.1, more=each)) for each in (None, more))
    assert lives(without).items() <= lives(with_it).items()
    assert by_reason(with_it)["service"] < by_reason(without)["service"]


def test_saving_customers_changes_nobody_elses_payments():
    today = paying(segment=SEGMENT, rate=0.1)
    one, two = (play(today, arm(retention={"churn": 0.5}), factor=factor) for factor in (1.0, 0.5))
    assert lives(one).items() <= lives(two).items()


def test_an_arm_may_change_how_many_are_recovered():
    change = {"set": "mechanisms.involuntary_churn.recover_share", "to": 1.0, "from_month": 6.0}
    outcome = play(paying(rate=0.1), arm(change=[change]))
    assert outcome.left[:7].sum() > 0
    assert outcome.left[7:].sum() == 0


@pytest.mark.long
def test_the_observed_churn_comes_out_with_it(tmp_path, monkeypatch):
    """30 % a year, of which payments lost are 0.03 x 0.3 a month; calibration takes them off the bases."""
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))
    found = run_file(
        customers=100_000, tenure="settled", calibrate=True, segments={"s": {"annual_churn": 0.3}},
        mechanisms={"involuntary_churn": {"rate": 0.03}}, replications=4,
    )  # fmt: skip
    monthly = found.monthly
    left = 1 - monthly.loc[monthly["month"] == 12, "pool"].mean() / 100_000
    check(left, 0.3, theory.binomial_se(0.3, 400_000) + 2e-4)


@pytest.mark.parametrize("wrong", [{"rate": -0.1}, {"recover_share": 1.1}, {"cost": -1.0}, {"retries": 3}], ids=str)
def test_bad_values_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        paying(**wrong)
