"""Keep, renegotiate or release: the answer against closed forms, and what it must not depend on."""

import math

import numpy as np
import pytest

import retainsim
from retainsim import theory
from retainsim.draws import Luck, key
from retainsim.draws import name as names
from retainsim.errors import UsageError
from retainsim.mechanisms.accounts import Renegotiate
from retainsim.study import compare
from retainsim.study.clients import bridge, offers
from retainsim.study.clients.client import OPTIONS, Client
from retainsim.study.clients.flips import Flips
from retainsim.study.clients.options import Options, played
from retainsim.study.crossing import crossing
from retainsim.study.stage import Variant
from retainsim.study.trials import Trials

DELTA = math.log(1.1) / 12
MONTHS = 24.0 + 60.0
"""Horizon and closing value of the firms here."""
PLAIN = {"name": "Nordwind AG", "segment": "small", "volume": 100.0, "annual_churn": 0.0, "cost_to_serve": 300.0}
TERMS = PLAIN | {
    "discount": 0.3, "rebate": 0.05, "promotions": 200.0, "days_to_pay": 60.0, "fixed_cost": 500.0,
    "avoidable_share": 0.4,
}  # fmt: skip
SPILLS = TERMS | {"annual_churn": 0.2, "known_by": 0.02, "reference": 0.2, "contacts": 60.0}
LIVELY = """
[acquisition.ads]
joins = 6
cost_per_join = 40
[mechanisms.service_desk]
agents = 1
handling_minutes = 60
contacts = 1.5
strain_per_hang_up = 0.02
[mechanisms.account_managers]
managers = 2
capacity = 20
"""


