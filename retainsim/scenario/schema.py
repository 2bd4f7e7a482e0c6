"""Schema: every key a scenario file may hold, with its unit, limits, default and meaning."""

from __future__ import annotations

import math
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from retainsim import mechanism, mechanisms
from retainsim.laws import BetaFrailty, Duration, Frailty, GammaFrailty
from retainsim.mechanism import Settings, Word, setting
from retainsim.mechanisms.channels import Settings as Channel
from retainsim.mechanisms.reasons import PRESETS

__all__ = ["Arm", "Change", "Channel", "Parameters", "Retention", "Segment"]


class Currency(Settings):
    """What amounts are counted in."""

    code: str = setting("EUR", "", "letters of the currency", pattern=r"^[A-Z]{3}$")
    symbol: str | None = setting(None, "", "sign shown instead of the letters", max_length=4)
    unit: Literal["one", "thousand", "million"] = setting("one", "", "amounts in the file are in this unit")


class Run(Settings):
    """How long, how often, how exactly."""

    months: int = setting(60, "months", "horizon", ge=1, le=1200)
    start: date | None = setting(None, "date", "date of month 0; then dates may be given instead of months")
    step: float = setting(1.0, "months", "time between reviews", gt=0, le=12)
    replications: int = setting(30, "", "independent draws of all luck", ge=2, le=100_000)
    precision: float | None = setting(
        None, "share", "stop once the half-width of the headline difference is this share of it", gt=0, lt=1
    )
    seed: int = setting(0, "", "seed of all luck", ge=0, lt=2**63)
    discount_rate: float = setting(0.10, "share a year", "nominal discount rate", ge=0, le=10)
    closing_value: Literal["expected", "none"] = setting(
        "expected", "", "value of those present at the horizon"
    )
    closing_years: float = setting(
        5.0, "years", "how far beyond the horizon the closing value looks", gt=0, le=200
    )


class Firm(Settings):
    """What does not depend on the pool."""

    fixed_costs: float = setting(0.0, "money per month", "costs that run whatever the pool does", ge=0)
    tax_rate: float = setting(
        0.0, "share", "tax on revenue less variable and fixed costs, losses relieved", ge=0, lt=1
    )
    inflation: float = setting(
        0.0, "share a year", "growth of prices, cost to serve and fixed costs", gt=-0.5, le=5
    )


class Given(Settings):
    """Everybody in the opening pool has the same tenure."""

    months: float = setting(..., "months", "tenure of the opening pool", ge=0, le=1200)


class Pool(Settings):
    """Who is here at month 0."""

    customers: int = setting(0, "customers", "present at month 0", ge=0, le=50_000_000)
    tenure: Literal["settled", "new"] | Given = setting("settled", "", "tenure of the opening pool")
    age_years: float = setting(10.0, "years", "how long the settled pool has been filling", gt=0, le=200)


class Billing(Settings):
    """Instalments instead of a continuous flow."""

    every_months: float = setting(..., "months", "time between bills", gt=0, le=120)
    when: Literal["start", "end"] = setting("start", "", "paid at the start or the end of the period")


class Plan(Settings):
    """What is paid and for how long one is bound."""

    price: float | None = setting(None, "money per customer-month", "price", ge=0)
    term_months: float | None = setting(None, "months", "length of the contract", gt=0, le=600)
    billing: Billing | None = setting(None, "", "default: continuous")


class NoFrailty(Settings):
    """Everybody alike."""

    kind: Literal["none"] = "none"

    def law(self) -> Frailty:
        """Return the law behind the settings."""
        return Frailty()


class Gamma(Settings):
    """Gamma frailty of mean 1."""

    kind: Literal["gamma"]
    variance: float = setting(..., "", "variance of frailty between customers", gt=0, le=20)

    def law(self) -> Frailty:
        """Return the law behind the settings."""
        return GammaFrailty(self.variance)


class Beta(Settings):
    """Beta-distributed probability of leaving at a renewal (the sBG)."""

    kind: Literal["beta"]
    a: float = setting(..., "", "first parameter; kept by calibration", gt=0, le=1e4)
    b: float = setting(1.0, "", "second parameter; solved by calibration", gt=0, le=1e6)

    def law(self) -> Frailty:
        """Return the law behind the settings."""
        return BetaFrailty(self.a, self.b)


