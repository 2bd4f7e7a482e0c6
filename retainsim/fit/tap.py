"""Tap: how many customers join a month, through which channel and into which segment, as lately seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retainsim.draws import Floats, Ints
from retainsim.fit.customers import Customers
from retainsim.fit.estimate import Estimate
from retainsim.fit.group import Groups, slugs
from retainsim.fit.mixture import YEAR
from retainsim.fit.observed import window
from retainsim.fit.part import Part
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

MOST = 8
"""Channels at most; the smallest are put together."""
UNKNOWN = "unknown"
ONE = "advertising"
"""What the channel is called where the data name none."""
_YEARS = 2
"""Whole years of joins that a season must be seen in."""
_SURE = 0.001
"""Chance of such a season where there is none, below which it is believed."""


@dataclass(frozen=True)
class Channel:
    """Where customers come from.

    Parameters
    ----------
    key, label
        What it is called in the scenario and in the data; an empty label where they name none.
    joins
        Customers a month.
    count
        Customers counted for it.
    mix
        Joins a month by segment.
    """

    key: str
    label: str
    joins: Estimate
    count: int
    mix: dict[str, float]


@dataclass(frozen=True)
class Taps:
    """All channels, over how many months joins were counted, how, and the season, January first, if there is one."""

    channels: tuple[Channel, ...]
    months: float
    how: str
    season: tuple[float, ...] | None = None
    trend: str = ""


def taps(customers: Customers, groups: Groups, parts: Sequence[Part]) -> Taps:
    """Count who joined in the last twelve months of observation.

    Where only tenures are known, those present are counted, each standing for 1 / S(tenure) who joined with it.
    """
    weight, months, how = _dated(customers) if customers.is_dated else _undated(customers, groups, parts)
    names, codes = _channels(customers)
    keys = slugs(names) if customers.channel is not None else [ONE]
    channels = []
    for place, name in enumerate(names):
        mine = (codes == place) & (weight > 0)
        mix = np.bincount(groups.codes[mine], weight[mine], len(groups.keys)) / months
        if mine.any():
            channels.append(
                Channel(keys[place], name, _rate(weight[mine], months), int(mine.sum()), dict(zip(groups.keys, mix.tolist(), strict=True)))
            )
    return Taps(tuple(channels), months, how, _season(customers), _trend(customers))


def _dated(customers: Customers) -> tuple[Floats, float, str]:
    assert customers.joined is not None
    assert customers.until is not None
    months = float(min(YEAR, window(customers))) or 1.0
    recent = customers.joined > customers.until - months * DAYS_PER_MONTH
    return recent.astype(np.float64), months, f"customers who joined in the last {months:g} months"


def _undated(customers: Customers, groups: Groups, parts: Sequence[Part]) -> tuple[Floats, float, str]:
    exits = customers.spells.exit
    months = float(min(YEAR, exits.max()))
    weight = np.zeros(len(exits))
    for index, part in enumerate(parts):
        mine = (groups.codes == index) & customers.present & (exits <= months)
        weight[mine] = 1.0 / np.maximum(part.fit.survival(exits[mine]), 1e-3)
    return weight, months, (
        f"customers present with a tenure up to {months:g} months, each over the share of newcomers still there at "
        "its tenure, so that those who came and left are counted too"
    )


def _channels(customers: Customers) -> tuple[list[str], Ints]:
    """Return the channels and that of each customer, the smallest together as `other`."""
    if customers.channel is None:
        return [""], np.zeros(len(customers), dtype=np.int64)
    words = np.where(customers.channel == "", UNKNOWN, customers.channel).astype(str)
    names, codes = np.unique(words, return_inverse=True)
    ranked = np.argsort(-np.bincount(codes), kind="stable")
    if len(names) > MOST:
        place = np.full(len(names), MOST - 1)
        place[ranked[: MOST - 1]] = np.arange(MOST - 1)
        return [*names[ranked[: MOST - 1]].tolist(), "other"], place[codes]
    return names.tolist(), codes


def _rate(weight: Floats, months: float) -> Estimate:
    """Return joins a month; the interval is that of a Poisson count with the variance of the weights."""
    from scipy.stats import chi2

    total, scale = float(weight.sum()), float((weight**2).sum() / weight.sum())
    count = total / scale
    low, high = chi2.ppf(0.025, 2 * count) / 2, chi2.ppf(0.975, 2 * count + 2) / 2
    return Estimate(total / months, float(low) * scale / months, float(high) * scale / months)


def _season(customers: Customers) -> tuple[float, ...] | None:
    """Return twelve factors on joins, January first, where whole years show a season beyond chance."""
    whole = window(customers) // 12
    if whole < _YEARS or customers.joined is None or customers.until is None:
        return None
    from scipy.stats import chi2

    start = customers.until - whole * 365.25
    recent = customers.joined[(customers.joined > start) & (customers.joined <= customers.until)]
    months = np.array([int(str(date_of(day))[5:7]) for day in np.unique(recent)])
    _, counts = np.unique(recent, return_counts=True)
    found = np.bincount(months - 1, counts, 12)
    expected = found.sum() * np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) / 365.25
    if expected.min() < 5 or chi2.sf(((found - expected) ** 2 / expected).sum(), 11) > _SURE:
        return None
    factors = found / expected
    return tuple(np.round(factors / factors.mean(), 3).tolist())


def _trend(customers: Customers) -> str:
    if not customers.is_dated or window(customers) < 24:
        return ""
    assert customers.joined is not None
    assert customers.until is not None
    age = (customers.until - customers.joined) / DAYS_PER_MONTH
    last, before = int((age < 12).sum()), int(((age >= 12) & (age < 24)).sum())
    return f"{last:,} joined in the last 12 months, {before:,} in the 12 before" if before else ""
