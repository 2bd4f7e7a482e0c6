"""Discounts: who has one, what it costs, how it spreads, when it pays, and what a price rise drives away."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim import engine, theory
from retainsim.draws import Luck

STAYING = {"small": SEGMENT | {"annual_churn": 0.0}}
PLAIN = {"run": {"months": 24, "discount_rate": 0.0}, "segments": STAYING}


def discounting(settings=None, *, count=300, **tables):
    return parameters(mechanisms={"discounts": settings or {}}, **({"pool": {"customers": count}} | tables))


def run_to(month, today, each=None):
    """Return the world as it is just after a month, everything up to then settled and held."""
    made = world(today, each)
    for time in setup(today, each).timeline.breakpoints:
        made.env.process(engine._change(made, time))
    made.env.process(engine.calendar(made))
    made.env.run(until=month + 1e-6)
    return made


def depths(made, rows=None):
    return made.pool["discounts.depth"][made.pool.rows() if rows is None else rows]


def changed(key, value, month=0.0):
    return arm(change=[{"set": f"mechanisms.discounts.{key}", "to": value, "from_month": month}])


def leaving(outcome):
    """Return when everybody leaves, infinity for those who stay, by name."""
    stayed = dict.fromkeys(outcome.present[0].tolist(), math.inf)
    return stayed | dict(zip(outcome.departed[0].tolist(), outcome.departed[2].tolist(), strict=True))


def cost(outcome):
    return outcome.lines["discounts"].sum(axis=(1, 2))


# Who has one, and what it costs


def test_a_share_of_customers_is_on_a_discount_from_the_start():
    found = depths(world(discounting({"share": 0.3, "depth": 0.15}, count=20_000)))
    assert np.unique(found).tolist() == [0.0, 0.15]
    assert theory.within((found > 0).mean(), 0.3, theory.chance.binomial_se(0.3, 20_000))


def test_a_discount_costs_its_depth_of_the_price_for_as_long_as_one_is_there():
    today = discounting({"share": 0.3, "depth": 0.15}, **PLAIN)
    on = (depths(world(today)) > 0).sum()
    assert cost(play(today))[1:] == pytest.approx(on * 0.15 * 50.0)


@pytest.mark.parametrize("step", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("moves", "error"), [(0.0, 1e-9), (0.05, 5e-3)])
def test_where_all_have_it_the_cost_is_its_depth_of_all_revenue(step, moves, error):
    """Whoever joins or leaves in mid-month, and whatever happens to prices; two moves within a step count as one."""
    segments = {
        "small": SEGMENT | {"moves": {"large": moves}, "share": 0.7},
        "large": SEGMENT | {"price": 200.0, "share": 0.3, "moves": {"small": moves}},
    }
    today = discounting(
        {"share": 1.0, "depth": 0.2, "price_elasticity": 0.0}, segments=segments,
        acquisition={"ads": {"joins": 20.0}}, run={"months": 24, "step": step},
    )  # fmt: skip
    each = arm(change=[{"set": "segments.small.price", "times": 1.5, "from_month": 7.5}])
    outcome = play(today, each)
    assert cost(outcome)[1:] == pytest.approx(0.2 * outcome.lines["revenue"].sum(axis=(1, 2))[1:], rel=error)
    assert outcome.values["discounts"].sum() == pytest.approx(0.2 * outcome.values["revenue"].sum(), rel=error)


def test_a_closing_value_counts_what_is_given_away():
    """All margins are 0.8 x 50 - 5 = 35, less 0.2 x 50 = 10."""
    whole, less = (play(discounting({"share": share, "depth": 0.2}, segments=STAYING)) for share in (0.0, 1.0))
    assert less.closing.sum() / whole.closing.sum() == pytest.approx(25 / 35)


def test_channels_come_before_segments_and_these_before_what_holds_for_all():
    settings = {
        "share": 1.0, "depth": 0.1, "segments": {"large": {"depth": 0.2}, "none": {"share": 0.0}},
        "channels": {"ads": {"depth": 0.3}},
    }  # fmt: skip
    segments = {name: SEGMENT | {"annual_churn": 0.0} for name in ("large", "none", "small")}
    made = run_to(3, discounting(settings, segments=segments, acquisition={"ads": {"joins": 50.0}}))
    rows = made.pool.rows()
    segment, came = made.pool["segment"][rows], made.pool["origin"][rows] > 0
    found = {
        (made.segments[s], bool(c)): set(depths(made, rows[(segment == s) & (came == c)]))
        for s in range(3)
        for c in (False, True)
    }
    assert found == {
        ("large", False): {0.2}, ("large", True): {0.3}, ("none", False): {0.0}, ("none", True): {0.0},
        ("small", False): {0.1}, ("small", True): {0.3},
    }  # fmt: skip


def test_an_arm_may_give_more_or_take_it_all_back():
    today = discounting({"share": 0.3, "leakage": 0.1}, count=2000, **PLAIN)
    many, none = run_to(9, today, changed("share", 0.6, 8.5)), run_to(9, today, changed("depth", 0.0, 8.5))
    plain = run_to(9, today)
    assert (depths(many) >= depths(plain)).all()
    assert (depths(many) > depths(plain)).any()
    assert not depths(none).any()
    assert cost(play(today, changed("depth", 0.0, 8.0)))[9:].tolist() == [0.0] * 16


def test_named_clients_have_terms_of_their_own():
    client = {"name": "Nordwind AG", "segment": "small", "price": 900.0, "volume": 1.0}
    today = discounting({"share": 1.0, "leakage": 5.0}, accounts=[client], **PLAIN)
    made = run_to(6, today)
    named = made.pool["segment"][made.pool.rows()] == made.segments.index("Nordwind AG")
    assert named.sum() == 1
    assert depths(made)[named].tolist() == [0.0]
    assert (depths(made)[~named] == 0.1).all()


# Spreading


def test_what_leaks_unprompted_spreads_exponentially():
    """1 - (1 - s) exp(-leakage t), exact: rings have their own times and nobody leaves."""
    today = discounting({"share": 0.2, "leakage": 0.05}, count=20_000, **PLAIN)
    for month in (1, 6, 20):
        expected = -math.expm1(-0.05 * month) * 0.8 + 0.2
        share = (depths(run_to(month, today)) > 0).mean()
        assert theory.within(share, expected, theory.chance.binomial_se(expected, 20_000))


def spread(start, leakage, contagion, *, step, months, count):
    """Return mean and standard error of the share, where contagion is held at the share of every step's start.

    m' = 1 - (1 - m) e with e = exp(-(leakage + contagion m) step), and by the delta method
    v' = (dm'/dm)^2 v + (1 - m) e (1 - e) / count.
    """
    mean, variance = start, start * (1 - start) / count
    for _ in range(round(months / step)):
        kept = math.exp(-(leakage + contagion * mean) * step)
        variance = (kept * (1 + (1 - mean) * contagion * step)) ** 2 * variance + (1 - mean) * kept * (1 - kept) / count
        mean = 1 - (1 - mean) * kept
    return mean, math.sqrt(variance)


@pytest.mark.parametrize(("leakage", "contagion"), [(0.0, 0.4), (0.01, 0.2)])
@pytest.mark.parametrize("month", [4, 10, 16])
def test_what_is_heard_from_others_spreads_like_an_epidemic(leakage, contagion, month):
    """Reviews held a month apart, 20,000 customers."""
    today = discounting({"share": 0.05, "leakage": leakage, "contagion": contagion}, count=20_000, **PLAIN)
    expected, se = spread(0.05, leakage, contagion, step=1.0, months=month, count=20_000)
    assert theory.within((depths(run_to(month, today)) > 0).mean(), expected, se)


@pytest.mark.long
def test_reviewed_often_it_follows_the_logistic_curve():
    """s / (s + (1 - s) exp(-b t)); held for 0.02 months at a time it is off by a fifth of a standard error."""
    tables = PLAIN | {"run": {"months": 12, "discount_rate": 0.0, "step": 0.02}}
    today = discounting({"share": 0.1, "contagion": 0.4}, count=20_000, **tables)
    expected = 0.1 / (0.1 + 0.9 * math.exp(-0.4 * 8))
    held, se = spread(0.1, 0.0, 0.4, step=0.02, months=8, count=20_000)
    assert abs(held - expected) < 0.3 * se
    assert theory.within((depths(run_to(8, today)) > 0).mean(), expected, se)


def test_it_spreads_within_a_segment_only():
    segments = {name: SEGMENT | {"annual_churn": 0.0} for name in ("large", "small")}
    settings = {"share": 0.0, "contagion": 1.0, "segments": {"large": {"share": 0.5}}}
    made = run_to(20, discounting(settings, segments=segments))
    large = made.pool["segment"][made.pool.rows()] == made.segments.index("large")
    assert (depths(made)[large] > 0).mean() > 0.99
    assert not depths(made)[~large].any()


def test_everybody_asks_once_and_is_told_of():
    today = discounting({"share": 0.2, "leakage": 0.3}, **PLAIN)
    outcome = engine.replicate(setup(today), Luck(0, 0), trace=True)
    asked = [name for names, _, what, *_ in outcome.trace.parts if what == "discount" for name in names.tolist()]
    had = (depths(world(today)) > 0).sum()
    assert len(asked) == len(set(asked))
    assert 250 - had < len(asked) <= 300 - had


def test_without_contagion_saving_some_and_winning_others_changes_nobodys_discount():
    today = discounting({"share": 0.2, "leakage": 0.05, "hazard_factor": 0.7}, acquisition={"ads": {"joins": 5.0}})
    more = [{"set": "segments.small.annual_churn", "to": 0.15}, {"set": "acquisition.ads.joins", "to": 9.0}]
    found = []
    for each in (None, arm(change=more)):
        made = run_to(18, today, each)
        found.append(dict(zip(made.pool["name"][made.pool.rows()].tolist(), depths(made).tolist(), strict=True)))
    assert found[0].keys() < found[1].keys()
    assert all(found[1][name] == depth for name, depth in found[0].items())


# What it keeps, and whether that pays


def test_only_those_on_a_discount_stay_longer_for_it():
    today = discounting({"share": 0.4})
    on = dict(zip(*(c.tolist() for c in (world(today).pool["name"], depths(world(today)))), strict=True))
    before, after = leaving(play(today)), leaving(play(today, changed("hazard_factor", 0.6)))
    later = [name for name in before if after[name] > before[name] + 1e-9]
    assert later
    assert all(on[name] > 0 for name in later)
    assert all(after[name] >= before[name] - 1e-9 for name in before)


@pytest.mark.parametrize("beyond", [-0.5, 0.0, 0.5])
def test_a_discount_for_all_breaks_even_where_theory_says(beyond):
    """8,000 customers for 20 years; margin 40 a month without it, 35 with it; the value of each is paired with itself.

    The standard error comes from the customers' own differences. What is left after 20 years is a 4,000th.
    """
    segments = {"small": SEGMENT | {"cost_to_serve": 0.0}}
    saved = theory.value.breakeven_save_rate_standing(0.1 / 0.8, -math.log(0.7), discount=0.1) * (1 + beyond)
    today = discounting(
        {"share": 0.0, "depth": 0.1, "hazard_factor": 1 - saved}, count=8000, segments=segments,
        churn={"reasons": {"price": 1.0}}, run={"months": 240, "closing_value": "none"}, pool={"customers": 8000, "tenure": "new"},
    )  # fmt: skip
    outcomes = play(today), play(today, changed("share", 1.0))
    rate = math.log(1.1) / 12
    worth = [
        margin * -np.expm1(-rate * np.minimum([life[name] for name in sorted(life)], 240)) / rate
        for margin, life in zip((40.0, 35.0), map(leaving, outcomes), strict=True)
    ]
    gain, each = outcomes[1].npv_to_horizon - outcomes[0].npv_to_horizon, worth[1] - worth[0]
    assert gain == pytest.approx(each.sum(), rel=1e-6)
    se = each.std(ddof=1) * math.sqrt(8000)
    assert theory.within(gain, 0.0, se) == (beyond == 0.0)
    assert beyond == 0.0 or gain * beyond > 0


# Prices


def test_a_price_rise_drives_customers_away_and_brings_money():
    """All hazards but the involuntary x exp(2 x 0.1): `reasons` names one of two."""
    settings = {"share": 0.0, "price_change": 0.1, "price_elasticity": 2.0, "reasons": ["service"]}
    outcome = play(discounting(settings, count=20_000))
    hazards = -math.log(0.7) * np.array([0.25, 0.75 * math.exp(0.2)])  # price, service
    expected = hazards / hazards.sum() * -math.expm1(-hazards.sum())
    for count, share in zip(outcome.left[1:13].sum(axis=(0, 1, 2)), expected, strict=True):
        assert theory.within(count / 20_000, share, theory.chance.binomial_se(share, 20_000))
    assert cost(outcome).sum() == pytest.approx(-0.1 * outcome.lines["revenue"].sum(), rel=1e-9)


def test_who_has_a_discount_pays_a_raised_price_less_it():
    outcome = play(discounting({"share": 1.0, "depth": 0.2, "price_change": 0.1, "price_elasticity": 0.0}))
    assert cost(outcome).sum() == pytest.approx((1 - 1.1 * 0.8) * outcome.lines["revenue"].sum(), rel=1e-9)


@pytest.mark.parametrize("month", [0.0, 6.5])
def test_it_drives_away_the_same_and_brings_the_same_revenue_to_raise_the_price_of_a_segment(month):
    today = discounting({"share": 0.0})
    raised = arm(change=[{"set": "segments.small.price", "times": 1.1, "from_month": month}])
    one, two = play(today, changed("price_change", 0.1, month)), play(today, raised)
    assert leaving(one) == pytest.approx(leaving(two))
    assert leaving(one) != leaving(play(today))
    raised_by = two.lines["revenue"].sum(axis=(1, 2)) - one.lines["revenue"].sum(axis=(1, 2))
    assert -cost(one) == pytest.approx(raised_by)


def test_a_price_of_nothing_cannot_rise():
    today = discounting({"share": 0.0}, segments={"small": SEGMENT | {"price": 0.0}})
    made = run_to(3, today, arm(change=[{"set": "segments.small.price", "to": 10.0, "from_month": 2.0}]))
    assert made.churn.factors().tolist() == [[[1.0, 1.0]]]


@pytest.mark.parametrize(
    ("reasons", "moved"),
    [
        ({"price": 1, "competition": 1, "service": 1}, {"price", "competition"}),
        ({"price": 1, "service": 1}, {"price"}),
        ({"service": 1, "boredom": 1, "involuntary": 1}, {"service", "boredom"}),
    ],
)
def test_prices_work_on_competition_and_price_or_else_on_what_is_wanted(reasons, moved):
    made = world(discounting({"share": 0.0, "price_change": 0.5}, churn={"reasons": reasons}))
    factors = made.churn.factors()[0, 0]
    assert {reason for reason, factor in zip(made.churn.reasons, factors, strict=True) if factor > 1} == moved
    assert factors.max() == pytest.approx(math.e)


@pytest.mark.parametrize(
    "settings", [{"share": 1.2}, {"depth": -0.1}, {"segments": {"small": {"depth": 2.0}}}, {"price_change": -1.0}]
)
def test_what_cannot_be_meant_is_refused(settings):
    with pytest.raises(ValidationError):
        discounting(settings)
