"""Every number LITERATURE.md publishes, against retainsim.theory, to half its last digit."""

import importlib
import math
import pkgutil

import numpy as np
import pytest
from scipy import integrate, optimize

from retainsim import theory

CARD = [-51, 30, 42, 44, 49, 55]  # Reichheld & Sasser's credit card, profit in years 0 to 5, then 51 a year
CARD_RATE = 0.0555

REGULAR = {"a": 0.704, "b": 1.182}
HIGH_END = {"a": 0.668, "b": 3.806}
REGULAR_SEEN = [63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]
HIGH_END_SEEN = [86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]
REGULAR_FITTED = [62.67, 47.38, 38.80, 33.21, 29.24, 26.25, 23.91, 22.01, 20.44, 19.12, 17.99, 17.01]
HIGH_END_FITTED = [85.07, 74.69, 66.98, 61.00, 56.19, 52.23, 48.89, 46.05, 43.58, 41.42, 39.51, 37.80]

LIST_OF_68 = np.array([0.68, 0.14, 0.09, 0.05, 0.03, 0.01])


def uplift(value, churn, points=0.05):
    """Relative gain in `value(churn)` when churn falls by `points`, in per cent."""
    return 100 * (value(churn - points) / value(churn) - 1)


# Customer lifetime value


@pytest.mark.parametrize(
    ("retention", "discount", "growth", "multiple"),
    [
        (0.6, 0.12, 0.0, 1.154),
        (0.7, 0.12, 0.0, 1.667),
        (0.8, 0.12, 0.0, 2.500),
        (0.9, 0.12, 0.0, 4.091),
        (0.9, 0.10, 0.0, 4.500),
        (0.9, 0.14, 0.0, 3.750),
        (0.9, 0.16, 0.0, 3.462),
        (0.6, 0.12, 0.08, 1.271),
        (0.7, 0.12, 0.08, 1.923),
        (0.8, 0.12, 0.08, 3.125),
        (0.9, 0.12, 0.08, 6.081),
    ],
)
def test_the_margin_multiple_is_gupta_and_lehmanns(retention, discount, growth, multiple):
    found = theory.clv_end_of_period(1, retention, discount=discount, growth=growth)
    assert found == pytest.approx(multiple, abs=5e-4)


def test_v1_values_a_customer_at_250_or_350_by_convention_and_312_50_with_growth():
    assert theory.clv_end_of_period(100, 0.8, discount=0.12) == pytest.approx(250)
    assert theory.clv_annuity_due(100, 0.8, discount=0.12) == pytest.approx(350)
    assert theory.clv_end_of_period(100, 0.8, discount=0.12, growth=0.08) == pytest.approx(312.5)


def test_v1_value_has_the_published_spread_between_customers():
    years, discount, retention = np.arange(4000), 0.12, 0.8
    value = 100 * -np.expm1(-years * math.log1p(discount)) / discount
    chance = retention**years * (1 - retention)
    mean = value @ chance
    assert mean == pytest.approx(theory.clv_end_of_period(100, retention, discount=discount))
    assert math.sqrt((value - mean) ** 2 @ chance) == pytest.approx(207.69, abs=5e-3)


def test_the_conventions_differ_by_one_margin_and_one_year_of_interest():
    end = theory.clv_end_of_period(70, 0.83, discount=0.11)
    assert theory.clv_annuity_due(70, 0.83, discount=0.11) == pytest.approx(end + 70)
    assert theory.clv_before_renewal(70, 0.83, discount=0.11) == pytest.approx(end * 1.11)


def test_the_continuous_value_is_the_integral_of_margin_survival_and_discount():
    area, _ = integrate.quad(lambda t: 70 * 1.11**-t * 0.83**t, 0, math.inf)
    assert theory.clv_continuous(70, -math.log(0.83), discount=0.11) == pytest.approx(area)


def test_a_margin_that_outgrows_churn_and_discount_is_worth_infinitely_much():
    assert theory.clv_end_of_period(1, 0.95, discount=0.02, growth=0.10) == math.inf


