"""Client: a named client, and the variants of the business that its options are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from retainsim.mechanisms.accounts import Release, Renegotiate
from retainsim.study.compare import BASELINE
from retainsim.study.stage import Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retainsim.draws import Floats
    from retainsim.scenario.account import Account
    from retainsim.scenario.schema import Parameters
    from retainsim.study.trials import Trials

KEEP, RENEGOTIATE, RELEASE = OPTIONS = ("keep", "renegotiate", "release")
_LIFE = frozenset(("discount", "cost_to_serve", "annual_churn", "contacts", "known_by"))
"""Settings that are nothing to a firm without the client."""


@dataclass(frozen=True)
class Client:
    """One named client.

    Parameters
    ----------
    trials
        Plays the scenario.
    index
        Its place among the scenario's accounts.
    release_at, notice
        Month in which it would be given notice, and months from then to its last day.
    """

    trials: Trials
    index: int
    release_at: float = 0.0
    notice: float = 0.0

    @property
    def account(self) -> Account:
        """Return its terms, distributions at their means."""
        return self.trials.scenario.parameters.accounts[self.index]

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.account.name

    def today(self, key: str) -> float:
        """Return what holds of one of its settings today: its own, or its segment's."""
        value = getattr(self.account, key)
        if value is None:
            value = getattr(self.trials.scenario.parameters.segments[self.account.segment], key)
        return float(value)

    def is_known(self, key: str) -> bool:
        """Tell whether a setting is a number, not drawn from a distribution."""
        return f"accounts.{self.index}.{key}" not in self.trials.scenario.distributions

    def keep(self, values: Mapping[str, float] | None = None) -> Variant:
        """Return the business with the client as it is, or with other settings of it."""
        return Variant(BASELINE, assumed=self._assumed(values or {}))

    def release(self, values: Mapping[str, float] | None = None) -> Variant:
        """Return the business in which it is let go."""
        never = not self.release_at and not self.notice
        kept = {key: value for key, value in (values or {}).items() if not (never and key in _LIFE)}
        event = Release(kind="release", account=self.name, at_month=self.release_at, notice_months=self.notice)
        return Variant(BASELINE, assumed=self._assumed(kept), events=(event,))

    def accepted(self, offer: float, values: Mapping[str, float] | None = None) -> Variant:
        """Return the business in which it has agreed to a discount from month 0 on."""
        if offer == (values or {}).get("discount", self.account.discount) and self.is_known("discount"):
            return self.keep(values)
        return Variant(BASELINE, assumed=self._assumed(values or {}), events=(self._asked(offer, "accepted"),))

    def refused(self, values: Mapping[str, float] | None = None) -> Variant:
        """Return the business in which it has refused a smaller discount at month 0, whichever."""
        if (values or {}).get("discount", self.account.discount) == 0.0 and self.is_known("discount"):
            return self.keep(values)
        return Variant(BASELINE, assumed=self._assumed(values or {}), events=(self._asked(0.0, "refused"),))

    def chances(self, offer: float, values: Mapping[str, float] | None = None) -> Floats:
        """Return the chance that it accepts an offer, shape (replications,)."""
        accounts = [drawn.accounts[self.index].model_copy(update=dict(values or {})) for drawn in self.terms]
        return np.array([account.acceptance(offer) for account in accounts])

    @cached_property
    def terms(self) -> list[Parameters]:
        """Return the parameters of every replication."""
        world = self.trials.stage.world(self.keep())
        return [world.draw(index) for index in range(self.trials.replications)]

    def value(self, variant: Variant, measure: str = "npv") -> Floats:
        """Return a measure of a variant by replication, shape (replications,); 0 where no line is called so."""
        values = self.trials.table(variant)
        return values[measure].to_numpy(np.float64) if measure in values else np.zeros(len(values))

    def _asked(self, offer: float, answer: str) -> Renegotiate:
        terms = {"kind": "renegotiate", "account": self.name, "at_month": 0.0, "discount": offer, "answer": answer}
        return Renegotiate.model_validate(terms)

    def _assumed(self, values: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
        changed = {key: value for key, value in values.items() if value != getattr(self.account, key)}
        return tuple(sorted((f"accounts.{self.index}.{key}", value) for key, value in changed.items()))
