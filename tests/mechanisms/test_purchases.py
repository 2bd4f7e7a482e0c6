"""Purchases: what is bought, paid and counted, who drops out, and what an arm or another mechanism makes of it."""

import dataclasses
import math

import numpy as np
import pytest
from experiment import check
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim import engine, scenario, theory
from retainsim.acquisition import Joiners
from retainsim.calibration import calibrate
from retainsim.draws import Luck
from retainsim.engine import calendar
from retainsim.errors import ScenarioError
from retainsim.hazards import Closed

SAME = {"kind": "same", "mean": 10.0}
DROPOUT = {"a": 1.0, "b": 4.0}
ADS = {"ads": {"joins": 20.0}}


def shop(buys=None, **more):
    """Return a segment that buys once a month; customers stay unless they drop out."""
    buys = {"per_month": 1.0, "shape": 2.0, "spend": SAME} | (buys or {})
    churn = {} if "dropout" in buys else {"annual_churn": 0.0}
    return {"buying": "purchases", "purchases": buys, "gross_margin": 0.6} | churn | more


def firm(segment=None, **tables):
    tables = {"run": {"months": 24, "discount_rate": 0.0}, "acquisition": ADS} | tables
    return parameters(**({"segments": {"shop": segment or shop()}} | tables))


def sales(today, each=None, **more):
    """Return names, times and amounts of all purchases, in the order of names and times."""
    trace = engine.replicate(setup(today, each, **more), Luck(0, 0), trace=True).trace
    parts = [part for part in trace.parts if part[2] == "money" and part[4] == "revenue"]
    names, times, amounts = (np.concatenate([part[i] for part in parts]) for i in (0, 1, 5))
    order = np.lexsort((times, names))
    return names[order], times[order], amounts[order]


def revenue(outcome):
    return outcome.lines["revenue"].sum()


# What is paid


def test_revenue_is_the_sum_of_purchases_and_nothing_runs_with_time():
    outcome = play(firm())
    assert outcome.purchases.sum() > 7000
    assert revenue(outcome) == pytest.approx(10.0 * outcome.purchases.sum())
    assert outcome.lines["cost_of_sales"].sum() == pytest.approx(4.0 * outcome.purchases.sum())
    by_month = outcome.lines["revenue"].sum(axis=(1, 2))
    assert by_month == pytest.approx(10.0 * outcome.purchases.sum(axis=(1, 2)))
    assert outcome.books_error <= 1e-9


def test_every_purchase_is_its_own_amount_on_its_own_date():
    """Discounted at 10 % a year and grown with inflation at 3 %, from the trace."""
    spend = {"kind": "gamma", "mean": 10.0, "p": 3.0, "q": 4.0}
    today = firm(shop({"spend": spend}), run={"months": 24, "discount_rate": 0.1}, firm={"inflation": 0.03})
    _, times, amounts = sales(today)
    outcome = play(today)
    assert revenue(outcome) == pytest.approx(amounts.sum())
    assert outcome.values["revenue"].sum() == pytest.approx((amounts * 1.1 ** (-times / 12)).sum())
    assert outcome.purchases.sum() == len(times)
    flat = sales(firm(shop({"spend": spend})))
    assert np.array_equal(flat[1], times)
    assert amounts == pytest.approx(flat[2] * 1.03 ** (times / 12))


def test_volume_and_discount_are_on_every_purchase():
    plain, dear = play(firm()), play(firm(shop(volume=2.0, discount=0.25)))
    assert np.array_equal(plain.purchases, dear.purchases)
    assert revenue(dear) == pytest.approx(1.5 * revenue(plain))


def test_a_joining_discount_is_on_what_is_bought_while_it_lasts():
    names, times, amounts = sales(firm(acquisition={"ads": ADS["ads"] | {"first_discount": 0.5}}))
    plain = sales(firm())
    assert np.array_equal(names, plain[0])
    first = np.append(True, names[1:] != names[:-1])
    joined = np.maximum.accumulate(np.where(first, np.arange(len(names)), 0))
    newcomers = np.isin(names, play(firm()).present[0][300:])
    off = newcomers & (times - times[joined] < 1.0)
    assert (amounts[off] == 5.0).all()
    assert (amounts[~off] == 10.0).all()
    assert off.sum() > 400


