"""The opening pool: the law that years of constant joining leave behind, and a pool in balance."""

import math

import numpy as np
import pytest
from experiment import check, check_shares, heads, leavings, play
from scipy import integrate

from retainsim import theory

AGE = 120.0
B = -math.log(0.78) / 12
LAWS = {
    "none": ({}, lambda t: float(theory.survival_exponential(t, B))),
    "gamma": (
        {"frailty": {"kind": "gamma", "variance": 0.8}},
        lambda t: float(theory.survival_gamma_frailty(B * t, 0.8)),
    ),
    "power": (
        {"duration": {"kind": "power", "power": 0.6}},
        lambda t: float(theory.survival_weibull(t, B, power=0.6)),
    ),
    "gamma_power": (
        {"frailty": {"kind": "gamma", "variance": 1.2}, "duration": {"kind": "power", "power": 1.4}},
        lambda t: float(theory.survival_gamma_frailty(12 * B * (t / 12) ** 1.4, 1.2)),
    ),
    "beta": (
        {"frailty": {"kind": "beta", "a": 0.7, "b": 1.9}},
        lambda t: float(theory.survival_sbg(t / 12, a=0.7, b=1.9)),
    ),
    "steps": (
        {"duration": {"kind": "steps", "months": [12], "factors": [2.0, 0.5]}},
        lambda t: math.exp(-B * (2 * min(t, 12) + 0.5 * max(t - 12, 0))),
    ),
}


def filled(law, start, end):
    """Return the integral of survival over ages: the pool of one joiner a month."""
    area, _ = integrate.quad(
        LAWS[law][1], start, end, epsrel=1e-10, limit=200, points=[x for x in (12,) if start < x < end]
    )
    return area


@pytest.fixture(scope="module")
def settled():
    """40,000 customers under each law, drawn from the pool that ten years of joining leave."""
    segments = {name: {"annual_churn": 0.22, **settings} for name, (settings, _) in LAWS.items()}
    return play(months=60, customers=20_000 * len(LAWS), tenure="settled", segments=segments, run={"seed": 21})


@pytest.mark.parametrize("law", LAWS)
def test_a_settled_pool_loses_what_its_law_of_tenure_and_frailty_says(settled, law):
    there = heads(settled)[law]
    for months in (1, 3, 12, 24, 60):
        share = theory.retention_settled(LAWS[law][1], AGE, span_months=months)
        check(
            there[months] / there[0],
            share,
            theory.binomial_se(share, there[0]),
            f"{law}, {months} months, n = {there[0]}",
        )


@pytest.mark.parametrize("years", [1.0, 3.5, 40.0])
def test_the_age_of_the_pool_is_the_age_asked_for(years):
    segments = {name: {"annual_churn": 0.22, **LAWS[name][0]} for name in ("gamma", "power", "steps")}
    tables = {"pool": {"customers": 60_000, "tenure": "settled", "age_years": years}}
    found = play(months=12, segments=segments, run={"seed": 22}, **tables)
    for law in segments:
        there = heads(found)[law]
        share = theory.retention_settled(LAWS[law][1], 12 * years)
        check(there[12] / there[0], share, theory.binomial_se(share, there[0]), f"{law}, age {years}, n = {there[0]}")


@pytest.mark.parametrize("law", ["gamma", "power", "beta", "steps"])
def test_a_pool_of_one_tenure_is_what_is_left_of_a_cohort(law):
    """Its frailty too is that of those who stayed for 18 months."""
    found = play(
        months=24,
        customers=50_000,
        tenure={"months": 18},
        segments={"s": {"annual_churn": 0.22, **LAWS[law][0]}},
        run={"seed": 23},
    )
    survival = LAWS[law][1]
    months = np.array([1, 6, 12, 24])
    expected = [survival(18 + m) / survival(18) for m in months]
    check_shares(heads(found)["s"][months], expected, 100_000, f"{law} from tenure 18, n = 100,000")


# In balance


def test_a_settled_pool_with_as_many_joiners_as_leavers_stays_as_large():
    """Constant hazards: exactly, at every month; Poisson joins and binomial leavings spread by n (1 - s^2)."""
    n, runs = 10_000, 20
    found = play(
        replications=runs,
        months=60,
        customers=n,
        tenure="settled",
        segments={"s": {"annual_churn": 0.22}},
        acquisition={"web": {"joins": n * B}},
        run={"seed": 24},
    )
    there = heads(found)["s"] / runs
    for month in (1, 6, 12, 24, 36, 60):
        s = math.exp(-B * month)
        check(there[month], n, math.sqrt(n * (1 - s * s) / runs), f"pool in balance at {month}, {runs} runs of 10,000")


@pytest.mark.parametrize("law", ["gamma", "power", "beta", "steps"])
def test_the_joining_that_made_a_settled_pool_goes_on_making_it(law):
    """Joins of N / integral of S; those who were here longest grow older than any in the law at month 0."""
    n, runs = 6000, 10
    joins = n / filled(law, 0, AGE)
    found = play(
        replications=runs,
        months=48,
        customers=n,
        tenure="settled",
        segments={"s": {"annual_churn": 0.22, **LAWS[law][0]}},
        acquisition={"web": {"joins": joins}},
        run={"seed": 25},
    )
    there = heads(found)["s"] / runs
    for month in (1, 12, 48):
        stay = filled(law, month, AGE + month) / filled(law, 0, AGE)
        fresh = joins * filled(law, 0, month)
        se = math.sqrt((n * stay * (1 - stay) + fresh) / runs)
        check(there[month], n * stay + fresh, se, f"{law} at {month}, {runs} runs of 6,000")


