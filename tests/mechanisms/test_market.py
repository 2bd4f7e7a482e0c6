"""Market: what is left to win, who comes back to it and when, and the pool that fills from it."""

import math

import numpy as np
import pytest
from experiment import check
from unit.making import SEGMENT, arm, differing, parameters, play, world

from retainsim import scenario, theory
from retainsim.acquisition import Joiners
from retainsim.engine import calendar
from retainsim.errors import ScenarioError

STAY = {"small": SEGMENT | {"annual_churn": 0.0}}
ADS = {"ads": {"joins": 60.0}}
BACK_AT_ONCE = {"return_after_months": 0.0, "return_share": 1.0}


def firm(market, *, segments=STAY, **tables):
    mechanisms = {"market": market} | tables.pop("mechanisms", {})
    return parameters(**({"acquisition": ADS, "segments": segments, "mechanisms": mechanisms} | tables))


def factors(today, each=None, *, channel="ads"):
    """Return the share of joins that comes, as held from every month on."""
    played, found = world(today, each), []
    played.env.process(calendar(played))
    for month in range(1, today.run.months):
        found.append(played.acquisition.factor(channel))
        played.env.run(until=month + 1e-6)
    return found


def lost(share, month=6.0):
    return {"breach": {"at_month": month, "leave_at_once": share, "acquisition_factor": 1.0}}


NOBODY = {"ads": {"joins": 0.0}}


# What is left


@pytest.mark.parametrize(("size", "share"), [(1200.0, 0.75), (600.0, 0.5), (300.0, 0.0), (100.0, 0.0)])
def test_of_an_untouched_markets_joins_the_share_comes_that_nobody_has_won(size, share):
    """300 customers are won at month 0."""
    played = world(firm({"size": size}))
    assert played.acquisition.factor("ads") == share
    assert played.acquisition.rate("ads") == 60.0 * share


def test_every_origin_is_thinned_and_those_of_month_0_are_not():
    today = firm({"size": 1200.0}, mechanisms={"referrals": {"rate": 0.01}})
    played = world(today)
    assert [played.acquisition.factor(origin) for origin in played.origins] == [1.0, 0.75, 0.75]


def test_a_market_that_is_won_brings_nobody_by_channel_or_referral():
    today = firm({"size": 300.0}, mechanisms={"referrals": {"rate": 0.5}})
    assert play(today).joined.sum() == 0


def test_without_a_size_nothing_changes_and_the_larger_it_is_the_more_join():
    without = parameters(acquisition=ADS, segments=STAY)
    assert differing(play(without), play(firm({}))) == []
    joined = [play(firm({"size": size})).joined.sum() for size in (350.0, 600.0, 1200.0, 1e9)]
    assert joined == sorted(joined)
    assert joined[0] == 50  # everybody is won in the end: 50 were left
    assert joined[-1] == play(without).joined.sum()


def test_the_share_is_held_from_one_stop_to_the_next_whatever_else_happens_between():
    """A change of the price at 3.5 settles there, and moves nobody's joining."""
    today = firm({"size": 600.0})
    dearer = arm(change=[{"set": "segments.small.price", "to": 60.0, "from_month": 3.5}])
    assert np.array_equal(play(today).joined, play(today, dearer).joined)


def test_an_arm_may_make_the_market_larger_from_a_month_on():
    larger = arm(change=[{"set": "mechanisms.market.size", "to": 1200.0, "from_month": 3.0}])
    today = firm({"size": 600.0}, acquisition=NOBODY)
    assert factors(today, larger)[:6] == [0.5, 0.5, 0.5, 0.75, 0.75, 0.75]
    larger = arm(change=[{"set": "mechanisms.market.size", "to": 1200.0, "from_month": 3.5}])
    joined = [play(firm({"size": 600.0}), each).joined.sum(axis=(1, 2)) for each in (None, larger)]
    assert np.array_equal(joined[0][:4], joined[1][:4])
    assert joined[0].sum() < joined[1].sum()


# Who comes back to it


def test_leavers_come_back_to_the_market_after_a_while_or_never():
    """20 % of 1,000 leave at month 6: 200 of 2,000 stay away for 3 months, and those who never return for good."""
    today = firm({"size": 2000.0, "return_after_months": 3.0, "return_share": 0.5}, pool={"customers": 1000},
                 acquisition=NOBODY, mechanisms=lost(0.2))  # fmt: skip
    gone = int(play(today).left.sum())
    found = np.array(factors(today))
    assert (found[:9] == 0.5).all()  # held at months 0 to 8: who is not a customer is not to be had either
    back = (found[9] - 0.5) * 2000
    assert (found[9:] == found[9]).all()
    assert abs(back - gone / 2) < 4 * math.sqrt(gone / 4)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.5), (1.0, 0.6)])
def test_nobody_or_everybody_comes_back_where_the_share_says_so(share, expected):
    today = firm({"size": 2000.0, "return_after_months": 3.0, "return_share": share}, pool={"customers": 1000},
                 acquisition=NOBODY, mechanisms=lost(0.2))  # fmt: skip
    gone = int(play(today).left.sum())
    assert factors(today)[-1] == pytest.approx(0.5 + (expected > 0.5) * gone / 2000)
    assert gone > 0


def test_the_settings_in_force_when_one_leaves_say_when_it_is_back():
    today = firm({"size": 2000.0, "return_after_months": 3.0, "return_share": 1.0}, pool={"customers": 1000},
                 acquisition=NOBODY, mechanisms=lost(0.2))  # fmt: skip
    sooner = arm(change=[{"set": "mechanisms.market.return_after_months", "to": 1.0, "from_month": 7.0}])
    assert factors(today, sooner) == factors(today)
    before = arm(change=[{"set": "mechanisms.market.return_after_months", "to": 1.0, "from_month": 5.0}])
    assert np.flatnonzero(np.diff(factors(today, before))).tolist() == [6]


