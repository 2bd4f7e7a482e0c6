"""Garbage: few, equal, tiny and huge tenures give estimates in order, or a refusal of ours; never a warning or a crash."""

import numpy as np
import pytest

from retainsim.errors import UsageError
from retainsim.fit import choice, law, survival
from retainsim.fit.spells import Spells


def odd(seed):
    """A handful of lives of all kinds: some equal, some nearly, some of seconds, some of centuries."""
    rng = np.random.default_rng(seed)
    n, scale = int(rng.choice([1, 2, 3, 10, 50])), float(rng.choice([1e-2, 1, 30, 1000]))
    exits = [
        rng.exponential(scale, n) + 1e-6,
        np.full(n, scale),
        np.ceil(rng.exponential(scale, n)),
        scale * (1 + 1e-9 * rng.random(n)),
    ][seed % 4]
    entry = np.where(rng.random(n) < 0.3, exits * rng.random(n), 0)
    return Spells.of(exits, rng.random(n) < rng.choice([0.5, 1.0]), entry=entry), float(seed % 4 == 2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(12))
def test_odd_lives_give_estimates_in_order_or_a_refusal(seed):
    spells, grain = odd(seed)
    survival.kaplan_meier(spells)
    survival.incidence(spells)
    try:
        found = choice.choose(spells, grain=grain)
    except UsageError:
        assert spells.events == 0
        return
    assert len(found.table()) == len(law.KINDS)
    for each in found.candidates:
        assert np.isfinite(each.fit.survival(np.array([0.0, 1, 12, 100]))).all()
        for estimate in each.fit.estimates.values():
            assert estimate.low <= estimate.value * (1 + 1e-9) + 1e-12
            assert estimate.value <= estimate.high * (1 + 1e-9) + 1e-12
        assert 0 <= each.fit.keys("settled")["annual_churn"] <= 1


def test_everybody_leaving_within_the_first_month_still_is_a_law():
    found = choice.choose(Spells.of(np.ones(40), True), grain=1.0)
    assert found.chosen.estimates["annual_churn"].value > 0.99
    steps = law.fit_law(Spells.of(np.ones(40), True), "steps", grain=1.0)
    assert steps.survival(np.array([1.0]))[0] < 1e-6
    assert steps.estimates["hazard from 0 months"].high == np.inf
