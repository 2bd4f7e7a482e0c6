"""Moves between segments: double jeopardy (B1), and the Markov chain of moving and leaving."""

import math

import numpy as np
import pytest
from experiment import check, check_shares, heads, leavings, mean, measured, play
from scipy import linalg, stats

from retainsim import theory

# B1: two brands of 200 and 800 customers; 100 a year switch each way and nobody leaves.

SWITCHES = np.array([[0, 100], [100, 0]])
BRANDS = {
    "small": {"share": 0.2, "annual_churn": 0.0, "moves": {"large": 100 / 200 / 12}},
    "large": {"share": 0.8, "annual_churn": 0.0, "moves": {"small": 100 / 800 / 12}},
}
SCALE = 100  # the brands are played a hundred times as large


def two_state(months, start):
    """Return the share in the small brand after `months`, from a share `start` of it."""
    rates = BRANDS["small"]["moves"]["large"], BRANDS["large"]["moves"]["small"]
    settled = rates[1] / sum(rates)
    return settled + (start - settled) * np.exp(-sum(rates) * np.asarray(months))


def test_b1_both_brands_keep_their_customers_though_one_loses_half_and_the_other_an_eighth():
    churn, after = theory.double_jeopardy([200, 800], SWITCHES)
    assert list(churn) == [0.5, 0.125]
    assert list(after) == [200, 800]
    found = play(months=60, customers=500 * SCALE, segments=BRANDS)
    assert measured(found, "left").sum() == 0
    there, n = heads(found)["small"], 1000 * SCALE
    for month in (1, 6, 12, 24, 60):  # who is still at its first brand, and who has come back or over
        stay, come = two_state(month, 1.0), two_state(month, 0.0)
        sd = math.sqrt(0.2 * stay * (1 - stay) + 0.8 * come * (1 - come))
        check(there[month] / n, 0.2, sd / math.sqrt(n), f"B1 small brand at {month}, n = {n}")


@pytest.mark.parametrize("brand", BRANDS)
def test_b1_a_brand_alone_at_first_empties_at_its_own_rate(brand):
    """Starting with everybody at one brand shows each rate by itself: the first month's switchers do."""
    segments = {name: {**settings, "share": float(name == brand)} for name, settings in BRANDS.items()}
    n = 100_000
    found = play(months=60, customers=n // 2, segments=segments)
    months = np.array([1, 2, 6, 12, 36, 60])
    expected = two_state(months, float(brand == "small"))
    check_shares(heads(found)["small"][months], expected, n, f"B1 all {brand} at first, n = 100,000")


# Moving and leaving together


CHAIN = {
    "a": {"share": 0.5, "annual_churn": 0.1, "moves": {"b": 0.04, "c": 0.01}},
    "b": {"share": 0.3, "annual_churn": 0.4, "moves": {"c": 0.08}},
    "c": {"share": 0.2, "annual_churn": 0.0, "moves": {"a": 0.02}},
}
NAMES = list(CHAIN)


def generator():
    """Return the chain's rates a month; the last state is having left."""
    rates = np.zeros((4, 4))
    for row, segment in enumerate(CHAIN.values()):
        for target, rate in segment["moves"].items():
            rates[row, NAMES.index(target)] = rate
        rates[row, 3] = -math.log1p(-segment["annual_churn"]) / 12
    return rates - np.diag(rates.sum(axis=1))


@pytest.fixture(scope="module")
def chain():
    return play(months=48, customers=60_000, segments=CHAIN, reasons={"x": 1, "y": 3})


def test_who_moves_and_leaves_is_spread_as_the_markov_chain_says(chain):
    n, start = 120_000, np.array([0.5, 0.3, 0.2, 0.0])
    for month in (1, 3, 12, 24, 48):
        expected = (start @ linalg.expm(generator() * month))[:3]
        check_shares(heads(chain).loc[month, NAMES], expected, n, f"segments at {month}, n = {n}")


def test_leavings_are_counted_where_the_customer_was_when_it_left(chain):
    """The flow out of a segment is its hazard times the time spent there."""
    n, start = 120_000, np.array([0.5, 0.3, 0.2, 0.0])
    spent = np.zeros((5, 5))  # a fifth state adds up the time: integral of the chain up to a month
    spent[:4, :4] = generator()
    left = leavings(chain, by="segment")
    for segment, row in (("a", 0), ("b", 1)):
        clock = spent.copy()
        clock[row, 4] = 1.0
        time = (np.append(start, 0.0) @ linalg.expm(clock * 48))[4]
        share = time * generator()[row, 3]
        check(left[segment].sum() / n, share, theory.binomial_se(share, n), f"left from {segment}, n = {n}")
    assert "c" not in left


def test_reasons_keep_their_proportion_whoever_moves(chain):
    counts = leavings(chain).sum()
    check_shares(counts[["x", "y"]], [0.25, 0.75], counts.sum(), f"mix, n = {counts.sum()}")


def test_who_moves_pays_the_price_of_where_it_is_from_that_moment_on():
    """Revenue is the integral of the chain against its prices, discounted."""
    prices = [1.0, 5.0, 20.0]
    segments = {name: {**s, "price": p} for (name, s), p in zip(CHAIN.items(), prices, strict=True)}
    found = play(replications=20, months=24, customers=5000, segments=segments, run={"seed": 8})
    delta = math.log(1.1) / 12
    rates = np.zeros((5, 5))
    rates[:4, :4] = generator() - delta * np.eye(4)
    rates[:3, 4] = prices
    expected = (np.array([0.5, 0.3, 0.2, 0.0, 0.0]) @ linalg.expm(rates * 24))[4]
    worth, se = mean(measured(found, "npv_to_horizon") / 5000)
    check(worth, expected, se, "value to the horizon of a customer who moves, n = 100,000")


def test_joiners_move_and_leave_by_the_same_chain():
    found = play(
        months=24,
        segments=CHAIN,
        acquisition={"web": {"joins": 2000, "mix": {"a": 1, "b": 1}}},
        run={"seed": 9},
    )
    n = int(heads(found, measure="joined").to_numpy().sum())
    clock = np.zeros((8, 8))  # the integral of the chain over the ages of those who joined
    clock[:4, :4], clock[:4, 4:] = generator(), np.eye(4)
    expected = np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0]) @ linalg.expm(clock * 24) / 24
    check_shares(heads(found).loc[24, NAMES], expected[4:7], n, f"joiners at 24, n = {n}")


