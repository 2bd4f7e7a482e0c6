"""A number that is not known is a distribution, drawn by its rank between two ends."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from retainsim.scenario.distributions import Distribution, find, substitute
from retainsim.scenario.quantiles import LAWS, TAIL

LAWS_OF_SCIPY = {
    ("normal", (0.22, 0.02)): scipy.stats.norm(0.22, 0.02),
    ("uniform", (3.0, 5.0)): scipy.stats.uniform(3, 2),
    ("triangular", (50.0, 70.0, 100.0)): scipy.stats.triang(0.4, 50, 50),
    ("triangular", (0.0, 0.0, 1.0)): scipy.stats.triang(0, 0, 1),
    ("triangular", (0.0, 1.0, 1.0)): scipy.stats.triang(1, 0, 1),
    ("lognormal", (100.0, 0.5)): scipy.stats.lognorm(0.5, scale=100),
    ("beta", (2.0, 8.0)): scipy.stats.beta(2, 8),
    ("beta", (2.0, 3.0, 10.0, 20.0)): scipy.stats.beta(2, 3, 10, 10),
}
laws = pytest.mark.parametrize(
    ("law", "known"),
    [pytest.param(Distribution(*spec), known, id=str(Distribution(*spec))) for spec, known in LAWS_OF_SCIPY.items()],
)


@laws
@pytest.mark.parametrize("u", [0.0, 0.01, 0.3, 0.5, 0.77, 1.0])
def test_a_quantile_is_that_of_scipy_between_the_cut_tails(law, known, u):
    assert law.quantile(u) == pytest.approx(known.ppf(TAIL + u * (1 - 2 * TAIL)), rel=1e-9)


@laws
def test_the_mean_is_that_of_scipy(law, known):
    assert law.mean == pytest.approx(known.mean(), rel=1e-12)


@laws
def test_the_cut_hardly_moves_the_mean(law, known):
    ranks = (np.arange(20_000) + 0.5) / 20_000
    assert np.mean([law.quantile(u) for u in ranks]) == pytest.approx(law.mean, rel=1e-3)


def test_at_its_widest_a_lognormal_loses_less_than_five_per_cent_of_its_mean():
    law = Distribution("lognormal", (1.0, 2.0))
    ranks = (np.arange(200_000) + 0.5) / 200_000
    assert 0.95 < np.mean([law.quantile(u) for u in ranks]) / law.mean < 1


numbers = st.floats(-1e6, 1e6)


@given(
    st.sampled_from(sorted(LAWS)),
    st.lists(numbers, min_size=1, max_size=5),
    st.lists(st.floats(0, 1), min_size=2),
)
def test_whatever_is_accepted_has_rising_quantiles_around_its_mean(kind, given_numbers, ranks):
    try:
        law = Distribution(kind, tuple(given_numbers))
    except ValueError:
        return
    drawn = [law.quantile(u) for u in sorted(ranks)]
    low, high = law.ends
    slack = 1e-12 * max(map(abs, (low, high, *given_numbers)))
    assert all(low - slack <= a <= b + slack <= high + 2 * slack for a, b in pairwise(drawn))
    assert math.isfinite(low) and math.isfinite(high) and low - slack <= law.mean <= high + slack


@pytest.mark.parametrize(
    ("kind", "given_numbers", "part"),
    [
        ("cauchy", (0.0, 1.0), "cauchy"),
        ("normal", (1.0,), "normal = [mean, sd]"),
        ("normal", (1.0, 0.0), "sd above 0"),
        ("normal", (math.nan, 1.0), "normal = [mean, sd]"),
        ("normal", (1e308, 1e308), "too long"),
        ("uniform", (2.0, 2.0), "low below high"),
        ("triangular", (1.0, 5.0, 4.0), "low <= mode <= high"),
        ("lognormal", (0.0, 1.0), "median above 0"),
        ("lognormal", (1.0, 2.1), "at most 2"),
        ("beta", (1.0, 2.0, 3.0), "[a, b] or [a, b, low, high]"),
        ("beta", (1.0, 2.0, 3.0, 3.0), "low below high"),
        ("beta", (1e-6, 1.0), "too long"),
    ],
)
def test_a_law_that_cannot_be_drawn_from_is_refused(kind, given_numbers, part):
    with pytest.raises(ValueError, match=re.escape(part)):
        Distribution(kind, given_numbers)


TREE = {
    "segments": {
        "normal": {
            "price": {"normal": [60, 5]},
            "moves": {"beta": 0.01},
            "frailty": {"kind": "gamma", "variance": {"uniform": [0.1, 1]}},
        }
    },
    "acquisition": {"ads": {"joins": 3, "seasonality": [{"normal": [1, 0.1]}, 1, 1], "curve": {"normal": [1, 2]}}},
}


def test_distributions_are_found_where_numbers_stand_and_nowhere_else():
    found, problems = find(TREE)
    assert {path: str(law) for path, law in found.items()} == {
        ("segments", "normal", "price"): "normal = [60, 5]",
        ("segments", "normal", "frailty", "variance"): "uniform = [0.1, 1]",
        ("acquisition", "ads", "seasonality", 0): "normal = [1, 0.1]",
    }
    assert problems == []


def test_a_segment_may_be_called_like_a_law():
    assert find({"segments": {"beta": [1, 2]}}) == ({}, [])


def test_substitution_leaves_the_tree_as_it_was():
    before = repr(TREE)
    after = substitute(TREE, {("segments", "normal", "price"): 7.0})
    assert after["segments"]["normal"]["price"] == 7.0
    assert after["acquisition"] == TREE["acquisition"]
    assert repr(TREE) == before
