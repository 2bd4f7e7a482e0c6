"""What a customer is worth, by the conventions of LITERATURE.md section 0: cases V1, V3, B2 and B3.

Yearly conventions are played with `term_months = 12` and a bill for a year at its start: whoever is there at a
renewal pays at once and stays the year. The value at joining is then convention B; without the first payment,
which everybody makes, it is convention A. The sum over t >= 0 of profit_t (r v)^t, which
`theory.profile_value_geometric_life` returns, is the same with `growth.margin_by_year` as the profit of year t:
year 0 is billed on joining, year t at the t-th renewal to those who renew.
"""

import itertools
import math
import warnings

import numpy as np
import pytest
from experiment import check, check_exactly, heads, leavings, measured, play, ratio
from scipy import integrate

from retainsim import theory

N = 100_000
YEARLY = {"term_months": 12, "billing": {"every_months": 12, "when": "start"}}
CARD, TAIL, CARD_RATE = [-51, 30, 42, 44, 49, 55], 51, 0.0555
YEARS = 60


AS_MONTHS = {"term_months": 1, "billing": {"every_months": 1, "when": "start"}}  # a year played as a month


def churn_of(value):
    """Return what an arm changes so that the segment `s` loses a share `value` a year."""
    return {"change": [{"set": "segments.s.annual_churn", "to": value}]}


def by_year(churn):
    """Return what is lost in twelve periods that lose `churn` each."""
    return 1 - (1 - churn) ** 12


def gain_in_years_as_months(churn, lower, *, discount):
    """Return the factor on convention A when churn falls, and its standard error, from 40,000 paired customers.

    A year is played as a month, which changes no value: there are only as many settlements.
    """
    found = play(
        replications=10,
        months=100,
        customers=4000,
        segments={"s": {"annual_churn": by_year(churn), **AS_MONTHS}},
        run={"discount_rate": (1 + discount) ** 12 - 1, "seed": round(1000 * discount)},
        arms={"lower": churn_of(by_year(lower))},
    )
    first = 4000  # the payments on joining, which convention A leaves out
    return ratio(measured(found, "npv", "lower") - first, measured(found, "npv") - first)


def value_sd(margin, retention, discount):
    """Return the spread between customers of convention A: an annuity of a geometric number of years."""
    years = np.arange(3000)
    worth = margin * -np.expm1(-years * math.log1p(discount)) / discount
    chance = retention**years * (1 - retention)
    return math.sqrt(chance @ worth**2 - (chance @ worth) ** 2)


# V1


