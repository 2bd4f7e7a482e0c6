"""How a hazard varies with tenure and between customers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from retainsim.draws import Luck, key, name
from retainsim.laws import BetaFrailty, Duration, Frailty, GammaFrailty
from unit.making import EXAMPLES

N = 100_000
NAMES = name(key("test"), np.arange(N))

POWERS = [Duration(), Duration(power=0.5), Duration(power=1.7, unit=24.0), Duration(power=0.8, unit=1.0)]
STEPS = [
    Duration(knots=(6.0, 24.0), factors=(1.5, 1.0, 0.6)),
    Duration(knots=(6.0,), factors=(0.0, 2.0)),
    Duration(knots=(6.0, 12.0), factors=(1.0, 0.0, 0.5)),
    Duration(knots=(6.0, 12.0), factors=(1.0, 0.5, 0.0)),
    Duration(knots=(3.0, 6.0, 9.0), factors=(0.0, 0.0, 2.0, 0.0)),
]
FRAILTIES = [GammaFrailty(0.05), GammaFrailty(0.5), GammaFrailty(3.0), BetaFrailty(0.7, 1.2), BetaFrailty(4.0, 60.0)]


def factor(law, tenure):
    """Return the derivative of Lambda, written anew from DESIGN.md section 4."""
    if law.factors:
        return law.factors[sum(knot <= tenure for knot in law.knots)]
    return law.power * (tenure / law.unit) ** (law.power - 1)


def density(law):
    """Return the density of frailty, from scipy, and where it ends for a numerical integral."""
    if isinstance(law, GammaFrailty):
        gamma = stats.gamma(1 / law.variance, scale=law.variance)
        return gamma.pdf
    beta = stats.beta(law.a, law.b)
    return lambda z: beta.pdf(-np.expm1(-z)) * np.exp(-z)


@st.composite
def step_laws(draw):
    widths = draw(st.lists(st.floats(0.5, 40), min_size=1, max_size=4))
    factors = draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, 4.0]), min_size=len(widths) + 1, max_size=len(widths) + 1))
    return Duration(knots=tuple(np.cumsum(widths)), factors=tuple(factors))


@pytest.mark.parametrize("law", [*POWERS, *STEPS])
def test_lambda_is_the_integral_of_the_factor_over_tenure(law):
    for tenure in (0.5, 5.0, 6.0, 11.0, 12.0, 13.0, 60.0):
        edges = [0.0, *(knot for knot in law.knots if knot < tenure), tenure]
        parts = [
            integrate.quad(lambda a: factor(law, a), low, high)[0] for low, high in zip(edges, edges[1:], strict=False)
        ]
        assert law.cumulative(np.array([tenure]))[0] == pytest.approx(sum(parts), rel=1e-7)


@pytest.mark.parametrize("law", POWERS)
def test_power_does_not_change_lambda_at_the_unit(law):
    assert law.cumulative(np.array([0.0, law.unit])) == pytest.approx([0.0, law.unit])


@pytest.mark.parametrize("law", [*POWERS, *STEPS])
def test_the_inverse_gives_the_tenure_back_wherever_the_factor_is_above_0(law):
    tenures = np.linspace(0.001, 300.0, 5003)
    kept = np.array([factor(law, t) > 0 for t in tenures])
    assert law.inverse(law.cumulative(tenures))[kept] == pytest.approx(tenures[kept], rel=1e-9)


@EXAMPLES
@given(step_laws(), st.floats(1e-6, 500.0))
def test_at_the_inverse_of_an_amount_lambda_is_that_amount_or_never_gets_there(law, amount):
    tenure = law.inverse(np.array([amount]))
    reach = law.cumulative(np.array([1e9]))[0]
    if amount > reach * (1 + 1e-12):
        assert tenure[0] == np.inf
    elif amount < reach * (1 - 1e-12):
        assert law.cumulative(tenure)[0] == pytest.approx(amount, rel=1e-9)


@EXAMPLES
@given(step_laws(), st.floats(0.0, 200.0), st.floats(0.0, 200.0))
def test_lambda_never_falls_and_neither_does_its_inverse(law, one, two):
    low, high = np.array([min(one, two)]), np.array([max(one, two)])
    assert law.cumulative(low)[0] <= law.cumulative(high)[0]
    assert law.inverse(low)[0] <= law.inverse(high)[0]


@pytest.mark.parametrize("law", [*POWERS, *STEPS])
def test_an_infinite_fuse_never_burns_through(law):
    assert law.inverse(np.array([np.inf]))[0] == np.inf


@pytest.mark.parametrize("law", STEPS)
def test_the_factor_of_a_stretch_is_the_slope_of_lambda_there(law):
    for tenure in (0.0, 3.0, 5.9, 6.0, 12.0, 50.0):
        ahead = law.cumulative(np.array([tenure, tenure + 1e-3]))
        assert law.factor(tenure) == pytest.approx(np.diff(ahead)[0] / 1e-3, abs=1e-9)


@pytest.mark.parametrize("law", FRAILTIES)
@pytest.mark.parametrize("amount", [0.0, 0.1, 1.0, 10.0])
def test_laplace_is_the_share_of_newcomers_left_integrated_over_their_frailty(law, amount):
    pdf = density(law)
    cuts = [0.0, *law.quantile(np.array([1e-6, 0.01, 0.5, 0.99, 1 - 1e-9])), np.inf]
    pieces = [
        integrate.quad(lambda z: np.exp(-amount * z) * pdf(z), low, high, limit=200)[0]
        for low, high in zip(cuts, cuts[1:], strict=False)
    ]
    assert law.laplace(np.array([amount]))[0] == pytest.approx(sum(pieces), rel=1e-5)


@pytest.mark.parametrize("law", FRAILTIES)
@pytest.mark.parametrize("passed", [0.0, 0.5, 4.0])
def test_survivors_have_the_frailty_of_those_whom_the_hazard_left(law, passed):
    """Two samples of n = 100,000 or less, Kolmogorov-Smirnov: drawn given survival, and selected by surviving."""
    drawn = law.draw(Luck(1, 0), NAMES, passed)
    rng = np.random.default_rng(7)
    if isinstance(law, GammaFrailty):
        frailty = rng.gamma(1 / law.variance, law.variance, 4 * N)
    else:
        frailty = -np.log1p(-rng.beta(law.a, law.b, 4 * N))
    survivors = frailty[rng.random(4 * N) < np.exp(-frailty * passed)][:N]
    assert len(survivors) > 1000
    assert 1e-4 <= stats.ks_2samp(drawn, survivors).pvalue <= 1 - 1e-4


@pytest.mark.parametrize("law", FRAILTIES)
def test_the_longer_one_has_survived_the_less_frail_one_is(law):
    frailties = [law.draw(Luck(1, 0), NAMES[:500], passed) for passed in (0.0, 1.0, 5.0)]
    assert (np.diff(frailties, axis=0) < 0).all()


def test_every_survivor_may_have_gone_through_another_hazard():
    law, passed = GammaFrailty(0.5), np.linspace(0.0, 3.0, 10)
    together = law.draw(Luck(0, 0), NAMES[:10], passed)
    assert together == pytest.approx([law.draw(Luck(0, 0), NAMES[i : i + 1], passed[i])[0] for i in range(10)])


@pytest.mark.parametrize("variance", [0.05, 0.5, 3.0])
def test_gamma_frailty_has_mean_1_and_the_variance_given(variance):
    frailty = GammaFrailty(variance).draw(Luck(0, 0), NAMES)
    kurtosis = 6 * variance  # excess, of a gamma of shape 1 / variance
    assert abs(frailty.mean() - 1) < 4 * np.sqrt(variance / N)
    assert abs(frailty.var() / variance - 1) < 4 * np.sqrt((kurtosis + 2) / N)


def test_beta_frailty_is_minus_the_log_of_a_beta_distributed_chance_of_staying():
    frailty = BetaFrailty(0.7, 1.2).draw(Luck(0, 0), NAMES)
    assert stats.kstest(-np.expm1(-frailty), stats.beta(0.7, 1.2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("law", FRAILTIES)
def test_rank_and_quantile_undo_one_another(law):
    ranks = np.linspace(0.001, 0.999, 401)
    frailty = law.quantile(ranks)
    assert law.rank(frailty) == pytest.approx(ranks, rel=1e-7)
    assert (np.diff(frailty) > 0).all()


@pytest.mark.parametrize("law", FRAILTIES)
def test_the_rank_is_the_share_of_newcomers_who_are_less_frail(law):
    frailty = law.draw(Luck(0, 0), NAMES)
    assert stats.kstest(law.rank(frailty), "uniform").pvalue > 1e-4


def test_without_frailty_everybody_is_alike():
    law = Frailty()
    assert law.is_none
    assert law.draw(Luck(0, 0), NAMES[:5], 3.0).tolist() == [1.0] * 5
    assert law.laplace(np.array([2.0]))[0] == pytest.approx(np.exp(-2.0))
    assert not GammaFrailty(0.5).is_none
