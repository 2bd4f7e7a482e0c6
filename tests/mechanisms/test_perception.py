"""Perception: how far what customers perceive wanders, how it lags behind what is delivered, and what that does."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from unit.making import SEGMENT, arm, differing, parameters, play, setup, world

from retainsim import engine, theory
from retainsim.workings.quality import DIMENSIONS, TYPES, Taste, Tastes

STAYING = {"small": SEGMENT | {"annual_churn": 0.0}}
CALM = {"drift": 0.0}


def perceiving(settings=None, *, count=300, segments=None, **tables):
    tables = {"pool": {"customers": count}, "segments": segments or {"small": SEGMENT}} | tables
    return parameters(mechanisms={"perception": settings or {}}, **tables)


def run_to(month, today, each=None):
    """Return the world as it is just after a month, everything up to then settled and held."""
    made = world(today, each)
    for time in setup(today, each).timeline.breakpoints:
        made.env.process(engine._change(made, time))
    made.env.process(engine.calendar(made))
    made.env.run(until=month + 1e-6)
    return made


def deviations(made):
    """Return what is perceived less what is delivered, shape (dimensions, customers), by name."""
    rows = made.pool.rows()
    rows = rows[np.argsort(made.pool["name"][rows])]
    return np.array([made.pool[f"perception.{each}"][rows] for each in DIMENSIONS])


def changed(key, value, month=0.0):
    return arm(change=[{"set": f"mechanisms.perception.{key}", "to": value, "from_month": month}])


def leaving(outcome):
    """Return when everybody leaves, infinity for those who stay, by name."""
    stayed = dict.fromkeys(outcome.present[0].tolist(), math.inf)
    return stayed | dict(zip(outcome.departed[0].tolist(), outcome.departed[2].tolist(), strict=True))


# Wandering


@pytest.mark.parametrize("step", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("month", [0, 12])
def test_deviations_are_as_wide_as_an_ornstein_uhlenbeck_process_in_its_rest_whatever_the_step(step, month):
    """Sigma^2 / (2 theta), theta = ln 2 / half-life; 20,000 customers x 5 dimensions, se of a variance v sqrt(2 / n)."""
    today = perceiving(
        {"drift": 0.05, "reversion_half_life": 4.0}, count=20_000, segments=STAYING, run={"months": 24, "step": step}
    )
    found = deviations(run_to(month, today))
    expected = theory.perception.reverting_variance(0.05, 4.0)
    assert expected == pytest.approx(0.05**2 / (2 * math.log(2) / 4.0))
    assert theory.within((found**2).mean(), expected, expected * math.sqrt(2 / found.size))
    assert theory.within(found.mean(), 0.0, math.sqrt(expected / found.size))


@pytest.mark.parametrize("step", [1.0, 3.0])
def test_deviations_forget_by_half_in_a_half_life(step):
    today = perceiving(
        {"drift": 0.05, "reversion_half_life": 4.0}, count=20_000, segments=STAYING, run={"months": 24, "step": step}
    )
    found = [deviations(run_to(month, today)) for month in (3, 9)]
    variance = theory.perception.reverting_variance(0.05, 4.0)
    expected = theory.perception.reverting_autocovariance(0.05, 4.0, lag=6.0)
    se = math.sqrt((variance**2 + expected**2) / found[0].size)
    assert theory.within((found[0] * found[1]).mean(), expected, se)


def test_dimensions_and_customers_wander_on_their_own():
    found = deviations(run_to(6, perceiving({"drift": 0.05}, count=20_000, segments=STAYING)))
    correlations = np.corrcoef(found)[np.triu_indices(len(DIMENSIONS), 1)]
    assert np.abs(correlations).max() < 4 / math.sqrt(20_000)


@pytest.mark.parametrize("start", [6.0, 6.5])
def test_drift_that_starts_later_widens_from_then_on(start):
    """Nothing until `start`; the variance after it is that of a process that was at 0 there."""
    today = perceiving({"drift": 0.0, "reversion_half_life": 4.0}, count=20_000, segments=STAYING)
    found = deviations(run_to(10, today, changed("drift", 0.05, start)))
    expected = theory.perception.reverting_variance(0.05, 4.0, time=10.0 - start)
    assert theory.within((found**2).mean(), expected, expected * math.sqrt(2 / found.size))


def test_saving_some_and_winning_others_changes_nobodys_perception():
    today = perceiving({"drift": 0.05}, acquisition={"ads": {"joins": 5.0}})
    more = [{"set": "segments.small.annual_churn", "to": 0.15}, {"set": "acquisition.ads.joins", "to": 9.0}]
    one, two = run_to(20, today), run_to(20, today, arm(change=more))
    here = [dict(zip(w.pool["name"][w.pool.rows()].tolist(), w.pool.rows().tolist(), strict=True)) for w in (one, two)]
    assert here[0].keys() < here[1].keys()
    for each in (*DIMENSIONS, "taste", "value"):
        first, second = (
            w.pool[f"perception.{each}"][[rows[name] for name in here[0]]]
            for w, rows in zip((one, two), here, strict=True)
        )
        assert np.array_equal(first, second)


def test_who_comes_back_sees_the_firm_afresh_with_the_same_taste():
    made = world(perceiving({"drift": 0.05}))
    found = []
    for spell in (1, 2):
        rows = made.pool.append(1)
        made.pool["name"][rows], made.pool["spell"][rows] = 7, spell
        made.welcome(rows)
        found.append([made.pool[f"perception.{each}"][rows[0]] for each in (*DIMENSIONS, "taste")])
    assert found[0][-1] == found[1][-1]
    assert not set(found[0][:-1]) & set(found[1][:-1])


# Lagging


@pytest.mark.parametrize("start", [5.0, 5.25])
@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_a_change_is_perceived_by_half_in_a_half_life_to_the_last_digit(start, step):
    today = perceiving(CALM | {"reversion_half_life": 3.0}, run={"months": 24, "step": step}, segments=STAYING)
    made = run_to(14, today, changed("treatment", 0.3, start))
    seen = 0.3 + 0.5 * 0.5 ** ((14 - start) / 3.0)
    value = made.pool["perception.value"][made.pool.rows()]
    assert value == pytest.approx(0.8 + (seen - 0.8) / 5, abs=1e-12)


@pytest.mark.parametrize("month", [0.0, 6.0, 6.5])
def test_nothing_is_perceived_at_the_instant_of_the_change_but_utility_and_warranty_are(month):
    for key, value in (("treatment", 0.8), ("utility", 0.4), ("capacity", 0.4)):
        made = run_to(month, perceiving(CALM, segments=STAYING), changed(key, 0.5, month))
        assert made.pool["perception.value"][made.pool.rows()] == pytest.approx(value)


def test_newcomers_see_what_is_delivered():
    today = perceiving(CALM, segments=STAYING, acquisition={"ads": {"joins": 50.0}})
    made = run_to(8, today, changed("honesty", 0.3, 6.0))
    rows = made.pool.rows()
    late = made.pool["joined"][rows] > 6.0
    assert late.sum() > 50
    assert (made.pool["perception.honesty"][rows[late]] == 0.0).all()
    assert made.pool["perception.honesty"][rows[~late]] == pytest.approx(0.5 * 0.5 ** (2 / 6))


def test_a_closing_value_expects_everybody_to_see_what_is_delivered():
    today = perceiving(CALM | {"sensitivity": 2.0}, segments={"small": SEGMENT})
    made = run_to(23, today, changed("ease", 0.3, 22.0))
    rows = made.pool.rows()
    before = made.churn.rates(rows).sum(axis=0)
    made.end_changes()
    base = made.bases.hazards.sum()
    assert (before < base * 1.2).all()
    assert made.churn.rates(rows).sum(axis=0) == pytest.approx(base * 2.0 ** (0.1 / 0.1))


# Deciding who stays


def test_every_tenth_of_value_below_neutral_multiplies_the_hazard():
    """All ratings at 0.7 and no drift: hazards x 1.5, but for the involuntary ones."""
    ratings = dict.fromkeys(DIMENSIONS, 0.7)
    today = perceiving(
        CALM | ratings | {"sensitivity": 1.5}, count=20_000, churn={"reasons": {"service": 3.0, "involuntary": 1.0}}
    )
    left = play(today).left[1:13].sum(axis=(0, 1, 2))  # involuntary, service
    hazards = -math.log(0.7) * np.array([0.25, 0.75 * 1.5])
    expected = hazards / hazards.sum() * -math.expm1(-hazards.sum())
    for count, share in zip(left, expected, strict=True):
        assert theory.within(count / 20_000, share, theory.chance.binomial_se(share, 20_000))


def test_value_is_utility_times_warranty_times_perception():
    shares = {"utility": 0.9, "availability": 0.95, "capacity": 0.9, "continuity": 0.8, "security": 0.99}
    made = world(perceiving(CALM | shares | {"ease": 0.3}, segments=STAYING))
    expected = 0.9 * 0.95 * 0.9 * 0.8 * 0.99 * (0.8 * 4 + 0.3) / 5
    assert made.pool["perception.value"][made.pool.rows()] == pytest.approx(expected)


def test_value_stays_between_0_and_1_however_far_perceptions_wander():
    made = run_to(5, perceiving({"drift": 1.0, "reversion_half_life": 60.0}, count=2000))
    value = made.pool["perception.value"][made.pool.rows()]
    assert value.min() >= -1e-12
    assert value.max() <= 1 + 1e-12
    assert value.std() > 0.1


@pytest.mark.parametrize("key", [*DIMENSIONS, "utility", "availability", "capacity", "continuity", "security"])
def test_better_delivery_lets_nobody_leave_sooner(key):
    today = perceiving(
        {"drift": 0.05, "utility": 0.9, "availability": 0.9, "capacity": 0.9, "continuity": 0.9, "security": 0.9}
    )
    before, after = leaving(play(today)), leaving(play(today, changed(key, 0.99, 3.5)))
    assert before.keys() == after.keys()
    assert all(after[name] >= before[name] - 1e-9 for name in before)
    assert any(after[name] > before[name] + 1e-9 for name in before)


def test_without_sensitivity_nothing_comes_of_it():
    wild = {"drift": 0.5, "utility": 0.2, "sensitivity": 1.0}
    assert differing(play(perceiving(wild)).left, play(parameters()).left) == []


def test_the_quick_way_and_the_slow_way_round_agree():
    today = perceiving({"drift": 0.1, "sensitivity": 2.0})
    quick, slow = (leaving(play(today, changed("ease", 0.4, 5.5), eager=eager)) for eager in (False, True))
    assert quick.keys() == slow.keys()
    assert all(quick[name] == pytest.approx(slow[name], abs=1e-9) for name in quick)


def test_a_dimension_may_work_through_reasons_of_its_own():
    """Competence is 0.5 short and counts a fifth: x 2 on `service` alone; utility costs 0.08 and works on `price`."""
    settings = CALM | {
        "sensitivity": 2.0,
        "competence": 0.3,
        "utility": 0.9,
        "reasons": ["price"],
        "through": {"competence": ["service"]},
    }
    made = world(perceiving(settings))
    rows = made.pool.rows()
    found = made.churn.rates(rows)[:, 0] / made.bases.hazards[0]
    lost = {"price": 0.8 - 0.9 * 0.8, "service": 0.9 * 0.5 / 5}
    assert made.churn.reasons == ("price", "service")
    assert found == pytest.approx([2.0 ** (lost[reason] / 0.1) for reason in made.churn.reasons])
    assert made.pool["perception.value"][rows] == pytest.approx(0.8 - lost["price"] - lost["service"])


@pytest.mark.parametrize("value", [0.9, 0.7])
def test_referrals_follow_value(value):
    """A pure birth process at rate 0.02 x 1.5 ** (+-1)."""
    ratings = dict.fromkeys(DIMENSIONS, value)
    referrals = {"rate": 0.02, "hazard_factor": 1.0, "extra_margin": 0.0}
    perception = CALM | ratings | {"referral_sensitivity": 1.5}
    tables = {"segments": STAYING, "pool": {"customers": 4000}, "run": {"months": 12}}
    outcome = play(parameters(mechanisms={"referrals": referrals, "perception": perception}, **tables))
    growth = math.exp(12 * 0.02 * 1.5 ** ((value - 0.8) / 0.1))
    assert abs(outcome.pool[-1].sum() - 4000 * growth) < 4 * math.sqrt(4000 * growth * (growth - 1))


# Tastes


def test_weights_are_tilted_towards_what_a_type_cares_for():
    table = Taste(
        weights={"honesty": 2.0, "ease": 0.0}, tilt=3.0
    ).table()  # treatment efficiency ease honesty competence
    assert table.sum(axis=0) == pytest.approx(1.0)
    assert table[:, TYPES.index("price")] == pytest.approx(np.array([1, 1, 0, 6, 1]) / 9)
    assert table[:, TYPES.index("comfort")] == pytest.approx(np.array([3, 1, 0, 2, 1]) / 7)
    assert table[:, -1] == pytest.approx(np.array([1, 1, 0, 2, 1]) / 5)


def test_customers_are_of_a_type_by_their_luck():
    tastes = Tastes.of([Taste(), Taste(types={"price": 0.25, "comfort": 0.75})])
    weights = tastes.weigh(np.array([0, 1, 1]), np.array([0.1, 0.24, 0.26]))
    assert weights[:, 0] == pytest.approx(1 / 5)
    assert weights[:, 1] == pytest.approx(np.array([1, 1, 1, 3, 1]) / 7)
    assert weights[:, 2] == pytest.approx(np.array([3, 1, 3, 1, 1]) / 9)


def test_types_have_their_shares():
    made = world(perceiving(CALM | {"types": {"speed": 0.3}, "efficiency": 0.1}, count=20_000))
    value = made.pool["perception.value"][made.pool.rows()]
    assert theory.within((value < 0.8 - 0.7 * 0.3).mean(), 0.3, theory.chance.binomial_se(0.3, 20_000))
    assert np.unique(np.round(value, 12)).tolist() == pytest.approx([0.8 - 0.7 * 3 / 7, 0.8 - 0.7 / 5])


def test_segments_may_have_tastes_of_their_own():
    segments = {"small": SEGMENT, "large": SEGMENT}
    settings = CALM | {"honesty": 0.3, "segments": {"large": {"weights": {"honesty": 16.0}}}}
    made = world(perceiving(settings, segments=segments))
    rows = made.pool.rows()
    large = made.pool["segment"][rows] == made.segments.index("large")
    assert made.pool["perception.value"][rows[~large]] == pytest.approx(0.8 - 0.5 / 5)
    assert made.pool["perception.value"][rows[large]] == pytest.approx(0.8 - 0.5 * 16 / 20)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"types": {"price": 0.7, "speed": 0.5}}, "sum to 1.2"),
        ({"weights": dict.fromkeys(DIMENSIONS, 0.0)}, "sum to zero"),
        ({"weights": {"beauty": 1.0}}, "beauty"),
        ({"segments": {"small": {"types": {"comfort": 1.0, "price": 1.0}}}}, "sum to 2"),
        ({"treatment": 1.1}, "less than or equal to 1"),
        ({"reversion_half_life": 0.0}, "greater than 0"),
        ({"sensitivity": 0.9}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        perceiving(settings)
