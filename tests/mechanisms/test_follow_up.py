"""Follow up: when a call is due, which calls are made, whom they reach, what they do and what they cost."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from unit.making import EXAMPLES, SEGMENT, arm, parameters, play, setup, world

from retainsim import engine, theory
from retainsim.draws import Luck
from retainsim.mechanisms import follow_up
from retainsim.mechanisms.follow_up import Settings

LOYAL = {"small": SEGMENT | {"annual_churn": 0.0}}
STOPS = [{"set": "segments.small.price", "times": 1.0, "from_month": time} for time in (0.37, 1.81, 2.5, 3.99)]
"""Changes of nothing, at which the firm stops to settle all the same."""


def firm(calls=None, *, months=6, customers=0, segments=LOYAL, others=None, **tables):
    calls = {"after": ["join"], "eases": 0.0} | (calls or {})
    acquisition = {} if customers else {"ads": {"joins": 40.0}}
    tables = {"segments": segments, "acquisition": acquisition} | tables
    tables |= {"run": {"months": months}, "pool": {"customers": customers, "tenure": "new"}}
    return parameters(**(tables | {"mechanisms": {"follow_up": calls} | (others or {})}))


class Watched:
    """One replication with the touches of some kinds: names and times, in order of time."""

    def __init__(self, today, each=None, *touches, prepare=None, factor=1.0):
        self.world = world(today, each, factor=factor)
        self._heard = {touch: [] for touch in (*touches, "follow_up")}
        for touch, parts in self._heard.items():
            self.world.touches.listen(
                touch, "test", lambda rows, times, parts=parts: parts.append(self._of(rows, times))
            )
        if prepare is not None:
            prepare(self.world)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "build", lambda *_, **__: self.world)
            self.outcome = engine.replicate(setup(today, each, factor=factor), Luck(0, 0))

    def _of(self, rows, times):
        return self.world.pool["name"][rows], times

    def told(self, touch="follow_up"):
        parts = self._heard[touch] or [(np.zeros(0, np.uint64), np.zeros(0))]
        names, times = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((names, times))
        return names[order], times[order]

    def by_month(self):
        return np.bincount(np.ceil(self.told()[1]).astype(int), minlength=self.world.today.run.months + 1)


def ping(times, rows=(0,)):
    """Let something that is called ping happen to some customers at these months."""

    def prepare(found):
        def happen():
            for time in times:
                yield found.env.timeout(time - found.env.now)
                found.touch("ping", np.array(rows), np.full(len(rows), time))

        found.env.process(happen())

    return prepare


# When


def test_a_call_is_due_so_many_months_after_the_touch():
    found = Watched(firm({"after_months": 1.5}), None, "join")
    names, times = found.told("join")
    soon = times + 1.5 <= 6.0
    assert 100 < soon.sum() < len(names)
    assert found.told()[0].tolist() == names[soon].tolist()
    assert found.told()[1] == pytest.approx(times[soon] + 1.5, abs=1e-12)


@pytest.mark.parametrize(
    ("after", "calls"),
    [
        (1.0, [1.2, 2.9, 4.05]), (0.5, [0.7, 1.4, 2.4, 3.0, 3.55, 5.6]), (0.0, [0.2, 0.9, 1.15, 1.9, 2.5, 3.05, 5.1]),
    ],
)  # fmt: skip
def test_a_touch_brings_a_call_unless_one_is_to_come(after, calls):
    today = firm({"after": ["ping"], "after_months": after}, customers=1)
    found = Watched(today, prepare=ping([0.2, 0.9, 1.15, 1.9, 2.5, 3.05, 5.1]))
    assert found.told()[1] == pytest.approx(calls)


@given(
    times=st.lists(st.integers(1, 47), unique=True, max_size=20).map(lambda all_: sorted(t / 10 for t in all_)),
    after=st.sampled_from([0.05, 0.25, 1.05, 2.45]),
    stops=st.booleans(),
)
@EXAMPLES
def test_whatever_happens_there_is_one_call_to_come_at_a_time(times, after, stops):
    """Worked out touch by touch; stops of the firm in between cannot be seen."""
    wanted, last = [], -1.0
    for time in times:
        if last < time:
            last = time + after
            wanted.append(last)
    today = firm({"after": ["ping"], "after_months": after}, months=5, customers=1)
    found = Watched(today, arm(change=STOPS) if stops else None, prepare=ping(times))
    assert found.told()[1] == pytest.approx([time for time in wanted if time < 5.0])


def test_joining_which_is_the_first_purchase_brings_one_call():
    buying = {"buying": "purchases", "purchases": {"per_month": 0.01, "spend": {"kind": "same", "mean": 5.0}}}
    segments = {"small": {"annual_churn": 0.0} | buying}
    found = Watched(firm({"after": ["join", "purchase"]}, segments=segments), None, "join", "purchase")
    assert len(found.told("purchase")[0]) >= len(found.told("join")[0])
    assert len(set(zip(*(column.tolist() for column in found.told()), strict=True))) == len(found.told()[0])
    early = found.told("join")[1] <= 4.0
    assert np.isin(found.told("join")[0][early], found.told()[0]).all()


def test_what_the_desk_tells_only_when_it_serves_is_followed_up_at_the_next_occasion():
    """Worked out call by call, in a pool of which so many leave that rows are packed."""
    desk = {"agents": 0, "contacts": 1.0, "strain_per_hang_up": 0.0, "strain_per_minute": 0.0}
    calls = {"after": ["hang_up"], "after_months": 0.25}
    segments = {"small": SEGMENT | {"annual_churn": 0.95}}
    found = Watched(
        firm(calls, customers=3000, segments=segments, others={"service_desk": desk}), None, "hang_up", "leave"
    )
    gone = dict(zip(*(column.tolist() for column in found.told("leave")), strict=True))
    due, wanted = {}, []
    for name, time in zip(*(column.tolist() for column in found.told("hang_up")), strict=True):
        if due.get(name, 0.0) < time:
            due[name] = max(time + 0.25, math.ceil(time))
            wanted += [(name, due[name])] if due[name] < min(6.0, gone.get(name, math.inf)) else []
    wanted.sort(key=lambda call: (call[1], call[0]))
    assert len(gone) > 2000
    assert len(wanted) > 3000
    assert found.told()[0].tolist() == [name for name, _ in wanted]
    assert found.told()[1] == pytest.approx([time for _, time in wanted], abs=1e-12)
    assert np.ceil(found.told()[1]).min() == 2  # in the month after, to the books too


def test_who_has_left_is_not_called():
    segments = {"small": SEGMENT | {"annual_churn": 0.9}}
    found = Watched(firm({"after_months": 2.0}, segments=segments), None, "join", "leave")
    gone = dict(zip(*(column.tolist() for column in found.told("leave")), strict=True))
    due = [(n, t + 2.0) for n, t in zip(*found.told("join"), strict=True) if t + 2.0 <= 6.0]
    here = [n for n, t in due if gone.get(n, math.inf) > t]
    assert 20 < len(here) < len(due) - 20
    assert found.told()[0].tolist() == here


# Capacity


@pytest.mark.parametrize("stops", [[], STOPS], ids=["months", "stops"])
@pytest.mark.parametrize("capacity", [0.0, 30.0, 45.0, 1000.0])
def test_as_many_are_called_in_a_month_as_are_due_or_as_there_is_capacity_for(capacity, stops):
    """Exactly: calls = min(capacity, due) in every month, and they are those due first."""
    due = Watched(firm()).told()
    found = Watched(firm({"capacity_per_month": capacity}), arm(change=stops))
    month = np.ceil(due[1]).astype(int)
    assert found.by_month().tolist() == np.minimum(capacity, np.bincount(month, minlength=7)).tolist()
    rank = np.arange(len(month)) - np.searchsorted(month, month)
    assert found.told()[0].tolist() == due[0][rank < capacity].tolist()


def test_half_a_call_is_made_the_month_after():
    assert Watched(firm({"capacity_per_month": 2.5})).by_month().tolist() == [0, 0, 3, 2, 3, 2, 3]


@pytest.mark.parametrize(("to", "calls"), [(20.0, 15), (4.0, 10), (0.0, 10)])
def test_capacity_that_changes_within_a_month_counts_for_the_rest_of_it(to, calls):
    """Ten calls have been made by then; of 10 more a month half a month gives 5, of less nothing is taken back."""
    change = {"set": "mechanisms.follow_up.capacity_per_month", "to": to, "from_month": 3.5}
    made = Watched(firm({"capacity_per_month": 10.0}), arm(change=[change])).by_month()
    assert made.tolist() == [0, 0, 10, 10, calls, to, to]


# Whom it reaches


def test_the_share_reached_is_binomial_and_they_are_the_same_in_every_arm():
    today = firm({"reach": 0.6, "capacity_per_month": 1e6}, acquisition={"ads": {"joins": 1000.0}})
    arms = arm(), arm(change=[{"set": "mechanisms.follow_up.capacity_per_month", "to": 500.0}])
    traces = [engine.replicate(setup(today, each), Luck(0, 0), trace=True).trace for each in arms]
    calls = [
        {n: w for part in t.parts if part[2] == "follow_up" for n, w in zip(part[0], part[3], strict=True)}
        for t in traces
    ]
    n, reached = len(calls[0]), sum(why == "reached" for why in calls[0].values())
    assert n > 4500
    assert theory.within(reached / n, 0.6, theory.binomial_se(0.6, n))
    assert len(calls[1]) == 2500
    assert calls[1].items() <= calls[0].items()


def test_whether_a_call_reaches_its_customer_says_nothing_about_the_next():
    calls = {"after": ["ping"], "reach": 0.5, "eases": 0.5}
    found = Watched(firm(calls, months=5, customers=1000, others=WARY), prepare=ping([1.6, 3.2], range(1000)))
    left = found.world.pool["strain.breach"] / (1e-6 * 0.5 ** (3.5 / 2.0))
    counts = [np.isclose(left, share).sum() for share in (1.0, 0.5, 0.25)]
    assert sum(counts) == 1000
    for count, share in zip(counts, (0.25, 0.5, 0.25), strict=True):
        assert theory.within(count / 1000, share, theory.binomial_se(share, 1000))


# What it does


WARY = {"breach": {"at_month": 1.5, "leave_at_once": 0.0, "wary": 1e-6, "half_life": 2.0, "acquisition_factor": 1.0}}
DESK = {"service_desk": {"agents": 0, "contacts": 3.0, "strain_per_hang_up": 1e-7, "strain_per_minute": 0.0}}


def strains(found):
    return found.world.pool["strain.breach"], found.world.pool["strain.service_desk"]


@pytest.mark.parametrize("eases", [0.3, 1.0])
def test_a_call_takes_a_share_of_all_strain_from_who_is_reached(eases):
    """The call of month 2.5 acts at the end of month 3; nothing else eases what the breach has left by month 3."""
    calls = {"after": ["breach"], "reach": 0.6}
    plain, eased = (
        Watched(firm(calls | {"eases": e}, months=3, customers=400, others=WARY | DESK)) for e in (0.0, eases)
    )
    before, after = strains(plain), strains(eased)
    assert before[0] == pytest.approx(1e-6 * 0.5 ** (1.5 / 2.0))
    reached = after[0] < before[0]
    assert 180 < reached.sum() < 300
    for one, other in zip(before, after, strict=True):
        assert other[reached] == pytest.approx(one[reached] * (1 - eases), rel=1e-9, abs=1e-20)
        assert other[~reached] == pytest.approx(one[~reached], rel=1e-9)


def test_two_calls_in_a_month_ease_twice():
    calls = {"after": ["ping", "breach"], "after_months": 0.1, "reach": 1.0, "eases": 0.5}
    found = Watched(firm(calls, months=3, customers=1, others=WARY), prepare=ping([2.2, 2.6]))
    assert len(found.told()[0]) == 3
    assert found.world.pool["strain.breach"][0] == pytest.approx(1e-6 * 0.5 ** (1.5 / 2.0) * 0.125)


BOUND = {"small": SEGMENT | {"annual_churn": 0.5, "term_months": 12.0}}
ALL = range(2000)


def bound(**calls):
    return firm({"after": ["ping"], "reach": 1.0} | calls, months=14, customers=2000, segments=BOUND)


def noticed(*times, by):
    """Play it without anything but calls; return it, and who has given notice by a month."""
    found = {}

    def look(seen):
        def happen():
            yield seen.env.timeout(by)
            rows = seen.pool.rows()
            found.update(zip(seen.pool["name"][rows].tolist(), seen.pool["notice"][rows].tolist(), strict=True))

        ping(times, ALL)(seen)
        seen.env.process(happen())

    plain = Watched(bound(), prepare=look)
    return plain, {name for name, notice in found.items() if notice <= by}


def test_a_share_of_those_reached_under_notice_take_it_back_and_are_paid_for_it():
    plain, given = noticed(5.2, by=6.2)
    found = Watched(bound(withdraws=0.4, bonus=25.0), prepare=ping([5.2], ALL))
    back = found.outcome.lines["follow_up"].sum() / 25.0
    assert len(given) > 400
    assert theory.within(back / len(given), 0.4, theory.binomial_se(0.4, len(given)))
    left, left_before = ({*f.outcome.departed[0].tolist()} for f in (found, plain))
    assert left < left_before
    assert left_before - left < given
    assert len(left_before - left) <= back
    before, after = (
        dict(zip(f.outcome.departed[0].tolist(), f.outcome.departed[2].tolist(), strict=True)) for f in (plain, found)
    )
    assert all(after[name] == before[name] for name in after if name not in given)


def test_who_is_called_twice_takes_its_notice_back_once():
    found = Watched(bound(withdraws=1.0, bonus=25.0, after_months=0.1), prepare=ping([6.2, 6.6], ALL))
    assert found.outcome.lines["follow_up"].sum() == 25.0 * len(noticed(6.2, 6.6, by=6.7)[1])


def test_who_goes_before_a_call_can_act_goes_and_is_paid_nothing():
    """The contract ends at month 12; what is said at 11.4 acts from then on."""
    plain = Watched(bound(), prepare=ping([10.4], ALL)).outcome
    late = Watched(bound(withdraws=1.0, bonus=25.0), prepare=ping([10.4], ALL)).outcome
    assert plain.left[12].sum() > 500
    assert late.left.tolist() == plain.left.tolist()
    assert late.lines["follow_up"].sum() == 0.0


def test_who_has_given_no_notice_is_paid_no_bonus():
    segments = {"small": SEGMENT | {"annual_churn": 0.5}}
    calls = {"after": ["ping"], "reach": 1.0, "withdraws": 1.0, "bonus": 25.0}
    today = firm(calls, customers=500, segments=segments)
    plain = firm({"after": ["ping"], "reach": 1.0}, customers=500, segments=segments)
    one, two = (Watched(each, prepare=ping([1.2], range(500))).outcome for each in (today, plain))
    assert one.lines["follow_up"].sum() == 0.0
    assert one.left.tolist() == two.left.tolist()


def test_who_is_reached_refers_more_for_a_while():
    seen = {}

    def look(found):
        def happen():
            for time in (1.9, 2.5, 3.5, 4.5):
                yield found.env.timeout(time - found.env.now)
                seen[time] = found.clocks.rate_of("referrals", np.arange(2)).tolist()

        ping([0.4], [0])(found)
        found.env.process(happen())

    calls = {"after": ["ping"], "reach": 1.0, "referral_factor": 3.0, "lasts_months": 2.0}
    Watched(firm(calls, customers=2, others={"referrals": {"rate": 0.02}}), prepare=look)
    assert seen == {1.9: [0.02, 0.02], 2.5: [0.06, 0.02], 3.5: [0.06, 0.02], 4.5: [0.02, 0.02]}


def test_customers_who_refer_more_bring_more():
    """Called in the first month, they refer twice as often in the three months that follow."""
    calls = {"after": ["ping"], "after_months": 0.5, "reach": 1.0, "lasts_months": 3.0}
    rate = {"referrals": {"rate": 0.05, "hazard_factor": 1.0}}
    came = [
        Watched(
            firm(calls | {"referral_factor": f}, customers=2000, others=rate), prepare=ping([0.3], ALL)
        ).outcome.joined
        for f in (1.0, 2.0)
    ]
    plain, more = (joined.sum(axis=(1, 2)) for joined in came)
    assert plain[1] == more[1]
    extra, wanted = more[2:5].sum() - plain[2:5].sum(), 2000 * 0.05 * 3
    assert abs(extra - wanted) < 4 * math.sqrt(wanted) + 0.15 * wanted  # children of children come on top


# Money


def test_every_call_costs_whether_it_reaches_anybody_or_not_at_its_own_time():
    found = Watched(firm({"cost": 8.0, "reach": 0.1}))
    line = found.outcome.lines["follow_up"].sum(axis=(1, 2))
    assert line == pytest.approx(8.0 * found.by_month())
    worth = 8.0 * (1.1 ** (-found.told()[1] / 12.0)).sum()
    assert found.outcome.values["follow_up"].sum() == pytest.approx(worth)
    assert found.outcome.classes["follow_up"] == "variable"


# Coupling


FICKLE = {"small": SEGMENT | {"annual_churn": 0.6}}


def calls_in_arms(**calls):
    today = firm(calls | {"after_months": 2.0}, segments=FICKLE)
    arms = (arm(), 1.0), (arm(retention={"churn": 0.3}), 0.3)
    found = [Watched(today, each, factor=factor).told() for each, factor in arms]
    return [dict(zip(names.tolist(), times.tolist(), strict=True)) for names, times in found]


def test_without_a_limit_saving_some_only_adds_their_calls():
    before, after = calls_in_arms()
    assert before.items() < after.items()


def test_with_a_limit_a_saved_customer_takes_anothers_call():
    before, after = calls_in_arms(capacity_per_month=10.0)
    assert not before.keys() <= after.keys()
    assert len(before) == len(after)


# Settings


def test_what_it_says_of_itself():
    assert follow_up.Mechanism.is_closed_form(firm())
    assert not follow_up.Mechanism.is_closed_form(firm({"withdraws": 0.1}))
    assert not follow_up.Mechanism.is_coupled(firm())
    assert follow_up.Mechanism.is_coupled(firm({"capacity_per_month": 10.0}))


def test_at_no_strength_nothing_happens_but_calls():
    today = firm(customers=500, segments=FICKLE)
    bare = today.model_copy(update={"mechanisms": today.mechanisms.model_copy(update={"follow_up": None})})
    assert play(today).left.tolist() == play(bare).left.tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        {"after": []}, {"after": ["leave"]}, {"after": ["join", "follow_up"]}, {"reach": 1.1}, {"eases": 1.5},
        {"capacity_per_month": -1.0}, {"after_months": -0.1}, {"withdraws": 2.0}, {"referral_factor": -1.0},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)
