"""Schema: every key a scenario file may hold, with its unit, limits, default and meaning."""

from __future__ import annotations

import math
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from retainsim import mechanism, mechanisms
from retainsim.mechanism import Settings, Word, setting
from retainsim.mechanisms.accounts import RELEASED
from retainsim.mechanisms.channels import Settings as Channel
from retainsim.mechanisms.reasons import PRESETS
from retainsim.scenario.account import Account
from retainsim.scenario.lever import Arm, Change, Investment, Piece, Retention, Timed
from retainsim.scenario.segment import Billing, Plan, Segment

__all__ = [
    "Account",
    "Arm",
    "Billing",
    "Change",
    "Channel",
    "Investment",
    "Parameters",
    "Piece",
    "Plan",
    "Retention",
    "Segment",
    "Timed",
]


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
    closing_value: Literal["expected", "none"] = setting("expected", "", "value of those present at the horizon")
    closing_years: float = setting(5.0, "years", "how far beyond the horizon the closing value looks", gt=0, le=200)


class Firm(Settings):
    """What does not depend on the pool."""

    fixed_costs: float = setting(0.0, "money per month", "costs that run whatever the pool does", ge=0)
    tax_rate: float = setting(0.0, "share", "tax on revenue less variable and fixed costs, losses relieved", ge=0, lt=1)
    inflation: float = setting(0.0, "share a year", "growth of prices, cost to serve and fixed costs", gt=-0.5, le=5)


class Given(Settings):
    """Everybody in the opening pool has the same tenure."""

    months: float = setting(..., "months", "tenure of the opening pool", ge=0, le=1200)


class Pool(Settings):
    """Who is here at month 0."""

    customers: int = setting(0, "customers", "present at month 0", ge=0, le=50_000_000)
    tenure: Literal["settled", "new"] | Given = setting("settled", "", "tenure of the opening pool")
    age_years: float = setting(10.0, "years", "how long the settled pool has been filling", gt=0, le=200)


class Churn(Settings):
    """Why customers leave."""

    calibrate: bool = setting(True, "", "solve base hazards so that the observed churn comes out")
    target_annual: float | None = setting(None, "share a year", "leak that should not be exceeded", gt=0, lt=1)
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
        return dict(self.reasons) if self.reasons is not None else dict(PRESETS[self.preset or "keaveney-1995"])


def _mechanisms_table() -> type[Settings]:
    """Build the table of mechanisms from the registration."""
    fields: dict[str, Any] = {}
    for name in mechanisms.NAMES:
        file = mechanisms.module(name)
        about = (file.__doc__ or "").split("\n")[0].partition(": ")[2]
        fields[name] = (file.Settings | None, Field(None, description=about))
    return create_model("Mechanisms", __base__=mechanism.Settings, __doc__="Behaviours switched on.", **fields)


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
    accounts: list[Account] = setting([], "", "named clients, in addition to the customers of the pool")
    pieces: dict[Word, Piece] = setting({}, "", "parts of arms, included by name")
    arms: dict[Word, Arm] = setting({}, "", "variants to compare")

    @model_validator(mode="after")
    def _one_law_of_tenure(self) -> Parameters:
        own = next((name for name, segment in self.segments.items() if segment.tenures), None)
        if own is not None and self.pool.tenure != "settled":
            raise ValueError(
                f"pool.tenure and segments.{own}.tenures both say how long customers have been here; leave "
                'pool.tenure = "settled"'
            )
        return self

    def plan(self, segment: str, channel: str = "existing") -> Plan:
        """Return what a customer of the segment pays and for how long, given where it came from."""
        own = self.everyone[segment]
        chosen = self.acquisition[channel].plan if channel in self.acquisition else None
        base = self.plans.get(chosen or own.plan or "", Plan())
        first, second = (base, own) if chosen else (own, base)
        keys = ("price", "term_months", "billing")
        return Plan(**{k: _first(getattr(first, k), getattr(second, k)) for k in keys})

    @cached_property
    def everyone(self) -> dict[str, Segment]:
        """Return the segments by name, sorted, and after them every named client as a segment of one."""
        clients = {a.name: a.as_segment(self.segments[a.segment]) for a in sorted(self.accounts, key=lambda a: a.name)}
        return {name: self.segments[name] for name in sorted(self.segments)} | clients

    def account(self, segment: str) -> Account | None:
        """Return the named client behind a segment of one; None for a segment."""
        return next((account for account in self.accounts if account.name == segment), None)

    @property
    def on(self) -> tuple[str, ...]:
        """Return the names of the mechanisms that are switched on, sorted."""
        return tuple(name for name in sorted(mechanisms.NAMES) if getattr(self.mechanisms, name) is not None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return every reason one may leave for, sorted: those of the file and those mechanisms bring along."""
        fed = {reason for name in self.on for reason in getattr(self.mechanisms, name).feeds()}
        lapses = {s.purchases.dropout.reason for s in self.segments.values() if s.purchases and s.purchases.dropout}
        released = {RELEASED} if self.accounts else set()
        return tuple(sorted({*self.churn.shares(), *fed, *lapses, *released}))

    @property
    def origins(self) -> tuple[str, ...]:
        """Return where customers come from: `existing`, then channels and mechanisms that bring customers, sorted."""
        brought = [name for name in self.on if getattr(self.mechanisms, name).brings_customers]
        return ("existing", *sorted([*self.acquisition, *brought]))

    @property
    def discounting(self) -> float:
        """Return the continuous discount rate per month."""
        return math.log1p(self.run.discount_rate) / 12.0


def _first(a: Any, b: Any) -> Any:
    return b if a is None else a


# `mechanisms` is typed Any above because its model is built at run time; pydantic validates the real one.
Parameters.model_fields["mechanisms"].annotation = Mechanisms
Parameters.model_rebuild(force=True)
