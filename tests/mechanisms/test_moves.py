"""Moves: upgrades and downgrades at exact times; a customer keeps its fuses, its rank and its tenure."""

import math

import numpy as np
import pytest
from scipy import stats
from unit.making import SEGMENT, arm, parameters, play, world

FIXED = SEGMENT | {"annual_churn": 0.0}


def firm(moves, *, others=None, base=FIXED, **more):
    """Return a firm of segments a, b, c with moves {(from, to): rate} and other keys by segment."""
    segments = {
        name: base
        | (others or {}).get(name, {})
        | {"moves": {to: rate for (of, to), rate in moves.items() if of == name}}
        for name in "abc"
    }
    for name in "bc":
        segments[name].setdefault("share", 0.0)
    return parameters(**({"segments": segments, "pool": {"customers": 20_000}, "run": {"months": 12}} | more))


def test_customers_move_at_the_rates_given():
    """20,000 customers, two-state chain: share in b at t is p/(p+q) (1 - exp(-(p+q) t))."""
    outcome = play(firm({("a", "b"): 0.05, ("b", "a"): 0.1}))
    months = np.arange(13)
    expected = 0.05 / 0.15 * -np.expm1(-0.15 * months)
    share = outcome.pool[:, 1, 0] / 20_000
    assert (np.abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / 20_000)).all()
    assert outcome.pool.sum(axis=(1, 2)).tolist() == [20_000] * 13


def test_where_to_is_chosen_in_proportion():
    outcome = play(firm({("a", "b"): 0.05, ("a", "c"): 0.15}))
    gone = outcome.pool[-1, 1:, 0]
    assert abs(gone[0] / gone.sum() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / gone.sum())


def test_where_to_is_chosen_anew_at_every_move():
    """Who went to b the first time is no likelier to go there the second time: 4 standard errors of a share of half."""
    same = {name: {"share": 1.0} for name in "bc"}
    found = world(firm({("a", "b"): 1.0, ("a", "c"): 1.0, ("b", "a"): 2.0, ("c", "a"): 2.0}, others=same))
    went = {}
    move = found.move

    def watch(rows, segments, times):
        for name, target in zip(found.pool["name"][rows].tolist(), segments.tolist(), strict=True):
            went.setdefault(name, []).append(target)
        move(rows, segments, times)

    found.move = watch
    found.env.run(until=3.0)
    found.settle()
    choices = np.array([[t for t in path if t][:2] for path in went.values() if sum(map(bool, path)) >= 2])
    alike = (choices[:, 0] == choices[:, 1]).mean()
    assert len(choices) > 5000
    assert abs(alike - 0.5) < 4 * 0.5 / math.sqrt(len(choices))


def test_revenue_changes_at_the_moment_of_the_move():
    """Expected time in b of a one-way move: t - (1 - exp(-p t)) / p."""
    today = firm({("a", "b"): 0.1}, others={"b": {"price": 150.0}}, run={"months": 12, "discount_rate": 0.0})
    outcome = play(today)
    in_b = outcome.lines["revenue"][:, 1, 0].sum() / 150.0 / 20_000
    expected = 12 - -math.expm1(-1.2) / 0.1
    assert in_b == pytest.approx(expected, rel=0.02)
    in_a = outcome.lines["revenue"][:, 0, 0].sum() / 50.0 / 20_000
    assert in_a + in_b == pytest.approx(12.0)
    assert outcome.customer_months == pytest.approx(12 * 20_000)


@pytest.mark.parametrize(
    "kind", [{}, {"frailty": {"kind": "gamma", "variance": 0.5}}, {"duration": {"kind": "power", "power": 0.6}}]
)
def test_moving_between_segments_that_are_alike_changes_nobodys_fate(kind):
    segment = SEGMENT | kind
    same = {name: {"share": 1.0} for name in "bc"}
    still = play(firm({}, base=segment, others=same, run={"months": 36}))
    moving = play(
        firm({("a", "b"): 0.3, ("b", "a"): 0.2, ("b", "c"): 0.2}, base=segment, others=same, run={"months": 36})
    )
    order = [np.argsort(o.departed[0]) for o in (still, moving)]
    assert np.array_equal(still.departed[0][order[0]], moving.departed[0][order[1]])
    assert moving.departed[2][order[1]] == pytest.approx(still.departed[2][order[0]], abs=1e-9)
    assert np.array_equal(still.departed[5][order[0]], moving.departed[5][order[1]])
    assert moving.npv_to_horizon == pytest.approx(still.npv_to_horizon, rel=1e-9)