@pytest.fixture(scope="module")
def yearly():
    """N new customers of 100 a year and a churn of 20 %; fifty years leave 0.0014 % of them."""
    segment = {"annual_churn": 0.2, "price": 100 / 12, **YEARLY}
    return play(months=600, customers=N // 2, segments={"s": segment}, run={"discount_rate": 0.12})


def test_v1_a_customer_who_pays_on_joining_is_worth_350(yearly):
    value = measured(yearly, "npv").sum() / N
    check(value, theory.clv_annuity_due(100, 0.8, discount=0.12), 207.69 / math.sqrt(N), "V1 B, n = 100,000")


def test_v1_the_same_customer_without_the_first_payment_is_worth_250(yearly):
    value = measured(yearly, "npv").sum() / N - 100
    check(value, theory.clv_end_of_period(100, 0.8, discount=0.12), 207.69 / math.sqrt(N), "V1 A, n = 100,000")


def test_v1_customers_differ_in_value_by_207_69(yearly):
    gone = leavings(yearly).to_numpy().sum(axis=1)
    assert not gone[np.arange(601) % 12 > 0].any()  # contracts end at renewals only
    years, gone = np.arange(50), gone[12::12]
    worth = 100 * -np.expm1(-years * math.log1p(0.12)) / 0.12
    share = gone / gone.sum()
    deviation = worth - share @ worth
    variance, fourth = share @ deviation**2, share @ deviation**4
    sd, se = math.sqrt(variance), math.sqrt((fourth - variance**2) / N / (4 * variance))
    check(sd, value_sd(100, 0.8, 0.12), se, "V1 sd of A, n = 100,000")


def test_v1_a_premium_of_8_per_cent_a_year_makes_it_312_50():
    segment = {"annual_churn": 0.2, "price": 100 / 12, **YEARLY}
    growth = {"growth": {"premium_per_year": 0.08}}
    found = play(
        months=1200,
        customers=N // 2,
        segments={"s": segment},
        run={"discount_rate": 0.12, "seed": 11},
        mechanisms=growth,
    )
    value = (measured(found, "npv").sum() / N - 100) / 1.08
    years = np.arange(3000.0)
    paid = np.cumsum(100 * (1.08 / 1.12) ** years)
    chance = 0.8**years * 0.2
    sd = math.sqrt(chance @ paid**2 - (chance @ paid) ** 2) / 1.08
    expected = theory.clv_end_of_period(100, 0.8, discount=0.12, growth=0.08)
    check(value, expected, sd / math.sqrt(N), "V1 A with growth, n = 100,000")


def test_v1_a_customer_who_pays_all_the_time_is_worth_the_continuous_value():
    segment = {"annual_churn": 0.2, "price": 100 / 12}
    found = play(months=600, customers=N // 2, segments={"s": segment}, run={"discount_rate": 0.12, "seed": 12})
    hazard, delta = -math.log(0.8), math.log(1.12)
    sd = 100 / delta * math.sqrt(hazard / (hazard + 2 * delta) - (hazard / (hazard + delta)) ** 2)
    value = measured(found, "npv").sum() / N
    check(value, theory.clv_continuous(100, hazard, discount=0.12), sd / math.sqrt(N), "V1 E, n = 100,000")


def test_the_report_values_a_newcomer_by_the_convention_of_its_contract(yearly):
    reported = yearly.report["economics"]["clv"]["segment"]["s"]
    check_exactly(reported, theory.clv_annuity_due(100, 0.8, discount=0.12), "reported CLV")


# V3


@pytest.fixture(scope="module")
def card():
    """N new card customers at 20 %, and the same ones at 10 and at 5 % a year, for YEARS renewals."""
    return play(
        months=12 * YEARS,
        customers=N // 2,
        segments={"s": {"annual_churn": 0.2, **YEARLY}},
        run={"discount_rate": CARD_RATE, "seed": 3},
        mechanisms={"growth": {"margin_by_year": [*map(float, CARD), float(TAIL)]}},
        arms={"ten": churn_of(0.1), "five": churn_of(0.05)},
    )


def card_value(churn):
    """Return the sum without end, and the part of it up to YEARS."""
    whole = theory.profile_value_geometric_life(CARD, TAIL, retention=1 - churn, discount=CARD_RATE)
    step = (1 - churn) / (1 + CARD_RATE)
    return whole, whole - TAIL * step ** (YEARS + 1) / (1 - step)


def card_sd(churn):
    profit = np.array([*CARD, *[TAIL] * 3000], dtype=float)
    paid = np.cumsum(profit * (1 + CARD_RATE) ** -np.arange(len(profit)))
    chance = (1 - churn) ** np.arange(len(profit)) * churn
    return math.sqrt(chance @ paid**2 - (chance @ paid) ** 2)


@pytest.mark.parametrize(
    ("arm", "churn", "value"), [("baseline", 0.2, 84.9), ("ten", 0.1, 216.1), ("five", 0.05, 378.0)]
)
def test_v3_a_card_customer_who_leaves_by_chance_is_worth_what_the_sum_says(card, arm, churn, value):
    whole, expected = card_value(churn)
    assert whole == pytest.approx(value, abs=0.05)
    observed = measured(card, "npv", arm).sum() / N
    check(observed, expected, card_sd(churn) / math.sqrt(N), f"V3 c = {churn}, n = 100,000")


def test_v3_five_points_make_the_card_customer_75_per_cent_more_valuable(card):
    """The standard error is that of two independent groups; the same customers in both arms vary less."""
    uplift = measured(card, "npv", "five").sum() / measured(card, "npv", "ten").sum()
    expected = card_value(0.05)[1] / card_value(0.1)[1]
    se = expected * math.hypot(*(card_sd(c) / card_value(c)[1] for c in (0.05, 0.1))) / math.sqrt(N)
    check(100 * (uplift - 1), 100 * (expected - 1), 100 * se, "V3 uplift %, n = 100,000")
    assert abs(100 * (uplift - 1) - 74.9) < 2


@pytest.mark.parametrize(("discount", "published"), [(0.05, 58.3), (0.10, 40.7), (0.15, 31.9)])
def test_v3_five_points_of_a_flat_margin_never_bring_75_per_cent(discount, published):
    gain, se = gain_in_years_as_months(0.1, 0.05, discount=discount)
    values = [theory.clv_end_of_period(1, r, discount=discount) for r in (0.95, 0.9)]
    check(100 * (gain - 1), 100 * (values[0] / values[1] - 1), 100 * se, f"V3 flat, i = {discount}, n = 40,000")
    assert abs(100 * (gain - 1) - published) < 1
    assert 100 * (gain - 1) < 75 - 4 * 100 * se


@pytest.mark.parametrize(("churn", "value"), [(0.1, 239), (0.05, 401)])
def test_v3_played_in_continuous_time_the_card_customer_is_worth_the_integral(churn, value):
    """The profile of years 1, 2, ... flows over tenure years 0, 1, ...; the 51 to win it are paid on joining."""
    flow, years = [float(x) for x in (*CARD[1:], TAIL)], 40
    found = play(
        months=12 * years,
        customers=N // 4,
        segments={"s": {"annual_churn": churn}},
        run={"discount_rate": CARD_RATE, "seed": round(1000 * churn)},
        mechanisms={"growth": {"margin_by_year": flow}},
    )
    whole, _ = flow_value(flow, churn, math.inf)
    assert whole - 51 == pytest.approx(value, abs=0.6)
    check_exactly(found.report["economics"]["clv"]["segment"]["s"], whole, "reported CLV", rel=1e-3)
    expected, sd = flow_value(flow, churn, years)
    n = N // 2
    check(measured(found, "npv").sum() / n, expected, sd / math.sqrt(n), f"V3 continuous, c = {churn}, n = {n}")


def flow_value(flow, churn, years):
    """Return mean and spread of what a customer brings within `years`, `flow` a year by year of tenure."""
    hazard, delta = -math.log(1 - churn), math.log1p(CARD_RATE)
    starts = np.arange(len(flow))
    ends = np.append(starts[1:], np.inf)

    def worth(life):
        stays = np.minimum(ends, min(life, years)) - starts
        return float(np.array(flow) @ (np.exp(-delta * starts) * -np.expm1(-delta * np.maximum(stays, 0)) / delta))

    def moment(k):
        edges = [*starts, min(years, 400.0)]
        parts = [
            integrate.quad(lambda t: worth(t) ** k * hazard * math.exp(-hazard * t), a, b)[0]
            for a, b in itertools.pairwise(edges)
        ]
        return sum(parts) + worth(edges[-1]) ** k * math.exp(-hazard * edges[-1])

    return moment(1), math.sqrt(moment(2) - moment(1) ** 2)


def test_a_margin_that_stays_level_for_sixty_years_is_added_up_without_a_warning():
    segment = {"annual_churn": 0.0}
    growth = {"growth": {"margin_by_year": [30.0, 42.0]}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = play(months=740, customers=10, segments={"s": segment}, mechanisms=growth)
    check_exactly(measured(found, "revenue")[0], 10 * (30 + 42 * (740 / 12 - 1)), "revenue of 740 months")


# B2, B3


@pytest.mark.parametrize(("churn", "published"), [(0.2, 1.1875), (0.1, 1.1209)])
def test_b2_18_per_cent_less_churn_makes_a_customer_12_to_19_per_cent_more_valuable(churn, published):
    gain, se = gain_in_years_as_months(churn, 0.82 * churn, discount=0.1)
    values = [theory.clv_end_of_period(1, 1 - c, discount=0.1) for c in (0.82 * churn, churn)]
    assert values[0] / values[1] == pytest.approx(published, abs=5e-5)
    check(gain, values[0] / values[1], se, f"B2 c = {churn}, n = 40,000")


def test_b3_a_third_off_on_joining_halves_the_value_of_those_who_join():
    """What they pay on joining, less by the discount, is given back as a cost of joining: convention A.

    So the ratio shows how long they stay and nothing of the discount itself.
    """
    stop = {"set": "acquisition.offer.joins", "to": 0, "from_month": 2}
    cheap = [
        {"set": "acquisition.offer.first_discount", "to": 0.35},
        {"set": "acquisition.offer.cost_per_join", "to": 0.65},
    ]
    found = play(
        replications=10,
        months=100,
        segments={"s": {"annual_churn": by_year(0.2), **AS_MONTHS}},
        acquisition={"offer": {"joins": N / 20, "cost_per_join": 1.0, "first_discount_months": 0.5}},
        run={"discount_rate": 1.1**12 - 1},
        arms={"baseline": {"change": [stop]}, "cheap": {"change": [*cheap, stop]}},
    )
    assert (measured(found, "joined") == measured(found, "joined", "cheap")).all()
    observed, se = ratio(measured(found, "npv", "cheap"), measured(found, "npv"))
    kept = 0.8 ** theory.lewis_hazard_factor(0.35)
    values = [theory.clv_end_of_period(1, r, discount=0.1) for r in (kept, 0.8)]
    check(observed, values[0] / values[1], se, f"B3, n = {measured(found, 'joined').sum():.0f}")
    assert abs(observed - 0.5) < 0.01


def test_b3_the_hazard_of_those_won_at_a_discount_is_lewis():
    found = play(
        months=24,
        segments={"s": {"annual_churn": 0.2}},
        acquisition={"full": {"joins": 4000}, "third_off": {"joins": 4000, "first_discount": 0.35}},
    )
    pool = heads(found, "channel")
    joined = found.detail.groupby("channel", observed=True)["joined"].sum()
    for channel, factor in (("full", 1.0), ("third_off", theory.lewis_hazard_factor(0.35))):
        b = -math.log(0.8) / 12 * factor
        expected = theory.pool_from_empty(4000, lambda t, b=b: float(theory.survival_exponential(t, b)), time=24)
        share, n = expected / (4000 * 24), int(joined[channel])
        check(pool[channel][24] / n, share, theory.binomial_se(share, n), f"B3 {channel}, n = {n}")
