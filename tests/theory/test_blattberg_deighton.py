"""With one channel, one programme and nothing else, the best split is that of Blattberg & Deighton, in continuous time.

Everybody joins after month 0 and stays for life, so NPV is (a(A) CLV(R) - A) x an annuity, CLV = (m - R)/(h(R) + delta).
"""

import math

import pytest
from experiment import check, scenario
from scipy.optimize import minimize_scalar

import retainsim
from retainsim import theory
from retainsim.theory.spending import marginal_cost, optimal_spend, saturating_response, saturation_constant

MONTHS, MARGIN, HAZARD, DELTA = 36, 40.0, 0.06, math.log1p(0.10) / 12
JOINS, SPEND, CEILING = 60.0, 20_000.0, 150.0
PREVENTED, EFFECT_AT, MOST = 0.2, 2.0, 0.6
A, R = "acquisition.ads.spend", "mechanisms.retention_programme.spend_per_customer"
K_A = saturation_constant(SPEND, JOINS, ceiling=CEILING)
K_R = saturation_constant(EFFECT_AT, PREVENTED, ceiling=MOST)
ANNUITY = -math.expm1(-DELTA * MONTHS) / DELTA


def hazard(spend):
    return HAZARD * (1 - float(saturating_response(spend, MOST, k=K_R)))


def clv(spend):
    return theory.clv_continuous(12 * (MARGIN - spend), 12 * hazard(spend), discount=0.10)


def worth(acquisition, retention):
    return ANNUITY * (float(saturating_response(acquisition, CEILING, k=K_A)) * clv(retention) - acquisition)


BEST_R = float(
    minimize_scalar(lambda spend: -clv(spend), bounds=(0, MARGIN), method="bounded", options={"xatol": 1e-9}).x
)
BEST_A = optimal_spend(clv(BEST_R), CEILING, k=K_A)


def firm():
    return scenario(
        months=MONTHS,
        run={"closing_value": "expected", "closing_years": 60, "discount_rate": 0.10},
        segments={"all": {"price": MARGIN, "annual_churn": -math.expm1(-12 * HAZARD)}},
        acquisition={"ads": {"spend": SPEND, "joins": JOINS, "ceiling": CEILING}},
        mechanisms={"retention_programme": {
            "spend_per_customer": EFFECT_AT, "effect": PREVENTED, "effect_at": EFFECT_AT, "ceiling": MOST,
        }},
    )  # fmt: skip


def test_at_the_optimum_marginal_costs_to_acquire_and_to_retain_are_clv():
    """The oracle itself: 1/a'(A) = CLV, and what one more customer-month kept costs is worth as much as it."""
    assert marginal_cost(BEST_A, CEILING, k=K_A) == pytest.approx(clv(BEST_R), rel=1e-9)
    step = 1e-4
    to_retain = 2 * step / (hazard(BEST_R - step) - hazard(BEST_R + step))  # money per leaving prevented
    assert to_retain == pytest.approx(clv(BEST_R), rel=1e-5)


@pytest.fixture(scope="module")
def found():
    return retainsim.optimise(firm(), {A: "0:120000", R: "0:30"}, replications=30)


@pytest.mark.long
def test_the_search_finds_the_blattberg_deighton_optimum(found):
    """30 replications of some 3,000 customers: NPV within 0.3 % of the optimum's, costs to acquire and retain near CLV."""
    spend, programme = found.report["best"][A], found.report["best"][R]
    assert worth(spend, programme) > 0.997 * worth(BEST_A, BEST_R)
    assert marginal_cost(spend, CEILING, k=K_A) == pytest.approx(clv(BEST_R), rel=0.15)
    step = 1e-4
    assert 2 * step / (hazard(programme - step) - hazard(programme + step)) == pytest.approx(clv(BEST_R), rel=0.15)


@pytest.mark.long
def test_the_gain_over_today_is_that_of_the_closed_form(found):
    """30 replications, paired; 4 standard errors."""
    gain, best = found.report["gain"], found.report["best"]
    se = (gain["high"] - gain["mean"]) / 2.045230  # Student's t, 29 degrees of freedom
    check(gain["mean"], worth(best[A], best[R]) - worth(SPEND, EFFECT_AT), se, "gain")


@pytest.mark.long
@pytest.mark.parametrize("at", ["today", "best"])
def test_the_next_euro_is_worth_what_the_closed_form_says(found, at):
    """Central differences of the closed form over the same steps; 30 replications, paired; 4 standard errors."""
    plan = (found.report[at][A], found.report[at][R])
    for key, step, place in ((A, 12_000.0, 0), (R, 3.0, 1)):
        low, high = (max(plan[place] - step, 0.0), plan[place] + step)
        ends = [worth(*(end if place == n else value for n, value in enumerate(plan))) for end in (low, high)]
        next_one = found.report["marginal"][key][at]
        se = (next_one["high"] - next_one["mean"]) / 2.045230
        check(next_one["mean"], (ends[1] - ends[0]) / (high - low), se, f"next {key}, {at}")