def firm(*clients, customers=0, more="", run="", replications=4):
    tables = "".join("[[accounts]]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in c.items()) for c in clients)
    return retainsim.loads(f"""
title = "Is it worth it?"
[run]
months = 24
replications = {replications}
seed = 5
{run}
[pool]
customers = {customers}
[segments.small]
price = 50.0
gross_margin = 0.8
cost_to_serve = 5.0
annual_churn = 0.3
[churn]
calibrate = false
{more}
{tables}
""")


def _toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def asked(*clients, name=None, offer=None, release_at=0.0, notice=0.0, **more):
    return retainsim.account(firm(*clients, **more), name, offer=offer, release_at=release_at, notice=notice, jobs=1)


def client(terms, *, release_at=0.0, notice=0.0, **more):
    return Client(Trials(firm(terms, **more), jobs=1), 0, release_at, notice)


def only(answer):
    (found,) = answer.report["accounts"]
    return found


def worth(terms, hazard=0.0, months=MONTHS):
    """Return what a client of TERMS is worth in closed form; a unit costs 0.2 of the price."""
    costs = terms["cost_to_serve"] + terms.get("promotions", 0.0)
    costs += terms.get("fixed_cost", 0.0) * terms.get("avoidable_share", 0.0)
    return theory.client_value(
        5000.0, terms.get("discount", 0.0) + terms.get("rebate", 0.0), unit_cost=0.2, costs=costs,
        days_late=terms.get("days_to_pay", 0.0), hazard=hazard, discount=DELTA, months=months,
    )  # fmt: skip


def free(terms):
    """Return the discount at which a client of TERMS is worth nothing, in closed form."""
    costs = terms["cost_to_serve"] + terms["promotions"] + terms["fixed_cost"] * terms["avoidable_share"]
    return theory.breakeven_discount(
        5000.0, rebate=terms["rebate"], unit_cost=0.2, costs=costs, days_late=terms["days_to_pay"], discount=DELTA
    )


# Against closed forms


@pytest.mark.parametrize("terms", [PLAIN, TERMS, TERMS | {"discount": 0.8}], ids=["plain", "terms", "a loss"])
def test_a_client_that_never_leaves_is_worth_exactly_its_closed_form(terms):
    profit = only(asked(terms))["profit"]
    assert profit["mean"] == pytest.approx(worth(terms), rel=1e-9)
    assert profit["low"] == pytest.approx(profit["high"], rel=1e-9)


def test_one_that_may_leave_is_worth_its_closed_form_on_average():
    """A constant hazard of -ln(0.7) / 12; 200 replications of one client."""
    found = client(TERMS | {"annual_churn": 0.3}, replications=200)
    values = found.value(found.keep()) - found.value(found.release())
    se = float(values.std(ddof=1)) / math.sqrt(len(values))
    assert theory.within(float(values.mean()), worth(TERMS, -math.log(0.7) / 12), se), (values.mean(), se)


@pytest.mark.parametrize(("at", "notice"), [(6.0, 0.0), (3.5, 4.25)])
def test_released_later_it_is_worth_less_by_what_it_brings_until_then(at, notice):
    profit = only(asked(TERMS, release_at=at, notice=notice))["profit"]["mean"]
    assert profit == pytest.approx(worth(TERMS) - worth(TERMS, months=at + notice), rel=1e-9)


@pytest.mark.parametrize("churn", [0.0, 0.3])
def test_the_breakeven_discount_is_where_margin_equals_cost_to_serve_and_avoidable_fixed_cost(churn):
    """Whatever its hazard: what it brings a month is nothing, for as long as it stays."""
    found = only(asked(TERMS | {"annual_churn": churn}))["breakeven_discount"]
    assert found["mean"] == pytest.approx(free(TERMS), rel=1e-6)
    assert found["low"] == pytest.approx(found["high"], rel=1e-6)


def test_a_fixed_cost_that_cannot_be_avoided_moves_nothing():
    one, two = (only(asked(TERMS | {"avoidable_share": 0.0, "fixed_cost": cost})) for cost in (0.0, 9e4))
    assert one["profit"]["mean"] == pytest.approx(two["profit"]["mean"], rel=1e-9)
    assert one["breakeven_discount"]["mean"] == pytest.approx(two["breakeven_discount"]["mean"], rel=1e-9)


def test_the_best_offer_maximises_chance_times_gain():
    """Of p = 0.2 + 0.8 u and a gain in proportion to 1 - u, with u the share of today's discount: u = 3/8."""
    found = only(asked(TERMS | {"discount": 0.4}))["best_offer"]
    assert found["offer"] == pytest.approx(0.15)
    gain = worth(TERMS | {"discount": 0.15}) - worth(TERMS | {"discount": 0.4})
    assert found["npv_vs_keep"]["mean"] == pytest.approx(0.5 * gain, rel=1e-9)


def test_an_offer_counts_what_a_refusal_costs():
    """Refused, it leaves at once for good: p gain - (1 - p) worth."""
    terms = TERMS | {"annual_churn": 0.2, "refused_factor": 100.0}
    found = played(client(terms, replications=120), 0.1)
    gain = found.renegotiate - found.keep
    hazard, chance = -math.log(0.8) / 12, 0.2 + 0.8 / 3
    one = chance * worth(terms | {"discount": 0.1}, hazard) + (1 - chance) * worth(terms, 100.0 * hazard)
    se = float(gain.std(ddof=1)) / math.sqrt(len(gain))
    assert theory.within(float(gain.mean()), one - worth(terms, hazard), se)


def test_the_advice_flips_at_the_closed_form():
    """It never accepts, and does not mind being asked: keep, or release beyond the break-even discount and cost."""
    never = {"discounts": [0.0, 0.95], "probabilities": [0.0, 0.0]}
    found = only(asked(TERMS | {"accepts": never}))
    flips = {(row["key"], row["side"]): row for row in found["flips"]}
    assert found["advice"] == "keep"
    above = flips["discount", "above"]
    assert above["to"] == "release"
    assert above["at"]["mean"] == pytest.approx(free(TERMS), rel=1e-6)
    margin = 5000.0 * (0.65 * math.exp(-DELTA * 60 * 12 / 365.25) - 0.2) - 200.0 - 200.0
    assert flips["cost_to_serve", "above"]["at"]["mean"] == pytest.approx(margin, rel=1e-6)
    assert flips["discount", "below"]["at"] is None
    assert flips["annual_churn", "above"]["at"] is None


def test_the_chance_of_acceptance_at_which_asking_pays_is_the_loss_over_loss_and_gain():
    terms = TERMS | {"annual_churn": 0.2, "refused_factor": 3.0}
    found = only(asked(terms, offer=0.1, replications=12))
    (flip,) = [row for row in found["flips"] if row["key"] == "acceptance"]
    asks = found["options"]["renegotiate"]
    gain, loss = asks["if_accepted"]["mean"], -asks["if_refused"]["mean"]
    assert flip["at"]["mean"] == pytest.approx(loss / (loss + gain), rel=1e-9)
    assert flip["at"]["low"] < flip["at"]["mean"] < flip["at"]["high"]


# What it must be


def test_letting_a_client_go_that_costs_more_than_it_brings_gains():
    found = only(asked(TERMS | {"discount": 0.75, "accepts": {"discounts": [0.0, 0.9], "probabilities": [0.0, 0.0]}}))
    assert found["advice"] == "release"
    assert found["options"]["release"]["npv_vs_keep"]["mean"] > 0


@pytest.mark.parametrize("terms", [TERMS, SPILLS], ids=["alone", "with others"])
def test_an_offer_of_todays_discount_is_keeping_it(terms):
    found = client(terms, customers=30, more=LIVELY, replications=2)
    asks = played(found, 0.3)
    assert (asks.chances == 1.0).all()
    assert np.array_equal(asks.renegotiate, asks.keep)
    event = Renegotiate(kind="renegotiate", account="Nordwind AG", at_month=0.0, discount=0.3)
    assert found.trials.values(Variant(events=(event,))) == pytest.approx(asks.keep, rel=1e-12)


def test_a_client_without_a_discount_has_nothing_to_renegotiate():
    answer = asked(TERMS | {"discount": 0.0})
    assert only(answer)["best_offer"]["offer"] == 0.0
    assert "It has no discount to renegotiate." in answer.verdict


def test_weighing_both_answers_agrees_with_drawing_one():
    """150 replications, on the same luck: the weighed value less the drawn one is 0 on average, within 4 SE."""
    found = client(SPILLS | {"refused_factor": 4.0}, customers=2, replications=150)
    weighed = played(found, 0.1).renegotiate
    event = Renegotiate(kind="renegotiate", account="Nordwind AG", at_month=0.0, discount=0.1)
    drawn = found.trials.values(Variant(events=(event,)))
    difference = weighed - drawn
    se = float(difference.std(ddof=1)) / math.sqrt(len(difference))
    assert theory.within(float(difference.mean()), 0.0, se)
    assert weighed.std() < drawn.std()


@pytest.mark.parametrize(
    ("run", "more", "release_at"),
    [("", LIVELY, 0.0), ('closing_value = "none"', LIVELY, 5.0), ("", LIVELY + "[firm]\ntax_rate = 0.25\n", 2.5)],
)
def test_the_bridge_adds_up_to_the_paired_difference(run, more, release_at):
    found = client(SPILLS, customers=30, more=more, run=run, release_at=release_at, replications=2)
    parts = bridge.parts(found)
    gain = found.value(found.release()) - found.value(found.keep())
    scale = max(np.abs(values).max() for values in parts.values())
    assert np.sum(list(parts.values()), axis=0) == pytest.approx(gain, abs=1e-9 * scale)
    assert [kind for kind, _ in parts].count("spill-over") == 4
    assert bridge.table(parts)["mean"].sum() == pytest.approx(gain.mean(), abs=1e-9 * scale)


def test_the_bridge_of_a_client_alone_is_its_closed_form_part_by_part():
    found = only(asked(TERMS))
    annuity = -math.expm1(-DELTA * 24) / DELTA
    late = math.exp(-DELTA * 60 * 12 / 365.25)
    expected = {
        "margin at list price": -4000.0, "discount": 1500.0, "rebate": 250.0, "days to pay": 3250.0 * (1 - late),
        "promotions": 200.0, "cost to serve": 300.0, "fixed cost it carries": 500.0, "fixed cost left stranded": -300.0,
    }  # fmt: skip
    parts = {part["part"]: part["mean"] for part in found["bridge"]}
    assert parts.pop("beyond the horizon") == pytest.approx(-(worth(TERMS) - worth(TERMS, months=24.0)), rel=1e-7)
    assert parts == pytest.approx({part: rate * annuity for part, rate in expected.items()}, rel=1e-9)


def test_without_others_to_tell_there_is_no_spill_over_and_no_rest():
    found = client(SPILLS, customers=0, replications=3)
    parts = bridge.parts(found)
    scale = max(np.abs(values).max() for values in parts.values())
    assert all(np.abs(values).max() < 1e-9 * scale for (kind, _), values in parts.items() if kind != "own")


def test_what_it_does_at_the_desk_is_not_mistaken_for_how_long_it_stays():
    """Nobody is strained but the client, by its own calls: no capacity is freed, however much longer it would stay."""
    desk = "[mechanisms.service_desk]\nagents = 1\ncontacts = 0.0\npatience_minutes = 1.0\nhandling_minutes = 300\n"
    found = client(SPILLS | {"contacts": 400.0, "annual_churn": 0.05}, customers=40, more=desk, replications=3)
    parts = bridge.parts(found)
    assert np.abs(parts["spill-over", "capacity freed at the desk"]).max() < 1e-6 * parts["own", "discount"].max()


def test_a_spill_over_alone_is_told_as_such():
    """Only its discount is heard of: leakage is all of what happens to the others, and nothing is left over."""
    found = client(TERMS | {"known_by": 0.05}, customers=80)
    parts = bridge.parts(found)
    leak = parts["spill-over", "leakage of its discount"]
    assert (leak > 0).all()
    assert np.abs(parts["rest", "other mechanisms"]).max() < 1e-9 * leak.max()


def test_a_client_that_goes_at_month_0_leaves_the_same_firm_whatever_it_was_like():
    found = client(SPILLS, customers=30, more=LIVELY, replications=2)
    other = {"discount": 0.1, "cost_to_serve": 9.0, "annual_churn": 0.9, "contacts": 0.0, "known_by": 0.0}
    really = Client(found.trials, 0, 1e-9)  # at a time at which these settings are not left out
    one, two = (found.value(really.release(values)) for values in ({}, other))
    assert one == pytest.approx(two, rel=1e-6)
    assert found.release(other) == found.release()


def test_values_are_straight_in_discount_and_cost_to_serve():
    """With everything on that a client does to others: what is seen on the line is what is played."""
    found = client(SPILLS, customers=30, more=LIVELY, replications=2)
    offer = 0.1
    flips = Flips(found, offer, played(found, offer))
    for name, value in (("discount", 0.62), ("discount", 0.05), ("cost_to_serve", 2000.0)):
        seen, real = flips.at(name, value), played(found, offer, {name: value})
        for option in OPTIONS:
            assert seen.value(option) == pytest.approx(real.value(option), rel=1e-9), (name, value, option)


def test_the_best_offer_is_no_worse_than_any_other():
    curve = {"discounts": [0.05, 0.2, 0.3], "probabilities": [0.1, 0.55, 1.0]}
    found = client(SPILLS | {"accepts": curve}, customers=30, more=LIVELY, replications=2)
    best = offers.best(found)
    values = {offer: played(found, offer).renegotiate.mean() for offer in (best, 0.05, 0.12, 0.2, 0.25, 0.3)}
    assert max(values.values()) == values[best]


# How sure it is


def options(**values):
    found = {name: np.array(each, dtype=float) for name, each in values.items()}
    return Options(**found)


def test_the_chance_of_being_right_counts_futures_and_the_clients_answers():
    """Of two replications: asking is best where accepted (0.6) in both; else keep in the first, release in the second."""
    found = options(keep=[5, 0], accepted=[9, 9], refused=[1, 1], release=[0, 4], chances=[0.6, 0.6]).report()
    assert [found[option]["p_right"] for option in OPTIONS] == pytest.approx([0.2, 0.6, 0.2])
    lost = {"keep": 0.6 * 6.5 + 0.4 * 2, "renegotiate": 0.4 * 3.5, "release": 0.6 * 7 + 0.4 * 2.5}
    assert {option: found[option]["expected_loss"] for option in OPTIONS} == pytest.approx(lost)


def test_of_options_alike_keeping_is_advised():
    assert options(keep=[5, 5], accepted=[5, 5], refused=[5, 5], release=[5, 5], chances=[1, 1]).advice == "keep"


def normals(count, purpose, repetition):
    return Luck(11, repetition).normal(purpose, names(key("test"), np.arange(count)))


def test_the_interval_of_a_crossing_covers_the_truth_in_95_of_100_repetitions():
    """Of 200, with 24 replications: y = a - b x with b positive and a about 2 b, so that it crosses at 2."""
    hits = 0
    for repetition in range(200):
        slope = 1.0 + 0.2 * normals(24, "slope", repetition)
        level = 2.0 + 0.5 * normals(24, "level", repetition)
        found = crossing(lambda x, level=level, slope=slope: level - slope * x, -10.0, 30.0)
        hits += found["low"] <= 2.0 <= found["high"]
    assert 180 <= hits <= 198


def test_a_crossing_of_straight_lines_is_the_ratio_of_means():
    level, slope = 3.0 + normals(30, "level", 1), 1.5 + 0.1 * normals(30, "slope", 1)
    found, expected = crossing(lambda x: level - slope * x, 0.0, 9.0), compare.ratio(level, slope)
    assert [found[end] for end in ("mean", "low", "high")] == pytest.approx(
        [expected[e] for e in ("mean", "low", "high")]
    )


def test_a_curved_crossing_is_found():
    found = crossing(lambda x: np.exp(x) - np.array([2.0, 2.0]), -5.0, 5.0)
    assert found["mean"] == pytest.approx(math.log(2.0), abs=1e-5)
    assert crossing(lambda x: np.exp(x) * np.ones(2), -5.0, 5.0) is None


# Several clients, and what is refused


THREE = (
    TERMS | {"name": "Zeta"},
    TERMS | {"name": "Alpha & Söhne", "discount": 0.75},
    TERMS | {"name": "mid", "volume": 20.0, "annual_churn": 0.4},
)


def test_clients_are_ranked_by_what_they_are_worth_and_add_up_with_the_rest_to_the_firm():
    answer = asked(*THREE, customers=30, replications=2, more="[acquisition.ads]\njoins = 6\ncost_per_join = 40")
    profits = [each["profit"]["mean"] for each in answer.report["accounts"]]
    assert profits == sorted(profits, reverse=True)
    assert [each["name"] for each in answer.report["accounts"]][-1] == "Alpha & Söhne"
    assert answer.table["cumulative"].iloc[-1] == pytest.approx(answer.report["firm"]["mean"], rel=1e-9)
    assert answer.report["accounts"][-1]["advice"] in ("release", "renegotiate")


def test_one_of_several_is_answered_as_in_the_ranking():
    many, one = asked(*THREE), asked(*THREE, name="mid")
    found = {each["name"]: each for each in many.report["accounts"]}["mid"]
    assert only(one)["options"] == found["options"]
    assert only(one)["flips"]


def test_a_client_is_found_whatever_the_case_of_its_name():
    assert only(asked(*THREE, name="ZETA"))["name"] == "Zeta"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "Zetta"}, "there is no client 'Zetta'; the clients are Zeta, .*; did you mean \"Zeta\""),
        ({"offer": 0.2}, "to which client\\? Name it: Zeta, Alpha & Söhne or mid"),
        ({"name": "Zeta", "offer": 1.2}, "a share of the price from 0 to 0.95"),
        ({"name": "Zeta", "release_at": 24.0}, "a month from 0 to before the horizon of 24"),
        ({"name": "Zeta", "release_at": math.nan}, "a month from 0"),
        ({"name": "Zeta", "notice": -1.0}, "months from 0 to 120"),
    ],
)
def test_what_cannot_be_asked_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        asked(*THREE, **given)