@pytest.mark.parametrize(
    ("convention", "discount", "gains"),
    [
        ("D", 0.05, [61.4, 28.3, 18.1, 10.5]),
        ("D", 0.10, [38.6, 24.1, 16.5, 10.0]),
        ("D", 0.15, [24.7, 20.5, 15.0, 9.5]),
        ("A", 0.05, [58.3, 32.8, 25.0, 21.0]),
        ("A", 0.10, [40.7, 27.5, 22.4, 20.0]),
        ("A", 0.15, [31.9, 24.0, 20.5, 19.2]),
    ],
)
def test_five_points_raise_a_flat_margins_value_as_tabled(convention, discount, gains):
    value = {
        "A": lambda churn: theory.clv_end_of_period(1, 1 - churn, discount=discount),
        "D": lambda churn: theory.clv_average_life(1, churn, discount=discount),
    }[convention]
    assert [uplift(value, churn) for churn in (0.1, 0.2, 0.3, 0.5)] == pytest.approx(gains, abs=0.05)


def test_a_joining_cost_raises_what_five_points_are_worth():
    def value(cost):
        return uplift(lambda c: theory.clv_average_life(1, c, discount=0.1, joining_cost=cost), 0.1)

    assert value(1.0) > value(0.0)


@pytest.mark.parametrize(("years", "value"), [(5, 134.0), (10, 300.0), (20, 523.5)])
def test_v3_the_card_customer_of_a_fixed_life_is_worth_what_reichheld_and_sasser_say(years, value):
    found = theory.profile_value_fixed_life(CARD, 51, years=years, discount=CARD_RATE)
    assert found == pytest.approx(value, abs=0.05)


def test_v3_twenty_years_of_the_card_lie_within_one_per_cent_of_the_published_525():
    found = theory.profile_value_fixed_life(CARD, 51, years=20, discount=CARD_RATE)
    assert found == pytest.approx(525, rel=0.01)


@pytest.mark.parametrize(("years", "value", "published"), [(5, 91, 134), (10, 183, 300), (20, 251, 525)])
def test_v3_the_remembered_15_per_cent_footnote_does_not_fit_the_card(years, value, published):
    """The 91 / 183 / 251 of LITERATURE section 1 go on at year 5's 55, not at the fitted 51."""
    found = theory.profile_value_fixed_life(CARD, 55, years=years, discount=0.15)
    assert found == pytest.approx(value, abs=0.5)
    assert found < 0.7 * published


@pytest.mark.parametrize(("churn", "value"), [(0.20, 84.9), (0.10, 216.1), (0.05, 378.0)])
def test_v3_the_card_customer_of_a_geometric_life_is_worth_the_tabled_value(churn, value):
    found = theory.profile_value_geometric_life(CARD, 51, retention=1 - churn, discount=CARD_RATE)
    assert found == pytest.approx(value, abs=0.05)


@pytest.mark.parametrize(("discount", "gain"), [(CARD_RATE, 74.9), (0.10, 60.1), (0.15, 52.6)])
def test_v3_five_points_raise_the_cards_value_by_75_per_cent_only_at_a_low_discount_rate(discount, gain):
    def value(churn):
        return theory.profile_value_geometric_life(CARD, 51, retention=1 - churn, discount=discount)

    assert uplift(value, 0.10) == pytest.approx(gain, abs=0.05)


def test_v3_five_points_raise_the_cards_fixed_life_value_by_74_5_per_cent():
    ten, twenty = (theory.profile_value_fixed_life(CARD, 51, years=n, discount=CARD_RATE) for n in (10, 20))
    assert 100 * (twenty / ten - 1) == pytest.approx(74.5, abs=0.05)


@pytest.mark.parametrize(("discount", "gain"), [(0.05, 58.3), (0.10, 40.7), (0.15, 31.9)])
def test_v3_a_flat_profile_without_joining_cost_never_reaches_75_per_cent(discount, gain):
    def value(churn):
        return theory.profile_value_geometric_life([0], 1, retention=1 - churn, discount=discount)

    assert uplift(value, 0.10) == pytest.approx(gain, abs=0.05)
    assert uplift(value, 0.10) < 60


def test_a_flat_profile_over_a_fixed_life_is_the_average_life_annuity():
    found = theory.profile_value_fixed_life([-30, 10], 10, years=8, discount=0.07)
    assert found == pytest.approx(theory.clv_average_life(10, 1 / 8, discount=0.07, joining_cost=30))


def test_a_life_shorter_than_the_profile_stops_inside_it():
    assert theory.profile_value_fixed_life(CARD, 51, years=2, discount=0.0) == pytest.approx(-51 + 30 + 42)


