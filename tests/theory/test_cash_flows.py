"""What a business is worth, euro by euro, against integrals and sums done by hand.

Where nobody leaves and nobody comes, no luck is left, and a value must be right to nine digits.
"""

import math
import warnings

import numpy as np
import pytest
from experiment import check, check_exactly, heads, mean, measured, play, scenario
from scipy import integrate

from retainsim import run, theory

DELTA = math.log(1.1) / 12  # discounting a month at 10 % a year
N = 100


def still(months=30, *, customers=N, segment=(), **tables):
    """Play customers who never leave."""
    segments = {"s": {"annual_churn": 0.0, "price": 10.0, **dict(segment)}}
    return play(months=months, customers=customers, segments=segments, **tables)


def annuity(start, end, rate=DELTA):
    """Return the value at month 0 of 1 a month from `start` to `end`."""
    return (math.exp(-rate * start) - math.exp(-rate * end)) / rate


def value_of(found, line, arm="baseline"):
    """Return the value of a ledger line at month 0, signed, in the first replication."""
    table = found.values
    return table[(table["arm"] == arm) & (table["line"] == line) & (table["replication"] == 0)]["value"].item()


def nominal(found, line, arm="baseline"):
    return measured(found, line, arm)[0]


# Flows


def test_a_flow_from_those_who_stay_is_an_annuity():
    found = still(segment={"gross_margin": 0.6, "cost_to_serve": 1.5, "volume": 2.0, "discount": 0.25})
    check_exactly(nominal(found, "revenue"), N * 15 * 30, "revenue")
    check_exactly(value_of(found, "revenue"), N * 15 * annuity(0, 30), "value of revenue")
    check_exactly(value_of(found, "cost_of_sales"), -N * 15 * 0.4 * annuity(0, 30), "value of cost of sales")
    check_exactly(value_of(found, "cost_to_serve"), -N * 1.5 * annuity(0, 30), "value of cost to serve")
    check_exactly(measured(found, "npv_to_horizon")[0], N * (15 * 0.6 - 1.5) * annuity(0, 30), "NPV")


