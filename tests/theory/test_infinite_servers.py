"""The pool as a queue where nobody waits (M/G/infinity): case V11 without referrals and breach.

Those two are mechanisms of their own; until they exist, their closed forms are tested in test_closed_forms.py
alone. A year of V11 is played as a month (100 joins and a hazard of .25 a month): the law of the pool is the same,
a sample needs fewer settlements, and lives of a few months are what is hardest for a calendar of months. The
segments of one scenario are pools that know nothing of one another.
"""

import math

import numpy as np
import pytest
from experiment import check, heads, play, scenario
from scipy import special

from retainsim import run, theory

JOINS, LIFE = 100, 4.0
WARM_UP, APART = 60, 20
RUNS, COPIES = 4, 6


def churn_of(hazard_per_year):
    return -math.expm1(-hazard_per_year)


def segments():
    """Three laws of lifetime with a mean of four months."""
    power = 0.7
    weibull = (12 * special.gamma(1 + 1 / power) / LIFE) ** power
    return {
        "exponential": {"annual_churn": churn_of(12 / LIFE)},
        "weibull": {"annual_churn": churn_of(weibull), "duration": {"kind": "power", "power": power}},
        "fixed": {"annual_churn": 1 - 1e-15, "term_months": LIFE},  # notice in the first term, so gone at its end
    }


def survival(law):
    hazard = -math.log1p(-segments()[law]["annual_churn"]) / 12
    return {
        "exponential": lambda t: float(theory.survival_exponential(t, hazard)),
        "weibull": lambda t: float(theory.survival_weibull(t, hazard, power=0.7)),
        "fixed": lambda t: float(t < LIFE),
    }[law]


LAWS = list(segments())


def sampled(samples, months=460):
    """Return the pool of each law at times far apart: (samples, laws), from COPIES pools of each law in every run."""
    times = np.arange(WARM_UP, months + 1, APART)
    copies = {f"{law}_{i}": settings for i in range(COPIES) for law, settings in segments().items()}
    pools = []
    for seed in range(math.ceil(samples / (2 * COPIES * len(times)))):
        found = run(
            scenario(
                months=months,
                segments=copies,
                acquisition={"web": {"joins": len(copies) * JOINS, "mix": dict.fromkeys(copies, 1)}},
                run={"seed": seed},
            ),
            replications=2,
            jobs=1,
        )
        table = found.detail[(found.detail["reason"] == "") & found.detail["month"].isin(times)]
        table = table.pivot_table(
            index=["replication", "month"], columns="segment", values="pool", aggfunc="sum", observed=True
        )
        pools += [table[[f"{law}_{i}" for law in LAWS]].to_numpy() for i in range(COPIES)]
    return np.concatenate(pools)


def check_poisson(pools, law):
    """Check mean and variance against those of a Poisson pool, and that the samples are near-independent."""
    n, expected = len(pools), theory.pool_mean(JOINS, LIFE)
    found = pools[:, LAWS.index(law)]
    check(found.mean(), expected, math.sqrt(expected / n), f"V11 mean, {law}, n = {n}")
    se = expected * math.sqrt(2 / n + 1 / (n * expected))
    check(found.var(ddof=1), expected, se, f"V11 variance, {law}, n = {n}")
    return found


@pytest.fixture(scope="module")
def pools():
    return sampled(250)


@pytest.mark.parametrize("law", LAWS)
def test_v11_the_pool_is_poisson_whatever_the_law_of_lifetimes(pools, law):
    check_poisson(pools, law)


def test_v11_pools_of_different_segments_are_independent(pools):
    for one, other in ((0, 1), (0, 2), (1, 2)):
        found = np.corrcoef(pools[:, one], pools[:, other])[0, 1]
        check(found, 0.0, 1 / math.sqrt(len(pools)), f"correlation, n = {len(pools)}")


@pytest.mark.long
def test_v11_four_thousand_samples_of_each_pool_have_mean_and_variance_400():
    pools = sampled(4000)
    for law in LAWS:
        found = check_poisson(pools, law)
        assert abs(found.mean() - 400) < 1.6
        assert abs(found.var(ddof=1) / 400 - 1) < 0.09


@pytest.fixture(scope="module")
def filling():
    return play(
        replications=100,
        months=24,
        segments=segments(),
        acquisition={"web": {"joins": len(LAWS) * JOINS, "mix": dict.fromkeys(LAWS, 1)}},
        run={"seed": 11},
    )


@pytest.mark.parametrize("law", LAWS)
def test_v11_an_empty_pool_fills_as_the_integral_of_survival(filling, law):
    there = heads(filling)[law]
    for month in (1, 2, 3, 4, 5, 8, 16, 24):
        expected = theory.pool_from_empty(JOINS, survival(law), time=month)
        check(there[month] / 100, expected, math.sqrt(expected / 100), f"V11 N({month}), {law}, 100 runs")


def test_v11_closing_a_leak_by_a_fifth_gives_the_pool_of_a_quarter_more_joins():
    months = 460
    found = play(
        replications=RUNS,
        months=months,
        segments={"s": {"annual_churn": churn_of(3.0)}},
        acquisition={"web": {"joins": JOINS}},
        arms={
            "loyal": {"change": [{"set": "segments.s.annual_churn", "to": churn_of(2.4)}]},
            "loud": {"change": [{"set": "acquisition.web.joins", "times": 1.25}]},
        },
        run={"seed": 12},
    )
    times = np.arange(WARM_UP, months + 1, APART)
    n, means = RUNS * len(times), {}
    for arm, pool in (("baseline", 400), ("loyal", 500), ("loud", 500)):
        means[arm] = heads(found, arm=arm)["s"][times].mean() / RUNS
        check(means[arm], pool, math.sqrt(pool / n), f"V11 mean, {arm}, n = {n}")
    extra = theory.equivalent_extra_joins(churn_of(3.0), churn_of(3.0) - churn_of(2.4), continuous=True)
    assert extra == pytest.approx(0.25)
    assert means["loyal"] == pytest.approx(means["loud"], rel=0.01)


def test_v11_joins_in_disjoint_months_are_independent_poisson_numbers():
    found = play(
        replications=40, months=50, segments={"s": {"annual_churn": 0.5}}, acquisition={"web": {"joins": 30.5}}
    )
    joined = found.monthly.pivot_table(index="replication", columns="month", values="joined").to_numpy()[:, 1:]
    n = joined.size
    check(joined.mean(), 30.5, math.sqrt(30.5 / n), f"joins a month, n = {n}")
    check(joined.var(), 30.5, 30.5 * math.sqrt(2 / n + 1 / (n * 30.5)), f"variance of joins, n = {n}")
    lagged = np.corrcoef(joined[:, 1:].ravel(), joined[:, :-1].ravel())[0, 1]
    check(lagged, 0.0, 1 / math.sqrt(n), f"correlation of months, n = {n}")
