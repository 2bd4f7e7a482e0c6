"""Which input would change the advice, against closed forms, and what is refused."""

import math

import pytest

import retainsim
from retainsim import theory
from retainsim.errors import UsageError
from study.firm import CHURN_KEY, COST_KEY, CUSTOMERS, DELTA, MARGIN, MONTHS

R = 20


def row_of(answer, key):
    return next(row for row in answer.report["inputs"] if row["key"] == key)


@pytest.fixture(scope="module")
def asked(firm):
    return retainsim.tornado(firm.scenario(), "keep", inputs={COST_KEY: None, CHURN_KEY: (0.1, 0.4)}, jobs=1)


def test_a_programme_stops_paying_at_the_cost_of_the_closed_form(firm, asked):
    """n = 400 customers x 20 replications; the root of a mean errs by that of the mean over the slope."""
    se = math.sqrt(firm.variance(cost=firm.cost) / (CUSTOMERS * R)) / abs(firm.slope(COST_KEY))
    found = row_of(asked, COST_KEY)["flips_at"]
    assert theory.within(found["mean"], firm.cost, se)
    assert found["high"] - found["low"] == pytest.approx(2 * 2.093 * se, rel=0.75)


def test_a_programme_stops_paying_at_the_churn_of_the_closed_form(firm, asked):
    """The lever stays the factor solved for the file, whatever the churn is taken to be."""
    hazard = -math.log1p(-firm.churn) / 12
    se = math.sqrt(firm.variance(hazard=hazard) / (CUSTOMERS * R)) / abs(firm.slope(CHURN_KEY))
    found = row_of(asked, CHURN_KEY)
    assert theory.within(found["flips_at"]["mean"], firm.churn, se)
    assert "below" in found["why"]


def test_the_ends_of_a_bar_are_the_differences_of_the_closed_form(firm, asked):
    for end, cost in (("difference_low", 0.8), ("difference_high", 1.2)):
        se = CUSTOMERS * math.sqrt(firm.variance(cost=cost) / (CUSTOMERS * R))
        assert theory.within(row_of(asked, COST_KEY)[end]["mean"], CUSTOMERS * firm.gain(cost=cost), se)


def test_the_advice_is_the_arm_with_the_higher_mean(firm, asked):
    assert asked.report["advice"] == "keep"
    dear = retainsim.tornado(firm.scenario(cost=6.0), "keep", inputs={COST_KEY: None}, replications=4, jobs=1)
    assert dear.report["advice"] == "baseline"
    at = row_of(dear, COST_KEY)["flips_at"]
    assert at["mean"] < 6.0
    assert "rises above" not in dear.verdict[1]


def test_the_widest_swing_comes_first(asked):
    swings = [row["swing"] for row in asked.report["inputs"]]
    assert swings == sorted(swings, reverse=True)


def test_a_free_gain_never_flips_and_says_so(firm):
    found = retainsim.tornado(firm.scenario(), "free", replications=4, jobs=1)
    assert found.report["inputs"]
    assert {row["flips_at"] for row in found.report["inputs"]} == {None}
    assert {row["why"] for row in found.report["inputs"]} == {"a free gain never flips"}
    assert any("free gain never flips" in sentence for sentence in found.verdict)


def test_a_free_gain_on_customers_who_cost_more_than_they_bring_says_where(firm):
    """A price of 10 covers a cost to serve of 5; below a price of 5 keeping customers loses money."""
    scenario = firm.scenario(segments={"s": {"price": MARGIN, "annual_churn": 0.3, "cost_to_serve": 5.0}})
    found = row_of(retainsim.tornado(scenario, "free", replications=4, jobs=1), "segments.s.price")
    assert found["flips_at"] is None
    assert "while customers bring more than they cost; below EUR 5" in found["why"]


