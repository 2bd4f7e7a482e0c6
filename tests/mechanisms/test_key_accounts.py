"""Key accounts: how sizes are spread, who is key, what that brings and costs."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import integrate
from unit.making import SEGMENT, arm, differing, parameters, play, world

from retainsim import engine, scenario, theory
from retainsim.draws import Luck
from retainsim.errors import ScenarioError
from retainsim.mechanisms.key_accounts import Mechanism, Settings
from retainsim.workings import concentration

FIXED = {"small": SEGMENT | {"annual_churn": 0.0}}
TWO = {"large": SEGMENT | {"share": 0.5, "price": 200.0}, "small": SEGMENT | {"share": 0.5}}
LAWS = [Settings(sigma=0.0), Settings(sigma=1.0), Settings(law="pareto"), Settings(law="pareto", alpha=4.0)]
CLIENT = {"name": "Nordwind", "segment": "small", "volume": 30.0}


def firm(count=20_000, *, segments=FIXED, months=12, **settings):
    more = {name: settings.pop(name) for name in ("accounts", "acquisition") if name in settings}
    run = {"months": months, "discount_rate": 0.0}
    mechanisms = {"key_accounts": settings}
    return parameters(pool={"customers": count}, segments=segments, run=run, mechanisms=mechanisms, **more)


def sizes(today, **more):
    return world(today, **more).pool["size"]


def ratio_and_se(above, below):
    """Return the ratio of two sample means and its standard error (delta method)."""
    found = above.mean() / below.mean()
    return found, (above - found * below).std(ddof=1) / below.mean() / math.sqrt(len(below))


# Sizes


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("top", [1.0, 0.2, 0.01])
def test_the_largest_hold_the_share_their_law_says(law, top):
    """Of all size, 1 on average, the top fraction q holds q^(1 - 1/alpha), or Phi(sigma - z_(1 - q))."""
    held, _ = integrate.quad(lambda below: float(law.sizes(np.array([1 - below]))[0]), 0, top, limit=500)
    by_law = {"pareto": theory.pareto_top_share(top, alpha=law.alpha), "lognormal": theory.lognormal_top_share(top, sigma=law.sigma)}  # fmt: skip
    assert held == pytest.approx(float(by_law[law.law]), rel=1e-5)


@pytest.mark.parametrize("settings", [{"sigma": 1.0}, {"law": "pareto", "alpha": 5.0}], ids=str)
def test_a_pool_shows_the_top_share_of_its_law(settings):
    """n = 100,000; the ratio of the size held by the top tenth to all size, z = 4."""
    law, found = Settings(**settings), sizes(firm(100_000, **settings))
    top = found >= law.sizes(np.array([0.9]))[0]
    observed, se = ratio_and_se(np.where(top, found, 0.0), found)
    expected = (
        theory.pareto_top_share(0.1, alpha=5.0) if law.law == "pareto" else theory.lognormal_top_share(0.1, sigma=1.0)
    )
    assert theory.within(observed, float(expected), se)


def test_concentration_is_that_of_the_law():
    """n x HHI is the mean square over the squared mean: exp(sigma^2) for a lognormal; n = 100,000, z = 4."""
    found = sizes(firm(100_000, sigma=0.5))
    hhi = concentration.herfindahl(found)
    assert hhi == pytest.approx(theory.herfindahl(found), rel=1e-12)
    squared, mean = found**2, found.mean()
    se = (squared / mean**2 - 2 * squared.mean() * found / mean**3).std() / math.sqrt(len(found))
    assert theory.within(hhi * len(found), math.exp(0.25), se)


def test_what_concentration_is_made_of():
    assert concentration.herfindahl(np.array([4.0, 0.0])) == 1.0
    assert concentration.herfindahl(np.ones(8)) == pytest.approx(1 / 8)
    assert concentration.herfindahl(np.zeros(3)) == 0.0
    assert concentration.largest_share(np.array([1.0, 5.0, 2.0, 2.0])) == 0.5
    assert concentration.largest_share(np.array([1.0, 5.0, 2.0, 2.0]), 2) == 0.7
    assert concentration.largest_share(np.zeros(3)) == concentration.largest_share(np.ones(3), 0) == 0.0
    assert concentration.expected_shortfall(np.arange(1.0, 41.0)) == 1.5
    assert concentration.expected_shortfall(np.array([3.0, 2.0])) == 2.0


def test_a_size_belongs_to_the_person_whoever_else_is_there():
    few, many = sizes(firm(100)), sizes(firm(5000))
    assert np.array_equal(few, many[:100])
    pool = world(firm(10)).pool
    assert {"size", "key_accounts.is_key"} <= pool.lasting(pool.rows()).keys()


def test_without_spread_every_size_is_1_to_the_last_bit():
    assert (sizes(firm(1000, sigma=0.0)) == 1.0).all()


# Money


def test_revenue_is_price_times_size_for_as_long_as_each_is_there():
    today = firm(500, acquisition={"ads": {"joins": 40.0}})
    outcome = play(today)
    names, joined = outcome.present[:2]
    luck = Luck(0, 0).uniform("key_accounts.size", names)
    months = 12.0 - np.maximum(joined, 0.0)
    expected = 50.0 * (today.mechanisms.key_accounts.sizes(luck) * months).sum()
    assert (joined > 0).sum() > 300
    assert outcome.lines["revenue"].sum() == pytest.approx(expected, rel=1e-9)
    assert outcome.lines["cost_to_serve"].sum() == pytest.approx(5.0 * months.sum(), rel=1e-9)


def test_revenue_follows_who_leaves_and_who_moves():
    """Worked out customer by customer (eager) it is the same as by cell."""
    segments = {"small": SEGMENT | {"moves": {"large": 0.1}}, "large": SEGMENT | {"price": 200.0}}
    today = firm(500, segments=segments, acquisition={"ads": {"joins": 10.0}})
    one, two = play(today), play(today, eager=True)
    assert one.left.sum() > 50 and one.moved.any()
    assert one.lines["revenue"].sum() == pytest.approx(two.lines["revenue"].sum(), rel=1e-9)


def test_sizes_change_neither_who_leaves_nor_mean_revenue():
    plain, sized = (play(firm(100_000, segments={"small": SEGMENT}, **s)) for s in ({"sigma": 0.0}, {"sigma": 1.0}))
    assert np.array_equal(plain.left, sized.left)
    ratio = sized.lines["revenue"].sum() / plain.lines["revenue"].sum()
    assert abs(ratio - 1.0) < 4 * math.sqrt(math.expm1(1.0) / 75_000)


def test_key_accounts_cost_extra_month_by_month():
    today = firm(1000, extra_cost=3.0)
    is_key = world(today).pool["key_accounts.is_key"]
    assert play(today).lines["key_accounts"].sum() == pytest.approx(3.0 * 12 * is_key.sum())


# Who is key


def test_the_largest_are_key():
    """n = 20,000: binomial at key_share."""
    pool = world(firm(key_share=0.1)).pool
    is_key = pool["key_accounts.is_key"]
    assert pool["size"][is_key].min() > pool["size"][~is_key].max()
    assert theory.within(is_key.mean(), 0.1, theory.binomial_se(0.1, 20_000))


def test_named_clients_are_key_and_have_their_volume():
    pool = world(firm(1000, key_share=0.0, accounts=[CLIENT])).pool
    assert np.flatnonzero(pool["key_accounts.is_key"]).tolist() == [1000]
    assert pool["size"][1000] == 1.0


def test_elsewhere_than_in_the_segments_named_nobody_is_large_or_key():
    mechanisms = {"key_accounts": {"segments": ["large"]}}
    built = world(parameters(pool={"customers": 4000}, segments=TWO, mechanisms=mechanisms))
    large = built.pool["segment"] == 0
    assert (built.pool["size"][~large] == 1.0).all() and not built.pool["key_accounts.is_key"][~large].any()
    assert built.pool["size"][large].std() > 0.5 and built.pool["key_accounts.is_key"][large].any()


def test_key_accounts_have_a_hazard_of_their_own():
    """Of n = 20,000 with hazard h, those key stay 12 months with exp(-12 h f), the others with exp(-12 h); z = 4."""
    today = firm(segments={"small": SEGMENT}, hazard_factor=0.25, key_share=0.5)
    gone, pool = play(today).departed[0], world(today).pool
    for is_key, factor in ((True, 0.25), (False, 1.0)):
        mine, lost = pool["name"][pool["key_accounts.is_key"] == is_key], 1 - 0.7**factor
        observed = np.isin(mine, gone).mean()
        assert theory.within(observed, lost, theory.binomial_se(lost, len(mine)))


def test_calibration_is_an_integral_unless_key_accounts_have_a_hazard_of_their_own():
    assert Mechanism.is_closed_form(firm())
    assert not Mechanism.is_closed_form(firm(hazard_factor=0.9))


# Arms


def test_an_arm_may_choose_others_as_key():
    change = {"set": "mechanisms.key_accounts.key_share", "to": 0.5, "from_month": 6.0}
    line = play(firm(1000, extra_cost=1.0), arm(change=[change])).lines["key_accounts"].sum(axis=(1, 2))
    assert line[7:].min() > 4 * line[1:7].max()


def test_a_change_of_the_law_is_for_who_joins():
    today = firm(300, acquisition={"ads": {"joins": 50.0}})
    built = world(today, arm(change=[{"set": "mechanisms.key_accounts.sigma", "to": 0.0}]))
    assert np.array_equal(built.pool["size"], sizes(today))
    built.env.process(engine.calendar(built))
    built.env.run(until=6)
    built.settle()
    joined = built.pool["joined"] > 0
    assert joined.sum() > 200 and (built.pool["size"][joined] == 1.0).all()


def test_saving_one_segment_changes_nothing_in_the_other():
    today = firm(2000, segments=TWO, hazard_factor=0.5, extra_cost=1.0)
    one, two = play(today), play(today, arm(retention={"churn": 0.5, "segments": ["small"]}), factor=0.5)
    assert differing(one.left[:, 0], two.left[:, 0]) == []
    assert one.left[:, 1].sum() > two.left[:, 1].sum()


# Bad values


@pytest.mark.parametrize(
    "bad", [{"alpha": 1.0}, {"sigma": -0.1}, {"key_share": 1.1}, {"law": "normal"}, {"extra_cost": -1.0}, {"size": 2.0}]
)
def test_a_law_that_has_no_mean_or_a_share_beyond_1_is_refused(bad):
    with pytest.raises(ValidationError):
        Settings(**bad)


def test_a_segment_that_is_not_there_is_named():
    text = """
    [pool]
    customers = 10
    [segments.small]
    price = 1.0
    annual_churn = 0.1
    [mechanisms.key_accounts]
    segments = ["smal"]
    """
    with pytest.raises(ScenarioError, match=r"did you mean .?small"):
        scenario.loads(text)
