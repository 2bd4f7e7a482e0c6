"""Every mechanism keeps the contract of MECHANISMS.md: alone, with all others, in any order, and at zero strength.

A mechanism that is registered and not listed here fails: add its settings, and those at which it does nothing.
"""

import re
import tomllib
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import tomli_w
from unit.making import SEGMENT, arm, differing, parameters, play, play_in_order, setup

from retainsim import mechanism, mechanisms, scenario
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.ledger import SIGNS, exact_sum

EVERY = (*mechanisms.ALWAYS_ON, *mechanisms.NAMES)
every = pytest.mark.parametrize("name", EVERY)
switched = pytest.mark.parametrize("name", mechanisms.NAMES)

CASES = {path.stem: tomllib.loads(path.read_text()) for path in Path(__file__).with_name("cases").glob("*.toml")}
"""By mechanism: the settings `on` at which it does something, `nothing` at which it does nothing, and the other
mechanisms (`with`) it needs to do anything."""

REASONS = {"price": 1.0, "service": 3.0}
CHANNELS = {
    "ads": {"spend": 400.0, "joins": 6.0, "ceiling": 20.0, "carry_over": 0.5, "mix": {"small": 1.0}},
    "partners": {"joins": 2.0, "cost_per_join": 90.0, "first_discount": 0.2, "mix": {"small": 1.0, "large": 1.0}},
}
SMALL = SEGMENT | {"share": 0.7, "frailty": {"kind": "gamma", "variance": 0.5}}
LARGE = SEGMENT | {"share": 0.3, "price": 200.0, "annual_churn": 0.1, "term_months": 6.0}
ALWAYS_NOTHING = {
    "channels": {"acquisition": CHANNELS | {"void": {"joins": 0.0, "mix": {"small": 1.0}}}},
    "firm": {"firm": {"tax_rate": 0.25, "fixed_costs": 0.0}},
    "moves": {"segments": {"small": SMALL | {"moves": {"large": 0.0}}, "large": LARGE}},
    "reasons": {"churn": {"reasons": REASONS | {"boredom": 0.0}}},
}
"""Tables at which mechanisms that are always on do nothing more than without them."""

ARM = {
    "retention": {
        "points": 5.0,
        "from_month": 3.5,
        "cost": {"once": 500.0, "per_month": 10.0, "per_customer_month": 1.0},
    },
    "investment": [{"at_month": 2.0, "amount": 700.0}, {"at_month": 5.5, "amount": 30.0}],
    "change": [{"set": "acquisition.ads.spend", "times": 1.5, "from_month": 4.0, "ramp_months": 3.0}],
}
CLIENTS = [
    {"name": "Nordwind AG", "segment": "large", "volume": 20.0, "discount": 0.3, "promotions": 50.0, "known_by": 0.05,
     "fixed_cost": 100.0, "avoidable_share": 0.5, "reference": 0.1},
]  # fmt: skip
BUYERS = {
    "share": 0.3, "buying": "purchases", "gross_margin": 0.5,
    "purchases": {"per_month": 0.8, "shape": 1.0, "spend": {"kind": "gamma", "mean": 40.0, "p": 2.0, "q": 3.0},
                  "dropout": {"a": 1.0, "b": 4.0}},
}  # fmt: skip
BESIDES = {"accounts": CLIENTS, "segments": {"small": SMALL, "large": LARGE, "buyers": BUYERS}}
"""Named clients and customers who buy purchase by purchase."""
KERNEL = {"opening", "join", "return", "leave", "move", "money"}
"""What a life is made of without any mechanism."""
MOVING = {"small": SMALL | {"moves": {"large": 0.05}}, "large": LARGE | {"moves": {"small": 0.02}}}


def named(table, name):
    assert name in table, f"{name} is new: say how it is switched on, and when it does nothing"
    return table[name]


def on(name):
    assert name in CASES, f"the mechanism {name} is new: add cases/{name}.toml"
    return CASES[name]["on"]


def others(name):
    """Return the mechanisms that one cannot do anything without, at settings that let it."""
    return CASES[name].get("with", {})


def firm(names=(), **more):
    """Return a firm with two segments, two channels, tax and fixed costs, and some mechanisms switched on."""
    tables = {
        "firm": {"tax_rate": 0.25, "fixed_costs": 200.0},
        "segments": {"small": SMALL, "large": LARGE},
        "churn": {"reasons": REASONS},
        "acquisition": CHANNELS,
        "mechanisms": {name: on(name) for name in names},
    }
    return parameters(**(tables | more))


