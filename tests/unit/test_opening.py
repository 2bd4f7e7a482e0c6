"""Who is here at month 0: shares, tenures and frailties by their laws, and the same people in every arm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from retainsim.calibration import calibrate, raw_bases
from retainsim.opening import default_mix, spread
from unit.making import EXAMPLES, SEGMENT, arm, parameters, world

TWO = {"small": SEGMENT | {"share": 3.0}, "large": SEGMENT | {"share": 1.0, "annual_churn": 0.1}}
GAMMA = {"kind": "gamma", "variance": 0.8}
TRAITS = ("name", "segment", "cell", "joined", "frailty", "fuse.0", "fuse.1", "since", "notice", "leaves", "reason")
N = 20_000


def opening(count=N, segments=None, seed=0, **pool):
    today = parameters(pool={"customers": count, **pool}, segments=segments or {"small": SEGMENT})
    return world(today, seed=seed)


def survival(months, hazard=-np.log(0.7) / 12):
    return np.exp(-hazard * months)


def furthest(shares, count):
    """Return by how many customers a segment is ever off its due, at any size of the pool up to `count`."""
    places = spread(np.array(shares), count)
    held = np.cumsum(places[:, None] == np.arange(len(shares)), axis=0)
    return np.abs(held - np.arange(1, count + 1)[:, None] * np.array(shares)).max()


@pytest.mark.parametrize(
    "shares",
    [
        [1.0],
        [0.5, 0.5],
        [0.001, 0.999],
        [0.8, 0.2],
        [1 / 3, 1 / 3, 1 / 3],
        [0.05, 0.15, 0.3, 0.5],
    ],
)
def test_every_share_of_the_opening_pool_is_exact_within_two_customers(shares):
    assert furthest(shares, 100_000) <= 2.0


@EXAMPLES
@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=6), st.integers(1, 300_000))
def test_any_shares_are_exact_within_four_customers(weights, count):
    shares = np.array(weights) / sum(weights)
    held = np.bincount(spread(shares, count), minlength=len(shares))
    assert held.sum() == count
    assert np.abs(held - count * shares).max() <= 4.0


def test_a_segment_without_a_share_has_nobody():
    assert (spread(np.array([0.0, 1.0, 0.0]), 5000) == 1).all()


@pytest.mark.parametrize("tenure", ["settled", "new", {"months": 17.0}])
def test_adding_customers_changes_none_of_the_others(tenure):
    segments = {"small": TWO["small"] | {"frailty": GAMMA}, "large": TWO["large"] | {"term_months": 12.0}}
    few, many = (opening(count, segments, tenure=tenure).pool for count in (500, 1500))
    for trait in TRAITS:
        assert np.array_equal(few[trait], many[trait][:500]), trait


def test_the_opening_pool_is_the_same_in_every_arm():
    today = parameters(pool={"customers": 400}, segments={"small": SEGMENT | {"frailty": GAMMA}})
    changes = [{"set": "segments.small.annual_churn", "times": 0.5}, {"set": "segments.small.price", "to": 1.0}]
    one = world(today)
    two = world(today, arm(retention={"points": 5.0}, change=changes), factor=0.5)
    for trait in ("name", "segment", "joined", "frailty", "since"):
        assert np.array_equal(one.pool[trait], two.pool[trait]), trait
    assert (two.pool["leaves"] > one.pool["leaves"]).all()  # the same fuses, at a lower hazard


def test_tenures_of_a_settled_pool_follow_survival_up_to_its_age():
    tenure = -opening(age_years=4.0).pool["joined"]
    hazard = -np.log(0.7) / 12
    law = lambda a: -np.expm1(-hazard * a) / -np.expm1(-hazard * 48.0)  # noqa: E731
    assert tenure.max() <= 48.0
    assert stats.kstest(tenure, law).pvalue > 1e-4


def test_tenure_and_frailty_are_drawn_jointly_given_survival():
    """Gamma frailty of variance v: density of tenure (1 + v H)^(-1/v), and given tenure a mean of 1 / (1 + v H)."""
    pool, v = opening(segments={"small": SEGMENT | {"frailty": GAMMA}}).pool, 0.8
    hazard = -np.log(0.7) / 12
    stay = lambda a: (1 + v * hazard * a) ** (-1 / v)  # noqa: E731
    tenure, area = -pool["joined"], integrate.quad(stay, 0, 120)[0]
    grid = np.linspace(0.0, 120.0, 4001)
    cdf = integrate.cumulative_trapezoid(stay(grid), grid, initial=0.0) / area
    assert stats.kstest(tenure, lambda a: np.interp(a, grid, cdf)).pvalue > 1e-4
    passed = 1 + v * hazard * tenure
    residual = pool["frailty"] * passed  # Gamma(1/v, rate 1/v), whatever the tenure
    assert stats.kstest(residual, stats.gamma(1 / v, scale=v).cdf).pvalue > 1e-4
    assert abs(np.corrcoef(residual, tenure)[0, 1]) < 4 / np.sqrt(N)


def test_fuses_of_the_opening_pool_are_unburnt_since_the_last_renewal():
    pool = opening().pool
    assert np.array_equal(pool["since"], np.zeros(N))
    for index in (0, 1):
        assert stats.kstest(pool[f"fuse.{index}"], "expon").pvalue > 1e-4


def test_a_given_tenure_is_everybodys():
    assert set(opening(100, tenure={"months": 17.5}).pool["joined"].tolist()) == {-17.5}
    assert set(opening(100, tenure="new").pool["joined"].tolist()) == {0.0}


@pytest.mark.parametrize("tenure", ["settled", {"months": 18.0}, {"months": 24.0}, "new"])
def test_under_a_contract_some_have_given_notice_and_everybody_leaves_at_a_renewal_to_come(tenure):
    """Given survival to the last renewal alone, the chance to have given notice is 1 - exp(-h (a - last renewal))."""
    pool = opening(segments={"small": SEGMENT | {"term_months": 12.0}}, tenure=tenure, age_years=5.0).pool
    age = -pool["joined"]
    terms = (pool["leaves"] + age) / 12.0
    assert (pool["leaves"] > 0.0).all()
    assert np.allclose(terms, np.round(terms))
    hazard = -np.log(0.7) / 12
    chance = -np.expm1(-hazard * (age - np.floor(age / 12.0 + 1e-12) * 12.0))
    noticed = pool["notice"] <= 0.0
    assert abs(noticed.sum() - chance.sum()) <= 4 * np.sqrt((chance * (1 - chance)).sum()) + 1e-9
    assert (pool["leaves"][noticed] <= 12.0).all()


def test_tenures_of_a_settled_pool_under_contract_follow_survival_to_the_last_renewal():
    tenure = -opening(segments={"small": SEGMENT | {"term_months": 12.0}}, age_years=5.0).pool["joined"]
    periods = np.arange(5)
    expected = N * survival(12.0 * periods) / survival(12.0 * periods).sum()
    assert stats.chisquare(np.bincount((tenure // 12).astype(int), minlength=5), expected).pvalue > 1e-4
    assert stats.kstest(tenure % 12.0 / 12.0, "uniform").pvalue > 1e-4


def test_under_a_contract_frailty_is_given_survival_to_the_last_renewal_alone():
    """Gamma of variance v given survival of H to the last renewal: frailty (1 + v H) is Gamma(1/v, rate 1/v)."""
    v, hazard = 3.0, -np.log(0.1) / 12
    segment = SEGMENT | {"frailty": {"kind": "gamma", "variance": v}, "annual_churn": 0.9, "term_months": 24.0}
    pool = opening(segments={"small": segment}, age_years=4.0).pool
    renewed = np.floor(-pool["joined"] / 24.0) * 24.0
    assert set(renewed.tolist()) == {0.0, 24.0}
    residual = pool["frailty"] * (1 + v * hazard * renewed)
    assert stats.kstest(residual, stats.gamma(1 / v, scale=v).cdf).pvalue > 1e-4


def test_the_default_mix_is_share_times_hazard_where_hazards_are_constant():
    today = parameters(segments=TWO)
    found = default_mix(today, raw_bases(today))
    wanted = np.array([0.25 * np.log(0.9), 0.75 * np.log(0.7)])  # sorted: large, small
    assert found / found.sum() == pytest.approx(wanted / wanted.sum(), rel=1e-6)


def test_joiners_by_the_default_mix_keep_the_segments_of_a_calibrated_pool_in_balance():
    """As many join as leave: in the first month, at 2.5 % churn, no segment grows or shrinks by more than 1 in 10,000."""
    segments = {name: segment | {"frailty": GAMMA} for name, segment in TWO.items()}
    today = parameters(segments=segments, pool={"customers": 1000})
    bases = calibrate(today).bases
    flows = default_mix(today, bases)
    sizes = np.array([250.0, 750.0])
    age, months = 120.0, np.linspace(0.0, 1.0, 101)
    for s in (0, 1):
        grid = np.linspace(0.0, age, 12_001)
        stay = bases.present(s, grid).mean() * age
        old = sizes[s] / stay * np.array([bases.present(s, grid + t).mean() * age for t in (0.0, 1.0)])
        new = flows[s] * integrate.trapezoid(bases.present(s, months), months)
        assert (old[1] + new * sizes.sum()) / sizes[s] == pytest.approx(1.0, abs=1e-4)


def test_the_books_open_with_those_who_are_here():
    found = opening(800, TWO)
    assert found.ledger.opening.sum() == 800
    assert found.ledger.opening[:, 0].tolist() == np.bincount(found.pool["segment"]).tolist()


OBSERVED = [0.0, 2.0, 2.0, 50.0]


def test_tenures_of_the_file_are_those_of_the_pool():
    """A third evenly from 0 to 2, a third at 2, a third evenly from 2 to 50 months; n = 20,000, 4 standard errors."""
    found = opening(segments={"small": SEGMENT | {"tenures": OBSERVED}})
    tenure = -found.pool["joined"][found.pool.rows()]
    se = np.sqrt(2 / 9 / N)
    assert (tenure < 2.0 - 1e-9).mean() == pytest.approx(1 / 3, abs=4 * se)
    assert (np.abs(tenure - 2.0) < 1e-9).mean() == pytest.approx(1 / 3, abs=4 * se)
    assert tenure.max() <= 50.0
    assert tenure[tenure > 2].mean() == pytest.approx(26.0, abs=4 * 48 / np.sqrt(12 * N / 3))


def test_churn_of_the_file_is_that_at_the_tenures_of_the_file():
    """Under frailty, whoever has been here longer leaves less: the base is that at which the mean comes out."""
    own = SEGMENT | {"tenures": OBSERVED, "frailty": GAMMA, "annual_churn": 0.3}
    bases = calibrate(parameters(pool={"customers": N}, segments={"small": own})).bases
    base, tenure = bases.hazards.sum(), np.interp(np.linspace(0, 1, 200_001), np.linspace(0, 1, 4), OBSERVED)
    stay = ((1 + 0.8 * base * (tenure + 12)) / (1 + 0.8 * base * tenure)) ** (-1 / 0.8)
    assert 1 - stay.mean() == pytest.approx(0.3, abs=1e-4)


def test_tenures_of_the_file_and_of_the_pool_are_not_both_given():
    with pytest.raises(ValueError, match="both say"):
        parameters(pool={"customers": N, "tenure": "new"}, segments={"small": SEGMENT | {"tenures": OBSERVED}})


def test_an_empty_pool_takes_no_notice_of_tenures():
    own = {"small": SEGMENT | {"tenures": OBSERVED, "frailty": GAMMA}}
    found = calibrate(parameters(pool={"customers": 0}, segments=own)).bases
    assert found.hazards == pytest.approx(
        calibrate(parameters(segments={"small": SEGMENT | {"frailty": GAMMA}}, pool={"customers": 0})).bases.hazards
    )
