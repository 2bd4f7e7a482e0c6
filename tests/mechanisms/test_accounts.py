"""Accounts: what a named client is worth, what it costs to keep it or let it go, and what it does to the others."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, differing, parameters, play, setup
from unit.making import world as world_of

from retainsim import theory
from retainsim.calibration import calibrate
from retainsim.ledger import exact_sum
from retainsim.scenario.schema import Account

DELTA = math.log(1.1) / 12
"""Discount per month of the firms here."""
CALM = {"small": SEGMENT | {"annual_churn": 0.0}}
CHANNEL = {"ads": {"joins": 30.0}}


def client(name="Nordwind AG", **terms):
    """Return a client of 100 units at 50 that never leaves unless told otherwise."""
    return {"name": name, "segment": "small", "volume": 100.0, "annual_churn": 0.0} | terms


def firm(*clients, customers=0, **tables):
    tables = {"pool": {"customers": customers}, "segments": CALM} | tables
    return parameters(accounts=list(clients), **tables)


def release(month, notice=0.0, name="Nordwind AG"):
    return {"kind": "release", "account": name, "at_month": month, "notice_months": notice}


def offer(discount, month=6.0, name="Nordwind AG"):
    return {"kind": "renegotiate", "account": name, "discount": discount, "at_month": month}


def events(*happenings, **more):
    return arm(event=list(happenings), **more)


def by_month(outcome, line):
    return outcome.lines[line].sum(axis=(1, 2))


def place(today, name="Nordwind AG"):
    return list(today.everyone).index(name)


def reasons_of(outcome, today):
    """Return when and why each client left, by name."""
    names, who = list(today.everyone), outcome.departed
    if not who:
        return {}
    each = zip(who[3].tolist(), who[2].tolist(), who[5].tolist(), strict=True)
    return {names[s]: (time, today.reasons[r]) for s, time, r in each if today.account(names[s])}


def span(rate, start, end):
    """Integrate exp(rate t) from start to end."""
    return (math.exp(rate * end) - math.exp(rate * start)) / rate if rate else end - start


def worth(terms, months=24, *, price=50.0, margin=0.8, serve=5.0, hazard=0.0, start=0.0):
    """Return the value at month 0 of a client's flows over months, in closed form."""
    terms = {"volume": 100.0} | terms
    gross, serve = price * terms["volume"], terms.get("cost_to_serve", serve)
    margin, price = terms.get("gross_margin", margin), terms.get("price", price)
    gross = price * terms["volume"]
    given = terms.get("discount", 0.0) + terms.get("rebate", 0.0)
    late = math.exp(-DELTA * terms.get("days_to_pay", 0.0) * 12 / 365.25)
    growing = span(math.log1p(terms.get("growth", 0.0)) / 12 - DELTA - hazard, start, start + months)
    level = span(-DELTA - hazard, start, start + months)
    return gross * ((1 - given) * late - (1 - margin)) * growing - (serve + terms.get("promotions", 0.0)) * level


TERMS = {
    "plain": {},
    "discount": {"discount": 0.3},
    "rebate": {"discount": 0.3, "rebate": 0.1},
    "days to pay": {"days_to_pay": 75.0},
    "growth": {"growth": 0.15},
    "decline": {"growth": -0.4, "customer_for_months": 0.0},
    "cost to serve": {"cost_to_serve": 800.0},
    "promotions": {"promotions": 450.0},
    "a price and a margin of its own": {"price": 31.0, "gross_margin": 0.35, "discount": 0.2},
    "sold below cost": {"gross_margin": 0.2, "discount": 0.45},
    "everything": {
        "discount": 0.25, "rebate": 0.05, "days_to_pay": 60.0, "growth": 0.08, "cost_to_serve": 300.0,
        "promotions": 120.0, "customer_for_months": 31.0,
    },
}  # fmt: skip


# What it is worth


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_one_that_never_leaves_is_worth_its_closed_form(terms):
    outcome = play(firm(client(**terms)))
    assert outcome.npv_to_horizon == pytest.approx(worth(terms), rel=1e-9)
    ahead = worth(terms, 60.0, start=24.0)
    assert exact_sum(outcome.closing) == pytest.approx(ahead, rel=1e-7)
    assert exact_sum(outcome.equity) == pytest.approx(worth(terms, 60.0), rel=1e-7)


@pytest.mark.parametrize("name", ["plain", "everything"])
def test_one_that_may_leave_is_worth_its_closed_form_on_average(name):
    """A hazard as constant as its churn says; 80 alike in each of 12 replications."""
    hazard = -math.log(0.7) / 12
    today = firm(*(client(f"c{i}", **TERMS[name] | {"annual_churn": 0.3}) for i in range(80)))
    values = np.array([play(today, replication=r).npv_to_horizon / 80 for r in range(12)])
    se = values.std(ddof=1) / math.sqrt(len(values))
    assert theory.within(values.mean(), worth(TERMS[name], hazard=hazard), se), (values.mean(), se)