def names_of(today):
    return sorted((*mechanisms.ALWAYS_ON, *today.on))


def told(outcome, today):
    """Return an outcome with every axis named, so that what is empty can be left out: of a reason, a line, an origin."""
    reasons, origins = today.reasons, (*today.origins, "")
    worth = {f"closing.{origin}": outcome.closing[:, o] for o, origin in enumerate(origins[:-1])}
    by_origin = {
        f"{table}.{origin}": getattr(outcome, table)[:, :, o]
        for table in ("pool", "joined", "moved", "returned", "alive", "margins")
        for o, origin in enumerate(origins[:-1])
    }
    lefts = {
        f"left.{r}.{o}": outcome.left[:, :, j, i] for i, r in enumerate(reasons) for j, o in enumerate(origins[:-1])
    }
    lines = {f"line.{k}.{o}": outcome.lines[k][:, :, j] for k in outcome.lines for j, o in enumerate(origins)}
    values = {f"value.{k}": outcome.values[k] for k in outcome.values}
    found = {k: v for k, v in (by_origin | lefts | lines | values | worth).items() if np.asarray(v).any()}
    gone, came = outcome.departed, outcome.present
    whole = {
        k: getattr(outcome, k) for k in ("npv_to_horizon", "customer_months", "discounted_months", "retention_12m")
    }
    people = {
        "gone": gone[:4],
        "why": [reasons[i] for i in gone[5]],
        "from": [origins[i] for i in gone[4]],
        "stay": came[:3],
    }
    return found | whole | people | {"closing": exact_sum(outcome.closing), "equity": outcome.equity[:, 0].tolist()}


# Its file


@every
def test_its_file_has_a_mechanism_that_keeps_the_contract(name):
    kind = mechanisms.module(name).Mechanism
    assert issubclass(kind, mechanism.Mechanism)
    assert kind is not mechanism.Mechanism
    assert set(kind.lines.values()) <= set(SIGNS)
    public = {k for k in vars(kind) if not k.startswith("_")}
    assert public <= {k for k in vars(mechanism.Mechanism) if not k.startswith("_")}


@every
def test_its_first_line_is_its_name_and_a_sentence(name):
    first = mechanisms.module(name).__doc__.split("\n")[0]
    noun, _, sentence = first.partition(": ")
    assert noun == name.replace("_", " ").capitalize()
    assert re.fullmatch(r"[a-z].*\.", sentence)


@switched
def test_it_has_settings(name):
    assert issubclass(mechanisms.module(name).Settings, mechanism.Settings)


@pytest.mark.parametrize("name", [*mechanisms.NAMES, "channels"])
def test_every_setting_has_a_unit_and_a_meaning(name):
    for key, field in mechanisms.module(name).Settings.model_fields.items():
        assert "unit" in (field.json_schema_extra or {}), key
        assert field.description, key
        numeric = field.annotation in (float, int, float | None, int | None)
        assert not numeric or field.json_schema_extra["unit"] or key == "power", f"{key} is a number without a unit"


@switched
def test_its_settings_survive_being_written_and_read_again(name):
    tree = firm((name,)).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    first = scenario.loads(tomli_w.dumps(tree | {"mechanisms": {name: on(name)}}))
    again = scenario.loads(first.resolved())
    assert again == first
    assert getattr(again.parameters.mechanisms, name) == getattr(first.parameters.mechanisms, name)
    settings = getattr(again.parameters.mechanisms, name)
    assert all(getattr(settings, key) == value for key, value in on(name).items())


# Its lines


@every
def test_it_opens_the_lines_it_declares_and_no_other(name):
    today = firm([name] if name in mechanisms.NAMES else [], **(BESIDES if name == "accounts" else {}))
    start = setup(today, arm(**ARM), factor=0.9)
    from retainsim.world import World

    kind = mechanisms.module(name).Mechanism
    world = World(start, Luck(0, 0), [kind()])
    own = {
        line: cls
        for line, cls in world.ledger.classes.items()
        if line not in ("revenue", "cost_of_sales", "cost_to_serve")
    }
    assert own == kind.lines


def test_no_two_mechanisms_post_to_the_same_line():
    lines = [line for name in EVERY for line in mechanisms.module(name).Mechanism.lines]
    assert len(set(lines)) == len(lines)


# Alone and with all others


