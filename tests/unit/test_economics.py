"""What a customer is worth, what one more costs to win or to keep, and when money is back."""

import math

import numpy as np
import pytest
from scipy import integrate

from retainsim import theory
from retainsim.calibration import calibrate, raw_bases
from retainsim.economics import acquisition_costs, lifetime_values, marginal_cost_to_retain, payback_month
from unit.making import SEGMENT, parameters

DELTA = math.log(1.1) / 12
HAZARD = -math.log(0.7) / 12
MARGIN = 50.0 * 0.8 - 5.0


def value_of(today, name="small"):
    return lifetime_values(today, raw_bases(today))["segment"][name]


@pytest.mark.parametrize("months", [1, 24])
def test_a_simple_customer_is_worth_margin_over_hazard_and_discount(months):
    """The horizon of the run does not matter; a hundred years are as good as for ever."""
    found = value_of(parameters(run={"months": months}))
    assert found == pytest.approx(MARGIN / (HAZARD + DELTA), rel=1e-9)
    assert found == pytest.approx(theory.clv_continuous(12 * MARGIN, 12 * HAZARD, discount=0.1), rel=1e-9)


@pytest.mark.parametrize(
    ("more", "firm", "wanted"),
    [
        ({"discount": 0.25, "volume": 2.0}, {}, (75.0 * 0.8 - 5.0) / (HAZARD + DELTA)),
        ({}, {"tax_rate": 0.3}, 0.7 * MARGIN / (HAZARD + DELTA)),
        ({}, {"inflation": 0.02}, MARGIN / (HAZARD + DELTA - math.log(1.02) / 12)),
        ({"pays_after_months": 3.0}, {}, (50.0 * (math.exp(-3 * DELTA) - 0.2) - 5.0) / (HAZARD + DELTA)),
        ({"cost_to_serve": 100.0}, {}, (40.0 - 100.0) / (HAZARD + DELTA)),
    ],
)
def test_what_changes_the_margin_changes_the_value_as_the_closed_form_says(more, firm, wanted):
    today = parameters(segments={"small": SEGMENT | more}, firm=firm)
    assert value_of(today) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("more", "survival", "tolerance"),
    [
        ({"frailty": {"kind": "gamma", "variance": 0.5}}, lambda t: (1 + 0.5 * HAZARD * t) ** -2, 2e-3),
        ({"duration": {"kind": "power", "power": 0.7}}, lambda t: np.exp(-12 * HAZARD * (t / 12) ** 0.7), 1e-4),
        ({"duration": {"kind": "steps", "months": [6.0], "factors": [3.0, 0.5]}},
         lambda t: np.exp(-HAZARD * (3.0 * min(t, 6.0) + 0.5 * max(t - 6.0, 0.0))), 1e-9),
        ({"term_months": 12.0}, lambda t: np.exp(-HAZARD * 12.0 * (t // 12.0)), 1e-9),
    ],
)  # fmt: skip
def test_a_customer_is_worth_the_integral_of_margin_survival_and_discount(more, survival, tolerance):
    edges = np.arange(0.0, 1201.0, 6.0)
    pieces = [
        integrate.quad(lambda t: survival(t) * np.exp(-DELTA * t), low + 1e-12, high - 1e-12)[0]
        for low, high in zip(edges, edges[1:], strict=False)
    ]
    today = parameters(segments={"small": SEGMENT | more})
    assert value_of(today) == pytest.approx(MARGIN * sum(pieces), rel=tolerance)


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("start", 50.0 * 12 / -math.expm1(-12 * (HAZARD + DELTA))),
        ("end", 50.0 * 12 * math.exp(-12 * (HAZARD + DELTA)) / -math.expm1(-12 * (HAZARD + DELTA))),
    ],
)
def test_yearly_bills_are_worth_their_expected_discounted_sum(when, wanted):
    """At the end of a period whoever leaves in it pays for what was used, as well: worth more than full bills alone."""
    today = parameters(segments={"small": SEGMENT | {"billing": {"every_months": 12.0, "when": when}}})
    costs = 5.0 / (HAZARD + DELTA)
    used = 0.0
    if when == "end":
        part = integrate.quad(lambda t: HAZARD * t * np.exp(-(HAZARD + DELTA) * t), 0, 12)[0]
        used = 50.0 * part / -math.expm1(-12 * (HAZARD + DELTA))
    gross = wanted + used
    assert value_of(today) == pytest.approx(0.8 * gross - costs, rel=1e-6)


