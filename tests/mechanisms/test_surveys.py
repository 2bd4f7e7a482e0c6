"""Surveys: who answers, how far that bends the answers, what is put right and what it costs."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import expit, logit
from unit.making import SEGMENT, arm, differing, parameters, play, setup, world

from retainsim import engine, mechanisms, theory
from retainsim.mechanisms.surveys import Survey
from retainsim.workings.quality import DIMENSIONS

STAYING = {"small": SEGMENT | {"annual_churn": 0.0}}
WANDERING = {"drift": 0.1, "reversion_half_life": 6.0, "sensitivity": 2.0}


def asking(settings=None, *, perception=WANDERING, count=300, **tables):
    on = {"surveys": settings or {}} | ({"perception": perception} if perception else {})
    return parameters(mechanisms=on, **({"pool": {"customers": count}} | tables))


def run_to(month, today, each=None):
    """Return the world as it is just after a month, everything up to then settled and held, and its surveys."""
    made = world(today, each)
    for time in setup(today, each).timeline.breakpoints:
        made.env.process(engine._change(made, time))
    made.env.process(engine.calendar(made))
    made.env.run(until=min(month + 1e-6, today.run.months))
    if month >= today.run.months:
        made.finish()
    kind = mechanisms.module("surveys").Mechanism
    return made, next((part for part in made.mechanisms if isinstance(part, kind)), None)


def log_of(today, each=None, *, month=24):
    return run_to(month, today, each)[1].log


def column(made, name):
    """Return a column of those present, by name of the customer."""
    rows = made.pool.rows()
    return made.pool[name][rows[np.argsort(made.pool["name"][rows])]]


def leaving(outcome):
    """Return when everybody leaves, infinity for those who stay, by name."""
    stayed = dict.fromkeys(outcome.present[0].tolist(), math.inf)
    return stayed | dict(zip(outcome.departed[0].tolist(), outcome.departed[2].tolist(), strict=True))


# Who answers


@pytest.mark.parametrize("bias", [-1.0, 0.0, 0.5, 2.0])
def test_the_mean_answer_is_off_by_the_covariance_of_answering_and_value_over_the_mean_chance(bias):
    """Bethlehem's formula for these 40,000 customers, and its integral for a normal law of value.

    The mean of n answers that customers of value v give with chance p, with noise s, has variance
    sum p (1 - p) (v - mean)^2 / (sum p)^2 + s^2 / n about what is expected of them.
    """
    survey = {"bias": bias, "response_rate": 0.3, "noise": 0.02}
    today = asking(survey, perception={"drift": 0.03}, count=40_000, segments=STAYING)
    value = column(run_to(11, today)[0], "perception.value")
    chance = expit(logit(0.3) + 10 * bias * (value - 0.8))
    (found,) = log_of(today, month=12)
    expected = theory.perception.response_bias(chance, value)
    spread = (chance * (1 - chance)) @ (value - value.mean() - expected) ** 2 / chance.sum() ** 2
    se = math.sqrt(spread + 0.02**2 / chance.sum())
    assert found.truth == pytest.approx(value.mean())
    assert theory.within(found.mean - found.truth, expected, se)
    assert theory.within(found.answers, chance.sum(), math.sqrt((chance * (1 - chance)).sum()))
    sd = math.sqrt(theory.perception.reverting_variance(0.03, 6.0) / 5)
    smooth = theory.perception.response_bias_logistic(logit(0.3), 10 * bias, sd=sd)
    assert theory.within(found.mean - found.truth, smooth, se)
    assert bias == 0 or abs(expected) > 4 * se


def test_at_the_neutral_value_the_response_rate_answers():
    found = log_of(asking({"response_rate": 0.35}, perception={"drift": 0.0}, count=20_000, segments=STAYING), month=12)
    assert theory.within(found[0].answers / 20_000, 0.35, theory.chance.binomial_se(0.35, 20_000))


@pytest.mark.parametrize("bias", [-1.0, 1.0])
def test_a_tenth_of_value_below_the_neutral_one_takes_its_bias_off_the_log_odds(bias):
    """All perceive 0.8, the neutral value is 0.9; n = 40,000."""
    settings = {"response_rate": 0.3, "bias": bias, "neutral": 0.9}
    found = log_of(asking(settings, perception={"drift": 0.0}, count=40_000, segments=STAYING), month=12)
    expected = float(expit(logit(0.3) - bias))
    assert theory.within(found[0].answers / 40_000, expected, theory.chance.binomial_se(expected, 40_000))


@pytest.mark.parametrize(("rate", "answers"), [(0.0, 0), (1.0, 300)])
def test_nobody_or_everybody_may_answer(rate, answers):
    found = log_of(asking({"response_rate": rate}, segments=STAYING))
    assert [survey.answers for survey in found] == [answers, answers]


def test_without_perception_there_is_nothing_to_show():
    found = log_of(asking({"noise": 0.0}, perception=None))
    for survey in found:
        assert (survey.mean, survey.truth, survey.score) == (pytest.approx(0.8), pytest.approx(0.8), 0.0)


def test_a_higher_response_rate_only_adds_answers():
    answered = [play_traced(asking({"response_rate": rate, "correction": 0.0})) for rate in (0.2, 0.4)]
    assert answered[0] < answered[1]


def play_traced(today, each=None):
    """Return who answered when."""
    outcome = engine.replicate(setup(today, each), world(today).luck, trace=True)
    told = [(names, times) for names, times, what, *_ in outcome.trace.parts if what == "survey"]
    return {pair for names, times in told for pair in zip(names.tolist(), times.tolist(), strict=True)}


def test_saving_some_changes_nobodys_answer():
    today = asking({"response_rate": 0.5, "bias": 0.0})
    one, two = (
        play_traced(today, each) for each in (None, arm(change=[{"set": "segments.small.annual_churn", "to": 0.1}]))
    )
    assert one < two


# What is put right


def test_of_what_falls_short_the_correction_is_put_right_for_who_answered_and_nothing_else():
    """Both worlds draw the same drift at month 12, so they differ by what the survey took from month 11's shortfall."""
    plain = asking({"correction": 0.0, "response_rate": 0.5}, segments=STAYING)
    asked = asking({"correction": 0.6, "response_rate": 0.5}, segments=STAYING)
    names = column(run_to(12, plain)[0], "name")
    answered = np.isin(names, [name for name, time in play_traced(asked) if time == 12.0])
    assert 100 < answered.sum() < 200
    for each in DIMENSIONS:
        before = column(run_to(11, asked)[0], f"perception.{each}")
        gained = column(run_to(12, asked)[0], f"perception.{each}") - column(run_to(12, plain)[0], f"perception.{each}")
        expected = np.where(answered & (before < 0), -0.6 * before * 0.5 ** (1 / 6), 0.0)
        assert gained == pytest.approx(expected, abs=1e-12)