@pytest.mark.parametrize(("churn", "ratio"), [(0.20, 1.1875), (0.10, 1.1209)])
def test_b2_referred_customers_lower_churn_brackets_schmitts_16_per_cent(churn, ratio):
    usual = theory.clv_end_of_period(1, 1 - churn, discount=0.1)
    referred = theory.clv_end_of_period(1, 1 - 0.82 * churn, discount=0.1)
    assert referred / usual == pytest.approx(ratio, abs=5e-5)
    assert (referred / usual > 1.16) == (churn == 0.20)


def test_b3_a_35_per_cent_discount_halves_the_value_of_whom_it_wins():
    retention = 0.8 ** theory.lewis_hazard_factor(0.35)
    usual = theory.clv_end_of_period(1, 0.8, discount=0.1)
    assert retention == pytest.approx(0.6286, abs=5e-4)
    assert theory.clv_end_of_period(1, retention, discount=0.1) / usual == pytest.approx(0.5, abs=0.001)
    finer = 0.8 ** theory.lewis_hazard_factor(0.35, slope=2.0935)
    assert theory.clv_end_of_period(1, finer, discount=0.1) / usual == pytest.approx(0.5, abs=1e-4)
    assert theory.lewis_hazard_factor(0.0) == 1.0


@pytest.mark.parametrize("discount", [0.05, 0.12, 0.2])
def test_retention_beats_the_discount_rate_by_one_plus_i_over_i(discount):
    def elasticity(shift_retention, shift_discount):
        up = theory.clv_end_of_period(1, 0.8 * shift_retention, discount=discount * shift_discount)
        return math.log(up / theory.clv_end_of_period(1, 0.8, discount=discount)) / 1e-6

    ratio = elasticity(1 + 1e-6, 1) / elasticity(1, 1 + 1e-6)
    assert ratio == pytest.approx(-(1 + discount) / discount, rel=1e-4)


# Survival


@pytest.mark.parametrize("power", [0.5, 0.7, 1.0, 1.6])
def test_the_power_of_duration_leaves_first_year_survival_where_it_was(power):
    hazard = -math.log(0.78) / 12
    assert theory.survival_weibull(12, hazard, power=power) == pytest.approx(0.78)
    later = theory.survival_weibull(36, hazard, power=power)
    assert later == pytest.approx(0.78 ** (3**power))


def test_an_exponential_life_keeps_its_retention_at_every_tenure():
    survival = theory.survival_exponential([0, 12, 24, 36], -math.log(0.8) / 12)
    assert survival == pytest.approx([1, 0.8, 0.64, 0.512])


@pytest.mark.parametrize("variance", [0.2, 0.5, 3.0])
def test_gamma_frailty_survival_is_the_average_over_the_gamma_law(variance):
    shape = 1 / variance
    hazard = np.array([0.1, 0.9, 4.0])

    def weighed(quantile_hazard):  # in z = u^(1/shape), which takes the pole of the density at zero away
        scale = math.gamma(shape + 1) * variance**shape
        area, _ = integrate.quad(
            lambda u: math.exp(-(u**variance) * (1 / variance + quantile_hazard)) / scale, 0, math.inf
        )
        return area

    expected = [weighed(h) for h in hazard]
    assert theory.survival_gamma_frailty(hazard, variance) == pytest.approx(expected, rel=1e-6)


def test_gamma_frailty_of_no_variance_is_no_frailty_and_a_little_is_nearly_none():
    assert theory.survival_gamma_frailty([0.3, 2.0], 0) == pytest.approx(np.exp([-0.3, -2.0]))
    assert theory.survival_gamma_frailty(0.3, 1e-9) == pytest.approx(math.exp(-0.3))


@pytest.mark.parametrize(
    ("law", "fitted"), [(REGULAR, REGULAR_FITTED), (HIGH_END, HIGH_END_FITTED)], ids=["regular", "high end"]
)
def test_v4_sbg_survival_is_table_5a(law, fitted):
    assert 100 * theory.survival_sbg(range(1, 13), **law) == pytest.approx(fitted, abs=0.0051)


@pytest.mark.parametrize(
    ("law", "seen"), [(REGULAR, REGULAR_SEEN), (HIGH_END, HIGH_END_SEEN)], ids=["regular", "high end"]
)
def test_v4_sbg_survival_lies_within_five_per_cent_of_the_customers_observed(law, seen):
    assert 100 * theory.survival_sbg(range(1, 13), **law) == pytest.approx(seen, rel=0.05)