def test_a_channel_brings_customers_of_its_own_mix_hazard_and_plan():
    segments = {"small": SEGMENT, "large": SEGMENT | {"price": 400.0, "annual_churn": 0.1}}
    channels = {
        "ads": {"joins": 5.0, "mix": {"small": 3.0, "large": 1.0}},
        "sale": {"joins": 5.0, "mix": {"small": 1.0}, "hazard_factor": 2.0},
        "bulk": {"joins": 5.0, "mix": {"small": 1.0}, "plan": "cheap"},
    }
    today = parameters(segments=segments, acquisition=channels, plans={"cheap": {"price": 30.0}})
    found = lifetime_values(today, raw_bases(today))
    by_segment = found["segment"]
    assert found["channel"]["ads"] == pytest.approx(0.75 * by_segment["small"] + 0.25 * by_segment["large"])
    assert found["channel"]["sale"] == pytest.approx(MARGIN / (2 * HAZARD + DELTA))
    assert found["channel"]["bulk"] == pytest.approx((24.0 - 5.0) / (HAZARD + DELTA))


def test_the_marginal_cost_of_a_join_is_one_over_the_slope_of_the_response():
    channels = {
        "ads": {"spend": 40_000.0, "joins": 70.0, "ceiling": 180.0},
        "hill": {"spend": 400.0, "joins": 20.0, "curve": "hill", "half": 900.0, "power": 1.7},
        "partners": {"joins": 15.0, "cost_per_join": 350.0},
        "free": {"joins": 3.0},
    }
    found = acquisition_costs(parameters(acquisition=channels))
    k = theory.saturation_constant(40_000, 70, ceiling=180)
    assert found["ads"]["average"] == pytest.approx(40_000 / 70)
    assert found["ads"]["marginal"] == pytest.approx(theory.marginal_cost(40_000, 180, k=k), rel=1e-6)
    assert found["ads"]["marginal"] == pytest.approx(1 / (k * 180 * math.exp(-k * 40_000)), rel=1e-6)
    share = 400.0**1.7 / (400.0**1.7 + 900.0**1.7)
    slope = 20.0 * 1.7 / 400.0 * (1 - share)  # of A s^p / (half^p + s^p)
    assert found["hill"]["marginal"] == pytest.approx(1 / slope, rel=1e-6)
    assert found["partners"] == {"average": 350.0, "marginal": 350.0}
    assert found["free"] == {"average": 0.0, "marginal": 0.0}


def test_a_channel_that_brings_nobody_has_no_finite_cost_of_a_join():
    found = acquisition_costs(parameters(acquisition={"ads": {"spend": 100.0, "joins": 0.0, "ceiling": 5.0}}))
    assert found["ads"] == {"average": None, "marginal": None}


def test_the_marginal_cost_to_retain_is_a_years_spend_over_the_slope_of_retention():
    """r(R) = exp(-12 h (1 - p(R)) / (1 - p(R0))) on a share s of the hazard: 1 / r'(R) by hand."""
    programme = {"spend_per_customer": 2.0, "effect": 0.2, "ceiling": 0.5, "aims_at": ["service"]}
    today = parameters(mechanisms={"retention_programme": programme})
    bases = calibrate(today).bases
    k = -math.log(1 - 0.2 / 0.5) / 2.0
    slope_of_prevented = 0.5 * k * math.exp(-2.0 * k)
    aimed = 0.75 * -math.log(0.7)  # hazard of a year for the reason aimed at, programme on
    slope = 0.7 * aimed * slope_of_prevented / (1 - 0.2)
    assert marginal_cost_to_retain(today, bases) == pytest.approx(12.0 / slope, rel=2e-3)


def test_without_a_programme_there_is_no_marginal_cost_to_retain():
    today = parameters()
    assert marginal_cost_to_retain(today, raw_bases(today)) is None


@pytest.mark.parametrize(
    ("path", "month"),
    [
        ([0.0, 1.0, 2.0], 0.0),
        ([-5.0, -2.0, 1.0, 3.0], 2.0),
        ([-5.0, 1.0, -1.0, 3.0], 3.0),
        ([-5.0, -2.0, -1.0], math.nan),
        ([0.0, 0.0, 0.0], 0.0),
        ([0.0, -1e-12, 5.0], 0.0),
        ([-1.0, 0.0], 1.0),
        ([3.0, 2.0, -1.0], math.nan),
    ],
)
def test_money_is_back_from_the_month_after_which_the_gain_is_never_below_zero_again(path, month):
    found = payback_month(np.array(path))
    assert math.isnan(found) if math.isnan(month) else found == month
