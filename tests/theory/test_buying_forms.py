"""Closed forms of buying, perception, strain, size and finite markets, against published numbers and plain simulation.

Nothing here is compared with the formula under test: customers are played one happening after another with numpy, and
every observation must lie within 4 standard errors on either side.
"""

import math

import numpy as np
import pytest
from experiment import check, check_shares, mean
from scipy import integrate, linalg, optimize, special

from retainsim import theory

CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}  # weeks; Fader, Hardie & Lee 2005
CDNOW_PARETO = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}  # weeks; likewise
CDNOW_SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}  # dollars; Fader & Hardie 2013
RICH = {"r": 2.0, "alpha": 3.0, "a": 1.0, "b": 0.7}  # a = 1, where the published E[X(t)] has a pole


def luck(seed):
    return np.random.default_rng(seed)


# Buying


def shop(law, until, n, seed):
    """Play `n` customers purchase by purchase: how many each made by `until`, and whether it is still one."""
    rng = luck(seed)
    rate = rng.gamma(law["r"], 1 / law["alpha"], n)
    dropout = rng.beta(law["a"], law["b"], n)
    clock, made, active = np.zeros(n), np.zeros(n, dtype=int), np.ones(n, dtype=bool)
    going = np.arange(n)
    while len(going):
        clock[going] += rng.exponential(size=len(going)) / rate[going]
        going = going[clock[going] <= until]
        made[going] += 1
        lost = rng.random(len(going)) < dropout[going]
        active[going[lost]] = False
        going = going[~lost]
    return made, active


@pytest.mark.parametrize(
    ("week", "purchases"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437)],
)
def test_bg_nbd_purchases_are_those_of_the_authors_worksheet(week, purchases):
    """Fader & Hardie's E[X(t)], at the estimates in full as the R package CLVTools prints them.

    Left out is week 78: their 1.8576 is what 150 terms of the hypergeometric series add up to, all of them 1.8580.
    """
    estimates = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    assert theory.bg_nbd_purchases(week, **estimates) == pytest.approx(purchases, abs=5.1e-5)


def test_bg_nbd_chances_are_those_printed_in_the_manual_of_the_r_package_btyd():
    assert theory.bg_nbd_chances(10, time=2, **CDNOW) == pytest.approx(1.07869e-07, rel=5e-6)
    assert theory.bg_nbd_chances(0, time=39, **CDNOW) == pytest.approx(0.5737864, abs=5e-8)
    printed = [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638]
    printed += [0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260]
    assert theory.bg_nbd_chances(range(11, 21), time=30, **CDNOW) == pytest.approx(printed, abs=5e-11)


@pytest.mark.parametrize(("law", "until"), [(CDNOW, 39.0), (CDNOW, 78.0), (RICH, 12.0)], ids=["39", "78", "a = 1"])
def test_bg_nbd_says_how_customers_played_one_purchase_after_another_buy(law, until):
    """n = 200,000, seed 1."""
    n = 200_000
    made, active = shop(law, until, n, seed=1)
    check(*pair(made, theory.bg_nbd_purchases(until, **law)), f"purchases by {until}, n = {n}")
    share = theory.bg_nbd_active(until, **law)
    check(active.mean(), share, theory.binomial_se(share, n), f"active at {until}, n = {n}")
    chances = theory.bg_nbd_chances(range(6), time=until, **law)
    check_shares(np.bincount(made, minlength=6)[:6], chances, n, f"purchases by {until}")


def pair(values, expected):
    """Return what is observed, what is expected and the standard error of a mean, as `check` takes them."""
    observed, se = mean(values)
    return observed, expected, se


@pytest.mark.parametrize("law", [CDNOW, RICH, {"r": 0.4, "alpha": 2.0, "a": 0.2, "b": 0.5}])
@pytest.mark.parametrize("time", [0.0, 0.5, 20.0])
def test_bg_nbd_chances_sum_to_one_and_have_the_expected_mean(law, time):
    purchases = np.arange(3000)
    chances = theory.bg_nbd_chances(purchases, time=time, **law)
    assert chances.sum() == pytest.approx(1)
    assert np.all(chances >= 0)
    assert chances @ purchases == pytest.approx(theory.bg_nbd_purchases(time, **law))