def test_its_chance_of_leaving_within_a_year_is_what_was_given_whatever_its_segment_does():
    """By count, of 600 clients of a frail segment; neither frailty nor duration is theirs."""
    frail = SEGMENT | {"frailty": {"kind": "gamma", "variance": 2.0}, "duration": {"kind": "power", "power": 0.5}}
    today = firm(*(client(f"c{i}", annual_churn=0.25) for i in range(150)), segments={"small": frail})
    left = sum(int(play(today, replication=r).left[1:13].sum()) for r in range(4))
    assert theory.within(left / 600, 0.25, theory.binomial_se(0.25, 600))


def test_what_is_not_given_is_as_in_its_segment():
    today = firm({"name": "A", "segment": "small"}, segments={"small": SEGMENT | {"term_months": 6.0}})
    own = today.everyone["A"]
    assert (own.price, own.gross_margin, own.cost_to_serve, own.term_months, own.annual_churn) == (50, 0.8, 5, 6, 0.3)


def test_a_plan_holds_for_a_client_of_a_segment_that_is_on_it():
    tables = {"plans": {"basic": {"price": 80.0}}, "segments": {"small": {"plan": "basic", "annual_churn": 0.0}}}
    outcome = play(firm(client(volume=10.0), **tables))
    assert by_month(outcome, "revenue")[1:] == pytest.approx([800.0] * 24)


@pytest.mark.parametrize(("discount", "rebate"), [(0.0, 0.0), (0.2, 0.0), (0.1, 0.1), (0.6, 0.35)])
def test_a_discount_takes_from_the_margin_in_full(discount, rebate):
    """Cost of sales is what it was at the list price; revenue falls by all that is given away."""
    outcome = play(firm(client(discount=discount, rebate=rebate, gross_margin=0.4)))
    assert by_month(outcome, "revenue")[1:] == pytest.approx([5000 * (1 - discount - rebate)] * 24)
    assert by_month(outcome, "cost_of_sales")[1:] == pytest.approx([3000.0] * 24)


def test_a_unit_costs_it_what_it_costs_its_segment():
    """Which keeps 60 % of what is left of the price after its discount of 30 %: a unit costs 0.4 x 0.7 x 50 = 14."""
    segments = {"small": CALM["small"] | {"gross_margin": 0.6, "discount": 0.3}}
    today = firm(client(discount=0.1), customers=10, segments=segments)
    outcome = play(today)
    costs = outcome.lines["cost_of_sales"].sum(axis=2)
    assert costs[1:, place(today)] == pytest.approx([1400.0] * 24)
    assert costs[1:, place(today, "small")] == pytest.approx([140.0] * 24)
    assert outcome.lines["revenue"][1:, place(today), 0] == pytest.approx([4500.0] * 24)


def test_inflation_moves_its_revenue_and_its_fixed_cost():
    outcome = play(firm(client(fixed_cost=90.0), firm={"inflation": 0.12}))
    monthly = [span(math.log(1.12) / 12, m, m + 1) for m in range(24)]
    assert by_month(outcome, "revenue")[1:] == pytest.approx([5000 * m for m in monthly])
    assert by_month(outcome, "account_fixed_costs")[1:] == pytest.approx([90 * m for m in monthly])


@pytest.mark.parametrize("when", ["start", "end"])
def test_it_pays_in_instalments_like_its_segment(when):
    """It joined 61 months ago, so bills fall on months 2, 5, 8, ..., each for three months."""
    segments = {"small": CALM["small"] | {"billing": {"every_months": 3.0, "when": when}}}
    paid = by_month(play(firm(client(customer_for_months=61.0), segments=segments)), "revenue")
    assert {m: round(a, 6) for m, a in enumerate(paid) if a} == dict.fromkeys(range(2, 24, 3), 15_000.0)


# Letting it go


@pytest.mark.parametrize(("month", "notice"), [(7.5, 0.0), (7.5, 3.25), (0.0, 0.0), (0.0, 5.5), (12.0, 6.0), (23.9, 0)])
def test_a_release_ends_at_the_end_of_its_notice(month, notice):
    today, last = firm(client(fixed_cost=120.0, avoidable_share=0.75)), month + notice
    outcome = play(today, events(release(month, notice)))
    assert reasons_of(outcome, today) == {"Nordwind AG": (last, "released")}
    here = np.clip(last - np.arange(24.0), 0.0, 1.0)
    assert by_month(outcome, "revenue")[1:] == pytest.approx(5000 * here, abs=1e-9)
    assert by_month(outcome, "account_fixed_costs")[1:] == pytest.approx(30 + 90 * here)
    assert outcome.npv_to_horizon == pytest.approx(worth({}, last) - 120 * span(-DELTA, 0, last) - 30 * span(-DELTA, last, 24))  # fmt: skip
    assert exact_sum(outcome.closing) == 0.0
    assert outcome.books_error <= 1e-9


