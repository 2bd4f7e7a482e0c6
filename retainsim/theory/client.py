"""Client: what a named client is worth to a firm on which it has no other effect; derived here.

Money per month, times in months, hazard and discount per month; `given` is all the client does not pay of the price.
"""

from __future__ import annotations

import math


def client_value(
    list_revenue: float,
    given: float,
    *,
    unit_cost: float,
    costs: float,
    days_late: float,
    hazard: float,
    discount: float,
    months: float,
) -> float:
    """Return the expected value at month 0 of L ((1 - g) e^(-delta lag) - u) - C a month, while it stays.

    `unit_cost` u is the cost of sales as a share of the list price, `costs` C all else that ends when it goes, `months`
    how far one looks: horizon and years of closing value together.
    """
    margin = list_revenue * ((1.0 - given) * _late(days_late, discount) - unit_cost) - costs
    rate = hazard + discount
    return margin * (-math.expm1(-rate * months) / rate if rate else months)


def breakeven_discount(
    list_revenue: float, *, rebate: float, unit_cost: float, costs: float, days_late: float, discount: float
) -> float:
    """Return the discount at which such a client is worth nothing: 1 - b - (u + C / L) e^(delta lag)."""
    return 1.0 - rebate - (unit_cost + costs / list_revenue) / _late(days_late, discount)


def _late(days: float, discount: float) -> float:
    return math.exp(-discount * days * 12.0 / 365.25)
