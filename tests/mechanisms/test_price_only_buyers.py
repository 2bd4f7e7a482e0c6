"""Price only buyers: how many there are, when they leave, and that nothing happens to them afterwards."""

import dataclasses

import numpy as np
import pytest
from experiment import check
from unit.making import SEGMENT, arm, differing, parameters, play, setup, world

from retainsim import engine, scenario, theory
from retainsim.acquisition import Joiners
from retainsim.draws import Luck
from retainsim.errors import ScenarioError
from retainsim.hazards import Closed

STAY = {"small": SEGMENT | {"annual_churn": 0.0}}
ADS = {"ads": {"joins": 400.0}}
ALL = {"share": 1.0, "leave_after_first": 1.0}
SHOP = {
    "gross_margin": 0.5, "buying": "purchases", "annual_churn": 0.0,
    "purchases": {"per_month": 2.0, "shape": 1.5, "spend": {"kind": "same", "mean": 30.0}},
}  # fmt: skip


def firm(buyers=None, *, segments=STAY, **tables):
    mechanisms = {"price_only_buyers": buyers or {}} | tables.pop("mechanisms", {})
    return parameters(**({"acquisition": ADS, "segments": segments, "mechanisms": mechanisms} | tables))


def stays(outcome):
    """Return months of joining and tenures of those who left."""
    return outcome.departed[1], outcome.departed[2] - outcome.departed[1]


# How many, and when


def test_the_share_of_joiners_who_come_only_once_is_binomial():
    """share x leave_after_first of all who joined a period before the end: n = 9,200 joiners or so."""
    outcome = play(firm())
    joined = np.concatenate([outcome.present[1], outcome.departed[1]])
    n = int(((joined > 0) & (joined <= 23)).sum())
    check(len(outcome.departed[0]) / n, 0.16, theory.binomial_se(0.16, n), f"one-time share, n = {n}")


@pytest.mark.parametrize("after", [0.25, 1.0, 2.5])
def test_they_stay_for_exactly_their_first_period(after):
    _, tenure = stays(play(firm(ALL | {"after_months": after})))
    assert len(tenure) > 8000
    assert tenure == pytest.approx(np.full(len(tenure), after), abs=1e-12)


def test_under_a_contract_they_leave_at_its_first_renewal():
    segments = {"small": STAY["small"] | {"term_months": 6.0}}
    _, tenure = stays(play(firm(ALL, segments=segments)))
    assert tenure == pytest.approx(np.full(len(tenure), 6.0), abs=1e-12)


def test_under_the_contract_of_their_channel_likewise():
    channels = {"ads": {"joins": 40.0, "plan": "long"}, "shops": {"joins": 40.0}}
    outcome = play(firm(ALL, acquisition=channels, plans={"long": {"price": 50.0, "term_months": 12.0}}))
    _, tenure = stays(outcome)
    for origin, expected in ((1, 12.0), (2, 1.0)):
        mine = outcome.departed[4] == origin
        assert mine.any()
        assert tenure[mine] == pytest.approx(np.full(mine.sum(), expected), abs=1e-12)


def test_who_leaves_sooner_for_another_reason_does():
    """With hazard h besides, a share 1 - exp(-h) of them has gone before the period is over."""
    outcome = play(firm(ALL | {"reason": "thrift"}, segments={"small": SEGMENT | {"annual_churn": 0.9}}))
    mine = (outcome.departed[4] == 1) & (outcome.departed[1] <= 23)
    thrift = outcome.departed[5][mine] == firm(ALL | {"reason": "thrift"}).reasons.index("thrift")
    n, expected = len(thrift), 0.1 ** (1 / 12)
    check(thrift.mean(), expected, theory.binomial_se(expected, n), f"who leave as price-only buyers, n = {n}")
    assert (outcome.departed[2] - outcome.departed[1])[mine].max() <= 1.0 + 1e-12


@pytest.mark.parametrize("tenure", ["settled", "new"])
def test_the_opening_pool_has_none(tenure):
    outcome = play(firm(ALL, pool={"customers": 2000, "tenure": tenure}, acquisition={}))
    assert outcome.left.sum() == 0


def test_a_channel_may_have_a_share_of_its_own_and_so_may_referrals():
    channels = {"ads": {"joins": 200.0}, "shops": {"joins": 200.0}}
    referrals = {"rate": 0.02, "hazard_factor": 1.0, "contagion": 1.0}
    shares = {"share": 0.2, "leave_after_first": 1.0, "channels": {"ads": 0.6, "referrals": 0.0}}
    outcome = play(firm(shares, acquisition=channels, mechanisms={"referrals": referrals}))
    left, joined = outcome.left.sum(axis=(0, 1, 3)), outcome.joined[:24].sum(axis=(0, 1))
    assert left[0] == 0
    for origin, expected in ((1, 0.6), (3, 0.2)):
        n = joined[origin]
        check(left[origin] / n, expected, theory.binomial_se(expected, n) + 1 / n, f"origin {origin}, n = {n}")
    assert left[2] == 0


# What follows


