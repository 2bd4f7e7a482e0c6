"""Axes have round ticks that say what they count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim.charts.scales import Scale, minus, months
from retainsim.wording import Money

SIZES = [1e-2, 1.0, 37.0, 4_000.0, 2.5e6, 8e9, 1e12]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("unit", [1.0, 1e3, 1e6])
def test_a_tick_means_what_it_says(size, unit):
    scale = Scale.of([-0.3 * size, size], money=Money("EUR", unit))
    named = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9, "tn": 1e12}[scale.unit.removeprefix("EUR").strip()]
    said = [float(label.replace("−", "-").replace(",", "")) * named / unit for label in scale.labels]
    assert said == pytest.approx(list(scale.ticks), abs=1e-9 * size)


AMOUNTS = st.builds(lambda sign, power: sign * 10.0**power, st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-3, 12))


@given(st.lists(AMOUNTS, min_size=1, max_size=9), st.booleans())
@settings(max_examples=100, deadline=None)
def test_everything_is_on_the_axis(values, zero):
    scale = Scale.of(values, zero=zero)
    assert scale.low <= min(values)
    assert max(values) <= scale.high
    assert scale.low < scale.high
    assert scale.has_zero or not zero
    assert len(set(scale.labels)) == len(scale.labels) <= 9
    assert all(len(label) <= 18 for label in scale.labels)


@pytest.mark.parametrize("horizon", [1, 6, 12, 18, 24, 36, 60, 120, 1200])
def test_time_starts_at_month_zero_and_has_few_ticks(horizon):
    scale = months(horizon, str)
    assert (scale.low, scale.high, scale.labels[0]) == (0.0, horizon, "0")
    assert 2 <= len(scale.ticks) <= 13


def test_a_minus_is_a_minus():
    assert minus("-EUR 2 k") == "−EUR 2 k"