def test_who_is_won_back_as_a_customer_is_no_longer_missing_from_the_market():
    """10 of 100 leave for ever; 4 of them are won back: 96 customers and 6 who are away make 100 of 200."""
    today = firm({"size": 200.0, "return_share": 0.0}, pool={"customers": 100}, acquisition=NOBODY,
                 mechanisms=lost(0.1, month=2.0))  # fmt: skip
    played = world(today)
    played.env.process(calendar(played))
    played.env.run(until=3.5)
    names = played.departed[0][0]
    gone = len(names)
    assert played.acquisition.factor("ads") == 0.5
    four = np.full(4, 3.2), np.ones(4, np.int64), np.zeros(4, np.int64), np.full(4, 2, np.int16)
    played.admit(Joiners(names[:4], *four))
    played.env.run(until=4.5)
    assert len(played.pool) == 100 - gone + 4
    assert played.acquisition.factor("ads") == 0.5


# Referrals and arms


def test_referrals_are_thinned_person_by_person():
    """At a share s of the market left, each child comes with probability s; who comes is who came without a market."""
    tables = {"pool": {"customers": 30_000}, "acquisition": {}, "run": {"months": 1}}
    tables["mechanisms"] = {"referrals": {"rate": 0.02}}
    come = [play(firm(market, **tables)).present for market in ({}, {"size": 50_000.0})]
    free, bound = (set(each[0][each[1] > 0].tolist()) for each in come)
    assert bound <= free
    n = len(free)  # 1 % of them children of children, who need both to come
    check(len(bound) / n, 0.4 * (1 - 0.01 * 0.6), theory.binomial_se(0.4, n), f"children who come, n = {n}")


def test_keeping_customers_leaves_fewer_to_win_and_changes_nobody_who_comes():
    """In the arm that keeps more, who joins would have joined anyway, at the same time."""
    today = firm(BACK_AT_ONCE | {"size": 600.0}, segments={"small": SEGMENT}, run={"months": 36})
    one, two = play(today), play(today, arm(retention={"churn": 0.7}), factor=0.7)
    came = [
        dict(zip(*(np.concatenate([o.present[i], o.departed[i]]).tolist() for i in (0, 1)), strict=True))
        for o in (one, two)
    ]
    assert came[1].items() <= came[0].items()
    assert len(came[1]) < len(came[0])


# The pool


@pytest.mark.parametrize(("months", "step", "n"), [(12, 0.125, 60), (60, 0.5, 24)])
def test_a_pool_that_fills_from_a_finite_market_saturates(months, step, n):
    """Joins 30 a month of an untouched market of 1,200, churn 20 % a year, leavers back at once: n firms, seed 3.

    N(t) = A / k (1 - exp(-k t)), k = A / size + mu, each of 1,200 in or not.
    """
    today = parameters(
        pool={"customers": 0}, run={"months": months, "step": step}, acquisition={"ads": {"joins": 30.0}},
        segments={"small": SEGMENT | {"annual_churn": 0.2}}, mechanisms={"market": BACK_AT_ONCE | {"size": 1200.0}},
    )  # fmt: skip
    ends = [play(today, seed=3, replication=r).pool[-1].sum() for r in range(n)]
    hazard = -math.log(0.8) / 12
    expected = theory.market_pool(30.0, hazard, size=1200.0, time=months)
    variance = theory.market_pool_variance(30.0, hazard, size=1200.0, time=months)
    check(np.mean(ends), expected, math.sqrt(variance / n), f"pool after {months} months, n = {n}")


def test_holding_the_share_for_a_month_costs_less_the_shorter_the_month():
    """Without luck: N -> N exp(-mu h) + A (1 - N / size) (1 - exp(-mu h)) / mu at every stop; the gap halves with h."""

    def held(step):
        pool, kept = 0.0, math.exp(-step * hazard)
        for _ in range(round(24 / step)):
            pool = pool * kept + 30.0 * (1 - pool / 1200.0) * (1 - kept) / hazard
        return pool

    hazard = -math.log(0.8) / 12
    exact = theory.market_pool(30.0, hazard, size=1200.0, time=24)
    gaps = [held(step) - exact for step in (1.0, 0.5, 0.25, 0.125)]
    assert gaps[0] / exact < 0.01
    assert all(1.9 < a / b < 2.1 for a, b in zip(gaps, gaps[1:], strict=False))
    today = parameters(
        pool={"customers": 0}, run={"months": 24}, acquisition={"ads": {"joins": 30.0}},
        segments={"small": SEGMENT | {"annual_churn": 0.2}}, mechanisms={"market": BACK_AT_ONCE | {"size": 1200.0}},
    )  # fmt: skip
    ends = [play(today, seed=4, replication=r).pool[-1].sum() for r in range(60)]
    se = math.sqrt(theory.market_pool_variance(30.0, hazard, size=1200.0, time=24) / 60)
    check(np.mean(ends), held(1.0), se, "pool after 24 months, held for a month, n = 60")


# Bad values


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("size = 0.0", "mechanisms.market.size"),
        ("return_share = 1.5", "mechanisms.market.return_share"),
        ("return_after_months = -1.0", "mechanisms.market.return_after_months"),
        ("sizes = 10.0", "mechanisms.market.sizes"),
    ],
)
def test_a_value_that_cannot_be_is_refused_where_it_stands(line, said):
    text = f"[segments.small]\nprice = 1.0\nannual_churn = 0.1\n[pool]\ncustomers = 10\n[mechanisms.market]\n{line}\n"
    with pytest.raises(ScenarioError, match=rf"<scenario>:7:\d+ {said}"):
        scenario.loads(text)