def test_what_does_not_flip_says_between_which_values_it_was_looked_for(firm):
    found = retainsim.tornado(firm.scenario(), "keep", inputs={"segments.s.price": None}, replications=4, jobs=1)
    assert row_of(found, "segments.s.price")["searched"] == [2.5, 40.0]
    found = retainsim.tornado(firm.scenario(), "keep", inputs={"pool.customers": None}, replications=4, jobs=1)
    assert row_of(found, "pool.customers")["why"] == "does not flip between 100 and 1,600 customers"


def test_two_arms_are_compared_with_one_another(firm):
    """The free arm beats the dear one by what that costs, whatever the churn."""
    found = retainsim.tornado(firm.scenario(), "free", against="keep", inputs={COST_KEY: None}, jobs=1)
    expected = CUSTOMERS * (firm.gain(cost=0.0) - firm.gain())
    se = CUSTOMERS * math.sqrt(MONTHS / CUSTOMERS / R) / math.sqrt(DELTA)
    assert theory.within(found.report["difference"]["mean"], expected, se)
    assert not found.report["is_free_gain"]


def test_a_distribution_gives_the_plausible_range(firm):
    scenario = firm.scenario().replace({COST_KEY: {"uniform": [0.5, 2.5]}})
    found = retainsim.tornado(scenario, "keep", inputs={COST_KEY: None}, replications=4, jobs=1)
    row = row_of(found, COST_KEY)
    assert (row["low"], row["high"]) == (pytest.approx(0.6, abs=0.001), pytest.approx(2.4, abs=0.001))


def test_the_first_pass_drops_what_moves_nothing_and_tells(firm):
    found = retainsim.tornado(firm.scenario(firm={"fixed_costs": 50.0}), "keep", replications=4, jobs=1)
    assert "firm.fixed_costs" in found.report["screening"]["dropped"]
    keys = {row["key"] for row in found.report["inputs"]}
    assert {COST_KEY, CHURN_KEY, "segments.s.price"} <= keys
    assert not any(key.startswith("arms.free") or key == "run.seed" for key in keys)
    assert found.report["screening"]["looked_at"] == len(keys) + len(found.report["screening"]["dropped"])


def test_a_whole_number_flips_between_two(firm):
    """Ten customers bring 10 a month each; the investment of 60 pays from so many customers on."""
    gain = firm.gain(cost=0.0)
    arm = {"retention": {"churn": 0.7}, "investment": [{"amount": 5.5 * gain}]}
    scenario = firm.scenario(
        customers=40, arms={"keep": arm}, run={"months": MONTHS, "closing_value": "none", "replications": 60}
    )
    found = row_of(retainsim.tornado(scenario, "keep", inputs={"pool.customers": (1, 40)}, jobs=1), "pool.customers")
    se = math.sqrt(firm.variance(cost=0.0) * 5.5 / 60) / gain
    assert theory.within(found["flips_at"]["mean"], 5.5, se)


@pytest.mark.parametrize(
    ("arm", "asked", "words"),
    [
        ("kep", {}, "no arm 'kep'; the arms are baseline, keep, free; did you mean \"keep\""),
        ("baseline", {}, "cannot be compared with itself"),
        ("keep", {"inputs": {"segments.s.prize": None}}, "price"),
        ("keep", {"inputs": {"segments.s": None}}, "segments.s"),
        ("keep", {"inputs": {"firm.fixed_costs": None}}, "which no share moves; give firm.fixed_costs=LO:HI"),
        ("keep", {"inputs": {CHURN_KEY: (0.5, 1.5)}}, "1.5 is not allowed"),
        ("keep", {"inputs": {CHURN_KEY: (0.5, 0.2)}}, "the first bound must be below the second"),
        ("keep", {"share": 1.5}, "above 0 and below 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_remedy(firm, arm, asked, words):
    with pytest.raises(UsageError, match=None) as error:
        retainsim.tornado(firm.scenario(), arm, replications=2, jobs=1, **asked)
    assert words in str(error.value)


def test_a_scenario_without_arms_has_nothing_to_compare(firm):
    with pytest.raises(UsageError, match="no arms to compare"):
        retainsim.tornado(firm.scenario(arms={}), replications=2)
