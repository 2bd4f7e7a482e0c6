"""Win back: who is asked, who comes back, as whom, and what it costs."""

import math

import numpy as np
import pytest
from unit.making import SEGMENT, arm, parameters, play, world

from retainsim import theory
from retainsim.engine import calendar

NAMES, JOINED, LEFT, SEGMENTS, ORIGINS, REASON, SPELLS = range(7)
REASONS = {"price": 1.0, "service": 3.0}


def asking(count=5000, annual_churn=0.5, months=24, why=None, **settings):
    return parameters(
        pool={"customers": count}, run={"months": months, "discount_rate": 0.0},
        segments={"small": SEGMENT | {"annual_churn": annual_churn, "frailty": {"kind": "gamma", "variance": 0.5}},
                  "large": SEGMENT | {"annual_churn": annual_churn, "share": 0.5}},
        acquisition={"ads": {"joins": 20.0}}, churn={"reasons": why or REASONS},
        mechanisms={"win_back": settings},
    )  # fmt: skip


def check(observed, expected, se):
    assert theory.within(observed, expected, se), f"{observed:.6g}, expected {expected:.6g} +- {se:.2g}"


def spells_of(outcome):
    """Return every spell by (name, spell): joined, left (infinity for those still there), segment, origin, reason."""
    here, gone = outcome.present, outcome.departed
    nobody = np.full(len(here[0]), -1)
    rows = (
        zip(*gone, strict=True),
        zip(here[0], here[1], nobody + np.inf, here[2], here[3], nobody, here[4], strict=True),
    )
    return {(int(row[0]), int(row[6])): tuple(float(x) for x in row[1:6]) for part in rows for row in part}


def returns(outcome):
    """Return when each came back, by (name, spell)."""
    return {who: life[0] for who, life in spells_of(outcome).items() if who[1] > 1}


# Who comes back


def test_a_binomial_share_is_asked_and_of_those_a_binomial_share_comes_back():
    outcome = play(asking(reach=0.6, accept=0.3, after_months=2.0, cost=1.0))
    due = int((outcome.departed[LEFT] + 2.0 <= 24.0).sum())
    asked, back = outcome.lines["win_back"].sum(), outcome.returned.sum()
    check(asked / due, 0.6, theory.binomial_se(0.6, due))
    check(back / asked, 0.3, theory.binomial_se(0.3, asked))
    assert outcome.books_error <= 1e-9


def test_each_leaving_is_another_chance():
    """Of those who leave a second time as many come back as of those who leave a first time."""
    outcome = play(asking(reach=0.5, accept=1.0, after_months=1.0, annual_churn=0.8, months=36))
    left, spell = outcome.departed[LEFT], outcome.departed[SPELLS]
    again = int(((spell == 2) & (left + 1.0 <= 36.0)).sum())
    back = sum(spell == 3 for _, spell in returns(outcome))
    check(back / again, 0.5, theory.binomial_se(0.5, again))


def test_they_come_back_on_the_day_they_are_asked():
    found = spells_of(play(asking(after_months=2.3, reach=1.0, accept=0.5)))
    waits = [life[0] - found[name, spell - 1][1] for (name, spell), life in found.items() if spell > 1]
    assert len(waits) > 500
    assert waits == pytest.approx([2.3] * len(waits))


def test_they_keep_their_name_segment_and_origin_and_count_their_spells():
    found = spells_of(play(asking(after_months=1.0, reach=1.0, accept=0.9, annual_churn=0.8, months=36)))
    for (name, spell), life in found.items():
        before = found[name, 1]
        assert life[2:4] == before[2:4]
        assert spell == 1 or found[name, spell - 1][1] < life[0]
    assert {1, 2, 3, 4} <= {spell for _, spell in found}
    assert {origin for _, _, _, origin, _ in found.values()} == {0.0, 1.0}


def test_who_returned_has_not_joined():
    bare, outcome = (play(asking(reach=reach, accept=0.5, after_months=1.0)) for reach in (0.0, 1.0))
    assert np.array_equal(bare.joined, outcome.joined)
    assert outcome.returned.sum() == len(returns(outcome)) > 500
    assert len(np.unique(outcome.present[0])) == len(outcome.present[0])


