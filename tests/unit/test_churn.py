"""Why and when customers leave: fuses, factors, strain, jolts and contracts, against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from retainsim.census import Census
from retainsim.churn import Churn
from retainsim.draws import Luck, key, name
from retainsim.hazards import Closed
from retainsim.laws import Duration
from retainsim.pool import Pool
from unit.making import EXAMPLES, firm_of, fuses

N = 5000
HAZARDS = [0.02, 0.05]
LAWS = {
    "constant": Duration(),
    "falling": Duration(power=0.6),
    "rising": Duration(power=1.5),
    "steps": Duration(knots=(6.0, 24.0), factors=(2.0, 0.5, 1.0)),
    "safe_at_first": Duration(knots=(3.0, 12.0), factors=(0.0, 1.5, 0.0)),
}
laws = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def lifetimes(law, burnt_at_end):
    """Return the tenures at which Lambda reaches amounts: infinity where it never does."""
    return law.inverse(burnt_at_end)


def first_of(amounts):
    return amounts.min(axis=0), amounts.argmin(axis=0)


def settle(churn, pool, until, step=1.0):
    """Let strain ease step by step; those who have left stay where they are."""
    for end in np.arange(step, until + step / 2, step):
        churn.settle(end - step, end)


# Fuses


@laws
def test_everybody_leaves_when_the_first_fuse_burns_through(law):
    pool, churn = firm_of(N, hazards=HAZARDS, durations=(law,))
    first, why = first_of(fuses(pool, churn) / np.array(HAZARDS)[:, None])
    assert pool["leaves"] == pytest.approx(lifetimes(law, first), rel=1e-9)
    assert np.array_equal(pool["reason"], why)


def test_frailty_burns_every_fuse_of_a_customer_faster():
    frailty = np.linspace(0.1, 5.0, N)
    pool, churn = firm_of(N, hazards=HAZARDS, frailty=frailty)
    first, _ = first_of(fuses(pool, churn) / np.array(HAZARDS)[:, None])
    assert pool["leaves"] == pytest.approx(first / frailty)


def test_lifetimes_are_exponential_and_reasons_compete_by_their_hazards():
    pool, _ = firm_of(100_000, hazards=HAZARDS)
    assert stats.kstest(pool["leaves"], stats.expon(scale=1 / 0.07).cdf).pvalue > 1e-4
    share = (pool["reason"] == 0).mean()
    assert abs(share - 2 / 7) < 4 * np.sqrt(2 / 7 * 5 / 7 / 100_000)


def test_nobody_leaves_for_a_reason_without_a_hazard():
    pool, _ = firm_of(N, hazards=[0.0, 0.05])
    assert set(pool["reason"].tolist()) == {1}
    pool, _ = firm_of(N, hazards=[0.0, 0.0])
    assert (pool["leaves"] == np.inf).all()


def test_leavers_are_those_who_have_left_by_then():
    pool, churn = firm_of(N, hazards=HAZARDS)
    assert np.array_equal(churn.leavers(7.0), np.flatnonzero(pool["leaves"] <= 7.0))


# Factors


@laws
@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_a_factor_from_a_month_on_moves_every_leaving_after_it_to_where_the_closed_form_says(law, factor):
    pool, churn = firm_of(N, hazards=HAZARDS, durations=(law,))
    allowance, before = fuses(pool, churn), pool["leaves"].copy()
    churn.multiply("test", ["a"], factor)
    churn.hold(8.0)
    at = law.cumulative(np.array([8.0]))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.array([
            at + np.maximum(allowance[0] - HAZARDS[0] * at, 0.0) / (HAZARDS[0] * factor), allowance[1] / HAZARDS[1]
        ])  # fmt: skip
    first, why = first_of(needed)
    later = before > 8.0
    assert pool["leaves"][later] == pytest.approx(lifetimes(law, first)[later], rel=1e-9)
    assert np.array_equal(pool["reason"][later & np.isfinite(first)], why[later & np.isfinite(first)])
    assert np.array_equal(pool["leaves"][~later], before[~later])


@laws
def test_factors_that_come_and_go_leave_the_hazard_gone_through_exact(law):
    pool, churn = firm_of(N, hazards=HAZARDS, durations=(law,))
    allowance = fuses(pool, churn)
    schedule = [(2.0, 0.3), (5.5, 4.0), (11.0, 1.0), (20.0, 0.7)]
    for time, factor in schedule:
        churn.multiply("test", ["a", "b"], factor)
        churn.hold(time)
    edges = np.array([0.0, *(time for time, _ in schedule), 1e6])
    factors = np.array([1.0, *(factor for _, factor in schedule)])
    passed = law.cumulative(edges)
    burnt = np.append(0.0, np.cumsum(np.diff(passed) * factors))  # of a unit hazard, at the edges
    first = (allowance / np.array(HAZARDS)[:, None]).min(axis=0)
    wanted = law.inverse(np.interp(first, burnt, passed))
    finite = first < burnt[-1]
    assert pool["leaves"][finite] == pytest.approx(wanted[finite], rel=1e-8)
    assert (pool["leaves"][~finite] > 1e5).all()


@laws
@pytest.mark.parametrize("term", [np.inf, 12.0, 5.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_lower_hazard_never_hastens_anybodys_leaving(law, term, seed):
    found = []
    for arm in (False, True):
        pool, churn = firm_of(N, hazards=HAZARDS, durations=(law,), term=term, luck=Luck(seed, 0))
        for month in range(1, 30):
            churn.multiply("season", ["a", "b"], 1.0 + 0.5 * np.sin(month))
            if arm:
                churn.multiply("test", ["a"], 0.8)
                churn.lever(["b"], np.array([0.9 if month > 6 else 1.0]))
            churn.hold(float(month))
        found.append(pool["leaves"].copy())
    assert (found[1] >= found[0] - 1e-9).all()
    assert (found[1] > found[0] + 1e-6).sum() > N / 50


def test_closing_a_leak_changes_only_those_who_would_have_left_through_it():
    pool, churn = firm_of(N, hazards=HAZARDS)
    before, why = pool["leaves"].copy(), pool["reason"].copy()
    churn.multiply("test", ["a"], 0.0)
    churn.hold(0.0)
    assert np.array_equal(pool["leaves"][why == 1], before[why == 1])
    assert (pool["leaves"][why == 0] > before[why == 0]).all()
    assert (pool["reason"] == 1).all()


def test_factors_multiply_and_sources_add_in_whatever_order_they_come():
    def table(order):
        churn = Churn(Pool(), Luck(0, 0), reasons=("a", "b"), durations=(Duration(), Duration()), origins=1)
        for index in order:
            churn.add(f"source.{index}", "a", np.array([0.1, 0.2]) / (index + 3))
            churn.multiply(f"factor.{index}", ["a"], 1.0 + index / 7)
        churn.hold(0.0)
        return churn.table

    found = table(range(6))
    assert all(found.tobytes() == table(order).tobytes() for order in ([5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3]))
    hazards = sum(np.array([0.1, 0.2]) / (i + 3) for i in range(6))
    assert found[:, 0, 0] == pytest.approx(hazards * np.prod([1 + i / 7 for i in range(6)]))
    assert (found[:, :, 1] == 0).all()


def test_a_factor_of_each_customer_works_on_its_reasons_from_its_time_on():
    pool, churn = firm_of(N, hazards=HAZARDS)
    allowance, before = fuses(pool, churn), pool["leaves"].copy()
    churn.multiply_each("test", ["b"])
    rows, factors = np.arange(0, N, 2), np.linspace(0.1, 3.0, N // 2)
    churn.set_each("test", rows, factors, 4.0)
    needed = np.array([
        allowance[0, rows] / HAZARDS[0], 4.0 + (allowance[1, rows] - 4.0 * HAZARDS[1]) / (HAZARDS[1] * factors)
    ])  # fmt: skip
    later = before[rows] > 4.0
    assert pool["leaves"][rows][later] == pytest.approx(needed.min(axis=0)[later])
    assert np.array_equal(pool["leaves"][1::2], before[1::2])


# Strain


def strained(count=N, *, half_life=6.0, hazards=(0.01, 0.01), law=None, amount=0.1, at=0.0, **more):
    """Return a pool in which everybody has been strained once, at month `at`."""
    pool, churn = firm_of(count, hazards=list(hazards), durations=(law or Duration(),), **more)
    strain = churn.add_strain("desk", "a", half_life)
    rows = np.flatnonzero(pool["leaves"] > at)
    churn.build(strain, rows, np.full(len(rows), amount), at)
    return pool, churn, strain


def burnt_through(allowance, hazard, amount, half_life, law=None):
    """Integrate hazard and decaying strain finely and return when they use the allowance up (months up to 120)."""
    times = np.linspace(0.0, 120.0, 240_001)
    ease = np.log(2) / half_life
    passed = times if law is None else law.cumulative(times)
    burnt = hazard * passed + amount * -np.expm1(-ease * times) / ease
    return np.where(allowance < burnt[-1], np.interp(allowance, burnt, times), np.inf)


@pytest.mark.parametrize(
    "law", [LAWS["constant"], LAWS["falling"], LAWS["steps"]], ids=["constant", "falling", "steps"]
)
def test_strain_eases_by_half_lives_as_a_fine_integration_does_and_the_error_halves_with_the_step(law):
    errors = []
    for step in (1.0, 0.5, 0.25):
        pool, churn, _ = strained(law=law)
        allowance = fuses(pool, churn)[0]
        settle(churn, pool, 60.0, step)
        wanted = burnt_through(allowance, 0.01, 0.1, 6.0, law)
        mine = (pool["reason"] == 0) & (wanted < 40.0) & (pool["leaves"] < 50.0)
        assert mine.sum() > N / 4
        errors.append(np.abs(pool["leaves"] - wanted)[mine].mean())
    assert errors[0] < 1.0  # months, at a step of 1
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.06)
    assert errors[2] / errors[1] == pytest.approx(0.5, abs=0.06)


def test_strain_held_for_a_step_burns_exactly_what_it_was_at_its_start():
    pool, churn, _ = strained(half_life=3.0)
    allowance = fuses(pool, churn)
    settle(churn, pool, 120.0)
    months = np.arange(121)
    burnt = np.append(0.0, np.cumsum(0.01 + 0.1 * 0.5 ** (months[:-1] / 3.0)))
    wanted = np.minimum(np.interp(allowance[0], burnt, months, right=np.inf), allowance[1] / 0.01)
    kept = wanted < 120
    assert pool["leaves"][kept] == pytest.approx(wanted[kept], abs=1e-9)


def test_strain_burns_its_own_reason_and_no_other():
    pool, churn, _ = strained(hazards=(0.0, 0.01), half_life=1e9)
    allowance = fuses(pool, churn)
    both = allowance[0] / 0.1, allowance[1] / 0.01
    assert pool["leaves"] == pytest.approx(np.minimum(*both))
    assert np.array_equal(pool["reason"], (both[1] < both[0]).astype(int))


def test_strain_is_not_stretched_by_frailty_or_by_factors():
    frailty = np.linspace(0.1, 4.0, N)
    pool, churn, _ = strained(hazards=(0.02, 0.0), half_life=1e9, frailty=frailty)
    allowance = fuses(pool, churn)[0]
    churn.multiply("test", ["a"], 0.5)
    churn.hold(0.0)
    assert pool["leaves"] == pytest.approx(allowance / (0.01 * frailty + 0.1))


def test_the_lever_works_on_strain_too():
    pool, churn, _ = strained(hazards=(0.02, 0.0), half_life=1e9)
    allowance = fuses(pool, churn)[0]
    churn.lever(["a"], np.array([0.5]))
    churn.hold(3.0)
    left = np.maximum(allowance - 3.0 * 0.12, 0.0)
    later = allowance > 0.36
    assert pool["leaves"][later] == pytest.approx(3.0 + left[later] / 0.06)


def test_the_lever_works_on_strain_also_where_a_reason_has_no_base_hazard():
    pool, churn, _ = strained(hazards=(0.0, 0.0), half_life=1e9)
    allowance = fuses(pool, churn)[0]
    churn.lever(["a"], np.array([0.5]))
    churn.hold(0.0)
    assert pool["leaves"] == pytest.approx(allowance / 0.05)


def test_a_lever_does_not_work_on_the_past_of_a_segment_that_has_strain_alone():
    pool, churn = firm_of(
        N, hazards=[[0.0, 0.0], [0.02, 0.0]], durations=(Duration(), Duration()), segments=np.arange(N) % 2
    )
    strain = churn.add_strain("desk", "a", 1e9)
    churn.build(strain, np.arange(N), np.full(N, 0.1), 0.0)
    allowance = fuses(pool, churn)[0]
    churn.lever(["a"], np.array([0.5, 0.5]))
    churn.hold(3.0)
    churn.settle(3.0, 3.0)
    alone = (pool["segment"] == 0) & (allowance > 0.3)
    assert pool["leaves"][alone] == pytest.approx(3.0 + (allowance[alone] - 0.3) / 0.05)


def test_strain_of_several_touches_adds_up():
    once, _, _ = strained(half_life=4.0, amount=0.3)
    pool, churn, strain = strained(half_life=4.0)
    churn.build(strain, np.repeat(np.arange(N), 2), np.full(2 * N, 0.1), 0.0)
    assert pool["leaves"] == pytest.approx(once["leaves"])


def test_easing_takes_a_share_away_and_never_more_than_all():
    for share, left in ((0.25, 0.075), (1.0, 0.0), (1.5, 0.0)):
        pool, churn, strain = strained(hazards=(0.01, 0.0), half_life=1e9)
        allowance = fuses(pool, churn)[0]
        churn.ease(strain, np.arange(N), share, 2.0)
        later = np.flatnonzero(allowance > 0.22)
        wanted = 2.0 + (allowance[later] - 0.22) / (0.01 + left)
        assert pool["leaves"][later] == pytest.approx(wanted)
        still = later[wanted > 6.0]
        churn.burn(still, 6.0)  # and what is burnt from then on is what was projected
        churn.project(still)
        assert pool["leaves"][still] == pytest.approx(wanted[wanted > 6.0])


def test_easing_does_not_bring_back_who_has_left_in_the_meantime():
    pool, churn, strain = strained(half_life=1e9)
    before = pool["leaves"].copy()
    churn.ease(strain, np.arange(N), 1.0, 5.0)
    assert np.array_equal(pool["leaves"][before <= 5.0], before[before <= 5.0])


@EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(["build", "ease", "factor", "lever"]), st.floats(0.0, 1.0)), max_size=6),
    st.sampled_from(sorted(LAWS)),
)
def test_settling_everybody_at_every_step_gives_the_same_leavings(events, law):
    found = []
    for eager in (False, True):
        pool, churn = firm_of(200, hazards=HAZARDS, durations=(LAWS[law],))
        strain = churn.add_strain("desk", "a", 4.0)
        churn.eager = eager
        for month, (kind, size) in enumerate(events, 1):
            churn.settle(month - 1.0, float(month))
            rows = np.arange(month, 200, 3)
            if kind == "build":
                churn.build(strain, rows, np.full(len(rows), size / 5), float(month))
            elif kind == "ease":
                churn.ease(strain, rows, size, float(month))
            elif kind == "factor":
                churn.multiply("test", ["b"], 2 * size)
            else:
                churn.lever(["a"], np.array([size]))
            churn.hold(float(month))
        found.append((pool["leaves"].copy(), pool["reason"].copy()))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-9)
    finite = np.isfinite(found[0][0])
    assert np.array_equal(found[0][1][finite], found[1][1][finite])


# A share lost at once


def test_a_jolt_loses_the_share_asked_for_whatever_their_frailty():
    n = 50_000
    frailty = np.where(np.arange(n) % 2, 5.0, 0.1)
    pool, churn = firm_of(n, hazards=[0.001, 0.001], frailty=frailty)
    rows = np.flatnonzero(pool["leaves"] > 6.0)
    churn.jolt(rows, "b", 0.04, 6.0, source="breach")
    gone = pool["leaves"][rows] == 6.0
    for half in (0, 1):
        mine = rows % 2 == half
        assert abs(gone[mine].mean() - 0.04) < 4 * np.sqrt(0.04 * 0.96 / mine.sum())
    assert (pool["reason"][rows[gone]] == 1).all()


def test_a_jolt_ignores_the_term_but_leaves_those_alone_who_have_given_notice():
    pool, churn = firm_of(N, hazards=HAZARDS, term=12.0)
    before, noticed = pool["leaves"].copy(), pool["notice"] <= 5.0
    churn.jolt(np.arange(N), "a", 0.5, 5.0, source="breach")
    assert np.array_equal(pool["leaves"][noticed], before[noticed])
    left_now = (pool["leaves"] == 5.0)[~noticed].mean()
    assert abs(left_now - 0.5) < 4 * 0.5 / np.sqrt((~noticed).sum())
    stays = pool["leaves"][~noticed & (pool["leaves"] != 5.0)]
    assert np.allclose(stays % 12.0, 0.0)


def test_who_survives_a_jolt_goes_on_as_if_nothing_had_been():
    pool, churn = firm_of(100_000, hazards=HAZARDS)
    rows = np.flatnonzero(pool["leaves"] > 6.0)
    churn.jolt(rows, "a", 0.3, 6.0, source="breach")
    later = pool["leaves"][pool["leaves"] > 6.0]
    assert stats.kstest(later - 6.0, stats.expon(scale=1 / 0.07).cdf).pvalue > 1e-4


def test_a_larger_jolt_takes_those_of_the_smaller_and_more():
    gone = []
    for share in (0.1, 0.3):
        pool, churn = firm_of(N, hazards=HAZARDS)
        churn.jolt(np.arange(N), "a", share, 0.0, source="breach")
        gone.append(pool["leaves"] == 0.0)
    assert gone[1][gone[0]].all()
    assert gone[1].sum() > gone[0].sum()


def test_a_jolt_of_everybody_leaves_nobody():
    pool, churn = firm_of(N, hazards=HAZARDS)
    churn.jolt(np.arange(N), "a", 1.0, 3.0, source="breach")
    assert (pool["leaves"] <= 3.0).all()


# Contracts


@laws
def test_under_a_contract_one_stays_to_the_next_renewal_after_the_fuse_is_through(law):
    free, _ = firm_of(N, hazards=HAZARDS, durations=(law,))
    bound, _ = firm_of(N, hazards=HAZARDS, durations=(law,), term=12.0)
    assert np.array_equal(bound["notice"], free["leaves"])
    assert np.array_equal(bound["reason"], free["reason"])
    finite = np.isfinite(free["leaves"])
    wait = bound["leaves"][finite] - free["leaves"][finite]
    assert (wait >= -1e-9).all()
    assert (wait < 12.0).all()
    assert np.allclose(bound["leaves"][finite] % 12.0, 0.0)
    assert (bound["leaves"][~finite] == np.inf).all()


def test_renewals_are_counted_from_joining():
    pool, churn = Pool(), None
    churn = Churn(pool, Luck(0, 0), reasons=("a",), durations=(Duration(),), origins=1)
    churn.terms[:] = 7.0
    rows = pool.append(N)
    pool.place(rows, 0)
    pool["name"][rows] = name(key("late"), np.arange(N))
    pool["joined"][rows] = pool["since"][rows] = np.linspace(0.0, 20.0, N)
    churn.light(rows)
    churn.add("base", "a", np.array([0.1]))
    churn.hold(0.0)
    tenure = pool["leaves"] - pool["joined"]
    assert np.allclose(np.round(tenure / 7.0) * 7.0, tenure)
    assert (tenure >= 7.0 - 1e-9).all()


@pytest.mark.parametrize("factor", [0.0, 10.0])
def test_notice_once_given_is_kept_whatever_changes(factor):
    pool, churn = firm_of(N, hazards=HAZARDS, term=12.0)
    strain = churn.add_strain("desk", "a", 3.0)
    before, why, noticed = pool["leaves"].copy(), pool["reason"].copy(), pool["notice"] <= 5.0
    churn.multiply("test", ["a", "b"], factor)
    churn.hold(5.0)
    churn.build(strain, np.arange(N), np.full(N, 1.0), 6.0)
    churn.ease(strain, np.arange(N), 1.0, 7.0)
    assert np.array_equal(pool["leaves"][noticed], before[noticed])
    assert np.array_equal(pool["reason"][noticed], why[noticed])
    assert not np.array_equal(pool["leaves"][~noticed], before[~noticed])


def test_a_census_splits_what_is_burnt_into_the_bases_doing_and_all_else():
    pool, churn = firm_of(100, hazards=HAZARDS, durations=(LAWS["falling"],))
    churn.add("rivals", "a", np.array([HAZARDS[0]]))
    churn.hold(0.0)
    churn.census = Census(pool, churn.hazards, (LAWS["falling"],), is_counted=False)
    passed = LAWS["falling"].cumulative(np.array([6.0]))[0]
    staying = np.flatnonzero(pool["leaves"] > 6.0)
    churn.burn(staying, 6.0)
    assert churn.census.base[0] == pytest.approx(len(staying) * passed * np.array(HAZARDS), rel=1e-9)
    assert churn.census.other[0] == pytest.approx([len(staying) * passed * HAZARDS[0], 0.0], rel=1e-9)


def test_lives_end_at_the_earliest_of_their_ends_and_for_its_reason():
    pool, churn = firm_of(3, hazards=(0.0, 0.0))
    rows = np.arange(3)
    churn.end(rows, "b", np.array([5.0, 2.0, np.inf]), source="first")
    churn.end(rows, "a", np.array([3.0, 4.0, 7.0]), source="second")
    assert pool["leaves"].tolist() == [3.0, 2.0, 7.0]
    assert [churn.reasons[i] for i in pool["reason"]] == ["a", "b", "a"]
    assert {k: v.tolist() for k, v in churn.feeds(rows, pool["leaves"]).items()} == {
        "reasons": [0.0, 0.0, 0.0], "first": [0.0, 1.0, 0.0], "second": [1.0, 0.0, 1.0],
    }  # fmt: skip


def test_a_leak_that_is_closed_ends_nobody_and_jolts_nobody():
    pool = Pool(1)
    churn = Churn(
        pool, Luck(0, 0), reasons=("a", "b"), durations=(LAWS["constant"],), origins=1,
        closed=Closed(reasons=frozenset({"a"}), mechanisms=frozenset({"rivals"})),
    )  # fmt: skip
    rows = pool.append(5)
    churn.light(rows)
    churn.add("reasons", "a", np.array([0.1]))
    churn.add("rivals.pull", "b", np.array([0.1]))
    churn.hold(0.0)
    churn.end(rows, "a", np.full(5, 1.0), source="accounts")
    churn.end(rows, "b", np.full(5, 1.0), source="rivals")
    churn.jolt(rows, "a", 1.0, 2.0, source="breach")
    assert not churn.table.any()
    assert np.isinf(pool["leaves"]).all()


def test_a_notice_withdrawn_is_no_notice():
    pool, churn = firm_of(50, hazards=(0.2, 0.1), term=12.0)
    noticed = np.flatnonzero(pool["notice"] <= 6.0)
    assert len(noticed)
    before = pool["leaves"].copy()
    churn.withdraw(np.arange(50), 6.0)
    assert (pool["notice"][noticed] > 6.0).all()
    others = np.setdiff1d(np.arange(50), noticed)
    assert np.array_equal(pool["leaves"][others], before[others])
