"""Named clients, events and mechanisms find in the rest of a scenario what they need, or are told where not and why."""

import copy
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim import mechanisms, scenario
from retainsim.errors import ScenarioError
from retainsim.scenario import keys
from retainsim.scenario.arms import folded
from retainsim.scenario.keys import value_at
from retainsim.scenario.schema import Parameters

GOOD = """\
[run]
start = 2026-01-01
[pool]
customers = 100
[segments.small]
price = 60.0
annual_churn = 0.2
[segments.shop]
annual_churn = 0.3
buying = "purchases"
purchases = { per_month = 1.0, spend = { kind = "same", mean = 20.0 } }
[churn.reasons]
price = 1
service = 2
[acquisition.ads]
joins = 3
[mechanisms.breach]
per_year = 0.1
[mechanisms.follow_up]
after = ["join", "purchase", "breach"]
[[accounts]]
name = "Nordwind AG"
segment = "small"
discount = 0.4
rebate = 0.1
[[accounts]]
name = "Südwind"
segment = "small"
[pieces.leak]
event = [{ kind = "breach", at_month = 3 }]
[arms.go]
include = ["leak"]
event = [
  { kind = "release", account = "Nordwind AG", at_month = 2026-07-01, notice_months = 3 },
  { kind = "renegotiate", account = "Südwind", at_month = 6, discount = 0.1 },
]
[[arms.later.event]]
kind = "release"
account = "Südwind"
at_month = 12
"""


def problems_of(text):
    with pytest.raises(ScenarioError) as caught:
        scenario.loads(text, name="x.toml")
    return caught.value.problems


