"""The search finds tops that are known, within bounds and budget, also under the jitter of single customers."""

import numpy as np
import pytest

from retainsim.study.region import Region
from retainsim.study.search import search


def box(low, high, whole=None, costs=None, budget=np.inf):
    levers = len(low)
    return Region(
        np.array(low, float), np.array(high, float),
        np.zeros(levers, bool) if whole is None else np.array(whole),
        np.zeros(levers) if costs is None else np.array(costs, float), budget,
    )  # fmt: skip


def response(ceilings, spends):
    """Diminishing returns of every lever: c (1 - exp(-x / s)) - x."""
    return lambda plans: (ceilings * -np.expm1(-plans / spends) - plans).sum(axis=1)


CEILINGS, SPENDS = np.array([90.0, 160.0, 50.0]), np.array([20.0, 40.0, 25.0])
TOP = SPENDS * np.log(CEILINGS / SPENDS)


def test_a_smooth_top_is_found():
    found = search(response(CEILINGS, SPENDS), box([0, 0, 0], [100, 120, 60]))[0]
    assert found == pytest.approx(TOP, rel=0.02)


def test_a_top_is_found_under_jitter_that_would_fool_a_derivative():
    """Jitter of 1 % of the top's height, by a hash of the plan."""
    smooth = response(CEILINGS, SPENDS)
    jitter = lambda plans: np.sin(1e4 * plans).sum(axis=1)  # noqa: E731
    found = search(lambda plans: smooth(plans) + jitter(plans), box([0, 0, 0], [100, 120, 60]))[0]
    assert smooth(found[None, :])[0] > 0.995 * smooth(TOP[None, :])[0]


def test_at_the_budget_the_next_unit_is_worth_the_same_in_every_lever():
    region = box([0, 0, 0], [100, 120, 60], costs=[1, 1, 1], budget=60.0)
    found = search(response(CEILINGS, SPENDS), region)[0]
    assert found.sum() == pytest.approx(60.0, rel=1e-6)
    slopes = CEILINGS / SPENDS * np.exp(-found / SPENDS)
    assert slopes == pytest.approx(np.full(3, slopes.mean()), rel=0.06)


def test_a_top_beyond_the_bounds_is_at_the_bound():
    found = search(response(CEILINGS, SPENDS), box([0, 0, 0], [10, 120, 60]))[0]
    assert found[0] == 10.0


def test_whole_numbers_stay_whole_and_within_the_budget():
    region = box([1, 0], [9, 100], whole=[True, False], costs=[8, 1], budget=70.0)
    seen = []

    def look(plans):
        seen.extend(plans.tolist())
        return -((plans[:, 0] - 5.4) ** 2) - 0.01 * (plans[:, 1] - 40.0) ** 2

    found = search(look, region)[0]
    assert all(n.is_integer() and 8 * n + x <= 70.0 + 1e-6 for n, x in seen)
    best = max((-((n - 5.4) ** 2) - 0.01 * (min(40.0, 70.0 - 8 * n) - 40.0) ** 2, n) for n in range(1, 9))
    assert found[0] == best[1]


def test_no_plan_is_looked_at_twice():
    seen = []

    def look(plans):
        seen.extend(map(tuple, plans.tolist()))
        return response(CEILINGS[:2], SPENDS[:2])(plans)

    search(look, box([0, 0], [3, 3], whole=[True, True]), starts=[[1, 1]])
    assert len(seen) == len(set(seen)) <= 16


def test_the_first_plan_is_the_best_and_the_others_differ_from_it():
    region = box([0, 0, 0], [100, 120, 60])
    found = search(response(CEILINGS, SPENDS), region)
    assert 1 < len(found) <= 4
    assert min(np.abs(region.places(found[0]) - region.places(other)).max() for other in found[1:]) > 0.1


def test_the_nearest_place_is_in_the_region_and_no_other_there_is_nearer():
    region = box([0, 0, 0], [10, 20, 30], costs=[1, 2, 0.5], budget=20.0)
    noise = np.random.default_rng(2)
    inside = [p for p in noise.uniform(0, 1, (4000, 3)) if region.slopes @ p <= region.room]
    for place in noise.uniform(-0.5, 1.5, (20, 3)):
        near = region.nearest(place)
        assert region.holds(region.values(near))
        gap = np.linalg.norm(near - place)
        assert all(np.linalg.norm(p - place) >= gap - 1e-9 for p in inside)
