"""Holdout: the last months foretold from what was known before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retainsim.draws import Floats
from retainsim.errors import RetainsimError
from retainsim.fit.customers import Customers
from retainsim.fit.group import Groups
from retainsim.fit.observed import observe, window
from retainsim.fit.part import Part, fit_parts
from retainsim.fit.replay import Progress, Replay, calendar
from retainsim.fit.spells import Spells
from retainsim.fit.tap import taps
from retainsim.units import DAYS_PER_MONTH

LEAST_WINDOW = 18
"""Months of observation that leave some to be held out."""
_MOST = 12


def months_of(customers: Customers) -> int:
    """Return how many months can be held out: a quarter of those observed, at most a year."""
    whole = window(customers)
    return min(_MOST, whole // 4) if whole >= LEAST_WINDOW else 0


def before(customers: Customers, months: int) -> tuple[Customers, np.ndarray]:
    """Return what was known `months` before the end of observation, and which customers those are."""
    assert customers.joined is not None
    assert customers.until is not None
    until = customers.until - months * DAYS_PER_MONTH
    tenure = (until - customers.joined) / DAYS_PER_MONTH
    spells = customers.spells
    known = np.flatnonzero((tenure > spells.entry) & (tenure > 0))
    left = spells.left & (spells.exit <= tenure)
    cut = Spells(
        spells.entry,
        np.minimum(spells.exit, tenure),
        left,
        np.where(left, spells.reason, -1),
        spells.reasons,
        spells.weight,
    )
    return replace(customers, spells=cut, until=until).where(known), known


def foretell(
    customers: Customers, groups: Groups, progress: Progress | None = None
) -> tuple[int, Replay, dict[str, Floats]] | None:
    """Fit what was known before the last months, and play these; None where too little was known.

    Returns how many months, the replay, and by how much (95 %) what was not known then may be off, by series.
    """
    months = months_of(customers)
    if not months:
        return None
    earlier, known = before(customers, months)
    mine = replace(groups, codes=groups.codes[known])
    try:
        parts = fit_parts(earlier, mine, 0.0)
    except RetainsimError:
        return None
    found = taps(earlier, mine, parts)
    joins = np.array([sum(channel.mix[part.key] for channel in found.channels) for part in parts])
    season = _season(found.season, customers, months)
    seen = observe(customers, groups, months)
    replay = calendar(parts, seen, joins=joins * season[:, None], progress=progress)
    count = sum(channel.count for channel in found.channels)
    return months, replay, _unknown(replay, parts, count)


def _season(season: tuple[float, ...] | None, customers: Customers, months: int) -> Floats:
    if season is None:
        return np.ones(months)
    from retainsim.fit.value import date_of

    assert customers.until is not None
    starts = [customers.until - (months - m - 0.5) * DAYS_PER_MONTH for m in range(months)]
    return np.array([season[int(str(date_of(day))[5:7]) - 1] for day in starts])


def _unknown(replay: Replay, parts: Sequence[Part], joined: int) -> dict[str, Floats]:
    """Return half-widths from not knowing the numbers: of churn by its interval, of joins by their count."""
    counts = np.array([part.count for part in parts], dtype=np.float64)
    lost = np.array([part.churn.value for part in parts]) * counts
    wide = np.array([part.churn.error for part in parts]) * counts
    churn = 1.96 * float(np.sqrt((wide**2).sum()) / max(lost.sum(), 1e-9))
    joins = 1.96 / np.sqrt(max(joined, 1))
    left, came = replay.left.total[:, 0], replay.joined.total[:, 0]
    pool = np.hypot(np.cumsum(left) * churn, np.cumsum(came) * joins)
    found = {"pool": np.append(0.0, pool), "left": left * churn, "joined": came * joins}
    if replay.revenue is not None:
        found["revenue"] = replay.revenue.total[:, 0] * pool / np.maximum(replay.pool.total[1:, 0], 1.0)
    return found