def edited(*edits):
    """Return the good scenario with some of its text replaced."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, f"the edit of {old!r} must hit one place"
        text = text.replace(old, new)
    return text


def test_the_good_scenario_is_good():
    found = scenario.loads(GOOD)
    go = folded(found.parameters)["go"]
    assert [event.kind for event in go.event] == ["breach", "release", "renegotiate"]
    assert found.warnings == scenario.loads(GOOD).warnings


def test_an_event_may_be_given_a_date():
    event = folded(scenario.loads(GOOD).parameters)["go"].event[1]
    assert event.at_month == pytest.approx(6.0)
    assert event.notice_months == 3.0


# what is edited in GOOD; the place and path of the one problem; parts of its sentence
BAD = {
    "no such segment": (
        ('segment = "small"\ndiscount', 'segment = "smal"\ndiscount'),
        "23:1 accounts.0.segment",
        'no such segment (got "smal"); give small or shop',
        'did you mean "small"?',
    ),
    "a segment that buys purchase by purchase": (
        ('segment = "small"\ndiscount', 'segment = "shop"\ndiscount'),
        "23:1 accounts.0.segment",
        "a named client pays by the month, but shop buys purchase by purchase; give another segment",
    ),
    "two of a name": (
        ('name = "Südwind"', 'name = "Nordwind AG"'),
        "27:1 accounts.1.name",
        'so is called another client (got "Nordwind AG"); give another',
    ),
    "called like a segment": (
        ('[[accounts]]\nname = "Südwind"', '[[accounts]]\nname = "shop"\nsegment = "small"\n[[accounts]]\nname = "Südwind"'),
        "27:1 accounts.1.name",
        'so is called a segment (got "shop"); give another',
    ),
    "no name": (("name = \"Südwind\"\nsegment", "segment"), "26:3 accounts.1.name", "missing; give a text"),
    "no segment": (
        ('name = "Südwind"\nsegment = "small"', 'name = "Südwind"'),
        "26:3 accounts.1.segment",
        "missing; give a name",
    ),
    "mistyped term": (
        ("rebate = 0.1", "rebates = 0.1"),
        "25:1 accounts.0.rebates",
        'unknown key (got "rebates")',
        'did you mean "rebate"?',
    ),
    "per cent": (("discount = 0.4", "discount = 40"), "24:1 accounts.0.discount", "at most 0.95", "did you mean 0.4?"),
    "nothing left to pay": (
        ("discount = 0.4", "discount = 0.9"),
        "21:3 accounts.0",
        "discount and rebate together are 1 of the price; at most 0.95",
    ),
    "an offer that leaves nothing to pay": (
        ('account = "Südwind", at_month = 6, discount = 0.1', 'account = "Nordwind AG", at_month = 6, discount = 0.9'),
        "35:66 arms.go.event.1.discount",
        "with its rebate of 0.1 the client would be given 1 of the price; at most 0.95",
    ),
    "the mechanism of an event is off": (
        ("[mechanisms.breach]\nper_year = 0.1\n", ""),
        ("join", '"join", "purchase", "breach"', '"join", "purchase"'),
        "28:12 pieces.leak.event.0.kind",
        "this event needs a mechanism that is not on; add the table [mechanisms.breach]",
    ),
    "no such client": (
        ('kind = "renegotiate", account = "Südwind"', 'kind = "renegotiate", account = "Sudwind"'),
        "35:27 arms.go.event.1.account",
        'no such named client (got "Sudwind"); give Nordwind AG or Südwind',
        'did you mean "Südwind"?',
    ),
    "a segment for a client": (
        ('[[arms.later.event]]\nkind = "release"\naccount = "Südwind"', '[[arms.later.event]]\nkind = "release"\naccount = "small"'),
        "39:1 arms.later.event.0.account",
        'no such named client (got "small")',
    ),
    "no client": (
        ('[[arms.later.event]]\nkind = "release"\naccount = "Südwind"', '[[arms.later.event]]\nkind = "release"'),
        "37:14 arms.later.event.0.account",
        "missing; give a text",
    ),
    "no such kind": (
        ('kind = "renegotiate"', 'kind = "renegotate"'),
        "35:5 arms.go.event.1.kind",
        'not one of the kinds (got "renegotate")',
        'did you mean "renegotiate"?',
    ),
    "no kind": (
        ('kind = "breach", at_month = 3', "at_month = 3"),
        "30:10 pieces.leak.event.0.kind",
        "missing; give",
    ),
    "a key of another kind": (
        ('kind = "breach", at_month = 3', 'kind = "breach", at_month = 3, account = "Südwind"'),
        "30:43 pieces.leak.event.0.account",
        'unknown key (got "account"); give one of at_month or kind',
    ),
    "no month": (
        ('kind = "breach", at_month = 3', 'kind = "breach"'),
        "30:10 pieces.leak.event.0.at_month",
        "missing; give a number at least 0",
    ),
    "before the start": (
        ("2026-07-01", "2025-07-01"),
        "34:48 arms.go.event.0.at_month",
        "before the start of the run (got 2025-07-01); give a date from run.start, 2026-01-01, on",
    ),
    "a date without a start": (
        ("start = 2026-01-01\n", ""),
        "33:48 arms.go.event.0.at_month",
        "a date needs to know when month 0 is (got 2026-07-01)",
        "at_month = 6",
    ),
    "a date as a text": (
        ("2026-07-01", '"2026-07-01"'),
        "34:48 arms.go.event.0.at_month",
        'not a number (got "2026-07-01")',
    ),
    "one event where a list is meant": (
        ('event = [{ kind = "breach", at_month = 3 }]', 'event = { kind = "breach", at_month = 3 }'),
        "30:1 pieces.leak.event",
        "not a list of tables",
    ),
    "no such touch": (
        ('"purchase", "breach"', '"purchase", "breech"'),
        "20:30 mechanisms.follow_up.after.2",
        'no such touch (got "breech")',
        'did you mean "breach"?',
    ),
    "a touch of a mechanism that is off": (
        ('"purchase", "breach"', '"purchase", "hang_up"'),
        "20:30 mechanisms.follow_up.after.2",
        "nobody emits hang_up here; add the table [mechanisms.service_desk], or name another touch",
    ),
    "a purchase where nobody buys": (
        ('buying = "purchases"\npurchases = { per_month = 1.0, spend = { kind = "same", mean = 20.0 } }', "price = 5.0"),
        "19:18 mechanisms.follow_up.after.1",
        'nobody emits purchase here; give a segment buying = "purchases", or another touch',
    ),
    "a name of a wrong type": (("name = \"Südwind\"", "name = 5"), "27:1 accounts.1.name", "not a text (got 5)"),
    "an empty name": (('name = "Südwind"', 'name = ""'), "27:1 accounts.1.name"),
    "one table where a list is meant": (
        ("[[accounts]]\nname = \"Nordwind AG\"", "[accounts]\nname = \"Nordwind AG\""),
        ("[[accounts]]\nname = \"Südwind\"\nsegment = \"small\"\n", ""),
        "21:2 accounts",
        "not a list of tables",
    ),
}  # fmt: skip


def told(case):
    """Split a case into edits, the place and path, and what the sentence says."""
    edits = [part[-2:] for part in case if isinstance(part, tuple)]
    place, *parts = [part for part in case if isinstance(part, str)]
    return edits, place, parts


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_mistake_is_reported_at_its_place_with_what_to_do(case):
    edits, place, parts = told(case)
    about = [p for p in problems_of(edited(*edits)) if p.startswith(f"x.toml:{place}: ")]
    assert len(about) == 1, problems_of(edited(*edits))
    assert all(part in about[0] for part in parts), about[0]


ECHOES = {"no name", "a name of a wrong type", "an empty name", "one table where a list is meant", "two of a name"}
"""Mistakes by which a client that an arm names is no longer there."""


@pytest.mark.parametrize(
    "case", [BAD[name] for name in BAD if name not in ECHOES], ids=[n for n in BAD if n not in ECHOES]
)
def test_one_mistake_is_one_problem(case):
    edits, _, _ = told(case)
    assert len(problems_of(edited(*edits))) == 1


def test_the_message_lists_every_kind_of_event_there_is():
    """Each mechanism says which it knows."""
    kinds = {
        value_at_kind(event)
        for name in (*mechanisms.ALWAYS_ON, *mechanisms.NAMES)
        for event in getattr(mechanisms.module(name), "EVENTS", ())
    }
    assert {"release", "renegotiate", "breach"} <= kinds
    (problem,) = problems_of(edited(('kind = "breach", at_month = 3', 'kind = "strike", at_month = 3')))
    assert all(f'"{kind}"' in problem for kind in kinds), problem


def value_at_kind(event):
    from typing import get_args

    return get_args(event.model_fields["kind"].annotation)[0]


def test_without_clients_an_event_about_one_says_that_there_are_none():
    text = GOOD[: GOOD.index("[[accounts]]")] + GOOD[GOOD.index("[pieces.leak]") :]
    found = problems_of(text)
    assert len(found) == 3
    assert all("this scenario has no named client" in problem for problem in found)


def test_a_client_of_a_segment_without_a_churn_of_its_own_must_be_given_one():
    """Where churn comes from a beta frailty alone."""
    frail = ("annual_churn = 0.2\n", 'frailty = { kind = "beta", a = 1.0, b = 4.0 }\n')
    raw = ("[churn.reasons]", "[churn]\ncalibrate = false\n[churn.reasons]")
    found = problems_of(edited(frail, raw))
    assert [p.partition(": ")[0].split()[1] for p in found] == ["accounts.0.annual_churn", "accounts.1.annual_churn"]
    assert all("small has no annual_churn to take" in p for p in found)
    given = edited(frail, raw, ("discount = 0.4", "discount = 0.4\nannual_churn = 0.1"), ('name = "Südwind"', 'name = "Südwind"\nannual_churn = 0'))  # fmt: skip
    assert scenario.loads(given).parameters.everyone["Südwind"].annual_churn == 0


def test_discount_and_rebate_may_come_to_95_per_cent_to_the_last_digit():
    for discount, rebate in ((0.55, 0.4), (0.65, 0.3), (0.95, 0.0), (0.05, 0.9)):
        edits = ("discount = 0.4\nrebate = 0.1", f"discount = {discount}\nrebate = {rebate}")
        assert scenario.loads(edited(edits)).parameters.accounts[0].given_away == pytest.approx(0.95)


def test_released_is_a_reason_where_there_are_clients_and_only_there():
    lever = "[arms.kept]\nretention = { points = 1, reasons = ['released'] }\n"
    scenario.loads(GOOD + lever)
    text = GOOD[: GOOD.index("[[accounts]]")] + "[arms.kept]\nretention = { points = 1, reasons = ['released'] }\n"
    assert 'no such reason (got "released")' in problems_of(text)[0]


def test_an_arm_may_change_what_a_client_is_given_within_its_limits():
    change = '[arms.less]\nchange = [{{ set = "accounts.0.discount", to = {to} }}]\n'
    found = scenario.loads(GOOD + change.format(to=0.2))
    assert found.parameters.arms["less"].change[0].set == "accounts.0.discount"
    (problem,) = problems_of(GOOD + change.format(to=0.94))
    assert problem.startswith("x.toml:42:11 arms.less.change.0")
    assert "discount and rebate together are 1.04 of the price" in problem
    (problem,) = problems_of(GOOD + change.format(to=0.2).replace("accounts.0", "accounts.2"))
    assert 'there is no "2" in accounts; give one of 0 or 1' in problem


def test_touches_of_every_mechanism_are_known_where_it_is_on():
    for name in mechanisms.NAMES:
        for touch in mechanisms.module(name).Mechanism.touches:
            after = ('"purchase", "breach"', f'"purchase", "{touch}"')
            if touch == "follow_up":
                continue
            if name != "breach":
                assert f"add the table [mechanisms.{name}]" in problems_of(edited(after))[0]
            on = (
                f"[mechanisms.{name}]\n{tomli_w.dumps(CASES[name]['on'])}"
                if name not in ("breach", "follow_up")
                else ""
            )
            found = edited(after) + on
            try:
                scenario.loads(found)
            except ScenarioError as error:
                assert not [p for p in error.problems if "follow_up.after" in p], name


@pytest.mark.parametrize("touch", ["join", "return", "move"])
def test_what_the_kernel_tells_of_needs_no_mechanism(touch):
    assert scenario.loads(edited(('"purchase", "breach"', f'"purchase", "{touch}"')))


# Wrong settings of mechanisms


CASES = {
    path.stem: tomllib.loads(path.read_text())
    for path in (Path(__file__).parent.parent / "mechanisms" / "cases").glob("*.toml")
}
FIRM = """\
[pool]
customers = 50
[segments.small]
price = 50.0
annual_churn = 0.3
[segments.large]
price = 200.0
annual_churn = 0.1
[churn.reasons]
price = 1
service = 3
[acquisition.ads]
joins = 2
[acquisition.partners]
joins = 1
"""


def base(name):
    """Return the text of a small scenario that has a mechanism on, and what it needs."""
    tables = CASES[name].get("with", {}) | {name: CASES[name]["on"]}
    return FIRM + tomli_w.dumps({"mechanisms": tables})


def with_setting(name, path, value):
    """Return the text of a scenario with one setting of a mechanism replaced or added."""
    tree = tomllib.loads(base(name))
    table = tree["mechanisms"][name]
    for part in path[:-1]:
        table = table.setdefault(part, {})
    table[path[-1]] = value
    return tomli_w.dumps(tree)


def fields(name):
    """Yield the path of every setting below a mechanism's table, and what may stand there."""
    tree = tomllib.loads(base(name))
    root = keys.find(("mechanisms", name), tree)

    def below(key, path):
        for part in key.allowed(None):
            inner = keys.step(key, part, None)
            yield (*path, part), inner
            table = inner.holds(dict)
            if table:
                word = word_for(inner, part)
                entry = keys.step(inner, word, None)
                yield (*path, part, word), entry
                yield from below(entry, (*path, part, word))
            elif inner.models:
                yield from below(inner, (*path, part))

    yield from below(root, ())


