"""A factor over tenure is integrated exactly, also times a discount factor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from retainsim.profile import Profile, exponential_span
from unit.making import EXAMPLES

PROFILES = {
    "constant": Profile(),
    "growing": Profile.growing(1.2, 60.0),
    "shrinking": Profile.growing(0.5, 18.0),
    "easing": Profile.easing(6.0, 0.3),
    "easing_to_nothing": Profile.easing(1.0, 0.0),
    "steps": Profile.steps((0.0, 12.0, 24.0), (-4.25, 2.5, 3.5)),
    "off_for_a_month": Profile.steps((0.0, 1.0), (0.0, 1.0)),
    "product": Profile.growing(1.1, 30.0).times(Profile.easing(6.0, 0.3)),
    "product_of_three": Profile.growing(1.1, 30.0).times(Profile.easing(6.0, 0.3)).times(Profile.steps((0.0, 5.0), (2.0, 1.0))),
}  # fmt: skip
RATES = [0.0, -0.008, 0.02, -np.log(1.2) / 12.0]
TENURES = np.array([0.0, 0.3, 1.0, 5.0, 11.99, 12.0, 12.5, 18.0, 30.0, 59.9, 60.0, 77.0, 240.0])

growing = st.builds(Profile.growing, st.floats(0.3, 3.0), st.floats(0.0, 60.0))
easing = st.builds(Profile.easing, st.floats(0.5, 60.0), st.floats(0.0, 1.0))
steps = st.floats(0.5, 40.0).map(lambda at: Profile.steps((0.0, at), (0.5, 2.0)))
profiles = st.one_of(
    growing, easing, steps, st.builds(Profile.times, growing, easing), st.builds(Profile.times, steps, easing)
)


def numeric(profile, tenure, rate):
    knots = [start for start in profile.starts if start < tenure]
    edges = [*knots, tenure]
    at = lambda a: float(profile.at(np.array([a]))[0]) * np.exp(rate * a)  # noqa: E731
    return sum(integrate.quad(at, low, high)[0] for low, high in zip(edges, edges[1:], strict=False))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_integral_is_what_quadrature_finds(profile, rate):
    wanted = [numeric(profile, tenure, rate) for tenure in TENURES]
    assert profile.integral(TENURES, rate) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@EXAMPLES
@given(profiles, st.floats(-0.05, 0.05), st.floats(0.0, 120.0))
def test_the_integral_of_any_profile_is_what_quadrature_finds(profile, rate, tenure):
    assert profile.integral(np.array([tenure]), rate)[0] == pytest.approx(
        numeric(profile, tenure, rate), rel=1e-7, abs=1e-7
    )


def test_growth_is_by_a_factor_a_year_up_to_a_tenure():
    found = Profile.growing(1.2, 30.0).at(np.array([0.0, 12.0, 24.0, 30.0, 50.0]))
    assert found == pytest.approx([1.0, 1.2, 1.44, 1.2**2.5, 1.2**2.5])


def test_easing_goes_half_the_way_to_the_floor_every_half_life():
    found = Profile.easing(6.0, 0.4).at(np.array([0.0, 6.0, 12.0, 1e4]))
    assert found == pytest.approx([1.0, 0.7, 0.55, 0.4])


def test_steps_hold_from_their_start_on():
    found = Profile.steps((0.0, 12.0), (3.0, 5.0)).at(np.array([0.0, 11.999, 12.0, 99.0]))
    assert found.tolist() == [3.0, 3.0, 5.0, 5.0]


@EXAMPLES
@given(profiles, profiles)
def test_a_product_is_the_product_at_every_tenure_whichever_comes_first(one, two):
    wanted = one.at(TENURES) * two.at(TENURES)
    assert one.times(two).at(TENURES) == pytest.approx(wanted, rel=1e-9)
    assert two.times(one).at(TENURES) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_product_with_the_constant_1_is_the_profile(profile):
    assert profile.times(Profile()) == profile
    assert Profile().times(profile).at(TENURES) == pytest.approx(profile.at(TENURES))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_terms_from_a_tenure_go_on_as_the_profile_does(profile):
    for start in (0.0, 0.5, 7.0, 100.0):
        ends = [s - start for s in profile.starts if s > start] or [50.0]
        wait = 0.9 * min(ends)
        found = sum(value * np.exp(rate * wait) for value, rate in profile.terms_from(start))
        assert found == pytest.approx(profile.at(np.array([start + wait]))[0])


def test_what_does_not_grow_is_constant():
    assert Profile.growing(1.0, 60.0).is_constant
    assert Profile.growing(1.5, 0.0).is_constant
    assert not Profile.growing(1.5, 60.0).is_constant
    assert not Profile.easing(6.0, 0.0).is_constant


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-12, -1e-12, 0.5, -0.5])
def test_an_exponential_is_integrated_also_where_its_rate_is_next_to_nothing(rate):
    wanted = 3.0 if abs(rate) < 1e-9 else (np.exp(3.0 * rate) - 1) / rate
    width = np.array([3.0, 0.0])
    assert exponential_span(width, rate) == pytest.approx([wanted, 0.0], rel=1e-9)
    assert exponential_span(width, np.array([rate, 0.0])) == pytest.approx([wanted, 0.0], rel=1e-9)
