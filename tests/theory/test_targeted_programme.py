"""A retention programme for some: whom it reaches, month by month, and what that does to the pool."""

import math

import numpy as np
import pytest
from experiment import check, check_exactly, check_shares, heads, measured, play
from scipy import integrate, stats
from unit.making import parameters

from retainsim import theory
from retainsim.calibration import calibrate

REACH, EFFECT, VARIANCE, CHURN = 0.3, 0.8, 1.5, 0.4


def programme(targets):
    return {
        "retention_programme": {
            "spend_per_customer": 1.0, "effect": EFFECT, "ceiling": 0.9, "targets": targets, "reach": REACH
        }
    }  # fmt: skip


def played(targets, **tables):
    frail = {"annual_churn": CHURN, "frailty": {"kind": "gamma", "variance": VARIANCE}}
    return play(
        months=18,
        customers=50_000,
        segments={"s": frail},
        mechanisms=programme(targets),
        run={"seed": 31},
        **tables,
    )


def there(choose, months=18, ranks=20_000):
    """Return who is there by month: ranks of frailty that thin out, the programme choosing anew every month."""
    frailty = stats.gamma(1 / VARIANCE, scale=VARIANCE).ppf((np.arange(ranks) + 0.5) / ranks)
    hazard = -math.log1p(-CHURN) / 12 * frailty
    alive, found = np.ones(ranks), [1.0]
    for _ in range(months):
        alive = alive * choose(hazard, alive)
        found.append(alive.mean())
    return np.array(found)


def those_most_at_risk(hazard, alive):
    """Spare the frailest three in ten of those present the programme's share of their hazard."""
    above = 1 - (np.cumsum(alive) - alive / 2) / alive.sum()
    return np.exp(-hazard * np.where(above < REACH, 1 - EFFECT, 1.0))


def test_a_programme_for_the_frailest_reaches_the_frailest_of_those_present():
    found = played("most_at_risk")
    months = np.array([1, 2, 3, 6, 12, 18])
    expected = there(those_most_at_risk)[months]
    check_shares(heads(found)["s"][months], expected, 100_000, "reach of those most at risk, n = 100,000")


def test_a_programme_for_some_at_random_keeps_to_them():
    """Three in ten have a fifth of the hazard, for ever."""
    b = -math.log1p(-CHURN) / 12
    months = np.array([1, 6, 12, 18])
    kinds = [theory.survival_gamma_frailty(b * factor * months, VARIANCE) for factor in (1 - EFFECT, 1.0)]
    expected = REACH * kinds[0] + (1 - REACH) * kinds[1]
    check_shares(heads(played("random"))["s"][months], expected, 100_000, "reach at random, n = 100,000")


@pytest.mark.parametrize(
    "targets",
    ["random", pytest.param("most_valuable"), pytest.param("most_at_risk")],
)
def test_a_change_that_nobody_feels_changes_nothing_about_who_is_reached(targets):
    """Fixed costs that change in mid-month make everything be held once more; nobody may stay or go for it."""
    change = {"set": "firm.fixed_costs", "to": 1.0, "from_month": 2.5}
    found = played(targets, arms={"looked_at": {"change": [change]}})
    assert (heads(found, arm="looked_at")["s"] == heads(found)["s"]).all()


@pytest.mark.parametrize("targets", ["most_valuable", "most_at_risk"])
def test_those_reached_are_paid_for_and_nobody_else(targets):
    """A share of the pool, chosen anew every month, pays for that share of the time, near enough."""
    found = played(targets)
    months, paid = measured(found, "customer_months")[0], measured(found, "retention_programme")[0]
    assert paid == pytest.approx(REACH * months, rel=0.01)


def test_those_reached_at_random_are_paid_for_as_long_as_they_stay():
    n, b = 100_000, -math.log1p(-CHURN) / 12 * (1 - EFFECT)
    paid = measured(played("random"), "retention_programme").sum() / n
    moments = [
        integrate.quad(lambda t, k=k: k * t ** (k - 1) * float(theory.survival_gamma_frailty(b * t, VARIANCE)), 0, 18)[
            0
        ]
        for k in (1, 2)
    ]  # of the time a customer who is reached stays, to the horizon
    sd = math.sqrt(REACH * moments[1] - (REACH * moments[0]) ** 2)
    check(paid, REACH * moments[0], sd / math.sqrt(n), f"paid for those at random, n = {n}")


def test_a_programme_without_effect_changes_nobody_and_costs_what_is_spent():
    plain = {"annual_churn": CHURN}
    idle = programme("most_valuable")
    idle["retention_programme"] |= {"effect": 0.0, "reach": 1.0}
    found = play(months=18, customers=2000, segments={"s": plain}, mechanisms=idle, run={"seed": 32})
    bare = play(months=18, customers=2000, segments={"s": plain}, run={"seed": 32})
    assert (heads(found)["s"] == heads(bare)["s"]).all()
    check_exactly(measured(found, "retention_programme")[0], measured(found, "customer_months")[0], "paid for all")


def test_what_is_recalled_is_what_was_simulated(tmp_path, monkeypatch):
    """The second calibration of a scenario in which nobody carries strain comes from the cache, and is the same."""
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))
    programme = {"spend_per_customer": 1.0, "effect": 0.1, "ceiling": 0.4, "targets": "random", "reach": 0.5}
    today = parameters(pool={"customers": 500}, mechanisms={"retention_programme": programme})
    first, again = calibrate(today), calibrate(today)
    assert np.array_equal(first.bases.hazards, again.bases.hazards)
    assert first.bases.strains == again.bases.strains == ()