def word_for(key, part):
    """Return a name that may stand in a table of names."""
    from typing import get_args

    names = get_args(get_args(key.holds(dict))[0])
    return names[0] if names and isinstance(names[0], str) else {"channels": "ads"}.get(part, "small")


BEYOND = {"ge": ("at least", -1), "gt": ("above", 0), "le": ("at most", 1), "lt": ("below", 0)}
"""For each limit its word in a message, and what to add to it to be beyond."""


def out_of_range(name):
    for path, key in fields(name):
        for limit, (word, more) in BEYOND.items():
            if limit in key.limits and (key.is_number or key.is_whole):
                value = key.limits[limit] + more
                yield pytest.param(name, path, value, f"{word} {keys.number(key.limits[limit])}", id=f"{name}.{'.'.join(path)} {word}")  # fmt: skip


def placed(text, name, path):
    """Return where a setting stands, or the table it would stand in: file, line, column and dotted path."""
    found = scenario.document.parse(text, "x.toml").at(("mechanisms", name, *path))
    return f"{found} {keys.dotted(('mechanisms', name, *path))}: "


@pytest.mark.parametrize("name", mechanisms.NAMES)
def test_every_mechanism_has_a_case_that_loads(name):
    assert name in CASES
    assert getattr(scenario.loads(base(name)).parameters.mechanisms, name) is not None


