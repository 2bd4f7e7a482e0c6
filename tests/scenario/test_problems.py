"""What is wrong with a scenario is said all at once, each problem with its place, value and remedy."""

import copy
import math
import tomllib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim import scenario
from retainsim.errors import ScenarioError
from retainsim.scenario.arms import Timeline, folded
from retainsim.scenario.document import Document
from retainsim.scenario.keys import value_at
from retainsim.scenario.problems import check

GOOD = """\
[run]
months = 24
[pool]
customers = 100
[plans.year]
price = 50
[segments.small]
price = 60.0
annual_churn = 0.22
moves = { large = 0.01 }
[segments.large]
plan = "year"
annual_churn = 0.1
[churn.reasons]
price = 1
service = 2
[acquisition.ads]
spend = 1000
joins = 7
ceiling = 18
[acquisition.friends]
joins = 1
mix = { small = 1, large = 2 }
[mechanisms.retention_programme]
effect = 0.1
effect_at = 2
ceiling = 0.5
[pieces.cheaper]
change = [{ set = "segments.small.price", times = 0.9, until_month = 6 }]
[arms.better]
include = ["cheaper"]
retention = { points = 5 }
[arms.louder]
change = [{ set = "acquisition.ads.spend", times = 1.05, from_month = 3 }]
"""


def problems_of(text, name="x.toml"):
    with pytest.raises(ScenarioError) as caught:
        scenario.loads(text, name=name)
    return caught.value.problems


