"""Growth: volume, price and cost to serve run with tenure as the settings say."""

import numpy as np
import pytest
from scipy import integrate
from unit.making import SEGMENT, arm, differing, parameters, play

from retainsim.mechanisms.growth import Settings

FIXED = SEGMENT | {"annual_churn": 0.0}  # nobody leaves, so money is a plain integral
MARGIN = 50.0 * 0.8 - 5.0


def immortal(months=36, tenure=0.0, segment=FIXED, **growth):
    """Return the outcome of 10 customers who never leave."""
    return play(
        parameters(
            run={"months": months, "discount_rate": 0.0}, pool={"customers": 10, "tenure": {"months": tenure}},
            segments={"small": segment}, mechanisms={"growth": growth},
        )
    )  # fmt: skip


def by_month(outcome, line):
    return outcome.lines[line].sum(axis=(1, 2))[1:] / 10


def over_month(factor, months, tenure=0.0):
    return [integrate.quad(factor, tenure + m, tenure + m + 1)[0] for m in range(months)]


def test_volume_and_premium_compound_and_stop_at_their_tenure():
    found = by_month(immortal(volume_per_year=0.2, premium_per_year=0.05, until_years=2.0), "revenue")
    wanted = over_month(lambda a: 50.0 * 1.26 ** (min(a, 24.0) / 12), 36)
    assert found == pytest.approx(wanted, rel=1e-9)


def test_volume_may_shrink():
    found = by_month(immortal(volume_per_year=-0.5), "revenue")
    assert found == pytest.approx(over_month(lambda a: 50.0 * 0.5 ** (a / 12), 36))


def test_cost_to_serve_falls_half_the_way_to_its_floor_every_half_life():
    outcome = immortal(cost_to_serve_half_life=6.0, cost_to_serve_floor=0.4, tenure=3.0)
    wanted = over_month(lambda a: 5.0 * (0.4 + 0.6 * 0.5 ** (a / 6.0)), 36, tenure=3.0)
    assert by_month(outcome, "cost_to_serve") == pytest.approx(wanted)
    assert by_month(outcome, "revenue") == pytest.approx(np.full(36, 50.0))


def test_cost_of_sales_follows_revenue():
    outcome = immortal(volume_per_year=0.2)
    assert by_month(outcome, "cost_of_sales") == pytest.approx(0.2 * by_month(outcome, "revenue"))


@pytest.mark.parametrize("segment", [FIXED, FIXED | {"cost_to_serve": 0.0, "gross_margin": 0.5}])
def test_the_margin_of_every_year_of_tenure_is_as_given_the_last_holding_on(segment):
    """Reichheld & Sasser's card customer: a loss in the first year, then more every year."""
    outcome = immortal(months=60, segment=segment, margin_by_year=[-51.0, 30.0, 42.0, 44.0])
    cost = sum(by_month(outcome, line) for line in ("cost_of_sales", "cost_to_serve"))
    margin = by_month(outcome, "revenue") - cost
    assert margin.reshape(5, 12).sum(axis=1) == pytest.approx([-51.0, 30.0, 42.0, 44.0, 44.0])
    assert margin == pytest.approx(np.repeat([-51.0, 30.0, 42.0, 44.0, 44.0], 12) / 12)


def test_the_margin_of_a_year_hangs_on_tenure_not_on_the_month_of_the_run():
    outcome = immortal(months=12, tenure=18.0, margin_by_year=[10.0, 20.0, 30.0])
    margin = by_month(outcome, "revenue") * 0.8 - 5.0
    assert margin * 12 == pytest.approx(np.repeat([20.0, 30.0], 6))


def test_growth_may_start_in_an_arm():
    change = [{"set": "mechanisms.growth.volume_per_year", "to": 0.3, "from_month": 12.0}]
    today = parameters(pool={"customers": 10, "tenure": "new"}, segments={"small": FIXED}, mechanisms={"growth": {}})
    found = by_month(play(today, arm(change=change)), "revenue")
    wanted = over_month(lambda a: 50.0 * (1.3 ** (a / 12) if a >= 12 else 1.0), 24)
    assert found == pytest.approx(wanted)


def test_everything_is_off_unless_asked_for():
    assert Settings().model_dump(exclude_none=True) == {
        "volume_per_year": 0.0, "premium_per_year": 0.0, "until_years": 100.0, "cost_to_serve_floor": 0.0,
    }  # fmt: skip
    today = parameters()
    assert differing(play(today), play(parameters(mechanisms={"growth": {}}))) == []


def test_growth_changes_money_and_no_customer():
    today = parameters(acquisition={"ads": {"joins": 5.0}})
    grown = parameters(acquisition={"ads": {"joins": 5.0}}, mechanisms={"growth": {"volume_per_year": 0.5}})
    one, two = play(today), play(grown)
    assert all(np.array_equal(a, b) for a, b in zip(one.departed, two.departed, strict=True))
    assert two.npv_to_horizon > one.npv_to_horizon
    assert two.closing.sum() > one.closing.sum()