@pytest.mark.parametrize(("name", "path", "value", "said"), [c for n in mechanisms.NAMES for c in out_of_range(n)])
def test_a_number_beyond_its_limit_is_refused_with_the_limit(name, path, value, said):
    text = with_setting(name, path, value)
    mine = [p for p in problems_of(text) if p.startswith(placed(text, name, path))]
    assert len(mine) == 1, problems_of(text)
    assert "out of range (got " in mine[0]
    assert said in mine[0]


EVERY = [pytest.param(n, p, k, id=f"{n}.{'.'.join(p)}") for n in mechanisms.NAMES for p, k in fields(n)]


def not_a(key):
    """Return a value that is of none of the types a setting may have."""
    return next(v for v, kinds in ((True, (bool,)), (7.5, (float,)), ("x", (str,))) if not {*kinds} & {*key.kinds})


@pytest.mark.parametrize(("name", "path", "key"), EVERY)
def test_a_value_of_another_type_is_refused_with_the_type(name, path, key):
    text = with_setting(name, path, not_a(key))
    mine = [p for p in problems_of(text) if p.startswith(placed(text, name, path))]
    assert len(mine) == 1, problems_of(text)
    assert ": not " in mine[0] and " (got " in mine[0] and "; give " in mine[0], mine[0]


