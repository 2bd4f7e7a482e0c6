"""What customers are worth in expectation is what they bring on average, whatever the tariff and the law of leaving.

Two parts of the engine that share no arithmetic: `closing` values the opening pool at month 0 over the years of the
horizon; the run then plays those years. Nobody joins, so NPV to the horizon is what the pool brought. 1,000 customers
in 12 replications; the mean must lie within 4 of its standard errors of the expectation.
"""

import numpy as np
import pytest
from unit.making import SEGMENT, parameters, setup

from retainsim.draws import Luck
from retainsim.engine import replicate

CUSTOMERS, REPLICATIONS = 1000, 12
GAMMA, BETA = {"kind": "gamma", "variance": 0.8}, {"kind": "beta", "a": 0.7, "b": 2.0}
FALLING = {"kind": "power", "power": 0.6}
STEPS = {"kind": "steps", "months": [6.0, 30.0], "factors": [2.0, 0.0, 1.0]}
YEARLY, TERM = {"every_months": 12.0}, {"term_months": 12.0}

SEGMENTS = {
    "plain": {},
    "frail": {"frailty": GAMMA},
    "beta": {"frailty": BETA, "annual_churn": 0.3},
    "beta_bound": {"frailty": BETA, **TERM},
    "falling": {"duration": FALLING, "frailty": GAMMA},
    "steps": {"duration": STEPS},
    "bound": {"frailty": GAMMA, **TERM},
    "bound_falling": {"duration": FALLING, "term_months": 5.5},
    "billed_at_start": {"billing": YEARLY},
    "billed_at_end": {"billing": YEARLY | {"when": "end"}},
    "billed_at_end_falling": {"billing": {"every_months": 3.0, "when": "end"}, "duration": FALLING, "frailty": GAMMA},
    "bound_and_billed": {"billing": YEARLY, **TERM},
    "bound_and_billed_at_end": {"billing": YEARLY | {"when": "end"}, **TERM},
    "bound_and_billed_monthly": {"billing": {"every_months": 1.0}, **TERM, "frailty": GAMMA},
    "pays_late": {"pays_after_months": 2.5, "frailty": GAMMA},
    "loses_money": {"cost_to_serve": 80.0, "frailty": GAMMA},
}
FIRMS = {
    "plain": {},
    "taxed_and_inflated": {"firm": {"tax_rate": 0.3, "inflation": 0.06}},
    "growing": {"mechanisms": {"growth": {"volume_per_year": 0.3, "until_years": 4.0, "cost_to_serve_half_life": 9.0}}},
    "margin_by_year": {"mechanisms": {"growth": {"margin_by_year": [-51.0, 30.0, 42.0, 44.0]}}},
    "programme": {"mechanisms": {"retention_programme": {"spend_per_customer": 3.0, "effect": 0.3, "ceiling": 0.6}}},
    "targeted": {"mechanisms": {"retention_programme": {
        "spend_per_customer": 3.0, "effect": 0.3, "ceiling": 0.6, "targets": "random", "reach": 0.4,
    }}},
}  # fmt: skip
CASES = [(segment, "plain", "settled") for segment in SEGMENTS]
CASES += [(segment, firm, "settled") for firm in list(FIRMS)[1:] for segment in ("falling", "bound")]
CASES += [
    ("falling", "growing", "new"),
    ("bound", "growing", {"months": 7.3}),
    ("billed_at_start", "plain", {"months": 30.0}),
]


UNPAID = {"billed_at_end", "billed_at_end_falling", "bound_and_billed_at_end"}
"""Where at the horizon what has been used is not yet billed: it is in the closing value."""


def firm_of(segment, firm, tenure, months, closing_years):
    return parameters(
        run={"months": months, "closing_years": closing_years}, pool={"customers": CUSTOMERS, "tenure": tenure},
        segments={"small": SEGMENT | SEGMENTS[segment]}, **FIRMS[firm],
    )  # fmt: skip


def played(today):
    return [replicate(setup(today), Luck(11, replication)) for replication in range(REPLICATIONS)]


def is_zero_on_average(gap):
    return abs(gap.mean()) < 4 * gap.std(ddof=1) / np.sqrt(len(gap))


@pytest.mark.parametrize(("segment", "firm", "tenure"), CASES)
def test_a_pool_brings_on_average_what_it_is_worth_whether_played_or_valued_to_the_end(segment, firm, tenure):
    """Three years played, and the two after them valued then, against three and five years valued at month 0."""
    outcomes = played(firm_of(segment, firm, tenure, 36, 2.0))
    brought = np.array([o.npv_to_horizon for o in outcomes])
    closing = np.array([o.closing.sum() for o in outcomes])
    three, five = (
        np.array([o.equity.sum() for o in played(firm_of(segment, firm, tenure, 1, years))]) for years in (3.0, 5.0)
    )
    assert is_zero_on_average(brought + closing - five)
    assert is_zero_on_average(brought - three) or segment in UNPAID