@pytest.mark.parametrize(
    ("law", "first", "last", "churner"),
    [(REGULAR, 0.6267, 0.9454, 0.373), (HIGH_END, 0.8507, 0.9568, 0.149)],
    ids=["regular", "high end"],
)
def test_v4_cohort_retention_rises_although_nobodys_theta_changes(law, first, last, churner):
    retention = theory.retention_sbg(range(1, 13), **law)
    assert retention[[0, -1]] == pytest.approx([first, last], abs=5e-5)
    assert np.all(np.diff(retention) > 0)
    assert np.cumprod(retention) == pytest.approx(theory.survival_sbg(range(1, 13), **law))
    assert 1 - retention[0] == pytest.approx(churner, abs=5e-4)


@pytest.mark.parametrize(
    ("seen", "fit", "likelihood"),
    [(REGULAR_SEEN, (0.70408, 1.18204), -1.6803), (HIGH_END_SEEN, (0.66809, 3.80610), -1.6112)],
    ids=["regular", "high end"],
)
def test_v4_the_published_parameters_are_the_most_likely_ones_for_years_1_to_7(seen, fit, likelihood):
    alive = np.append(1.0, np.array(seen[:7]) / 100)

    def mean_log_likelihood(law):
        survival = theory.survival_sbg(range(8), a=law[0], b=law[1])
        return -np.diff(alive) @ np.log(-np.diff(survival)) + alive[-1] * np.log(survival[-1])

    best = optimize.minimize(lambda log: -mean_log_likelihood(np.exp(log)), [0.0, 0.0], tol=1e-12)
    assert np.exp(best.x) == pytest.approx(fit, abs=2e-4)
    assert -best.fun == pytest.approx(likelihood, abs=5e-5)


def test_the_bdw_of_power_one_is_the_sbg_and_fractions_of_a_term_lie_between():
    assert theory.survival_bdw([1, 5], power=1, **REGULAR) == pytest.approx(theory.survival_sbg([1, 5], **REGULAR))
    assert theory.survival_bdw(1, power=1.7, **REGULAR) == pytest.approx(theory.survival_sbg(1, **REGULAR))
    assert theory.survival_sbg(1, **REGULAR) < theory.survival_sbg(0.5, **REGULAR) < 1


@pytest.mark.parametrize("power", [0.6, 1.0, 1.4])
def test_bdw_survival_is_the_average_of_one_minus_theta_to_the_t_to_the_c(power):
    a, b, time = 0.8, 2.5, 3.5
    expected, _ = integrate.quad(lambda p: (1 - p) ** (time**power), 0, 1, weight="alg", wvar=(a - 1, b - 1))
    scale = math.gamma(a) * math.gamma(b) / math.gamma(a + b)
    assert theory.survival_bdw(time, a=a, b=b, power=power) == pytest.approx(expected / scale)


def test_del_and_derl_are_the_discounted_sums_of_survival():
    years, discount = np.arange(200_000), 0.1
    alive = theory.survival_sbg(years, **HIGH_END)
    assert theory.del_sbg(discount=discount, **HIGH_END) == pytest.approx(alive @ (1 + discount) ** -years)
    for renewal in (1, 4):
        later = theory.survival_sbg(renewal + years, **HIGH_END) @ (1 + discount) ** -years
        given = theory.survival_sbg(renewal - 1, **HIGH_END)
        assert theory.derl_sbg(renewal, discount=discount, **HIGH_END) == pytest.approx(later / given)


def test_customers_all_alike_have_the_homogeneous_residual_life_of_convention_c():
    a, b = 0.2e4, 0.8e4  # at a discount the 2F1 of scipy can still sum
    expected = theory.clv_before_renewal(1, 0.8, discount=0.5)
    assert theory.derl_sbg(3, a=a, b=b, discount=0.5) == pytest.approx(expected, rel=1e-3)


def test_one_average_retention_rate_undervalues_a_mixed_base():
    average = theory.retention_sbg(1, **REGULAR)
    assert theory.del_sbg(discount=0.1, **REGULAR) > theory.clv_annuity_due(1, float(average), discount=0.1)


# The settled pool


def test_a_settled_pool_of_like_customers_retains_what_newcomers_do():
    def survival(months):
        return theory.survival_exponential(months, -math.log(0.8) / 12)

    assert theory.retention_settled(survival, 120) == pytest.approx(0.8)