@every
def test_it_runs_alone(name, monkeypatch):
    today = firm([name] if name in mechanisms.NAMES else [], segments=MOVING)
    outcome = play_in_order([name], setup(today, arm(**ARM), factor=0.9), Luck(1, 0), monkeypatch)
    assert outcome.books_error <= 1e-9


@every
def test_it_works_with_an_empty_pool_and_nobody_joining(name, monkeypatch):
    empty = {"ads": {"joins": 0.0, "spend": 0.0, "ceiling": 5.0}}
    today = firm(
        [name] if name in mechanisms.NAMES else [], pool={"customers": 0}, acquisition=empty, segments=MOVING,
        run={"months": 14},
    )  # fmt: skip
    outcome = play(today, arm(retention=ARM["retention"], investment=ARM["investment"]), factor=0.9)
    assert outcome.pool.sum() == 0
    assert outcome.lines["revenue"].sum() == 0
    assert np.isnan(outcome.retention_12m)


def lives(name, replications=4):
    """Return what is told of customers' lives with one mechanism on, and of whom it feeds which reason."""
    needs = others(name) if name in CASES else {}
    own = {name: on(name)} if name in mechanisms.NAMES else {}
    today = firm(mechanisms=needs | own, **BESIDES)
    events = [{"kind": "renegotiate", "account": "Nordwind AG", "at_month": 5.0, "discount": 0.1}]
    told, fed = set(), set()
    for replication in range(replications):
        start = setup(today, arm(**ARM, event=events), factor=0.9)
        outcome = replicate(start, Luck(2, replication), trace=True)
        told |= {part[2] for part in outcome.trace.parts}
        fed |= {today.reasons[i] for i in np.flatnonzero(outcome.fed.get(name, np.zeros((1, 1))).sum(axis=0) > 1e-9)}
    return today, told, fed


@pytest.mark.parametrize("name", [*mechanisms.NAMES, "accounts", "purchases"])
def test_it_emits_every_touch_it_declares_and_no_other(name):
    today, told, _ = lives(name)
    declared = {touch for each in names_of(today) for touch in mechanisms.module(each).Mechanism.touches}
    assert told - KERNEL <= declared
    assert set(mechanisms.module(name).Mechanism.touches) <= told


@switched
def test_it_feeds_every_reason_it_declares_and_no_other(name):
    today, _, fed = lives(name)
    declared = getattr(today.mechanisms, name).feeds()
    assert not declared or fed == set(declared)


@switched
def test_it_brings_customers_through_the_channel_it_declares_and_no_other(name):
    today = firm(mechanisms=others(name) | {name: on(name)})
    joined = sum(play(today, arm(**ARM), factor=0.9, replication=r).joined.sum(axis=(0, 1)) for r in range(4))
    bring = {each for each in today.on if getattr(today.mechanisms, each).brings_customers}
    assert bring <= {name, *others(name)}
    assert {origin for origin, count in zip(today.origins, joined, strict=True) if count} == {*CHANNELS, *bring}


@switched
def test_what_it_hears_is_told_by_somebody(name):
    emitted = {touch for each in EVERY for touch in mechanisms.module(each).Mechanism.touches}
    assert set(mechanisms.module(name).Mechanism.hears) <= emitted | KERNEL


def test_all_together_they_balance_and_every_one_of_them_does_something():
    today = firm(mechanisms.NAMES, **(BESIDES | {"segments": MOVING | {"buyers": BUYERS}}))
    for replication in range(3):
        outcome = play(today, arm(**ARM), factor=0.9, replication=replication)
        assert outcome.books_error <= 1e-9
        posted = {line for line, amounts in outcome.lines.items() if amounts.any()}
        assert posted >= {line for n in names_of(today) for line in mechanisms.module(n).Mechanism.lines}


AT_ONCE = {
    "retention": {"points": 5.0, "from_month": 4.0, "cost": {"once": 500.0}},
    "investment": [{"at_month": 4.0, "amount": 700.0}],
    "change": [
        {"set": "acquisition.ads.spend", "times": 1.5, "from_month": 4.0},
        {"set": "segments.small.price", "times": 1.5, "from_month": 4.0},
    ],
}
TIMINGS = {"apart": (ARM, 7.5), "at_the_same_instant": (AT_ONCE, 4.0), "within_a_month": (AT_ONCE, 3.5)}


