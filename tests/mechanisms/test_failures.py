"""Failures: what each adds, what a recovery takes back and when, and what two of them close together do."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, setup, world

from retainsim import engine, theory
from retainsim.draws import Luck
from retainsim.engine import calendar

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
SAFE = {"strain": 1e-9, "reason": "service"}
"""So little strain that nobody leaves of it: then every failure of every customer can be followed."""
TOUCHES = ("failure", "complaint", "recovery", "unresolved")


def failing(count=5000, months=12, segments=FIXED, others=None, **failures):
    return parameters(
        pool={"customers": count}, segments=segments, run={"months": months, "discount_rate": 0.0},
        mechanisms={"failures": {"reason": "service"} | failures} | (others or {}),
    )  # fmt: skip


def lived(today, each=None, replication=0):
    """Return what passed, by touch: names, times, whys in order of name and time; and what the line came to."""
    outcome = engine.replicate(setup(today, each), Luck(0, replication), trace=True)
    log = {}
    for touch in TOUCHES:
        parts = [part for part in outcome.trace.parts if part[2] == touch]
        names, times, whys = (np.concatenate([part[i] for part in parts] or [np.zeros(0)]) for i in (0, 1, 3))
        order = np.lexsort((times, names))
        log[touch] = names[order], times[order], whys[order]
    return log, outcome


def stays(outcome):
    """Return when each customer leaves by name, infinity for those still there."""
    gone = dict(zip(outcome.departed[0].tolist(), outcome.departed[2].tolist(), strict=True))
    return gone | dict.fromkeys(outcome.present[0].tolist(), math.inf)


def strains(today, months):
    """Return names and the strain of each at the end of a month, and all that failed to whom and when."""
    here = world(today)
    here.env.process(calendar(here))
    here.env.run(until=months)
    here.settle()
    rows = here.pool.rows()
    return here.pool["name"][rows], here.churn.strain_on(rows)


def check(observed, expected, se):
    assert theory.within(observed, expected, se), f"{observed:.6g}, expected {expected:.6g} +- {se:.2g}"


# What becomes of a failure


def test_failures_complaints_and_recoveries_come_in_their_shares():
    """Poisson failures at 0.5 a month; binomial shares of them, 0.6 complained about, 0.3 of those made good."""
    log, outcome = lived(failing(months=24, rate=0.5, complain=0.6, made_good=0.3, recovery_months=0.0, **SAFE))
    failures, complaints, recoveries, unresolved = (len(log[touch][0]) for touch in TOUCHES)
    assert outcome.left.sum() == 0
    check(failures, 60_000, math.sqrt(60_000))
    check(complaints / failures, 0.6, theory.binomial_se(0.6, failures))
    check(recoveries / complaints, 0.3, theory.binomial_se(0.3, complaints))
    assert recoveries + unresolved == complaints


def test_a_complaint_is_made_good_after_an_exponential_wait_in_time_or_late():
    """Of those due within the horizon; waits of mean 0.4 are over within 0.25 with 1 - exp(-0.25 / 0.4)."""
    settings = {"complain": 1.0, "made_good": 1.0, "recovery_months": 0.4, "in_time_months": 0.25}
    log, _ = lived(failing(count=20_000, rate=0.02, second_within=0.0, **settings, **SAFE))
    once = np.isin(log["failure"][0], *[n[c == 1] for n, c in [np.unique(log["failure"][0], return_counts=True)]])
    early = once & (log["failure"][1] < 8.0)
    felt = dict(zip(log["failure"][0][early].tolist(), log["failure"][1][early].tolist(), strict=True))
    made = {
        name: (time - felt[name], why) for name, time, why in zip(*log["recovery"], strict=True) if int(name) in felt
    }
    waits = np.array([wait for wait, _ in made.values()])
    assert len(made) == len(felt) > 2000
    check(waits.mean(), 0.4, 0.4 / math.sqrt(len(waits)))
    check((waits <= 0.25).mean(), -math.expm1(-0.25 / 0.4), theory.binomial_se(-math.expm1(-0.25 / 0.4), len(waits)))
    assert all((why == "in_time") == (wait <= 0.25) for wait, why in made.values())


def test_who_has_left_is_not_made_good_any_more_and_costs_nothing():
    segments = {"small": SEGMENT | {"annual_churn": 0.9}}
    settings = {"rate": 0.5, "complain": 1.0, "made_good": 1.0, "recovery_months": 2.0, "cost": 7.0}
    log, outcome = lived(failing(segments=segments, **settings))
    left = stays(outcome)
    assert all(time <= left[int(name)] for name, time, _ in zip(*log["recovery"], strict=True))
    assert outcome.lines["failures"].sum() == pytest.approx(7.0 * len(log["recovery"][0]))
    gone = sum(time < math.inf for time in left.values())
    assert gone > 4000
    assert len(log["recovery"][0]) < len(log["failure"][0])


def test_what_was_open_when_a_customer_left_is_not_made_good_after_its_return():
    """Half leave in a breach and are back at once, while complaints about what failed before are still open."""
    settings = {"rate": 2.0, "complain": 1.0, "made_good": 1.0, "recovery_months": 2.0} | SAFE
    others = {
        "breach": {"at_month": 3.0, "leave_at_once": 0.5},
        "win_back": {"reach": 1.0, "accept": 1.0, "after_months": 0.0},
    }
    log, outcome = lived(failing(count=500, others=others, **settings))
    gone = outcome.departed[0][outcome.departed[2] == 3.0]
    before = np.isin(log["failure"][0], gone) & (log["failure"][1] <= 3.0)
    names, times = log["failure"][0][before], log["failure"][1][before]
    first = np.searchsorted(names, names)  # names are in order, and so are the times of each
    waits = 2.0 * Luck(0, 0).exponential("failures.recovery", names, np.arange(len(names)) - first)
    after = set((times + waits)[times + waits > 3.0].tolist())
    assert len(gone) > 200
    assert len(after) > 200
    assert after.isdisjoint(log["recovery"][1].tolist())
    assert np.isin(log["recovery"][0][log["recovery"][1] > 3.0], gone).any()


def test_a_recovery_is_paid_for_in_the_month_in_which_it_comes():
    log, outcome = lived(failing(rate=0.1, recovery_months=1.5, cost=7.0, **SAFE))
    months = np.bincount(np.ceil(log["recovery"][1]).astype(int), minlength=13)
    assert outcome.lines["failures"].sum(axis=(1, 2)) == pytest.approx(7.0 * months)


# What it does to the customer


def left_over(now, luck, name, times, until):
    """Work out one customer's strain at `until` failure by failure, as the reference of the mechanism says it."""
    total, last = 0.0, -math.inf
    for occasion, time in enumerate(times):
        names, which = np.array([name], dtype=np.uint64), np.array([occasion])
        draw = {what: luck.uniform(f"failures.{what}", names, which)[0] for what in ("complain", "made_good")}
        wait = luck.exponential("failures.recovery", names, which)[0] * now.recovery_months
        second, last = time - last <= now.second_within, time
        eased = now.eases * (now.late_share if wait > now.in_time_months else 1.0)
        eased *= now.second_recovery_factor if second else 1.0
        good = draw["complain"] < now.complain and draw["made_good"] < now.made_good and time + wait <= until
        strain = now.strain * (now.second_factor if second else 1.0)
        total += strain * (1.0 - eased * good) * 0.5 ** ((until - time) / now.half_life)
    return total