def edited(*edits):
    """Return the good scenario with some of its text replaced."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, f"the edit of {old!r} must hit one place"
        text = text.replace(old, new)
    return text


def test_the_good_scenario_is_good():
    assert scenario.loads(GOOD).parameters.pool.customers == 100


# what is edited in GOOD; the place and path of the one problem; parts of its sentence
BAD = {
    "unknown key": (
        ("customers = 100", "custmers = 100"),
        "4:1 pool.custmers",
        "customers, tenure or age_years",
        'did you mean "customers"?',
    ),
    "unknown table": (("[pool]", "[pol]"), "3:2 pol", "unknown key", 'did you mean "pool"?'),
    "unknown mechanism": (
        ("[mechanisms.retention_programme]", "[mechanisms.retention_program]"),
        "24:13 mechanisms.retention_program",
        'did you mean "retention_programme"?',
    ),
    "text for a number": (
        ("price = 60.0", 'price = "sixty"'),
        "8:1 segments.small.price",
        'not a number (got "sixty")',
        "at least 0 (money per customer-month",
    ),
    "number for a text": (("[run]", "title = 5\n[run]"), "1:1 title", "not a text (got 5)"),
    "true for a number": (
        ("price = 60.0", "price = true"),
        "8:1 segments.small.price",
        "not a number (got true)",
    ),
    "fraction for a whole number": (
        ("customers = 100", "customers = 100.5"),
        "4:1 pool.customers",
        "not a whole number (got 100.5)",
    ),
    "nan": (("price = 60.0", "price = nan"), "8:1 segments.small.price", "not a finite number (got nan)"),
    "infinity": (
        ("price = 60.0", "price = -inf"),
        "8:1 segments.small.price",
        "not a finite number (got -inf)",
    ),
    "too low": (
        ("price = 60.0", "price = -1"),
        "8:1 segments.small.price",
        "out of range (got -1)",
        "at least 0",
    ),
    "per cent as a number": (
        ("annual_churn = 0.22", "annual_churn = 22"),
        "9:1 segments.small.annual_churn",
        "at least 0 and below 1 (share a year",
        "did you mean 0.22?",
    ),
    "per cent as a text": (
        ("annual_churn = 0.22", 'annual_churn = "22 %"'),
        "9:1 segments.small.annual_churn",
        "not a number",
        "did you mean 0.22?",
    ),
    "huge whole number": (
        ("price = 60.0", f"price = {'9' * 400}"),
        "8:1 segments.small.price",
        "got a huge number",
    ),
    "missing key": (
        ("effect = 0.1\n", ""),
        "24:13 mechanisms.retention_programme.effect",
        "missing; give a number",
        "prevented today",
    ),
    "table for a list": (
        (
            'change = [{ set = "acquisition.ads.spend", times = 1.05, from_month = 3 }]',
            'change = { set = "acquisition.ads.spend", times = 1.05 }',
        ),
        "34:1 arms.louder.change",
        "not a list of tables",
    ),
    "item of a list": (
        ('include = ["cheaper"]', 'include = ["cheaper", 5]'),
        "31:23 arms.better.include.1",
        "not a name",
    ),
    "bad name": (
        ("[acquisition.friends]", '[acquisition."a b"]'),
        '21:14 acquisition."a b"',
        "letters, digits, _ and -",
    ),
    "no such choice": (
        ("[pool]", '[pool]\ntenure = "setled"'),
        "4:1 pool.tenure",
        '"settled", "new" or a table with months',
        'did you mean "settled"?',
    ),
    "number for a choice": (
        ("[pool]", "[pool]\ntenure = 5"),
        "4:1 pool.tenure",
        "not one of the choices (got 5)",
    ),
    "table of a choice": (
        ("[pool]", "[pool]\ntenure = { month = 5 }"),
        "4:12 pool.tenure.month",
        'did you mean "months"?',
    ),
    "wrong kind": (
        ("price = 60.0", 'price = 60.0\nfrailty = { kind = "gama", variance = 1 }'),
        "9:13 segments.small.frailty.kind",
        'not one of the kinds (got "gama")',
        'did you mean "gamma"?',
    ),
    "no kind": (
        ("price = 60.0", "price = 60.0\nfrailty = { variance = 1 }"),
        "9:1 segments.small.frailty.kind",
        "missing",
        '"none", "gamma" or "beta"',
    ),
    "no table for a kind": (
        ("price = 60.0", "price = 60.0\nfrailty = 0.5"),
        "9:1 segments.small.frailty",
        "not a table (got 0.5)",
    ),
    "key of another kind": (
        ("price = 60.0", 'price = 60.0\nfrailty = { kind = "gamma", variance = 1, a = 1 }'),
        "9:43 segments.small.frailty.a",
        "kind or variance",
    ),
    "limits of an item": (
        (
            "price = 60.0",
            'price = 60.0\nduration = { kind = "steps", months = [6, -1], factors = [1, 2, 3] }',
        ),
        "9:43 segments.small.duration.months.1",
        "out of range (got -1)",
        "above 0",
    ),
    "count of a list": (
        ("joins = 7", "joins = 7\nseasonality = [1, 2]"),
        "20:1 acquisition.ads.seasonality",
        "too few (got [1, 2])",
        "exactly 12",
    ),
    "form of a text": (
        ("[run]", 'currency = { code = "eur" }\n[run]'),
        "1:14 currency.code",
        "not of the right form",
        "^[A-Z]{3}$",
    ),
    "length of a text": (
        ("[run]", f'title = "{"x" * 300}"\n[run]'),
        "1:1 title",
        "too long",
        "of at most 200 characters",
    ),
    "date as a text": (
        ("months = 24", 'months = 24\nstart = "2026-01-01"'),
        "3:1 run.start",
        "not a date",
        "without quotes",
    ),
    "our own sentence": (
        ("ceiling = 18", "ceiling = 6"),
        "17:14 acquisition.ads",
        ": ceiling (6) must be above joins (7)",
    ),
    "two readings": (
        ("points = 5", "points = 5, churn = 0.9"),
        "32:1 arms.better.retention",
        "say which kind of gain is meant, once (got points and churn)",
    ),
    "a bare number": (
        ("{ points = 5 }", "5"),
        "32:1 arms.better.retention",
        "5 is ambiguous",
        "{ points = 5 }",
        "{ relative = 1.05 }",
        "{ churn = 0.95 }",
    ),
    "a bare share": (
        ("{ points = 5 }", "0.03"),
        "32:1 arms.better.retention",
        "{ points = 3 }",
        "{ relative = 1.03 }",
        "{ churn = 0.97 }",
    ),
    "a bare text": (
        ("{ points = 5 }", '"5 %"'),
        "32:1 arms.better.retention",
        '"5 %" is ambiguous',
        "{ points = 5 }",
    ),
    "points as a share": (
        ("points = 5", "points = 0.05"),
        "32:15 arms.better.retention.points",
        "at least 0.1",
        "did you mean 5?",
    ),
    "relative retention as a gain": (
        ("points = 5", "relative = 0.05"),
        "32:15 arms.better.retention.relative",
        "at least 1",
        "did you mean 1.05?",
    ),
    "no share": (
        ("[segments.large]", "share = 0\n[segments.large]\nshare = 0"),
        "7:2 segments",
        "sum to zero",
    ),
    "no such plan": (
        ('plan = "year"', 'plan = "yeer"'),
        "12:1 segments.large.plan",
        'no such plan (got "yeer"); give year',
        'did you mean "year"?',
    ),
    "no such plan of a channel": (
        ("joins = 7", 'joins = 7\nplan = "yeer"'),
        "20:1 acquisition.ads.plan",
        "no such plan",
    ),
    "no price": (('plan = "year"\n', ""), "11:11 segments.large.price", "missing", "or in a plan"),
    "no price in the plan": (
        ("[plans.year]\nprice = 50", "[plans.year]\nterm_months = 12"),
        "11:11 segments.large.price",
        "missing",
    ),
    "no churn": (
        ("annual_churn = 0.22\n", ""),
        "7:11 segments.small.annual_churn",
        "missing",
        "beta frailty",
    ),
    "no churn though beta": (
        ("annual_churn = 0.22\nmoves = { large = 0.01 }", 'frailty = { kind = "beta", a = 1 }'),
        "7:11 segments.small.annual_churn",
        "missing",
    ),
    "move to nowhere": (
        ("moves = { large", "moves = { lage"),
        "10:11 segments.small.moves.lage",
        "no such segment",
        'did you mean "large"?',
    ),
    "move to itself": (("moves = { large", "moves = { small"), "10:11 segments.small.moves.small", "itself"),
    "move to another frailty": (
        ("price = 60.0", 'price = 60.0\nfrailty = { kind = "beta", a = 1 }'),
        "11:11 segments.small.moves.large",
        "small to large",
    ),
    "mix of nobody": (
        ("mix = { small = 1, large = 2 }", "mix = { small = 0 }"),
        "23:1 acquisition.friends.mix",
        "sum to zero",
    ),
    "mix of strangers": (
        ("mix = { small", "mix = { smal"),
        "23:9 acquisition.friends.mix.smal",
        'did you mean "small"?',
    ),
    "precision and replications": (
        ("months = 24", "months = 24\nprecision = 0.1\nreplications = 5"),
        "3:1 run.precision",
        "both given",
    ),
    "no such reason in a lever": (
        ("points = 5", 'points = 5, reasons = ["prize"]'),
        "32:38 arms.better.retention.reasons.0",
        "no such reason",
        'did you mean "price"?',
    ),
    "no such segment in a lever": (
        ("points = 5", 'points = 5, segments = ["tiny"]'),
        "32:39 arms.better.retention.segments.0",
        "no such segment",
        "large or small",
    ),
    "no such reason in a mechanism": (
        ("effect = 0.1", 'effect = 0.1\naims_at = ["involuntary"]'),
        "26:12 mechanisms.retention_programme.aims_at.0",
        "no such reason",
    ),
    "no such piece": (
        ('["cheaper"]', '["cheeper"]'),
        "31:12 arms.better.include.0",
        "no such piece",
        'did you mean "cheaper"?',
    ),
    "a piece included twice": (
        ('["cheaper"]', '["cheaper", "cheaper"]'),
        "31:23 arms.better.include.1",
        "included twice",
    ),
    "two levers": (
        ("[arms.better]", "retention = { points = 1 }\n[arms.better]"),
        "33:1 arms.better.retention",
        "second retention lever",
        "pieces.cheaper",
    ),
    "one key set twice": (
        ("retention = { points = 5 }", 'change = [{ set = "segments.small.price", to = 5, from_month = 5 }]'),
        "32:13 arms.better.change.0.set",
        "twice at month 5 (also: pieces.cheaper.change.0)",
    ),
    "a change of nothing": (
        ('"acquisition.ads.spend"', '"acquisition.adds.spend"'),
        "34:13 arms.louder.change.0.set",
        'no "adds" in acquisition',
        'did you mean "ads"?',
    ),
    "a change of no key": (
        ('"acquisition.ads.spend"', '"acquisition.ads.spent"'),
        "34:13 arms.louder.change.0.set",
        'no "spent" in acquisition.ads',
        'did you mean "spend"?',
    ),
    "a change of a table": (
        ('"acquisition.ads.spend"', '"acquisition.ads"'),
        "34:13 arms.louder.change.0.set",
        "only a number can change",
    ),
    "a change of a text": (
        ('"acquisition.ads.spend"', '"acquisition.ads.curve"'),
        "34:13 arms.louder.change.0.set",
        "only a number can change",
    ),
    "a change of the run": (
        ('"acquisition.ads.spend"', '"run.discount_rate"'),
        "34:13 arms.louder.change.0.set",
        "an arm cannot change run.discount_rate",
        "--set",
    ),
    "a change of the pool": (
        ('"acquisition.ads.spend"', '"pool.customers"'),
        "34:13 arms.louder.change.0.set",
        "an arm cannot change",
    ),
    "a change of the target": (
        ('"acquisition.ads.spend"', '"churn.target_annual"'),
        "34:13 arms.louder.change.0.set",
        "an arm cannot change",
    ),
    "a change of a share": (
        ('"acquisition.ads.spend"', '"segments.small.share"'),
        "34:13 arms.louder.change.0.set",
        "an arm cannot change",
    ),
    "a change of a term": (
        ('"acquisition.ads.spend"', '"plans.year.term_months"'),
        "34:13 arms.louder.change.0.set",
        "an arm cannot change",
    ),
    "a change of what is off": (
        ('"acquisition.ads.spend"', '"mechanisms.growth.premium_per_year"'),
        "34:13 arms.louder.change.0.set",
        "mechanisms.growth is not switched on",
    ),
    "a change of no value": (
        ('"acquisition.ads.spend"', '"segments.large.price"'),
        "34:13 arms.louder.change.0.set",
        "plans.year.price",
    ),
    "a change out of range": (
        (
            'set = "acquisition.ads.spend", times',
            'set = "segments.small.annual_churn", times = 6, ramp_months',
        ),
        "34:11 arms.louder.change.0",
        "once changed, segments.small.annual_churn: out of range (got 1.32)",
    ),
    "a change past our own rules": (
        ('set = "acquisition.ads.spend", times = 1.05', 'set = "acquisition.ads.joins", to = 18'),
        "34:11 arms.louder.change.0",
        "once changed, acquisition.ads: ceiling (18) must be above joins (18)",
    ),
    "a change in a piece": (
        ("times = 0.9", "by = -61"),
        "29:11 pieces.cheaper.change.0",
        "out of range (got -1)",
    ),
    "a date without a start": (
        ("from_month = 3", "from_month = 2026-03-01"),
        "34:58 arms.louder.change.0.from_month",
        "start under [run]",
        "from_month = 6",
    ),
    "a distribution with bad numbers": (
        ("price = 60.0", "price = { normal = [60, -1] }"),
        "8:1 segments.small.price",
        "sd above 0",
    ),
    "a distribution without a list": (
        ("price = 60.0", "price = { normal = 60 }"),
        "8:1 segments.small.price",
        "normal = [mean, sd] (got normal = 60)",
    ),
    "a distribution too large": (
        ("price = 60.0", "price = { uniform = [0, 1e301] }"),
        "8:1 segments.small.price",
        "too large",
    ),
    "a distribution beyond a limit": (
        ("annual_churn = 0.22", "annual_churn = { normal = [0.1, 0.05] }"),
        "9:1 segments.small.annual_churn",
        "reaches from -0.08595 to 0.286",
    ),
    "a distribution past our own rules": (
        ("joins = 7", "joins = { uniform = [5, 20] }"),
        "17:14 acquisition.ads",
        "ceiling (18) must be above joins",
        "uniform = [5, 20]",
    ),
    "a distribution of a change": (
        ("times = 0.9", "times = { uniform = [-1, 2] }"),
        "29:11 pieces.cheaper.change.0",
        "out of range",
        "pieces.cheaper.change.0.times = -0.9997",
    ),
    "a distribution of a whole number": (
        ("customers = 100", "customers = { normal = [100, 1] }"),
        "4:1 pool.customers",
        "no distribution may stand here",
    ),
    "a distribution in the run": (
        ("months = 24", "months = 24\ndiscount_rate = { normal = [0.1, 0.01] }"),
        "3:1 run.discount_rate",
        "no distribution may stand here",
    ),
    "a distribution of a month": (
        ("until_month = 6", "until_month = { uniform = [5, 7] }"),
        "29:56 pieces.cheaper.change.0.until_month",
        "no distribution may stand here",
    ),
    "two distributions in one": (
        ("price = 60.0", "price = { normal = [1, 2], beta = [1, 2] }"),
        "8:1 segments.small.price",
        "exactly one of normal = [mean, sd]",
    ),
    "joins at no spend": (
        ("spend = 1000", "spend = 0"),
        "18:1 acquisition.ads.spend",
        "the curve is unknown",
        "leave spend out for free joins",
    ),
    "an effect at no spend": (
        ("effect_at = 2\n", ""),
        "25:1 mechanisms.retention_programme.effect",
        "say at which spend the effect holds: effect_at",
    ),
    "a mistyped distribution": (
        ("price = 60.0", "price = { nromal = [1, 2] }"),
        "8:1 segments.small.price",
        'did you mean "normal"?',
    ),
}


@pytest.mark.parametrize(("edit", "where", "parts"), [(b[0], b[1], b[2:]) for b in BAD.values()], ids=BAD)
def test_a_mistake_is_the_only_line_and_has_its_place_value_and_remedy(edit, where, parts):
    (line,) = problems_of(edited(edit))
    assert line.startswith(f"x.toml:{where}: ")
    for part in parts:
        assert part in line


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file():
    text = edited(
        ("customers = 100", "custmers = 100"),
        ("annual_churn = 0.1\n", ""),
        ("points = 5", "points = 0.05"),
        ('"cheaper"]', '"cheeper"]'),
        ("acquisition.ads.spend", "acquisition.adds.spend"),
        ("ceiling = 18", "ceiling = { normal = [1] }"),
    )
    places = [line.split(": ")[0] for line in problems_of(text)]
    assert places == [
        "x.toml:4:1 pool.custmers",
        "x.toml:11:11 segments.large.annual_churn",
        "x.toml:19:1 acquisition.ads.ceiling",
        "x.toml:30:12 arms.better.include.0",
        "x.toml:31:15 arms.better.retention.points",
        "x.toml:33:13 arms.louder.change.0.set",
    ]


def test_a_mistyped_key_is_not_also_called_missing():
    (line,) = problems_of(edited(("annual_churn = 0.1\n", "anual_churn = 0.1\n")))
    assert 'did you mean "annual_churn"?' in line


def test_an_empty_file_lacks_segments_and_anything_to_simulate():
    segments, nothing = problems_of("")
    assert segments.startswith("x.toml:1:1 segments: missing; give tables by name")
    assert nothing.startswith("x.toml:1:1 pool: no customers and no channel")


def test_no_customers_are_enough_if_a_channel_brings_some():
    assert scenario.loads(edited(("customers = 100", "customers = 0"))).parameters.pool.customers == 0


def test_nobody_to_simulate_is_reported_at_the_pool():
    text = GOOD.partition("[acquisition.ads]")[0].replace("customers = 100", "customers = 0")
    assert problems_of(text) == [
        "x.toml:3:2 pool: no customers and no channel, so nothing to simulate; give customers, or [acquisition.<name>]"
    ]


def test_a_channel_may_not_be_called_existing():
    (line,) = problems_of(edited(("[acquisition.friends]", "[acquisition.existing]")))
    assert line.startswith('x.toml:21:14 acquisition.existing: no channel may be called "existing"')


def test_margin_by_year_stands_in_for_prices():
    text = edited(("[pieces.cheaper]", "[mechanisms.growth]\nmargin_by_year = [1, 2]\n[pieces.cheaper]"))
    assert scenario.loads(text.replace('plan = "year"\n', ""))


def test_raw_beta_frailty_stands_in_for_churn():
    beta = 'frailty = { kind = "beta", a = 1, b = 3 }\n'
    text = edited(("annual_churn = 0.1\n", beta), ("annual_churn = 0.22\nmoves = { large = 0.01 }\n", beta))
    assert len(problems_of(text)) == 2
    assert scenario.loads(text.replace("[churn.reasons]", "[churn]\ncalibrate = false\n[churn.reasons]"))


@pytest.mark.parametrize("key", ["churn.reasons.price", "segments.small.annual_churn"])
def test_a_hazard_of_zero_cannot_be_scaled_by_an_arm(key):
    text = edited(("price = 1\n", "price = 0\n"), ("annual_churn = 0.22", "annual_churn = 0"))
    (line,) = problems_of(text.replace("acquisition.ads.spend", key))
    assert f"{key} is 0, and a hazard of 0 cannot be scaled" in line


def test_an_arm_may_stop_spending_though_the_file_may_not():
    scenario.loads(edited(("times = 1.05, from_month = 3", "to = 0, from_month = 3")))


def test_changes_of_one_key_may_follow_one_another():
    own = 'change = [{ set = "segments.small.price", to = 5, from_month = 6 }]'
    assert scenario.loads(edited(("retention = { points = 5 }", own))).arms["better"].change[1].to == 5


def test_changes_that_only_together_keep_to_the_rules_are_allowed():
    more = '{ set = "acquisition.ads.joins", to = 20 }, { set = "acquisition.ads.ceiling", to = 30 }'
    found = scenario.loads(edited(('{ set = "acquisition.ads.spend", times = 1.05, from_month = 3 }', more)))
    assert len(found.arms["louder"].change) == 2


def test_a_change_that_is_over_does_not_count_when_the_next_is_checked():
    churn = 'set = "segments.small.annual_churn", times = 3'
    both = f"{{ {churn}, until_month = 6 }}, {{ {churn}, from_month = 6 }}"
    found = scenario.loads(edited(('{ set = "acquisition.ads.spend", times = 1.05, from_month = 3 }', both)))
    assert len(found.arms["louder"].change) == 2


def test_of_several_changes_the_one_that_breaks_a_limit_is_named():
    first = '{ set = "segments.small.annual_churn", times = 6 }'
    text = edited(('{ set = "acquisition.ads.spend"', f'{first}, {{ set = "acquisition.ads.spend"'))
    (line,) = problems_of(text)
    assert line.startswith("x.toml:34:11 arms.louder.change.0: once changed, segments.small.annual_churn")


def test_a_change_is_checked_at_the_ends_of_what_it_changes():
    text = edited(
        ("annual_churn = 0.22", "annual_churn = { uniform = [0.2, 0.5] }"),
        ('set = "acquisition.ads.spend", times = 1.05', 'set = "segments.small.annual_churn", times = 2.2'),
    )
    (line,) = problems_of(text)
    assert line.startswith("x.toml:34:11 arms.louder.change.0: once changed, segments.small.annual_churn: out of range")


def test_two_distributions_of_one_table_are_tried_together():
    """Neither breaks the rule with the other at its mean."""
    text = edited(("joins = 7", "joins = { uniform = [5, 15] }"), ("ceiling = 18", "ceiling = { uniform = [14, 22] }"))
    (line,) = problems_of(text)
    assert "ceiling (14.0008) must be above joins (14.999)" in line


def test_seven_distributions_of_one_table_are_tried_in_pairs():
    rest = ["spend", "lag_months", "carry_over", "hazard_factor", "first_discount"]
    keys = "\n".join(f"{key} = {{ uniform = [0.1, 0.2] }}" for key in rest)
    text = edited(
        ("spend = 1000\n", ""),
        ("joins = 7", f"joins = {{ uniform = [5, 15] }}\n{keys}"),
        ("ceiling = 18", "ceiling = { uniform = [14, 22] }"),
    )
    (line,) = problems_of(text)
    assert "must be above joins" in line


def test_a_date_is_a_month_of_the_run():
    text = edited(("months = 24", "months = 24\nstart = 2026-01-01"), ("from_month = 3", "from_month = 2026-07-16"))
    assert scenario.loads(text).arms["louder"].change[0].from_month == pytest.approx(6 + 15 / 31)


@pytest.mark.parametrize(
    ("when", "part"),
    [
        (
            "2025-12-31",
            "before the start of the run (got 2025-12-31); give a date from run.start, 2026-01-01",
        ),
        ("9999-12-31", "too far away"),
        ("2026-01-01T00:00:00", "not a number (got 2026-01-01 00:00:00)"),
    ],
)
def test_a_date_outside_the_run_is_refused(when, part):
    text = edited(("months = 24", "months = 24\nstart = 2026-01-01"), ("from_month = 3", f"from_month = {when}"))
    (line,) = problems_of(text)
    assert line.startswith("x.toml:35:58 arms.louder.change.0.from_month: ")
    assert part in line


def test_the_start_of_the_run_is_month_0():
    text = edited(("months = 24", "months = 24\nstart = 2026-01-01"), ("from_month = 3", "from_month = 2026-01-01"))
    assert scenario.loads(text).arms["louder"].change[0].from_month == 0


def test_a_date_may_not_lead_beyond_the_calendar():
    text = edited(("months = 24", "months = 24\nstart = 9999-12-01"), ("from_month = 3", "from_month = 9999-12-31"))
    (line,) = problems_of(text)
    assert "beyond the calendar (got 9999-12-31)" in line


def test_an_arm_called_retention_is_no_lever():
    (line,) = problems_of(edited(("[arms.better]", "[arms]\nretention = 5\n[arms.better]")))
    assert "arms.retention: not a table (got 5)" in line


def test_costs_per_month_are_no_dates():
    text = edited(("points = 5", "points = 5, cost = { per_month = 2026-01-01 }"))
    (line,) = problems_of(text)
    assert "arms.better.retention.cost.per_month: not a number (got 2026-01-01)" in line


def test_a_message_stays_on_its_line_whatever_the_keys_say():
    (line,) = problems_of(edited(("[run]", '"a\\nb\\u2028\\u001b[31m" = "x\\ny"\n[run]')))
    assert line.isprintable()


def test_the_two_hundredth_problem_is_the_last_one_listed():
    lines = problems_of("\n".join(f"k{i} = 1" for i in range(500)) + "\n" + GOOD)
    assert len(lines) == 201
    assert lines[-1] == "... and 300 more problems; mend these first"


# -- whatever a file may hold, there is an answer --------------------------------------------------

WORDS = [
    *sorted(set("".join(c if c.isalnum() or c == "_" else " " for c in GOOD).split())),
    "baseline", "normal", "uniform", "beta", "kind", "gamma", "frailty", "duration", "steps", "factors",
    "start", "set", "to", "include", "pieces", "tenure", "cost", "per_month", "preset", "existing",
]  # fmt: skip
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 0.5, 5, 10**400, math.nan, math.inf, date(2026, 1, 1), date(9999, 12, 31)])
)
leaves = numbers | st.booleans() | st.text(max_size=5) | st.sampled_from(WORDS) | st.datetimes() | st.times()
names = st.sampled_from(WORDS) | st.text(max_size=3)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


def paths_of(node, path=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from paths_of(value, (*path, key))


PATHS = list(paths_of(tomllib.loads(GOOD)))


def answer(tree):
    """Check a tree; if it is right, everything that a run asks of a scenario works too."""
    document, problems = Document(tree, {}, ("x.toml",), ""), ["x.toml:1:1"]
    try:
        parameters = check(document).parameters
    except ScenarioError as error:
        problems = error.problems
    else:
        for arm in folded(parameters).values():
            line = Timeline(parameters, arm)
            assert [line.at(time) for time in (0, *line.breakpoints, math.inf)]
    assert problems
    assert all(line.isprintable() and line.startswith("x.toml:1:1") for line in problems)


@settings(deadline=None)
@given(st.dictionaries(names, junk, max_size=6))
def test_junk_is_answered_with_a_scenario_error(tree):
    answer(tree)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(PATHS), junk), min_size=1, max_size=3))
def test_a_good_scenario_with_some_junk_is_answered_with_a_scenario_error(edits):
    tree = copy.deepcopy(tomllib.loads(GOOD))
    for path, value in edits:
        node = value_at(tree, path[:-1])
        if isinstance(node, dict):
            node[path[-1]] = value
    answer(tree)