def test_being_asked_lets_nobody_leave_sooner():
    often = {"every_months": 3.0, "response_rate": 0.8}
    before, after = (leaving(play(asking(often | {"correction": share}))) for share in (0.0, 0.5))
    assert before.keys() == after.keys()
    assert all(after[name] >= before[name] - 1e-9 for name in before)
    assert any(after[name] > before[name] + 1e-9 for name in before)


def test_a_survey_tells_customers_sooner_that_delivery_is_better():
    better = arm(change=[{"set": "mechanisms.perception.treatment", "to": 1.0, "from_month": 11.0}])
    values = []
    for correction in (0.0, 1.0):
        made, _ = run_to(
            13,
            asking({"response_rate": 1.0, "correction": correction}, perception={"drift": 0.0}, segments=STAYING),
            better,
        )
        values.append(column(made, "perception.value"))
    assert values[0] == pytest.approx(1.0 * 0.8 + (0.2 - 0.2 * 0.5 ** (2 / 6)) / 5)
    assert values[1] == pytest.approx(0.8 + 0.2 / 5)


def test_two_surveys_in_one_step_put_it_right_twice():
    often = {"every_months": 1.5, "response_rate": 1.0, "correction": 0.5}
    today = asking(often, perception={"drift": 0.0}, segments=STAYING, run={"months": 24, "step": 3.0})
    made, part = run_to(6, today, arm(change=[{"set": "mechanisms.perception.ease", "to": 1.0, "from_month": 3.0}]))
    assert [survey.time for survey in part.log] == [1.5, 3.0, 4.5, 6.0]
    assert column(made, "perception.ease") == pytest.approx(-0.2 * 0.5**2 * 0.5 ** (3 / 6))