@pytest.mark.parametrize("time", [1.0, 39.0, 5_000.0])
def test_bg_nbd_integrals_are_the_published_hypergeometric_functions(time):
    r, alpha, a, b = CDNOW.values()
    passed = time / (alpha + time)
    quiet = (alpha / (alpha + time)) ** r
    purchases = (a + b - 1) / (a - 1) * (1 - quiet * special.hyp2f1(r, b, a + b - 1, passed))
    assert theory.bg_nbd_purchases(time, **CDNOW) == pytest.approx(purchases, rel=1e-8)
    assert theory.bg_nbd_active(time, **CDNOW) == pytest.approx(quiet * special.hyp2f1(r, b, a + b, passed), rel=1e-8)


def test_bg_nbd_purchases_pass_smoothly_through_the_pole_of_the_published_form():
    near = [theory.bg_nbd_purchases(12, **{**RICH, "a": a}) for a in (1 - 1e-6, 1, 1 + 1e-6)]
    assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-8)
    assert near[0] > near[1] > near[2]


def test_bg_nbd_customers_all_alike_buy_as_one_of_them_does():
    law = {"r": 4e6, "alpha": 1e7, "a": 0.2e6, "b": 0.8e6}  # 0.4 a month, one in five drops out
    assert theory.bg_nbd_purchases(9, **law) == pytest.approx(-math.expm1(-0.2 * 0.4 * 9) / 0.2, rel=1e-5)
    assert theory.bg_nbd_active(9, **law) == pytest.approx(math.exp(-0.2 * 0.4 * 9), rel=1e-5)


def test_bg_nbd_starts_with_everybody_active_and_nothing_bought():
    assert theory.bg_nbd_purchases(0, **CDNOW) == 0
    assert theory.bg_nbd_active(0, **CDNOW) == pytest.approx(1)
    assert theory.bg_nbd_chances([0, 1], time=0, **CDNOW) == pytest.approx([1, 0])


def test_pareto_nbd_purchases_are_those_printed_by_the_r_package_btyd():
    """1.473 in 52 weeks from its estimates on the CDNOW sample, and weeks 0 to 9 of its manual."""
    estimates = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
    assert theory.pareto_nbd_purchases(52, **estimates) == pytest.approx(1.473, abs=5e-4)
    printed = [0, 0.05077821, 0.09916088, 0.14542507, 0.18979930]
    printed += [0.23247466, 0.27361274, 0.31335159, 0.35181024, 0.38909211]
    found = theory.pareto_nbd_purchases(range(10), r=0.55, alpha=10.56, s=0.61, beta=11.64)
    assert found == pytest.approx(printed, abs=5.1e-9)


def test_pareto_nbd_says_how_customers_played_over_a_lifetime_each_buy():
    """n = 400,000, seed 3."""
    n, until, rng = 400_000, np.array([13.0, 39.0, 78.0]), luck(3)
    rate = rng.gamma(CDNOW_PARETO["r"], 1 / CDNOW_PARETO["alpha"], n)
    life = rng.exponential(size=n) / rng.gamma(CDNOW_PARETO["s"], 1 / CDNOW_PARETO["beta"], n)
    expected = theory.pareto_nbd_purchases(until, **CDNOW_PARETO)
    active = theory.pareto_nbd_active(until, s=CDNOW_PARETO["s"], beta=CDNOW_PARETO["beta"])
    for week, purchases, share in zip(until, expected, active, strict=True):
        check(*pair(rng.poisson(rate * np.minimum(life, week)), purchases), f"purchases by {week}, n = {n}")
        check(np.mean(life > week), share, theory.binomial_se(share, n), f"active at {week}, n = {n}")


def test_pareto_nbd_purchases_are_the_integral_of_the_mean_rate_of_who_is_active_even_at_s_of_one():
    for s in (0.6, 1.0, 1.0 + 1e-9, 2.5):
        area, _ = integrate.quad(lambda t, s=s: (7 / (7 + t)) ** s, 0, 30)
        assert theory.pareto_nbd_purchases(30, r=2, alpha=5, s=s, beta=7) == pytest.approx(2 / 5 * area)


