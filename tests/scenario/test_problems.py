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
from retainsim.scenario.document import Document
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
    "unknown key": (("customers = 100", "custmers = 100"), "4:1 pool.custmers", "customers, tenure or age_years", 'did you mean "customers"?'),
    "unknown table": (("[pool]", "[pol]"), "3:2 pol", "unknown key", 'did you mean "pool"?'),
    "unknown mechanism": (("[mechanisms.retention_programme]", "[mechanisms.retention_program]"), "24:13 mechanisms.retention_program", 'did you mean "retention_programme"?'),
    "text for a number": (("price = 60.0", 'price = "sixty"'), "8:1 segments.small.price", 'not a number (got "sixty")', "at least 0 (money per customer-month"),
    "number for a text": (("[run]", "title = 5\n[run]"), "1:1 title", "not a text (got 5)"),
    "true for a number": (("price = 60.0", "price = true"), "8:1 segments.small.price", "not a number (got true)"),
    "fraction for a whole number": (("customers = 100", "customers = 100.5"), "4:1 pool.customers", "not a whole number (got 100.5)"),
    "nan": (("price = 60.0", "price = nan"), "8:1 segments.small.price", "not a finite number (got nan)"),
    "infinity": (("price = 60.0", "price = -inf"), "8:1 segments.small.price", "not a finite number (got -inf)"),
    "too low": (("price = 60.0", "price = -1"), "8:1 segments.small.price", "out of range (got -1)", "at least 0"),
    "per cent as a number": (("annual_churn = 0.22", "annual_churn = 22"), "9:1 segments.small.annual_churn", "at least 0 and below 1 (share a year", "did you mean 0.22?"),
    "per cent as a text": (("annual_churn = 0.22", 'annual_churn = "22 %"'), "9:1 segments.small.annual_churn", "not a number", "did you mean 0.22?"),
    "huge whole number": (("price = 60.0", f"price = {'9' * 400}"), "8:1 segments.small.price", "got a huge number"),
    "missing key": (("effect = 0.1\n", ""), "24:13 mechanisms.retention_programme.effect", "missing; give a number", "prevented today"),
    "table for a list": (("change = [{ set = \"acquisition.ads.spend\", times = 1.05, from_month = 3 }]", "change = { set = \"acquisition.ads.spend\", times = 1.05 }"), "34:1 arms.louder.change", "not a list of tables"),
    "item of a list": (('include = ["cheaper"]', 'include = ["cheaper", 5]'), "31:23 arms.better.include.1", "not a name"),
    "bad name": (("[acquisition.friends]", '[acquisition."a b"]'), '21:14 acquisition."a b"', "letters, digits, _ and -"),
    "no such choice": (("[pool]", '[pool]\ntenure = "setled"'), "4:1 pool.tenure", '"settled", "new" or a table with months', 'did you mean "settled"?'),
    "number for a choice": (("[pool]", "[pool]\ntenure = 5"), "4:1 pool.tenure", "not one of the choices (got 5)"),
    "table of a choice": (("[pool]", "[pool]\ntenure = { month = 5 }"), "4:12 pool.tenure.month", 'did you mean "months"?'),
    "wrong kind": (("price = 60.0", 'price = 60.0\nfrailty = { kind = "gama", variance = 1 }'), "9:13 segments.small.frailty.kind", 'not one of the kinds (got "gama")', 'did you mean "gamma"?'),
    "no kind": (("price = 60.0", "price = 60.0\nfrailty = { variance = 1 }"), "9:1 segments.small.frailty.kind", "missing", '"none", "gamma" or "beta"'),
    "no table for a kind": (("price = 60.0", "price = 60.0\nfrailty = 0.5"), "9:1 segments.small.frailty", 'not a table (got 0.5)'),
    "key of another kind": (("price = 60.0", 'price = 60.0\nfrailty = { kind = "gamma", variance = 1, a = 1 }'), "9:43 segments.small.frailty.a", "kind or variance"),
    "limits of an item": (("price = 60.0", 'price = 60.0\nduration = { kind = "steps", months = [6, -1], factors = [1, 2, 3] }'), "9:43 segments.small.duration.months.1", "out of range (got -1)", "above 0"),
    "count of a list": (("joins = 7", "joins = 7\nseasonality = [1, 2]"), "20:1 acquisition.ads.seasonality", "too few (got [1, 2])", "exactly 12"),
    "form of a text": (("[run]", 'currency = { code = "eur" }\n[run]'), "1:14 currency.code", "not of the right form", "^[A-Z]{3}$"),
    "length of a text": (("[run]", f'title = "{"x" * 300}"\n[run]'), "1:1 title", "too long", "of at most 200 characters"),
    "date as a text": (("months = 24", 'months = 24\nstart = "2026-01-01"'), "3:1 run.start", "not a date", "without quotes"),
    "our own sentence": (("ceiling = 18", "ceiling = 6"), "17:14 acquisition.ads", ": ceiling (6) must be above joins (7)"),
    "two readings": (("points = 5", "points = 5, churn = 0.9"), "32:1 arms.better.retention", "say which kind of gain is meant, once (got points and churn)"),
    "a bare number": (("{ points = 5 }", "5"), "32:1 arms.better.retention", "5 is ambiguous", "{ points = 5 }", "{ relative = 1.05 }", "{ churn = 0.95 }"),
    "a bare share": (("{ points = 5 }", "0.03"), "32:1 arms.better.retention", "{ points = 3 }", "{ relative = 1.03 }", "{ churn = 0.97 }"),
    "a bare text": (("{ points = 5 }", '"5 %"'), "32:1 arms.better.retention", '"5 %" is ambiguous', "{ points = 5 }"),
    "points as a share": (("points = 5", "points = 0.05"), "32:15 arms.better.retention.points", "at least 0.1", "did you mean 5?"),
    "no share": (("[segments.large]", "share = 0\n[segments.large]\nshare = 0"), "7:2 segments", "sum to zero"),
    "no such plan": (('plan = "year"', 'plan = "yeer"'), "12:1 segments.large.plan", 'no such plan (got "yeer"); give year', 'did you mean "year"?'),
    "no such plan of a channel": (("joins = 7", 'joins = 7\nplan = "yeer"'), "20:1 acquisition.ads.plan", "no such plan"),
    "no price": (('plan = "year"\n', ""), "11:11 segments.large.price", "missing", "or in a plan"),
    "no price in the plan": (("[plans.year]\nprice = 50", "[plans.year]\nterm_months = 12"), "11:11 segments.large.price", "missing"),
    "no churn": (("annual_churn = 0.22\n", ""), "7:11 segments.small.annual_churn", "missing", "beta frailty"),
    "no churn though beta": (("annual_churn = 0.22\nmoves = { large = 0.01 }", 'frailty = { kind = "beta", a = 1 }'), "7:11 segments.small.annual_churn", "missing"),
    "move to nowhere": (("moves = { large", "moves = { lage"), "10:11 segments.small.moves.lage", "no such segment", 'did you mean "large"?'),
    "move to itself": (("moves = { large", "moves = { small"), "10:11 segments.small.moves.small", "itself"),
    "move to another frailty": (("price = 60.0", 'price = 60.0\nfrailty = { kind = "beta", a = 1 }'), "11:11 segments.small.moves.large", "small to large"),
    "mix of nobody": (("mix = { small = 1, large = 2 }", "mix = { small = 0 }"), "23:1 acquisition.friends.mix", "sum to zero"),
    "mix of strangers": (("mix = { small", "mix = { smal"), "23:9 acquisition.friends.mix.smal", 'did you mean "small"?'),
    "precision and replications": (("months = 24", "months = 24\nprecision = 0.1\nreplications = 5"), "3:1 run.precision", "both given"),
    "no such reason in a lever": (("points = 5", 'points = 5, reasons = ["prize"]'), "32:38 arms.better.retention.reasons.0", "no such reason", 'did you mean "price"?'),
    "no such segment in a lever": (("points = 5", 'points = 5, segments = ["tiny"]'), "32:39 arms.better.retention.segments.0", "no such segment", "large or small"),
    "no such reason in a mechanism": (("effect = 0.1", 'effect = 0.1\naims_at = ["involuntary"]'), "26:12 mechanisms.retention_programme.aims_at.0", "no such reason"),
    "no such piece": (('["cheaper"]', '["cheeper"]'), "31:12 arms.better.include.0", "no such piece", 'did you mean "cheaper"?'),
    "a piece included twice": (('["cheaper"]', '["cheaper", "cheaper"]'), "31:23 arms.better.include.1", "included twice"),
    "two levers": (("[arms.better]", "retention = { points = 1 }\n[arms.better]"), "33:1 arms.better.retention", "second retention lever", "pieces.cheaper"),
    "one key set twice": (("retention = { points = 5 }", 'change = [{ set = "segments.small.price", to = 5, from_month = 5 }]'), "32:13 arms.better.change.0.set", "twice at month 5 (also: pieces.cheaper.change.0)"),
    "a change of nothing": (('"acquisition.ads.spend"', '"acquisition.adds.spend"'), "34:13 arms.louder.change.0.set", 'no "adds" in acquisition', 'did you mean "ads"?'),
    "a change of no key": (('"acquisition.ads.spend"', '"acquisition.ads.spent"'), "34:13 arms.louder.change.0.set", 'no "spent" in acquisition.ads', 'did you mean "spend"?'),
    "a change of a table": (('"acquisition.ads.spend"', '"acquisition.ads"'), "34:13 arms.louder.change.0.set", "only a number can change"),
    "a change of a text": (('"acquisition.ads.spend"', '"acquisition.ads.curve"'), "34:13 arms.louder.change.0.set", "only a number can change"),
    "a change of the run": (('"acquisition.ads.spend"', '"run.discount_rate"'), "34:13 arms.louder.change.0.set", "an arm cannot change run.discount_rate", "--set"),
    "a change of the pool": (('"acquisition.ads.spend"', '"pool.customers"'), "34:13 arms.louder.change.0.set", "an arm cannot change"),
    "a change of the target": (('"acquisition.ads.spend"', '"churn.target_annual"'), "34:13 arms.louder.change.0.set", "an arm cannot change"),
    "a change of a share": (('"acquisition.ads.spend"', '"segments.small.share"'), "34:13 arms.louder.change.0.set", "an arm cannot change"),
    "a change of a term": (('"acquisition.ads.spend"', '"plans.year.term_months"'), "34:13 arms.louder.change.0.set", "an arm cannot change"),
    "a change of what is off": (('"acquisition.ads.spend"', '"mechanisms.growth.premium_per_year"'), "34:13 arms.louder.change.0.set", "mechanisms.growth is not switched on"),
    "a change of no value": (('"acquisition.ads.spend"', '"segments.large.price"'), "34:13 arms.louder.change.0.set", "plans.year.price"),
    "a change out of range": (('set = "acquisition.ads.spend", times', 'set = "segments.small.annual_churn", times = 6, ramp_months'), "34:11 arms.louder.change.0", "once changed, segments.small.annual_churn: out of range (got 1.32)"),
    "a change past our own rules": (('set = "acquisition.ads.spend", times = 1.05', 'set = "acquisition.ads.joins", to = 18'), "34:11 arms.louder.change.0", "once changed, acquisition.ads: ceiling (18) must be above joins (18)"),
    "a change in a piece": (("times = 0.9", "by = -61"), "29:11 pieces.cheaper.change.0", "out of range (got -1)"),
    "a date without a start": (("from_month = 3", "from_month = 2026-03-01"), "34:58 arms.louder.change.0.from_month", "start under [run]", "from_month = 6"),
    "a distribution with bad numbers": (("price = 60.0", "price = { normal = [60, -1] }"), "8:1 segments.small.price", "sd above 0"),
    "a distribution beyond a limit": (("annual_churn = 0.22", "annual_churn = { normal = [0.1, 0.05] }"), "9:1 segments.small.annual_churn", "reaches from -0.08595 to 0.286"),
    "a distribution past our own rules": (("joins = 7", "joins = { uniform = [5, 20] }"), "17:14 acquisition.ads", "ceiling (18) must be above joins", "uniform = [5, 20]"),
    "a distribution of a change": (("times = 0.9", "times = { uniform = [-1, 2] }"), "29:11 pieces.cheaper.change.0", "out of range", "pieces.cheaper.change.0.times = -0.9997"),
    "a distribution of a whole number": (("customers = 100", "customers = { normal = [100, 1] }"), "4:1 pool.customers", "no distribution may stand here"),
    "a distribution in the run": (("months = 24", "months = 24\ndiscount_rate = { normal = [0.1, 0.01] }"), "3:1 run.discount_rate", "no distribution may stand here"),
    "a distribution of a month": (("until_month = 6", "until_month = { uniform = [5, 7] }"), "29:56 pieces.cheaper.change.0.until_month", "no distribution may stand here"),
    "two distributions in one": (("price = 60.0", "price = { normal = [1, 2], beta = [1, 2] }"), "8:1 segments.small.price", "exactly one of normal = [mean, sd]"),
    "a mistyped distribution": (("price = 60.0", "price = { nromal = [1, 2] }"), "8:1 segments.small.price", 'did you mean "normal"?'),
}


@pytest.mark.parametrize(("edit", "where", "parts"), [(b[0], b[1], b[2:]) for b in BAD.values()], ids=BAD)
def test_a_mistake_is_the_only_line_and_has_its_place_value_and_remedy(edit, where, parts):
    (line,) = problems_of(edited(edit))
    assert line.startswith(f"x.toml:{where}: ")
    for part in parts:
        assert part in line
