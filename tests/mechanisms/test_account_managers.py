"""Account managers: whose book, who is visited, what attention does, who leaves whom, and what it costs."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import integrate
from theory import experiment
from unit.making import SEGMENT, arm, differing, parameters, play, world

from retainsim import engine, theory
from retainsim.draws import Luck, key, name
from retainsim.mechanisms.account_managers import Mechanism, Settings
from retainsim.scenario.arms import Timeline
from retainsim.workings import book

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
REASONS = {"indifference": 1.0}
CALM = {"departure_per_year": 0.0, "unattended_factor": 1.0}
N = 20_000
NAMES = name(key("test"), np.arange(N))


def firm(count=N, *, segments=None, months=24, step=1.0, with_=None, **settings):
    more = {k: settings.pop(k) for k in ("acquisition", "churn", "pool") if k in settings}
    run = {"months": months, "discount_rate": 0.0, "step": step}
    tables = {"pool": {"customers": count, "tenure": "new"}, "churn": {"reasons": REASONS}} | more
    mechanisms = {"account_managers": CALM | settings} | (with_ or {})
    return parameters(run=run, segments=segments or {"small": SEGMENT}, mechanisms=mechanisms, **tables)


def managed(each=None, *, replication=0, **settings):
    return play(firm(**settings), each, replication=replication)


def leaving(month, **more):
    return arm(event=[{"kind": "manager_leaves", "at_month": month, **more}])


def watched(today, each=None, *, touch="visit", months=None, replication=0):
    """Play, and return the world with every touch of a kind: names and times."""
    built = world(today, each, replication=replication)
    seen = []
    built.touches.listen(touch, "test", lambda rows, times: seen.append((built.pool["name"][rows], times.copy())))
    for time in Timeline(today, each or arm()).breakpoints:
        built.env.process(engine._change(built, time))
    built.env.process(engine.calendar(built))
    built.env.run(until=months or today.run.months)
    built.settle()
    names, times = (np.concatenate([part[i] for part in seen] or [np.zeros(0)]) for i in (0, 1))
    return built, names, times


def assert_share(observed, expected, count=N):
    assert theory.within(observed, expected, theory.binomial_se(expected, count))


def stayed(outcome, month):
    return outcome.pool[month].sum() / outcome.opening.sum()


# Books


def test_books_differ_by_luck_alone():
    """Chi-square of 40 equal books: mean 39, variance 78; n = 20,000, z = 4."""
    sizes = np.bincount(book.seats(Luck(3, 0), "test", NAMES, 40), minlength=40)
    assert theory.within(((sizes - 500) ** 2 / 500).sum(), 39.0, math.sqrt(78.0))


def test_another_manager_takes_an_even_share_of_every_book_and_moves_nobody_else():
    before, after = (book.seats(Luck(3, 0), "test", NAMES, count) for count in (9, 10))
    moved = before != after
    assert (after[moved] == 9).all()
    assert_share(moved.mean(), 0.1)
    shares = np.bincount(before[moved], minlength=9) / np.bincount(before)
    assert np.abs(shares - 0.1).max() < 4 * math.sqrt(0.09 / 2200)


def test_with_no_manager_nobody_is_in_a_book():
    assert (book.seats(Luck(3, 0), "test", NAMES, 0) == -1).all()
    assert len(book.seats(Luck(3, 0), "test", NAMES[:0], 5)) == 0


def test_a_book_does_not_depend_on_who_else_is_there():
    few, many = world(firm(50, managers=7)).pool, world(firm(500, managers=7)).pool
    assert np.array_equal(few["account_managers.seat"], many["account_managers.seat"][:50])


# Attention


def test_mean_attention_is_the_mean_of_what_halves():
    for visited, start, end in ((0.0, 0.0, 1.0), (-3.0, 2.0, 2.5), (1.0, 0.5, 2.0)):
        first = max(visited, start)
        whole, _ = integrate.quad(lambda time, visited=visited: 0.5 ** ((time - visited) / 1.5), first, end)
        assert book.mean_attention(np.array([visited]), start, end, 1.5)[0] == pytest.approx(whole / (end - first))
    assert book.mean_attention(np.array([2.0, -1e9]), 0.0, 2.0, 1.5) == pytest.approx([1.0, 0.0])


def test_without_any_attention_the_hazard_has_its_factor():
    outcome = managed(managers=0, unattended_factor=2.0)
    assert_share(1 - stayed(outcome, 24), 1 - 0.7**4)


@pytest.mark.parametrize("step", [0.5, 1.0, 3.0])
def test_who_is_visited_at_every_review_has_the_mean_attention_between_them(step):
    """H = h t (1 + (u - 1)(1 - a)), a the mean of what halves over a step: exact at any step; n = 20,000."""
    fade = math.log(2) / 1.5 * step
    attention = -math.expm1(-fade) / fade
    outcome = managed(managers=10, capacity=1e5, unattended_factor=3.0, step=step)
    for month in (12, 24):
        assert_share(stayed(outcome, month), 0.7 ** (month / 12 * (1 + 2 * (1 - attention))))


@pytest.mark.parametrize("month", [1, 6, 11])
def test_going_round_a_book_in_turn_gives_the_mean_attention_of_a_whole_round(month):
    """20 books of about 1,000 at 250 visits a month: a round of 4 months, also the one before month 0."""
    built, _, _ = watched(firm(segments=FIXED, managers=20, capacity=250.0), months=month + 0.5)
    fade = math.log(2) / 1.5 * np.bincount(built.pool["account_managers.seat"]) / 250.0
    expected = (-np.expm1(-fade) / fade).mean()
    assert built.pool["account_managers.attention"].mean() == pytest.approx(expected, rel=0.01)
    assert world(firm(managers=20, capacity=250.0)).pool["account_managers.attention"].mean() == pytest.approx(
        expected, rel=0.01
    )


def test_who_joins_has_full_attention_which_fades():
    """Nobody visited: joiners of month m have gone through h (t + (u - 1)(t - (1 - 2^(-t/k)) k / ln 2)) by then."""
    tables = {"pool": {"customers": 0}, "acquisition": {"ads": {"joins": 3000.0}}}
    outcome = managed(managers=0, unattended_factor=5.0, months=6, **tables)
    hazard = -math.log(0.7) / 12

    def lost(tenure):
        kept = 1.5 / math.log(2) * -math.expm1(-tenure * math.log(2) / 1.5)
        return -math.expm1(-hazard * (tenure + 4.0 * (tenure - kept)))

    expected = 3000 * integrate.quad(lost, 0, 6)[0]
    assert theory.within(outcome.left.sum(), expected, math.sqrt(expected))


def test_up_to_the_next_stop_a_joiner_has_the_mean_attention_since_it_joined():
    tables = {"pool": {"customers": 0}, "acquisition": {"ads": {"joins": 300.0}}}
    built, _, _ = watched(firm(managers=5, unattended_factor=5.0, **tables), months=0.7)
    pool = built.pool
    attention = book.mean_attention(pool["joined"], 0.0, 0.7, 1.5)
    assert len(pool) > 100 and attention.min() < 0.9
    assert pool["factor.account_managers"] == pytest.approx(1.0 + 4.0 * (1.0 - attention))


# Visits


def test_managers_visit_what_they_have_time_for():
    """2 x 37 / 1.5 visits a month: 49.33, so 49, 49, 50, ..."""
    _, _, times = watched(firm(300, segments=FIXED, managers=2, visit_every_months=1.5, months=10))
    assert [int((times == month).sum()) for month in range(1, 10)] == [48, 50, 50] * 3


def test_in_turn_nobody_who_is_visited_has_waited_less_than_who_is_left_out():
    today = firm(300, segments=FIXED, managers=2, months=20)
    last = dict(zip(*(world(today).pool[c].tolist() for c in ("name", "account_managers.visited")), strict=True))
    built, names, times = watched(today)
    seat = dict(zip(*(built.pool[c].tolist() for c in ("name", "account_managers.seat")), strict=True))
    for month in range(1, 20):
        met = set(names[times == month].tolist())
        for mine in (0, 1):
            out = [last[n] for n in seat if seat[n] == mine and n not in met]
            assert out and max(last[n] for n in met if seat[n] == mine) <= min(out)
        last |= dict.fromkeys(met, float(month))


def test_key_accounts_may_come_first():
    sizes = {"key_accounts": {"key_share": 0.2}}
    today = firm(1000, segments=FIXED, managers=2, capacity=150.0, order="key_accounts_first", with_=sizes, months=6)
    built, names, times = watched(today)
    key_names = built.pool["name"][built.pool["key_accounts.is_key"]]
    assert 100 < len(key_names) < 300
    for month in range(1, 6):
        assert np.isin(key_names, names[times == month]).all()
    assert not np.isin(names, key_names).all()


def test_the_worst_may_come_first():
    """Frailty tells who is worst: with time for a quarter of a book, no one visited is better than one left out."""
    segments = {"small": SEGMENT | {"annual_churn": 0.01, "frailty": {"kind": "gamma", "variance": 1.0}}}
    today = firm(400, segments=segments, managers=1, capacity=100.0, order="worst_first", months=4)
    built, names, times = watched(today)
    visited = np.isin(built.pool["name"], names[times == 1.0])
    assert visited.sum() in range(95, 101)
    assert built.pool["frailty"][visited].min() > built.pool["frailty"][~visited & built.pool["present"]].max()


def covering(segments, count=1000, managers=2):
    settings = CALM | {"managers": managers, "segments": ["large"], "unattended_factor": 2.0}
    tables = {"pool": {"customers": count, "tenure": "new"}, "churn": {"reasons": REASONS}, "segments": segments}
    return parameters(mechanisms={"account_managers": settings}, **tables)


def test_only_the_segments_named_are_looked_after():
    segments = {"large": SEGMENT | {"share": 0.2}, "small": SEGMENT | {"share": 0.8}}
    built, names, _ = watched(covering(segments))
    large = built.pool["name"][built.pool["segment"] == 0]
    assert len(names) and np.isin(names, large).all()
    outcome = play(covering(segments, count=N, managers=0))
    assert_share(outcome.pool[12, 1].sum() / outcome.opening[1].sum(), 0.7, 0.8 * N)
    assert_share(outcome.pool[12, 0].sum() / outcome.opening[0].sum(), 0.7**2, 0.2 * N)


# Departures


def months_in_post(replication, **settings):
    outcome = managed(count=10, salary=1.0, segments=FIXED, replication=replication, **settings)
    return outcome.lines["account_managers"].sum(axis=(1, 2))


def renewal_variance(on, off):
    """Return the variance per month of time in post, exponential of mean `on`, then `off` months vacant (Cox 1962)."""
    return off**2 * on**2 / (on + off) ** 3


def test_somebody_is_in_post_as_long_as_an_alternating_renewal_says():
    """100 seats filled at month 0, 24 months, 3 replications: the integral of the share filled; z = 4."""
    paid = [months_in_post(r, managers=100, departure_per_year=1.5, hire_months=4.0).sum() for r in range(3)]
    expected = 100 * integrate.quad(lambda t: theory.seat_filled(1.5, 4.0, months=t), 0, 24, limit=200)[0]
    assert expected < 0.8 * 2400
    assert theory.within(np.mean(paid), expected, math.sqrt(100 * 24 * renewal_variance(8.0, 4.0) / 3))


def test_in_the_long_run_seats_are_filled_as_an_alternating_renewal_says():
    """50 seats, months 24 to 60, 2 replications: the share filled is 1 / (1 + d h / 12); z = 4."""
    paid = [months_in_post(r, months=60, managers=50, departure_per_year=2.0)[25:].sum() / 1800 for r in range(2)]
    se = math.sqrt(renewal_variance(6.0, 3.0) / (36 * 50 * 2))
    assert theory.within(np.mean(paid), theory.seat_filled(2.0, 3.0), se)


def paired(**settings):
    """Play with every manager leaving at month 6, and without, and return both: the second is what was kept."""
    tables = {"managers": N // 37, **settings}
    kept, left = managed(**tables), managed(leaving(6.0, count=N // 37), **tables)
    assert differing(kept.left[:7], left.left[:7]) == []
    return left, kept


def book_lost(**settings):
    """Return the share of the books lost 12 months after, beyond the paired run, and of how many customers."""
    left, kept = paired(**settings)
    return 1 - left.pool[18].sum() / kept.pool[18].sum(), kept.pool[18].sum()


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_what_a_departed_manager_takes_along_is_the_share_at_risk(step):
    """Beyond a paired run without the departure: 15.4 % after 12 months at any step; n = 11,700, z = 4."""
    lost, count = book_lost(step=step)
    assert_share(lost, theory.book_lost(0.154, months=12.0), count)


def test_at_default_it_is_what_has_been_measured():
    """All keys at default, attention lapsing too, in customers and in revenue: 13.2 to 17.6 % (Shi et al. 2017).

    20 % leave a year, 68 of 100 of them out of indifference; n = 14,000, so that a standard error is 0.3 points.
    """
    default = Settings(managers=1).model_dump(exclude={"managers", "departure_per_year"}, exclude_none=True)
    segments, churn = {"small": SEGMENT | {"annual_churn": 0.2}}, {"preset": "five-reasons"}
    left, kept = paired(segments=segments, churn=churn, with_={"key_accounts": {}}, **default)
    assert 0.132 < 1 - left.pool[18].sum() / kept.pool[18].sum() < 0.176
    assert 0.132 < 1 - left.lines["revenue"][19].sum() / kept.lines["revenue"][19].sum() < 0.176


def test_by_revenue_it_is_the_same_where_sizes_differ():
    """Monthly revenue 12 months later, sizes lognormal with sigma 1, so that n counts as n / exp(1); z = 4."""
    left, kept = paired(with_={"key_accounts": {}}, segments=FIXED)
    lost = 1 - left.lines["revenue"][19].sum() / kept.lines["revenue"][19].sum()
    assert_share(lost, theory.book_lost(0.154, months=12.0), N / math.e)


def test_an_overlap_and_more_bonds_divide_the_risk():
    lost, count = book_lost(handover=0.6, bonds=2.0, book_at_risk=0.5)
    assert_share(lost, theory.book_lost(0.5, months=12.0, factor=0.3), count)


def test_the_strain_halves_and_is_over_after_a_year():
    """Held for a month at a time: of what is burnt in 12 months, 2^(-k/3) in month k; nothing after."""
    outcome = managed(leaving(6.0, count=40), segments=FIXED, managers=40, book_at_risk=0.5)
    weights = 0.5 ** (np.arange(12) / 3.0)
    burnt = math.log(2) * np.cumsum(weights) / weights.sum()
    lost = 1 - outcome.pool[:, 0, 0] / N
    assert (lost[:7] == 0).all() and (lost[18:] == lost[18]).all()
    for month, amount in enumerate(burnt, start=7):
        assert_share(lost[month], -math.expm1(-amount))


def test_its_own_book_is_orphaned_and_not_visited_until_another_is_in_post():
    today = firm(300, segments=FIXED, managers=3, capacity=1e4, book_at_risk=0.0, months=12)
    built, orphans, when = watched(today, leaving(3.5, seat=1), touch="orphaned")
    ours = built.pool["name"][built.pool["account_managers.seat"] == 1]
    assert set(orphans.tolist()) == set(ours.tolist()) and set(when.tolist()) == {3.5}
    _, names, times = watched(today, leaving(3.5, seat=1))
    assert sorted(set(times[np.isin(names, ours)].tolist())) == [1, 2, 3, 7, 8, 9, 10, 11]
    assert sorted(set(times[~np.isin(names, ours)].tolist())) == list(range(1, 12))


def test_so_many_leave_and_nobody_leaves_an_empty_seat():
    today = firm(300, segments=FIXED, managers=4, book_at_risk=0.0, salary=1.0)
    assert play(today, leaving(2.0, count=3)).lines["account_managers"].sum() == pytest.approx(96 - 9)
    assert play(today, leaving(2.0, count=9)).lines["account_managers"].sum() == pytest.approx(96 - 12)
    twice = [{"kind": "manager_leaves", "at_month": m, "seat": 2} for m in (2.0, 3.0)]
    assert play(today, arm(event=twice)).lines["account_managers"].sum() == pytest.approx(96 - 3)
    assert play(today, leaving(2.0, seat=7)).lines["account_managers"].sum() == pytest.approx(96)


def test_a_higher_rate_empties_seats_more_and_other_arms_see_the_same_departures():
    tables = {"count": 40, "managers": 30, "salary": 1.0, "book_at_risk": 0.0, "segments": FIXED}
    paid = [managed(departure_per_year=d, **tables).lines["account_managers"] for d in (0.2, 1.0, 3.0)]
    assert paid[0].sum() > paid[1].sum() > paid[2].sum()
    again = managed(arm(retention={"churn": 0.9}), departure_per_year=1.0, **tables).lines["account_managers"]
    assert np.array_equal(paid[1], again)


def test_an_arm_may_change_the_rate_from_a_month_on():
    change = {"set": "mechanisms.account_managers.departure_per_year", "to": 4.0, "from_month": 12.0}
    tables = {"count": 40, "managers": 30, "salary": 1.0, "segments": FIXED}
    line = managed(arm(change=[change]), **tables).lines["account_managers"].sum(axis=(1, 2))
    assert line[1:13].tolist() == [30.0] * 12 and line[14:].max() < 30.0


# More managers


def test_more_managers_take_over_from_their_month_on_and_cost_it():
    change = {"set": "mechanisms.account_managers.managers", "to": 6, "from_month": 4.5}
    today = firm(300, segments=FIXED, managers=3, salary=10.0, months=12)
    built, _, times = watched(today, arm(change=[change]))
    assert set(built.pool["account_managers.seat"].tolist()) == set(range(6))
    assert [(times == month).sum() for month in (4, 5)] == [111, 222]
    paid = play(today, arm(change=[change])).lines["account_managers"].sum(axis=(1, 2))
    assert paid[1:].tolist() == pytest.approx([30.0] * 4 + [45.0] + [60.0] * 7)


def test_fewer_managers_and_none_at_all():
    change = [
        {"set": "mechanisms.account_managers.managers", "to": to, "from_month": m} for to, m in ((2, 3.0), (0, 6.0))
    ]
    today = firm(300, segments=FIXED, managers=5, salary=1.0, months=9)
    _, _, times = watched(today, arm(change=change))
    assert [(times == month).sum() for month in (2, 3, 5, 7)] == [185, 74, 74, 0]
    assert play(today, arm(change=change)).lines["account_managers"].sum() == pytest.approx(3 * 5 + 3 * 2)


def test_more_managers_never_lose_more():
    left = [managed(count=5000, managers=m, unattended_factor=3.0).left.sum() for m in (0, 20, 60, 200)]
    assert left == sorted(left, reverse=True) and left[0] > left[-1]


# Pay


def test_the_incentive_is_paid_on_the_retention_of_the_step_before():
    """Nobody leaves: a tenth on top of 24 months' salaries but the first."""
    line = managed(count=300, segments=FIXED, managers=4, salary=100.0, incentive=0.1).lines["account_managers"]
    assert line.sum(axis=(1, 2))[1:3] == pytest.approx([400.0, 440.0])
    assert line.sum() == pytest.approx(400.0 * 24 + 40.0 * 23)


