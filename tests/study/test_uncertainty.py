"""Luck, ignorance and what it is worth to know, against a firm whose difference is linear in what is not known."""

import math

import pytest

import retainsim
from retainsim import theory
from retainsim.errors import UsageError
from study.firm import COST_KEY, CUSTOMERS

LOW, HIGH, DRAWS = 0.5, 3.5, 64


@pytest.fixture(scope="module")
def unsure(firm):
    return firm.scenario(customers=CUSTOMERS).replace({COST_KEY: {"uniform": [LOW, HIGH]}})


@pytest.fixture(scope="module")
def answer(unsure):
    return retainsim.uncertainty(unsure, "keep", draws=DRAWS, jobs=1)


def test_ignorance_is_the_variance_of_the_expected_difference(firm, answer):
    """Uniform: slope squared x width squared / 12; the variance of 64 draws of kurtosis 1.8 errs by root 0.8 / 64."""
    slope = CUSTOMERS * firm.slope(COST_KEY)
    expected = slope**2 * (HIGH - LOW) ** 2 / 12
    found = answer.report["variance"]["ignorance"]
    assert theory.within(found["mean"], expected, expected * math.sqrt(0.8 / DRAWS))
    assert found["low"] < expected < found["high"]


def test_luck_is_the_mean_variance_of_the_difference(firm, answer):
    """The variance within is a parabola of the cost, so Simpson's rule is exact; 64 pairs err by root 2 / 64."""
    ends = [firm.variance(cost=cost) for cost in (LOW, (LOW + HIGH) / 2, HIGH)]
    expected = CUSTOMERS * (ends[0] + 4 * ends[1] + ends[2]) / 6
    assert theory.within(answer.report["variance"]["luck"]["mean"], expected, expected * math.sqrt(2 / DRAWS))


def test_the_advice_is_right_as_often_as_the_cost_is_below_the_break_even(firm, answer):
    expected = (firm.cost - LOW) / (HIGH - LOW)
    right = expected if answer.report["advice"] == "keep" else 1 - expected
    se = math.sqrt(right * (1 - right) / DRAWS)
    assert theory.within(answer.report["p_right"]["mean"], right, se)


def test_what_it_is_worth_to_know_is_the_closed_form(firm, answer):
    """D is uniform on (a, b) with a < 0 < b: b^2 / (2 (b - a)) - max(0, (a + b) / 2)."""
    b, a = (CUSTOMERS * firm.gain(cost=cost) for cost in (LOW, HIGH))
    assert a < 0 < b
    expected = b * b / (2 * (b - a)) - max(0.0, (a + b) / 2)
    square = b**3 / (3 * (b - a)) if a + b <= 0 else -(a**3) / (3 * (b - a))
    se = math.sqrt((square - expected**2) / DRAWS)
    assert theory.within(answer.report["evpi"]["mean"], expected, se)
    (row,) = answer.report["indices"]
    assert theory.within(row["evpi"]["mean"], expected, se)


def test_one_input_makes_all_of_the_ignorance(answer):
    (row,) = answer.report["indices"]
    for kind in ("first", "total"):
        assert row[kind]["low"] < 1.0 < row[kind]["high"]
        assert row[kind]["mean"] == pytest.approx(1.0, abs=0.2)


def test_what_is_not_known_about_other_arms_does_not_count(firm):
    scenario = firm.scenario(customers=50).replace(
        {COST_KEY: {"uniform": [LOW, HIGH]}, "segments.s.price": {"normal": [10.0, 0.5]}}
    )
    found = retainsim.uncertainty(scenario, "free", draws=16, jobs=1)
    assert [row["key"] for row in found.report["indices"]] == ["segments.s.price"]


def test_a_gain_that_is_free_is_always_right_and_nothing_is_worth_measuring(firm):
    scenario = firm.scenario().replace({"segments.s.price": {"uniform": [8.0, 12.0]}})
    found = retainsim.uncertainty(scenario, "free", draws=16, jobs=1)
    assert found.report["p_right"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert found.report["evpi"]["mean"] == 0.0
    assert any(sentence.startswith("Nothing is worth measuring") for sentence in found.verdict)


def test_an_ignorance_that_luck_hides_is_not_taken_apart(firm):
    """Ten customers, and a cost known to a hundredth: luck is all there is to see."""
    scenario = firm.scenario(customers=10).replace({COST_KEY: {"uniform": [0.99, 1.01]}})
    found = retainsim.uncertainty(scenario, "keep", draws=16, jobs=1).report
    assert found["variance"]["share_of_luck"]["high"] == 1.0
    assert found["indices"][0]["total"] == {"mean": None, "low": None, "high": None}
    assert any("too small to be taken apart" in sentence for sentence in found["verdict"])


def test_the_same_question_gives_the_same_answer_and_plays_nothing_again(unsure, tmp_path):
    played = []
    first = retainsim.uncertainty(unsure, "keep", draws=16, jobs=1, store=tmp_path)
    again = retainsim.uncertainty(
        unsure, "keep", draws=16, jobs=1, store=tmp_path, progress=lambda done, wanted: played.append(done)
    )
    assert again.report == first.report
    assert played == []


def test_without_distributions_it_says_how_to_write_one(firm):
    with pytest.raises(UsageError) as error:
        retainsim.uncertainty(firm.scenario(), "keep")
    assert "annual_churn = { normal = [0.3, 0.03] }" in str(error.value)
    assert "--set 'segments.s.annual_churn={normal=[0.3,0.03]}'" in str(error.value)


def test_the_remedy_it_names_works(firm):
    scenario = firm.scenario(customers=20).replace({"segments.s.annual_churn": {"normal": [0.3, 0.03]}})
    assert retainsim.uncertainty(scenario, "keep", draws=16, jobs=1).report["indices"]


@pytest.mark.parametrize("draws", [1, 15, 5000])
def test_too_few_and_too_many_draws_are_refused(unsure, draws):
    with pytest.raises(UsageError, match="at least 16, at most 4,096"):
        retainsim.uncertainty(unsure, "keep", draws=draws)
