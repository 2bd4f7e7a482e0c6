"""Manager: how much of the time somebody looks after a book of customers, and what a departure costs (section 10)."""

from __future__ import annotations

import math

import numpy as np
from scipy import special


def seat_filled(departure_per_year: float, hire_months: float, *, months: float = math.inf) -> float:
    """Return the share of managers' seats filled `months` after all were, or in the long run (alternating renewal).

    A manager departs at a constant rate; `hire_months` later another sits there. In the long run 1 / (1 + d h / 12),
    whatever the law of which `hire_months` is the mean; before, for just so many: the sum over k of the Poisson chance
    of k departures in the months - k h somebody was there.
    """
    if math.isinf(months) or hire_months == 0:
        return 1 / (1 + departure_per_year * hire_months / 12)
    hired = np.arange(math.floor(months / hire_months) + 1.0)
    expected = departure_per_year / 12 * (months - hired * hire_months)
    return float(np.exp(special.xlogy(hired, expected) - expected - special.gammaln(hired + 1)).sum())


def book_lost(share: float, *, months: float, over_months: float = 12.0, factor: float = 1.0) -> float:
    """Return the share of a departed manager's book lost `months` after, beyond a paired book that kept its manager.

    The departure adds a cumulative hazard of -ln(1 - share), evenly over `over_months`, after which `share` is gone;
    `factor` multiplies that hazard where it is handed over well or bound to the firm by more than one person.
    """
    return -math.expm1(factor * math.log1p(-share) * min(months / over_months, 1.0))