class NoDuration(Settings):
    """The hazard does not depend on tenure."""

    kind: Literal["none"] = "none"


class Power(Settings):
    """Cumulative hazard grows as tenure to a power; below 1 the hazard falls with tenure."""

    kind: Literal["power"]
    power: float = setting(..., "", "exponent c", gt=0.05, le=10)


class Steps(Settings):
    """The hazard has a factor for each stretch of tenure."""

    kind: Literal["steps"]
    months: list[Annotated[float, Field(gt=0)]] = setting(
        ..., "months", "tenures at which the factor changes", min_length=1
    )
    factors: list[Annotated[float, Field(ge=0)]] = setting(
        ..., "factor", "one more than months", min_length=2
    )

    @model_validator(mode="after")
    def _fit(self) -> Steps:
        if len(self.factors) != len(self.months) + 1:
            raise ValueError(f"{len(self.months)} months need {len(self.months) + 1} factors")
        if any(b <= a for a, b in zip(self.months, self.months[1:], strict=False)):
            raise ValueError("months must rise")
        if not any(self.factors):
            raise ValueError("at least one factor must be above 0")
        return self


class Segment(Plan):
    """Who a customer is: what it pays, costs and how it stays."""

    share: float = setting(1.0, "any scale", "share of the pool at month 0", ge=0)
    plan: Word | None = setting(None, "", "the plan it is on; keys given here take precedence")
    volume: float = setting(1.0, "factor", "units bought at the price", ge=0)
    discount: float = setting(0.0, "share", "taken off the price", ge=0, le=1)
    gross_margin: float = setting(
        1.0, "share", "revenue less cost of sales, as a share of revenue", ge=-10, le=1
    )
    cost_to_serve: float = setting(0.0, "money per customer-month", "cost of having the customer", ge=0)
    pays_after_months: float = setting(0.0, "months", "time from revenue to cash", ge=0, le=60)
    annual_churn: float | None = setting(
        None, "share a year", "observed 12-month churn of the opening pool", ge=0, lt=1
    )
    frailty: Annotated[NoFrailty | Gamma | Beta, Field(discriminator="kind")] = setting(
        NoFrailty(), "", "how customers differ in hazard"
    )
    duration: Annotated[NoDuration | Power | Steps, Field(discriminator="kind")] = setting(
        NoDuration(), "", "how hazard runs with tenure"
    )
    moves: dict[Word, Annotated[float, Field(ge=0, le=100)]] = setting(
        {}, "moves per customer-month", "upgrades and downgrades to other segments"
    )

    def law(self, term_months: float | None) -> Duration:
        """Return the duration law of the segment under a contract term (months)."""
        unit = (term_months or 12.0) if isinstance(self.frailty, Beta) else 12.0
        if isinstance(self.duration, Power):
            return Duration(power=self.duration.power, unit=unit)
        if isinstance(self.duration, Steps):
            return Duration(knots=tuple(self.duration.months), factors=tuple(self.duration.factors))
        return Duration(unit=unit)