def test_the_settled_pool_of_gamma_frailty_has_its_closed_form():
    v, hazard, age = 0.5, -math.log(0.7) / 12, 120.0

    def survival(months):
        return theory.survival_gamma_frailty(theory.cumulative_hazard(months, hazard), v)

    def area(months):  # of (1 + v h t)^(-1/v) from 0
        return (1 - (1 + v * hazard * months) ** (1 - 1 / v)) / (hazard * (1 - v))

    expected = (area(age + 12) - area(12)) / area(age)
    assert theory.retention_settled(survival, age) == pytest.approx(expected)
    assert theory.retention_settled(survival, age) > survival(12)
    assert theory.retention_settled(survival) == theory.retention_settled(survival, 10 * 12)


@pytest.mark.parametrize(
    ("frailty", "power"), [("none", 0.7), ("gamma", 1.0), ("gamma", 0.7), ("gamma", 1.5), ("beta", 1.2)]
)
def test_the_settled_retention_is_that_of_a_pool_grown_customer_by_customer(frailty, power):
    """n = 400,000 joiners, uniform over 120 months, seed 11: tenure and frailty of those who survive."""
    rng, n, hazard, law = np.random.default_rng(11), 400_000, -math.log(0.75) / 12, {"a": 0.7, "b": 2.0}
    joined_before = rng.uniform(0, 120, n)
    scale = {
        "none": lambda: np.full(n, 12 * hazard),
        "gamma": lambda: 12 * hazard * rng.gamma(2.0, 0.5, n),
        "beta": lambda: -np.log1p(-rng.beta(law["a"], law["b"], n)),
    }[frailty]()
    life = 12 * (rng.exponential(size=n) / scale) ** (1 / power)
    survival = {
        "none": lambda t: theory.survival_weibull(t, hazard, power=power),
        "gamma": lambda t: theory.survival_gamma_frailty(theory.cumulative_hazard(t, hazard, power=power), 0.5),
        "beta": lambda t: theory.survival_bdw(t / 12, power=power, **law),
    }[frailty]
    present = life > joined_before
    observed = np.mean(life[present] > joined_before[present] + 12)
    expected = theory.retention_settled(survival, 120)
    assert theory.within(observed, expected, theory.binomial_se(expected, present.sum()))


# Competing reasons


@pytest.mark.parametrize(
    ("years", "incidence"),
    [
        (1, [0.1360, 0.0280, 0.0180, 0.0100, 0.0060, 0.0020]),
        (5, [0.4572, 0.0941, 0.0605, 0.0336, 0.0202, 0.0067]),
    ],
)
def test_v9_cumulative_incidence_is_as_tabled(years, incidence):
    found = theory.cumulative_incidence(-math.log(0.8) * LIST_OF_68, years)
    assert found == pytest.approx(incidence, abs=5e-5)


def test_v9_the_total_hazard_is_0_22314_and_incidences_sum_to_all_who_left():
    assert -math.log(0.8) == pytest.approx(0.22314, abs=5e-6)
    found = theory.cumulative_incidence(-math.log(0.8) * LIST_OF_68, 5)
    assert found.sum() == pytest.approx(1 - 0.8**5)


def test_v9_one_minus_kaplan_meier_overstates_the_first_reason_at_five_years():
    hazards = -math.log(0.8) * LIST_OF_68
    found = theory.one_minus_kaplan_meier(hazards, 5)
    assert found[0] == pytest.approx(0.5317, abs=5e-5)
    assert np.all(found > theory.cumulative_incidence(hazards, 5))


@pytest.mark.parametrize(("share", "gain"), [(0.68, 3.125), (0.14, 1.163)])
def test_v9_closing_a_reason_lengthens_life_by_its_share_and_only_that(share, gain):
    assert theory.mean_life_gain_if_closed(share) == pytest.approx(gain, abs=5e-4)


def test_v9_halving_one_of_many_reasons_gains_less_than_halving_the_only_one():
    alone = theory.mean_life_gain_if_closed(1.0, part=0.5)
    assert alone == 2
    assert all(theory.mean_life_gain_if_closed(share, part=0.5) < alone for share in LIST_OF_68)


# The pool


def test_v11_referrals_make_a_pool_of_500_with_variance_625():
    assert theory.referral_pool_mean(100, 0.25, referral=0.05) == pytest.approx(500)
    assert theory.referral_pool_variance(100, 0.25, referral=0.05) == pytest.approx(625)