# When, and what it costs


def test_surveys_come_at_their_interval_up_to_the_horizon():
    assert [survey.time for survey in log_of(asking())] == [12.0, 24.0]
    assert [survey.time for survey in log_of(asking({"every_months": 7.3}))] == pytest.approx([7.3, 14.6, 21.9])


def test_an_arm_that_asks_more_often_does_so_at_once():
    each = arm(change=[{"set": "mechanisms.surveys.every_months", "to": 4.0, "from_month": 6.0}])
    assert [survey.time for survey in log_of(asking(), each)] == [6.0, 10.0, 14.0, 18.0, 22.0]


def test_who_is_there_is_asked():
    joining = {"acquisition": {"ads": {"joins": 40.0}}}
    today = asking({"every_months": 5.5}, **joining)
    outcome = play(today)
    _, joined, left, *_ = outcome.departed
    expected = ((joined <= 5.5) & (left > 5.5)).sum() + (outcome.present[1] <= 5.5).sum()
    assert log_of(today)[0].asked == expected > 300


def test_every_answer_costs_and_is_paid_when_it_is_given():
    today = asking({"cost_per_answer": 3.0, "response_rate": 0.5})
    found, outcome = log_of(today), play(today)
    line = outcome.lines["surveys"].sum(axis=(1, 2))
    assert {m: a for m, a in enumerate(line) if a} == {12: 3.0 * found[0].answers, 24: 3.0 * found[1].answers}
    assert outcome.values["surveys"].sum() == pytest.approx(3.0 * (found[0].answers / 1.1 + found[1].answers / 1.21))
    assert play(today).books_error <= 1e-9


# The score


def test_promoters_round_to_9_or_10_and_detractors_to_6_or_less():
    said = np.array([0.849, 0.85, 1.2, 0.65, 0.649, -0.1, 0.7, 0.9])
    answers = np.array([True] * 7 + [False])
    found = Survey.of(3.0, np.full(8, 0.8), said, answers)
    assert (found.time, found.asked, found.answers, found.truth) == (3.0, 8, 7, pytest.approx(0.8))
    assert found.score == pytest.approx((2 - 2) / 7)
    assert found.true_score == pytest.approx((3 - 2) / 8)
    assert found.mean == pytest.approx(said[:7].mean())


def test_where_nobody_answers_there_is_no_score():
    found = Survey.of(3.0, np.full(2, 0.8), np.full(2, 0.9), np.zeros(2, bool))
    assert math.isnan(found.mean)
    assert math.isnan(found.score)
    assert found.true_score == 1.0


def test_the_score_of_a_neutral_firm_is_that_of_its_noise():
    """Answers 0.8 +- 0.1: promoters Phi(-1/2), detractors Phi(-3/2)."""
    found = log_of(asking({"response_rate": 1.0}, perception={"drift": 0.0}, count=20_000, segments=STAYING), month=12)[
        0
    ]
    up, down = (0.5 * math.erfc(z / math.sqrt(2)) for z in (0.5, 1.5))
    assert found.score == found.true_score
    assert theory.within(found.score, up - down, math.sqrt((up + down - (up - down) ** 2) / 20_000))


def test_surveys_that_put_nothing_right_change_nobody():
    one, two = (play(asking({"correction": 0.0, "every_months": every})) for every in (3.0, 600.0))
    assert differing(one.departed, two.departed) == []


@pytest.mark.parametrize("settings", [{"response_rate": 1.1}, {"every_months": 0.0}, {"correction": -0.1}])
def test_what_cannot_be_meant_is_refused(settings):
    with pytest.raises(ValidationError):
        asking(settings)
