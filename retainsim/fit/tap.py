"""Tap: how many customers join a month, through which channel and into which segment, as lately seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from retainsim.draws import Floats, Ints
from retainsim.fit.customers import Customers
from retainsim.fit.estimate import NORMAL, Estimate
from retainsim.fit.flow import Joins, joins
from retainsim.fit.group import Groups, slugs
from retainsim.fit.layout import Key, significant
from retainsim.fit.mixture import YEAR
from retainsim.fit.observed import window
from retainsim.fit.part import Part
from retainsim.fit.value import date_of
from retainsim.units import DAYS_PER_MONTH

_EXISTING = "existing"
"""Channel of the customers of month 0, which no other may be called."""

MOST = 8
"""Channels at most; the smallest are put together."""
UNKNOWN = "unknown"
ONE = "advertising"
"""What the channel is called where the data name none."""
ROOM = 2.5
"""Joins a month that no spend exceeds, over joins of today: assumption."""


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
    """All channels, how many months joins were counted for, how, the season (January first) and trend if there is one.

    Where the data hold no joins at all, they are assumed.
    """

    channels: tuple[Channel, ...]
    months: float
    how: str
    season: tuple[float, ...] | None = None
    trend: str = ""
    is_assumed: bool = False


def taps(customers: Customers, groups: Groups, parts: Sequence[Part]) -> Taps:
    """Count who joined lately, by channel and segment.

    Where dates are known, the level is that of today, on the trend if there is one and without the season; channels
    share it as in the last twelve months. Where only tenures are known, those present are counted, each standing for
    1 / S(tenure) who joined with it.
    """
    flow = _flow(customers)
    weight, months, how = _undated(customers, groups, parts) if flow is None else _dated(customers, flow)
    level = 1.0 if flow is None else flow.today.value * months / max(float(weight.sum()), 1.0)
    names, codes = _channels(customers)
    keys = slugs(names) if customers.channel is not None else [ONE]
    keys = [f"{key}_channel" if key == _EXISTING else key for key in keys]
    channels = []
    for place, name in enumerate(names):
        mine = (codes == place) & (weight > 0)
        if mine.any():
            mix = level * np.bincount(groups.codes[mine], weight[mine], len(groups.keys)) / months
            rate = _rate(weight[mine], months, level, flow)
            told = dict(zip(groups.keys, mix.tolist(), strict=True))
            channels.append(Channel(keys[place], name, rate, int(mine.sum()), told))
    season = flow.seasonality if flow is not None else None
    return Taps(tuple(channels), months, how, season and tuple(round(x, 3) for x in season), _trend(flow))


def _flow(customers: Customers) -> Joins | None:
    """Return the level, trend and season of all joins over the months observed; None where dates are not known."""
    months = window(customers)
    if not customers.is_dated or not months:
        return None
    assert customers.joined is not None
    assert customers.until is not None
    age = (customers.until - customers.joined) / DAYS_PER_MONTH
    recent = age[age < months]
    counts = np.bincount((months - 1 - np.floor(recent)).astype(np.int64), minlength=months)
    middle = customers.until - (months - 0.5) * DAYS_PER_MONTH
    return joins(counts, first=int(str(date_of(middle))[5:7]) - 1)


def _dated(customers: Customers, flow: Joins) -> tuple[Floats, float, str]:
    assert customers.joined is not None
    assert customers.until is not None
    months = float(min(YEAR, window(customers)))
    recent = customers.joined > customers.until - months * DAYS_PER_MONTH
    level = "the end of the trend" if flow.has_trend else f"the mean of {window(customers)} months"
    season = ", seasons taken out" if flow.seasonality else ""
    return recent.astype(np.float64), months, f"{level}{season}, shared as in the last {months:g} months"


def _undated(customers: Customers, groups: Groups, parts: Sequence[Part]) -> tuple[Floats, float, str]:
    exits = customers.spells.exit
    months = float(min(YEAR, exits.max()))
    weight = np.zeros(len(exits))
    for index, part in enumerate(parts):
        mine = (groups.codes == index) & customers.present & (exits <= months)
        weight[mine] = 1.0 / np.maximum(part.fit.survival(exits[mine]), 1e-3)
    return (
        weight,
        months,
        (
            f"customers present with a tenure up to {months:g} months, each over the share of newcomers still there at "
            "its tenure, so that those who came and left are counted too"
        ),
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


def _rate(weight: Floats, months: float, level: float, flow: Joins | None) -> Estimate:
    """Return joins a month; the interval is that of a Poisson count with the variance of the weights.

    It is no narrower than that of all joins today.
    """
    total, scale = float(weight.sum()), float((weight**2).sum() / weight.sum())
    count = total / scale
    low, high = float(chi2.ppf(0.025, 2 * count)) / 2, float(chi2.ppf(0.975, 2 * count + 2)) / 2
    found = level * total / months
    off = 0.0 if flow is None else flow.today.error * NORMAL / flow.today.value
    below, above = (np.hypot(end * scale / total - 1, off) for end in (low, high))
    return Estimate(found, found * float(max(0.0, 1 - below)), found * float(1 + above))


def _trend(flow: Joins | None) -> str:
    if flow is None:
        return ""
    if not flow.has_trend:
        return "No trend can be told"
    trend = flow.trend
    return (
        f"Joins have run by {100 * trend.value:+.0f} % a year (95 %: {100 * trend.low:+.0f} to "
        f"{100 * trend.high:+.0f} %); "
        "the file holds them at today's"
    )


def response(joins: float, per_join: float, one: str, note: str = "") -> list[Key]:
    """Return what spend brings, on which no table of customers says anything: assumptions, to be filled in.

    `one` is what a join is called, `note` what more there is to say of its price.
    """
    spend = f"money per month; assumption: {per_join:g} a {one}{note}"
    ceiling = f"{one}s a month, however much is spent; assumption: {ROOM:g} times today's"
    return [
        Key("spend", significant(per_join * joins, 3), spend, is_open=True),
        Key("ceiling", significant(ROOM * joins, 3), ceiling, is_open=True),
    ]