@pytest.mark.parametrize(
    "settings",
    [{}, {"frailty": {"kind": "gamma", "variance": 0.8}}, {"term_months": 12}],
    ids=["plain", "gamma", "term"],
)
def test_joiners_come_to_segments_so_that_each_stays_in_balance(settings):
    """A young pool of a slow segment beside a fast one: by default joiners replace who leaves, in each."""
    churn, share = {"slow": 0.05, "fast": 0.5}, {"slow": 0.7, "fast": 0.3}
    segments = {name: {"annual_churn": churn[name], "share": share[name], **settings} for name in churn}
    n, runs = 20_000, 10
    v = settings.get("frailty", {}).get("variance", 0.0)

    def survival(name):
        b = -math.log(1 - churn[name]) / 12
        if "term_months" in settings:
            return lambda t: (1 - churn[name]) ** math.floor(t / 12)
        return lambda t: float(theory.survival_gamma_frailty(b * t, v))

    edges = np.arange(0, AGE + 1, 12)
    whole = {name: sum(integrate.quad(survival(name), a, a + 12)[0] for a in edges[:-1]) for name in churn}
    replaced = {name: share[name] * (1 - survival(name)(AGE)) / whole[name] for name in churn}
    found = play(
        replications=runs,
        months=24,
        customers=n,
        tenure="settled",
        segments=segments,
        acquisition={"web": {"joins": n * sum(replaced.values())}},
        run={"seed": 26},
    )
    joined = heads(found, measure="joined").sum()
    expected = replaced["slow"] / sum(replaced.values())
    check_shares([joined["slow"]], [expected], joined.sum(), f"joiners to the slow segment, n = {joined.sum():.0f}")
    for name in churn:
        first = heads(found)[name]
        left = leavings(found, by="segment")[name]
        survive, scale = survival(name), n * runs * share[name] / whole[name]
        grown = [
            scale * integrate.quad(lambda t, s=survive: s(t + AGE) - s(AGE) * s(t), a, a + 12)[0] for a in (0, 12)
        ]  # the oldest, and so the least frail, grow older than any in the law at month 0
        joining = n * runs * replaced[name] * 12
        lost = joining - grown[0]
        check(left.loc[:12].sum(), lost, math.sqrt(lost), f"leavings of {name} in the first year, {runs} runs")
        size = first[0] + sum(grown)
        check(first[24], size, math.sqrt(4 * joining), f"pool of {name} at 24, {runs} runs of 20,000")


# Contracts


@pytest.mark.parametrize("term", [12, 24, 3])
def test_under_contracts_leavings_are_level_because_some_have_given_notice_already(term):
    """Renewals fall evenly over the term, and whoever goes at the first one may have said so before month 0."""
    n = 200_000
    found = play(
        months=max(term, 12),
        customers=n // 2,
        tenure="settled",
        segments={"s": {"annual_churn": 0.22, "term_months": term}},
        run={"seed": 27},
    )
    left = leavings(found).sum(axis=1)
    a_month = (1 - math.exp(-B * term)) / term  # 120 months hold whole terms, so ages within one are uniform
    first = left.loc[1 : min(term, 12)]
    check_shares(first, [a_month] * len(first), n, f"leavings by month under a term of {term}, n = {n}")
    assert left.loc[0] == 0


def test_under_contracts_whoever_has_given_notice_goes_even_if_nobody_gives_it_any_more():
    """Notice is given over the part of the term that is past: at month m, 12 - m months of it."""
    n = 200_000
    found = play(
        months=12,
        customers=n // 2,
        tenure="settled",
        segments={"s": {"annual_churn": 0.22, "term_months": 12}},
        run={"seed": 28},
        arms={"none_leaves": {"change": [{"set": "segments.s.annual_churn", "to": 0}]}},
    )
    left = leavings(found, arm="none_leaves").sum(axis=1).loc[1:]
    expected = [integrate.quad(lambda wait: -math.expm1(-B * (12 - wait)), m - 1, m)[0] / 12 for m in range(1, 13)]
    check_shares(left, expected, n, "only those under notice at month 0 leave, n = 200,000")


def test_a_pool_of_one_tenure_under_contracts_leaves_all_at_once():
    found = play(
        months=30,
        customers=50_000,
        tenure={"months": 18},
        segments={"s": {"annual_churn": 0.22, "term_months": 12}},
        run={"seed": 29},
    )
    left = leavings(found).sum(axis=1)
    assert left[left > 0].index.tolist() == [6, 18, 30]
    check_shares(left[[6, 18, 30]], [0.22, 0.78 * 0.22, 0.78**2 * 0.22], 100_000, "left at renewals, n = 100,000")


def test_under_contracts_gamma_frailty_is_that_of_those_who_renewed():
    """The mixture of ages: at each age the chance to renew is that of who survived its renewals."""
    n, v = 200_000, 0.8
    found = play(
        months=24,
        customers=n // 2,
        tenure="settled",
        segments={"s": {"annual_churn": 0.22, "term_months": 12, "frailty": {"kind": "gamma", "variance": v}}},
        run={"seed": 30},
    )
    alive = theory.survival_gamma_frailty(12 * B * np.arange(13.0), v)
    weights = alive[:10] / alive[:10].sum()  # years of tenure in the pool
    for year in (1, 2):
        share = float(weights @ (alive[year : 10 + year] / alive[:10]))
        check_shares([heads(found)["s"][12 * year]], [share], n, f"gamma under a term, year {year}, n = {n}")