def test_a_release_ignores_contracts():
    segments = {"small": SEGMENT | {"annual_churn": 0.0, "term_months": 12.0}}
    today = firm(client(customer_for_months=3.0), segments=segments)
    assert reasons_of(play(today, events(release(4.0, 1.0))), today) == {"Nordwind AG": (5.0, "released")}


def test_of_two_releases_the_earlier_last_day_counts():
    today = firm(client())
    outcome = play(today, events(release(3.0, 9.0), release(5.0, 1.0)))
    assert reasons_of(outcome, today) == {"Nordwind AG": (6.0, "released")}
    assert differing(outcome, play(today, events(release(5.0, 1.0), release(3.0, 9.0)))) == []


def test_one_that_has_left_by_itself_is_not_released():
    """And its avoidable cost ends at that moment: of 100 a month, 40."""
    today = firm(client(annual_churn=0.9, fixed_cost=100.0, avoidable_share=0.4))
    found = {r: reasons_of(play(today, events(release(12.0)), replication=r), today)["Nordwind AG"] for r in range(20)}
    assert {why == "released" for _, why in found.values()} == {True, False}
    for replication, (time, why) in found.items():
        assert why == ("released" if time == 12.0 else why)
        cost = by_month(play(today, events(release(12.0)), replication=replication), "account_fixed_costs")
        assert cost.sum() == pytest.approx(100 * time + 60 * (24 - time))


def test_a_release_beyond_the_horizon_changes_nothing():
    today = firm(client(annual_churn=0.2), customers=50)
    assert differing(play(today), play(today, events(release(24.0), release(30.0)))) == []


@pytest.mark.parametrize("churn", [0.0, 0.6])
def test_a_fixed_cost_that_cannot_be_avoided_cancels_from_every_difference(churn):
    """Releasing it gains what it costs beyond what it brings, whatever is said to be allocated to it."""
    firms = [firm(client(annual_churn=churn, fixed_cost=fixed), customers=30) for fixed in (0.0, 1e5)]
    gains = np.zeros((2, 6))
    for index, today in enumerate(firms):
        for replication in range(6):
            keep, go = (play(today, each, replication=replication) for each in (None, events(release(5.25, 1.5))))
            gains[index, replication] = go.npv_to_horizon - keep.npv_to_horizon
    assert gains[0] == pytest.approx(gains[1], abs=1e-6)
    assert gains[0].any()


def test_letting_a_client_go_that_costs_more_than_it_brings_is_worth_just_that():
    terms = {"gross_margin": 0.2, "discount": 0.15, "rebate": 0.05, "promotions": 700.0}
    today = firm(client(**terms, fixed_cost=900.0, avoidable_share=0.5), customers=200)
    gain = play(today, events(release(6.0))).npv_to_horizon - play(today).npv_to_horizon
    saved = 450 * span(-DELTA, 6.0, 24.0)
    assert gain == pytest.approx(saved - worth(terms, 18.0, start=6.0), rel=1e-9)
    assert gain > 0


@pytest.mark.parametrize(("month", "notice"), [(20.0, 9.0), (23.5, 1.0)])
def test_beyond_the_horizon_it_is_worth_what_it_brings_up_to_its_last_day(month, notice):
    ahead = worth({}, month + notice - 24.0, start=24.0)
    assert exact_sum(play(firm(client()), events(release(month, notice))).closing) == pytest.approx(ahead, rel=1e-7)


def test_closed_as_a_leak_a_release_keeps_the_client():
    import dataclasses

    from retainsim import engine
    from retainsim.draws import Luck
    from retainsim.hazards import Closed

    today = firm(client(fixed_cost=100.0, avoidable_share=1.0))
    for closed in (Closed(reasons=frozenset({"released"})), Closed(mechanisms=frozenset({"accounts"}))):
        start = dataclasses.replace(setup(today, events(release(4.0))), closed=closed)
        outcome = engine.replicate(start, Luck(0, 0))
        assert outcome.pool[-1].sum() == 1
        assert by_month(outcome, "account_fixed_costs").sum() == pytest.approx(2400.0)


# Asking for a smaller discount


