"""Service desk: who calls when, who waits how long, what that does to customers, what agents cost, and its hours."""

import math
import re
from dataclasses import dataclass, field

import numpy as np
import pytest
from pydantic import ValidationError
from unit.making import SEGMENT, arm, differing, parameters, play, play_in_order, setup, world

from retainsim import engine, scenario, theory
from retainsim.draws import Luck
from retainsim.errors import ScenarioError
from retainsim.mechanisms import service_desk
from retainsim.mechanisms.service_desk import Settings
from retainsim.workings.hours import Hours
from retainsim.workings.queueing import Calls, by_resource, first_come_first_served

MONTH = 365.25 / 12 * 24 * 60  # minutes
LOYAL = {"small": SEGMENT | {"annual_churn": 0.0}}
ENDLESS = {"patience_minutes": 1e9, "strain_per_hang_up": 0.0, "strain_per_minute": 0.0}
DESKS = first_come_first_served, by_resource


def firm(desk=None, *, months=3, customers=500, segments=LOYAL, **tables):
    desk = {"agents": 2, "contacts": 5.0} | (desk or {})
    tables = {"run": {"months": months}, "pool": {"customers": customers}, "segments": segments} | tables
    return parameters(**(tables | {"mechanisms": {"service_desk": desk} | tables.get("mechanisms", {})}))


@dataclass
class Watched:
    """A world, with the calls and the answers of every span."""

    world: object
    calls: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    outcome: object = None

    @property
    def desk(self):
        return next(m for m in self.world.mechanisms if isinstance(m, service_desk.Mechanism))

    def waits(self):
        return np.concatenate([answers.waits for answers in self.answers])

    def answered(self):
        return np.concatenate([answers.answered for answers in self.answers])

    def times(self):
        return np.concatenate([calls.times for calls in self.calls])

    def is_key(self):
        return np.concatenate([np.asarray(calls.priority) for calls in self.calls]) == 0

    def strain(self):
        return self.world.pool["strain.service_desk"]


@pytest.fixture
def watch(monkeypatch):
    """Play one replication of a firm and look at every call, maybe by another desk, or with the world prepared."""

    def watched(today, each=None, *, desk=None, prepare=None):
        seen = Watched(world(today, each))

        def remembering(own):
            def played(calls, free, shifts):
                seen.calls.append(calls)
                seen.answers.append((desk or own)(calls, free, shifts))
                return seen.answers[-1]

            return played

        if prepare is not None:
            prepare(seen.world)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "build", lambda *_, **__: seen.world)
            for own in DESKS:
                patch.setattr(service_desk, own.__name__, remembering(own))
            seen.outcome = engine.replicate(setup(today, each), Luck(0, 0))
        return seen

    return watched


def told(found, *touches):
    """Let a world note the touches of some kinds: names and times by kind."""
    heard = {touch: [] for touch in touches}
    for touch in touches:
        found.touches.listen(
            touch, "test", lambda rows, times, touch=touch: heard[touch].append((found.pool["name"][rows], times))
        )
    return heard


# Calls


def test_customers_call_at_their_rate(watch):
    calls = len(watch(firm(ENDLESS | {"contacts": 2.0}, customers=2000)).times())
    assert abs(calls - 12_000) < 4 * math.sqrt(12_000)


def test_a_named_client_calls_as_often_as_it_does(watch):
    accounts = [{"name": "Nordwind AG", "segment": "small", "contacts": 800.0, "annual_churn": 0.0}]
    seen = watch(firm({"contacts": 0.0}, accounts=accounts))
    assert abs(len(seen.times()) - 2400) < 4 * math.sqrt(2400)
    assert seen.is_key().all()


def complaining(times, row=0):
    """Let a customer complain at these months, the firm having no failures of its own."""

    def prepare(found):
        def complain():
            for time in times:
                yield found.env.timeout(time - found.env.now)
                found.touch("complaint", np.array([row]), np.array([time]))

        found.env.process(complain())

    return prepare


@pytest.mark.parametrize(("key", "calls"), [({}, 3), ({"complaints_call": False}, 0)])
def test_who_complains_calls(watch, key, calls):
    seen = watch(firm({"contacts": 0.0} | key), prepare=complaining([0.2, 0.5, 2.5]))
    assert seen.desk.answered == calls
    if calls:
        assert seen.times() == pytest.approx(np.array([0.2, 0.5, 2.5]) * MONTH)


