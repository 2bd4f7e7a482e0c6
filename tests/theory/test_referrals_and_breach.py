"""Theory of referrals and breach: immigration-birth-death pools and the curve after a shock (LITERATURE V11)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import retainsim
from retainsim import theory

POOLS = 40
"""Independent pools in one world: one segment each, fed by its share of one Poisson channel."""


def pools_at(results, months):
    """Return the pool of every segment in every replication at some months, as one array."""
    stocks = results.detail[results.detail["reason"] == ""]
    stocks = stocks[stocks["month"].isin(months) & (stocks["segment"] != "")]
    by = stocks.groupby(["replication", "month", "segment"], observed=True)["pool"].sum()
    return by.to_numpy(dtype=float)


def business(*, churn, months, referral=0.0, extra="", pools=POOLS):
    """Write `pools` segments alike, 100 joins a year each, nothing at month 0."""
    segments = "\n".join(
        f"[segments.s{i:02d}]\nprice = 1.0\nannual_churn = {-math.expm1(-churn)!r}" for i in range(pools)
    )
    mix = ", ".join(f"s{i:02d} = 1" for i in range(pools))
    referrals = f"""
[mechanisms.referrals]
rate = {referral / 12!r}
hazard_factor = 1.0
extra_margin = 0.0
contagion = 1.0
"""
    return f"""
title = "how many?"
[run]
months = {months}
closing_value = "none"
seed = 11
{segments}
[churn]
calibrate = false
reasons = {{ any = 1 }}
[acquisition.plane]
joins = {100 * pools / 12!r}
mix = {{ {mix} }}
{referrals if referral else ""}{extra}
"""


@pytest.mark.long
def test_pool_with_referrals_has_the_mean_and_variance_of_immigration_birth_death():
    results = retainsim.run(retainsim.loads(business(churn=0.25, referral=0.05, months=720)), replications=24, jobs=1)
    sizes = pools_at(results, [480, 600, 720])  # 10 and 20 years apart: the correlation is below exp(-2) = 0.14
    mean = theory.referral_pool_mean(100, 0.25, referral=0.05)
    variance = theory.referral_pool_variance(100, 0.25, referral=0.05)
    settled = 1 - math.exp(-0.2 * 40)  # what is missing after 40 years, 0.03 %, is allowed for in the mean
    assert (mean, variance) == (pytest.approx(500.0), pytest.approx(625.0))
    n = len(sizes) * (1 - 0.14) / (1 + 0.14)  # effective
    assert theory.within(sizes.mean(), mean * settled, math.sqrt(variance / n))
    assert theory.within(sizes.var(ddof=1), variance, variance * math.sqrt(2.2 / n))


def test_pool_with_referrals_fills_along_its_transient():
    results = retainsim.run(retainsim.loads(business(churn=0.25, referral=0.05, months=60)), replications=6, jobs=1)
    for month in (12, 36, 60):
        sizes = pools_at(results, [month])
        expected = theory.referral_pool_transient(100, 0.25, time=month / 12, referral=0.05)
        assert theory.within(sizes.mean(), expected, math.sqrt(expected * 1.25 / len(sizes)))


def test_breach_takes_its_share_at_once_and_the_pool_comes_back_along_the_curve():
    shock = "[mechanisms.breach]\nat_month = 240.0\nleave_at_once = 0.3\nacquisition_factor = 1.0\n"
    results = retainsim.run(retainsim.loads(business(churn=0.2, months=288, extra=shock)), replications=6, jobs=1)
    settled = 500 * -math.expm1(-0.2 * 20)  # the pool is still 1.8 % short of 500 after 20 years
    for years in (0, 1, 4):
        sizes = pools_at(results, [240 + 12 * years])
        grown = 500 * -math.expm1(-0.2 * (20 + years))
        expected = grown - 0.3 * settled * math.exp(-0.2 * years)
        assert theory.within(sizes.mean(), expected, math.sqrt(expected / len(sizes)))


def test_lost_customer_years_of_a_breach_are_its_share_of_the_pool_over_the_hazard():
    shock = "[mechanisms.breach]\nat_month = 240.0\nleave_at_once = 0.039\nacquisition_factor = 1.0\n"
    texts = business(churn=0.2, months=720, extra=shock, pools=20), business(churn=0.2, months=720, pools=20)
    with_breach, without = (retainsim.run(retainsim.loads(t), replications=4, jobs=1) for t in texts)
    lost = (without.outcomes["customer_months"] - with_breach.outcomes["customer_months"]) / 12 / 20
    settled = 500 * -math.expm1(-0.2 * 20)
    expected = theory.breach_lost_time(settled, 0.039, hazard=0.2)  # 97.5 at a pool of 500
    # Each of about 19.5 x 20 lost per run would have stayed an exponential time of mean and deviation 5 years.
    per_pool = math.sqrt(settled * 0.039 * 2) * 5 / math.sqrt(20 * len(lost))
    assert theory.within(float(lost.mean()), expected, per_pool)


def test_a_breach_leaves_joiners_and_everybody_else_as_they_were():
    shock = "[mechanisms.breach]\nat_month = 24.5\nleave_at_once = 0.2\nacquisition_factor = 1.0\n"
    texts = business(churn=0.2, months=60, extra=shock, pools=4), business(churn=0.2, months=60, pools=4)
    hit, spared = (retainsim.run(retainsim.loads(t), replications=2, jobs=1, customers=True).customers for t in texts)
    both = spared.merge(hit, on=["replication", "customer"], suffixes=("", "_hit"))
    assert len(both) == len(spared) == len(hit)
    jolted = both["reason_hit"] == "breach"
    assert (both.loc[jolted, "left_month_hit"] == 24.5).all()
    rest = both[~jolted]
    np.testing.assert_allclose(rest["left_month"], rest["left_month_hit"], rtol=1e-12)