def test_a_person_is_the_same_after_coming_back():
    """Frailty of the opening pool is drawn given survival: drawn anew on return it would be another."""
    here = world(asking(after_months=1.0, reach=1.0, accept=1.0))
    rows = here.pool.rows()
    before = dict(zip(here.pool["name"][rows].tolist(), here.pool["frailty"][rows].tolist(), strict=True))
    here.env.process(calendar(here))
    here.env.run(until=12)
    here.settle()
    rows = here.pool.rows()[here.pool["spell"][here.pool.rows()] > 1]
    rows = rows[here.pool["origin"][rows] == 0]
    assert len(rows) > 1000
    assert here.pool["frailty"][rows].tolist() == [before[name] for name in here.pool["name"][rows].tolist()]


def test_each_spell_has_fuses_of_its_own():
    found = spells_of(play(asking(after_months=1.0, reach=1.0, accept=0.9, annual_churn=0.8, months=60)))
    pairs = [
        (found[name, 2][1] - found[name, 2][0], life[1] - life[0])
        for (name, spell), life in found.items() if spell == 3 and life[1] < 30.0
    ]  # fmt: skip
    assert len(pairs) > 300
    assert all(abs(one - two) > 1e-9 for one, two in pairs)


# For which reasons


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [(None, ["involuntary", "price"]), (["price"], ["price"]), (["lapsed", "released"], ["lapsed", "released"]), ([], [])],
    ids=str,
)  # fmt: skip
def test_only_who_left_for_a_reason_that_it_works_for_is_asked(chosen, wanted):
    reasons = dict.fromkeys(("involuntary", "lapsed", "price", "released"), 1.0)
    settings = {} if chosen is None else {"reasons": chosen}
    outcome = play(asking(why=reasons, reach=1.0, accept=1.0, after_months=1.0, cost=1.0, **settings))
    found = spells_of(outcome)
    why = [sorted(reasons)[int(found[name, spell - 1][4])] for name, spell in returns(outcome)]
    assert set(why) == set(wanted)
    assert outcome.lines["win_back"].sum() == len(why)


def test_named_clients_are_not_asked():
    client = {"name": "Acme", "segment": "small", "annual_churn": 0.99}
    tables = {"accounts": [client], "mechanisms": {"win_back": {"reach": 1.0, "accept": 1.0, "cost": 1.0}}}
    outcome = play(parameters(pool={"customers": 0}, acquisition={"ads": {"joins": 0.0}}, **tables))
    assert outcome.left.sum() == 1
    assert outcome.returned.sum() == outcome.lines["win_back"].sum() == 0


# What it costs, and what becomes of them


def test_each_one_asked_is_paid_for_in_the_month_in_which_it_is_asked():
    outcome = play(asking(reach=1.0, accept=0.0, after_months=2.5, cost=4.0))
    months = np.bincount(np.ceil(outcome.departed[LEFT] + 2.5).astype(int), minlength=28)[:25]
    assert outcome.lines["win_back"].sum(axis=(1, 2)) == pytest.approx(4.0 * months)
    by_cell = outcome.lines["win_back"][:, :-1, :-1].sum(axis=0)
    assert (by_cell > 0).sum() == by_cell.size
    assert outcome.lines["win_back"].sum() == by_cell.sum()


def test_nobody_is_asked_beyond_the_horizon():
    outcome = play(asking(reach=1.0, accept=1.0, after_months=24.0, cost=4.0))
    assert outcome.returned.sum() == outcome.lines["win_back"].sum() == 0


def test_asked_at_once_they_come_back_by_the_next_settlement():
    found = spells_of(play(asking(after_months=0.0, reach=1.0, accept=1.0)))
    late = [life[0] - found[name, spell - 1][1] for (name, spell), life in found.items() if spell > 1]
    assert len(late) > 1000
    assert 0.0 < min(late) <= max(late) <= 1.0 + 1e-9