def test_complaints_move_no_other_calls_luck_and_no_two_calls_have_the_same(watch):
    quiet = watch(firm(ENDLESS, customers=1))
    loud = watch(firm(ENDLESS, customers=1), prepare=complaining([0.2, 0.5, 2.5]))
    lengths = [np.concatenate([calls.handling for calls in seen.calls]).tolist() for seen in (quiet, loud)]
    assert set(lengths[0]) < set(lengths[1])
    assert len(set(lengths[1])) == len(lengths[0]) + 3


# Erlang-A


@pytest.mark.parametrize(("agents", "months"), [(10, 13), (8, 9)])
def test_a_desk_loses_and_keeps_waiting_as_erlang_a_says(watch, agents, months):
    """One call a minute of 10 minutes in the mean, patience of 20: case V8 in other units. A batch is a month."""
    today = firm(
        {"agents": agents, "contacts": 5.0, "patience_minutes": 20.0} | {k: ENDLESS[k] for k in STRAINS},
        customers=8766, months=months,
    )  # fmt: skip
    seen = watch(today)
    expected = theory.erlang_a(1.0, 0.1, patience=0.05, agents=agents)
    later = list(zip(seen.calls, seen.answers, strict=True))[1:]  # the desk starts empty
    lost = [(~a.answered).mean() for _, a in later]
    wait = [a.waits.mean() for _, a in later]
    busy = [c.handling[a.answered].sum() / (agents * MONTH) for c, a in later]
    for found, wanted in ((lost, expected.abandon), (wait, expected.wait), (busy, expected.utilisation)):
        assert theory.within(np.mean(found), wanted, np.std(found, ddof=1) / math.sqrt(len(found)))
    desk = seen.desk
    assert desk.answered == seen.answered().sum()
    assert desk.hung_up == (~seen.answered()).sum()
    assert desk.waited_minutes == pytest.approx(seen.waits().sum())
    assert desk.busy_minutes == pytest.approx(
        sum(c.handling[a.answered].sum() for c, a in zip(seen.calls, seen.answers, strict=True))
    )


STRAINS = ("strain_per_hang_up", "strain_per_minute")


# Agents


def test_more_agents_never_lengthen_a_wait(watch):
    waits = [watch(firm(ENDLESS | {"agents": agents, "handling_minutes": 30.0})).waits() for agents in (2, 3, 4, 9)]
    assert waits[0].max() > 60.0
    for fewer, more in zip(waits, waits[1:], strict=False):
        assert (more <= fewer).all()
        assert (more < fewer).any()


def test_without_agents_everybody_hangs_up_when_patience_ends(watch):
    seen = watch(firm({"agents": 0}))
    assert not seen.answered().any()
    assert seen.waits() == pytest.approx(np.concatenate([calls.patience for calls in seen.calls]))
    assert seen.waits().mean() == pytest.approx(15.0, rel=4 / math.sqrt(len(seen.waits())))


def test_agents_answer_from_when_they_come_to_when_they_go(watch):
    change = {"set": "mechanisms.service_desk.agents", "to": 9, "from_month": 1.3, "until_month": 2.2}
    seen = watch(firm(ENDLESS | {"agents": 0, "patience_minutes": 1.0}), arm(change=[change]))
    when = seen.times() / MONTH
    helped = (when > 1.3) & (when < 2.2)
    assert helped.sum() > 1000
    assert (seen.answered() == helped).all()


@pytest.mark.parametrize(
    "hours", [{}, {"opens_at": 8.0, "closes_at": 18.0, "days_per_week": 5}], ids=["always", "hours"]
)
def test_the_recursion_and_simpy_answer_the_same_calls_alike(watch, hours):
    today = firm({"handling_minutes": 20.0} | hours)
    one, two = (watch(today, desk=desk) for desk in DESKS)
    assert (one.waits() > 0).sum() > 500
    assert np.array_equal(one.times(), two.times())
    assert np.array_equal(one.waits(), two.waits())
    assert np.array_equal(one.answered(), two.answered())


STOPS = [{"set": "segments.small.price", "times": 1.0, "from_month": time} for time in (0.37, 1.81, 2.5)]


