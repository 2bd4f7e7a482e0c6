"""Runs to draw, each made once: an ordinary one, and what could go wrong with every other."""

import dataclasses
import functools
import sys
from pathlib import Path

import pandas as pd
import pytest

import retainsim
from retainsim.charts import NAMES

sys.path.insert(0, str(Path(__file__).parent))

import matrix

LONG = "Keep <b>everybody</b> for $x^2$ months more, at {any} price \\frac{1}{2} & 100 % of _them_, whatever it costs"
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" + "W" * 39


def scenario(
    *,
    title="Plug the leak or open the tap?",
    currency='"EUR"',
    run="months = 24",
    head="",
    pool=300,
    segment="price = 20.0\nannual_churn = 0.25",
    churn="",
    joins=6,
    arms="",
    tail="",
):
    channel = f"[acquisition.advertising]\njoins = {joins}\ncost_per_join = 50\n" if joins else ""
    return f"""
title = '''{title}'''
currency = {currency}
[run]
seed = 3
{run}
{head}
[pool]
customers = {pool}
[segments.small]
{segment}
[churn]
{churn}
{channel}
{tail}
{arms}
"""


def arm(name, body="retention = { points = 5 }", title=None):
    return f"[arms.{name}]\ntitle = '''{title or name}'''\n{body}\n"


MANY = "".join(arm(f"arm{i}", f"retention = {{ churn = {1 - 0.01 * i} }}", f"{i}: {LONG}"[:120]) for i in range(1, 8))
REASONS = "[churn.reasons]\n" + "".join(
    f"{'a_long_name_of_a_reason_nobody_expects'}{i:02} = {i}\n" for i in range(1, 13)
)
EVERYTHING = """
[mechanisms.retention_programme]
spend_per_customer = 0.5
effect = 0.05
ceiling = 0.3
"""
CHANGES = """
retention = { points = 3, cost = { per_customer_month = 0.4, once = 500, per_month = 20 } }
change = [
  { set = "mechanisms.retention_programme.spend_per_customer", times = 2 },
  { set = "firm.fixed_costs", times = 1.1 },
  { set = "acquisition.advertising.cost_per_join", times = 1.5 },
]
investment = [ { at_month = 3, amount = 5_000 } ]
"""

TEXTS = {
    "plain": scenario(arms=arm("retention", title="Five points more retention") + arm("none", "", "Nothing at all")),
    "alone": scenario(churn="target_annual = 0.1"),
    "eight_arms": scenario(
        title=f"{LONG} {LONG}"[:200],
        currency='{ code = "USD", symbol = "$", unit = "million" }',
        run="months = 60\nstart = 2026-01-31",
        head="[firm]\nfixed_costs = 90_000\n",
        churn="target_annual = 0.1",
        arms=MANY,
    ),
    "twelve_arms": scenario(arms=MANY + "".join(arm(f"x{i}", title=WORD) for i in range(5)), tail=REASONS),
    "six_months": scenario(
        run='months = 6\nclosing_value = "none"', joins=0, arms=arm("retention"), pool=40,
        segment="price = 0.01\nannual_churn = 0.3",
    ),
    "one_month": scenario(run="months = 1", arms=arm("retention", title=WORD)),
    "hundred_years": scenario(run="months = 1200", pool=20, joins=0.2, arms=arm("retention")),
    "huge": scenario(segment="price = 4e8\nannual_churn = 0.2\ncost_to_serve = 3.9e8", arms=MANY),
    "equal": scenario(segment="price = 4e8\nannual_churn = 0.2", arms=arm("a", "") + arm("b", "")),
    "nobody_leaves": scenario(
        segment="price = 9.0\nannual_churn = 0.0",
        arms=arm("dearer", 'change = [ { set = "segments.small.price", times = 1.1 } ]'),
    ),
    "nobody_there": scenario(run="months = 2", pool=0, joins=0.001, arms=arm("a", "")),
    "loss": scenario(
        head="[firm]\nfixed_costs = 9_000\ntax_rate = 0.25\n", tail=EVERYTHING, arms=arm("all", CHANGES, LONG)
    ),
    "barely": scenario(segment="price = 4e8\nannual_churn = 0.2", arms=arm("a", "retention = { churn = 0.9999 }")),
    "leaky": scenario(
        arms=arm("retention"), tail='[mechanisms.failures]\nrate = 0.05\nstrain = 0.005\nreason = "core_failure"\n'
    ),
    "segments": scenario(
        run="months = 36\nstart = 2026-03-01", churn="calibrate = false",
        arms=arm("retention", 'change = [ { set = "segments.small.annual_churn", times = 0.7 } ]'),
        head="".join(
            f"[segments.{name}]\nshare = {i}\nprice = 9.0\nannual_churn = {0.08 * i}\n"
            for i, name in enumerate(("large", "a_segment_with_quite_a_long_name_indeed", "partners", "workshops"), 1)
        ),
        segment="price = 20.0\nannual_churn = 0.4\nmoves = { large = 0.01 }", joins=30,
    ),
    "new": scenario(pool=400, joins=0, tail="", arms=arm("retention")).replace(
        "customers = 400", 'customers = 400\ntenure = "new"'
    ),
    "unsure": scenario(
        segment="price = { normal = [20.0, 4.0] }\nannual_churn = 0.25",
        arms=arm("retention", title="ÄÖÜ ß ça, Ωμέγα, Привет"),
    ),
}  # fmt: skip


