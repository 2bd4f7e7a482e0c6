"""Survival and incidence against scipy, hand counts, and the risk set counted row by row."""

import time

import numpy as np
import pytest
from scipy import stats

from retainsim.fit import survival
from retainsim.fit.spells import Spells

REASONS = ("price", "service")


def lives(n, *, seed, late=0.0, whole=True):
    """Made-up lives, some of them seen from a tenure on only; tenures in whole months, so that many are equal."""
    rng = np.random.default_rng(seed)
    end, seen, entry = rng.exponential(20, n), rng.uniform(1, 40, n), rng.uniform(0, 15, n) * (rng.random(n) < late)
    end, seen, entry = (np.ceil(each) if whole else each for each in (end, seen, entry))
    exits, left = np.minimum(end, seen), end <= seen
    kept = exits > entry
    reason = np.where(left, rng.integers(0, 2, n), -1)
    return Spells.of(exits[kept], left[kept], entry=entry[kept], reason=reason[kept], reasons=REASONS)


def test_survival_and_its_interval_agree_with_scipy_where_nobody_comes_late():
    spells = lives(400, seed=1)
    ours = survival.kaplan_meier(spells)
    data = stats.CensoredData.right_censored(spells.exit, ~spells.left)
    theirs = stats.ecdf(data).sf
    band = theirs.confidence_interval(0.95, method="log-log")
    value, low, high = ours.at(theirs.quantiles)
    assert value == pytest.approx(theirs.probabilities, abs=1e-12)
    inside = (value > 0) & (value < 1)
    assert low[inside] == pytest.approx(band.low.probabilities[inside], abs=1e-9)
    assert high[inside] == pytest.approx(band.high.probabilities[inside], abs=1e-9)


def test_survival_of_five_customers_is_as_counted_by_hand():
    """At 2: 5 at risk, 1 leaves; at 4: 3 at risk (one censored at 3), 1 leaves; at 6: 1 at risk, leaves."""
    curve = survival.kaplan_meier(Spells.of([2, 3, 4, 5, 6], [1, 0, 1, 0, 1]))
    assert curve.tenure.tolist() == [2, 4, 6]
    assert curve.at_risk.tolist() == [5, 3, 1]
    assert curve.value == pytest.approx([4 / 5, 4 / 5 * 2 / 3, 0])
    assert curve.at([0, 1.9, 2, 6.0])[0] == pytest.approx([1, 1, 0.8, 0])
    assert np.isnan(curve.at(7)[0])


def test_who_comes_late_is_at_risk_from_then_on_only():
    spells = lives(300, seed=2, late=0.6)
    curve = survival.kaplan_meier(spells)
    expected, share = [], 1.0
    for tenure in np.unique(spells.exit[spells.left]):
        at_risk = np.sum((spells.entry < tenure) & (spells.exit >= tenure))
        share *= 1 - np.sum(spells.left & (spells.exit == tenure)) / at_risk
        expected.append((tenure, at_risk, share))
    assert np.stack([curve.tenure, curve.at_risk, curve.value], axis=1) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("late", [0.0, 0.5])
def test_those_who_left_for_each_reason_and_those_who_stay_add_up_to_all(late):
    spells = lives(500, seed=3, late=late)
    found = survival.incidence(spells)
    stay = survival.kaplan_meier(spells)
    assert list(found) == list(REASONS)
    assert sum(curve.value for curve in found.values()) + stay.value == pytest.approx(np.ones(len(stay.value)))


def test_incidence_of_two_reasons_is_as_counted_by_hand():
    """Four customers; at 1 price (4 at risk); at 2 service (3); censored at 3; at 4 price (1)."""
    found = survival.incidence(Spells.of([1, 2, 3, 4], [1, 1, 0, 1], reason=[0, 1, -1, 0], reasons=REASONS))
    assert found["price"].value == pytest.approx([1 / 4, 1 / 4, 1 / 4 + 1 / 2])
    assert found["service"].value == pytest.approx([0, 1 / 4, 1 / 4])


def test_the_interval_of_a_single_reason_is_that_of_survival():
    spells = lives(200, seed=4)
    only = Spells.of(spells.exit, spells.left, reason=np.where(spells.left, 0, -1), reasons=("any",))
    stay, gone = survival.kaplan_meier(only), survival.incidence(only)["any"]
    inside = stay.value > 0
    assert (1 - gone.high)[inside] == pytest.approx(stay.low[inside], abs=1e-9)
    assert (1 - gone.low)[inside] == pytest.approx(stay.high[inside], abs=1e-9)


def test_who_left_without_a_reason_has_a_curve_of_its_own():
    found = survival.incidence(Spells.of([1, 2], [True, True], reason=[0, -1], reasons=("price",)))
    assert list(found) == ["price", "unknown"]
    assert found["unknown"].value[-1] == pytest.approx(0.5)


def test_intervals_of_incidence_cover_what_is_true():
    """400 samples of 300 customers with constant hazards; coverage of price at 12 months, 95 % within 4 SE (4.4 %)."""
    rng, covered, n = np.random.default_rng(5), 0, 400
    truth = 0.3 * -np.expm1(-0.05 * 12)
    for _ in range(n):
        end, seen = rng.exponential(20, 300), rng.uniform(6, 40, 300)
        reason = np.where(end <= seen, (rng.random(300) > 0.3).astype(int), -1)
        spells = Spells.of(np.minimum(end, seen), end <= seen, reason=reason, reasons=REASONS)
        covered += truth in survival.incidence(spells)["price"].estimate(12)
    assert covered / n == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / n))


def test_equal_rows_counted_together_change_nothing():
    spells = lives(500, seed=6, late=0.4)
    grouped = spells.grouped()
    assert len(grouped) < len(spells) / 1.3
    assert grouped.n == len(spells)
    assert survival.kaplan_meier(grouped).low == pytest.approx(survival.kaplan_meier(spells).low)


@pytest.mark.long
def test_a_million_rows_take_less_than_two_seconds():
    spells = lives(1_000_000, seed=7, late=0.3, whole=False)
    start = time.process_time()
    survival.kaplan_meier(spells)
    survival.incidence(spells)
    assert time.process_time() - start < 4.0  # both; each is asked to take less than two