@pytest.mark.parametrize(
    "hours", [{}, {"opens_at": 8.0, "closes_at": 18.0, "days_per_week": 5}], ids=["always", "hours"]
)
def test_a_stop_of_the_firm_cannot_be_seen_at_the_desk(watch, hours):
    """Who is served at the stop still is after it, and agents are no sooner free."""
    today = firm(ENDLESS | {"handling_minutes": 28.0} | hours)
    one, two = watch(today), watch(today, arm(change=STOPS))
    assert len(two.calls) == len(one.calls) + len(STOPS)
    assert (one.waits() > 30.0).mean() > 0.3
    assert np.array_equal(one.waits(), two.waits())


# Priority


CLIENTS = [{"name": name, "segment": "small", "contacts": 300.0, "annual_churn": 0.0} for name in ("Nord", "Ost")]


def test_key_accounts_wait_less_and_others_more_where_they_have_priority(watch):
    desk = ENDLESS | {"handling_minutes": 25.0}
    seen = [watch(firm(desk | {"priority": p}, accounts=CLIENTS)) for p in ("none", "key_accounts")]
    is_key = seen[0].is_key()
    assert np.array_equal(is_key, seen[1].is_key())
    assert 1000 < is_key.sum() < is_key.size / 2
    first_come, by_rank = (one.waits() for one in seen)
    assert by_rank[is_key].mean() < 0.5 * first_come[is_key].mean()
    assert by_rank[~is_key].mean() > first_come[~is_key].mean()


def test_large_customers_are_key_accounts_too(watch):
    def grow(found):
        found.pool["size"][:100] = 3.5

    is_key = [watch(firm({"key_size": size}), prepare=grow).is_key() for size in (3.0, 4.0)]
    assert is_key[0].mean() == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / len(is_key[0])))
    assert not is_key[1].any()


# Strain


def test_strain_is_what_hanging_up_and_waiting_add_and_halves_since_the_call(watch):
    """With no agents a wait is a customer's patience: 0.03 for hanging up, 0.002 for each minute beyond 4."""
    keys = {"strain_per_hang_up": 0.03, "strain_per_minute": 0.002, "tolerable_minutes": 4.0, "half_life": 0.5}
    seen = watch(firm({"agents": 0, "contacts": 1.5} | keys, customers=1))
    wanted = 0.0
    for calls in seen.calls:
        for time, patience in zip(calls.times / MONTH, calls.patience, strict=True):
            wanted += (0.03 + 0.002 * max(0.0, patience - 4.0)) * 0.5 ** ((3.0 - time) / 0.5)
    assert len(seen.times()) > 3
    assert seen.strain()[0] == pytest.approx(wanted, rel=1e-12)


def test_an_answered_call_strains_by_the_minutes_beyond_the_tolerable_alone(watch):
    keys = {"strain_per_hang_up": 1.0, "strain_per_minute": 0.01, "half_life": 600.0, "patience_minutes": 1e9}
    desk = {"agents": 1, "handling_minutes": 40.0, "tolerable_minutes": 30.0}
    seen = watch(firm(desk | keys, months=1, customers=150))
    late = np.maximum(seen.waits() - 30.0, 0.0)
    assert 0 < (late > 0).sum() < (seen.waits() > 0).sum()
    assert seen.strain().sum() == pytest.approx(0.01 * late.sum(), rel=2e-3)


def test_strained_customers_leave_for_the_reason_it_feeds():
    today = firm({"agents": 0, "strain_per_hang_up": 0.2, "reason": "service"}, customers=2000)
    outcome, reasons = play(today), today.reasons
    left = outcome.left.sum(axis=(0, 1, 2))
    assert left[reasons.index("service")] > 500
    assert left.sum() == left[reasons.index("service")]
    assert outcome.fed["service_desk"].sum() == pytest.approx(left.sum())


def test_strain_counts_from_the_end_of_the_month_so_who_leaves_in_it_does_so_for_something_else():
    desk = {"agents": 0, "strain_per_hang_up": 0.5, "reason": "service"}
    outcome = play(firm(desk, segments={"small": SEGMENT | {"annual_churn": 0.9}}, months=2))
    assert outcome.left[1].sum() > 50
    assert outcome.fed["service_desk"][1].sum() == 0.0
    assert outcome.fed["service_desk"][2].sum() > 20


