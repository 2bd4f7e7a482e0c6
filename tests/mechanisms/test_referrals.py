"""Referrals: who is brought, by whom, what they are like and cost; whom anger keeps away and who is pulled along."""

import math

import numpy as np
import pytest
from experiment import check
from unit.making import SEGMENT, arm, parameters, play, world

from retainsim import scenario, theory
from retainsim.engine import calendar
from retainsim.errors import ScenarioError
from retainsim.mechanisms.referrals import Mechanism
from retainsim.units import monthly_hazard
from retainsim.workings import contagion

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
PLAIN = {"rate": 0.02, "hazard_factor": 1.0, "extra_margin": 0.0, "contagion": 1.0}


def referring(settings=None, *, count=2000, **tables):
    tables = {"segments": FIXED, "pool": {"customers": count}, "run": {"months": 24, "discount_rate": 0.0}} | tables
    return parameters(mechanisms={"referrals": PLAIN | (settings or {})}, **tables)


def test_a_pool_that_nobody_leaves_grows_at_the_rate_of_referrals():
    """Pure birth from 2,000: mean 2,000 exp(r t), variance 2,000 exp(r t) (exp(r t) - 1)."""
    growth = math.exp(0.02 * 24)
    ends = [play(referring(), replication=r).pool[-1].sum() for r in range(10)]
    assert abs(np.mean(ends) - 2000 * growth) < 4 * math.sqrt(2000 * growth * (growth - 1) / 10)


def test_children_refer_in_turn_within_the_same_month():
    """At rate 2 a month almost half of those who come in a month have been brought by somebody who came in it."""
    ends = play(referring({"rate": 1.0}, count=5000, run={"months": 1})).pool[-1].sum()
    assert abs(ends - 5000 * math.e) < 4 * math.sqrt(5000 * math.e * (math.e - 1))


def test_a_child_joins_the_segment_of_who_brought_it():
    segments = {"small": FIXED["small"] | {"share": 3.0}, "large": FIXED["small"] | {"share": 1.0}}
    joined = play(referring(segments=segments)).joined.sum(axis=(0, 2))
    assert abs(joined[0] / joined.sum() - 0.25) < 0.04


def test_a_child_of_a_named_client_joins_the_segment_of_that_client():
    client = {"name": "Nordwind", "segment": "small", "volume": 9.0, "annual_churn": 0.0}
    outcome = play(referring({"rate": 0.5}, count=0, run={"months": 4}, accounts=[client]))
    assert outcome.joined[:, 0].sum() > 0
    assert outcome.joined[:, 1].sum() == 0


def test_a_reward_is_paid_for_every_child():
    outcome = play(referring({"reward": 30.0}))
    assert outcome.lines["referrals"].sum() == pytest.approx(30.0 * outcome.joined.sum())


def test_a_child_is_the_same_person_in_every_arm_and_saving_its_parent_only_adds_children():
    today = referring(segments={"small": SEGMENT}, run={"months": 36})
    one, two = play(today), play(today, arm(retention={"churn": 0.9}), factor=0.9)
    came = [
        dict(zip(*(np.concatenate([o.present[i], o.departed[i]]).tolist() for i in (0, 1)), strict=True))
        for o in (one, two)
    ]
    assert came[0].keys() <= came[1].keys()
    assert all(came[1][n] == pytest.approx(t, abs=1e-9) for n, t in came[0].items())
    assert len(came[1]) > len(came[0])


def test_referred_customers_stay_longer():
    today = referring({"rate": 0.2, "hazard_factor": 0.5}, segments={"small": SEGMENT})
    outcome = play(today)
    exposed = outcome.alive.sum(axis=(1, 3))  # by origin, at the end of every month
    rates = outcome.left.sum(axis=(0, 1, 3)) / exposed.sum(axis=0)
    assert rates[1] / rates[0] == pytest.approx(0.5, abs=0.05)


def margin_of_children(today):
    """Return the margin a month of who was referred, over the margin of the others."""
    outcome = play(today)
    heads = outcome.alive[:, 0].sum(axis=-1)
    margins = outcome.margins[:, 0].sum(axis=-1)
    return margins[13:].sum(axis=0) / ((heads[12:-1] + heads[13:]) / 2).sum(axis=0)


def test_referred_customers_bring_more_margin_at_first():
    """With 600 months to fade in, 24 months after it is still 25 % almost all over."""
    found = margin_of_children(referring({"extra_margin": 0.25, "fades_over_months": 600}))
    assert found[0] == pytest.approx(35.0, rel=1e-2)
    assert found[1] / found[0] == pytest.approx(1.25, abs=0.01)