def test_who_is_larger_buys_more_each_time():
    today = firm()
    played = [world(today) for _ in range(2)]
    played[1].pool["size"][:] = 3.0
    for each in played:
        each.env.process(calendar(each))
        each.env.run(until=6.0 + 1e-6)
    one, three = (each.ledger.amounts["revenue"][:, 0, 0].sum() for each in played)  # those of month 0
    assert three == pytest.approx(3.0 * one)
    assert played[1].money.revenue_rate(np.arange(300)) == pytest.approx(
        3.0 * played[0].money.revenue_rate(np.arange(300))
    )


def test_serving_costs_as_long_as_one_is_a_customer():
    outcome = play(firm(shop({"dropout": DROPOUT}, cost_to_serve=2.0)))
    assert outcome.lines["cost_to_serve"].sum() == pytest.approx(2.0 * outcome.customer_months)


def test_one_pays_later_where_it_says_so():
    late = play(firm(shop(pays_after_months=2.0), run={"months": 24, "discount_rate": 0.1}))
    soon = play(firm(run={"months": 24, "discount_rate": 0.1}))
    assert late.values["revenue"].sum() == pytest.approx(soon.values["revenue"].sum() * 1.1 ** (-2 / 12))


# Who buys when


def test_joining_is_the_first_purchase():
    outcome = play(firm(shop({"per_month": 0.0})))
    assert np.array_equal(outcome.purchases, outcome.joined)
    names, times, _ = sales(firm(shop({"per_month": 0.0})))
    came = dict(zip(*(outcome.present[i].tolist() for i in (0, 1)), strict=True))
    assert [came[name] for name in names.tolist()] == times.tolist()


def test_purchases_are_the_same_whatever_the_step_between_reviews():
    one, two = (play(firm(shop({"dropout": DROPOUT}), run={"months": 24, "step": step})) for step in (1.0, 0.3))
    assert np.array_equal(one.purchases, two.purchases)
    assert np.array_equal(np.sort(one.departed[2]), np.sort(two.departed[2]))


def test_going_through_everybody_at_every_settlement_comes_to_the_same():
    today = firm(shop({"dropout": DROPOUT, "spend": {"kind": "lognormal", "mean": 10.0, "within": 0.5}}))
    one, two = (play(today, eager=eager) for eager in (False, True))
    assert np.array_equal(one.purchases, two.purchases)
    assert revenue(one) == pytest.approx(revenue(two), rel=1e-12)
    assert one.closing.sum() == pytest.approx(two.closing.sum(), rel=1e-12)


def test_who_moves_to_a_subscription_buys_no_more_and_who_moves_back_does():
    segments = {"shop": shop(moves={"small": 0.2}), "small": SEGMENT | {"annual_churn": 0.0, "share": 0.0}}
    outcome = play(firm(segments=segments))
    assert outcome.purchases[:, 1].sum() == 0
    assert outcome.pool[-1, 1].sum() > 100
    assert outcome.purchases[-1, 0].sum() < 0.5 * outcome.purchases[1, 0].sum()
    assert outcome.books_error <= 1e-9
    back = {"shop": shop(share=0.0), "small": segments["small"] | {"share": 1.0, "moves": {"shop": 0.2}}}
    outcome = play(firm(segments=back, acquisition={}))
    months = outcome.pool[:, 0].sum(axis=1)
    expected = (months[1:] + months[:-1]).sum() / 2  # customer-months in the shop, at one purchase each
    check(outcome.purchases.sum(), expected, math.sqrt(expected), f"purchases in {expected:.0f} customer-months")


# Who drops out


def test_who_drops_out_does_so_at_a_purchase_and_for_the_reason_named():
    today = firm(shop({"dropout": DROPOUT | {"reason": "bored"}}))
    outcome, (names, times, _) = play(today), sales(today)
    assert {today.reasons[i] for i in outcome.departed[5]} == {"bored"}
    assert len(outcome.departed[0]) > 300
    last = np.append(names[1:] != names[:-1], True)
    bought = dict(zip(names[last].tolist(), times[last].tolist(), strict=True))
    assert [bought[name] for name in outcome.departed[0].tolist()] == outcome.departed[2].tolist()
    assert outcome.fed["purchases"].sum() == len(outcome.departed[0])