def test_a_scenario_without_clients_says_what_is_missing():
    with pytest.raises(UsageError, match=r"no named client; give it an \[\[accounts\]\] table"):
        retainsim.account(firm(customers=5))


def test_without_the_client_revenue_is_less_concentrated():
    """100 units beside 50 customers of one: 2/3 of revenue; without it 50 alike."""
    found = only(asked(PLAIN, customers=50))["concentration"]
    assert found["keep"]["share"] == found["keep"]["largest"] == pytest.approx(2 / 3)
    assert found["keep"]["hhi"] == pytest.approx(4 / 9 + 50 / 150**2)
    assert found["release"]["customers_alike"] == pytest.approx(50.0)


def test_terms_that_are_not_known_are_drawn_in_every_replication():
    terms = TERMS | {"discount": {"uniform": [0.1, 0.5]}}
    found = client(terms, replications=60)
    today = played(found, 0.05)
    profit = today.keep - today.release
    expected = (worth(TERMS | {"discount": 0.1}) + worth(TERMS | {"discount": 0.5})) / 2
    assert theory.within(float(profit.mean()), expected, float(profit.std(ddof=1)) / math.sqrt(60))
    assert len(set(today.chances.tolist())) == 60
    assert Flips(found, 0.05, today).breakeven("discount")["mean"] == pytest.approx(free(TERMS), rel=1e-6)
