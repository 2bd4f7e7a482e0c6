"""Why customers leave, when every reason races against all others: case V9 and Braun and Schweidel's damper."""

import itertools
import math

import numpy as np
import pytest
from experiment import check, check_exactly, check_shares, heads, leavings, measured, play, ratio
from scipy import integrate

from retainsim import theory

N = 100_000
SHARES = {
    "indifference": 0.68,
    "product": 0.14,
    "competition": 0.09,
    "relationship": 0.05,
    "moved": 0.03,
    "died": 0.01,
}
REASONS = sorted(SHARES)
RATES = np.array([SHARES[r] for r in REASONS]) * -math.log(0.8)  # a year


@pytest.fixture(scope="module")
def sixty_months():
    return play(months=60, customers=N // 2, reasons=SHARES, segments={"s": {"annual_churn": 0.2}})


def gone(results, month):
    """Return how many have left by a month, by reason."""
    return leavings(results).loc[:month].sum()[REASONS].to_numpy()


@pytest.mark.parametrize(
    ("years", "published"),
    [(1, [0.1360, 0.0280, 0.0180, 0.0100, 0.0060, 0.0020]), (5, [0.4572, 0.0941, 0.0605, 0.0336, 0.0202, 0.0067])],
)
def test_v9_each_reason_takes_its_cumulative_incidence(sixty_months, years, published):
    expected = theory.cumulative_incidence(RATES, years)
    assert sorted(expected, reverse=True) == pytest.approx(published, abs=5e-5)
    check_shares(gone(sixty_months, 12 * years), expected, N, f"V9 incidence by year {years}, n = 100,000")


def test_v9_kaplan_meier_with_other_reasons_censored_overstates_every_reason(sixty_months):
    """The product-limit estimate from monthly counts, those who leave half-way counted as half at risk."""
    left = leavings(sixty_months)[REASONS].to_numpy()[1:]
    present = heads(sixty_months)["s"].to_numpy()[:-1]
    exposed = present[:, None] - (left.sum(axis=1)[:, None] - left) / 2
    estimate = 1 - np.prod(1 - left / exposed, axis=0)
    assert (estimate > left.sum(axis=0) / N).all()
    expected = theory.one_minus_kaplan_meier(RATES, 5)
    for reason, found, share in zip(REASONS, estimate, expected, strict=True):
        check(found, share, theory.binomial_se(share, N), f"V9 1 - KM, {reason}, n = 100,000")


def test_shares_hold_at_every_tenure_where_all_reasons_run_alike(sixty_months):
    """With constant hazards time and reason are independent: each year has the same mix."""
    left = leavings(sixty_months)[REASONS].to_numpy()[1:].reshape(5, 12, -1).sum(axis=1)
    for year, counts in enumerate(left, 1):
        check_shares(counts, RATES / RATES.sum(), counts.sum(), f"V9 mix in year {year}, n = {counts.sum()}")


@pytest.mark.parametrize(
    "settings",
    [
        {"frailty": {"kind": "gamma", "variance": 1.0}},
        {"duration": {"kind": "power", "power": 0.6}},
        {"term_months": 12},
        {"frailty": {"kind": "beta", "a": 0.8, "b": 2.0}},
    ],
    ids=["gamma", "power", "term", "beta"],
)
def test_shares_of_reasons_do_not_depend_on_frailty_duration_or_contract(settings):
    found = play(months=24, customers=N // 2, reasons=SHARES, segments={"s": {"annual_churn": 0.4, **settings}})
    counts = gone(found, 24)
    check_shares(counts, RATES / RATES.sum(), counts.sum(), f"mix, n = {counts.sum()}")


# Closing a leak. Lives are played to their end: at a hazard of 1 a month, the longest is over by month 60.

MOST = 1 - math.exp(-12)  # the churn of a year at a hazard of 1 a month


@pytest.fixture(scope="module")
def leaks():
    """Each reason closed, or halved, in an arm of its own; 4,000 customers ten times, paired over the arms."""
    arms = {f"close_{r}": {"change": [{"set": f"churn.reasons.{r}", "to": 0}]} for r in SHARES}
    arms |= {f"halve_{r}": {"change": [{"set": f"churn.reasons.{r}", "times": 0.5}]} for r in SHARES}
    arms["close_both"] = {"change": [{"set": f"churn.reasons.{r}", "to": 0} for r in ("indifference", "product")]}
    arms["half_of_all"] = {"change": [{"set": "segments.s.annual_churn", "to": 1 - math.exp(-6)}]}
    return play(
        replications=10,
        months=60,
        customers=4000,
        reasons=SHARES,
        segments={"s": {"annual_churn": MOST}},
        run={"discount_rate": 0.0, "seed": 5},
        arms=arms,
    )


def gone_of(results, arm):
    """Return who left in an arm, by reason."""
    return leavings(results, arm=arm).sum()


def life_gain(results, arm):
    return ratio(measured(results, "customer_months", arm), measured(results, "customer_months"))


@pytest.mark.parametrize("reason", SHARES)
def test_v9_closing_a_reason_multiplies_mean_life_by_one_over_what_is_left(leaks, reason):
    gain, se = life_gain(leaks, f"close_{reason}")
    check(gain, theory.mean_life_gain_if_closed(SHARES[reason]), se, f"V9 {reason} closed, n = 40,000 pairs")


@pytest.mark.parametrize("reason", SHARES)
def test_v9_halving_one_reason_gains_less_than_if_it_were_the_only_one(leaks, reason):
    gain, se = life_gain(leaks, f"halve_{reason}")
    expected = theory.mean_life_gain_if_closed(SHARES[reason], part=0.5)
    check(gain, expected, se, f"V9 {reason} halved, n = 40,000 pairs")
    alone, _ = life_gain(leaks, "half_of_all")
    check_exactly(alone, theory.mean_life_gain_if_closed(1.0, part=0.5), "V9 all halved: every life twice as long")
    assert gain < alone - 4 * se


def test_v9_what_cannot_be_helped_caps_what_can_be_gained(leaks):
    gain, se = life_gain(leaks, "close_both")
    check(gain, 1 / 0.18, se, "V9 both large reasons closed, n = 40,000 pairs")


def test_closing_a_reason_changes_nobody_who_would_have_left_for_another_sooner(leaks):
    """The others' hazards stay: everybody still leaves, for the reasons that are left, in their proportion."""
    counts = gone_of(leaks, "close_indifference")
    others = [r for r in REASONS if r != "indifference"]
    expected = [SHARES[r] / 0.32 for r in others]
    check_shares([counts[r] for r in others], expected, sum(counts), f"mix once closed, n = {sum(counts)}")


def test_where_people_differ_halving_a_reason_gains_what_their_frailty_leaves_of_it():
    found = play(
        months=60,
        customers=N // 2,
        reasons={"one": 1, "other": 3},
        segments={"s": {"annual_churn": 0.4, "frailty": {"kind": "gamma", "variance": 1.0}}},
        arms={"halved": {"change": [{"set": "churn.reasons.one", "times": 0.5}]}},
    )
    for arm, factor in (("baseline", 1.0), ("halved", 0.875)):
        months = np.array([6, 12, 24, 36, 60])
        passed = -math.log(0.6) / 12 * factor * months
        there = heads(found, arm=arm)["s"][months]
        check_shares(there, theory.survival_gamma_frailty(passed, 1.0), N, f"{arm}, n = 100,000")
        rates = np.array([0.25, 0.75]) if arm == "baseline" else np.array([1, 6]) / 7
        counts = leavings(found, arm=arm).sum()[["one", "other"]]
        check_shares(counts, rates, counts.sum(), f"mix {arm}, n = {counts.sum()}")


def test_the_lever_that_closes_a_reason_finds_that_its_factor_is_nought():
    """Closing `product` takes retention from .8 to .8 to the power of .86: 2.54 points and no more."""
    most = 100 * (0.8**0.86 - 0.8)
    found = play(
        months=60,
        customers=N // 2,
        reasons=SHARES,
        segments={"s": {"annual_churn": 0.2}},
        arms={"closed": {"retention": {"points": most, "reasons": ["product"]}}},
    )
    assert found.report["arms"]["closed"]["lever"]["hazard_factor"] == pytest.approx(0, abs=1e-6)
    left = gone_of(found, "closed")
    assert left.get("product", 0) == 0
    others = [r for r in REASONS if r != "product"]
    expected = theory.cumulative_incidence([SHARES[r] * -math.log(0.8) for r in others], 5)
    check_shares([left[r] for r in others], expected, N, "incidence once closed, n = 100,000")


def test_hazards_that_jump_in_mid_month_burn_the_old_rate_before_and_the_new_one_after():
    """One reason trebles at month 7.3 and is over at month 20.8: the leavings by reason follow their integrals."""
    change = {"set": "churn.reasons.one", "times": 3, "from_month": 7.3, "until_month": 20.8}
    found = play(
        months=30,
        customers=N // 2,
        reasons={"one": 1, "other": 1},
        segments={"s": {"annual_churn": 0.4}},
        arms={"baseline": {"change": [change]}},
    )
    b = -math.log(0.6) / 24

    def passed(t):
        return b * (2 * t + 2 * max(0.0, min(t, 20.8) - 7.3))

    def incidence(month, factor):
        edges = [0, *(x for x in (7.3, 20.8) if x < month), month]
        spans = list(itertools.pairwise(edges))
        rates = [b, b * factor, b][: len(spans)]
        there = [integrate.quad(lambda t: math.exp(-passed(t)), *span)[0] for span in spans]
        return float(np.dot(rates, there))

    for month in (7, 8, 12, 21, 30):
        counts = leavings(found).loc[:month].sum()
        for reason, factor in (("one", 3), ("other", 1)):
            share = incidence(month, factor)
            check(counts[reason] / N, share, theory.binomial_se(share, N), f"{reason} by {month}, n = 100,000")
