"""Years, months, days and rates are turned into one another here and nowhere else."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainsim.units import DAYS_PER_MONTH, add_months, monthly_hazard, monthly_rate, months_between
from unit.making import EXAMPLES

dates = st.dates(date(1950, 1, 1), date(2120, 12, 31))


def test_a_month_is_a_twelfth_of_365_25_days():
    assert pytest.approx(30.4375) == DAYS_PER_MONTH


@pytest.mark.parametrize("rate", [-0.4, 0.0, 0.1, 9.0])
def test_twelve_months_at_the_monthly_rate_are_the_yearly_rate(rate):
    assert math.exp(12 * monthly_rate(rate)) == pytest.approx(1 + rate)


@pytest.mark.parametrize("churn", [0.0, 1e-12, 0.22, 0.999])
def test_twelve_months_under_the_monthly_hazard_lose_the_yearly_share(churn):
    assert -math.expm1(-12 * monthly_hazard(churn)) == pytest.approx(churn, rel=1e-12)


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        (date(2026, 1, 1), 0, date(2026, 1, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 5, 10), 600, date(2076, 5, 10)),
    ],
)
def test_months_are_added_by_the_calendar(start, months, wanted):
    assert add_months(start, months) == wanted


@pytest.mark.parametrize(
    ("start", "when", "wanted"),
    [
        (date(2026, 1, 1), date(2026, 7, 1), 6.0),
        (date(2026, 1, 1), date(2026, 1, 16), 15 / 31),
        (date(2026, 1, 31), date(2026, 2, 28), 1.0),
        (date(2026, 1, 31), date(2026, 3, 1), 1 + 1 / 31),
        (date(2026, 7, 1), date(2026, 1, 1), -6.0),
        (date(2026, 1, 15), date(2026, 1, 1), -14 / 31),
        (date(2024, 2, 29), date(2025, 2, 28), 12.0),
    ],
)
def test_months_between_dates_are_counted_by_the_calendar(start, when, wanted):
    assert months_between(start, when) == pytest.approx(wanted)


@EXAMPLES
@given(dates, st.integers(-600, 600))
def test_whole_months_come_out_whole(start, months):
    assert months_between(start, add_months(start, months)) == pytest.approx(months, abs=1e-12)


@EXAMPLES
@given(dates, st.integers(0, 2000))
def test_a_later_day_is_never_fewer_months_away(start, days):
    when = start + timedelta(days)
    today, tomorrow = months_between(start, when), months_between(start, when + timedelta(1))
    assert 0 <= today <= tomorrow
    assert abs(today - days / DAYS_PER_MONTH) < 0.2