TOP = [p for p in EVERY if len(p.values[1]) == 1 and len(p.values[1][0]) > 3]


@pytest.mark.parametrize(("name", "path", "key"), TOP)
def test_a_mistyped_setting_is_refused_with_the_one_that_is_meant(name, path, key):
    wrong = path[0][:-1] + "_" + path[0][-1]
    tree = tomllib.loads(base(name))
    tree["mechanisms"][name][wrong] = tree["mechanisms"][name].pop(path[0], 0)
    text = tomli_w.dumps(tree)
    mine = [p for p in problems_of(text) if p.startswith(placed(text, name, (wrong,)))]
    assert len(mine) == 1, problems_of(text)
    assert f'unknown key (got "{wrong}"); give one of ' in mine[0]
    assert mine[0].endswith(f'; did you mean "{path[0]}"?')


@pytest.mark.parametrize("name", mechanisms.NAMES)
def test_a_reason_that_nobody_leaves_for_is_refused_wherever_a_mechanism_names_some(name):
    for path, key in fields(name):
        if key.unit in ("reasons", "segments") and key.holds(list):
            text = with_setting(name, path, ["nonsense"])
            said = [p for p in problems_of(text) if f'no such {key.unit[:-1]} (got "nonsense")' in p]
            assert len(said) == 1, problems_of(text)
            assert said[0].startswith(placed(text, name, (*path, 0))), said