LEAKS = {
    "leaks_many": ("plain", [
        ("reason", "indifference", 7.01e6, 1.3e5, 2988, 0.25), ("reason", "service_at_the_desk", 1.08e6, 7e4, 633, 0.47),
        ("reason", "competition", 7.55e5, 4e4, 446, 0.48), ("reason", "price", 3.86e5, 1e5, 207, 0.49),
        ("reason", "relationship", 2.2e5, 5e4, 129, 0.49), ("reason", "involuntary", 9e4, 1e5, 80, 0.3),
        ("reason", "ethics", 1.2e4, 3e4, 11, 0.2), ("reason", "other", -2e4, 3e4, 3, -0.1),
        ("mechanism", "service_desk", 2.2e6, 2e5, 812.4, 0.4), ("mechanism", "failures", 9e5, 1e5, 300.3, 0.41),
        ("mechanism", "rivals", 3e5, 5e4, 120, 0.5), ("mechanism", "involuntary_churn", 9e4, 5e4, 80, 0.3),
        ("mechanism", "breach", 0.0, 0.0, 0, 0.0), ("mechanism", "price_only_buyers", -1.1e5, 1.5e5, 30, 1.2),
    ]),
    "leaks_long": ("eight_arms", [
        *(("reason", f"a_long_name_of_a_reason_nobody_expects{i:02}", 4e8 / i, 1e8, 9e8 / i, 0.5) for i in range(1, 13)),
        *(("mechanism", f"W{'W' * 38}{i}", 3e6 / i, 1e8, 1e6, 9.9) for i in range(1, 4)),
    ]),
    "leaks_tiny": ("six_months", [
        ("reason", "a", 0.012, 0.003, 0.4, 0.2), ("reason", "b", 3e-9, 1e-9, 0.01, 0.9), ("reason", "c", 0.0, 0.0, 0, 0.0),
        ("mechanism", "failures", 1e-4, 1e-3, 0.2, 0.3),
    ]),
    "leaks_negative": ("loss", [
        ("reason", "price", -4_000.0, 900.0, 30, 0.1), ("reason", "service", -61_234.0, 8_000.0, 90, 0.3),
        ("mechanism", "rivals", -7_000.0, 9_000.0, 20, 0.3),
    ]),
    "leaks_unsure": ("unsure", [
        ("reason", "price", 4_000.0, 9_000.0, 30, 0.1), ("reason", "service", -200.0, 8_000.0, 90, 0.3),
    ]),
    "leaks_equal": ("alone", [
        ("reason", "price", 4_000.0, 900.0, 30, 0.1), ("reason", "service", 3_900.0, 800.0, 90, 0.3),
        ("reason", "else", 100.0, 80.0, 9, 0.3),
    ]),
    "leaks_two": ("plain", [("reason", "price", 4e3, 100.0, 9, 0.1), ("reason", "service", 3e3, 100.0, 20, 0.8)]),
    "leaks_one": ("one_month", [("reason", WORD[:40], 123_456.0, 7_000.0, 30, 0.1)]),
    "leaks_none": ("nobody_there", [("reason", "price", 0.0, 0.0, 0, 0.0), ("mechanism", "rivals", 0.0, 0.0, 0, 0.0)]),
}  # fmt: skip
"""Which run, and what closing its leaks is worth: kind, leak, NPV, half of its interval, who left, who leaves anyway."""


@functools.cache
def made(name):
    if name == "full":
        return matrix.run("plain")
    if name in LEAKS:
        return leaking(*LEAKS[name])
    return retainsim.run(retainsim.loads(TEXTS[name]), replications=3, jobs=1, leaks=name == "leaky", customers=True)


def leaking(base, rows):
    """Return a run with other leaks than its own."""
    found, columns = made(base), ("kind", "leak", "npv", "half", "left", "elsewhere")
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(low=table["npv"] - table["half"], high=table["npv"] + table["half"])
    reasons = dict.fromkeys(table.loc[table["kind"] == "reason", "leak"])
    arms = found.report["arms"] | {"baseline": found.report["arms"]["baseline"] | {"left_by_reason": reasons}}
    return dataclasses.replace(found, leaks=table.drop(columns="half"), report=found.report | {"arms": arms})


CASES = [
    *((name, each) for name in NAMES for each in TEXTS),
    *(("leaks", each) for each in ("leaky", *LEAKS)),
    *(("whale_curve", each) for each in TEXTS),
]


@pytest.fixture(scope="session", params=CASES, ids="-".join)
def case(request):
    """A chart and a run it is drawn of."""
    return request.param


@pytest.fixture(scope="session")
def plain():
    return dataclasses.replace(made("plain"), customers=None)


@pytest.fixture(scope="session")
def run():
    return made