def test_what_became_of_calls_is_told_at_the_time_of_the_call(watch):
    heard = {}
    desk = {"handling_minutes": 20.0, "strain_per_hang_up": 0.0, "strain_per_minute": 0.0}
    seen = watch(firm(desk), prepare=lambda found: heard.update(told(found, "contact", "hang_up", "wait")))
    times = {touch: np.concatenate([when for _, when in parts]) * MONTH for touch, parts in heard.items()}
    for touch, which in (
        ("contact", seen.answered()), ("hang_up", ~seen.answered()), ("wait", seen.waits() > 5.0),
    ):  # fmt: skip
        assert which.sum() > 50
        assert np.sort(times[touch]) == pytest.approx(np.sort(seen.times()[which]))


# Money


def test_agents_are_paid_busy_or_not():
    change = {"set": "mechanisms.service_desk.agents", "to": 5, "from_month": 1.5}
    outcome = play(firm({"agents": 3, "agent_cost": 1000.0, "contacts": 0.0}), arm(change=[change]))
    assert outcome.lines["service_desk"].sum(axis=(1, 2)) == pytest.approx([0.0, 3000.0, 4000.0, 5000.0])
    assert outcome.classes["service_desk"] == "variable"


# Hours


def test_a_desk_that_never_closes_has_the_minutes_of_the_calendar():
    assert Hours().shifts(0.0, 3.0) is None
    times = np.array([0.0, 0.1, 2.5])
    assert Hours().minutes(times).tolist() == (times * MONTH).tolist()


