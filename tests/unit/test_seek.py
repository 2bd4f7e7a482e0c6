"""The search for a break-even value, on differences made up for the purpose."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from retainsim.errors import ScenarioError
from retainsim.study.scout import crossings
from retainsim.study.seek import seek


class Made:
    """A gap whose differences are a function of the value and of noise by replication."""

    def __init__(self, function, *, today=10.0, limits=(0.0, math.inf), noise=None, whole=False, fault=lambda x: None):
        self.goal = SimpleNamespace(today=today, limits=limits, is_whole=whole)
        self.noise = np.zeros(6) if noise is None else np.asarray(noise)
        self.replications, self.function, self.fault, self.played = len(self.noise), function, fault, 0

    @property
    def few(self):
        return min(4, self.replications)

    def at(self, values, replications=None):
        count = replications or self.replications
        self.played += count * len(values)
        assert all(self.fault(value) is None for value in values)
        return np.array([self.function(value, self.noise)[:count] for value in values]).reshape(len(values), count)


def line(root, slope=2.0):
    return lambda x, noise: slope * (x - root) + noise


@pytest.mark.parametrize(
    ("root", "today"), [(13.7, 10.0), (3.2, 10.0), (0.02, 10.0), (9_000.0, 10.0), (4e6, 0.0), (0.3, 0.0)]
)
def test_a_root_is_found_wherever_it_lies(root, today):
    found = seek(Made(line(root), today=today), None)
    assert found.root == pytest.approx(root, rel=1e-6)
    assert (found.low, found.high) == (found.root, found.root)
    assert found.slope == pytest.approx(2.0)


def test_a_key_without_limits_may_go_below_zero():
    assert seek(Made(line(-55.0), limits=(-math.inf, math.inf)), None).root == pytest.approx(-55.0)


def test_the_interval_of_a_straight_line_is_that_of_the_delta_method():
    noise = np.array([-3.0, 1.0, 2.0, -1.0, 4.0, -2.0])
    found = seek(Made(line(20.0), noise=noise), None)
    half = 2.5705818 * noise.std(ddof=1) / math.sqrt(6) / 2.0
    assert found.root == pytest.approx(20.0 - noise.mean() / 2.0, abs=0.02 * half)
    assert [found.low, found.high] == pytest.approx([found.root - half, found.root + half], abs=0.03 * half)


def test_the_interval_of_a_curve_is_wider_where_the_curve_is_flatter():
    noise = np.array([-3.0, 1.0, 2.0, -1.0, 4.0, -3.0])
    found = seek(Made(lambda x, e: 10 * (np.sqrt(x) - 4) + e, noise=noise), None)
    assert found.high - found.root > found.root - found.low > 0


def test_the_nearest_of_several_roots_is_the_answer_and_the_others_are_told():
    found = seek(Made(lambda x, e: (x - 14.0) * (36.0 - x) + e), None)
    assert found.root == pytest.approx(14.0)
    assert found.others == [pytest.approx(36.0, abs=3.0)]
    assert not found.is_monotone


def test_a_peak_between_two_values_looked_at_is_not_overlooked():
    found = seek(Made(lambda x, e: 0.5 - abs(x - 13.9) + e), None)
    assert found.root == pytest.approx(13.4)


def test_where_there_is_none_the_closest_is_told():
    found = seek(Made(lambda x, e: -1.0 - (x - 14.0) ** 2 + e), None)
    assert found.root is None
    assert found.values[np.argmax(found.means)] == pytest.approx(14.0, abs=0.2)
    assert found.means.max() == pytest.approx(-1.0, abs=0.05)


def test_a_key_that_makes_no_difference_is_seen():
    found = seek(Made(lambda x, e: -5.0 + e, noise=[1.0, 2.0, 3.0]), None)
    assert found.root is None
    assert found.is_flat


def test_a_whole_number_is_only_tried_whole():
    made = Made(line(13.3), whole=True, noise=[0.5, -0.5, 0.0, 1.0, -1.0, 0.0])
    found = seek(made, None)
    assert found.root == pytest.approx(13.3)
    assert all(float(value).is_integer() for value in found.values)
    assert found.low < found.root < found.high


def test_values_that_are_not_possible_end_the_search_where_they_begin():
    found = seek(Made(line(30.0), fault=lambda x: "too much" if x > 17 else None), None)
    assert found.root is None
    assert found.looked[1] == pytest.approx(17.0, abs=0.2)
    assert set(found.faults.values()) == {"too much"}


def test_where_nothing_is_possible_the_reason_is_the_error():
    with pytest.raises(ScenarioError, match="never"):
        seek(Made(line(30.0), fault=lambda x: "never"), None)


def test_a_range_that_is_given_is_not_left():
    assert seek(Made(line(30.0)), (5.0, 20.0)).root is None
    found = seek(Made(line(30.0)), (20.0, 40.0))
    assert found.root == pytest.approx(30.0)
    assert found.looked == (20.0, 40.0)


def test_an_interval_ends_at_the_limit_of_the_key():
    found = seek(
        Made(line(0.2, slope=1.0), today=0.5, limits=(0.0, 1.0), noise=[3.0, -3.0, 2.0, -2.0, 1.0, -1.0]), None
    )
    assert (found.low, found.high) == (0.0, 1.0)


def test_steps_do_not_keep_a_root_from_being_found():
    found = seek(Made(lambda x, e: np.floor(4 * x) / 4 - 13.1 + e, noise=[0.3, -0.3, 0.1, -0.1]), None)
    assert found.root == pytest.approx(13.25, abs=0.01)


def test_a_root_at_which_the_replications_agree_is_not_exact_where_others_do_too():
    """Counts that do not change between 3 and 5: every value there is as good."""
    noise = np.array([0.5, -0.5, 1.0, -1.0])
    found = seek(Made(lambda x, e: np.where(abs(x - 4) < 1, 0.0, x - 4 + e * abs(x - 4))), None)
    assert 3 <= found.root <= 5
    spread = Made(lambda x, e: np.where(abs(x - 4) < 1, 0.0, (x - 4) * (1 + 0.3 * e)), noise=noise)
    found = seek(spread, None)
    assert found.low < found.root < found.high


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """200 seeded repetitions of 8 replications, noise in level and in slope: 90 to 99 % hold it."""
    held = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        level, slope = draw.normal(0, 3, 8), draw.normal(2, 0.4, 8)
        made = Made(lambda x, e, level=level, slope=slope: slope * (x - 20.0) + level, noise=level)
        found = seek(made, (5.0, 40.0))
        held += found.low <= 20.0 <= found.high
    assert 0.90 * 200 <= held <= 0.99 * 200, held


def test_few_replications_tell_where_to_look():
    made = Made(line(13.7), noise=np.zeros(100))
    seek(made, None)
    assert made.played < 100 * 25


def test_crossings_are_changes_of_sign_and_zeros():
    assert crossings(np.array([-1.0, 1.0, 2.0, 0.0, -1.0])) == [(0, 1), (3, 3)]
