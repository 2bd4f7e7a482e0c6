"""What a run says of survival and incidence by tenure is what theory says, also of those watched for a part of it.

Customers join month after month, so that most are watched for less than the horizon: an estimate that took them for
stayers, or left them out, would be off by many standard errors. Hazards are raw.
"""

import math

import numpy as np
import pytest
from experiment import check, check_shares, play

from retainsim import theory
from retainsim.study.incidence import incidence

SHARES = {
    "indifference": 0.68, "product": 0.14, "competition": 0.09, "relationship": 0.05, "moved": 0.03, "died": 0.01,
}  # fmt: skip
REASONS = sorted(SHARES)
RATES = np.array([SHARES[reason] for reason in REASONS]) * -math.log(0.8)  # a year
COHORT = 50_000


def estimated(**tables):
    """Play two replications and return what they say of the baseline, and the run."""
    results = play(reasons=SHARES, **tables)
    return incidence(results.lifetimes, "baseline", [0, 1]), results


@pytest.fixture(scope="module")
def cohort():
    """100,000 customers of case V9 in two replications, all new at month 0."""
    return estimated(months=60, customers=COHORT, segments={"s": {"annual_churn": 0.2}}, run={"seed": 11})


@pytest.fixture(scope="module")
def joiners():
    """Customers of case V9 who join over 36 months, with frailty; nobody is there at month 0."""
    segment = {"annual_churn": 0.2, "frailty": {"kind": "gamma", "variance": 1.2}}
    channel = {"advertising": {"joins": 1_500, "cost_per_join": 1.0}}
    return estimated(months=36, segments={"s": segment}, acquisition=channel, run={"seed": 12})


@pytest.mark.parametrize(
    ("years", "published"),
    [(1, [0.1360, 0.0280, 0.0180, 0.0100, 0.0060, 0.0020]), (5, [0.4572, 0.0941, 0.0605, 0.0336, 0.0202, 0.0067])],
)
def test_v9_incidence_of_a_cohort_is_the_closed_form(cohort, years, published):
    found, _ = cohort
    expected = theory.cumulative_incidence(RATES, years)
    assert sorted(expected, reverse=True) == pytest.approx(published, abs=5e-5)
    counts = [found.gone(12 * years, [reason])["mean"] * 2 * COHORT for reason in REASONS]
    check_shares(counts, expected, 2 * COHORT, f"V9 incidence by year {years}, n = 100,000")


def test_v9_all_who_left_a_cohort_are_all_who_left(cohort):
    found, results = cohort
    told = results.outcomes[[f"left_{reason}" for reason in found.reasons]].sum().to_numpy()
    assert found.shares[1:, 60] * 2 * COHORT == pytest.approx(told, rel=1e-12)


def test_v9_shares_of_joiners_are_the_closed_form_although_most_are_watched_for_a_part(joiners):
    """Greenwood's standard error, at the number at risk in every month."""
    found, _ = joiners
    months = np.array([6, 12, 24, 35])
    expected = theory.survival_gamma_frailty(theory.cumulative_hazard(np.arange(36), -math.log(0.8) / 12), 1.2)
    leave = 1 - expected[1:] / expected[:-1]
    variance = np.cumsum(leave / ((1 - leave) * found.at_risk[:35]))
    for month in months:
        se = expected[month] * math.sqrt(variance[month - 1])
        check(found.there[month], expected[month], se, f"share there, tenure {month}, n = {found.at_risk[month - 1]}")


def test_v9_joiners_leave_for_each_reason_by_its_share_of_the_hazard(joiners):
    """One frailty for all reasons, so that reason and tenure are independent; each leaving weighs S / n of its month."""
    found, results = joiners
    left = results.lifetimes[[f"left_{reason}" for reason in REASONS]].sum()
    check_shares(left.to_numpy(), RATES / RATES.sum(), left.sum(), f"reasons of joiners, n = {left.sum()}")
    gone = 1 - found.there[35]
    weights = found.there[:35] / found.at_risk[:35]
    counts = found.at_risk[:35] * (1 - found.there[1:36] / found.there[:35])
    for reason in REASONS:
        share = SHARES[reason]
        se = math.sqrt(share * (1 - share) * (counts * weights**2).sum()) / gone
        check(found.gone(35, [reason])["mean"] / gone, share, se, f"incidence by month 35, {reason}")


def test_customers_taken_for_stayers_where_they_are_watched_no_longer_would_be_noticed(joiners):
    found, results = joiners
    joined = results.lifetimes.loc[results.lifetimes["tenure_month"] == 0, "at_risk"].sum()
    left = results.lifetimes.filter(like="left_").to_numpy().sum()
    assert 1 - left / joined > found.there[35] + 0.05