def test_gamma_gamma_mean_spend_is_that_of_simulated_purchases():
    """One purchase each of n = 1,000,000 customers, seed 4; the CDNOW sample itself spends 35.08 on average."""
    n, rng = 1_000_000, luck(4)
    own = rng.gamma(CDNOW_SPEND["q"], 1 / CDNOW_SPEND["gamma"], n)
    spent = rng.gamma(CDNOW_SPEND["p"], 1 / own)
    expected = theory.gamma_gamma_mean(**CDNOW_SPEND)
    check(*pair(spent, expected), f"spend, n = {n}")
    assert expected == pytest.approx(35.08, rel=0.01)


def test_gamma_gamma_variance_is_the_covariance_of_two_purchases_of_one_customer():
    """n = 1,000,000 customers, seed 5, with q = 12 so that the covariance has a standard error."""
    n, rng = 1_000_000, luck(5)
    law = {"p": 3.0, "q": 12.0, "gamma": 90.0}
    own = rng.gamma(law["q"], 1 / law["gamma"], n)
    first, second = rng.gamma(law["p"], 1 / own), rng.gamma(law["p"], 1 / own)
    centre = theory.gamma_gamma_mean(**law)
    check(*pair((first - centre) * (second - centre), theory.gamma_gamma_variance(**law)), f"covariance, n = {n}")


def test_gamma_gamma_variance_is_that_of_a_mean_spend_over_the_gamma_law():
    p, q, gamma = CDNOW_SPEND.values()

    def moment(power):
        area, _ = integrate.quad(lambda v: (p * gamma / v) ** power * v ** (q - 1) * math.exp(-v), 0, math.inf)
        return area / math.gamma(q)

    assert theory.gamma_gamma_variance(**CDNOW_SPEND) == pytest.approx(moment(2) - moment(1) ** 2)


def test_gamma_gamma_spend_without_a_mean_or_a_variance_says_so():
    assert theory.gamma_gamma_mean(p=6, q=1, gamma=15) == math.inf
    assert theory.gamma_gamma_variance(p=6, q=2, gamma=15) == math.inf


# Perception and surveys


def test_reverting_variance_and_autocovariance_are_those_of_small_steps():
    """n = 40,000 paths from 0, sigma 0.08 per root month, half-life 6, 50 steps a month, seed 6."""
    n, drift, half_life, step, rng = 40_000, 0.08, 6.0, 1 / 50, luck(6)
    pull, place, seen = math.log(2) / half_life, np.zeros(n), {}
    for month in range(1, 25):
        for _ in range(50):
            place = place * (1 - pull * step) + drift * math.sqrt(step) * rng.standard_normal(n)
        seen[month] = place
    for month in (1, 6, 24):
        expected = theory.reverting_variance(drift, half_life, time=month)
        check(seen[month].var(), expected, expected * math.sqrt(2 / n), f"variance at {month}, n = {n}")
    expected = theory.reverting_autocovariance(drift, half_life, lag=4, time=20)
    check(*pair(seen[20] * seen[24], expected), f"autocovariance, n = {n}")


def test_reverting_variance_balances_what_drift_adds_against_what_reversion_takes():
    still = theory.reverting_variance(0.08, 6.0)
    assert pytest.approx(2 * math.log(2) / 6 * still) == 0.08**2
    assert theory.reverting_variance(0.08, 6.0, time=3) == pytest.approx(still / 2)  # half of it in half a half-life
    assert theory.reverting_autocovariance(0.08, 6.0, lag=12) == pytest.approx(still / 4)


def test_perception_that_never_returns_wanders_as_a_brownian_motion():
    assert theory.reverting_variance(0.08, math.inf, time=25) == pytest.approx(0.16)
    assert theory.reverting_variance(0.08, math.inf) == math.inf
    assert theory.reverting_variance(0.0, 6.0) == 0


def test_response_bias_of_two_groups_is_what_counting_answers_gives():
    """Of 100 who score 9 forty answer, of 100 who score 5 ten: (360 + 50) / 50 = 8.2 is heard, 7 is true."""
    score = np.repeat([9.0, 5.0], 100)
    assert theory.response_bias(np.repeat([0.4, 0.1], 100), score) == pytest.approx(1.2)
    assert theory.response_bias(np.full(200, 0.3), score) == pytest.approx(0)