def test_they_bring_more_margin_also_where_margins_are_given_by_year():
    tables = {"segments": FIXED, "pool": {"customers": 2000}, "run": {"months": 24, "discount_rate": 0.0}}
    referrals = PLAIN | {"extra_margin": 0.25, "fades_over_months": 600}
    today = parameters(mechanisms={"referrals": referrals, "growth": {"margin_by_year": [420.0]}}, **tables)
    found = margin_of_children(today)
    assert found[0] == pytest.approx(35.0, rel=1e-2)
    assert found[1] / found[0] == pytest.approx(1.25, abs=0.01)


def test_referrals_and_moves_go_together():
    segments = {
        "small": FIXED["small"] | {"moves": {"large": 0.1}},
        "large": FIXED["small"] | {"moves": {"small": 0.1}},
    }
    assert play(referring(segments=segments)).books_error <= 1e-9


# Anger


ANGRY = {"rate": 0.01, "angered_by": ["breach"]}
SHOCK = {"at_month": 6.0, "leave_at_once": 0.0, "fine": 1.0, "acquisition_factor": 1.0}
ADS = {"ads": {"joins": 60.0}}


def shocked(settings=None, shock=None, **tables):
    """Return a firm whose customers a breach angers at month 6: they are known to be from the next stop, month 7."""
    mechanisms = {"referrals": PLAIN | ANGRY | (settings or {}), "breach": SHOCK | (shock or {})}
    return parameters(**({"segments": FIXED, "pool": {"customers": 1000}, "mechanisms": mechanisms} | tables))


def running(today, each=None):
    """Return a world that stops at every month's end."""
    played = world(today, each)
    played.env.process(calendar(played))
    return played


def test_the_angry_refer_nobody_until_they_are_so_no_more():
    joined = play(shocked({"rate": 0.2, "negative_weight": 0.0})).joined.sum(axis=(1, 2))
    calm = play(shocked({"rate": 0.2}, {"at_month": 60.0})).joined.sum(axis=(1, 2))
    assert np.array_equal(joined[:8], calm[:8])
    share = joined[8:10].sum() / calm[8:10].sum()
    assert share < 0.2  # those who have come since refer on
    assert joined[10] > 0.8 * joined[7]


def test_each_angry_customer_keeps_away_twice_what_a_contented_one_brings():
    """2 x 0.01 x 1,000 a month of the 60 through the channel and what newcomers bring, from month 7 to 9."""
    played, found = running(shocked(acquisition=ADS)), []
    for month in range(12):
        played.env.run(until=month + 1e-6)
        angry = (played.pool["referrals.angry_until"] > month) & played.pool["present"]
        contented = len(played.pool) - angry.sum()
        found.append((played.acquisition.factor("ads"), 1 - 2 * 0.01 * angry.sum() / (60 + 0.01 * contented)))
        assert played.acquisition.factor("referrals") == played.acquisition.factor("ads")
    assert all(factor == pytest.approx(expected) for factor, expected in found)
    assert [factor < 0.8 for factor, _ in found] == [month in (7, 8) for month in range(12)]


def test_as_many_join_less_as_are_kept_away():
    """Angry from the breach at 0.5 are 1,000 and half a month's 70; they keep 2 x 0.01 each away in months 2 to 4."""
    today = shocked(shock={"at_month": 0.5}, acquisition=ADS, run={"months": 4})
    joined = [play(today, replication=r).joined[2:, 0, 1].sum() for r in range(100)]
    contented = np.array([35.0, 75.0, 115.0])
    expected = (60.0 - 60.0 * 0.02 * 1035 / (60 + 0.01 * contented)).sum()
    check(np.mean(joined), expected, math.sqrt(expected / 100), "joins in three months, n = 100")


def test_anger_never_keeps_away_more_than_would_come():
    joined = play(shocked({"negative_weight": 99.0}, acquisition=ADS)).joined.sum(axis=(1, 2))
    assert (joined[8:10] == 0).all()
    assert (joined[10:] > 0).all()


@pytest.mark.parametrize("nothing", [{"rate": 0.0}, {"negative_weight": 0.0}, {"anger_months": 0.0}])
def test_where_warnings_weigh_nothing_as_many_join_through_channels(nothing):
    calm = play(shocked(nothing, {"at_month": 60.0}, acquisition=ADS)).joined[:, :, 1]
    assert np.array_equal(play(shocked(nothing, acquisition=ADS)).joined[:, :, 1], calm)


