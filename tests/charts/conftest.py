"""Runs to draw, each made once: an ordinary one, and what could go wrong with every other."""

import functools
import sys
from pathlib import Path

import pytest

import retainsim

sys.path.insert(0, str(Path(__file__).parent))

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
    "unsure": scenario(
        segment="price = { normal = [20.0, 4.0] }\nannual_churn = 0.25",
        arms=arm("retention", title="ÄÖÜ ß ça, Ωμέγα, Привет"),
    ),
}  # fmt: skip


@functools.cache
def made(name):
    return retainsim.run(retainsim.loads(TEXTS[name]), replications=3, jobs=1)


@pytest.fixture(scope="session", params=TEXTS)
def results(request):
    return made(request.param)


@pytest.fixture(scope="session")
def plain():
    return made("plain")


@pytest.fixture(scope="session")
def run():
    return made