def test_response_bias_says_how_far_simulated_answers_stray():
    """n = 400,000 normal scores of sd 2, seed 7; who answers is drawn."""
    n, sd, rng = 400_000, 2.0, luck(7)
    score = sd * rng.standard_normal(n)
    exponential, logistic = 0.05 * np.exp(0.15 * score), special.expit(-1.5 + 0.8 * score)
    for name, chance, expected in (
        ("exponential", exponential, theory.response_bias_exponential(0.15, sd=sd)),
        ("logistic", logistic, theory.response_bias_logistic(-1.5, 0.8, sd=sd)),
    ):
        heard = score[rng.random(n) < chance]
        check(*pair(heard, expected), f"{name}, {len(heard)} answers")
        check(*pair(heard - score.mean(), theory.response_bias(chance, score)), f"{name}, these customers")


def test_response_bias_vanishes_where_all_answer_alike_and_is_that_of_the_exponential_where_few_do():
    assert theory.response_bias_logistic(0.3, 0.0, sd=2.0) == pytest.approx(0, abs=1e-12)
    few = theory.response_bias_logistic(-14.0, 0.4, sd=1.5)
    assert few == pytest.approx(theory.response_bias_exponential(0.4, sd=1.5), rel=1e-4)


# Concentration


def test_pareto_eighty_twenty_needs_an_alpha_of_log_5_over_log_4_and_repeats_within_the_top():
    alpha = math.log(5) / math.log(4)
    assert theory.pareto_top_share([0.2, 0.04, 0.008, 1], alpha=alpha) == pytest.approx([0.8, 0.64, 0.512, 1])
    assert theory.pareto_top_share(0.01, alpha=0.9) == 1


def largest(sizes, top):
    """Return the share of each row's total its largest `top` fraction holds."""
    ordered = -np.sort(-sizes, axis=1)
    return ordered[:, : round(top * sizes.shape[1])].sum(axis=1) / ordered.sum(axis=1)


@pytest.mark.parametrize("top", [0.01, 0.2])
def test_top_shares_are_those_of_drawn_sizes(top):
    """40 pools of 50,000 customers each, seed 8; light enough tails for a pool to be as good as endless."""
    rng = luck(8)
    shares = largest(1 + rng.pareto(3.5, (40, 50_000)), top)
    check(*pair(shares, theory.pareto_top_share(top, alpha=3.5)), f"Pareto, top {top}")
    shares = largest(rng.lognormal(2.0, 1.1, (40, 50_000)), top)
    check(*pair(shares, theory.lognormal_top_share(top, sigma=1.1)), f"lognormal, top {top}")


def test_lognormal_customers_all_alike_hold_their_own_share():
    assert theory.lognormal_top_share([0.1, 0.5], sigma=0) == pytest.approx([0.1, 0.5])


def test_herfindahl_of_the_antitrust_guidelines_is_2600():
    """Four firms with 30, 30, 20 and 20 per cent: 2,600 where shares are per cent, 0.26 here."""
    assert theory.herfindahl([30, 30, 20, 20]) == pytest.approx(0.26)
    assert theory.herfindahl([7.0] * 8) == pytest.approx(1 / 8)
    assert theory.herfindahl([5, 0, 0]) == 1


def test_herfindahl_is_the_chance_that_two_euros_come_from_one_customer():
    """n = 400,000 pairs, seed 9."""
    n, rng = 400_000, luck(9)
    sizes = rng.lognormal(0, 1.5, 60)
    pairs = rng.choice(60, (n, 2), p=sizes / sizes.sum())
    expected = theory.herfindahl(sizes)
    check(np.mean(pairs[:, 0] == pairs[:, 1]), expected, theory.binomial_se(expected, n), f"same customer, n = {n}")


# Strain and failures


def happenings(rate, until, n, rng):
    """Return the times of a Poisson process for each of `n` customers, in order; shape (n, most), inf after the last."""
    counts = rng.poisson(rate * until, n)
    times = rng.uniform(0, until, (n, counts.max()))
    times[np.arange(counts.max()) >= counts[:, None]] = np.inf
    return np.sort(times, axis=1)


def left_of(times, strains, half_life, until):
    """Return the strain each customer carries at `until`."""
    ages = np.where(np.isinf(times), np.inf, until - times)
    return (strains * 2.0 ** (-ages / half_life)).sum(axis=1)