def asked(discount, count=40, replications=10, **terms):
    """Return who of many clients with 40 % off accepts less, shape (replications, clients): who pays more then."""
    terms = {"discount": 0.4, "refused_factor": 1.0} | terms
    names = [f"c{i}" for i in range(count)]
    today = firm(*(client(name, **terms) for name in names), run={"months": 2})
    each = events(*(offer(discount, 1.0, name) for name in names))
    accepted = []
    for replication in range(replications):
        paid = play(today, each, replication=replication).lines["revenue"][2, [place(today, n) for n in names], 0]
        assert set(np.round(paid, 6)) <= {3000.0, round(5000 * (1 - discount), 6)}
        accepted.append(paid > 3001)
    return np.array(accepted)


NEVER = {"discounts": [0.0, 0.5], "probabilities": [0.0, 0.0]}
CURVE = {"discounts": [0.1, 0.2, 0.4], "probabilities": [0.0, 0.6, 0.9]}


@pytest.mark.parametrize(
    ("discount", "accepts", "expected"),
    [(0.0, None, 0.2), (0.3, None, 0.8), (0.15, CURVE, 0.3), (0.2, CURVE, 0.6), (0.3, CURVE, 0.75)],
)
def test_it_accepts_as_often_as_its_curve_says(discount, accepts, expected):
    found = asked(discount, accepts=accepts)
    assert theory.within(found.mean(), expected, theory.binomial_se(expected, found.size)), (found.mean(), expected)


def test_below_the_curve_nobody_accepts_and_beyond_today_everybody_does():
    assert not asked(0.05, accepts=CURVE, replications=2).any()
    today = firm(client(discount=0.4, accepts=NEVER))
    for generous in (0.4, 0.5):
        paid = by_month(play(today, events(offer(generous))), "revenue")
        assert paid[24] == pytest.approx(5000 * (1 - generous))


def test_who_accepts_a_smaller_discount_accepts_a_larger_one():
    found = [asked(discount, replications=3) for discount in (0.0, 0.1, 0.2, 0.3)]
    for harder, easier in zip(found, found[1:], strict=False):
        assert (easier >= harder).all()
        assert (easier > harder).any()


def test_the_luck_of_accepting_is_the_clients_own_in_every_arm_and_at_every_time():
    today = firm(client(discount=0.4, refused_factor=1.0), client("Other", discount=0.4), customers=20)
    for replication in range(12):
        outcomes = [
            play(today, events(offer(0.2, month), *more), replication=replication).lines["revenue"][24, place(today), 0]
            for month, more in ((3.0, ()), (7.5, ()), (7.5, (offer(0.1, 2.0, "Other"), release(2.5, 1.0, "Other"))))
        ]
        assert len(set(outcomes)) == 1


def test_who_accepts_pays_more_from_that_moment():
    today = firm(client(discount=0.4, rebate=0.1, accepts={"discounts": [0.0, 0.4], "probabilities": [1.0, 1.0]}))
    paid = by_month(play(today, events(offer(0.1, 6.25))), "revenue")
    assert paid[1:] == pytest.approx([2500.0] * 6 + [2500 * 0.25 + 4000 * 0.75] + [4000.0] * 17)
    costs = by_month(play(today, events(offer(0.1, 6.25))), "cost_of_sales")
    assert costs[1:] == pytest.approx([1000.0] * 24)


@pytest.mark.parametrize("factor", [1.0, 3.0, 0.0])
def test_who_refuses_leaves_at_another_rate_from_that_moment(factor):
    """Survival of a year: exp(-h (t + factor (12 - t))), in 400 clients; who leaves before is not asked."""
    names, hazard = [f"c{i}" for i in range(40)], -math.log(0.8) / 12
    terms = {"discount": 0.4, "annual_churn": 0.2, "refused_factor": factor, "accepts": NEVER}
    today = firm(*(client(name, **terms) for name in names), run={"months": 12})
    each = events(*(offer(0.1, 4.5, name) for name in names))
    stayed = sum(int(play(today, each, replication=r).pool[12].sum()) for r in range(10))
    expected = math.exp(-hazard * (4.5 + 7.5 * factor))
    assert theory.within(stayed / 400, expected, theory.binomial_se(expected, 400)), (stayed / 400, expected)


def test_who_refuses_pays_what_it_did():
    today = firm(client(discount=0.4, accepts=NEVER))
    wanted, found = play(today), play(today, events(offer(0.1)))
    assert differing(wanted.lines, found.lines) == []


def test_an_offer_as_good_as_what_was_agreed_before_is_accepted():
    """It has come down from 40 to 10 %, so 15 % is a gift, though its curve would refuse it."""
    curve = {"discounts": [0.10, 0.11, 0.15, 0.4], "probabilities": [1.0, 0.0, 0.0, 1.0]}
    today = firm(client(discount=0.4, accepts=curve))
    paid = by_month(play(today, events(offer(0.10, 3.0), offer(0.15, 8.0))), "revenue")
    assert paid[[3, 8, 9]] == pytest.approx([3000.0, 4500.0, 4250.0])


