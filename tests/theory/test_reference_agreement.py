"""The engine beside the reference: the same firm as one SimPy process per customer, with no line of code shared.

People differ, age and are bound by contracts; a leak widens in mid-month, and in one arm all leaks narrow at the
same moment. The engine plays the firm twenty times as large, so that the reference's luck is most of the error.
"""

import math

import numpy as np
import pytest
import reference
from experiment import check, mean, play, scenario

from retainsim import run

MONTHS, RUNS, LARGER = 30, 30, 20
AT, EASED = 7.3, 0.7
CHURN = {"home": 0.35, "office": 0.45, "shop": 0.25}
REASONS = {"price": 0.4, "service": 0.6}
ARMS = {"baseline": 1.0, "eased": EASED}
LAWS = {
    "home": {"variance": 0.8, "power": 0.7, "share": 0.5, "mix": 0.2, "margin": 6.0},
    "office": {"variance": 0.5, "term": 12, "share": 0.3, "mix": 0.5, "margin": 17.0},
    "shop": {"power": 1.4, "term": 5, "share": 0.2, "mix": 0.3, "margin": 10.0},
}
JOINS = {"web": 8.0, "trade": 4.0}


def business(factor):
    """Return the firm in the reference's words."""
    segments = {
        name: reference.Segment(
            share=law["share"],
            monthly_hazard=-math.log1p(-CHURN[name]) / 12,
            variance=law.get("variance", 0.0),
            power=law.get("power", 1.0),
            term_months=law.get("term"),
            margin=law["margin"],
            joiner_share=law["mix"],
        )
        for name, law in LAWS.items()
    }
    return reference.Business(
        customers=200,
        months=MONTHS,
        segments=segments,
        reasons=REASONS,
        joins=JOINS,
        event=reference.Event(at=AT, reason="price", segment=None, factor=2.5),
        arm_factor=factor,
        arm_from_month=AT,
    )


def settings(name):
    """Return a segment in the scenario's words: price x gross margin - cost to serve is its margin."""
    law = LAWS[name]
    found = {"share": law["share"], "annual_churn": CHURN[name], "price": (law["margin"] + 3) / 0.8}
    found |= {"gross_margin": 0.8, "cost_to_serve": 3.0}
    if "variance" in law:
        found["frailty"] = {"kind": "gamma", "variance": law["variance"]}
    if "power" in law:
        found["duration"] = {"kind": "power", "power": law["power"]}
    if "term" in law:
        found["term_months"] = law["term"]
    return found


@pytest.fixture(scope="module")
def plain():
    return {arm: [reference.play(business(f), seed) for seed in range(RUNS)] for arm, f in ARMS.items()}


@pytest.fixture(scope="module")
def engine():
    wider = {"set": "churn.reasons.price", "times": 2.5, "from_month": AT}
    eased = [
        {"set": f"segments.{name}.annual_churn", "to": 1 - (1 - CHURN[name]) ** EASED, "from_month": AT}
        for name in LAWS
    ]
    mix = {name: law["mix"] for name, law in LAWS.items()}
    return play(
        replications=20,
        months=MONTHS,
        customers=200 * LARGER,
        segments={name: settings(name) for name in LAWS},
        reasons=REASONS,
        acquisition={name: {"joins": rate * LARGER, "mix": mix} for name, rate in JOINS.items()},
        arms={"baseline": {"change": [wider]}, "eased": {"change": [wider, *eased]}},
        run={"seed": 81},
    )


def agree(ours, theirs, what):
    """Check that two sets of independent runs have the same mean, ours of a firm so many times as large."""
    (a, a_se), (b, b_se) = mean(np.asarray(ours) / LARGER), mean(theirs)
    check(a, b, math.hypot(a_se, b_se), f"{what}, {len(ours)} x {LARGER} against {len(theirs)} runs")


def by_run(results, arm, column, month=None):
    table = results.monthly[results.monthly["arm"] == arm]
    table = table if month is None else table[table["month"] == month]
    return table.groupby("replication")[column].sum().to_numpy()


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("month", [1, 5, 7, 8, 12, 13, 18, 24, 30])
def test_the_pool_is_as_large_as_the_references(engine, plain, arm, month):
    agree(by_run(engine, arm, "pool", month), [o.pool[month] for o in plain[arm]], f"pool at {month}, {arm}")


@pytest.mark.parametrize("arm", ARMS)
def test_as_many_come_and_go_and_for_the_same_reasons(engine, plain, arm):
    agree(by_run(engine, arm, "joined"), [sum(o.joined.values()) for o in plain[arm]], f"joined, {arm}")
    table = engine.outcomes[engine.outcomes["arm"] == arm]
    for reason in REASONS:
        agree(table[f"left_{reason}"], [o.left[reason] for o in plain[arm]], f"left for {reason}, {arm}")


@pytest.mark.parametrize("arm", ARMS)
def test_customers_spend_as_much_time_and_bring_as_much_money(engine, plain, arm):
    table = engine.outcomes[engine.outcomes["arm"] == arm]
    agree(table["customer_months"], [sum(o.person_months.values()) for o in plain[arm]], f"time, {arm}")
    agree(table["npv_to_horizon"], [o.discounted_margin for o in plain[arm]], f"discounted margin, {arm}")


def test_the_difference_between_the_arms_is_the_references(engine, plain):
    table = engine.outcomes.pivot_table(index="replication", columns="arm", values="npv_to_horizon")
    ours = (table["eased"] - table["baseline"]).to_numpy() / LARGER
    pairs = zip(plain["eased"], plain["baseline"], strict=True)  # the same people: luck is drawn on joining
    theirs = [eased.discounted_margin - before.discounted_margin for eased, before in pairs]
    (a, a_se), (b, b_se) = mean(ours), mean(theirs)
    check(a, b, math.hypot(a_se, b_se), f"gain of the arm, {len(ours)} x {LARGER} against {RUNS} runs")


def test_one_firm_spreads_from_run_to_run_as_much_as_the_references(plain):
    """At the same size: the standard deviations of pool and discounted margin agree."""
    mix = {name: law["mix"] for name, law in LAWS.items()}
    wider = {"set": "churn.reasons.price", "times": 2.5, "from_month": AT}
    small = run(
        scenario(
            months=MONTHS,
            customers=200,
            segments={name: settings(name) for name in LAWS},
            reasons=REASONS,
            acquisition={name: {"joins": rate, "mix": mix} for name, rate in JOINS.items()},
            arms={"baseline": {"change": [wider]}},
            run={"seed": 82},
        ),
        replications=RUNS,
        jobs=1,
    )
    pairs = {
        "pool": (by_run(small, "baseline", "pool", MONTHS), [o.pool[MONTHS] for o in plain["baseline"]]),
        "left": (by_run(small, "baseline", "left"), [sum(o.left.values()) for o in plain["baseline"]]),
    }
    for what, (ours, theirs) in pairs.items():
        ratio = np.std(ours, ddof=1) / np.std(theirs, ddof=1)
        check(math.log(ratio), 0.0, 1 / math.sqrt(RUNS - 1), f"log ratio of spreads of {what}, {RUNS} runs each")
