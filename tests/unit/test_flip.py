"""Where the better arm changes is found, and its interval holds the truth as often as it claims."""

from dataclasses import dataclass

import numpy as np
import pytest

from retainsim.study.flip import bracket, find, look
from retainsim.study.input import Input

SCOUTS = range(3)
TRUTH, SLOPE = 6.0, -2.0


@dataclass
class Line:
    """A gap without a firm: falls from replication to replication along its own line, or curve."""

    heights: np.ndarray
    slopes: np.ndarray
    bend: float = 0.0

    def play(self, points, replications=None):
        pass

    def at(self, asked, value, replications=None):
        found = self.heights + (self.slopes + self.bend * (value - TRUTH)) * (value - TRUTH)
        return found if replications is None else found[list(replications)]


def asked(key="x", today=5.0, widest=(0.0, 20.0)):
    return Input(key, key, "", today, 4.0, 8.0, widest)


def lines(rng, count=30, bend=0.0):
    return Line(rng.normal(0.0, 3.0, count), rng.normal(SLOPE, 0.2, count), bend)


@pytest.mark.parametrize(
    ("means", "found"), [([3, 2, 1, -1], (6, 8)), ([-1, 2, 1, -1], (6, 8)), ([-1, -2, -1, -9], None), ([1, -1, -2, -3], (0, 4)), ([0, 2, 1, 1], None), ([3, 2, 0, -1], (4, 8))]
)  # fmt: skip
def test_the_change_of_sign_nearest_to_today_is_taken(means, found):
    assert bracket([0, 4, 6, 8], means, today=5.5) == found


def test_a_root_without_luck_is_met():
    found = find(Line(np.zeros(4), np.full(4, SLOPE), bend=-0.1), [(asked(), (5.0, 20.0))], SCOUTS)["x"]
    assert found.mean == pytest.approx(TRUTH, abs=1e-6)
    assert found.low == pytest.approx(found.high, abs=1e-9)
    assert not found.falls


@pytest.mark.parametrize("bend", [0.0, -0.05])
def test_intervals_hold_the_truth_as_often_as_they_claim(bend):
    """200 repetitions of 30 replications: 90 to 99 %."""
    rng, hits = np.random.default_rng(1), 0
    for _ in range(200):
        gap = lines(rng, bend=bend)
        found = find(gap, [(asked(), look(gap, asked(), SCOUTS))], SCOUTS)["x"]
        hits += found.low <= TRUTH <= found.high
    assert 180 <= hits <= 198


def test_several_roots_are_found_at_once():
    gap = lines(np.random.default_rng(2))
    brackets = [(asked("x"), (2.0, 20.0)), (asked("y", today=7.0), (0.0, 9.0))]
    found = find(gap, brackets, SCOUTS)
    assert found["x"].mean == pytest.approx(found["y"].mean, abs=0.05)
    assert (found["x"].falls, found["y"].falls) == (False, True)


def test_nothing_is_played_where_nothing_flips():
    assert find(None, [], SCOUTS) == {}


def test_an_interval_stays_within_what_was_searched():
    found = find(lines(np.random.default_rng(3)), [(asked(widest=(5.95, 6.05)), (2.0, 8.0))], SCOUTS)
    assert found["x"].low >= 5.95
    assert found["x"].high <= 6.05