def test_a_client_that_has_gone_cannot_be_asked():
    today = firm(client(discount=0.4, accepts=NEVER), customers=20)
    with_offer = play(today, events(release(3.0), offer(0.1, 3.0), offer(0.1, 6.0)))
    assert differing(play(today, events(release(3.0))), with_offer) == []


# What the others make of it


def heard(today, each=None, **more):
    """Return what share of their price the customers present concede to themselves at the horizon."""
    from retainsim.engine import calendar

    world = world_of(today, each, **more)
    world.env.process(calendar(world))
    world.env.run(until=today.run.months)
    world.finish()
    rows = world.pool.rows()
    ours = rows[world.pool["segment"][rows] == world.segments.index("small")]
    return world.pool["accounts.conceded"][ours]


def test_customers_of_its_segment_hear_of_its_discount_at_the_rate_known_by():
    segments = CALM | {"large": CALM["small"]}
    today = firm(client(discount=0.3, known_by=0.03, conceded=0.4), customers=8000, segments=segments)
    given, expected = heard(today), -math.expm1(-0.03 * 24)
    assert set(given.tolist()) == {0.0, 0.4 * 0.3}
    assert len(given) == 4000
    assert theory.within((given > 0).mean(), expected, theory.binomial_se(expected, len(given)))


def test_they_stop_hearing_when_it_has_gone():
    today = firm(client(discount=0.3, known_by=0.05), customers=4000)
    for month, notice in ((9.0, 0.0), (6.5, 2.75)):
        given, expected = heard(today, events(release(month, notice))), -math.expm1(-0.05 * (month + notice))
        assert theory.within((given > 0).mean(), expected, theory.binomial_se(expected, len(given)))


def test_what_is_conceded_is_charged_from_the_next_stop_on():
    """Half of 30 % of 50 a month each, in expectation for all but the month in which they hear."""
    today = firm(client(discount=0.3, known_by=0.02), customers=5000)
    charged = by_month(play(today), "conceded_discounts")
    expected = 5000 * 7.5 * -np.expm1(-0.02 * np.arange(24))
    se = 7.5 * np.sqrt(5000 * np.exp(-0.02 * np.arange(24)) * -np.expm1(-0.02 * np.arange(24)))
    assert charged[1] == 0.0
    assert (np.abs(charged[1:] - expected) <= 4 * se + 1e-9).all()


def test_of_two_discounts_known_each_is_heard_of_at_its_own_rate_and_the_deeper_one_stays():
    clients = client("A", discount=0.1, known_by=0.03, conceded=1.0), client("B", discount=0.5, known_by=0.01, conceded=1.0)  # fmt: skip
    given = heard(firm(*clients, customers=6000))
    deep, none = -math.expm1(-0.01 * 24), math.exp(-0.04 * 24)
    for share, expected in (((given == 0.5).mean(), deep), ((given == 0.0).mean(), none)):
        assert theory.within(share, expected, theory.binomial_se(expected, 6000)), (share, expected)


def test_after_an_agreement_they_hear_of_the_new_discount():
    always = {"discounts": [0.0, 0.5], "probabilities": [1.0, 1.0]}
    today = firm(client(discount=0.4, known_by=0.05, conceded=1.0, accepts=always), customers=300)
    assert set(heard(today, events(offer(0.1, 0.0))).tolist()) == {0.0, 0.1}
    assert set(heard(today, events(offer(0.1, 12.0))).tolist()) == {0.0, 0.1, 0.4}


def test_where_nothing_is_paid_any_more_nothing_is_conceded():
    today = firm(client(discount=0.4, known_by=0.5, price=9.0), customers=300)
    free = arm(change=[{"set": "segments.small.price", "to": 0.0, "from_month": 12.0}])
    charged = by_month(play(today, free), "conceded_discounts")
    assert charged[12] > 0
    assert (charged[14:] == 0).all()


REFERENCE = {"reference": 0.4}


@pytest.mark.parametrize(("month", "notice"), [(0.0, 0.0), (9.25, 0.0), (6.25, 3.0)])
def test_once_it_has_gone_fewer_join_and_nobody_else_joins_differently(month, notice):
    today = firm(client(**REFERENCE), customers=20, acquisition={"ads": {"joins": 250.0}})
    stay, go = play(today), play(today, events(release(month, notice)))
    came = [dict(zip(o.present[0].tolist(), o.present[1].tolist(), strict=True)) for o in (stay, go)]
    assert came[1].items() <= came[0].items()
    last = month + notice
    times = [np.array(sorted(c.values())) for c in came]
    before, after = ([int((t[t > 0] <= last).sum()), int((t > last).sum())] for t in times)
    assert after[0] == before[0]
    kept = after[1] / before[1]
    assert theory.within(kept, 0.6, theory.binomial_se(0.6, before[1])), kept


