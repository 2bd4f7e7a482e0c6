"""Save one customer in one arm, and nobody else's fate changes but through a queue, capacity, referrals or contagion."""

import numpy as np
import pytest
from unit.making import SEGMENT, parameters, setup

from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.fuses import Fuses

SEGMENTS = {
    "small": SEGMENT | {"share": 0.8, "frailty": {"kind": "gamma", "variance": 0.5}, "moves": {"large": 0.01}},
    "large": SEGMENT | {"share": 0.2, "price": 200.0, "annual_churn": 0.15},
    "buyers": {
        "share": 0.2, "buying": "purchases", "annual_churn": 0.3,
        "purchases": {"per_month": 0.5, "shape": 1.0, "spend": {"kind": "lognormal", "mean": 40.0, "between": 0.5}},
    },
}  # fmt: skip
ALONE = {
    "breach": {"per_year": 0.3, "wary": 0.01},
    "discounts": {"share": 0.2, "depth": 0.1, "leakage": 0.01},
    "failures": {"rate": 0.1, "reason": "service"},
    "follow_up": {"after": ["join", "failure"], "cost": 3.0},
    "growth": {"volume_per_year": 0.05},
    "involuntary_churn": {"rate": 0.02},
    "key_accounts": {"sigma": 0.8, "hazard_factor": 0.8},
    "perception": {"drift": 0.05, "sensitivity": 1.3},
    "price_only_buyers": {"share": 0.2},
    "rivals": {"campaigns_per_year": 2.0, "reason": "price"},
    "surveys": {"every_months": 4.0},
    "win_back": {"accept": 0.3},
    "retention_programme": {
        "spend_per_customer": 1.0,
        "effect": 0.1,
        "ceiling": 0.4,
        "targets": "random",
        "reach": 0.4,
    },
}
"""Mechanisms in which customers have nothing to do with one another."""

TOGETHER = {
    "service_desk": {"agents": 1, "contacts": 3.0, "handling_minutes": 25.0, "reason": "service", "opens_at": 9.0,
                     "closes_at": 17.0, "days_per_week": 5},
    "referrals": {"rate": 0.05, "contagion": 5.0},
    "account_managers": {"managers": 1, "capacity": 300.0, "visit_every_months": 2.0, "reason": "service",
                         "unattended_factor": 3.0, "order": "worst_first"},
    "market": {"size": 1200.0, "return_after_months": 0.0, "return_share": 1.0},
}  # fmt: skip
"""Mechanisms through which one customer may reach another."""


def firm(on):
    return parameters(
        run={"months": 24}, pool={"customers": 400}, segments=SEGMENTS, mechanisms=on,
        churn={"reasons": {"price": 1.0, "service": 3.0, "competition": 1.0}},
        acquisition={"ads": {"joins": 60.0, "cost_per_join": 20.0}},
    )  # fmt: skip


def fates(today, saved=None, monkeypatch=None):
    """Return when and why everybody left, by name and spell; one may have fuses that nothing burns through."""
    start = setup(today)
    if saved is None:
        return told(replicate(start, Luck(3, 0)))
    light = Fuses.light

    def lit(self, reason, rows, lengths):
        mine = self._pool["name"][rows] == saved
        light(self, reason, rows, np.where(mine, np.inf, lengths))

    with monkeypatch.context() as patch:
        patch.setattr(Fuses, "light", lit)
        return told(replicate(start, Luck(3, 0)))


def told(outcome):
    gone, here = outcome.departed, outcome.present
    found = {(n, s): (j, t, r) for n, j, t, r, s in zip(gone[0], gone[1], gone[2], gone[5], gone[6], strict=True)}
    return found | {(n, s): (j, None, None) for n, j, s in zip(here[0], here[1], here[4], strict=True)}


def an_early_leaver(lives, reasons):
    """Return the name of the customer of month 0 who leaves first, for a reason that fuses decide."""
    fused = [reasons.index(reason) for reason in ("price", "service", "competition")]
    first = [(t, n) for (n, s), (j, t, r) in lives.items() if r in fused and j < 0 and s == 1]
    return min(first)[1]


def others_changed(on, monkeypatch):
    today = firm(on)
    before = fates(today)
    who = an_early_leaver(before, today.reasons)
    after = fates(today, who, monkeypatch)
    assert after[who, 1] != before[who, 1]
    return {key for key in before.keys() | after.keys() if key[0] != who and before.get(key) != after.get(key)}


@pytest.mark.parametrize("name", sorted(ALONE))
def test_saving_one_customer_changes_nobody_elses_fate(name, monkeypatch):
    assert not others_changed({name: ALONE[name]}, monkeypatch)


def test_nor_with_all_of_them_on(monkeypatch):
    assert not others_changed(ALONE, monkeypatch)


def test_nor_through_a_desk_with_agents_to_spare(monkeypatch):
    ample = TOGETHER["service_desk"] | {"agents": 60}
    assert not others_changed(ALONE | {"service_desk": ample}, monkeypatch)


@pytest.mark.parametrize("name", sorted(TOGETHER))
def test_where_customers_meet_it_may(name, monkeypatch):
    assert others_changed({name: TOGETHER[name]}, monkeypatch)