def test_a_move_changes_the_hazard_from_then_on():
    """Competing exponentials: moved at rate m to a hazard of g, or lost before at h."""
    h, g, m = -math.log(0.7) / 12, -math.log(0.2) / 12, 0.1
    outcome = play(firm({("a", "b"): m}, base=SEGMENT, others={"b": {"annual_churn": 0.8}}, run={"months": 24}))
    stay_a = math.exp(-(h + m) * 24)
    stay_b = m * (math.exp(-g * 24) - math.exp(-(h + m) * 24)) / (h + m - g)
    for share, index in ((stay_a, 0), (stay_b, 1)):
        found = outcome.pool[-1, index, 0] / 20_000
        assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / 20_000)


def test_a_customer_keeps_its_rank_among_the_frail():
    others = {"b": {"frailty": {"kind": "gamma", "variance": 2.0}}}
    base = FIXED | {"frailty": {"kind": "gamma", "variance": 0.3}}
    today = firm({("a", "b"): 0.2}, base=base, others=others, pool={"customers": 3000, "tenure": "new"})
    found = world(today)
    before = dict(zip(found.pool["name"].tolist(), found.pool["frailty"].tolist(), strict=True))
    found.env.run(until=1.0)
    found.settle()
    rows = found.pool.rows()
    moved = rows[found.pool["segment"][rows] == 1]
    assert len(moved) > 300
    old = np.array([before[n] for n in found.pool["name"][moved].tolist()])
    ranks = [stats.gamma(1 / v, scale=v).cdf(x) for v, x in ((0.3, old), (2.0, found.pool["frailty"][moved]))]
    assert ranks[1] == pytest.approx(ranks[0], abs=1e-7)


def test_moves_are_booked_out_of_one_segment_and_into_another():
    outcome = play(firm({("a", "b"): 0.1, ("b", "c"): 0.3}))
    assert outcome.moved.sum(axis=(1, 2)).tolist() == [0] * 13
    assert outcome.moved[:, 0].sum() == outcome.pool[-1, 0].sum() - 20_000
    assert outcome.joined.sum() == outcome.left.sum() == 0


def test_who_has_given_notice_may_move_and_still_goes_on_its_date():
    base = SEGMENT | {"term_months": 12.0, "annual_churn": 0.5}
    pool = {"customers": 5000, "tenure": "new"}
    outcome = play(firm({("a", "b"): 0.5, ("b", "a"): 0.5}, base=base, pool=pool, run={"months": 30}))
    terms = (outcome.departed[2] - outcome.departed[1]) / 12.0
    assert terms == pytest.approx(np.round(terms))
    assert abs(outcome.pool[12].sum() / 5000 - 0.5) < 4 * 0.5 / math.sqrt(5000)


def test_moves_may_start_and_stop_in_an_arm():
    today = firm({("a", "b"): 0.0})
    change = [{"set": "segments.a.moves.b", "to": 0.2, "from_month": 3.5, "until_month": 6.0}]
    outcome = play(today, arm(change=change))
    assert outcome.pool[:4, 1].sum() == 0
    share = -math.expm1(-0.2 * 2.5)
    assert abs(outcome.pool[6, 1, 0] / 20_000 - share) < 4 * math.sqrt(share * (1 - share) / 20_000)
    assert (outcome.pool[6:, 1, 0] == outcome.pool[6, 1, 0]).all()


def test_moving_between_segments_that_are_alike_loses_no_referral():
    same = {name: {"share": 1.0} for name in "bc"}
    referring = {
        "mechanisms": {"referrals": {"rate": 0.3, "hazard_factor": 1.0, "extra_margin": 0.0}},
        "run": {"months": 1},
    }
    still = play(firm({}, others=same, **referring))
    moving = play(firm({("a", "b"): 1.0, ("b", "c"): 1.0, ("c", "a"): 1.0}, others=same, **referring))
    assert moving.joined.sum() == still.joined.sum()
