"""The rivals of the benchmarks are models of the same pool: they agree with each other and with theory.py."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from retainsim import theory


def load_rivals():
    path = Path(__file__).parents[2] / "benchmarks" / "rivals.py"
    spec = importlib.util.spec_from_file_location("rivals", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["rivals"] = module  # where dataclasses looks its own module up
    spec.loader.exec_module(module)
    return module


rivals = load_rivals()

TINY = rivals.Case(
    customers=300,
    joins_per_month=15,
    months=24,
    segments=("loyal", "restless"),
    reasons=("price", "product", "service"),
    reason_shares=(0.2, 0.3, 0.5),
    price=(100.0, 50.0),
    gross_margin=(0.6, 0.8),
    cost_to_serve=(20.0, 10.0),
    annual_churn=(0.15, 0.55),
    frailty_variance=0.8,
    shares=(0.4, 0.6),
    discount_rate=0.10,
    cost_per_join=60.0,
)


@pytest.fixture(scope="module")
def outcomes():
    return {
        "naive_simpy": [rivals.naive_simpy(TINY, seed) for seed in range(40)],
        "numpy_month_loop": [rivals.numpy_month_loop(TINY, 1_000 + seed) for seed in range(200)],
    }


def survival(case, segment):
    hazard = case.monthly_hazards()[segment]
    return lambda t: float(theory.survival_gamma_frailty(hazard * t, case.frailty_variance))


def mean_pool(case, segment, month):
    law = survival(case, segment)
    joined = theory.pool_from_empty(case.joins_per_month, law, time=month)
    return case.shares[segment] * (case.customers * law(month) + joined)


def mean_npv(case):
    delta = math.log(1 + case.discount_rate) / 12

    def flow(month):
        margins = case.monthly_margins()
        earned = sum(margin * mean_pool(case, k, month) for k, margin in enumerate(margins))
        return (earned - case.joins_per_month * case.cost_per_join) * math.exp(-delta * month)

    return integrate.quad(flow, 0, case.months)[0]


MEASURES = {
    "the pool at the end": lambda outcome: outcome.pool[-1],
    "the pool halfway": lambda outcome: outcome.pool[12],
    "joins": lambda outcome: outcome.joined,
    "leavings": lambda outcome: outcome.left,
    "leavings for price": lambda outcome: outcome.left_by_reason[0],
    "leavings for product": lambda outcome: outcome.left_by_reason[1],
    "leavings for service": lambda outcome: outcome.left_by_reason[2],
    "NPV": lambda outcome: outcome.npv,
}


def expected(measure):
    end, halfway = (sum(mean_pool(TINY, k, month) for k in (0, 1)) for month in (24, 12))
    joins = TINY.joins_per_month * TINY.months
    left = TINY.customers + joins - end
    by_reason = dict(zip(TINY.reasons, TINY.reason_shares, strict=True))
    known = {"the pool at the end": end, "the pool halfway": halfway, "joins": joins, "leavings": left}
    known["NPV"] = mean_npv(TINY)
    return known[measure] if measure in known else left * by_reason[measure.split()[-1]]


def mean_and_se(values):
    return np.mean(values), np.std(values, ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize("measure", MEASURES)
def test_the_two_rivals_agree(outcomes, measure):
    """n = 40 and 200 replications, means within 4 standard errors of their difference."""
    (naive, naive_se), (loop, loop_se) = (
        mean_and_se([MEASURES[measure](outcome) for outcome in found]) for found in outcomes.values()
    )
    assert theory.within(naive, loop, math.hypot(naive_se, loop_se))


@pytest.mark.parametrize("rival", ["naive_simpy", "numpy_month_loop"])
@pytest.mark.parametrize("measure", MEASURES)
def test_each_rival_agrees_with_the_closed_form(outcomes, measure, rival):
    """n = 40 replications of the slow one, 200 of the fast one."""
    observed, se = mean_and_se([MEASURES[measure](outcome) for outcome in outcomes[rival]])
    assert theory.within(observed, expected(measure), se)


@pytest.mark.parametrize("rival", ["naive_simpy", "numpy_month_loop"])
def test_every_customer_of_a_rival_is_accounted_for(outcomes, rival):
    for outcome in outcomes[rival]:
        assert outcome.pool.shape == (TINY.months + 1,)
        assert outcome.pool[0] == TINY.customers
        assert outcome.pool[-1] == TINY.customers + outcome.joined - outcome.left
        assert outcome.left == outcome.left_by_reason.sum()


def test_case_m_is_ten_times_case_s_and_nothing_else():
    small, large = vars(rivals.case_s()), vars(rivals.case_m())
    differ = {key for key in small if small[key] != large[key]}
    assert differ == {"customers", "joins_per_month"}
    assert large["customers"] == 20_000
    assert large["joins_per_month"] == 10 * small["joins_per_month"] == 1_000


def test_the_cases_divide_all_customers_and_all_reasons():
    case = rivals.case_s()
    assert sum(case.shares) == pytest.approx(1)
    assert sum(case.reason_shares) == pytest.approx(1)
    assert len(case.segments) == len(case.shares) == len(case.annual_churn) == 3
    assert len(case.reasons) == len(case.reason_shares) == 5