@pytest.mark.parametrize("horizon", [7, 36, 240])
def test_a_flow_from_those_who_leave_is_the_continuous_value_cut_at_the_horizon(horizon):
    hazard, n = -math.log(0.75), 100_000
    found = play(months=horizon, customers=n // 2, segments={"s": {"annual_churn": 0.25, "price": 10.0}})
    whole = theory.clv_continuous(120, hazard, discount=0.1)
    left = math.exp(-(hazard + math.log(1.1)) * horizon / 12)
    second = integrate.quad(lambda t: (10 * annuity(0, t)) ** 2 * hazard / 12 * math.exp(-hazard * t / 12), 0, horizon)[
        0
    ] + (10 * annuity(0, horizon)) ** 2 * math.exp(-hazard * horizon / 12)
    expected = whole * (1 - left)
    sd = math.sqrt(second - expected**2)
    check(measured(found, "npv_to_horizon").sum() / n, expected, sd / math.sqrt(n), f"NPV to {horizon}, n = {n}")


def test_with_a_closing_value_that_looks_far_the_horizon_does_not_matter():
    """The closing value is an expectation: over so short a horizon hardly any luck is left."""
    hazard, n = -math.log(0.75), 100_000
    whole = theory.clv_continuous(120, hazard, discount=0.1)
    for horizon, sd in ((1, 30), (36, 220)):
        found = play(
            months=horizon,
            customers=n // 2,
            segments={"s": {"annual_churn": 0.25, "price": 10.0}},
            run={"closing_value": "expected", "closing_years": 100.0, "seed": horizon},
        )
        check(measured(found, "npv").sum() / n, whole, sd / math.sqrt(n), f"NPV with closing at {horizon}, n = {n}")
        check_exactly(measured(found, "customer_equity_opening")[0], whole * n / 2, "equity at month 0")


def test_equity_at_month_0_is_the_closed_form_over_the_years_it_looks():
    found = still(12, segment={"annual_churn": 0.25, "cost_to_serve": 2.0}, run={"closing_years": 3.0})
    hazard = -math.log(0.75)
    whole = theory.clv_continuous(96, hazard, discount=0.1)
    expected = N * whole * -math.expm1(-3 * (hazard + math.log(1.1)))
    check_exactly(measured(found, "customer_equity_opening")[0], expected, "equity at month 0")


def test_inflation_raises_prices_cost_to_serve_and_fixed_costs():
    found = still(segment={"gross_margin": 0.5, "cost_to_serve": 2.0}, firm={"inflation": 0.04, "fixed_costs": 200.0})
    growth = math.log(1.04) / 12
    money, worth = annuity(0, 30, -growth), annuity(0, 30, DELTA - growth)
    check_exactly(nominal(found, "revenue"), 10 * N * money, "revenue")
    check_exactly(nominal(found, "cost_to_serve"), 2 * N * money, "cost to serve")
    check_exactly(nominal(found, "fixed_costs"), 200 * money, "fixed costs")
    check_exactly(measured(found, "npv_to_horizon")[0], (3 * N - 200) * worth, "NPV")


def test_inflation_goes_on_in_the_closing_value():
    found = still(24, firm={"inflation": 0.04}, run={"closing_value": "expected", "closing_years": 2.0})
    check_exactly(measured(found, "npv")[0], 10 * N * annuity(0, 48, DELTA - math.log(1.04) / 12), "NPV of 48 months")


def test_without_discounting_a_value_is_a_sum():
    """Nobody leaves and nothing is discounted: rates of zero everywhere, and still an answer."""
    found = still(segment={"cost_to_serve": 4.0}, run={"discount_rate": 0.0, "closing_value": "expected"})
    check_exactly(measured(found, "npv")[0], 6 * N * 90, "NPV without discounting")


def test_a_flow_without_churn_or_discount_is_added_up_without_a_warning():
    """`economics.clv` looks 1,200 months ahead."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = still(12, segment={"annual_churn": 0.2}, mechanisms={"growth": {"volume_per_year": 0.1}},
                      run={"discount_rate": 0.1})  # fmt: skip
    assert found.report["economics"]["clv"]["segment"]["s"] > 0


@pytest.mark.parametrize("lag", [0.5, 1.0, 2.25])
def test_who_pays_late_pays_what_is_worth_less_but_costs_are_paid_at_once(lag):
    found = still(segment={"pays_after_months": lag, "gross_margin": 0.7, "cost_to_serve": 1.0})
    late = math.exp(-DELTA * lag)
    check_exactly(value_of(found, "revenue"), 10 * N * annuity(0, 30) * late, "value of revenue paid late")
    check_exactly(value_of(found, "cost_of_sales"), -3 * N * annuity(0, 30), "cost of sales, paid at once")
    paid = found.monthly[found.monthly["replication"] == 0]["present_value"].to_numpy()
    check_exactly(paid.sum(), measured(found, "npv_to_horizon")[0], "cash by month adds up to NPV")
    assert paid[1] < 0  # costs only, until the first customers pay
    assert paid[math.ceil(lag) + 2] > 0


def test_paying_late_goes_on_in_the_closing_value():
    segment = {"pays_after_months": 3.0, "gross_margin": 0.7, "cost_to_serve": 1.0}
    short = still(6, segment=segment, run={"closing_value": "expected", "closing_years": 2.0})
    long = still(30, segment=segment)
    check_exactly(measured(short, "npv")[0], measured(long, "npv")[0], "closing of 24 months after 6")


# Tax


def test_tax_takes_its_share_of_what_is_earned_and_gives_it_back_on_losses():
    found = still(
        segment={"gross_margin": 0.5, "cost_to_serve": 1.0},
        firm={"tax_rate": 0.25, "fixed_costs": 500.0},
        run={"closing_value": "expected"},
        arms={"baseline": {"investment": [{"at_month": 6.0, "amount": 1000.0}]}},
    )
    before = (4 * N - 500) * annuity(0, 30)
    assert before < 0
    expected = 0.75 * before - 1000 * math.exp(-DELTA * 6)  # capital is not deducted
    check_exactly(measured(found, "npv_to_horizon")[0], expected, "NPV after tax")
    check_exactly(nominal(found, "tax"), 0.25 * (4 * N - 500) * 30, "tax")
    check_exactly(measured(found, "closing_value")[0], 0.75 * 4 * N * annuity(30, 90), "closing value after tax")


def test_tax_is_paid_when_the_money_it_is_on_is_paid():
    segment = {"pays_after_months": 4.0, "gross_margin": 0.7}
    found = still(segment=segment, firm={"tax_rate": 0.25})
    expected = 0.75 * N * (10 * math.exp(-DELTA * 4) - 3) * annuity(0, 30)
    check_exactly(measured(found, "npv_to_horizon")[0], expected, "NPV after tax, paid late")


def test_a_tax_that_starts_at_a_month_does_not_touch_what_was_earned_before():
    change = {"set": "firm.tax_rate", "to": 0.25, "from_month": 12}
    found = still(24, arms={"baseline": {"change": [change]}})
    expected = 10 * N * (annuity(0, 12) + 0.75 * annuity(12, 24))
    check_exactly(measured(found, "npv_to_horizon")[0], expected, "NPV, taxed from month 12 on")
    check_exactly(nominal(found, "tax"), 0.25 * 10 * N * 12, "tax of months 13 to 24")


# Instalments


@pytest.mark.parametrize(("when", "bills"), [("start", [0, 3, 6, 9, 12]), ("end", [3, 6, 9, 12])])
def test_instalments_are_paid_on_their_dates(when, bills):
    """A horizon of 13 months, so that no bill falls on it."""
    segment = {"billing": {"every_months": 3, "when": when}, "cost_to_serve": 1.0}
    found = still(13, segment=segment, firm={"inflation": 0.04})
    worth = sum(30 * N * math.exp((math.log(1.04) / 12 - DELTA) * month) for month in bills)
    check_exactly(value_of(found, "revenue"), worth, "value of instalments")
    money = sum(30 * N * 1.04 ** (month / 12) for month in bills)
    check_exactly(nominal(found, "revenue"), money, "instalments")


@pytest.mark.parametrize("when", ["start", "end"])
def test_a_bill_at_the_horizon_is_in_the_run_and_not_in_the_closing_value(when):
    """Whatever is decided about month 12, it is billed once."""
    segment = {"billing": {"every_months": 4, "when": when}}
    one = still(12, segment=segment, run={"closing_value": "expected", "closing_years": 1.0})
    two = still(13, segment=segment, run={"closing_value": "expected", "closing_years": 11 / 12})
    check_exactly(measured(one, "npv")[0], measured(two, "npv")[0], "horizon of 12 against 13")


def test_instalments_of_a_settled_pool_fall_evenly_over_the_year():
    """Bills hang on the date of joining: of customers who never leave, all tenures are equally likely."""
    n = 20_000
    segment = {"billing": {"every_months": 12, "when": "start"}}
    found = still(12, customers=n, segment=segment, tenure="settled")
    table = found.monthly[found.monthly["month"] > 0].groupby("replication")["revenue"]
    for replication, billed in table:
        counts = billed.to_numpy() / 120
        assert counts.sum() == n
        for month, count in enumerate(counts, 1):
            check(count / n, 1 / 12, theory.binomial_se(1 / 12, n), f"billed in month {month} of run {replication}")


@pytest.mark.parametrize("every", [1, 5, 12])
@pytest.mark.parametrize("term", [None, 12])
def test_who_pays_at_the_end_pays_for_every_day_and_no_more(every, term):
    """Joiners at any time of the month, until all have left: their bills add up to the time they stayed."""
    segment = {"annual_churn": 0.9, "price": 10.0, "billing": {"every_months": every, "when": "end"}}
    segment |= {"term_months": term} if term else {}
    stop = {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 12}]}
    found = play(
        months=240,
        segments={"s": segment},
        acquisition={"web": {"joins": 100}},
        arms={"baseline": stop},
    )
    assert measured(found, "pool_end").sum() == 0
    check_exactly(nominal(found, "revenue"), 10 * measured(found, "customer_months")[0], "bills at the end")


ARREARS = {"billing": {"every_months": 6, "when": "end"}}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (ARREARS, ARREARS),
        pytest.param(ARREARS, {"billing": {"every_months": 4, "when": "end"}}),
        pytest.param(ARREARS, {}),
        pytest.param({}, ARREARS),
    ],
    ids=["same bills", "other bills", "to continuous", "from continuous"],
)
def test_who_moves_to_another_way_of_paying_pays_for_every_day_and_no_more(here, there):
    """Both pay in arrears and the same price, so that bills add up to the time spent wherever it was."""
    common = {"annual_churn": 0.6, "price": 10.0}
    found = play(
        months=240,
        segments={"s": {**common, **here, "moves": {"t": 0.15}}, "t": {**common, **there}},
        acquisition={"web": {"joins": 100, "mix": {"s": 1}}},
        arms={"baseline": {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 12}]}},
    )
    assert measured(found, "pool_end").sum() == 0
    check_exactly(nominal(found, "revenue"), 10 * measured(found, "customer_months")[0], "paid by who moves")


def test_the_opening_pool_has_used_part_of_a_period_that_it_pays_for_at_its_end():
    """Constant hazards: the part used has the density exp(-b x) over the period, like the ages of the pool."""
    n, every, b = 20_000, 6, -math.log(0.4) / 12
    segment = {"annual_churn": 0.6, "price": 10.0, "billing": {"every_months": every, "when": "end"}}
    found = play(months=240, customers=n, tenure="settled", segments={"s": segment})
    assert measured(found, "pool_end").sum() == 0
    used = (nominal(found, "revenue") / 10 - measured(found, "customer_months")[0]) / n
    whole = -math.expm1(-b * every) / b
    moments = [integrate.quad(lambda x, k=k: x**k * math.exp(-b * x), 0, every)[0] / whole for k in (1, 2)]
    check(used, moments[0], math.sqrt((moments[1] - moments[0] ** 2) / n), f"used before month 0, n = {n}")


@pytest.mark.parametrize("every", [1, 4, 12])
def test_who_is_bound_and_pays_at_the_start_of_each_term_pays_for_its_terms_and_no_more(every):
    """Joiners at any time of the month: periods end where terms end, so nobody pays for time after leaving."""
    segment = {"annual_churn": 0.6, "price": 10.0, "term_months": 12}
    segment["billing"] = {"every_months": every, "when": "start"}
    stop = {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 12}]}
    found = play(
        months=400,
        segments={"s": segment},
        acquisition={"web": {"joins": 200}},
        arms={"baseline": stop},
    )
    assert measured(found, "pool_end").sum() == 0
    check_exactly(nominal(found, "revenue"), 10 * measured(found, "customer_months")[0], "bills of who left")


def test_yearly_bills_take_the_margin_of_the_year_they_open():
    """Of joiners at any time of the month: who stays a second year pays 7 for it, not the 100 of the first."""
    segment = {"annual_churn": 0.5, "term_months": 12, "billing": {"every_months": 12, "when": "start"}}
    stop = {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 12}]}
    found = play(
        months=400,
        segments={"s": segment},
        acquisition={"web": {"joins": 200}},
        mechanisms={"growth": {"margin_by_year": [100.0, 7.0]}},
        arms={"baseline": stop},
    )
    joined, months = measured(found, "joined")[0], measured(found, "customer_months")[0]
    check_exactly(nominal(found, "revenue"), 100 * joined + 7 * (months / 12 - joined), "bills by year of tenure")


def test_a_discount_on_the_first_month_is_on_the_first_monthly_bill_alone():
    found = play(
        months=50,
        segments={"s": {"annual_churn": 0.0, "price": 10.0, "billing": {"every_months": 1, "when": "start"}}},
        acquisition={"web": {"joins": 200, "first_discount": 0.5}},
        arms={"baseline": {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 6}]}},
    )
    table = found.monthly[found.monthly["replication"] == 0]
    joined = table["joined"].sum()
    revenue = table.set_index("month")["revenue"]
    assert revenue.loc[8:].unique() == pytest.approx([10 * joined])  # everybody, every month, in full
    expected = 10 * sum(table["pool"].loc[1:7]) - 5 * joined  # one bill each month, the first at half
    check_exactly(revenue.loc[:7].sum(), expected, "bills of the first seven months")


# What is spent


def test_spend_on_a_channel_is_an_annuity_and_turns_on_its_dates():
    channel = {"joins": 3, "spend": 1000.0, "ceiling": 10}
    change = {"set": "acquisition.web.spend", "times": 1.5, "from_month": 7.3, "until_month": 20.6}
    found = still(acquisition={"web": channel}, arms={"more": {"change": [change]}})
    check_exactly(nominal(found, "acquisition_cost"), 30_000, "spend")
    check_exactly(value_of(found, "acquisition"), -1000 * annuity(0, 30), "value of spend")
    more = -1000 * annuity(0, 30) - 500 * annuity(7.3, 20.6)
    check_exactly(value_of(found, "acquisition", "more"), more, "value of half more for a time")


def test_a_ramp_of_spend_costs_its_integral():
    """Held at the middle of each month; a straight line has no error but that of discounting inside a month."""
    change = {"set": "acquisition.web.spend", "times": 2, "from_month": 6, "ramp_months": 12}
    channel = {"joins": 3, "spend": 1000.0, "ceiling": 10}
    found = still(acquisition={"web": channel}, arms={"more": {"change": [change]}})
    check_exactly(nominal(found, "acquisition_cost", "more"), 30_000 + 1000 * (6 + 12), "spend with a ramp")
    ramp = integrate.quad(lambda t: 1000 * (t - 6) / 12 * math.exp(-DELTA * t), 6, 18)[0]
    expected = -1000 * annuity(0, 30) - ramp - 1000 * annuity(18, 30)
    check_exactly(value_of(found, "acquisition", "more"), expected, "value of a ramp", rel=1e-4)


def test_a_price_for_each_join_is_paid_at_the_join():
    found = play(
        replications=50,
        months=24,
        segments={"s": {"annual_churn": 0.0}},
        acquisition={"web": {"joins": 40, "cost_per_join": 25.0}},
    )
    assert measured(found, "acquisition_cost") == pytest.approx(25 * measured(found, "joined"))
    spent = -found.values[found.values["line"] == "acquisition"]["value"].to_numpy()
    worth, expected = spent.mean(), 25 * 40 * annuity(0, 24)
    se = 25 * math.sqrt(40 * annuity(0, 24, 2 * DELTA) / 50)
    check(worth, expected, se, "value of the price of joins, 50 runs")


@pytest.mark.parametrize("start", [0.0, 7.3, 12.0])
def test_what_a_lever_costs_is_charged_from_its_month_on(start):
    """A lever that asks for no gain, so that nothing but its cost can be seen."""
    cost = {"once": 700.0, "per_month": 50.0, "per_customer_month": 0.4}
    lever = {"relative": 1.0, "segments": ["s"], "from_month": start, "cost": cost}
    other = {"annual_churn": 0.0, "price": 10.0, "share": 1.0}
    found = play(
        months=30,
        customers=2 * N,
        segments={"s": other, "t": other},
        arms={"lever": {"retention": lever}},
    )
    a_month = 50 + 0.4 * heads(found)["s"][0] / 2
    expected = 700 * math.exp(-DELTA * start) + a_month * annuity(start, 30)
    check_exactly(value_of(found, "retention", "lever"), -expected, "value of what the lever costs")
    check_exactly(nominal(found, "retention", "lever"), 700 + a_month * (30 - start), "what the lever costs")


def test_a_lever_charged_by_customer_is_charged_for_the_time_they_are_there():
    lever = {"points": 5, "cost": {"per_customer_month": 0.4}}
    found = play(
        months=36,
        customers=500,
        segments={"s": {"annual_churn": 0.3}},
        acquisition={"web": {"joins": 10}},
        arms={"lever": {"retention": lever}},
    )
    months = measured(found, "customer_months", "lever")
    assert measured(found, "retention", "lever") == pytest.approx(0.4 * months, rel=1e-9)
    table = found.values
    spent = table[(table["arm"] == "lever") & (table["line"] == "retention")]["value"].to_numpy()
    assert -spent == pytest.approx(0.4 * measured(found, "discounted_months", "lever"), rel=1e-9)


def programme(**settings):
    """Play 1,000 customers who never leave, with a programme of 2 a month for whom it reaches."""
    settings = {"spend_per_customer": 2.0, "effect": 0.0, "ceiling": 0.5} | settings
    segments = {"s": {"annual_churn": 0.0}}
    return play(months=12, customers=1000, segments=segments, mechanisms={"retention_programme": settings})


def test_a_programme_for_everybody_is_charged_for_everybody():
    check_exactly(nominal(programme(), "retention_programme"), 2 * 12 * 1000, "a programme for everyone")


def test_a_programme_for_some_is_charged_for_those_it_reaches():
    found = programme(targets="most_valuable", reach=0.3)
    check_exactly(nominal(found, "retention_programme"), 2 * 12 * 300, "a programme for three in ten")
    check_exactly(value_of(found, "retention_programme"), -600 * annuity(0, 12), "its value")


def test_a_programme_for_some_is_charged_until_they_leave():
    """Everybody is reached one by one; the charge is the time spent."""
    programme = {
        "spend_per_customer": 2.0, "effect": 0.0, "ceiling": 0.5, "targets": "most_valuable", "reach": 1.0
    }  # fmt: skip
    found = play(
        months=24,
        customers=2000,
        segments={"s": {"annual_churn": 0.5}},
        mechanisms={"retention_programme": programme},
    )
    check_exactly(nominal(found, "retention_programme"), 2 * measured(found, "customer_months")[0], "charged")


def test_an_investment_is_worth_its_amount_on_its_date():
    items = [
        {"at_month": 0.0, "amount": 300.0},
        {"at_month": 3.5, "amount": 1000.0},
        {"at_month": 12.0, "amount": 50.0},
    ]
    found = still(arms={"invest": {"investment": items}})
    expected = sum(i["amount"] * math.exp(-DELTA * i["at_month"]) for i in items)
    check_exactly(value_of(found, "investment", "invest"), -expected, "value of investments")
    months = found.monthly[(found.monthly["arm"] == "invest") & (found.monthly["replication"] == 0)]
    assert months.set_index("month")["investment"].loc[[0, 4, 12]].tolist() == [300.0, 1000.0, 50.0]


# Growth


def growing(tenure, volume, premium, until):
    return ((1 + volume) * (1 + premium)) ** (min(tenure, 12 * until) / 12)


@pytest.mark.parametrize("started", [0.0, 18.0])
@pytest.mark.parametrize("until", [2.0, 100.0])
def test_volume_and_premium_grow_with_tenure_until_they_stop(started, until):
    growth = {"volume_per_year": 0.05, "premium_per_year": 0.02, "until_years": until}
    tenure = {"months": started}
    found = still(
        60, tenure=tenure, segment={"gross_margin": 0.5}, mechanisms={"growth": growth}, firm={"inflation": 0.03}
    )

    def flow(t):
        return 10 * N * growing(started + t, 0.05, 0.02, until) * 1.03 ** (t / 12)

    turn = [12 * until - started] if 0 < 12 * until - started < 60 else None
    worth = integrate.quad(lambda t: flow(t) * math.exp(-DELTA * t), 0, 60, points=turn, epsrel=1e-12)[0]
    money = integrate.quad(flow, 0, 60, points=turn, epsrel=1e-12)[0]
    check_exactly(value_of(found, "revenue"), worth, "value of growing revenue")
    check_exactly(nominal(found, "revenue"), money, "growing revenue")
    check_exactly(nominal(found, "cost_of_sales"), money / 2, "its cost of sales")


@pytest.mark.parametrize("started", [0.0, 18.0])
def test_cost_to_serve_falls_half_way_to_its_floor_in_every_half_life(started):
    growth = {"cost_to_serve_half_life": 9.0, "cost_to_serve_floor": 0.3}
    found = still(48, tenure={"months": started}, segment={"cost_to_serve": 4.0}, mechanisms={"growth": growth})

    def flow(t):
        return 4 * N * (0.3 + 0.7 * 0.5 ** ((started + t) / 9))

    worth = integrate.quad(lambda t: flow(t) * math.exp(-DELTA * t), 0, 48, epsrel=1e-12)[0]
    check_exactly(value_of(found, "cost_to_serve"), -worth, "value of a cost that eases")
    check_exactly(value_of(found, "revenue"), 10 * N * annuity(0, 48), "revenue untouched")


def test_a_margin_by_year_of_tenure_is_what_is_left_after_all_costs():
    profile = [-51.0, 30.0, 42.0]
    found = still(
        48,
        tenure={"months": 6.0},
        segment={"gross_margin": 0.4, "cost_to_serve": 3.0},
        mechanisms={"growth": {"margin_by_year": profile}},
    )
    spans = [(0, 6, -51), (6, 18, 30), (18, 48, 42)]
    expected = sum(N * yearly / 12 * annuity(start, end) for start, end, yearly in spans)
    check_exactly(measured(found, "npv_to_horizon")[0], expected, "NPV of a profile")


@pytest.mark.parametrize(
    "settings",
    [
        {"frailty": {"kind": "gamma", "variance": 0.7}},
        {"duration": {"kind": "power", "power": 0.7}},
        {"duration": {"kind": "steps", "months": [5.5, 24], "factors": [2, 1, 0.5]}},
        {"term_months": 7},
    ],
    ids=["gamma", "power", "steps", "term"],
)
def test_the_value_of_a_newcomer_who_grows_is_the_integral_over_survival(settings):
    growth = {"volume_per_year": 0.06, "until_years": 4.0, "cost_to_serve_half_life": 10.0}
    found = play(
        months=2,
        customers=10,
        segments={"s": {"annual_churn": 0.25, "price": 10.0, "cost_to_serve": 3.0, **settings}},
        mechanisms={"growth": growth},
    )
    b = -math.log(0.75) / 12

    def survival(t):
        if "frailty" in settings:
            return float(theory.survival_gamma_frailty(b * t, 0.7))
        if "term_months" in settings:
            return math.exp(-b * 7 * math.floor(t / 7))
        if settings["duration"]["kind"] == "power":
            return float(theory.survival_weibull(t, b, power=0.7))
        return math.exp(-b * (2 * min(t, 5.5) + np.clip(t - 5.5, 0, 18.5) + 0.5 * max(t - 24, 0)))

    def flow(t):
        brings = 10 * growing(t, 0.06, 0.0, 4.0) - 3 * 0.5 ** (t / 10)
        return brings * survival(t) * math.exp(-DELTA * t)

    edges = sorted({*range(0, 1200, 7), *range(0, 1200, 12), 5.5, 24, 48, 1200})
    expected = sum(integrate.quad(flow, a, b)[0] for a, b in zip(edges, edges[1:], strict=False))
    reported = found.report["economics"]["clv"]["segment"]["s"]
    check_exactly(reported, expected, f"value of a newcomer, {settings}", rel=2e-4)


# Changes in mid-run


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mechanisms.growth.volume_per_year", 1e-9),
        ("acquisition.web.first_discount", 1e-9),
    ],
)
def test_what_begins_to_run_with_tenure_in_mid_run_is_not_paid_twice(path, value):
    """A growth of nothing, from month 12 on: what was paid before is not paid again."""
    found = play(
        months=24,
        customers=100,
        segments={"s": {"annual_churn": 0.2, "price": 10.0, "cost_to_serve": 1.0}},
        acquisition={"web": {"joins": 20}},
        mechanisms={"growth": {}},
        arms={"nothing": {"change": [{"set": path, "to": value, "from_month": 12}]}},
    )
    for line in ("revenue", "cost_to_serve"):
        check_exactly(nominal(found, line, "nothing"), nominal(found, line), f"{line} with {path}", rel=1e-6)


def test_a_price_that_changes_in_mid_month_is_paid_from_its_day_on():
    changes = [
        {"set": "segments.s.price", "to": 14.0, "from_month": 7.3, "until_month": 9.9},
        {"set": "segments.s.cost_to_serve", "by": 1.0, "from_month": 12},
    ]
    found = still(24, arms={"baseline": {"change": changes}})
    check_exactly(value_of(found, "revenue"), N * (10 * annuity(0, 24) + 4 * annuity(7.3, 9.9)), "value of revenue")
    check_exactly(value_of(found, "cost_to_serve"), -N * annuity(12, 24), "value of cost to serve")


# The closing value is an expectation: where a run is cut must not matter


CUTS = {
    "plain": {},
    "gamma": {"frailty": {"kind": "gamma", "variance": 0.8}},
    "power": {"duration": {"kind": "power", "power": 0.6}},
    "steps": {"duration": {"kind": "steps", "months": [10], "factors": [2.0, 0.6]}},
    "term": {"term_months": 12},
    "term and bills": {"term_months": 12, "billing": {"every_months": 12, "when": "start"}},
    "bills inside terms": {"term_months": 12, "billing": {"every_months": 5, "when": "start"}},
    "bills over terms": {"term_months": 5, "billing": {"every_months": 12, "when": "start"}},
    "bills at the start": {"billing": {"every_months": 12, "when": "start"}},
    "bills at the end": {"billing": {"every_months": 12, "when": "end"}},
    "bills at the end of terms": {"term_months": 12, "billing": {"every_months": 12, "when": "end"}},
    "paid late": {"pays_after_months": 3.0, "gross_margin": 0.6},
}


PROGRAMMES = {
    "a programme": {"spend_per_customer": 1.5, "effect": 0.3, "ceiling": 0.6},
    "a programme for some": {
        "spend_per_customer": 1.5, "effect": 0.3, "ceiling": 0.6, "targets": "random", "reach": 0.4
    },
}  # fmt: skip


@pytest.mark.parametrize("case", [*CUTS, *PROGRAMMES])
def test_where_a_run_is_cut_does_not_matter_to_its_value(case):
    """The same customers to month 9 and to month 60, each with all that is still to come."""
    n, worth = 6000 if case == "power" else 12_000, {}  # a power is slow to value, and worth most
    programme = {"retention_programme": PROGRAMMES[case]} if case in PROGRAMMES else {}
    for horizon in (9, 60):
        business = scenario(
            months=horizon,
            customers=n // 10,
            tenure="settled",
            segments={"s": {"annual_churn": 0.3, "price": 10.0, "cost_to_serve": 2.0, **CUTS.get(case, {})}},
            firm={"inflation": 0.02},
            mechanisms={"growth": {"premium_per_year": 0.03, "until_years": 5.0}, **programme},
            run={"closing_value": "expected", "closing_years": 80.0, "seed": 61},
        )
        worth[horizon] = measured(run(business, replications=10, jobs=1), "npv") / n * 10
    difference, se = mean(worth[60] - worth[9])
    check(difference, 0.0, se, f"value to 60 less value to 9 of {worth[9].mean():.1f}, {case}, n = {n}")
    assert se < 0.01 * worth[9].mean()