def test_calls_come_when_the_desk_is_open_in_their_own_week_and_in_their_order():
    hours = Hours(9.0, 17.0, 5)
    times = np.linspace(0.0, 6.0, 100_001)
    minutes, shifts = hours.minutes(times), hours.shifts(0.0, 6.0)
    assert (np.diff(minutes) >= 0).all()
    shift = np.searchsorted(shifts[:, 0], minutes, side="right") - 1
    assert (minutes < shifts[shift, 1]).all()
    assert (minutes // 10_080 == times * MONTH // 10_080).all()
    whole = np.bincount(shift)[:-1]  # every day of a week that is over has a fifth of the week's calls
    assert whole.max() - whole.min() <= 2


def test_the_first_day_is_open_from_nine_to_five_and_the_week_has_five():
    shifts = Hours(9.0, 17.0, 5).shifts(0.0, 0.1)
    assert shifts.tolist() == [[d * 1440 + 540.0, d * 1440 + 1020.0] for d in range(5)]
    week = 10_080 / MONTH
    found = Hours(9.0, 17.0, 5).minutes(np.array([0.0, 0.1, 0.2, 0.99]) * week)
    assert found == pytest.approx([540.0, 540.0 + 240.0, 1440.0 + 540.0, 4 * 1440.0 + 1020.0 - 24.0])


def test_days_open_round_the_clock_are_one_shift():
    assert Hours(0.0, 24.0, 5).shifts(0.0, 0.1).tolist() == [[0.0, 7200.0]]


def test_a_desk_with_hours_answers_as_many_calls_within_them(watch):
    hours = {"opens_at": 9.0, "closes_at": 17.0, "days_per_week": 5}
    open_, always = (watch(firm(ENDLESS | {"agents": 100} | more)) for more in (hours, {}))
    assert len(open_.times()) == len(always.times())
    assert open_.answered().all()
    of_day = open_.times() % 1440
    assert ((of_day >= 540) & (of_day < 1020)).all()


def test_who_waits_when_the_desk_closes_hangs_up(watch):
    hours = {"opens_at": 9.0, "closes_at": 10.0, "days_per_week": 7}
    seen = watch(firm(ENDLESS | {"agents": 1, "handling_minutes": 60.0} | hours))
    assert (~seen.answered()).mean() > 0.5
    assert ((seen.times() % 1440 + seen.waits()) <= 600.0 + 1e-6).all()


# Several desks


@dataclass
class Switched:
    """What became of the calls of every span, and the desk each reached."""

    calls: object
    reached: np.ndarray
    found: object


@pytest.fixture
def switched(monkeypatch):
    """Play one replication of a firm with several desks, and return every span and the outcome."""

    def watched(desks, each=None, *, factor=1.0, desk=None, **tables):
        spans, measure = [], service_desk.performance

        def remembering(calls, reached, found, staffed):
            spans.append(Switched(calls, reached, found))
            return measure(calls, reached, found, staffed)

        with monkeypatch.context() as patch:
            patch.setattr(service_desk, "performance", remembering)
            outcome = play(several(desks, desk, **tables), each, factor=factor)
        return spans, outcome

    return watched


def several(desks, desk=None, **tables):
    today = {"agents": None, "desks": desks} | (desk or {})
    return firm(today, **tables)


def waits(spans, desk):
    return np.concatenate([span.found.waits[span.reached == desk] for span in spans])


def joined_up(spans, desk):
    """Return the calls of one desk over all spans as one."""
    parts = [span.calls.taken(span.reached == desk) for span in spans]
    columns = (np.concatenate([getattr(part, key) for part in parts]) for key in ("times", "handling", "patience"))
    return Calls(*columns)


def observed(outcome, measure):
    return sum(value for _, _, name, value in outcome.observed if name == measure)


TWO_DESKS = {"billing": {"agents": 1, "share": 0.4}, "technical": {"agents": 2, "handling_minutes": 25.0}}
SEGMENTS = {"small": LOYAL["small"] | {"share": 0.7}, "large": LOYAL["small"] | {"share": 0.3}}


@pytest.mark.parametrize(
    "hours", [{}, {"opens_at": 8.0, "closes_at": 18.0, "days_per_week": 5}], ids=["always", "hours"]
)
def test_two_desks_are_one_desk_each_played_alone(switched, hours):
    """By the recursion and by SimPy, over the whole run at once: to 1e-9 minutes, though spans and luck are the firm's."""
    spans, _ = switched(TWO_DESKS, desk=hours)
    shifts = Hours(*hours.values()).shifts(0.0, 3.0)
    for desk, agents in enumerate((1, 2)):
        for play_alone in DESKS:
            alone = play_alone(joined_up(spans, desk), np.zeros(agents), shifts)
            assert np.abs(alone.waits - waits(spans, desk)).max() < 1e-9
            assert (alone.waits > 1.0).sum() > 100


def test_a_desk_alone_named_or_not_is_the_same_desk():
    """What is told of them apart: a desk with a name is watched under it too."""
    one, two = play(firm({"agents": 2})), play(several({"all": {"agents": 2}}))
    assert differing(one, two) == []


@pytest.mark.parametrize("helps", [[], ["billing"]])
def test_what_a_helping_hand_could_do_is_done_alike_by_simpy_while_nobody_needs_it(switched, helps):
    desks = TWO_DESKS | {"technical": TWO_DESKS["technical"] | {"helps": helps}}
    desks["billing"] = desks["billing"] | {"overflow_minutes": 1e9}
    one, two = switched(TWO_DESKS)[0], switched(desks)[0]
    for desk in range(2):
        assert np.abs(waits(one, desk) - waits(two, desk)).max() < 1e-9


def test_more_agents_at_a_desk_never_lengthen_a_wait_and_shorten_none_at_another(switched):
    more = TWO_DESKS | {"billing": {"agents": 2, "share": 0.4}}
    few, many = (switched(desks, desk=ENDLESS | {"contacts": 8.0})[0] for desks in (TWO_DESKS, more))
    assert (waits(many, 0) <= waits(few, 0)).all()
    assert (waits(many, 0) < waits(few, 0)).sum() > 100
    assert np.array_equal(waits(many, 1), waits(few, 1))


def test_calls_hang_ups_and_minutes_of_all_desks_add_up(switched):
    desk = dict.fromkeys(STRAINS, 0.0) | {"contacts": 8.0}
    spans, outcome = switched(TWO_DESKS | {"technical": {"agents": 2, "helps": ["billing"]}}, desk=desk)
    for measure in ("calls", "hung_up", "helped", "waited_minutes", "busy_minutes", "staffed_minutes"):
        parts = [observed(outcome, f"{measure}.{name}") for name in ("billing", "technical")]
        assert sum(parts) == pytest.approx(observed(outcome, measure), rel=1e-12)
        assert parts[0] > 0, measure
    total = sum(len(span.reached) for span in spans)
    answered = sum(int(span.found.answered.sum()) for span in spans)
    assert observed(outcome, "calls") == total == answered + observed(outcome, "hung_up")
    assert observed(outcome, "staffed_minutes") == pytest.approx(3 * 3 * MONTH)
    assert total == sum(len(span.reached) for span in switched(TWO_DESKS, desk=desk)[0])


def test_calls_are_shared_as_asked(switched):
    """Of n calls a share of 0.4 reaches the first desk: binomial, z = 4."""
    reached = np.concatenate([span.reached for span in switched(TWO_DESKS, desk={"contacts": 10.0})[0]])
    assert theory.within((reached == 0).mean(), 0.4, theory.binomial_se(0.4, len(reached)))


def test_a_desk_for_some_segments_answers_nobody_else(switched):
    desks = {"all": {"agents": 2}, "premium": {"agents": 1, "segments": ["large"], "share": 1.0}}
    accounts = [{"name": "Nordwind AG", "segment": "large", "contacts": 100.0, "annual_churn": 0.0}]
    _, outcome = switched(desks, segments=SEGMENTS, accounts=accounts)
    assert observed(outcome, "calls.premium") / observed(outcome, "calls") == pytest.approx(0.3 + 0.03, abs=0.05)
    quiet = several(desks, {"contacts": 0.0}, segments=SEGMENTS, accounts=accounts)
    assert observed(play(quiet), "calls.all") == 0.0  # a client calls where its segment does


def test_a_call_keeps_its_desk_when_other_customers_are_saved(switched):
    lever = arm(retention={"churn": 0.5})
    runs = [
        switched(TWO_DESKS, each, factor=f, segments=FICKLE, months=6)[0] for each, f in ((None, 1.0), (lever, 0.5))
    ]
    before, after = (
        dict(
            zip(
                *(np.concatenate(x).tolist() for x in zip(*((s.calls.times, s.reached) for s in spans), strict=True)),
                strict=True,
            )
        )
        for spans in runs
    )
    assert len(after) > len(before) + 20
    assert all(after[time] == desk for time, desk in before.items())


def test_help_shortens_waits_after_the_minutes_a_desk_waits_for_it(switched):
    desks = {"billing": {"agents": 1, "share": 0.7, "overflow_minutes": 4.0}, "spare": {"agents": 3}}
    alone, helped = (
        switched(desks | {"spare": {"agents": 3, "helps": helps}}, desk={"handling_minutes": 20.0})[0]
        for helps in ([], ["billing"])
    )
    taken = np.concatenate([s.found.waits[s.found.answered & (s.found.taker != s.reached)] for s in helped])
    assert len(taken) > 300
    assert taken.min() >= 4.0 - 1e-9
    assert waits(helped, 0).mean() < 0.8 * waits(alone, 0).mean()
    assert waits(helped, 1).mean() >= waits(alone, 1).mean()


@pytest.mark.parametrize(
    ("key", "value"),
    [("agents", 2), ("share", 0.6), ("handling_minutes", 30.0), ("agent_cost", 9.0), ("overflow_minutes", 0.5)],
)
def test_every_number_of_a_desk_that_an_arm_may_change_changes_something(key, value):
    billing = {"agents": 1, "share": 0.4, "handling_minutes": 20.0, "agent_cost": 5.0, "overflow_minutes": 3.0}
    today = several({"billing": billing, "technical": {"agents": 1, "helps": ["billing"]}}, segments=FICKLE)
    change = {"set": f"mechanisms.service_desk.desks.billing.{key}", "to": value, "from_month": 1.0}
    one, two = play(today), play(today, arm(change=[change]))
    assert one.npv_to_horizon != two.npv_to_horizon or one.observed != two.observed
    assert [seen for seen in one.observed if seen[1] <= 1.0] == [seen for seen in two.observed if seen[1] <= 1.0]


def test_each_desk_is_paid_for_and_told_of():
    desks = {"billing": {"agents": 2, "agent_cost": 700.0, "share": 0.4}, "technical": {"agents": 3}}
    change = {"set": "mechanisms.service_desk.desks.billing.agents", "to": 4, "from_month": 1.0}
    outcome = play(several(desks, {"agent_cost": 1000.0}), arm(change=[change]))
    assert outcome.lines["service_desk"].sum(axis=(1, 2)) == pytest.approx([0.0, 4400.0, 5800.0, 5800.0])
    assert observed(outcome, "agent_cost.billing") == pytest.approx(1400.0 + 2 * 2800.0)
    assert observed(outcome, "agent_cost.technical") == pytest.approx(9000.0)


def test_desks_at_zero_strength_change_nobodys_fate():
    quiet = dict.fromkeys(STRAINS, 0.0)
    helped = TWO_DESKS | {"technical": {"agents": 2, "helps": ["billing"]}}
    plain = play(parameters(run={"months": 6}, pool={"customers": 500}, segments=FICKLE))
    for desks in (TWO_DESKS, helped):
        found = play(several(desks, quiet, months=6, segments=FICKLE))
        assert found.left.sum() == plain.left.sum() > 20
        assert all(np.array_equal(a, b) for a, b in zip(found.departed[:3], plain.departed[:3], strict=True))
        assert found.npv_to_horizon == pytest.approx(plain.npv_to_horizon, rel=1e-12)


DESK_FILE = """[pool]
customers = 10
[segments.small]
price = 1.0
annual_churn = 0.1
[segments.large]
price = 2.0
annual_churn = 0.1
[mechanisms.service_desk]
[mechanisms.service_desk.desks.billing]
agents = 1
share = 0.4
[mechanisms.service_desk.desks.technical]
agents = 2
"""


@pytest.mark.parametrize(
    ("wrong", "place", "remedy"),
    [
        ("share = 0.7", "x.toml:15:1 mechanisms.service_desk.desks.technical.share",
         "of the calls of small come to 1.1 (billing 0.4, technical 0.7); make it 1, or leave one out"),
        ("share = 0.5", "x.toml:15:1 mechanisms.service_desk.desks.technical", "come to 0.9 (billing 0.4, technical 0.5); make it 1, or leave one out"),
        ('helps = ["biling"]', "x.toml:15:10 mechanisms.service_desk.desks.technical.helps.0", 'no such desk (got "biling"); give billing or technical; did you mean "billing"?'),
        ('helps = ["technical"]', "x.toml:15:10 mechanisms.service_desk.desks.technical.helps.0", "a desk cannot help itself"),
        ('segments = ["smal"]', "x.toml:15:13 mechanisms.service_desk.desks.technical.segments.0", 'no such segment (got "smal"); give large or small; did you mean "small"?'),
        ("agent = 3", "x.toml:15:1 mechanisms.service_desk.desks.technical", 'unknown key (got "agent")'),
        ("share = 1.2", "x.toml:15:1 mechanisms.service_desk.desks.technical", "out of range (got 1.2); give a number at least 0 and at most 1"),
        ("[mechanisms.service_desk.desks.third]", "x.toml:15:32 mechanisms.service_desk.desks.third.agents", "missing; give a whole number"),
        ("[mechanisms.service_desk.desks.third]\nagents = 0", "x.toml:16:1 mechanisms.service_desk.desks.third.agents", "nobody answers the calls of this desk (got 0); give agents at least 1"),
        ("[mechanisms.service_desk.desks.billing]\nagents = 2", "x.toml:15:39: ", "this is not TOML: Cannot declare"),
        ("[arms.less]\nchange = [{ set = \"mechanisms.service_desk.desks.billing.share\", to = 2.0 }]", "x.toml:16:11 arms.less.change.0", "once changed, mechanisms.service_desk.desks.billing.share: out of range"),
    ],
)  # fmt: skip
def test_desks_that_cannot_be_are_refused_with_their_place_and_a_remedy(wrong, place, remedy):
    scenario.loads(DESK_FILE, name="x.toml")
    with pytest.raises(ScenarioError) as caught:
        scenario.loads(DESK_FILE + wrong + "\n", name="x.toml")
    assert str(caught.value).startswith(place)
    assert len(str(caught.value).splitlines()) == 1
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (("customers = 10", "customers = 10\n[mechanisms.service_desk]\nagents = 2"), "this is not TOML"),
        (("[mechanisms.service_desk]\n", "[mechanisms.service_desk]\nagents = 2\n"), "agents (2) and desks are both given"),
        (("share = 0.4", 'segments = ["large"]\nshare = 1.0'), None),
        (("agents = 2\n", 'agents = 2\nsegments = ["large"]\n'), "shares of the calls of small come to 0.4 (billing 0.4); make it 1, or leave it out"),
        (("agents = 1\nshare = 0.4", 'agents = 1\nsegments = ["large"]\n'), None),
    ],
)  # fmt: skip
def test_one_desk_or_several_and_somebody_for_every_segment(change, remedy):
    text = DESK_FILE.replace(*change)
    if remedy is None:
        scenario.loads(text)
        return
    with pytest.raises(ScenarioError, match=re.escape(remedy)):
        scenario.loads(text)