def test_v11_without_referrals_mean_and_variance_are_both_400():
    assert theory.referral_pool_mean(100, 0.25) == pytest.approx(400)
    assert theory.referral_pool_variance(100, 0.25) == pytest.approx(400)


def test_v11_the_variance_is_that_of_the_stationary_birth_death_chain():
    n = np.arange(3000.0)
    births, deaths = 100 + 0.05 * n[:-1], 0.25 * n[1:]
    weight = np.append(0, np.cumsum(np.log(births / deaths)))
    chance = np.exp(weight - weight.max())
    chance /= chance.sum()
    mean = chance @ n
    assert mean == pytest.approx(theory.referral_pool_mean(100, 0.25, referral=0.05))
    variance = theory.referral_pool_variance(100, 0.25, referral=0.05)
    assert chance @ (n - mean) ** 2 == pytest.approx(variance)


@pytest.mark.parametrize("years", [0, 1, 5, 20])
def test_v11_the_pool_fills_from_nobody_as_500_times_one_minus_e_to_the_minus_0_2_t(years):
    found = theory.referral_pool_transient(100, 0.25, referral=0.05, time=years)
    assert found == pytest.approx(500 * (1 - math.exp(-0.2 * years)))


def test_a_pool_that_starts_in_balance_stays_there_and_one_above_it_shrinks():
    stays = theory.referral_pool_transient(100, 0.25, referral=0.05, start=500, time=3)
    shrinks = theory.referral_pool_transient(100, 0.25, referral=0.05, start=800, time=3)
    assert stays == pytest.approx(500)
    assert shrinks == pytest.approx(500 + 300 * math.exp(-0.6))


def test_a_pool_whose_referrals_match_its_churn_grows_by_its_joins_without_end():
    assert theory.referral_pool_mean(100, 0.25, referral=0.25) == math.inf
    assert theory.referral_pool_variance(100, 0.25, referral=0.30) == math.inf
    grown = theory.referral_pool_transient(100, 0.25, referral=0.25, start=7, time=3)
    assert grown == pytest.approx(307)


@pytest.mark.parametrize("law", ["exponential", "weibull", "fixed"])
def test_v11_the_mean_pool_does_not_depend_on_the_law_of_lifetimes(law):
    mean_life = 4.0
    scale = mean_life / math.gamma(1 + 1 / 0.7)
    survival = {
        "exponential": lambda t: math.exp(-t / mean_life),
        "weibull": lambda t: math.exp(-((t / scale) ** 0.7)),
        "fixed": lambda t: max(0.0, min(1.0, (mean_life + 1e-3 - t) / 2e-3)),
    }[law]
    if law == "fixed":
        found = theory.pool_from_empty(100, survival, time=mean_life - 1e-3) + 100 * 1e-3
    else:
        found = theory.pool_from_empty(100, survival, time=400)
    assert found == pytest.approx(theory.pool_mean(100, mean_life), rel=1e-6)
    assert theory.pool_mean(100, mean_life) == 400


def test_a_pool_of_exponential_lives_fills_as_the_transient_says():
    found = theory.pool_from_empty(100, lambda t: math.exp(-0.25 * t), time=2.5)
    assert found == pytest.approx(theory.referral_pool_transient(100, 0.25, time=2.5))


def test_v11_cutting_the_hazard_by_a_fifth_is_worth_a_quarter_more_joins():
    assert theory.referral_pool_mean(100, 0.20) == pytest.approx(theory.referral_pool_mean(125, 0.25))


def test_v11_a_breach_of_3_9_per_cent_costs_97_5_customer_years():
    lost = theory.breach_lost_time(500, 0.039, hazard=0.2)
    area, _ = integrate.quad(lambda t: 500 - theory.breach_pool(500, 0.039, hazard=0.2, time=t), 0, math.inf)
    assert lost == pytest.approx(97.5)
    assert area == pytest.approx(lost)
    assert theory.breach_pool(500, 0.039, hazard=0.2, time=0) == pytest.approx(480.5)


def test_b1_the_small_brand_loses_half_and_the_large_one_an_eighth_and_shares_stand_still():
    churn, after = theory.double_jeopardy([200, 800], [[0, 100], [100, 0]])
    assert churn == pytest.approx([0.5, 0.125])
    assert after == pytest.approx([200, 800])