def test_the_incentive_falls_with_retention():
    """At 30 % churn a year of n = 20,000 the bonus is 0.7 of what it can be, within 4 standard errors of 23 months."""
    line = managed(managers=10, salary=100.0, incentive=1.0).lines["account_managers"].sum(axis=(1, 2))
    bonus = line[2:] / 1000.0 - 1.0
    month = 1 - 0.7 ** (1 / 12)
    se = 12 * 0.7 * math.sqrt(month / (N * 0.7)) / math.sqrt(len(bonus))
    assert theory.within(bonus.mean(), 0.7, se)


# Coupling


def test_saving_a_customer_changes_only_its_own_book():
    """With time for everybody, books do not matter; without, who is saved takes visits from its book alone."""
    segments = {"large": SEGMENT | {"share": 0.5}, "small": SEGMENT | {"share": 0.5}}
    lever = {"retention": {"churn": 0.5, "segments": ["large"]}}
    ample = firm(3000, segments=segments, managers=20, capacity=1e5, unattended_factor=3.0, departure_per_year=0.5)
    one, two = play(ample), play(ample, arm(**lever), factor=0.5)
    assert one.left[:, 0].sum() > two.left[:, 0].sum()
    assert differing(one.left[:, 1], two.left[:, 1]) == []
    scarce = firm(3000, segments=segments, managers=20, capacity=20.0, unattended_factor=3.0)
    one, two = play(scarce), play(scarce, arm(**lever), factor=0.5)
    assert differing(one.left[:, 1], two.left[:, 1]) != []


