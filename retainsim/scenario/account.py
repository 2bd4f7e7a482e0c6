"""Account: a named client, in addition to the customers of the pool and outside calibration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from retainsim.mechanism import Settings, Word, setting
from retainsim.scenario.segment import Plan, Segment

MOST_GIVEN = 0.95 + 1e-9
"""Share of the price that discount and rebate may take together, and what rounding may add."""


class Acceptance(Settings):
    """How likely the client is to accept a smaller discount: straight lines between the points."""

    discounts: list[Annotated[float, Field(ge=0, le=0.95)]] = setting(
        ..., "share", "discounts asked of it, rising", min_length=2
    )
    probabilities: list[Annotated[float, Field(ge=0, le=1)]] = setting(
        ..., "probability", "chance that it accepts each", min_length=2
    )

    @model_validator(mode="after")
    def _fit(self) -> Acceptance:
        if len(self.discounts) != len(self.probabilities):
            raise ValueError(f"{len(self.discounts)} discounts need as many probabilities")
        if any(b <= a for a, b in zip(self.discounts, self.discounts[1:], strict=False)):
            raise ValueError("discounts must rise")
        return self


class Account(Plan):
    """A named client; what is not given is as in its segment."""

    name: str = setting(..., "", "what the client is called", min_length=1, max_length=60)
    segment: Word = setting(..., "", "the segment whose price, costs, churn and reasons hold where none are given")
    volume: float = setting(1.0, "factor", "units bought at the price", ge=0)
    discount: float = setting(0.0, "share", "taken off the price", ge=0, le=0.95)
    rebate: float = setting(0.0, "share", "paid back at the year's end, on top of the discount", ge=0, le=0.95)
    promotions: float = setting(0.0, "money per month", "promotions it always asks for", ge=0)
    gross_margin: float | None = setting(
        None, "share", "list price less cost of sales, as a share of the list price: a discount takes from it",
        ge=-10, le=1,
    )  # fmt: skip
    cost_to_serve: float | None = setting(None, "money per customer-month", "cost of having the client", ge=0)
    contacts: float | None = setting(None, "contacts per month", "how often it calls the service desk", ge=0)
    visited: bool = setting(True, "", "account managers look after it where they look after its segment")
    days_to_pay: float = setting(0.0, "days", "time from revenue to cash", ge=0, le=1800)
    growth: float = setting(0.0, "share a year", "its volume grows by this much a year from month 0 on", ge=-0.9, le=5)
    annual_churn: float | None = setting(None, "share a year", "chance that it leaves within a year", ge=0, lt=1)
    customer_for_months: float = setting(60.0, "months", "time it has been a client at month 0", ge=0, le=1200)
    known_by: float = setting(
        0.0, "per customer-month", "rate at which other customers hear of its discount and ask for theirs", ge=0, le=10
    )
    conceded: float = setting(0.5, "share", "share of its discount that who asks is given (assumption)", ge=0, le=1)
    reference: float = setting(0.0, "share", "joins would be fewer by this share without its name", ge=0, lt=1)
    fixed_cost: float = setting(0.0, "money per month", "fixed cost it carries", ge=0)
    avoidable_share: float = setting(0.0, "share", "part of the fixed cost that ends when it goes", ge=0, le=1)
    accepts: Acceptance | None = setting(
        None, "", "chance of accepting a smaller discount; default: 1 at today's, falling straight to 0.2 at none "
        "(assumption)",
    )  # fmt: skip
    refused_factor: float = setting(
        2.0, "factor", "its hazard after it has refused a smaller discount (assumption)", ge=0, le=100
    )

    @model_validator(mode="after")
    def _pays_something(self) -> Account:
        if self.given_away > MOST_GIVEN:
            raise ValueError(f"discount and rebate together are {self.given_away:g} of the price; at most 0.95")
        return self

    @property
    def given_away(self) -> float:
        """Return the share of the list price it does not pay."""
        return self.discount + self.rebate

    def as_segment(self, own: Segment) -> Segment:
        """Return the client as a segment of one, where nothing is given as in its own.

        A unit costs it what it costs its segment, whose margin is of the price after the segment's discount.
        """
        given = {key: getattr(self, key) for key in ("price", "term_months", "billing", "cost_to_serve")}
        unit_cost = (1.0 - own.gross_margin) * (1.0 - own.discount)
        margin = 1.0 - unit_cost if self.gross_margin is None else self.gross_margin
        return own.model_copy(
            update={key: value for key, value in given.items() if value is not None}
            | {
                "share": 0.0,
                "volume": self.volume,
                "discount": self.given_away,
                "gross_margin": 1.0 - (1.0 - margin) / (1.0 - self.given_away),
                "pays_after_months": self.days_to_pay * 12.0 / 365.25,
                "annual_churn": own.annual_churn if self.annual_churn is None else self.annual_churn,
                "frailty": NO_FRAILTY,
                "duration": NO_DURATION,
                "moves": {},
            }
        )

    def acceptance(self, discount: float) -> float:
        """Return the chance that the client accepts a discount (share of the price) instead of today's."""
        if discount >= self.discount:
            return 1.0
        if self.accepts is None:
            return 0.2 + 0.8 * discount / self.discount
        return float(_interpolated(discount, self.accepts.discounts, self.accepts.probabilities))


NO_FRAILTY = Segment.model_fields["frailty"].default
NO_DURATION = Segment.model_fields["duration"].default


def _interpolated(at: float, xs: list[float], ys: list[float]) -> float:
    import numpy as np

    return float(np.interp(at, xs, ys))
