"""Value: what a customer is worth, by the conventions of LITERATURE.md section 0, and what keeping one may cost.

Margins, costs and values share one currency; `discount` is the rate of interest per period.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def clv_end_of_period(margin: float, retention: float, *, discount: float, growth: float = 0.0) -> float:
    """Return m r / (1 + i - r (1 + g)): a margin per period, paid at its end if retained (convention A).

    Infinite where margins outgrow the discount and the churn together.
    """
    decline = 1 + discount - retention * (1 + growth)
    return margin * retention / decline if decline > 0 else math.inf


def clv_annuity_due(margin: float, retention: float, *, discount: float) -> float:
    """Return m (1 + i) / (1 + i - r): the first margin is certain and paid on joining (convention B)."""
    return margin * (1 + discount) / (1 + discount - retention)


def clv_before_renewal(margin: float, retention: float, *, discount: float) -> float:
    """Return m r (1 + i) / (1 + i - r): seen just before the next renewal (convention C)."""
    return margin * retention * (1 + discount) / (1 + discount - retention)


def clv_continuous(margin: float, hazard: float, *, discount: float) -> float:
    """Return m / (lambda + ln(1 + i)): a flow of margin a year, hazard and discount a year (convention E)."""
    return margin / (hazard + math.log1p(discount))


def clv_average_life(margin: float, churn: float, *, discount: float, joining_cost: float = 0.0) -> float:
    """Return the annuity m (1 - v^n) / i over n = 1 / c years, less the joining cost (convention D)."""
    return margin * -math.expm1(-math.log1p(discount) / churn) / discount - joining_cost


def profile_value_fixed_life(profit: Sequence[float], tail: float, *, years: int, discount: float) -> float:
    """Return the value of `profit` in years 0, 1, ... and `tail` a year after, `years` included (V3).

    Year 0, of joining, does not count as a year of life: a churn of 20 % makes `years` 5 and six payments.
    """
    paid = np.array([*profit, *[tail] * (years + 1 - len(profit))][: years + 1])
    return float(paid @ (1 + discount) ** -np.arange(years + 1.0))


def profile_value_geometric_life(profit: Sequence[float], tail: float, *, retention: float, discount: float) -> float:
    """Return the sum over t >= 0 of profit_t (r v)^t: year 0 is certain, year t is reached with r^t (V3)."""
    step = retention / (1 + discount)
    head = np.asarray(profit) @ step ** np.arange(len(profit))
    return float(head + tail * step ** len(profit) / (1 - step))


def clv_retained_at(margin: float, spend: float, *, retention: float, discount: float) -> float:
    """Return (M (1 + d) - R) / (1 + d - r): margin M on joining, `spend` R to retain with r (section 3)."""
    return (margin * (1 + discount) - spend) / (1 + discount - retention)


# What keeping a customer may cost. Derived here, from what a discount takes from those who would have stayed anyway.


def breakeven_save_rate(given: float, value: float, *, churn: float) -> float:
    """Return D (1 - c) / (c (V - D)): the share of would-be leavers a discount for all must save to pay for itself.

    `given` D is what the discount costs per customer who stays, `value` V what one who stays is worth before it: one
    period's margin for a discount that buys one period. `churn` c is the probability of leaving without it. Above 1
    the discount cannot pay; infinite where it costs as much as a customer is worth.
    """
    return given * (1 - churn) / (churn * (value - given)) if value > given else math.inf


def breakeven_save_rate_standing(given: float, hazard: float, *, discount: float) -> float:
    """Return g (1 + ln(1 + i) / lambda): the share of leavings a standing discount for all must prevent to pay.

    `given` g is the share of margin given up for good: depth over gross margin, for a price discount. A hazard
    lambda (1 - s) on margin m (1 - g) is worth what lambda on m is (convention E). Above 1 it cannot pay.
    """
    return given * (1 + math.log1p(discount) / hazard)
