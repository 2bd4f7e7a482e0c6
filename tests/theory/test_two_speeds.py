"""One law, two speeds: settling only whom something happened to gives what settling everybody gives.

`eager` burns and projects every customer at every settlement and works out all money customer by customer.
"""

import numpy as np
import pytest
from experiment import log, scenario

from retainsim.bases import raw_bases
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.scenario.arms import Timeline
from retainsim.world import Setup

CHANNELS = {
    "web": {"joins": 25, "spend": 900.0, "ceiling": 60, "mix": {"a": 2, "b": 1}},
    "fair": {"joins": 8, "cost_per_join": 30.0, "hazard_factor": 1.4, "first_discount": 0.2},
}
RAMPS = [
    {"set": "segments.a.annual_churn", "to": 0.6, "from_month": 7.3, "ramp_months": 9.5, "until_month": 30},
    {"set": "churn.reasons.x", "times": 0.3, "from_month": 12},
    {"set": "acquisition.web.spend", "times": 1.4, "from_month": 5.25, "ramp_months": 6},
    {"set": "segments.b.price", "to": 17.0, "from_month": 3.5, "ramp_months": 12},
]
FRAIL = {"frailty": {"kind": "gamma", "variance": 0.9}, "duration": {"kind": "power", "power": 0.7}}
STEEP = {"frailty": {"kind": "gamma", "variance": 0.4}, "duration": {"kind": "power", "power": 1.4}}
YEARLY = {"term_months": 12, "billing": {"every_months": 12, "when": "start"}}
MONTHLY = {"term_months": 5, "billing": {"every_months": 1, "when": "end"}}
GROWTH = {"growth": {"volume_per_year": 0.06, "until_years": 3.0, "cost_to_serve_half_life": 8.0}}

CASES = {
    "flat": ({}, {}, {}, []),
    "gamma, power, moves and ramps": (
        {**FRAIL, "moves": {"b": 0.02}},
        {**STEEP, "moves": {"a": 0.01}},
        {},
        RAMPS,
    ),
    "steps and moves": (
        {"duration": {"kind": "steps", "months": [4.5, 20], "factors": [2, 0, 1]}, "moves": {"b": 0.05}},
        {"duration": {"kind": "steps", "months": [9], "factors": [0.5, 2]}, "moves": {"a": 0.05}},
        {},
        RAMPS,
    ),
    "contracts and instalments": (YEARLY, MONTHLY, {}, RAMPS),
    "instalments without contracts": (
        {"billing": {"every_months": 7, "when": "start"}},
        {"billing": {"every_months": 3, "when": "end"}},
        {},
        RAMPS,
    ),
    "growth": (FRAIL, STEEP, GROWTH, RAMPS),
    "growth, contracts, instalments and moves": (
        {**FRAIL, **YEARLY, "moves": {"b": 0.02}},
        {**STEEP, **YEARLY, "moves": {"a": 0.01}},
        GROWTH,
        RAMPS,
    ),
    "beta": (
        {"frailty": {"kind": "beta", "a": 0.8, "b": 2.0}},
        {"frailty": {"kind": "beta", "a": 1.5, "b": 4.0}, "duration": {"kind": "power", "power": 1.3}},
        {},
        [change for change in RAMPS if "annual_churn" not in change["set"]],
    ),
    "a programme for everyone": (FRAIL, {}, {"retention_programme": {"spend_per_customer": 0.5, "effect": 0.2, "ceiling": 0.5}}, RAMPS),
    "a programme for those most at risk": (
        FRAIL,
        {},
        {
            "retention_programme": {
                "spend_per_customer": 0.5, "effect": 0.2, "ceiling": 0.5, "targets": "most_at_risk", "reach": 0.3
            }
        },
        RAMPS,
    ),
}  # fmt: skip