def test_switches_in_one_direction_move_the_shares():
    churn, after = theory.double_jeopardy([200, 800], [[0, 100], [40, 0]])
    assert churn == pytest.approx([0.5, 0.05])
    assert after == pytest.approx([140, 860])


@pytest.mark.parametrize(
    ("churn", "extra"),
    [(0.10, 1.0), (0.15, 0.5), (0.20, 1 / 3), (0.25, 0.25), (0.30, 0.2), (0.40, 1 / 7)],
)
def test_five_points_are_worth_the_joins_of_section_13(churn, extra):
    assert theory.equivalent_extra_joins(churn, 0.05, continuous=False) == pytest.approx(extra)


@pytest.mark.parametrize(("churn", "extra"), [(0.10, 1.054), (0.20, 0.373), (0.30, 0.240)])
def test_in_continuous_time_five_points_are_worth_a_little_more(churn, extra):
    assert theory.equivalent_extra_joins(churn, 0.05, continuous=True) == pytest.approx(extra, abs=5e-4)
    found = theory.referral_pool_mean(100 * (1 + extra), -math.log1p(-churn))
    assert found == pytest.approx(theory.referral_pool_mean(100, -math.log1p(-churn + 0.05)), rel=5e-4)


# Spending


def test_the_saturation_constant_brings_todays_response_at_todays_spend():
    k = theory.saturation_constant(40_000, 70, ceiling=180)
    assert theory.saturating_response(40_000, 180, k=k) == pytest.approx(70)
    assert theory.saturating_response([0, 1e9], 180, k=k) == pytest.approx([0, 180])


def test_the_marginal_cost_is_the_slope_of_the_response_upside_down():
    k = theory.saturation_constant(40_000, 70, ceiling=180)
    low, high = theory.saturating_response([39_999, 40_001], 180, k=k)
    assert theory.marginal_cost(40_000, 180, k=k) == pytest.approx(2 / (high - low), rel=1e-6)


def test_at_the_best_spend_the_next_joiner_costs_what_it_is_worth():
    k, clv = theory.saturation_constant(40_000, 70, ceiling=180), 1_500.0
    best = theory.optimal_spend(clv, 180, k=k)
    found = optimize.minimize_scalar(
        lambda spend: spend - clv * float(theory.saturating_response(spend, 180, k=k)),
        bounds=(0, 400_000),
        options={"xatol": 1e-3},
    )
    assert theory.marginal_cost(best, 180, k=k) == pytest.approx(clv)
    assert found.x == pytest.approx(best, rel=1e-4)


def test_a_customer_worth_less_than_the_first_joiner_costs_gets_no_spend():
    assert theory.optimal_spend(100, 180, k=1e-6) == 0


def test_pfeifers_theorem_holds_for_the_best_retention_spend():
    ceiling, k, margin, discount = 0.95, 0.08, 100.0, 0.12

    def loss(spend):
        retention = float(theory.saturating_response(spend, ceiling, k=k))
        return -theory.clv_retained_at(margin, spend, retention=retention, discount=discount)

    best = optimize.minimize_scalar(loss, bounds=(0, 200), options={"xatol": 1e-9})
    assert theory.marginal_cost(best.x, ceiling, k=k) == pytest.approx(-best.fun, rel=1e-4)


def test_the_retained_value_is_the_published_sum_of_two_terms():
    margin, spend, retention, discount = 100, 12, 0.8, 0.12
    published = margin + (margin - spend / retention) * retention / (1 + discount - retention)
    found = theory.clv_retained_at(margin, spend, retention=retention, discount=discount)
    assert found == pytest.approx(published)


def test_the_hill_curve_reaches_half_its_ceiling_at_half():
    assert theory.hill_response([0, 30, 1e12], 180, half=30, power=2) == pytest.approx([0, 90, 180])
    assert theory.hill_response(60, 180, half=30, power=2) == pytest.approx(180 * 4 / 5)


# The desk


def test_v8_the_fifty_agents_lose_3_1_per_cent_after_3_7_seconds():
    desk = theory.erlang_a(48, 1, patience=0.5, agents=50)
    assert desk.abandon == pytest.approx(0.030912, abs=5e-7)
    assert desk.wait == pytest.approx(0.061825, abs=1e-6)  # 0.0618245, printed there a digit too high
    assert 60 * desk.wait == pytest.approx(3.709, abs=5e-4)
    assert desk.length == pytest.approx(2.968, abs=5e-4)
    assert desk.utilisation == pytest.approx(0.9303, abs=5e-5)
    assert desk.delayed == pytest.approx(0.4678, abs=5e-5)