@pytest.mark.parametrize("until", [2.0, 30.0])
def test_strain_of_poisson_touches_has_campbells_mean_and_variance(until):
    """n = 200,000, 0.4 touches a month of 0.05 each, half-life 3 months, seed 10."""
    n, rate, touch, half_life = 200_000, 0.4, 0.05, 3.0
    left = left_of(happenings(rate, until, n, luck(10)), touch, half_life, until)
    average = theory.strain_mean(rate, touch, half_life=half_life, time=until)
    check(*pair(left, average), f"mean strain at {until}, n = {n}")
    variance = theory.strain_variance(rate, touch, half_life=half_life, time=until)
    check(*pair((left - average) ** 2, variance), f"variance of strain at {until}, n = {n}")


def test_strain_in_the_long_run_is_what_touches_bring_over_one_and_a_bit_half_lives():
    assert theory.strain_mean(0.4, 0.05, half_life=3) == pytest.approx(0.4 * 0.05 * 3 / math.log(2))
    assert theory.strain_mean(0.4, 0.05, half_life=math.inf, time=7) == pytest.approx(0.4 * 0.05 * 7)
    assert theory.faded(3, 3) == pytest.approx(1.5 / math.log(2))


def test_strain_drives_out_the_share_of_customers_it_drives_out_one_by_one():
    """n = 200,000, 0.4 touches a month of 0.1 each, half-life 3 months, over 18 months, seed 11."""
    n, rate, touch, half_life, until = 200_000, 0.4, 0.1, 3.0, 18.0
    rng = luck(11)
    age = until - happenings(rate, until, n, rng)
    lived = np.where(np.isfinite(age), (1 - 2.0 ** -(np.maximum(age, 0) / half_life)) * half_life / math.log(2), 0)
    stayed = np.mean(rng.exponential(size=n) > touch * lived.sum(axis=1))
    expected = theory.strain_survival(until, rate, touch, half_life=half_life)
    check(stayed, expected, theory.binomial_se(expected, n), f"stayed, n = {n}")
    area, _ = integrate.quad(lambda t: theory.strain_mean(rate, touch, half_life=half_life, time=t), 0, until)
    assert expected > math.exp(-area)


def test_a_second_failure_soon_after_counts_double_and_a_late_one_does_not():
    added = theory.failure_strains([1, 4, 11, 17, 17.5], 0.1, within=6, factor=2)
    assert added == pytest.approx([0.1, 0.2, 0.1, 0.2, 0.2])
    assert theory.strain_left([1, 4, 11], [0.1, 0.2, 0.1], half_life=3, at=10) == pytest.approx(0.0125 + 0.05)
    assert theory.strain_left([], [], half_life=3, at=10) == 0
    assert theory.failure_strains([], 0.1, within=6, factor=2).shape == (0,)


@pytest.mark.parametrize("until", [4.0, 30.0])
def test_repeated_failures_and_the_strain_they_leave_are_those_of_failures_played(until):
    """n = 200,000, 0.15 failures a month, a repeat within 6 months worth 0.2 instead of 0.05, seed 12."""
    n, rate, within, half_life = 200_000, 0.15, 6.0, 4.0
    times = happenings(rate, until, n, luck(12))
    before = np.concatenate([np.full((n, 1), -np.inf), times[:, :-1]], axis=1)
    repeat = np.isfinite(times) & (times <= np.nan_to_num(before, posinf=np.inf) + within)
    expected = theory.repeated_failures(rate, within=within, time=until)
    check(*pair(repeat.sum(axis=1), expected), f"repeated by {until}, n = {n}")
    left = left_of(times, np.where(repeat, 0.2, 0.05), half_life, until)
    expected = theory.failure_strain_mean(rate, 0.05, 0.2, half_life=half_life, within=within, time=until)
    check(*pair(left, expected), f"strain at {until}, n = {n}")


def test_failures_are_all_repeated_within_an_endless_window_but_the_first():
    at_least_one = -math.expm1(-0.3 * 10)
    assert theory.repeated_failures(0.3, within=100, time=10) == pytest.approx(0.3 * 10 - at_least_one)
    assert theory.repeated_failures(0.3, within=0, time=10) == pytest.approx(0)


