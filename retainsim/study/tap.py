"""Tap: what spending more on one channel gains, in expectation, and how much spend is worth a sum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim import economics
from retainsim.draws import Floats
from retainsim.study.compare import Estimate

if TYPE_CHECKING:
    from retainsim.calibration import Calibration
    from retainsim.scenario.schema import Channel, Parameters

ENDS = ("mean", "low", "high")
_MOST = 50.0
"""Spend is looked at up to so many times today's."""
_NODES, _LOOKS = 12, 40


@dataclass(frozen=True)
class Tap:
    """One channel, and what joins through it are worth.

    Parameters
    ----------
    today, name
        The file, and the channel's name.
    values
        What a newcomer brings within what the NPV counts, at month 0, by month of joining, shape (months,).
    """

    today: Parameters
    name: str
    values: Floats

    @property
    def channel(self) -> Channel:
        """Return its settings."""
        return self.today.acquisition[self.name]

    @property
    def worth(self) -> float:
        """Return the NPV of one more join a month for nothing, from month 0 to the horizon."""
        return float(self.values.sum())

    @property
    def bill(self) -> float:
        """Return the NPV of one unit of money spent a month, to the horizon, after tax."""
        months, rate = self.today.run.months, self.today.discounting
        return (1.0 - self.today.firm.tax_rate) * (-math.expm1(-rate * months) / rate if rate else float(months))

    def gain(self, more: float) -> float:
        """Return the NPV of spending so much more a month."""
        spend = self.channel.spend
        if spend is None:
            price = self.channel.cost_per_join
            return more / price * self.worth - more * self.bill if price else 0.0
        ages = np.arange(len(self.values)) - self.channel.lag_months
        reached = np.where(ages >= 0, 1.0 - self.channel.carry_over ** np.maximum(ages + 1.0, 1.0), 0.0)
        joins = [self.channel.response(spend + more * share, spend) for share in reached]
        return float((np.array(joins) - self.channel.joins) @ self.values) - more * self.bill

    def bought(self, worth: Estimate) -> dict[str, Any]:
        """Return the extra spend a month with the same NPV as `worth`, and the best that spend can do.

        `mean` is None where no spend comes up to it; `high` where none comes up to the upper end.
        """
        most = self._most()
        best = {"spend": most, "npv": self.gain(most)} if most is not None else None
        return {end: self._inverse(worth[end], most) for end in ENDS} | {"best": best}

    def _most(self) -> float | None:
        """Return the extra spend that gains most; None where every join comes at the same price."""
        from scipy.optimize import minimize_scalar

        spend = self.channel.spend
        if spend is None:
            return None
        looked = np.append(0.0, spend * np.geomspace(1e-3, _MOST, _LOOKS))
        best = int(np.argmax([self.gain(more) for more in looked])) if spend else 0
        if best == 0:
            return 0.0
        bounds = looked[best - 1], looked[min(best + 1, len(looked) - 1)]
        return float(minimize_scalar(lambda x: -self.gain(x), bounds=bounds, method="bounded").x)

    def _inverse(self, worth: float | None, most: float | None) -> float | None:
        from scipy.optimize import brentq

        if worth is None or worth <= 0:
            return None
        if most is None:
            each = self.gain(1.0)
            return worth / each if each > 0 else None
        if self.gain(most) < worth:
            return None
        return float(brentq(lambda x: self.gain(x) - worth, 0.0, most))


def newcomers(today: Parameters, found: Calibration) -> dict[str, Floats]:
    """Return what newcomers bring by channel and month of joining, at month 0, season included."""
    horizon, rate = today.run.months, today.discounting
    counted = 12.0 * today.run.closing_years if today.run.closing_value == "expected" else 0.0
    middles = np.arange(horizon) + 0.5
    spans = np.linspace(0.0, float(horizon), min(_NODES, horizon) + 1)
    growth = math.log1p(today.firm.inflation) / 12.0
    shift = today.run.start.month - 1 if today.run.start else 0
    seasons = (np.arange(horizon) + shift) % 12
    values = {}
    for name, curve in economics.newcomer_values(today, found.bases, spans + counted).items():
        at_joining = _smooth(spans, curve)(horizon - middles)
        season = np.array(today.acquisition[name].seasonality or [1.0] * 12)[seasons]
        values[name] = season * np.exp((growth - rate) * middles) * at_joining
    return values


def _smooth(spans: Floats, values: Floats) -> Any:
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(spans, values)