class Churn(Settings):
    """Why customers leave."""

    calibrate: bool = setting(True, "", "solve base hazards so that the observed churn comes out")
    target_annual: float | None = setting(
        None, "share a year", "leak that should not be exceeded", gt=0, lt=1
    )
    preset: Literal["five-reasons", "keaveney-1995"] | None = setting(None, "", "published shares of reasons")
    reasons: dict[Word, Annotated[float, Field(ge=0)]] | None = setting(
        None, "any scale", "shares of leavings by reason; default: the preset keaveney-1995"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Churn:
        if self.preset and self.reasons is not None:
            raise ValueError("give preset or reasons, not both")
        if self.reasons is not None and not sum(self.reasons.values()) > 0:
            raise ValueError("the shares of the reasons sum to zero; at least one must be above 0")
        return self

    def shares(self) -> dict[str, float]:
        """Return the shares of the reasons, on the scale of the file."""
        return (
            dict(self.reasons) if self.reasons is not None else dict(PRESETS[self.preset or "keaveney-1995"])
        )


class Cost(Settings):
    """What a retention lever costs."""

    once: float = setting(0.0, "money", "spent when the lever starts", ge=0)
    per_month: float = setting(0.0, "money per month", "while the lever is in force", ge=0)
    per_customer_month: float = setting(0.0, "money per customer-month", "for every customer in scope", ge=0)


class Timed(Settings):
    """From when, until when, how gradually."""

    from_month: float = setting(0.0, "months", "starts at this month (or date)", ge=0)
    ramp_months: float = setting(0.0, "months", "reaches full strength over this time", ge=0)

    def strength(self, time: float, step: float) -> float:
        """Return the share of full strength held over the review step that starts at `time` (months).

        A ramp is held at its middle of the step, so that the error of holding it is of second order.
        """
        if time < self.from_month:
            return 0.0
        if self.ramp_months == 0:
            return 1.0
        return min(1.0, (time - self.from_month + step / 2) / self.ramp_months)


class Retention(Timed):
    """Keep more customers: in percentage points, relative to retention, or relative to churn."""

    points: float | None = setting(
        None, "percentage points", "retention rises by so many points", ge=0.1, le=100
    )
    relative: float | None = setting(None, "factor", "retention is multiplied by this (1.05)", ge=1, le=100)
    churn: float | None = setting(None, "factor", "churn is multiplied by this (0.95)", ge=0, le=1)
    reasons: list[Word] | None = setting(
        None, "reasons", "the reasons it works on; default: all", min_length=1
    )
    segments: list[Word] | None = setting(
        None, "segments", "the segments it works on; default: all", min_length=1
    )
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
            raise ValueError(
                f"until_month ({self.until_month:g}) must be after from_month ({self.from_month:g})"
            )
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


class Piece(Settings):
    """A named part of an arm, to be included by several."""

    retention: Retention | None = setting(None, "", "the retention lever")
    change: list[Change] = setting([], "", "values that change")
    investment: list[Investment] = setting([], "", "money spent once")


class Arm(Piece):
    """One variant to compare with the baseline."""

    title: str | None = setting(None, "", "what it is called in outputs", max_length=120)
    include: list[Word] = setting([], "", "named pieces that belong to the arm")


def _mechanisms_table() -> type[Settings]:
    """Build the table of mechanisms from the registration."""
    fields: dict[str, Any] = {}
    for name in mechanisms.NAMES:
        file = mechanisms.module(name)
        about = (file.__doc__ or "").split("\n")[0].partition(": ")[2]
        fields[name] = (file.Settings | None, Field(None, description=about))
    return create_model(
        "Mechanisms", __base__=mechanism.Settings, __doc__="Behaviours switched on.", **fields
    )


Mechanisms = _mechanisms_table()


class Parameters(Settings):
    """A whole scenario with every value a plain number: the file as drawn for one replication."""

    title: str = setting("Untitled", "", "the question the scenario answers", max_length=200)
    currency: str | Currency = setting("EUR", "", "code of the currency, or a table")
    run: Run = setting(Run(), "", "how long, how often, how exactly")
    firm: Firm = setting(Firm(), "", "what does not depend on the pool")
    pool: Pool = setting(Pool(), "", "who is here at month 0")
    plans: dict[Word, Plan] = setting({}, "", "what is paid and for how long")
    segments: dict[Word, Segment] = setting(..., "", "who the customers are", min_length=1)
    churn: Churn = setting(Churn(), "", "why customers leave")
    acquisition: dict[Word, Channel] = setting({}, "", "where customers come from")
    mechanisms: Any = setting(Mechanisms(), "", "behaviours switched on by their tables")
    pieces: dict[Word, Piece] = setting({}, "", "parts of arms, included by name")
    arms: dict[Word, Arm] = setting({}, "", "variants to compare")

    def plan(self, segment: str, channel: str = "existing") -> Plan:
        """Return what a customer of the segment pays and for how long, given where it came from."""
        own = self.segments[segment]
        chosen = self.acquisition[channel].plan if channel in self.acquisition else None
        base = self.plans.get(chosen or own.plan or "", Plan())
        first, second = (base, own) if chosen else (own, base)
        keys = ("price", "term_months", "billing")
        return Plan(**{k: _first(getattr(first, k), getattr(second, k)) for k in keys})

    @property
    def discounting(self) -> float:
        """Return the continuous discount rate per month."""
        return math.log1p(self.run.discount_rate) / 12.0


def _first(a: Any, b: Any) -> Any:
    return b if a is None else a


# `mechanisms` is typed Any above because its model is built at run time; pydantic validates the real one.
Parameters.model_fields["mechanisms"].annotation = Mechanisms
Parameters.model_rebuild(force=True)