def test_failures_whose_repeats_count_alike_leave_the_strain_of_any_touch():
    for time in (2.0, 9.0, math.inf):
        alike = theory.failure_strain_mean(0.2, 0.1, 0.1, half_life=5, within=6, time=time)
        assert alike == pytest.approx(theory.strain_mean(0.2, 0.1, half_life=5, time=time))
    settled = theory.failure_strain_mean(0.2, 0.1, 0.3, half_life=5, within=6)
    usual = theory.strain_mean(0.2, 1.0, half_life=5)
    assert settled == pytest.approx(usual * (0.1 * math.exp(-1.2) + 0.3 * -math.expm1(-1.2)))


# Managers


def seats(departure_per_year, hire, until, n, rng):
    """Return the share of `n` seats, all filled at 0, that are filled at `until`; `hire()` draws n vacancies."""
    clock, filled, going = np.zeros(n), np.zeros(n, dtype=bool), np.arange(n)
    while len(going):
        clock[going] += 12 / departure_per_year * rng.exponential(size=len(going))
        filled[going[clock[going] > until]] = True
        going = going[clock[going] <= until]
        clock[going] += hire(len(going))
        going = going[clock[going] <= until]
    return filled.mean()


@pytest.mark.parametrize("until", [2.0, 4.0, 20.0, 120.0])
def test_a_seat_that_takes_just_so_long_to_fill_is_filled_as_often_as_in_play(until):
    """n = 200,000 seats, 1.5 departures a year, 3 months to hire, seed 13."""
    n, rng = 200_000, luck(13)
    found = seats(1.5, lambda size: np.full(size, 3.0), until, n, rng)
    expected = theory.seat_filled(1.5, 3.0, months=until)
    check(found, expected, theory.binomial_se(expected, n), f"filled at {until}, n = {n}")


def test_a_seat_is_filled_in_the_long_run_whatever_the_law_of_hiring():
    """n = 100,000 seats after 100 months, hiring exponential of mean 3 months, seed 14."""
    n, rng = 100_000, luck(14)
    found = seats(1.5, lambda size: 3 * rng.exponential(size=size), 100.0, n, rng)
    expected = theory.seat_filled(1.5, 3.0)
    check(found, expected, theory.binomial_se(expected, n), f"filled, n = {n}")
    assert theory.seat_filled(1.5, 3.0, months=400) == pytest.approx(expected)
    assert theory.seat_filled(0.0, 3.0, months=40) == 1
    assert theory.seat_filled(1.5, 0.0, months=40) == 1


def test_a_departed_managers_book_loses_its_share_beside_a_paired_one_within_the_published_range():
    """Shi et al. 2017: 13.2 to 17.6 % in a year. n = 200,000 customers with the same fuse in both books, seed 15."""
    n, usual, at_risk = 200_000, 0.2, 0.154
    fuse = luck(15).exponential(size=n)
    for months, extra in ((12.0, -math.log1p(-at_risk)), (3.0, -math.log1p(-at_risk) / 4)):
        kept = fuse > usual * months / 12
        expected = theory.book_lost(at_risk, months=months)
        lost = 1 - np.mean(fuse[kept] > usual * months / 12 + extra)
        check(lost, expected, theory.binomial_se(expected, kept.sum()), f"lost after {months} months")
    assert 0.132 < theory.book_lost(at_risk, months=12) < 0.176
    assert theory.book_lost(at_risk, months=30) == pytest.approx(at_risk)


def test_a_handover_that_leaves_six_tenths_of_the_hazard_saves_about_four_tenths_of_the_loss():
    """Shi et al. 2017: the right successor saves about 40 % of the loss."""
    kept = 1 - theory.book_lost(0.154, months=12, factor=0.6) / theory.book_lost(0.154, months=12)
    assert kept == pytest.approx(0.4, abs=0.03)


# A finite market


def market(joins, hazard, size, until, n, rng):
    """Play `n` pools that start empty, join by join and leaving by leaving; return them at `until`."""
    pool, clock, going = np.zeros(n, dtype=int), np.zeros(n), np.arange(n)
    while len(going):
        coming, leaving = joins * (1 - pool[going] / size), hazard * pool[going]
        clock[going] += rng.exponential(size=len(going)) / (coming + leaving)
        played = clock[going] <= until
        joined = rng.random(len(going)) * (coming + leaving) < coming
        pool[going[played]] += np.where(joined, 1, -1)[played]
        going = going[played]
    return pool


