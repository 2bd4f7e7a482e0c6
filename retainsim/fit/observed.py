"""Observed: what happened month by month, counted from the lives of customers whose dates are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats
from retainsim.fit.customers import Customers
from retainsim.fit.group import Groups
from retainsim.fit.spells import Bools
from retainsim.units import DAYS_PER_MONTH

LONGEST = 60
"""Months at most that are looked back at."""


@dataclass(frozen=True)
class Observed:
    """A window of months, each segment by itself.

    Parameters
    ----------
    start
        Day (since 1970) of month 0.
    pool
        Customers present at each month's end, month 0 first, shape (months + 1, segments).
    joined, left
        During each month, shape (months, segments).
    revenue
        What customers paid each month, at their price today, likewise; None where prices are not known.
    tenures
        Per segment, tenures (months) of those present at month 0.
    """

    start: float
    pool: Floats
    joined: Floats
    left: Floats
    revenue: Floats | None
    tenures: tuple[Floats, ...]

    @property
    def months(self) -> int:
        """Return how many months there are."""
        return len(self.joined)


def window(customers: Customers) -> int:
    """Return how many whole months before the end of observation can be looked back at."""
    if customers.joined is None or customers.until is None:
        return 0
    first = float(customers.joined.min()) if customers.since is None else customers.since
    return max(0, min(LONGEST, int((customers.until - first) / DAYS_PER_MONTH)))


def observe(customers: Customers, groups: Groups, months: int) -> Observed:
    """Count the last `months` months before the end of observation."""
    assert customers.joined is not None
    assert customers.until is not None
    start = customers.until - months * DAYS_PER_MONTH
    joined = (customers.joined - start) / DAYS_PER_MONTH
    gone = joined + customers.spells.exit
    segments, left = len(groups.keys), customers.spells.left
    ends = np.arange(months + 1.0)
    pool = np.stack([_present(joined[m], gone[m], left[m], ends) for m in _members(groups)], axis=1)
    return Observed(
        start,
        pool,
        _per_month(np.ceil(joined) - 1, groups.codes, joined > 0, (months, segments)),
        _per_month(np.ceil(gone) - 1, groups.codes, left & (gone > 0), (months, segments)),
        _revenue(customers, groups, joined, gone, months),
        tuple(-joined[mine & (joined <= 0) & ((gone > 0) | ~left)] for mine in _members(groups)),
    )


def _members(groups: Groups) -> list[Bools]:
    return [groups.codes == each for each in range(len(groups.keys))]


def _present(joined: Floats, gone: Floats, left: Bools, ends: Floats) -> Floats:
    """Count who is there at the end of each month; who was still there at the end of observation is there then."""
    came = np.searchsorted(np.sort(joined), ends, side="right")
    went = np.searchsorted(np.sort(gone[left]), ends, side="right")
    return np.asarray(came - went, dtype=np.float64)


def _per_month(month: Floats, codes: np.ndarray, where: Bools, shape: tuple[int, int]) -> Floats:
    inside = where & (month < shape[0])
    place = month[inside].clip(0).astype(np.int64) * shape[1] + codes[inside]
    return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def _revenue(customers: Customers, groups: Groups, joined: Floats, gone: Floats, months: int) -> Floats | None:
    if customers.price is None:
        return None
    price = customers.price.copy()
    for mine in _members(groups):
        known = price[mine & ~np.isnan(price)]
        price[mine & np.isnan(price)] = known.mean() if len(known) else 0.0
    found = np.zeros((months, len(groups.keys)))
    for month in range(months):
        shared = (np.minimum(gone, month + 1) - np.maximum(joined, month)).clip(0)
        found[month] = np.bincount(groups.codes, price * shared, len(groups.keys))
    return found