@pytest.mark.parametrize("wait", [0.0, 0.1, 3.0], ids=["at once", "soon", "months later"])
def test_each_customers_strain_is_what_its_failures_left(wait):
    """With waits of 3 months and a failure every other month many have several complaints open at once."""
    settings = {"rate": 0.5, "complain": 0.9, "made_good": 0.9, "recovery_months": wait, "second_within": 1.5}
    today = failing(count=300, months=9, **settings, **SAFE)
    log, _ = lived(today)
    names, found = strains(today, 9)
    when = {int(n): log["failure"][1][log["failure"][0] == n] for n in names}
    wanted = [left_over(today.mechanisms.failures, Luck(0, 0), n, when[int(n)], 9.0) for n in names]
    assert found == pytest.approx(np.array(wanted), rel=1e-9, abs=1e-22)
    assert len(log["recovery"][0]) > 600


def test_hazard_after_k_failures_nobody_complains_of_is_their_faded_sum():
    """theory: each adds its strain, twice where another came within 2 months, and halves every 4."""
    today = failing(
        count=400,
        rate=0.4,
        complain=0.0,
        second_within=2.0,
        second_factor=3.0,
        half_life=4.0,
        **SAFE | {"strain": 1e-6},
    )
    log, _ = lived(today)
    names, found = strains(today, 12)
    counts = []
    for name, strain in zip(names, found, strict=True):
        times = log["failure"][1][log["failure"][0] == name]
        amounts = theory.failure_strains(times, 1e-6, within=2.0, factor=3.0)
        assert strain == pytest.approx(theory.strain_left(times, amounts, half_life=4.0, at=12.0), rel=1e-9)
        counts.append(len(times))
    assert {0, 1, 2, 5, 8} <= set(counts)