def test_two_names_missing_multiply():
    clients = client("A", reference=0.4), client("B", reference=0.5)
    today = firm(*clients, acquisition={"ads": {"joins": 400.0}})
    stay, go = (play(today, each) for each in (None, events(release(0.0, name="A"), release(0.0, name="B"))))
    n = int(stay.joined.sum())
    assert theory.within(go.joined.sum() / n, 0.3, theory.binomial_se(0.3, n))


# The customers of the pool


LIVELY = {
    "acquisition": CHANNEL,
    "segments": {
        "small": SEGMENT | {"share": 0.7, "frailty": {"kind": "gamma", "variance": 0.5}, "moves": {"large": 0.02}},
        "large": SEGMENT | {"share": 0.3, "term_months": 6.0, "billing": {"every_months": 2.0}},
    },
}


def lives(outcome, today):
    """Return everybody who is no client: name, joined, left (none: not yet), segment, origin, reason."""
    ours, here = list(today.segments), outcome.present
    names = list(today.everyone)
    found = {}
    for index in range(len(here[0])):
        if names[here[2][index]] in ours:
            found[here[0][index]] = (here[1][index], None, names[here[2][index]], here[3][index], None)
    for name, joined, left, segment, origin, reason, _ in zip(*outcome.departed, strict=True):
        if names[segment] in ours:
            found[name] = (joined, left, names[segment], origin, today.reasons[reason])
    return found


def test_a_client_changes_nothing_in_the_life_of_any_other_customer():
    without, with_it = firm(customers=300, **LIVELY), firm(client(annual_churn=0.5), customers=300, **LIVELY)
    for replication in range(3):
        one = lives(play(without, replication=replication), without)
        for each in (None, events(release(5.0)), events(offer(0.0))):
            assert lives(play(with_it, each, replication=replication), with_it) == one


def test_a_client_changes_nothing_in_what_the_others_pay():
    without, with_it = firm(customers=300, **LIVELY), firm(client(), customers=300, **LIVELY)
    one, two = play(without), play(with_it)
    ours = [place(with_it, name) for name in without.everyone]
    for line in ("revenue", "cost_of_sales", "cost_to_serve"):
        assert np.array_equal(one.lines[line][:, :-1], two.lines[line][:, ours]), line


def test_calibration_does_not_see_it():
    """Not the bases of segments, even where it is large beside them, nor what churn is expected of them."""
    still = LIVELY | {"segments": {name: LIVELY["segments"][name] | {"moves": {}} for name in LIVELY["segments"]}}
    without, with_it = firm(customers=300, **still), firm(client(annual_churn=0.9), customers=300, **still)
    one, two = calibrate(without), calibrate(with_it)
    common = [two.bases.reasons.index(reason) for reason in one.bases.reasons]
    assert np.array_equal(two.bases.hazards[:2, common], one.bases.hazards)
    assert two.bases.frailties[:2] == one.bases.frailties
    assert np.array_equal(two.retention[:2], one.retention)
    assert two.retention[2] == pytest.approx(0.1)


def test_the_reason_released_is_there_only_where_there_are_clients():
    assert "released" in firm(client()).reasons
    assert "released" not in firm().reasons


def test_without_clients_nothing_is_opened_and_nothing_happens():
    outcome = play(firm(customers=50), events(release(3.0)))
    assert not {"promotions", "account_fixed_costs", "conceded_discounts"} & outcome.lines.keys()
    assert differing(outcome, play(firm(customers=50))) == []


def test_terms_at_zero_are_those_of_any_customer():
    """A client with every setting at its default pays and costs what a customer of its segment does."""
    today = firm({"name": "A", "segment": "small"}, customers=1)
    outcome = play(today)
    assert np.array_equal(outcome.lines["revenue"][:, place(today, "A")], outcome.lines["revenue"][:, 0])


def test_whom_it_refers_is_an_ordinary_customer_of_its_segment():
    refers = {"referrals": {"rate": 0.5, "extra_margin": 0.0}}
    today = firm(client(), mechanisms=refers)
    outcome = play(today)
    assert outcome.joined[:, place(today, "small")].sum() > 0
    assert outcome.joined[:, place(today)].sum() == 0
    assert outcome.pool[:, place(today)].max() == 1


def test_a_growing_client_is_valued_at_what_it_buys_now():
    world = world_of(firm(client(growth=0.2)))
    assert world.value_rate(world.pool.rows()) == pytest.approx([3995.0])


# Several of them


