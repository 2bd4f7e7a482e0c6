"""Hazards: what feeds each reason, how a leaving is split over what fed it, and what closing takes away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainsim.hazards import Closed, Hazards, owner
from retainsim.laws import Duration
from retainsim.pool import Pool
from unit.making import EXAMPLES, firm_of

N = 40
BASE = 0.02


def leavers(hazards=(BASE, 0.05), **more):
    """Return a firm whose first half leaves for reason a and second half for reason b, at month 3."""
    pool, churn = firm_of(N, hazards=list(hazards), **more)
    pool["reason"][:] = np.arange(N) >= N // 2
    pool["notice"][:] = 3.0
    return pool, churn


def feeds(churn, rows=None):
    rows = np.arange(N) if rows is None else rows
    return churn.feeds(rows, np.full(len(rows), 3.0))


# -- shares -----------------------------------------------------------------------------------------------------


def test_where_there_are_bases_alone_they_feed_everything():
    _, churn = leavers()
    assert feeds(churn) == {"reasons": pytest.approx(np.ones(N))}


def test_where_nothing_feeds_a_reason_the_bases_have_it():
    _, churn = leavers((0.0, 0.0))
    assert feeds(churn)["reasons"] == pytest.approx(np.ones(N))


def test_what_adds_to_a_reason_feeds_those_who_leave_for_it_in_proportion():
    _, churn = leavers()
    churn.add("rivals", "a", np.array([0.03]))
    found = feeds(churn)
    assert found["rivals"] == pytest.approx(np.where(np.arange(N) < N // 2, 0.6, 0.0))
    assert found["reasons"] == pytest.approx(np.where(np.arange(N) < N // 2, 0.4, 1.0))


@pytest.mark.parametrize("factor", [1.0, 1.25, 4.0, 1e9])
def test_of_a_factor_above_one_the_share_beyond_one_is_its_own_doing(factor):
    _, churn = leavers()
    churn.multiply("market", ["a"], factor)
    found = feeds(churn).get("market", np.zeros(N))
    assert found == pytest.approx(np.where(np.arange(N) < N // 2, 1 - 1 / factor, 0.0))


def test_a_factor_below_one_drives_nobody_away():
    _, churn = leavers()
    churn.multiply("programme", ["a", "b"], 0.4)
    assert feeds(churn)["reasons"] == pytest.approx(np.ones(N))


def test_several_factors_share_their_excess_by_their_logarithms_and_one_below_one_has_none():
    pool, churn = leavers()
    churn.multiply("market", ["a"], 2.0)
    churn.multiply_each("perception", ["a"])
    pool["factor.perception"][:] = 4.0
    churn.multiply("programme", ["a"], 0.5)
    found = {source: shares[0] for source, shares in feeds(churn).items()}
    assert found == pytest.approx({"reasons": 1 / 8, "market": 7 / 8 / 3, "perception": 7 / 8 * 2 / 3})


def test_a_factor_of_single_customers_feeds_their_leaving_alone():
    pool, churn = leavers()
    churn.multiply_each("perception", ["a"])
    pool["factor.perception"][:5] = 5.0
    assert feeds(churn)["perception"] == pytest.approx(np.where(np.arange(N) < 5, 0.8, 0.0))


def test_strain_feeds_its_reason_beside_the_hazard():
    frailty = np.linspace(0.5, 3.0, N)
    pool, churn = leavers(frailty=frailty)
    churn.add_strain("failures", "b", 6.0)
    pool["strain.failures"][:] = 0.07
    by_hand = np.where(np.arange(N) < N // 2, 0.0, 0.07 / (0.07 + 0.05 * frailty))
    assert feeds(churn)["failures"] == pytest.approx(by_hand)


def test_strain_stands_beside_a_factor_and_is_not_multiplied_by_it():
    pool, churn = leavers()
    churn.multiply("market", ["b"], 3.0)
    churn.add_strain("failures", "b", 6.0)
    pool["strain.failures"][:] = 0.05
    found = {source: shares[-1] for source, shares in feeds(churn).items()}
    assert found == pytest.approx({"reasons": 0.05 / 0.2, "market": 0.1 / 0.2, "failures": 0.05 / 0.2})


def test_two_strains_of_one_mechanism_are_one_mechanisms_doing():
    pool, churn = leavers()
    for source, amount in (("failures", 0.01), ("failures.open", 0.04)):
        churn.add_strain(source, "b", 6.0)
        pool[f"strain.{source}"][:] = amount
    assert feeds(churn)["failures"][-1] == pytest.approx(0.5)
    assert owner("failures.open") == owner("failures") == "failures"


def test_duration_stretches_the_hazard_and_not_the_strain():
    law = Duration(knots=(2.0,), factors=(5.0, 0.5))
    pool, churn = leavers(durations=(law,))
    churn.add_strain("failures", "b", 6.0)
    pool["strain.failures"][:] = 0.05
    assert feeds(churn)["failures"][-1] == pytest.approx(0.05 / (0.05 + 0.5 * 0.05), rel=1e-6)


def test_who_was_ended_was_ended_by_one_source():
    pool, churn = leavers()
    pool["notice"][:] = pool["leaves"][:] = np.inf
    churn.add("rivals", "a", np.array([0.03]))
    churn.end(np.arange(4), "b", np.full(4, 0.5), source="price_only_buyers.switch")
    found = churn.feeds(np.arange(8), np.full(8, 0.5))
    assert found["price_only_buyers"] == pytest.approx(1.0 * (np.arange(8) < 4))
    assert sum(found.values()) == pytest.approx(np.ones(8))


SOME = st.just(0.0) | st.floats(1e-9, 1.0)


@EXAMPLES
@given(SOME, SOME, st.floats(0, 20), st.floats(0.01, 20), SOME, st.floats(0.05, 20))
def test_shares_sum_to_one_whatever_feeds(base, added, factor, each, strain, frailty):
    pool, churn = leavers((base, 0.0), frailty=frailty, durations=(Duration(power=0.7),))
    churn.add("rivals", "b", np.array([added]))
    churn.multiply("market", ["a", "b"], factor)
    churn.multiply_each("perception", ["b"])
    pool["factor.perception"][:] = each
    churn.add_strain("failures", "b", 6.0)
    pool["strain.failures"][:] = strain
    found = feeds(churn)
    assert sum(found.values()) == pytest.approx(np.ones(N))
    assert min(shares.min() for shares in found.values()) >= 0.0


# -- closing ----------------------------------------------------------------------------------------------------


def of(**closed):
    """Return hazards of two reasons in one cell, with some leaks closed."""
    pool = Pool()
    pool.append(3)
    hazards = Hazards(pool, ("a", "b"), (1, 1, 2), Closed(**{key: frozenset(names) for key, names in closed.items()}))
    hazards.add("reasons", "a", np.array([0.02]))
    hazards.add("reasons", "b", np.array([0.05]))
    return hazards


def table(hazards):
    return hazards.hold()[1].ravel()


def test_nothing_comes_of_a_closed_reason_whoever_feeds_it():
    hazards = of(reasons=["a"])
    hazards.add("rivals", "a", np.array([0.4]))
    hazards.multiply("market", ["a", "b"], 2.0)
    assert table(hazards) == pytest.approx([0.0, 0.1])


def test_nothing_comes_of_what_a_closed_mechanism_adds():
    hazards = of(mechanisms=["rivals"])
    hazards.add("rivals.campaign", "a", np.array([0.4]))
    hazards.add("market", "a", np.array([0.1]))
    assert table(hazards) == pytest.approx([0.12, 0.05])


@pytest.mark.parametrize(("factor", "counted"), [(3.0, 1.0), (1.0, 1.0), (0.4, 0.4)])
def test_the_factors_of_a_closed_mechanism_are_capped_at_one_and_keep_what_good_they_do(factor, counted):
    hazards = of(mechanisms=["perception"])
    hazards.multiply("perception.price", ["b"], factor)
    assert table(hazards) == pytest.approx([0.02, 0.05 * counted])
    assert hazards.each("perception", np.full(3, factor)) == pytest.approx(np.full(3, counted))


def test_the_factors_of_a_mechanism_that_is_not_closed_count_in_full():
    hazards = of(mechanisms=["perception"])
    hazards.multiply("market", ["b"], 3.0)
    assert table(hazards) == pytest.approx([0.02, 0.15])
    assert hazards.each("market", np.full(3, 3.0)) == pytest.approx(np.full(3, 3.0))


def test_a_factor_of_a_closed_mechanism_works_on_what_others_add():
    hazards = of(mechanisms=["programme"])
    hazards.add("rivals", "a", np.array([0.08]))
    hazards.multiply("programme", ["a"], 0.5)
    assert table(hazards) == pytest.approx([0.05, 0.05])


def test_a_mechanism_of_the_same_name_as_a_reason_is_another_leak():
    closed = Closed(mechanisms=frozenset({"breach"}))
    assert closed.shuts("breach", "price")
    assert not closed.shuts("rivals", "breach")
    assert Closed(reasons=frozenset({"breach"})).shuts("rivals", "breach")