@pytest.mark.parametrize("settings", [{}, {"complain": 1.0, "eases": 1.0}, {"second_within": 1.0, "late_share": 0.0}])
def test_mean_strain_is_the_closed_form(settings):
    """Failures at 0.2 a month; a first leaves s (1 - c g e), a second F s (1 - c g e / 2) on average, waits over."""
    today = failing(count=40_000, months=15, rate=0.2, recovery_months=0.0, half_life=5.0, **SAFE, **settings)
    now = today.mechanisms.failures
    _, found = strains(today, 15)
    eased = now.complain * now.made_good * now.eases
    first, second = now.strain * (1 - eased), now.strain * now.second_factor * (1 - eased * now.second_recovery_factor)
    wanted = theory.failure_strain_mean(0.2, first, second, half_life=5.0, within=now.second_within, time=15.0)
    check(found.mean(), wanted, found.std() / math.sqrt(40_000))


def test_strain_drives_out_as_many_as_theory_says():
    """Settled 40 times a month, strain begins at most 0.025 months late; n = 12,000."""
    today = parameters(
        pool={"customers": 12_000}, segments=FIXED, run={"months": 9, "step": 0.025},
        mechanisms={"failures": {
            "reason": "service", "rate": 0.15, "complain": 0.0, "second_factor": 1.0, "strain": 0.1, "half_life": 3.0,
        }},
    )  # fmt: skip
    wanted = theory.strain_survival(9.0, 0.15, 0.1, half_life=3.0)
    outcome = play(today)
    check(outcome.pool[-1].sum() / 12_000, wanted, theory.binomial_se(wanted, 12_000))
    assert outcome.fed["failures"].sum() == pytest.approx(outcome.left.sum())


def test_they_leave_for_the_reason_that_failures_feed():
    outcome = play(failing(rate=0.3, strain=0.2))
    assert outcome.left.sum(axis=(0, 1, 2)).tolist() == [0, outcome.left.sum()]
    assert outcome.left.sum() > 1000


def test_what_is_felt_in_a_month_acts_from_its_end():
    """Who leaves within the month for another cause has not been driven out by what failed in it."""
    outcome = play(failing(segments={"small": SEGMENT | {"annual_churn": 0.9}}, months=2, rate=1.0, strain=0.5))
    assert outcome.left[1].sum() > 500
    assert outcome.fed["failures"][:2].sum() == 0.0 < outcome.fed["failures"][2].sum()


def test_above_1_a_recovery_also_takes_the_excess_of_what_other_failures_left():
    """Never below nothing: a share of 0.25 of the strain of earlier failures goes beside that of the failure."""
    settings = {"rate": 0.5, "complain": 0.5, "made_good": 1.0, "recovery_months": 0.0, "half_life": 600.0}
    settings |= {"second_recovery_factor": 1.0, "second_factor": 1.0} | SAFE
    log, _ = lived(failing(count=200, months=6, eases=1.25, **settings))
    names, found = strains(failing(count=200, months=6, eases=1.25, **settings), 6)
    wanted = []
    for name in names:
        total = 0.0
        made = log["recovery"][1][log["recovery"][0] == name]
        for month in range(1, 7):  # what is felt and made good in a month acts at its end
            times = log["failure"][1][log["failure"][0] == name]
            times = times[(times > month - 1) & (times <= month)]
            good = np.isin(times, made)
            total = (total + (~good).sum() * 1e-9) * max(0.0, 1.0 - 0.25 * good.sum())
        wanted.append(total)
    assert found == pytest.approx(np.array(wanted), rel=0.01, abs=1e-22)
    assert (found >= 0.0).all()