def test_v8_the_ten_agents_lose_10_4_per_cent():
    desk = theory.erlang_a(10, 1, patience=0.5, agents=10)
    assert desk.abandon == pytest.approx(0.10391, abs=5e-6)
    assert desk.wait == pytest.approx(0.20783, abs=5e-6)
    assert desk.length == pytest.approx(2.0783, abs=5e-5)
    assert desk.utilisation == pytest.approx(0.8961, abs=5e-5)


def test_v8_without_hanging_up_the_fifty_agents_keep_callers_waiting_21_seconds():
    desk = theory.erlang_c(48, 1, agents=50)
    assert 60 * desk.wait == pytest.approx(20.834, abs=5e-4)
    assert desk.length == pytest.approx(16.667, abs=5e-4)
    assert desk.utilisation == pytest.approx(0.96)
    assert desk.abandon == 0


def test_v8_endless_patience_turns_erlang_a_into_erlang_c():
    patient = theory.erlang_a(48, 1, patience=1e-5, agents=50)
    endless = theory.erlang_c(48, 1, agents=50)
    assert patient.wait == pytest.approx(endless.wait, rel=1e-3)
    assert patient.delayed == pytest.approx(endless.delayed, rel=1e-3)


def test_the_share_that_hangs_up_is_patience_times_the_wait_and_chances_sum_to_one():
    desk = theory.erlang_a(7, 0.5, patience=0.3, agents=12)
    states = theory.erlang_a_states(7, 0.5, patience=0.3, agents=12)
    busy = np.minimum(np.arange(len(states)), 12) @ states
    assert desk.abandon == pytest.approx(0.3 * desk.wait)
    assert states.sum() == pytest.approx(1)
    assert desk.utilisation == pytest.approx(busy / 12)
    assert states[-1] < 1e-15


def test_patience_as_short_as_service_makes_the_number_present_poisson():
    states = theory.erlang_a_states(8, 1, patience=1, agents=5)
    expected = [math.exp(-8) * 8**n / math.factorial(n) for n in range(15)]
    assert states[:15] == pytest.approx(expected)


def test_a_desk_without_hanging_up_drowns_once_work_fills_its_agents():
    desk = theory.erlang_c(100, 2, agents=50)
    assert desk == theory.Queue(abandon=0, wait=math.inf, length=math.inf, utilisation=1, delayed=1)


def test_one_or_two_agents_without_hanging_up_have_the_textbook_wait():
    lone = theory.erlang_c(1.5, 2, agents=1)
    pair = theory.erlang_c(3, 2, agents=2)
    load = 0.75
    assert lone == pytest.approx((0, load / 0.5, load**2 / (1 - load), load, load))
    assert pair.delayed == pytest.approx(2 * load**2 / (1 + load))
    assert pair.wait == pytest.approx(load**2 / (2 * (1 - load**2)))


# Chance


def test_the_standard_error_of_a_share_is_the_binomial_one():
    assert theory.binomial_se(0.5, 10_000) == pytest.approx(0.005)
    assert 4 * theory.binomial_se(0.47, 100_000) == pytest.approx(0.0063, abs=5e-5)


@pytest.mark.parametrize(("observed", "claim"), [(10.4, True), (9.6, True), (10.401, False), (9.599, False)])
def test_within_is_two_sided_and_four_standard_errors_wide(observed, claim):
    assert theory.within(observed, 10, 0.1 + 1e-12) is claim


def test_nothing_is_within_anything_of_nan():
    assert theory.within(math.nan, 1, 1) is False
    assert theory.within(1, 1, math.nan) is False


# The package


def test_theory_offers_every_closed_form_of_its_modules_under_one_name():
    homes = [importlib.import_module(f"retainsim.theory.{each.name}") for each in pkgutil.iter_modules(theory.__path__)]
    forms = [
        (home, name)
        for home in homes
        for name, form in vars(home).items()
        if callable(form) and not name.startswith("_") and getattr(form, "__module__", "") == home.__name__
    ]
    assert len(forms) > 70
    assert all(getattr(theory, name) is getattr(home, name) for home, name in forms)
    assert sorted(theory.__all__) == sorted([*(name for _, name in forms), "Floats", "LEWIS_SLOPE", "Survival"])