FULL = [
    client("Zeta", discount=0.3, known_by=0.05, reference=0.1, fixed_cost=70.0, avoidable_share=0.3, annual_churn=0.2),
    client("Alpha & Söhne", discount=0.2, known_by=0.02, promotions=11.0, reference=0.3, annual_churn=0.4, growth=0.1),
    client("mid", segment="large", discount=0.4, known_by=0.1, days_to_pay=33.0, annual_churn=0.1, fixed_cost=1 / 3),
]
DECIDED = events(release(4.25, 1.0, "Zeta"), offer(0.05, 2.0, "Alpha & Söhne"), offer(0.3, 9.5, "mid"))


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_their_order_in_the_file_cannot_be_seen_in_a_single_byte(order):
    wanted, other = (firm(*(FULL[i] for i in order), customers=200, **LIVELY) for order in ((0, 1, 2), order))
    for each in (None, DECIDED):
        assert differing(play(wanted, each), play(other, each)) == []


def test_what_they_are_called_does_not_matter_where_luck_does_not():
    plain = {"discount": 0.2, "growth": 0.1, "fixed_cost": 5.0, "reference": 0.2}
    one, two = (firm(client(name, **plain), customers=100, **LIVELY) for name in ("Nordwind AG", "aardvark_1"))
    found = [
        play(today, events(release(7.5, name=name))) for today, name in ((one, "Nordwind AG"), (two, "aardvark_1"))
    ]
    skip = ("departed.0", "present.0")
    assert [path for path in differing(*found) if path not in skip] == []


def test_all_that_clients_do_balances_whether_worked_out_by_cell_or_customer_by_customer():
    today = firm(*FULL, customers=200, firm={"tax_rate": 0.25, "inflation": 0.03}, **LIVELY)
    for replication in range(3):
        one, two = (play(today, DECIDED, replication=replication, eager=eager) for eager in (False, True))
        assert one.books_error <= 1e-9
        assert one.npv_to_horizon == pytest.approx(two.npv_to_horizon, rel=1e-9)
        assert np.array_equal(one.left, two.left)


def test_each_client_leaves_by_its_own_luck():
    """Two alike are independent: both stay a year with 0.5 x 0.5."""
    today = firm(client("A", annual_churn=0.5), client("B", annual_churn=0.5), run={"months": 12})
    both = np.array([play(today, replication=r).pool[12].sum() == 2 for r in range(120)])
    assert theory.within(both.mean(), 0.25, theory.binomial_se(0.25, 120))


# Where it is


def test_under_a_contract_it_goes_at_the_end_of_a_term():
    segments = {"small": SEGMENT | {"term_months": 6.0}}
    clients = [client(f"c{i}", annual_churn=0.6, customer_for_months=16.0) for i in range(40)]
    today = firm(*clients, segments=segments)
    times = {time for time, _ in reasons_of(play(today), today).values()}
    assert times <= {2.0, 8.0, 14.0, 20.0}
    assert len(times) > 2


def test_a_client_of_a_segment_with_beta_frailty_has_its_own_hazard():
    frail = SEGMENT | {"frailty": {"kind": "beta", "a": 0.8}, "term_months": 12.0}
    clients = [client(f"c{i}", annual_churn=0.3, term_months=1.0, customer_for_months=12.0) for i in range(150)]
    today = firm(*clients, customers=100, segments={"small": frail})
    bases = calibrate(today).bases
    ours = [place(today, c["name"]) for c in clients]
    gone = sum(int(play(today, bases=bases, replication=r).left[:13, ours].sum()) for r in range(4))
    assert theory.within(gone / 600, 0.3, theory.binomial_se(0.3, 600))


@pytest.mark.parametrize(
    ("key", "value", "line", "before", "after"),
    [
        ("discount", 0.5, "revenue", 4000.0, 2500.0),
        ("volume", 10.0, "revenue", 4000.0, 400.0),
        ("promotions", 30.0, "promotions", 7.0, 30.0),
        ("fixed_cost", 40.0, "account_fixed_costs", 20.0, 40.0),
    ],
)
def test_an_arm_may_change_its_terms(key, value, line, before, after):
    today = firm(client(discount=0.2, promotions=7.0, fixed_cost=20.0), client("Other", volume=0.0), customers=0)
    change = {"set": f"accounts.0.{key}", "to": value, "from_month": 5.5}
    paid = by_month(play(today, arm(change=[change])), line)
    assert paid[[5, 6, 7]] == pytest.approx([before, (before + after) / 2, after])


def test_an_arm_may_change_its_churn():
    today = firm(*(client(f"c{i}", annual_churn=0.2) for i in range(100)), run={"months": 12})
    each = arm(change=[{"set": f"accounts.{i}.annual_churn", "to": 0.6} for i in range(100)])
    left = sum(int(play(today, each, replication=r).left.sum()) for r in range(4))
    assert theory.within(left / 400, 0.6, theory.binomial_se(0.6, 400))