def test_a_spell_of_anger_begins_with_one_warning():
    played, heard = running(referring(PLAIN, count=20)), []
    played.touches.listen("warning", "test", lambda rows, times: heard.extend(zip(rows, times, strict=True)))
    times = np.array([0.25, 0.5, 0.75, 0.9])
    played.touch("hang_up", np.array([3, 3, 7, 3]), times)
    played.touch("unresolved", np.array([5, 7]), np.array([0.8, 0.85]))
    played.env.run(until=1.5)
    assert heard == [(3, 0.25), (7, 0.75), (5, 0.8)]
    assert played.pool["referrals.angry_until"][[3, 5, 7]] == pytest.approx([3.9, 3.8, 3.85])
    assert played.clocks.rate_of("referrals", np.array([2, 3, 5, 7])).tolist() == [0.02, 0.0, 0.0, 0.0]


# Contagion


PULL = {"rate": 0.2, "contagion": 1.8}


def family(settings=None, *, until=3.0, count=200, segments=None, **tables):
    """Return a world in which customers have brought others, and the rows of one who has brought two or more."""
    played = running(referring(PULL | (settings or {}), count=count, segments=segments or FIXED, **tables))
    played.env.run(until=until + 1e-6)
    parents = played.pool["referrals.parent"]
    names, counts = np.unique(parents[parents > 0], return_counts=True)
    parent = np.flatnonzero(played.pool["name"] == names[counts.argmax()])
    children = np.flatnonzero(parents == names[counts.argmax()])
    assert len(children) >= 2
    return played, parent, children


def factors(played):
    return played.pool["factor.referrals.contagion"]


def leave(played, rows, time):
    played.churn.end(rows, "price", np.full(len(rows), time), source="test")


def test_who_leaves_pulls_along_those_it_brought_and_who_brought_it():
    played, parent, children = family()
    gone = children[:1]
    leave(played, gone, 3.4)
    for month in (4.0, 5.0, 8.0):
        played.env.run(until=month + 1e-6)
        pulled = np.flatnonzero(factors(played) != 1.0)
        below = np.flatnonzero(played.pool["referrals.parent"] == played.pool["name"][gone])
        assert set(pulled) <= {*parent, *below}
        assert factors(played)[parent] == pytest.approx(1 + 0.8 * 0.5 ** (month - 3.4), rel=1e-12)


def test_the_children_of_who_leaves_are_pulled_and_it_is_over_after_ten_half_lives():
    played, parent, children = family({"rate": 0.05, "contagion": 3.0, "contagion_half_life": 0.5})
    leave(played, parent, 3.75)
    played.env.run(until=4.0 + 1e-6)
    assert factors(played)[children] == pytest.approx(1 + 2.0 * 0.5 ** (0.25 / 0.5), rel=1e-12)
    played.env.run(until=9.0 + 1e-6)
    assert (factors(played) == 1.0).all()


def test_several_who_leave_pull_together():
    played, parent, children = family({"contagion_half_life": 2.0})
    leave(played, children[:1], 3.2)
    leave(played, children[1:2], 3.6)
    played.env.run(until=4.0 + 1e-6)
    expected = (1 + 0.8 * 0.5 ** (0.8 / 2)) * (1 + 0.8 * 0.5 ** (0.4 / 2))
    assert factors(played)[parent] == pytest.approx(expected, rel=1e-12)


def test_they_are_pulled_towards_every_reason_but_failed_payments():
    reasons = {"reasons": {"price": 1.0, "involuntary": 1.0, "service": 2.0}}
    played, parent, children = family(churn=reasons, segments={"small": SEGMENT})
    before = played.churn.rates(parent)[:, 0]
    leave(played, children[:1], 3.5)
    played.env.run(until=4.0 + 1e-6)
    grown = played.churn.rates(parent)[:, 0] / before
    assert played.churn.reasons == ("involuntary", "price", "service")
    assert grown == pytest.approx([1.0, factors(played)[parent[0]], factors(played)[parent[0]]])
    assert grown[1] > 1.5


def test_nobody_is_pulled_for_good_by_the_closing_value():
    played, parent, children = family()
    leave(played, children[:1], 3.4)
    played.env.run(until=4.5)
    assert factors(played)[parent] > 1.5
    played.end_changes()
    assert (factors(played) == 1.0).all()


