"""Post: who sits in which seat, and for how long of a span."""

import numpy as np
import pytest

from retainsim.workings.post import Posts


@pytest.fixture
def three():
    posts = Posts()
    assert posts.resize(3) == range(3)
    return posts


def test_a_seat_is_empty_from_leaving_until_another_comes(three):
    three.leave(np.array([1]), 2.5, start=2.0, until=5.0)
    assert three.taken(4.9).tolist() == [True, False, True, False]
    assert three.taken(5.0).tolist() == [True, True, True, False]


def test_who_leaves_within_a_span_has_served_up_to_then(three):
    three.leave(np.array([1]), 2.5, start=2.0, until=5.25)
    served = [three.served(month, month + 1.0) for month in (2.0, 3.0, 4.0, 5.0)]
    assert served == pytest.approx([2.5, 2.0, 2.0, 2.75])


def test_one_seat_may_be_left_twice_within_a_span(three):
    three.leave(np.array([0]), 2.25, start=2.0, until=2.5)
    three.leave(np.array([0]), 2.75, start=2.0, until=9.0)
    assert three.served(2.0, 3.0) == pytest.approx(2.0 + 0.25 + 0.25)


def test_of_fewer_seats_only_those_that_are_there_count_and_old_ones_are_not_new_again(three):
    assert three.resize(1) == range(3, 1)
    assert three.served(0.0, 1.0) == 1.0
    assert three.resize(4) == range(3, 4)