def test_who_moves_to_a_segment_of_another_frailty_keeps_its_rank_among_newcomers():
    """Gamma(.5) to gamma(2): the chance to stay is the integral over ranks of both lives, one after the other."""
    first = {"annual_churn": 0.3, "frailty": {"kind": "gamma", "variance": 0.5}, "moves": {"t": 0.1}}
    second = {"annual_churn": 0.5, "frailty": {"kind": "gamma", "variance": 2.0}, "share": 0.0}
    n, month = 100_000, 12
    found = play(months=month, customers=n // 2, segments={"s": first, "t": second}, run={"seed": 10})
    ranks = (np.arange(4000) + 0.5) / 4000
    frail = [stats.gamma(1 / v, scale=v).ppf(ranks) for v in (0.5, 2.0)]
    b = [-math.log(0.7) / 12, -math.log(0.5) / 12]
    out, later = b[0] * frail[0] + 0.1, b[1] * frail[1]
    here = np.exp(-out * month).mean()
    there = (0.1 * (np.exp(-later * month) - np.exp(-out * month)) / (out - later)).mean()
    check_shares(heads(found).loc[month, ["s", "t"]], [here, there], n, "moved with its rank, n = 100,000")


def test_under_a_contract_who_moves_after_giving_notice_still_goes_at_the_renewal():
    """Everybody moves to a segment nobody leaves; only those whose notice came before the move are gone."""
    b, move = -math.log(0.5) / 12, 0.2
    bound = {"annual_churn": 0.5, "term_months": 12, "moves": {"safe": move}}
    n = 100_000
    segments = {"bound": bound, "safe": {"annual_churn": 0.0, "share": 0.0, "term_months": 12}}
    found = play(months=24, customers=n // 2, segments=segments, run={"seed": 11})
    there = heads(found).sum(axis=1)
    assert there[11] == n
    first = b / (b + move) * -math.expm1(-(b + move) * 12)
    check_shares([n - there[12]], [first], n, "gone at the first renewal, n = 100,000")