def test_they_count_for_their_reason_and_for_this_mechanism():
    today = firm(ALL)
    outcome = play(today)
    reasons = [today.reasons[i] for i in np.unique(outcome.departed[5])]
    assert reasons == ["price"]
    assert outcome.fed["price_only_buyers"].sum() == len(outcome.departed[0])


def test_closing_this_leak_keeps_them_all_and_changes_nothing_else():
    today, closed = firm(ALL), Closed(mechanisms=frozenset({"price_only_buyers"}))
    kept = engine.replicate(dataclasses.replace(setup(today), closed=closed), Luck(0, 0))
    assert kept.left.sum() == 0
    assert np.array_equal(kept.joined, play(today).joined)


def test_nothing_happens_to_them_after_they_have_left_even_within_the_span():
    """Everybody stays for a quarter of a month and refers once a month: 1/4 child each, and 1/3 with those of children.

    Total progeny of a Poisson branching process of mean m: mean m / (1 - m), variance m / (1 - m)^3.
    """
    referrals = {"rate": 1.0, "hazard_factor": 1.0, "extra_margin": 0.0, "contagion": 1.0}
    today = firm(ALL | {"after_months": 0.25}, pool={"customers": 0}, mechanisms={"referrals": referrals})
    outcome = play(today, arm(change=[{"set": "acquisition.ads.joins", "to": 0.0, "from_month": 18.0}]))
    n = outcome.joined[:, :, 1].sum()
    check(outcome.joined[:, :, 2].sum() / n, 1 / 3, np.sqrt(0.25 / 0.75**3 / n), f"children of {n}")


def test_who_buys_purchase_by_purchase_never_buys_again():
    outcome = play(firm(ALL, segments={"shop": SHOP}, pool={"customers": 0}))
    assert outcome.purchases.sum() == outcome.joined.sum() > 9000
    _, tenure = stays(outcome)
    assert tenure == pytest.approx(np.ones(len(tenure)), abs=1e-12)
    bought = play(firm(ALL | {"leave_after_first": 0.0}, segments={"shop": SHOP}, pool={"customers": 0}))
    assert bought.purchases.sum() > 2 * bought.joined.sum()


def test_who_comes_back_is_not_sent_off_again():
    played = world(firm(ALL))
    back = np.full(5, 0.5), np.ones(5, np.int64), np.zeros(5, np.int64), np.full(5, 2, np.int16)
    played.admit(Joiners(np.arange(1, 6, dtype=np.uint64), *back))
    played.admit(Joiners(np.arange(6, 11, dtype=np.uint64), *back[:3]))
    assert np.isinf(played.pool["leaves"][300:305]).all()
    assert (played.pool["leaves"][305:310] == 1.5).all()


# Arms


def test_a_larger_share_only_adds_some_and_moves_nobody_else():
    segments = {"small": SEGMENT | {"annual_churn": 0.3}}
    outcomes = [play(firm({"share": share}, segments=segments)) for share in (0.0, 0.2, 0.5)]
    gone = [dict(zip(o.departed[0].tolist(), o.departed[2].tolist(), strict=True)) for o in outcomes]
    for few, many in zip(gone, gone[1:], strict=False):
        assert few.keys() <= many.keys()
        sooner = [name for name in few if many[name] < few[name] - 1e-9]
        assert all(many[name] <= few[name] + 1e-9 for name in few)
        assert len(sooner) < len(many) - len(few)


def test_an_arm_may_attract_fewer_of_them_from_a_month_on():
    none = arm(change=[{"set": "mechanisms.price_only_buyers.share", "to": 0.0, "from_month": 12.0}])
    joined, _ = stays(play(firm(ALL), none))
    assert 11.9 < joined.max() <= 12.0


def test_a_retention_lever_does_not_keep_them():
    today = firm(ALL)
    kept = play(today, arm(retention={"churn": 0.5}), factor=0.5)
    assert np.array_equal(kept.left, play(today).left)


def test_without_any_nothing_changes():
    segments = {"small": SEGMENT | {"annual_churn": 0.3}}
    plain = play(parameters(acquisition=ADS, segments=segments))
    for buyers in ({"share": 0.0}, {"leave_after_first": 0.0}):
        found = play(firm(buyers, segments=segments))
        changed = {path.split(".")[0] for path in differing(plain, found)}
        assert changed <= {"fed"}


# Bad values


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("share = 1.2", "mechanisms.price_only_buyers.share"),
        ("leave_after_first = -0.1", "mechanisms.price_only_buyers.leave_after_first"),
        ("after_months = 0.0", "mechanisms.price_only_buyers.after_months"),
        ("channels = { ads = 2.0 }", "mechanisms.price_only_buyers.channels.ads"),
    ],
)
def test_a_value_that_cannot_be_is_refused_where_it_stands(line, said):
    text = "[segments.small]\nprice = 1.0\nannual_churn = 0.1\n[acquisition.ads]\njoins = 1.0\n"
    with pytest.raises(ScenarioError, match=rf"<scenario>:7:\d+ {said}"):
        scenario.loads(f"{text}[mechanisms.price_only_buyers]\n{line}\n")