@pytest.mark.parametrize(("kind", "table"), [
    ("release", {"account": "Nordwind AG", "at_month": -1}), ("release", {"account": "Nordwind AG", "notice_months": -1}),
    ("renegotiate", {"account": "Nordwind AG", "discount": 0.96}), ("breach", {"at_month": -0.1}),
])  # fmt: skip
def test_what_an_event_is_given_has_limits_too(kind, table):
    tree = tomllib.loads(GOOD)
    tree["arms"] = {"a": {"event": [{"kind": kind, "at_month": 1} | table]}}  # fmt: skip
    assert any("arms.a.event.0." in p and "out of range" in p for p in problems_of(tomli_w.dumps(tree)))


EMPTY = {
    "nobody at the desk": ("service_desk", ("agents",), 0, "agents", "nobody answers, so everybody who calls hangs up"),
    "no managers": ("account_managers", ("managers",), 0, "managers", "nobody looks after anybody (got 0)"),
    "a market too small": ("market", ("size",), 49.0, "size", "smaller than the pool at month 0 (50 customers, got 49)"),
    "no calls": ("follow_up", ("capacity_per_month",), 0.0, "capacity_per_month", "nobody would ever be called (got 0)"),
    "no such segment of a table": (
        "perception", ("segments", "smal"), {"tilt": 2.0}, "segments.smal", 'no such segment (got "smal"); give large or small; did you mean "small"?',
    ),
    "no such channel of a table": (
        "price_only_buyers", ("channels", "adds"), 0.5, "channels.adds", 'no such channel (got "adds"); give ads, existing or partners',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value", "where", "said"), EMPTY.values(), ids=EMPTY)
def test_a_mechanism_that_cannot_do_anything_is_refused(name, path, value, where, said):
    text = with_setting(name, path, value)
    (problem,) = problems_of(text)
    assert problem.startswith(placed(text, name, path)), problem
    assert f" mechanisms.{name}.{where}: {said}" in problem


def test_a_market_holds_the_pool_and_the_named_clients():
    big = GOOD + "[mechanisms.market]\nsize = 102\n"
    assert scenario.loads(big)
    assert "smaller than the pool" in problems_of(big.replace("102", "101"))[0]


# Whatever stands anywhere, it is refused in words or accepted, never a failure of ours

ODD = st.sampled_from([[], {}, 5, -1, 10**400, "x", "", True, [5], [[]], [{}], {"kind": 5}, {"kind": []}, {"a": {}}, 1e308, "small", ["small"]])  # fmt: skip


def paths_of(node, path=()):
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for part, value in parts:
        yield (*path, part)
        yield from paths_of(value, (*path, part))


PATHS = list(paths_of(tomllib.loads(GOOD)))


@settings(deadline=None, derandomize=True, max_examples=400)
@given(path=st.sampled_from(PATHS), odd=ODD)
def test_nonsense_anywhere_is_no_crash(path, odd):
    tree = copy.deepcopy(tomllib.loads(GOOD))
    value_at(tree, path[:-1])[path[-1]] = odd
    try:
        scenario.loads(tomli_w.dumps(tree))
    except ScenarioError as error:
        assert error.problems


def test_a_dropout_for_no_reason_at_all_is_no_crash():
    drops = ("mean = 20.0 } }", 'mean = 20.0 }, dropout = { a = 1, b = 3, reason = ["x"] } }')
    found = problems_of(edited(("annual_churn = 0.3\n", ""), drops))
    assert any("segments.shop.purchases.dropout.reason" in p for p in found)


def test_a_scenario_with_clients_and_events_reads_back_as_itself():
    first = scenario.loads(GOOD)
    assert scenario.loads(first.resolved()) == first
    assert isinstance(first.parameters, Parameters)