def test_customers_of_other_books_do_not_notice_a_departure():
    """Not in a last digit, though their strain is held from one settlement to the next: nobody else is settled."""
    others_strain = {"failures": {"rate": 0.2, "strain": 0.02, "reason": "indifference"}}
    today = firm(3000, managers=3, capacity=500.0, unattended_factor=3.0, with_=others_strain)
    seat = dict(zip(*(world(today).pool[c].tolist() for c in ("name", "account_managers.seat")), strict=True))
    gone = [
        dict(zip(*(x.tolist() for x in play(today, a).departed[::2][:2]), strict=True))
        for a in (arm(), leaving(6.4, seat=0))
    ]
    others = [{n: t for n, t in each.items() if seat[n] != 0} for each in gone]
    assert others[0] == others[1]
    assert len(gone[1]) > len(gone[0])


def test_from_the_end_of_the_month_of_a_departure_what_is_at_risk_is_lost_within_a_year():
    """Everybody of 40 books at month 6.4: nobody more by month 7, 15.4 % by month 19, nobody after; n = 20,000."""
    outcome = managed(leaving(6.4, count=40), segments=FIXED, managers=40)
    lost = 1 - outcome.pool[:, 0, 0] / N
    assert lost[7] == 0 and lost[24] == lost[19]
    assert_share(lost[19], theory.book_lost(0.154, months=12.0))