@pytest.mark.parametrize("timing", TIMINGS)
def test_the_order_in_which_they_are_attached_cannot_be_seen_in_a_single_byte(timing, monkeypatch):
    tables, breach = TIMINGS[timing]
    settings = {name: on(name) for name in mechanisms.NAMES}
    settings["breach"] = settings["breach"] | {"at_month": breach}
    today = firm(mechanisms=settings, segments=MOVING, run={"months": 9})
    names, start = names_of(today), setup(today, arm(**tables), factor=0.9)
    wanted = play_in_order(names, start, Luck(1, 0), monkeypatch)
    shuffles = [np.random.default_rng(seed).permutation(names).tolist() for seed in range(3)]
    swaps = [[*names[: i - 1], names[i], names[i - 1], *names[i + 1 :]] for i in range(1, len(names))]
    for order in [names[::-1], *shuffles, *swaps]:
        found = play_in_order(order, start, Luck(1, 0), monkeypatch)
        assert differing(wanted, found) == [], order


# Zero strength


@pytest.mark.parametrize("name", mechanisms.NAMES)
def test_at_zero_strength_it_changes_nothing_to_the_last_byte(name):
    without, with_it = firm(mechanisms=others(name)), firm(mechanisms=others(name) | {name: CASES[name]["nothing"]})
    for replication in range(3):
        wanted = told(play(without, arm(**ARM), factor=0.9, replication=replication), without)
        found = told(play(with_it, arm(**ARM), factor=0.9, replication=replication), with_it)
        assert differing(wanted, found) == []


@switched
def test_at_zero_strength_it_changes_nothing_but_last_digits(name):
    without, with_it = firm(mechanisms=others(name)), firm(mechanisms=others(name) | {name: CASES[name]["nothing"]})
    wanted, found = told(play(without), without), told(play(with_it), with_it)
    assert wanted.keys() == found.keys()
    assert found["npv_to_horizon"] == pytest.approx(wanted["npv_to_horizon"], rel=1e-12)
    assert all(np.array_equal(wanted[k], found[k]) for k in wanted if k.startswith(("pool", "joined", "left")))


@switched
def test_at_full_strength_it_changes_something(name):
    without, with_it = firm(mechanisms=others(name)), firm(mechanisms=others(name) | {name: on(name)})
    assert differing(told(play(without), without), told(play(with_it), with_it))


@pytest.mark.parametrize("name", sorted({*ALWAYS_NOTHING}))
def test_what_is_always_on_changes_nothing_to_the_last_byte_where_its_table_says_nothing(name):
    without = firm(firm={"tax_rate": 0.25})
    with_it = firm(**({"firm": {"tax_rate": 0.25}} | named(ALWAYS_NOTHING, name)))
    wanted, found = told(play(without), without), told(play(with_it), with_it)
    sums = [k for k in wanted if isinstance(wanted[k], float) or k.startswith("value.")]  # over more cells, all zeros
    for key in sums:
        assert found.pop(key) == pytest.approx(wanted.pop(key), rel=1e-12), key
    assert differing(wanted, found) == []


KINDS = {
    get_args(event.model_fields["kind"].annotation)[0]: name
    for name in EVERY for event in getattr(mechanisms.module(name), "EVENTS", ())
}  # fmt: skip
"""Every kind of event, and the mechanism that knows it."""
GIVEN = {"release": {"account": "Nordwind AG"}, "renegotiate": {"account": "Nordwind AG", "discount": 0.1}}


def played_with(kind, month):
    """Return what comes of a firm in which something happens once, and of the same without; by the reasons' names."""
    tables = {KINDS[kind]: on(KINDS[kind])} if KINDS[kind] in CASES else {}
    today = firm(mechanisms=tables, run={"months": 9}, **BESIDES)
    event = {"kind": kind, "at_month": month} | GIVEN.get(kind, {})
    with_it, without = (play(today, arm(event=events), replication=1) for events in ([event], []))
    return differing(with_it, without)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_at_the_horizon_or_later_changes_nothing_to_the_last_byte(kind):
    assert played_with(kind, 9.0) == played_with(kind, 12.5) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_before_it_changes_something(kind):
    assert played_with(kind, 4.5)


@pytest.mark.parametrize(
    ("table", "factor"),
    [({"retention": {"churn": 1.0}}, 1.0), ({"investment": [{"at_month": 3.0, "amount": 0.0}]}, 1.0)],
    ids=["retention", "investment"],
)
def test_what_an_arm_does_at_zero_strength_changes_nothing_to_the_last_byte(table, factor):
    today = firm()
    wanted, found = told(play(today), today), told(play(today, arm(**table), factor=factor), today)
    assert differing(wanted, found) == []