@pytest.mark.parametrize("factor", [0.0, 0.5, 3.0])
def test_the_hazard_of_those_who_came_back_is_multiplied(factor):
    """Without frailty: of those back, leavings over months at risk are factor x -ln(1 - 0.5) / 12."""
    segments = {"small": SEGMENT | {"annual_churn": 0.5}}
    settings = {"reach": 1.0, "accept": 1.0, "after_months": 1.0, "hazard_factor": factor}
    today = parameters(pool={"customers": 20_000}, segments=segments, mechanisms={"win_back": settings})
    second = np.array([life[:2] for who, life in spells_of(play(today)).items() if who[1] > 1])
    months, gone = (np.minimum(second[:, 1], 24.0) - second[:, 0]).sum(), np.isfinite(second[:, 1]).sum()
    wanted = factor * -math.log(0.5) / 12
    check(gone / months, wanted, math.sqrt(wanted / months))


def test_an_arm_may_change_the_hazard_of_those_who_are_back():
    change = {"set": "mechanisms.win_back.hazard_factor", "to": 0.0, "from_month": 12.0}
    outcome = play(asking(reach=1.0, accept=1.0, after_months=1.0), arm(change=[change]))
    left = outcome.departed[LEFT][outcome.departed[SPELLS] > 1]
    assert len(left) > 300
    assert left.max() <= 12.0


# Luck


@pytest.mark.parametrize("key", ["reach", "accept"])
def test_trying_harder_only_adds_returns(key):
    less, more = (
        returns(play(asking(after_months=1.0, **{"reach": 0.6, "accept": 0.6} | {key: x}))) for x in (0.3, 0.9)
    )
    first = {who: time for who, time in less.items() if who[1] == 2}
    assert first.items() <= more.items()
    assert len(more) > 2 * len(less)


def test_saving_customers_changes_nobody_elses_return():
    """Who leaves at the same time in both arms comes back at the same time in both, or in neither."""
    today = asking(after_months=1.0, reach=0.8, accept=0.5)
    one, two = (
        spells_of(play(today, arm(retention={"churn": 0.5, "reasons": ["price"]}), factor=f)) for f in (1.0, 0.5)
    )
    same = [who for who, life in one.items() if who in two and life[1] == two[who][1] < math.inf]
    assert len(same) > 1000
    for name, spell in same:
        back = [found[name, spell + 1][0] if (name, spell + 1) in found else None for found in (one, two)]
        assert back[0] == back[1]


def test_what_an_arm_changes_acts_from_its_month_on():
    change = {"set": "mechanisms.win_back.reach", "to": 0.0, "from_month": 8.5}
    outcome = play(asking(reach=1.0, accept=1.0, after_months=2.0), arm(change=[change]))
    assert 8.0 < max(returns(outcome).values()) <= 8.5


def test_asking_sooner_from_a_month_on_all_who_wait_are_asked_at_once():
    change = {"set": "mechanisms.win_back.after_months", "to": 1.0, "from_month": 6.0}
    outcome = play(asking(reach=1.0, accept=1.0, after_months=5.0), arm(change=[change]))
    times = np.array(list(returns(outcome).values()))
    overdue = (outcome.departed[LEFT][outcome.departed[SPELLS] == 1] + 5.0 > 6.0) & (
        outcome.departed[LEFT][outcome.departed[SPELLS] == 1] + 1.0 <= 6.0
    )
    assert ((times > 6.0) & (times < 6.0 + 1e-9)).sum() == overdue.sum() > 500


def test_the_slow_way_round_the_same_customers_come_back():
    """Working everybody out at every settlement, they come back at the same times to 1e-9 months."""
    lazy, eager = (returns(play(asking(reach=0.7, accept=0.5), eager=each)) for each in (False, True))
    assert lazy.keys() == eager.keys()
    assert all(eager[who] == pytest.approx(time, abs=1e-9) for who, time in lazy.items())


@pytest.mark.parametrize(
    "wrong", [{"reach": 1.1}, {"accept": -0.1}, {"after_months": -1.0}, {"cost": -1.0}, {"hazard_factor": -1.0}, {"calls": 2}],
    ids=str,
)  # fmt: skip
def test_bad_values_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        asking(**wrong)