def test_settled_customer_by_customer_it_comes_to_the_same():
    today = firm(1000, managers=10, unattended_factor=3.0, departure_per_year=1.0, order="worst_first")
    one, two = play(today), play(today, eager=True)
    assert one.left.sum() > 300 and differing(one.left, two.left) == []


def test_calibration_plays_the_firm_with_its_managers_where_attention_works():
    on, off = firm(10, managers=2, unattended_factor=1.5), firm(10, managers=2)
    assert Mechanism.is_coupled(on) and not Mechanism.is_closed_form(on)
    assert Mechanism.is_closed_form(off) and not Mechanism.is_coupled(off)
    assert (
        off.mechanisms.account_managers.model_copy(update={"departure_per_year": 2.0}).calm().departure_per_year == 0.0
    )


@pytest.mark.long
def test_calibrated_the_firm_loses_what_has_been_observed():
    """Standing managers on, departures off: 12-month churn of n = 60,000 is 30 %, z = 4."""
    tables = {
        "segments": {"small": SEGMENT}, "customers": 3000, "tenure": "settled", "reasons": {"indifference": 1.0},
        "mechanisms": {"account_managers": {"managers": 40, "unattended_factor": 2.0, "departure_per_year": 0.0}},
    }  # fmt: skip
    results = experiment.play(20, calibrate=True, **tables)
    kept = experiment.measured(results, "retention_12m")
    experiment.check(kept.mean(), 0.7, theory.binomial_se(0.7, 60_000), "retention")


@pytest.mark.parametrize(
    "bad",
    [{"managers": -1}, {"managers": 2.5}, {}, {"managers": 3, "book_at_risk": 1.0}, {"managers": 3, "bonds": 0.5},
     {"managers": 3, "order": "alphabetical"}, {"managers": 3, "capacity": 0.0}, {"managers": 3, "handover": 1.5}],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused(bad):
    with pytest.raises(ValidationError):
        Settings(**bad)
