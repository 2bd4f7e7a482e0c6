"""Segment: who a customer is: what it pays and for how long, what it costs, how it stays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from retainsim.laws import BetaFrailty, Duration, Frailty, GammaFrailty
from retainsim.mechanism import Settings, Word, setting


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
    factors: list[Annotated[float, Field(ge=0)]] = setting(..., "factor", "one more than months", min_length=2)

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
    gross_margin: float = setting(1.0, "share", "revenue less cost of sales, as a share of revenue", ge=-10, le=1)
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