def test_without_contagion_nobody_is_pulled():
    played, parent, _ = family({"contagion": 1.0})
    leave(played, parent, 3.4)
    played.env.run(until=4.0 + 1e-6)
    assert (factors(played) == 1.0).all()


def test_ties_last_for_who_leaves_and_comes_back():
    played, parent, _ = family()
    assert {"referrals.parent", "referrals.tied"} <= played.pool.lasting(parent).keys()


def test_those_pulled_leave_as_the_pull_says():
    """20,000 customers refer in month 1 and leave at 1.5; their childless children by 13, with hazard h before.

    The pull is held from every month's end m on: h x (0.5 before month 2 + 1 + 0.8 x 0.5^(m - 1.5) from m to m + 1).
    """
    ended = arm(change=[{"set": "mechanisms.referrals.rate", "to": 0.0, "from_month": 1.0}])
    today = referring(PULL | {"rate": 1.0, "hazard_factor": 1.0, "contagion": 5.0}, count=20_000,
                      segments={"small": SEGMENT}, pool={"customers": 20_000, "tenure": "new"})  # fmt: skip
    played = running(today, ended)
    played.env.run(until=1.0 + 1e-6)
    leave(played, np.flatnonzero((played.pool["origin"] == 0) & played.pool["present"]), 1.5)
    parents = np.unique(played.pool["referrals.parent"])
    mine = (played.pool["origin"] == 1) & ~np.isin(played.pool["name"], parents) & played.pool["present"]
    above = np.isin(played.pool["referrals.parent"], played.pool["name"][played.pool["origin"] == 0])
    names = played.pool["name"][mine & above]
    played.env.run(until=13.0 - 1e-6)
    played.env.run(until=13.0 + 1e-6)
    stayed = np.isin(names, played.pool["name"][played.pool["present"]]).mean()
    weights = 1 + sum(1 + 4.0 * 0.5 ** (month - 1.5) for month in range(2, 13))
    expected = math.exp(-monthly_hazard(0.3) * weights)
    n = len(names)
    assert n > 10_000
    check(stayed, expected, theory.binomial_se(expected, n), f"children still there at 13, n = {n}")


@pytest.mark.parametrize(("factor", "half_life"), [(1.8, 1.0), (3.0, 1.0), (1.8, 3.0)])
def test_calibration_reckons_with_more_contagion_than_there_is_and_not_with_much_more(factor, half_life):
    """Customers who refer often, so that it can be measured: 40,000 of them, the same luck with and without."""
    law = {"rate": 0.1, "contagion_half_life": half_life}
    tables = {"pool": {"customers": 40_000, "tenure": "new"}, "run": {"months": 12}}
    left = [
        play(referring(law | {"contagion": c}, segments={"small": SEGMENT}, **tables)).left[:, :, 0].sum()
        for c in (1.0, factor)
    ]
    gained = (left[1] - left[0]) / 40_000
    reckoned = contagion.first_year(monthly_hazard(0.3), rate=0.1, child_factor=1.0, factor=factor, half_life=half_life)
    assert gained < reckoned < 2.5 * gained


@pytest.mark.parametrize(
    ("settings", "closed"),
    [({}, True), ({"contagion": 1.0, "rate": 1.0}, True), ({"rate": 0.0, "contagion": 90.0}, True),
     ({"rate": 0.02, "hazard_factor": 0.82}, True), ({"rate": 0.05}, False), ({"contagion": 30.0}, False)],
)  # fmt: skip
def test_calibration_simulates_where_contagion_moves_first_year_churn_by_a_tenth_of_a_point(settings, closed):
    assert Mechanism.is_closed_form(parameters(mechanisms={"referrals": settings})) is closed


# Bad values


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("negative_weight = -1.0", "mechanisms.referrals.negative_weight"),
        ("contagion = 0.5", "mechanisms.referrals.contagion"),
        ("contagion_half_life = 0.0", "mechanisms.referrals.contagion_half_life"),
        ("anger_months = -1.0", "mechanisms.referrals.anger_months"),
        ('angered_by = "hang_up"', "mechanisms.referrals.angered_by"),
    ],
)
def test_a_value_that_cannot_be_is_refused_where_it_stands(line, said):
    text = "[segments.small]\nprice = 1.0\nannual_churn = 0.1\n[acquisition.ads]\njoins = 1.0\n"
    with pytest.raises(ScenarioError, match=rf"<scenario>:7:\d+ {said}"):
        scenario.loads(f"{text}[mechanisms.referrals]\n{line}\n")