@pytest.mark.parametrize("until", [0.5, 3.0])
def test_a_finite_market_saturates_as_one_played_join_by_join_does(until):
    """n = 6,000 pools, 100 joins a year from 150 people, hazard 0.4 a year, seed 16."""
    n, joins, hazard, size = 6_000, 100.0, 0.4, 150
    pools = market(joins, hazard, size, until, n, luck(16))
    average = theory.market_pool(joins, hazard, size=size, time=until)
    check(*pair(pools, average), f"pool at {until}, n = {n}")
    variance = theory.market_pool_variance(joins, hazard, size=size, time=until)
    check(*pair((pools - average) ** 2, variance), f"variance at {until}, n = {n}")


@pytest.mark.parametrize("until", [0.5, 3.0, 60.0])
def test_a_finite_market_has_the_moments_of_its_birth_death_chain(until):
    joins, hazard, size = 100.0, 0.4, 150
    pool = np.arange(size + 1.0)
    coming, leaving = joins * (1 - pool / size), hazard * pool
    rates = np.diag(coming[:-1], 1) + np.diag(leaving[1:], -1) - np.diag(coming + leaving)
    chances = linalg.expm(rates * until)[0]
    average = chances @ pool
    assert theory.market_pool(joins, hazard, size=size, time=until) == pytest.approx(average)
    variance = theory.market_pool_variance(joins, hazard, size=size, time=until)
    assert variance == pytest.approx(chances @ (pool - average) ** 2)


def test_a_finite_market_settles_where_joins_match_leavings_and_an_endless_one_is_none():
    settled = theory.market_pool(100, 0.4, size=150, time=math.inf)
    assert 100 * (1 - settled / 150) == pytest.approx(0.4 * settled)
    assert theory.market_pool(100, 0.4, size=150, time=0, start=40) == 40
    endless = theory.market_pool(100, 0.4, size=math.inf, time=2)
    assert endless == pytest.approx(theory.pool_from_empty(100, lambda t: math.exp(-0.4 * t), time=2))


# What a discount must save


def test_a_discount_for_all_breaks_even_at_the_share_of_would_be_leavers_it_says():
    """n = 400,000 customers at a renewal, churn 20 %, 12 off a margin of 100, seed 17; profit gained per customer."""
    n, churn, given, margin = 400_000, 0.2, 12.0, 100.0
    share = theory.breakeven_save_rate(given, margin, churn=churn)
    rng = luck(17)
    leaves, saved = rng.random(n) < churn, rng.random(n) < share
    gained = np.where(leaves, saved * (margin - given), -given)
    check(*pair(gained, 0.0), f"gain at a save rate of {share:.3f}, n = {n}")


def test_a_standing_discount_breaks_even_at_the_share_of_leavings_it_says():
    """n = 400,000 lifetimes, hazard 0.25 a year, 8 % of margin given up, 10 % discount rate, seed 18."""
    n, hazard, given, rate = 400_000, 0.25, 0.08, 0.1
    share = theory.breakeven_save_rate_standing(given, hazard, discount=rate)
    rng, delta = luck(18), math.log1p(rate)
    unit = rng.exponential(size=n)

    def worth(margin, hazard):
        return margin * -np.expm1(-delta * unit / hazard) / delta

    check(*pair(worth(1 - given, hazard * (1 - share)) - worth(1, hazard), 0.0), f"gain at {share:.3f}, n = {n}")


def test_the_break_even_is_where_the_value_of_a_base_does_not_move():
    def gain(share):
        return theory.clv_continuous(0.92, 0.25 * (1 - share), discount=0.1) - theory.clv_continuous(
            1, 0.25, discount=0.1
        )

    found = optimize.brentq(gain, 0, 1)
    assert theory.breakeven_save_rate_standing(0.08, 0.25, discount=0.1) == pytest.approx(found)


def test_a_discount_worth_more_than_a_customer_never_pays_and_none_at_all_needs_no_saving():
    assert theory.breakeven_save_rate(100, 100, churn=0.2) == math.inf
    assert theory.breakeven_save_rate(0, 100, churn=0.2) == 0
    assert theory.breakeven_save_rate(60, 100, churn=0.2) > 1
    assert theory.breakeven_save_rate_standing(0, 0.25, discount=0.1) == 0