def both(case, step=1.0):
    """Play one replication twice: as it is always played, and eagerly."""
    a, b, mechanisms, changes = CASES[case]
    common = {"gross_margin": 0.7, "cost_to_serve": 1.0, "price": 10.0, "annual_churn": 0.3}
    business = scenario(
        months=36,
        customers=2000,
        tenure="settled",
        segments={"a": {"share": 0.6, **common, **a}, "b": {"share": 0.4, **common, "pays_after_months": 1.5, **b}},
        reasons={"x": 1, "y": 2},
        acquisition=CHANNELS,
        mechanisms=mechanisms,
        firm={"inflation": 0.03, "fixed_costs": 50.0, "tax_rate": 0.2},
        run={"seed": 91, "step": step, "closing_value": "expected"},
        arms={"changed": {"change": changes, "retention": {"churn": 0.8, "from_month": 10, "ramp_months": 5}}},
    )
    today, arm = business.parameters, business.arms["changed"]
    setup = Setup(today, arm, Timeline(today, arm), raw_bases(today), 0.75)
    return [replicate(setup, Luck(91, 0), eager=eager) for eager in (False, True)]


@pytest.mark.parametrize("case", CASES)
def test_settling_everybody_gives_the_same_as_settling_whom_something_happened_to(case):
    lazy, eager = both(case)
    for table in ("pool", "joined", "left", "moved"):
        assert np.array_equal(getattr(lazy, table), getattr(eager, table)), table
    assert sorted(lazy.lines) == sorted(eager.lines)
    for line, amounts in lazy.lines.items():
        scale = max(1.0, np.abs(amounts).max())
        assert np.abs(amounts - eager.lines[line]).max() < 1e-9 * scale, line
        worth = np.abs(lazy.values[line]).sum()
        assert np.abs(lazy.values[line] - eager.values[line]).max() < 1e-9 * max(1.0, worth), line
    errors = {
        name: abs(getattr(lazy, name) / getattr(eager, name) - 1)
        for name in ("npv_to_horizon", "customer_months", "discounted_months", "equity_end")
    }
    log.info("%s: %s", case, ", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
    assert max(errors.values()) < 1e-9
    assert np.abs(lazy.closing / eager.closing - 1).max() < 1e-9
    assert np.abs(lazy.margins - eager.margins).max() < 1e-9 * np.abs(lazy.margins).max()
    assert lazy.left.sum() > 500


def test_leavings_happen_at_the_same_moments():
    lazy, eager = both("gamma, power, moves and ramps")
    lives = [np.argsort(outcome.departed[0]) for outcome in (lazy, eager)]
    assert np.array_equal(lazy.departed[0][lives[0]], eager.departed[0][lives[1]])
    for column in (1, 2):  # joined, left
        assert np.abs(lazy.departed[column][lives[0]] - eager.departed[column][lives[1]]).max() < 1e-9
    for column in (3, 4, 5):  # segment, origin, reason
        assert np.array_equal(lazy.departed[column][lives[0]], eager.departed[column][lives[1]])


def test_settling_more_often_gives_the_same_where_nothing_is_on_a_ramp():
    """A step of a tenth of a month splits every span in ten and must not be seen."""
    for case in ("flat", "instalments without contracts", "growth, contracts, instalments and moves"):
        a, b, mechanisms, _ = CASES[case]
        outcomes = []
        for step in (1.0, 0.1):
            common = {"gross_margin": 0.7, "cost_to_serve": 1.0, "price": 10.0, "annual_churn": 0.3}
            business = scenario(
                months=24,
                customers=1000,
                tenure="settled",
                segments={"a": {**common, **a}, "b": {**common, **b}},
                reasons={"x": 1, "y": 2},
                acquisition=CHANNELS,
                mechanisms=mechanisms,
                run={"seed": 92, "step": step},
            )
            today, arm = business.parameters, business.arms["baseline"]
            setup = Setup(today, arm, Timeline(today, arm), raw_bases(today))
            outcomes.append(replicate(setup, Luck(92, 0)))
        whole, tenth = outcomes
        assert np.array_equal(whole.pool, tenth.pool)
        assert np.array_equal(whole.left, tenth.left)
        assert abs(whole.npv_to_horizon / tenth.npv_to_horizon - 1) < 1e-9