def test_a_segment_that_no_desk_answers_is_refused():
    text = DESK_FILE.replace("agents", 'segments = ["large"]\nagents').replace("share = 0.4\n", "")
    with pytest.raises(ScenarioError, match=r"no desk answers the calls of small; name it in the segments of a desk"):
        scenario.loads(text)


def test_an_arm_may_change_a_share_where_another_desk_takes_the_rest(switched):
    change = {"set": "mechanisms.service_desk.desks.billing.share", "to": 1.0, "from_month": 1.0}
    spans, _ = switched(TWO_DESKS, arm(change=[change]))
    assert (spans[0].reached == 1).any()
    assert not any((span.reached == 1).any() for span in spans[1:])


# Coupling


FICKLE = {"small": SEGMENT | {"annual_churn": 0.3}}


def left_when(outcome):
    return dict(zip(outcome.departed[0].tolist(), outcome.departed[2].tolist(), strict=True))


def strained_firm(agents, desks=()):
    return firm(
        {"agents": None if desks else agents, "handling_minutes": 40.0, "strain_per_hang_up": 0.1, "reason": "service"}
        | {"desks": {name: {"agents": agents, "helps": [other for other in desks if other != name]} for name in desks}},
        segments=FICKLE, months=12,
    )  # fmt: skip