def test_the_chance_of_dropping_out_after_the_next_purchase_is_the_mean_of_the_beta_law():
    """Newcomers of month 0: of n who made one purchase more, a / (a + b) = 1/5 stopped at it."""
    today = firm(shop({"dropout": DROPOUT}), pool={"customers": 20_000, "tenure": "new"}, acquisition={})
    names, _, _ = sales(today)
    counts = np.unique(names, return_counts=True)[1]
    outcome = play(today)
    gone = np.isin(np.unique(names), outcome.departed[0])
    n = len(counts)
    check((gone & (counts == 1)).sum() / n, 0.2, theory.binomial_se(0.2, n), f"left at the first purchase, n = {n}")


def test_where_that_leak_is_closed_nobody_drops_out():
    start = setup(firm(shop({"dropout": DROPOUT})))
    for closed in (Closed(reasons=frozenset({"lapsed"})), Closed(mechanisms=frozenset({"purchases"}))):
        outcome = engine.replicate(dataclasses.replace(start, closed=closed), Luck(0, 0))
        assert outcome.left.sum() == 0
        assert outcome.purchases.sum() > 1.3 * engine.replicate(start, Luck(0, 0)).purchases.sum()


def test_a_retention_lever_keeps_those_who_leave_by_hazard_not_those_who_drop_out():
    today = firm(shop({"dropout": DROPOUT}))
    kept = play(today, arm(retention={"churn": 0.5}), factor=0.5)
    assert np.array_equal(kept.left, play(today).left)


def test_who_comes_back_is_the_same_customer_and_starts_with_a_purchase():
    played = world(firm(shop({"dropout": DROPOUT}), pool={"customers": 50}, acquisition={}))
    played.env.process(calendar(played))
    played.env.run(until=1e-6)
    rows = np.arange(5)
    names, traits = played.pool["name"][rows].copy(), played.pool.lasting(rows)
    played.churn.end(rows, "price", np.full(5, 0.5), source="test")
    played.env.run(until=1.0 + 1e-6)
    bought = []
    played.touches.listen("purchase", "test", lambda rows, times: bought.extend(zip(rows, times, strict=True)))
    where = np.full(5, 1.5), np.zeros(5, np.int64), np.zeros(5, np.int64), np.full(5, 2, np.int16)
    played.admit(Joiners(names, *where, traits))
    back = np.flatnonzero(np.isin(played.pool["name"], names) & played.pool["present"])
    for column in ("purchases.level", "purchases.dropout"):
        assert np.array_equal(played.pool[column][back], traits[column])
    played.env.run(until=2.0 + 1e-6)
    assert {(row, 1.5) for row in back} <= set(bought)


# Arms


def test_customers_buy_the_same_in_two_arms_but_for_what_the_kept_buy_besides():
    today = firm(shop({"spend": {"kind": "gamma", "mean": 10.0, "p": 2.0, "q": 3.0}}, annual_churn=0.4))
    one = sales(today)
    two = sales(today, arm(retention={"churn": 0.5}), factor=0.5)
    first, second = (set(zip(*(column.tolist() for column in each), strict=True)) for each in (one, two))
    assert first < second
    assert len(second) > 1.1 * len(first)


def test_an_arm_that_has_customers_buy_more_often_scales_everybodys_rate():
    """Twice the rate from month 12 on: the first year is the same, and after it purchases double."""
    today = firm(pool={"customers": 5000}, acquisition={})
    more = arm(change=[{"set": "segments.shop.purchases.per_month", "times": 2.0, "from_month": 12.0}])
    one, two = (play(today, each).purchases[:, 0, 0] for each in (None, more))
    assert np.array_equal(one[:13], two[:13])
    n, expected = one[13:].sum(), 5000 * 2.0 * 12
    check(two[13:].sum(), expected, math.sqrt(expected + 5000 * 24**2 / 2), "purchases at twice the rate")
    assert 1.97 < two[13:].sum() / n < 2.03


