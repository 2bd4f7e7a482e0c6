"""The books balance, and the quick way to the numbers is the slow one, in every scenario."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from unit.making import setup

from invariants.scenarios import scenarios
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.ledger import SIGNS

EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def close(one, two):
    return np.allclose(one, two, rtol=1e-9, atol=1e-7)


@EXAMPLES
@given(scenarios())
def test_books_balance_everybody_is_counted_once_and_the_quick_way_is_the_slow_one_in_every_scenario(drawn):
    today, arm, factor = drawn
    start = setup(today, arm, factor=factor)
    lazy, eager = (replicate(start, Luck(1, 0), eager=way) for way in (False, True))
    assert_balanced(lazy)
    assert_counted_once(lazy, float(today.run.months))
    assert_same_numbers(lazy, eager)


def assert_balanced(outcome):
    assert 0.0 <= outcome.books_error <= 1e-9
    flows = outcome.joined + outcome.returned + outcome.moved - outcome.left.sum(axis=3)
    assert np.array_equal(outcome.opening + np.cumsum(flows, axis=0), outcome.pool)
    assert np.array_equal(outcome.alive.sum(axis=3), outcome.pool)
    for table in (outcome.pool, outcome.joined, outcome.left, outcome.returned):
        assert table.min(initial=0) >= 0
    for amounts in (*outcome.lines.values(), *outcome.values.values(), outcome.closing, outcome.equity):
        assert np.isfinite(amounts).all()
    signed = sum(SIGNS[outcome.classes[k]] * outcome.values[k].sum() for k in outcome.values)
    assert outcome.npv_to_horizon == pytest.approx(signed, rel=1e-9, abs=1e-6)


def assert_counted_once(outcome, horizon):
    """Nobody leaves before joining, and customer-months are the time between."""
    gone = outcome.departed or tuple(np.zeros(0) for _ in range(6))
    assert len(outcome.present[0]) == outcome.pool[-1].sum()
    assert len(gone[0]) == outcome.left.sum()
    names = np.concatenate([gone[0], outcome.present[0]])
    assert len(np.unique(names)) == len(names)
    assert (gone[1] <= gone[2]).all()
    assert gone[2].max(initial=0.0) <= horizon
    came = np.maximum(np.concatenate([gone[1], outcome.present[1]]), 0.0)
    went = np.append(gone[2], np.full(len(outcome.present[0]), horizon))
    assert outcome.customer_months == pytest.approx(float((went - came).sum()), rel=1e-9, abs=1e-6)


def assert_same_numbers(lazy, eager):
    for table in ("pool", "joined", "left", "moved", "returned", "opening"):
        assert np.array_equal(getattr(lazy, table), getattr(eager, table)), table
    for line in {*lazy.lines, *eager.lines}:
        assert close(lazy.lines[line], eager.lines[line]), line
        assert close(lazy.values[line], eager.values[line]), line
    for table in ("closing", "equity", "margins", "npv_to_horizon", "customer_months", "discounted_months"):
        assert close(getattr(lazy, table), getattr(eager, table)), table
