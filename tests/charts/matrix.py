"""Matrix: runs and answers that have every chart there is, under every condition a chart must stand."""

import functools

import retainsim

LONG = "Keep <b>everybody</b> for $x^2$ months more, at {any} price \\frac{1}{2} & 100 % of _them_, whatever it costs"
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" + "W" * 39
KEY = "a_long_name_of_a_thing_nobody_"

FIRM = """
title = '''{title}'''
currency = {currency}
[run]
months = 12
seed = 3
replications = 3
{dated}
[firm]
fixed_costs = {fixed}
[pool]
customers = 40
tenure = "new"
[segments.{names}small]
price = {price}
cost_to_serve = {cost}
annual_churn = {churn}
[churn]
calibrate = false
target_annual = 0.1
[churn.reasons]
price = 3
{names}service = 2
{names}rivals = 1
[acquisition.{names}ads]
spend = {spend}
joins = 3
ceiling = 9
"""
MECHANISMS = """
[mechanisms.rivals]
campaigns_per_year = 6
reason = "price"
[mechanisms.key_accounts]
law = "pareto"
alpha = 1.5
key_share = 0.1
[mechanisms.service_desk]
contacts = 2.0
reason = "price"
strain_per_hang_up = 0
strain_per_minute = 0
[mechanisms.service_desk.desks.{names}telephone]
agents = 1
[mechanisms.service_desk.desks.mail]
agents = 1
share = 0.3
"""
CLIENT = """
[[accounts]]
name = '''{name}'''
segment = "{names}small"
volume = {volume}
discount = 0.4
promotions = 4
annual_churn = 0.2
"""
ARM = """
[arms.{names}arm{number}]
title = '''{title}'''
change = [ {{ set = "segments.{names}small.price", times = {times} }} ]
"""


def firm(
    *, title="Plug the leak?", names="", arms=("Five per cent dearer",), clients=("Nordwind AG", "Süd & Söhne"), size=20.0,
    loses=False, currency='"EUR"', dated="", is_full=True,
):  # fmt: skip
    """Return the text of a scenario; `names` goes before all short names, `size` is the price."""
    parts = [CLIENT.format(name=name, volume=3 + 4 * i, names=names) for i, name in enumerate(clients)]
    lines = [ARM.format(number=i, title=each, times=1.05 + 0.01 * i, names=names) for i, each in enumerate(arms)]
    churn = 0.25 if is_full else "{ normal = [0.25, 0.03] }"
    head = FIRM.format(
        title=title, currency=currency, dated=dated, fixed=size * (90 if loses else 2), price=size,
        cost=size * (1.4 if loses else 0.2), churn=churn, spend=size * 8, names=names,
    )  # fmt: skip
    return head + MECHANISMS.format(names=names) * is_full + "".join(parts) + "".join(lines)


CONDITIONS = {
    "plain": {},
    "one_arm": {"arms": ()},
    "eight_arms": {"arms": [f"{i}: {LONG}"[:110] for i in range(7)], "dated": "start = 2026-01-31"},
    "long_names": {
        "title": f"{LONG} {LONG}"[:200], "names": KEY, "arms": (LONG, WORD), "clients": (WORD[:60], f"2: {LONG}"[:60])
    },
    "negative": {"loses": True},
    "three_letters": {"currency": '{ code = "CHF", unit = "thousand" }', "arms": ("Mehr Bindung", "Mehr davon")},
    "hundredths": {"size": 0.01},
    "trillions": {"size": 1e12},
}  # fmt: skip
"""What a chart must stand: names, arms, signs, currencies and sizes of numbers."""


OF_FITS = ("backcast", "fitted_cohorts", "fitted_incidence", "fitted_survival")
"""Charts of a fit, which knows data instead of arms: test_fit.py draws them under conditions of their own."""


@functools.cache
def run(condition):
    """Return a run that has every table a chart may be of."""
    scenario = retainsim.loads(firm(**CONDITIONS[condition]))
    return retainsim.run(scenario, jobs=1, leaks=True, customers=True)


@functools.cache
def firm_asked(condition):
    """Return the firm that questions are asked of: the same, without mechanisms, and one input of it not known."""
    return retainsim.loads(firm(**CONDITIONS[condition], is_full=False))


def _keys(scenario):
    """Return the paths of the price and of the spend, with today's value of each."""
    (segment,), (channel,) = scenario.parameters.segments, scenario.parameters.acquisition
    price, spend = scenario.parameters.segments[segment].price, scenario.parameters.acquisition[channel].spend
    return {f"segments.{segment}.price": price, f"acquisition.{channel}.spend": spend}


def _around(scenario, count=2):
    return {key: [today / 2, today * 2] for key, today in list(_keys(scenario).items())[-count:]}


def _bounds(scenario):
    return {key: f"{low!r}:{high!r}" for key, (low, high) in _around(scenario, 1).items()}


def _inputs(scenario):
    return dict.fromkeys((*_keys(scenario), "firm.fixed_costs"))


ASKED = {
    "account": lambda scenario: retainsim.account(scenario, scenario.parameters.accounts[0].name, jobs=1),
    "breakeven": lambda scenario: retainsim.breakeven(scenario, next(iter(_keys(scenario))), target=0.0, jobs=1),
    "isoprofit": lambda scenario: retainsim.sweep(scenario, _around(scenario), jobs=1),
    "optimise": lambda scenario: retainsim.optimise(scenario, _bounds(scenario), jobs=1),
    "sweep": lambda scenario: retainsim.sweep(scenario, _around(scenario, 1), jobs=1),
    "tornado": lambda scenario: retainsim.tornado(scenario, inputs=_inputs(scenario), jobs=1),
    "uncertainty": lambda scenario: retainsim.uncertainty(scenario, draws=16, jobs=1),
    "whale": lambda scenario: retainsim.account(scenario, jobs=1),
}
"""The question whose answer has the chart of a name."""


@functools.cache
def answer(chart, condition):
    """Return an answer that has a chart."""
    return ASKED[chart](firm_asked(condition))
