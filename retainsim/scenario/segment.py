"""Segment: who a customer is: what it pays and for how long, what it costs, how it stays."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from retainsim.laws import BetaFrailty, Duration, Frailty, GammaFrailty, Lapse
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


class AllAlike(Settings):
    """Every purchase is the same amount."""

    kind: Literal["same"] = "same"
    mean: float = setting(..., "money per purchase", "amount of a purchase", ge=0)


class GammaGamma(Settings):
    """Spend is gamma around a mean that is inverse-gamma across customers (Fader, Hardie & Lee 2005b)."""

    kind: Literal["gamma"]
    mean: float = setting(..., "money per purchase", "mean amount of a purchase over all customers", ge=0)
    p: float = setting(..., "", "shape of a customer's purchases: the higher, the more alike they are", gt=0, le=1e4)
    q: float = setting(..., "", "shape across customers: the higher, the more alike they are", gt=1, le=1e4)


class LogNormal(Settings):
    """Spend is lognormal, across customers and from purchase to purchase."""

    kind: Literal["lognormal"]
    mean: float = setting(..., "money per purchase", "mean amount of a purchase over all customers", ge=0)
    between: float = setting(0.0, "", "standard deviation of log spend across customers", ge=0, le=5)
    within: float = setting(0.0, "", "standard deviation of log spend from purchase to purchase", ge=0, le=5)


class Dropout(Settings):
    """A customer may drop out after a purchase (BG/NBD)."""

    a: float = setting(..., "", "first parameter of the beta law of the chance of dropping out", gt=0, le=1e4)
    b: float = setting(..., "", "second parameter of the beta law of the chance of dropping out", gt=0, le=1e6)
    reason: Word = setting("lapsed", "", "the reason it feeds")


class Purchases(Settings):
    """How customers buy who are bound by nothing."""

    per_month: float = setting(..., "purchases per customer-month", "mean over active customers", ge=0, le=100)
    shape: float | None = setting(
        None, "", "shape r of the gamma law of rates across customers; default: all alike", gt=0, le=1e4
    )
    spend: Annotated[AllAlike | GammaGamma | LogNormal, Field(discriminator="kind")] = setting(
        ..., "", "what is spent on a purchase"
    )
    dropout: Dropout | None = setting(
        None, "", "dropping out after a purchase (BG/NBD); without it customers leave by their hazard (Pareto/NBD)"
    )

    def lapse(self) -> Lapse | None:
        """Return the law by which customers drop out after a purchase; None without one."""
        if self.dropout is None or self.per_month == 0:
            return None
        shape = math.inf if self.shape is None else self.shape
        rate = 1.0 / self.per_month if self.shape is None else self.shape / self.per_month
        return Lapse(shape, rate, self.dropout.a, self.dropout.b)


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
    tenures: list[Annotated[float, Field(ge=0, le=1200)]] | None = setting(
        None,
        "months",
        "tenures of its opening pool at equal steps of rank, the shortest first, spread evenly between them (two: "
        "evenly from the one to the other); default: those of a settled pool",
        min_length=2,
        max_length=1001,
    )
    moves: dict[Word, Annotated[float, Field(ge=0, le=100)]] = setting(
        {}, "moves per customer-month", "upgrades and downgrades to other segments"
    )

    buying: Literal["subscription", "purchases"] = setting(
        "subscription", "", "pays by the month, or purchase by purchase without a contract"
    )
    purchases: Purchases | None = setting(None, "", 'how it buys where buying = "purchases"')

    @model_validator(mode="after")
    def _one_way_to_buy(self) -> Segment:
        if (self.buying == "purchases") != (self.purchases is not None):
            raise ValueError('buying = "purchases" and the table purchases belong together; give both or neither')
        if self.purchases is not None and (self.price or self.term_months or self.billing):
            raise ValueError("who buys purchase by purchase has no price a month, term or billing; leave them out")
        if self.purchases is not None and self.purchases.dropout is not None and self.annual_churn is not None:
            raise ValueError("purchases.dropout says how customers leave; leave annual_churn out")
        return self

    @model_validator(mode="after")
    def _rising(self) -> Segment:
        if self.tenures and any(b < a for a, b in zip(self.tenures, self.tenures[1:], strict=False)):
            raise ValueError("tenures must not fall; give the shortest first")
        return self

    @property
    def by_purchase(self) -> bool:
        """True where customers pay purchase by purchase."""
        return self.purchases is not None

    def law(self, term_months: float | None) -> Duration:
        """Return the duration law of the segment under a contract term (months)."""
        unit = (term_months or 12.0) if isinstance(self.frailty, Beta) else 12.0
        if isinstance(self.duration, Power):
            return Duration(power=self.duration.power, unit=unit)
        if isinstance(self.duration, Steps):
            return Duration(knots=tuple(self.duration.months), factors=tuple(self.duration.factors))
        return Duration(unit=unit)
