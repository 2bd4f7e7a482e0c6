"""Laws of staying: published fits, closed forms, brute force, borders, and the model's own lives given back."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from retainsim import theory
from retainsim.errors import UsageError
from retainsim.fit import fitting, law
from retainsim.fit.evidence import MOST, Evidence
from retainsim.fit.mixture import BetaLaw, GammaLaw, StepsLaw
from retainsim.fit.spells import Spells
from retainsim.laws import BetaFrailty, Duration, GammaFrailty

REGULAR = [63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]
HIGH_END = [86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]
MONTHS = np.array([0.3, 1, 5.5, 12, 40, 200])
LAWS = {
    "gamma": GammaLaw(0.3, variance=0.8, power=1.3),
    "weibull": GammaLaw(0.3, power=0.7),
    "beta": BetaLaw(0.7, 1.2, power=1.2),
    "beta by the month": BetaLaw(0.5, 9.0, term=1.0),
    "steps": StepsLaw((6.0, 24.0), (0.05, 0.03, 0.01)),
}


def table(shares, years=7, size=1000):
    """Return a published retention table as lives: per cent of a cohort still there after each year."""
    left = -np.diff([100, *shares[:years]]) * size / 100
    months = 12.0 * np.arange(1, years + 1)
    exits, weight = np.append(months, months[-1]), np.append(left, shares[years - 1] * size / 100)
    return Spells.of(exits, np.arange(years + 1) < years, weight=weight)


# Fader and Hardie's segments (2007, table 1)


@pytest.mark.parametrize(
    ("seen", "a", "b", "per_head"), [(REGULAR, 0.704, 1.182, -1.6803), (HIGH_END, 0.668, 3.806, -1.6112)]
)
def test_the_sbg_of_seven_years_is_the_published_one(seen, a, b, per_head):
    fit = law.fit_law(table(seen), "sbg", grain=12.0)
    assert round(fit.estimates["a"].value, 3) == a
    assert round(fit.estimates["b"].value, 3) == b
    assert fit.log_likelihood / 1000 == pytest.approx(per_head, abs=5e-5)


@pytest.mark.parametrize("seen", [REGULAR, HIGH_END])
def test_the_sbg_of_seven_years_tells_the_next_five_within_5_per_cent(seen):
    fit = law.fit_law(table(seen), "sbg", grain=12.0)
    assert 100 * fit.survival(12.0 * np.arange(8, 13)) == pytest.approx(seen[7:], rel=0.05)


def test_several_cohorts_are_one_table():
    """A second cohort, seen for three years only, counts as three years of lives."""
    both = [table(REGULAR), table(REGULAR, years=3, size=500)]
    joint = Spells.of(
        *(np.concatenate([getattr(s, k) for s in both]) for k in ("exit", "left")),
        weight=np.concatenate([s.weight for s in both]),
    )
    fit = law.fit_law(joint, "sbg", grain=12.0)
    a, b = fit.estimates["a"].value, fit.estimates["b"].value
    survival = lambda t: theory.survival_sbg(t, a=a, b=b)  # noqa: E731
    expected = sum(
        float(
            s.weight[:-1] @ np.log(survival(np.arange(y)) - survival(np.arange(1, y + 1)))
            + s.weight[-1] * np.log(survival(y))
        )
        for s, y in zip(both, (7, 3), strict=True)
    )
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-9)


# The laws themselves


def test_laws_are_those_of_the_engine():
    gamma, beta = LAWS["gamma"], LAWS["beta"]
    duration = Duration(power=1.3)
    hazard = gamma.yearly / 12
    assert gamma.survival(MONTHS) == pytest.approx(GammaFrailty(0.8).laplace(hazard * duration.cumulative(MONTHS)))
    passed = Duration(power=1.2).cumulative(MONTHS) / 12
    assert beta.survival(MONTHS) == pytest.approx(BetaFrailty(0.7, 1.2).laplace(passed))
    steps = Duration(knots=(6.0, 24.0), factors=(0.05, 0.03, 0.01))
    assert LAWS["steps"].survival(MONTHS) == pytest.approx(np.exp(-steps.cumulative(MONTHS)))


@pytest.mark.parametrize("name", LAWS)
def test_the_hazard_is_the_slope_of_cumulative_hazard(name):
    mine = LAWS[name]
    slope = [
        (mine.cumulative(np.array([t * (1 + 1e-6)])) - mine.cumulative(np.array([t * (1 - 1e-6)])))[0] / (2e-6 * t)
        for t in MONTHS
    ]
    assert np.exp(mine.log_hazard(MONTHS)) == pytest.approx(slope, rel=1e-5)


def test_a_variance_near_nought_is_no_frailty():
    assert GammaLaw(0.3, variance=1e-9).survival(MONTHS) == pytest.approx(GammaLaw(0.3).survival(MONTHS), rel=1e-7)


@pytest.mark.parametrize("name", ["gamma", "beta", "steps"])
def test_churn_of_a_settled_pool_is_what_theory_says(name):
    mine = LAWS[name]
    survival = lambda t: float(mine.survival(np.array([t]))[0])  # noqa: E731
    assert mine.settled() == pytest.approx(1 - theory.retention_settled(survival), rel=1e-4)


# Likelihoods


def drawn(mine, n, *, seed, late=0.4, window=60.0):
    """Draw lives from a law by inverting its survival, some seen from a tenure on only."""
    rng = np.random.default_rng(seed)
    grid = np.append(0.0, np.geomspace(1e-3, 1e5, 4000))
    end = np.interp(rng.exponential(size=n), mine.cumulative(grid), grid, right=1e9)
    seen, entry = rng.uniform(1, window, n), np.where(rng.random(n) < late, rng.uniform(0, 20, n), 0.0)
    exits = np.minimum(end, seen)
    kept = exits > entry
    return Spells.of(exits[kept], (end <= seen)[kept], entry=entry[kept])


def test_the_exponential_is_leavers_over_customer_months():
    spells = drawn(GammaLaw(0.3), 500, seed=1)
    fit = law.fit_law(spells, "exponential")
    rate = spells.events / spells.exposure
    assert fit.estimates["annual_churn"].value == pytest.approx(-math.expm1(-12 * rate), rel=1e-6)
    assert fit.log_likelihood == pytest.approx(spells.events * math.log(rate) - spells.events, rel=1e-9)


def test_the_interval_of_the_exponential_is_the_root_of_its_likelihood_ratio():
    spells = drawn(GammaLaw(0.3), 200, seed=2)
    found = law.fit_law(spells, "exponential").estimates["annual_churn"]
    d, months = spells.events, spells.exposure
    fall = lambda rate: d * math.log(rate * months / d) - rate * months + d + stats.chi2.ppf(0.95, 1) / 2  # noqa: E731
    low, high = (optimize.brentq(fall, *ends) for ends in ((d / months / 5, d / months), (d / months, 5 * d / months)))
    assert (found.low, found.high) == pytest.approx((-math.expm1(-12 * low), -math.expm1(-12 * high)), rel=1e-4)


def test_the_weibull_agrees_with_scipy():
    spells = drawn(GammaLaw(0.3, power=0.7), 800, seed=3, late=0.0)
    fit = law.fit_law(spells, "weibull")
    data = stats.CensoredData.right_censored(spells.exit, ~spells.left)
    shape, _, scale = stats.weibull_min.fit(data, floc=0)
    assert fit.estimates["power"].value == pytest.approx(shape, rel=1e-3)
    assert fit.survival(MONTHS) == pytest.approx(stats.weibull_min.sf(MONTHS, shape, scale=scale), rel=1e-3)


@pytest.mark.parametrize("name", ["gamma", "beta"])
def test_who_comes_late_adds_survival_since_then_among_all_who_came_so_far(name):
    """The likelihood of a late entrant, by brute force over frailty: survivors' frailties integrated out."""
    mine, entry, end = LAWS[name], 9.0, 21.0
    if name == "gamma":
        frailty = stats.gamma(1 / 0.8, scale=0.8)
        passed = lambda z, t: z * mine.yearly * (t / 12) ** 1.3  # noqa: E731
        rate = lambda z, t: z * mine.yearly * 1.3 / 12 * (t / 12) ** 0.3  # noqa: E731
    else:
        frailty = stats.beta(0.7, 1.2)
        passed = lambda z, t: -math.log1p(-z) * (t / 12) ** 1.2  # noqa: E731
        rate = lambda z, t: -math.log1p(-z) * 1.2 / 12 * (t / 12) ** 0.2  # noqa: E731
    average = lambda f: integrate.quad(lambda u: f(frailty.ppf(u)), 0, 1 - 1e-12, limit=400)[0]  # noqa: E731
    there = average(lambda z: math.exp(-passed(z, entry)))
    expected = math.log(average(lambda z: rate(z, end) * math.exp(-passed(z, end))) / there)
    found = law.by_row(mine, Spells.of([end], [True], entry=[entry]))
    assert found[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", fitting.FREE)
@pytest.mark.parametrize("grain", [0.0, 1.0])
def test_evidence_in_few_points_is_worth_what_all_rows_are(kind, grain):
    spells = drawn(LAWS["gamma"], 24 * MOST, seed=4)
    if grain:
        spells = Spells.of(np.ceil(spells.exit), spells.left, entry=np.floor(spells.entry))
    point = {"first_year": -1.0, "variance": 0.8, "power": 0.3, "a": -0.2, "odds": 1.0}
    mine = fitting.make(kind, np.array([point[name] for name in fitting.FREE[kind]]))
    few = Evidence.of(spells, grain).log_likelihood(mine)
    assert few == pytest.approx(float(law.by_row(mine, spells, grain).sum()), rel=1e-9)


def test_tenures_in_whole_months_are_no_reason_to_miss_the_law():
    """n = 20,000 counted in whole months; a grain gives back what exact tenures give, within 2 standard errors."""
    spells = drawn(GammaLaw(0.6, power=0.7), 20_000, seed=5, late=0.0)
    coarse = Spells.of(np.ceil(spells.exit), spells.left)
    exact, grouped = (
        law.fit_law(spells, "weibull"),
        law.fit_law(coarse.where(coarse.left | (coarse.exit > 0)), "weibull", grain=1.0),
    )
    for name, estimate in exact.estimates.items():
        assert grouped.estimates[name].value == pytest.approx(estimate.value, abs=2 * estimate.error), name


def test_steps_are_leavers_over_customer_months_of_each_stretch():
    spells = drawn(LAWS["steps"], 2000, seed=6)
    fit = law.fit_law(spells, "steps", knots=(6.0, 24.0))
    for (low, high), name in zip(
        [(0, 6), (6, 24), (24, np.inf)], ["0-6 months", "6-24 months", "from 24 months"], strict=True
    ):
        seen = spells.between(low, high)
        assert fit.estimates[f"hazard {name}"].value == pytest.approx(seen.events / seen.exposure)
    assert fit.log_likelihood == pytest.approx(float(law.by_row(fit.law, spells).sum()), rel=1e-9)


def test_steps_of_whole_months_are_the_share_of_each_month():
    """Constant hazard, grain 1: of those who begin a month, the same share leaves within it."""
    spells = Spells.of([1, 2, 3, 4, 4], [True, True, True, False, False], weight=[30, 21, 14.7, 20.0, 14.3])
    fit = law.fit_law(spells, "steps", grain=1.0, knots=())
    assert fit.estimates["hazard from 0 months"].value == pytest.approx(-math.log(1 - 65.7 / (100 + 70 + 49 + 34.3)))


def test_the_data_choose_where_a_hazard_changes():
    fit = law.fit_law(drawn(StepsLaw((12.0,), (0.06, 0.01)), 20_000, seed=7), "steps")
    assert fit.law.knots == (12.0,)


# Borders and refusals


def test_customers_who_are_alike_put_the_variance_on_its_border():
    """Of a hazard that rises with tenure no gamma frailty is a mixture: the variance is 0, its interval one-sided."""
    fit = law.fit_law(drawn(GammaLaw(0.3, power=1.5), 2000, seed=8), "gamma")
    found = fit.estimates["variance"]
    assert found.value == found.low == 0.0
    assert 0 < found.high < 0.5
    assert "border" in fit.notes[0]
    keys = fit.keys()
    assert "frailty" not in keys


def test_customers_who_are_alike_leave_a_without_an_upper_end():
    fit = law.fit_law(drawn(GammaLaw(0.3, power=1.5), 2000, seed=8), "sbg")
    assert "no upper end" in fit.notes[0]


def test_nobody_leaving_is_no_law():
    with pytest.raises(UsageError, match="none of 2 customers left"):
        law.fit_law(Spells.of([5.0, 6.0], False), "gamma")


def test_everybody_leaving_at_once_still_is_a_law():
    fit = law.fit_law(Spells.of([5.0, 5.0, 6.0], True), "exponential")
    assert 0 < fit.estimates["annual_churn"].low < fit.estimates["annual_churn"].value < 1


def test_keys_are_those_of_a_segment():
    fit = law.fit_law(drawn(LAWS["gamma"], 5000, seed=9), "gamma-power")
    keys = fit.keys()
    assert set(keys) == {"annual_churn", "frailty", "duration"}
    assert keys["annual_churn"] == fit.estimates["annual_churn"].value
    assert fit.keys("settled")["annual_churn"] == pytest.approx(fit.law.settled())
    assert fit.keys(24.0)["annual_churn"] == pytest.approx(1 - fit.survival([36.0])[0] / fit.survival([24.0])[0])
    assert fit.law.churn([0.0, 24.0]) == pytest.approx((keys["annual_churn"] + fit.keys(24.0)["annual_churn"]) / 2)
