"""Lever: what an arm may do: keep more customers, change values, spend money once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field, model_validator

from retainsim import mechanisms
from retainsim.mechanism import Event, Settings, Word, setting
from retainsim.workings.targeting import Targets


class Cost(Settings):
    """What a retention lever costs."""

    once: float = setting(0.0, "money", "spent when the lever starts", ge=0)
    per_month: float = setting(0.0, "money per month", "while the lever is in force", ge=0)
    per_customer_month: float = setting(0.0, "money per customer-month", "for every customer reached", ge=0)


class Timed(Settings):
    """From when, until when, how gradually."""

    from_month: float = setting(0.0, "months", "starts at this month (or date)", ge=0)
    ramp_months: float = setting(0.0, "months", "reaches full strength over this time", ge=0)

    def strength(self, time: float, step: float) -> float:
        """Return the mean share of full strength over the `step` months that start at `time`, held for all of them."""
        if time < self.from_month:
            return 0.0
        if math.isinf(time) or time >= self.from_month + self.ramp_months:
            return 1.0
        return (self._reached(time + step) - self._reached(time)) / step

    def _reached(self, time: float) -> float:
        """Integrate the share of full strength from the start to `time` (months)."""
        passed = time - self.from_month
        climbing = min(passed, self.ramp_months)
        return climbing**2 / (2 * self.ramp_months) + (passed - climbing)

    def strength_in(self, time: float, window: tuple[float, float]) -> float:
        """Return the share held at `time`, inside a window of months from one stop to the next.

        A ramp is held at its mean from its start, or the window's, to the window's end, whatever else may change.
        """
        if time < self.from_month or self.ramp_months == 0 or math.isinf(time):
            return self.strength(time, 1.0)
        start = max(window[0], self.from_month)
        return self.strength(start, window[1] - start)


class Retention(Timed):
    """Keep more customers: in percentage points, relative to retention, or relative to churn."""

    points: float | None = setting(None, "percentage points", "retention rises by so many points", ge=0.1, le=100)
    relative: float | None = setting(None, "factor", "retention is multiplied by this (1.05)", ge=1, le=100)
    churn: float | None = setting(None, "factor", "churn is multiplied by this (0.95)", ge=0, le=1)
    reasons: list[Word] | None = setting(None, "reasons", "the reasons it works on; default: all", min_length=1)
    segments: list[Word] | None = setting(None, "segments", "the segments it works on; default: all", min_length=1)
    targets: Targets = setting("everyone", "", "whom it reaches of those in scope, chosen anew at every review")
    share: float | None = setting(None, "share", "share of those in scope it reaches, unless everyone", gt=0, le=1)
    cost: Cost = setting(Cost(), "", "what it costs; default: nothing, with a warning")

    @model_validator(mode="after")
    def _one_reading(self) -> Retention:
        given = [k for k in ("points", "relative", "churn") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(
                f"say which kind of gain is meant, once (got {' and '.join(given) or 'none'}): "
                "points (5 = five percentage points), relative (1.05 = retention x 1.05) "
                "or churn (0.95 = churn x 0.95)"
            )
        return self

    @model_validator(mode="after")
    def _one_scope(self) -> Retention:
        if self.targets != "everyone" and self.share is None:
            raise ValueError(f"targets is {self.targets}: say which share of the customers it reaches (share = 0.3)")
        if self.targets == "everyone" and self.share is not None:
            raise ValueError(
                f"share ({self.share:g}) without targets: say whom it reaches (random, most_valuable or most_at_risk)"
            )
        return self

    @property
    def aim(self) -> str:
        """Return whom it reaches of those in scope, in words."""
        who = "reached at random" if self.targets == "random" else self.targets.replace("_", " ")
        return who if self.share is None else f"{100 * self.share:g} % {who}"

    def goal(self, retention: float) -> float:
        """Return the 12-month retention asked for, from the one there is (both shares)."""
        if self.points is not None:
            return retention + self.points / 100
        if self.relative is not None:
            return retention * self.relative
        assert self.churn is not None
        return 1 - (1 - retention) * self.churn


class Change(Timed):
    """Another value for one key, from a month, for a time."""

    set: str = setting(..., "", "path of the key, such as acquisition.advertising.spend")
    to: float | None = setting(None, "unit of the key", "new value")
    by: float | None = setting(None, "unit of the key", "added to the value")
    times: float | None = setting(None, "factor", "multiplies the value")
    until_month: float | None = setting(None, "months", "ends at this month (or date)", ge=0)

    @model_validator(mode="after")
    def _one_way(self) -> Change:
        given = [k for k in ("to", "by", "times") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of to, by and times (got {' and '.join(given) or 'none'})")
        if self.until_month is not None and self.until_month <= self.from_month:
            raise ValueError(f"until_month ({self.until_month:g}) must be after from_month ({self.from_month:g})")
        return self

    def applied(self, value: float, strength: float) -> float:
        """Return the value of the key at a share of full strength."""
        if self.to is not None:
            full = self.to
        elif self.by is not None:
            full = value + self.by
        else:
            assert self.times is not None
            full = value * self.times
        return value + strength * (full - value)


class Investment(Settings):
    """Money spent once."""

    at_month: float = setting(0.0, "months", "month (or date) it is spent", ge=0)
    amount: float = setting(..., "money", "amount", ge=0)


def _kinds() -> Any:
    """Return the union of all events that mechanisms know, told apart by their kind."""
    names = (*mechanisms.ALWAYS_ON, *mechanisms.NAMES)
    kinds = [kind for name in names for kind in getattr(mechanisms.module(name), "EVENTS", ())]
    return Annotated[Union[tuple(kinds)], Field(discriminator="kind")]  # noqa: UP007 (built from the registration)


if TYPE_CHECKING:
    AnyEvent = Event
else:
    AnyEvent = _kinds()


class Piece(Settings):
    """A named part of an arm, to be included by several."""

    retention: Retention | None = setting(None, "", "the retention lever")
    change: list[Change] = setting([], "", "values that change")
    investment: list[Investment] = setting([], "", "money spent once")
    event: list[AnyEvent] = setting([], "", "what happens once: its kind and when")


class Arm(Piece):
    """One variant to compare with the baseline."""

    title: str | None = setting(None, "", "what it is called in outputs", max_length=120)
    include: list[Word] = setting([], "", "named pieces that belong to the arm")

    @property
    def is_free_gain(self) -> bool:
        """True where the arm, pieces folded in, does nothing but keep more customers, at no cost."""
        if self.retention is None or self.change or self.investment or self.event:
            return False
        cost = self.retention.cost
        return not (cost.once or cost.per_month or cost.per_customer_month)