# Laws by which more is never less


PLAGUED = {"rate": 0.3, "strain": 0.05, "second_within": 3.0, "recovery_months": 0.5, "complain": 0.8}


def longer(one, two):
    """Return how many customers stay longer in the second outcome, after nobody has been found who leaves earlier."""
    before, after = stays(one), stays(two)
    assert before.keys() == after.keys()
    assert all(after[name] >= time - 1e-9 for name, time in before.items())
    return sum(after[name] > time + 1e-6 for name, time in before.items())


@pytest.mark.parametrize(
    ("key", "worse", "better"),
    [
        ("made_good", 0.3, 0.9), ("complain", 0.3, 0.9), ("eases", 0.2, 1.0), ("late_share", 0.0, 1.0),
        ("in_time_months", 0.1, 2.0), ("second_factor", 3.0, 1.0), ("second_recovery_factor", 0.0, 1.0),
        ("strain", 0.05, 0.02), ("half_life", 6.0, 2.0),
    ],
)  # fmt: skip
def test_what_helps_delays_leavings_and_hastens_nobodys(key, worse, better):
    settings = {"segments": {"small": SEGMENT}, "count": 1500, "months": 18}
    outcomes = [play(failing(**settings, **PLAGUED | {key: value})) for value in (worse, better)]
    assert longer(*outcomes) > 10


def test_a_failure_even_if_recovered_in_full_never_beats_none():
    """Customer by customer: everything is made good in full, and yet nobody stays longer than without failures."""
    settings = {"segments": {"small": SEGMENT}, "count": 3000, "months": 18}
    best = {"complain": 1.0, "made_good": 1.0, "eases": 1.0, "second_recovery_factor": 1.0, "late_share": 1.0}
    failed, spared = (play(failing(**settings, **PLAGUED | best | {"rate": rate})) for rate in (0.3, 0.0))
    assert longer(failed, spared) > 10


def test_at_default_a_failure_that_is_made_good_never_beats_none():
    """Customer by customer, each failure complained of and made good at once, and all else as it is by default."""
    settings = {"segments": {"small": SEGMENT}, "count": 20_000, "months": 24}
    good = {"complain": 1.0, "made_good": 1.0, "recovery_months": 0.0}
    failed, spared = (play(failing(**settings, **good, **more)) for more in ({}, {"rate": 0.0}))
    assert longer(failed, spared) > 10


def test_made_good_at_once_and_in_full_it_is_as_if_nothing_had_happened():
    settings = {"segments": {"small": SEGMENT}, "count": 3000, "months": 18}
    best = {"complain": 1.0, "made_good": 1.0, "eases": 1.0, "second_recovery_factor": 1.0, "recovery_months": 0.0}
    failed, spared = (play(failing(**settings, **PLAGUED | best | {"rate": rate})) for rate in (0.3, 0.0))
    assert longer(failed, spared) == 0


# Luck


def test_sparing_one_customer_changes_nobody_elses_failures():
    segments = {"small": SEGMENT | {"annual_churn": 0.5}}
    logs = [
        lived(failing(count=800, segments=segments, **PLAGUED), arm(retention={"churn": factor}), 0)[0]
        for factor in (1.0, 0.5)
    ]
    for touch in TOUCHES:
        one, two = ({*zip(log[touch][0].tolist(), log[touch][1].tolist(), strict=True)} for log in logs)
        assert one
        assert one <= two


def test_an_arm_may_change_how_failures_are_made_good_in_the_middle():
    change = {"set": "mechanisms.failures.made_good", "to": 0.0, "from_month": 6.0}
    log, _ = lived(failing(rate=0.3, made_good=1.0, complain=1.0, recovery_months=0.0, **SAFE), arm(change=[change]))
    assert log["recovery"][1].max() <= 6.0 < log["unresolved"][1].min()


# What cannot be meant


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": -0.1}, {"complain": 1.1}, {"made_good": -0.1}, {"eases": -0.1}, {"late_share": 2.0}, {"strain": -1.0},
        {"half_life": 0.0}, {"second_recovery_factor": 1.5}, {"cost": -1.0}, {"unknown": 1.0},
    ],
    ids=str,
)  # fmt: skip
def test_bad_values_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        failing(**wrong)