def test_buying_faster_changes_nothing_about_how_often_one_buys_before_dropping_out():
    """Whether a purchase is the last belongs to the purchase, not to its date."""
    today = firm(shop({"dropout": {"a": 2.0, "b": 2.0}}), pool={"customers": 500, "tenure": "new"}, acquisition={})
    faster = arm(change=[{"set": "segments.shop.purchases.per_month", "to": 1.5}])
    counts = []
    for each in (None, faster):
        outcome, (names, _, _) = play(today, each), sales(today, each)
        held = dict(zip(*(column.tolist() for column in np.unique(names, return_counts=True)), strict=True))
        counts.append({name: held[name] for name in outcome.departed[0].tolist()})
    assert counts[0].items() <= counts[1].items()
    assert len(counts[0]) > 400


def test_an_arm_that_has_them_spend_more_scales_every_amount():
    spend = {"kind": "gamma", "mean": 10.0, "p": 2.0, "q": 3.0}
    more = arm(change=[{"set": "segments.shop.purchases.spend.mean", "times": 1.1, "from_month": 6.0}])
    one, two = sales(firm(shop({"spend": spend}))), sales(firm(shop({"spend": spend})), more)
    assert np.array_equal(one[1], two[1])
    assert two[2] == pytest.approx(one[2] * np.where(one[1] > 6.0, 1.1, 1.0))


# Calibration


@pytest.mark.long
def test_where_calibration_simulates_who_drops_out_still_counts():
    """A programme that reaches a random half, and 12-month retention of both segments: closed forms, n = 700,000."""
    segments = {"shop": shop({"dropout": DROPOUT}, share=0.5), "small": SEGMENT | {"share": 0.5}}
    programme = {"spend_per_customer": 1.0, "effect": 0.2, "ceiling": 0.5, "targets": "random", "reach": 0.5}
    today = firm(segments=segments, mechanisms={"retention_programme": programme})
    found = calibrate(today)
    law = {"r": 2.0, "alpha": 2.0, "a": 1.0, "b": 4.0}
    expected = theory.retention_settled(lambda a: theory.bg_nbd_active(a, **law))
    assert found.retention == pytest.approx([expected, 0.7], abs=2e-3)


# Bad values


HEAD = '[pool]\ncustomers = 10\n[segments.shop]\nbuying = "purchases"\n'
GOOD = "per_month = 1.0\nspend = { kind = 'same', mean = 10.0 }\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + "annual_churn = 0.1\n", 3, "purchases belong together"),
        ("[pool]\ncustomers = 10\n[segments.shop]\nprice = 1.0\nannual_churn = 0.1\n[segments.shop.purchases]\n" + GOOD,
         3, "purchases belong together"),
        (HEAD + "annual_churn = 0.1\nprice = 9.0\n[segments.shop.purchases]\n" + GOOD, 3, "no price a month"),
        (HEAD + "annual_churn = 0.1\n[segments.shop.purchases]\n" + GOOD + "dropout = { a = 1, b = 1 }\n",
         3, "leave annual_churn out"),
        (HEAD + "[segments.shop.purchases]\n" + GOOD, 3, "annual_churn"),
        (HEAD + "annual_churn = 0.1\n[segments.shop.purchases]\nper_month = -1.0\nspend = { kind = 'same', mean = 1 }\n",
         7, "per_month"),
        (HEAD + "annual_churn = 0.1\n[segments.shop.purchases]\nper_month = 1.0\nspend = { mean = 1.0 }\n", 8, "kind"),
        (HEAD + "annual_churn = 0.1\n[segments.shop.purchases]\nper_month = 1.0\n"
         "spend = { kind = 'gamma', mean = 1.0, p = 2.0, q = 1.0 }\n", 8, "spend.q"),
        (HEAD + "[segments.shop.purchases]\n" + GOOD + "dropout = { a = 0.0, b = 1.0 }\n", 8, "dropout.a"),
        (HEAD + "annual_churn = 0.1\n[segments.shop.purchases]\n" + GOOD + "shape = 0.0\n", 9, "shape"),
    ],
    ids=["no table", "no buying", "price", "churn", "no churn", "rate", "no kind", "q", "a", "shape"],
)  # fmt: skip
def test_what_cannot_be_is_refused_where_it_stands(text, line, said):
    with pytest.raises(ScenarioError, match=rf"<scenario>:{line}(:\d+)? .*{said}"):
        scenario.loads(text)


def test_who_pays_by_the_month_buys_nothing():
    assert play(parameters(acquisition=ADS)).purchases.sum() == 0