def test_half_and_half_settings_are_refused():
    for wrong, said in (
        ({"discount": 0.6, "rebate": 0.4}, "discount and rebate together are 1 of the price; at most 0.95"),
        ({"accepts": {"discounts": [0.1, 0.2], "probabilities": [0.1]}}, "at least 2"),
        ({"accepts": {"discounts": [0.1, 0.2, 0.3], "probabilities": [0.1, 0.2]}}, "3 discounts need as many"),
        ({"accepts": {"discounts": [0.2, 0.1], "probabilities": [0.1, 0.2]}}, "discounts must rise"),
    ):
        with pytest.raises(ValueError, match=said):
            Account.model_validate(client(**wrong))


def test_the_touches_it_tells_of_are_told():
    from retainsim import engine
    from retainsim.draws import Luck

    today = firm(client(discount=0.3, known_by=0.2, accepts=NEVER), customers=30)
    log = engine.replicate(setup(today, events(offer(0.1, 2.0), release(9.0))), Luck(0, 0), trace=True).trace
    told = [(what, float(t), why) for _, ts, what, whys, _, _ in log.parts for t, why in zip(ts, whys, strict=True)]
    assert ("renegotiation", 2.0, "refused") in told
    assert ("leave", 9.0, "released") in told
    hearing = [t for what, t, _ in told if what == "concession"]
    assert hearing
    assert max(hearing) <= 9.0


# What is taken as given, and what is whose


def test_an_answer_taken_as_given_is_what_luck_would_have_said():
    today = firm(client(discount=0.4, annual_churn=0.3), customers=50)
    drawn, taken = ({a: dict(offer(0.1, 3.0), answer=a) for a in ("drawn", "accepted", "refused")} for _ in range(2))
    found = set()
    for replication in range(8):
        one = play(today, events(drawn["drawn"]), replication=replication)
        same = {
            answer for answer in ("accepted", "refused")
            if not differing(one, play(today, events(taken[answer]), replication=replication))
        }  # fmt: skip
        assert len(same) == 1
        found |= same
    assert found == {"accepted", "refused"}


def test_an_offer_as_good_as_todays_cannot_be_refused():
    today = firm(client(discount=0.4, annual_churn=0.3), customers=50)
    same = play(today, events(dict(offer(0.4, 0.0), answer="refused")))
    assert differing(play(today), same) == []


def test_fixed_cost_that_would_end_with_it_counts_beyond_the_horizon_for_as_long_as_it_stays():
    """Value at month 0 of a x F from month 24 to 84, times the chance of being there, given that it is at month 24."""
    hazard = -math.log(0.9) / 12
    for inflation in (0.0, 0.05):
        growth = math.log1p(inflation) / 12
        clients = [client(annual_churn=0.1, fixed_cost=cost, avoidable_share=0.4) for cost in (0.0, 700.0)]
        free, burdened = (play(firm(each, firm={"inflation": inflation})) for each in clients)
        assert free.pool[-1].sum() == 1
        cost = 280.0 * math.exp((growth - DELTA) * 24) * span(growth - DELTA - hazard, 0.0, 60.0)
        assert exact_sum(free.closing) - exact_sum(burdened.closing) == pytest.approx(cost, rel=1e-7)


def test_what_each_segment_is_worth_adds_up_to_the_line_and_a_client_has_its_closed_form():
    today = firm(*FULL, customers=100, **LIVELY)
    outcome = play(today, DECIDED)
    for line, by_segment in outcome.segment_values.items():
        assert by_segment.sum() == pytest.approx(outcome.values[line].sum(), rel=1e-9, abs=1e-6), line
    terms = TERMS["everything"]
    outcome = play(firm(client(**terms), customers=60, **LIVELY))
    place = list(firm(client(**terms), customers=60, **LIVELY).everyone).index("Nordwind AG")
    signs = {"revenue": 1.0, "cost_of_sales": -1.0, "cost_to_serve": -1.0, "promotions": -1.0}
    own = sum(sign * outcome.segment_values[line][place] for line, sign in signs.items())
    assert own == pytest.approx(worth(terms), rel=1e-9)


@pytest.mark.parametrize(("visited", "months"), [(True, 2), (False, 1)])
def test_a_client_no_manager_visits_takes_nobodys_time(visited, months):
    """A manager who makes one visit a month sees the one other customer every other month, or every month."""
    from retainsim.engine import calendar

    managers = {"account_managers": {"managers": 1, "capacity": 1.0, "departure_per_year": 0.0}}
    world = world_of(firm(client(visited=visited), customers=1, mechanisms=managers))
    world.env.process(calendar(world))
    seen = []
    for time in np.arange(12.5, 20):
        world.env.run(until=time)
        seen.append(float(world.pool["account_managers.visited"][world.pool["segment"] == 0][0]))
    assert len(set(seen)) == 8 / months