@pytest.mark.parametrize("desks", [(), ("billing", "technical")], ids=["one", "two"])
def test_with_agents_to_spare_saving_some_changes_nobody_elses_fate(desks):
    lever = arm(retention={"churn": 0.5, "reasons": ["price"]})
    one, two = (play(strained_firm(400, desks), each, factor=f) for each, f in ((None, 1.0), (lever, 0.5)))
    before, after = left_when(one), left_when(two)
    assert len(after) < len(before)
    assert all(n in before and after[n] >= before[n] - 1e-9 for n in after)


def test_with_too_few_agents_saving_some_makes_others_wait():
    lever = arm(retention={"churn": 0.5, "reasons": ["price"]})
    before, after = (left_when(play(strained_firm(2), each, factor=f)) for each, f in ((None, 1.0), (lever, 0.5)))
    assert any(n not in before or after[n] < before[n] - 1e-6 for n in after)


@pytest.mark.parametrize(
    "desks", [{}, TWO_DESKS | {"technical": {"agents": 1, "helps": ["billing"]}}], ids=["one", "two"]
)
def test_the_order_of_mechanisms_cannot_be_seen(desks, monkeypatch):
    today = firm(
        {"agents": None if desks else 1, "desks": desks, "strain_per_hang_up": 0.1}, segments=FICKLE, months=6,
        mechanisms={"follow_up": {"after": ["hang_up", "join"], "after_months": 0.3, "capacity_per_month": 60.0}},
        acquisition={"ads": {"joins": 30.0, "cost_per_join": 5.0}},
    )  # fmt: skip
    names = ["channels", "firm", "follow_up", "reasons", "service_desk"]
    one, two = (play_in_order(order, setup(today), Luck(0, 0), monkeypatch) for order in (names, names[::-1]))
    assert one.left.sum() > 20
    assert differing(one, two) == []


# Settings


def test_at_no_strength_it_is_off():
    today = firm(ENDLESS)
    assert service_desk.Mechanism.is_closed_form(today)
    assert not service_desk.Mechanism.is_coupled(today)
    for key in STRAINS:
        strained = firm(ENDLESS | {key: 0.1})
        assert not service_desk.Mechanism.is_closed_form(strained)
        assert service_desk.Mechanism.is_coupled(strained)


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"agents": -1}, {"agents": 2.5}, {"agents": 2, "handling_minutes": 0.0}, {"agents": 2, "days_per_week": 0},
        {"agents": 2, "opens_at": 18.0, "closes_at": 8.0}, {"agents": 2, "priority": "loud"},
        {"agents": 2, "patience_minutes": math.inf}, {"agents": 2, "half_life": 0.0},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)
