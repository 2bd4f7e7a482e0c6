"""What customers are worth, one by one, adds up to the books, and looking at it changes nothing."""

import numpy as np
import pytest

from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.ledger import SIGNS, exact_sum
from unit.making import SEGMENT, arm, differing, parameters, setup
from unit.test_trace import FIRMS

LEVER = {"churn": 0.8, "cost": {"per_customer_month": 1.5}}
DEARER = [{"set": "segments.small.price", "times": 1.2, "from_month": 7.5}]
ARMS = {
    "nothing": None,
    "everyone": arm(retention=LEVER, change=DEARER),
    "some": arm(retention=LEVER | {"targets": "most_at_risk", "share": 0.3}, change=DEARER),
}
LATE = {"segments": {"small": SEGMENT | {"pays_after_months": 2.0, "discount": 0.1}}, "firm": {"tax_rate": 0.25}}
BUYERS = {
    "segments": {
        "small": {
            "buying": "purchases", "gross_margin": 0.5, "cost_to_serve": 0.2, "annual_churn": 0.3,
            "purchases": {"per_month": 0.4, "spend": {"kind": "lognormal", "mean": 30.0, "within": 0.5}},
        }
    }
}  # fmt: skip


def played(firm, each):
    """Return the same replication with worths and without."""
    start = setup(parameters(**firm), each, factor=0.8)
    return replicate(start, Luck(3, 0), worth=True), replicate(start, Luck(3, 0))


@pytest.mark.parametrize("each", ARMS.values(), ids=ARMS)
@pytest.mark.parametrize("firm", [*FIRMS.values(), LATE], ids=[*FIRMS, "late"])
def test_what_customers_brought_adds_up_to_the_value_of_the_lines_they_are_on(firm, each):
    found, _ = played(firm, each)
    kept = 1 - firm.get("firm", {}).get("tax_rate", 0.0)
    lines = [line for line in found.values if line not in ("fixed_costs", "tax", "investment")]
    value = sum(SIGNS[found.classes[line]] * found.values[line].sum() for line in lines)
    left, here, ahead = found.worths
    assert exact_sum(left) + exact_sum(here) == pytest.approx(kept * value, rel=1e-9)
    assert exact_sum(ahead) == pytest.approx(exact_sum(found.closing), rel=1e-9)


@pytest.mark.parametrize("each", ARMS.values(), ids=ARMS)
@pytest.mark.parametrize("firm", FIRMS.values(), ids=FIRMS)
def test_looking_changes_nothing_to_the_last_byte(firm, each):
    found, plain = played(firm, each)
    assert {path.partition(".")[0] for path in differing(found, plain)} == {"worths"}
    assert plain.worths == ()


def test_there_is_one_for_everybody_who_was_ever_there():
    found, _ = played(FIRMS["inflation"], ARMS["everyone"])
    assert [len(each) for each in found.worths] == [
        len(found.departed[0]),
        len(found.present[0]),
        len(found.present[0]),
    ]


def test_one_customers_worth_by_hand():
    """A customer who stays: (50 x 0.8 - 5) a month, less 1.5 for the lever, discounted over 24 months."""
    today = parameters(pool={"customers": 1}, segments={"small": SEGMENT | {"annual_churn": 0.0}})
    delta = np.log(1.1) / 12
    for each, monthly in ((None, 35.0), (ARMS["everyone"].model_copy(update={"change": []}), 33.5)):
        found = replicate(setup(today, each), Luck(0, 0), worth=True)
        assert found.worths[1] == pytest.approx([monthly * (1 - np.exp(-24 * delta)) / delta], rel=1e-12)
        ahead = monthly * (np.exp(-24 * delta) - np.exp(-84 * delta)) / delta
        assert found.worths[2] == pytest.approx([ahead], rel=1e-9)


def test_purchases_are_part_of_it():
    found, _ = played(BUYERS, None)
    value = sum(SIGNS[found.classes[line]] * found.values[line].sum() for line in found.values)
    assert exact_sum(found.worths[0]) + exact_sum(found.worths[1]) == pytest.approx(value, rel=1e-9)
    assert found.worths[1].std() > 0
