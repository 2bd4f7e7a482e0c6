"""How long customers stay, cohort by cohort: case V4 and every law of frailty and duration there is.

A segment is a cohort: all its customers are new at month 0. Hazards are raw.
"""

import math

import numpy as np
import pytest
from experiment import check, check_shares, heads, measured, play
from scipy import integrate

from retainsim import theory

REGULAR_SEEN = [63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]
HIGH_END_SEEN = [86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]
SEGMENTS = {
    "regular": (0.704, 1.182, REGULAR_SEEN),
    "high_end": (0.668, 3.806, HIGH_END_SEEN),
}
YEARS = np.arange(1, 13)
B = -math.log(0.75) / 12  # the hazard behind a churn of 25 %, per month


def beta(a, b):
    return {"kind": "beta", "a": a, "b": b}


def power(c):
    return {"kind": "power", "power": c}


def gamma(v):
    return {"kind": "gamma", "variance": v}


def cohorts(segments, *, n, months, seed):
    """Play one cohort of about `n` per segment, and return who is there by month and segment, and who came."""
    found = play(months=months, customers=n * len(segments) // 2, segments=segments, run={"seed": seed})
    there = heads(found)
    return there, there.loc[0]


# V4


@pytest.fixture(scope="module", params=[12, None], ids=["by the year", "at any time"])
def sbg(request):
    """100,000 customers of each of Fader and Hardie's segments, for twelve years."""
    bound = {} if request.param is None else {"term_months": request.param}
    segments = {name: {"frailty": beta(a, b), **bound} for name, (a, b, _) in SEGMENTS.items()}
    return cohorts(segments, n=100_000, months=144, seed=request.param or 1)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_v4_survival_is_the_shifted_beta_geometric(sbg, segment):
    there, came = sbg
    a, b, _ = SEGMENTS[segment]
    expected = theory.survival_sbg(YEARS, a=a, b=b)
    observed = there[segment][12 * YEARS].to_numpy()
    check_shares(observed, expected, came[segment], f"V4 {segment}, n = {came[segment]}")
    assert np.abs(observed / came[segment] - expected).max() < 0.0063


@pytest.mark.parametrize("segment", SEGMENTS)
def test_v4_survival_lies_within_5_per_cent_of_what_was_seen(sbg, segment):
    there, came = sbg
    observed = 100 * there[segment][12 * YEARS].to_numpy() / came[segment]
    assert observed == pytest.approx(SEGMENTS[segment][2], rel=0.05)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_v4_cohort_retention_rises_although_nobody_changes(sbg, segment):
    there, _ = sbg
    a, b, _ = SEGMENTS[segment]
    alive = there[segment][12 * np.arange(13)].to_numpy()
    retention, expected = alive[1:] / alive[:-1], theory.retention_sbg(YEARS, a=a, b=b)
    for year, n in zip(YEARS, alive[:-1], strict=True):
        r = expected[year - 1]
        check(retention[year - 1], r, theory.binomial_se(r, n), f"V4 r_{year} {segment}, n = {n}")
    far_apart = retention[[0, 1, 2, 4, 7, 11]]  # years whose retention differs by more than 4 standard errors
    assert (np.diff(far_apart) > 0).all()


def test_v4_contracts_end_at_renewals_and_nowhere_between():
    segments = {name: {"frailty": beta(a, b), "term_months": 12} for name, (a, b, _) in SEGMENTS.items()}
    there, came = cohorts(segments, n=2000, months=36, seed=4)
    months = np.arange(37)
    for segment in SEGMENTS:
        steps = there[segment].to_numpy()
        assert (steps == steps[12 * (months // 12)]).all()
        assert steps[0] == came[segment]


# All laws


def steps_survival(months, hazard, knots, factors):
    """Return exp(-b x integral of the factor), the factor constant between knots."""
    edges = np.array([0.0, *knots, np.inf])
    passed = np.clip(np.subtract.outer(np.asarray(months, dtype=float), edges[:-1]), 0, np.diff(edges))
    return np.exp(-hazard * passed @ np.array(factors))


def powered(months, c):
    return theory.cumulative_hazard(months, B, power=c)


LAWS = {
    "exponential": ({}, lambda t: theory.survival_exponential(t, B)),
    "weibull_falling": ({"duration": power(0.6)}, lambda t: theory.survival_weibull(t, B, power=0.6)),
    "weibull_rising": ({"duration": power(1.7)}, lambda t: theory.survival_weibull(t, B, power=1.7)),
    "gamma": ({"frailty": gamma(0.8)}, lambda t: theory.survival_gamma_frailty(powered(t, 1), 0.8)),
    "gamma_power": (
        {"frailty": gamma(1.5), "duration": power(1.3)},
        lambda t: theory.survival_gamma_frailty(powered(t, 1.3), 1.5),
    ),
    "steps": (
        {"duration": {"kind": "steps", "months": [4.5, 24], "factors": [2.0, 0.0, 0.7]}},
        lambda t: steps_survival(t, B, [4.5, 24], [2.0, 0.0, 0.7]),
    ),
    "gamma_steps": (
        {"frailty": gamma(0.5), "duration": {"kind": "steps", "months": [10], "factors": [0.5, 2.0]}},
        lambda t: theory.survival_gamma_frailty(-np.log(steps_survival(t, B, [10], [0.5, 2.0])), 0.5),
    ),
    "bdw_falling": (
        {"frailty": beta(0.8, 2.5), "duration": power(0.7)},
        lambda t: theory.survival_bdw(np.asarray(t) / 12, a=0.8, b=2.5, power=0.7),
    ),
    "bdw_rising": (
        {"frailty": beta(1.4, 3.1), "duration": power(1.5)},
        lambda t: theory.survival_bdw(np.asarray(t) / 12, a=1.4, b=3.1, power=1.5),
    ),
    "beta_steps": (
        {"frailty": beta(0.9, 2.0), "duration": {"kind": "steps", "months": [6], "factors": [0.5, 1.5]}},
        lambda t: theory.survival_sbg(
            (0.5 * np.minimum(t, 6) + 1.5 * np.maximum(np.asarray(t) - 6, 0)) / 12, a=0.9, b=2.0
        ),
    ),
}
MONTHS = np.array([1, 2, 4, 5, 7, 11, 12, 13, 18, 24, 25, 36, 48, 60])


@pytest.fixture(scope="module")
def free():
    """40,000 customers under each law, who may leave at any time."""
    segments = {name: {"annual_churn": 0.25, **settings} for name, (settings, _) in LAWS.items()}
    return cohorts(segments, n=40_000, months=60, seed=5)


@pytest.fixture(scope="module")
def bound():
    """The same under contracts of nine months; theta of the beta laws is then lost per nine months."""
    segments = {name: {"annual_churn": 0.25, "term_months": 9, **settings} for name, (settings, _) in LAWS.items()}
    return cohorts(segments, n=40_000, months=60, seed=6)


@pytest.mark.parametrize("law", LAWS)
def test_survival_is_what_the_law_says(free, law):
    there, came = free
    expected = LAWS[law][1](MONTHS)
    check_shares(there[law][MONTHS], expected, came[law], f"{law}, n = {came[law]}")


@pytest.mark.parametrize("law", [name for name in LAWS if "beta" not in name and "bdw" not in name])
def test_under_contracts_survival_is_that_of_the_last_renewal(bound, law):
    there, came = bound
    expected = LAWS[law][1](9 * (MONTHS // 9))
    check_shares(there[law][MONTHS], expected, came[law], f"{law} under terms of 9, n = {came[law]}")


@pytest.mark.parametrize(("law", "a", "b", "c"), [("bdw_falling", 0.8, 2.5, 0.7), ("bdw_rising", 1.4, 3.1, 1.5)])
def test_under_contracts_the_beta_law_counts_renewals(bound, law, a, b, c):
    there, came = bound
    expected = theory.survival_bdw(MONTHS // 9, a=a, b=b, power=c)
    check_shares(there[law][MONTHS], expected, came[law], f"{law} by renewals, n = {came[law]}")


@pytest.mark.parametrize("law", ["exponential", "weibull_falling", "gamma_steps", "bdw_rising"])
def test_people_leave_at_any_moment_and_not_only_at_months_ends(law):
    """The time spent in the first months is the integral of survival, not a sum over months."""
    settings, survival = LAWS[law]
    n, span = 50_000, 3
    found = play(
        months=span,
        customers=n // 2,
        segments={"s": {"annual_churn": 0.25, **settings}},
        run={"discount_rate": 0.0, "seed": 8},
    )
    first = integrate.quad(lambda t: float(survival(t)), 0, span)[0]
    second = integrate.quad(lambda t: 2 * t * float(survival(t)), 0, span)[0]
    se = math.sqrt((second - first**2) / n)
    check(measured(found, "customer_months").sum() / n, first, se, f"time spent, {law}, n = {n}")


def test_joiners_stay_like_the_opening_pool():
    """A year of joiners, then nobody: the pool is the integral of survival over the ages there are."""
    laws = ["weibull_falling", "gamma_power", "bdw_rising", "steps"]
    segments = {name: {"annual_churn": 0.25, **LAWS[name][0]} for name in laws}
    stop = {"change": [{"set": "acquisition.web.joins", "to": 0, "from_month": 12}]}
    found = play(
        months=36,
        segments=segments,
        acquisition={"web": {"joins": 8000, "mix": dict.fromkeys(laws, 1)}},
        arms={"baseline": stop},
        run={"seed": 9},
    )
    joined, there = heads(found, measure="joined").sum(), heads(found)
    for law in laws:
        for month in (12, 13, 20, 36):
            ages = month - 12, month
            share = integrate.quad(lambda a, s=LAWS[law][1]: float(s(a)), *ages)[0] / 12
            observed, n = there[law][month] / joined[law], joined[law]
            check(observed, share, theory.binomial_se(share, n), f"joiners of {law}, month {month}, n = {n}")
