"""Calibration where mechanisms strain customers: what was observed comes out of a run by count, mechanisms included.

The bars of DESIGN.md section 10, 0.2 points of churn and 1 point of shares, are beyond 3 standard errors where half a
million customers are simulated; those tests are long. No run here shares its luck with calibration.
"""

import math

import numpy as np
import pytest
from experiment import check, check_shares, heads, mean, measured, play, scenario

from retainsim import ScenarioError, expectation, theory
from retainsim.bases import raw_bases
from retainsim.calibration import calibrate
from retainsim.census import Census
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm
from retainsim.world import Setup

SHARES = {"product": 0.5, "competition": 0.3, "involuntary": 0.2}
REASONS = sorted(SHARES)
WANTED = np.array([SHARES[r] for r in REASONS])

FAILURES = {"failures": {"rate": 0.1, "strain": 0.01, "half_life": 6.0, "reason": "product"}}
POOR = dict.fromkeys(("treatment", "efficiency", "ease", "honesty", "competence"), 0.45)
PERCEPTION = {"perception": POOR | {"drift": 0.05}}
"""Everybody perceives less than the neutral value, each something else."""
PAYMENTS = {"involuntary_churn": {"rate": 0.01, "recover_share": 0.8}}
KEY = {"key_accounts": {"hazard_factor": 0.4, "key_share": 0.3}}
DESK = {
    "service_desk": {
        "agents": 1, "contacts": 3.0, "handling_minutes": 12.0, "strain_per_hang_up": 0.0006,
        "strain_per_minute": 0.00005, "reason": "product",
    }
}  # fmt: skip
DESK_FIRM = 2_000
"""Customers of a firm whose desk is always busy and loses two calls in five: 1.6 hours of calls an hour."""


@pytest.fixture(autouse=True)
def _fresh(tmp_path, monkeypatch):
    """Measure by simulation what is measured so, and recall nothing of an earlier version of the code."""
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))


def year(mechanisms, segments=None, *, n=100_000, replications=2, seed=61, **tables):
    """Play a calibrated year of n opening customers in all."""
    settings = {"months": 12, "tenure": "settled", "reasons": SHARES, "run": {"seed": seed}} | tables
    segments = segments or {"s": {"annual_churn": 0.22}}
    return play(
        replications, customers=n // replications, segments=segments, calibrate=True, mechanisms=mechanisms, **settings
    )


def lost(found):
    """Return who left within the year by segment and reason, of how many."""
    table = found.detail
    left = table[(table["arm"] == "baseline") & (table["left"] > 0) & (table["month"] <= 12)]
    return left.groupby(["segment", "reason"], observed=True)["left"].sum(), heads(found).loc[0]


def check_year(found, churn, *, wanted=None, bar=False):
    """Check churn of each segment and shares of reasons, by count."""
    left, there = lost(found)
    wanted = dict(zip(REASONS, WANTED, strict=True)) if wanted is None else wanted
    for name, rate in churn.items():
        n, counts = int(there[name]), left[name].reindex(list(wanted), fill_value=0).to_numpy()
        gone = int(left[name].sum())
        check_shares([gone], [rate], n, f"churn of {name}, n = {n}")
        check_shares(counts, list(wanted.values()), gone, f"reasons of {name}, n = {gone}")
        if bar:
            assert abs(gone / n - rate) < 0.002
            assert np.abs(counts / gone - list(wanted.values())).max() < 0.01
    expected = found.report["economics"]["retention_12m_expected"]
    assert expected == pytest.approx({name: 1 - rate for name, rate in churn.items()}, abs=1.2e-3)


LAWS = {
    "plain": {},
    "gamma": {"frailty": {"kind": "gamma", "variance": 0.8}},
    "beta": {"frailty": {"kind": "beta", "a": 0.8}},
    "beta under contract": {"frailty": {"kind": "beta", "a": 0.8}, "term_months": 12},
    "falling": {"duration": {"kind": "power", "power": 0.6}},
    "contract": {"term_months": 6},
    "year's contract": {"term_months": 12, "frailty": {"kind": "gamma", "variance": 0.5}},
}


BRIEF = {"contract"}
"""Laws whose tests are short; one law tells most of what goes wrong."""
MOST_LAWS = [pytest.param(law, marks=[] if law in BRIEF else [pytest.mark.long]) for law in LAWS]


# What comes out


@pytest.mark.parametrize("law", MOST_LAWS)
def test_failures_are_part_of_what_was_observed(law):
    found = year(FAILURES, {"s": {"annual_churn": 0.22, **LAWS[law]}})
    check_year(found, {"s": 0.22})


@pytest.mark.parametrize("law", MOST_LAWS)
def test_what_customers_perceive_is_part_of_what_was_observed(law):
    """Hazards are 2 to 3 times what they would be if everybody perceived what is neutral."""
    found = year(PERCEPTION, {"s": {"annual_churn": 0.22, **LAWS[law]}})
    check_year(found, {"s": 0.22})


SEVERAL = pytest.param(FAILURES | PAYMENTS | PERCEPTION, id="three", marks=pytest.mark.long)


@pytest.mark.parametrize("mechanisms", [pytest.param(PAYMENTS, id="payments"), pytest.param(KEY, id="key"), SEVERAL])
def test_others_are_part_of_what_was_observed(mechanisms):
    check_year(year(mechanisms, seed=62), {"s": 0.22})


@pytest.mark.long
def test_where_churn_is_low_the_shares_of_reasons_are_met_too():
    found = year({"failures": {"rate": 0.02, "strain": 0.01, "reason": "product"}}, {"s": {"annual_churn": 0.04}}, n=400_000)  # fmt: skip
    check_year(found, {"s": 0.04})


@pytest.mark.long
def test_each_of_several_segments_loses_what_was_observed_there():
    """One of them is small."""
    segments = {
        "large": {"annual_churn": 0.1, "share": 0.6},
        "middle": {"annual_churn": 0.4, "share": 0.35, "frailty": {"kind": "gamma", "variance": 1.0}},
        "small": {"annual_churn": 0.22, "share": 0.05, "term_months": 3},
    }
    found = year({"failures": FAILURES["failures"] | {"strain": 0.004}}, segments, n=200_000)
    check_year(found, {"large": 0.1, "middle": 0.4, "small": 0.22})


@pytest.mark.long
def test_newcomers_are_calibrated_as_newcomers():
    """Of an empty pool with contracts and failures, who joins in the first year is gone a year later."""
    found = play(
        2, months=24, segments={"s": {"annual_churn": 0.3, "duration": {"kind": "power", "power": 0.6}}},
        reasons=SHARES, calibrate=True, mechanisms=FAILURES, acquisition={"web": {"joins": 4000}}, run={"seed": 63},
    )  # fmt: skip
    n = int(heads(found, measure="joined")["s"].loc[:12].sum())
    check(found.outcomes["retention_12m"].mean(), 0.7, theory.binomial_se(0.3, n), f"newcomers a year on, n = {n}")


@pytest.mark.long
def test_a_reason_that_a_mechanism_brings_along_is_within_the_churn_and_not_on_top_of_it():
    """The others share what it leaves in the proportions of the file."""
    found = year({"failures": FAILURES["failures"] | {"reason": "annoyance"}})
    left, there = lost(found)
    gone, annoyed = left["s"].sum(), left["s"]["annoyance"]
    check(gone / there["s"], 0.22, theory.binomial_se(0.22, there["s"]), f"churn, n = {there['s']}")
    assert annoyed > 0.1 * gone
    rest = left["s"][REASONS].to_numpy()
    check_shares(rest, WANTED, rest.sum(), f"reasons of the file, n = {rest.sum()}")


@pytest.mark.long
def test_where_the_frail_have_left_long_ago_much_more_hazard_is_found_for_a_little_more_churn():
    """Customers of a settled pool who differ much, and perceive next to nothing: bases fall to a twentieth."""
    blind = {"perception": dict.fromkeys(POOR, 0.1)}
    found = year(blind, {"s": {"annual_churn": 0.22, "frailty": {"kind": "gamma", "variance": 2.0}}}, n=200_000)
    check_year(found, {"s": 0.22})


@pytest.mark.long
def test_a_settled_pool_leaks_as_fast_in_its_first_months_as_later():
    """Mechanisms have been on for long: the strain of last year's failures is there at month 0."""
    n = 400_000
    there = heads(year(FAILURES, n=n, seed=67))["s"]
    months = np.array([1, 2, 3, 6, 9, 12])
    assert np.abs(there[months] / n - 0.78 ** (months / 12)).max() < 0.002


def desk(mechanisms=DESK, *, seed=64, replications=60, **tables):
    return year(mechanisms, n=DESK_FIRM * replications, replications=replications, seed=seed, **tables)


def check_firm(found, churn):
    """Check the churn of a firm whose customers wait for one another: each replication is one observation."""
    stayed = measured(found, "retention_12m")
    observed, se = mean(1 - stayed)
    check(observed, churn, se, f"churn of a firm of {DESK_FIRM}, n = {len(stayed)}")
    opening = found.detail[found.detail["channel"] == "existing"]
    gone = opening[opening["left"] > 0].groupby("reason", observed=True)["left"].sum()
    check_shares(gone[REASONS], WANTED, gone.sum(), f"reasons, n = {gone.sum()}")


@pytest.mark.long
def test_a_desk_is_part_of_what_was_observed_at_the_size_of_the_firm():
    """Twice as many customers at the same desk would wait for ever."""
    check_firm(desk(), 0.22)


@pytest.mark.long
def test_a_desk_and_what_it_is_asked_about_are_part_of_what_was_observed():
    """Complaints call too, and joiners ask like everybody."""
    mechanisms = DESK | {"failures": FAILURES["failures"] | {"strain": 0.002}}
    check_firm(desk(mechanisms, acquisition={"web": {"joins": 40.0}}), 0.22)


@pytest.mark.long
@pytest.mark.parametrize(
    ("mechanisms", "law"),
    [(FAILURES, "plain"), (FAILURES, "contract"), (FAILURES, "beta"), (PERCEPTION, "gamma"), (PERCEPTION, "year's contract")],
)  # fmt: skip
def test_half_a_million_customers_lose_what_was_observed_to_0_2_points(mechanisms, law):
    found = year(mechanisms, {"s": {"annual_churn": 0.22, **LAWS[law]}}, n=500_000, seed=65)
    check_year(found, {"s": 0.22}, bar=True)


# A lever on top


def gained(found, n):
    there = {arm: int(heads(found, arm=arm)["s"][12]) for arm in ("baseline", "lever")}
    return (there["lever"] - there["baseline"]) / n


@pytest.mark.long
@pytest.mark.parametrize("law", ["plain", "contract", "beta"])
def test_five_points_of_retention_on_top_are_five_points(law):
    """Beyond calibration's own precision: those saved are counted, 5 in 100."""
    n = 100_000
    found = year(
        FAILURES, {"s": {"annual_churn": 0.22, **LAWS[law]}}, n=n, arms={"lever": {"retention": {"points": 5}}}
    )
    gain, se = gained(found, n), math.hypot(theory.binomial_se(0.05, n), 1e-4)
    check(100 * gain, 5.0, 100 * se, f"gain in points with failures, n = {n}")
    told = found.report["arms"]["lever"]["lever"]
    assert told["retention_expected"] - told["retention_before"] == pytest.approx(0.05, abs=5e-4)


@pytest.mark.long
@pytest.mark.parametrize("mechanisms", [FAILURES, PERCEPTION], ids=["failures", "perception"])
def test_five_points_are_five_points_to_0_2(mechanisms):
    n = 500_000
    found = year(mechanisms, n=n, arms={"lever": {"retention": {"points": 5}}}, seed=66)
    assert abs(100 * gained(found, n) - 5) < 0.2


@pytest.mark.long
def test_a_lever_that_mechanisms_leave_nothing_to_is_refused_with_the_most_there_is():
    """It works on competition alone, 30 % of what leaves."""
    with pytest.raises(ScenarioError) as error:
        year(FAILURES, arms={"lever": {"retention": {"points": 15, "reasons": ["competition"]}}})
    most = float(str(error.value).partition("ask for at most ")[2].split()[0])
    assert 5.5 < most < 6.6


# What is refused


@pytest.fixture
def rough(monkeypatch):
    """Measure on a tenth of the customers, where it matters what is done with a measurement and not how good it is."""
    monkeypatch.setattr(expectation, "_BATCH", 5_000)
    monkeypatch.setattr(expectation, "PROBED", 40_000)


def refused(mechanisms, segments=None, **tables):
    with pytest.raises(ScenarioError) as error:
        year(mechanisms, segments, n=1000, **tables)
    return str(error.value)


def test_failures_that_alone_exceed_the_observed_churn_are_refused_by_name(rough):
    said = refused({"failures": FAILURES["failures"] | {"rate": 1.0}})
    assert "segments.s.annual_churn: of 22.0% observed, 11.0% may leave for product, but mechanisms alone make" in said
    assert "mechanisms.failures" in said
    assert "weaken them, or give product a larger share" in said


def test_failures_with_a_reason_of_their_own_that_exceed_the_observed_churn_are_refused_by_name(rough):
    said = refused({"failures": FAILURES["failures"] | {"rate": 2.0, "reason": "annoyance"}})
    assert "annoyance" in said
    assert "mechanisms.failures" in said


def test_failed_payments_that_exceed_their_share_are_refused_by_name(rough):
    """4.4 % a year may leave for it, and 0.02 a month make it 21 %."""
    said = refused({"involuntary_churn": {"rate": 0.1, "recover_share": 0.8}})
    assert "may leave for involuntary" in said
    assert "mechanisms.involuntary_churn" in said


@pytest.mark.long
@pytest.mark.parametrize("law", ["contract", "falling"])
def test_they_are_refused_under_other_laws_too(law, rough):
    said = refused({"failures": FAILURES["failures"] | {"rate": 1.0}}, {"s": {"annual_churn": 0.22, **LAWS[law]}})
    assert "may leave for product" in said


@pytest.mark.long
def test_mechanisms_that_nearly_exceed_the_observed_churn_are_not_refused():
    """Nine in ten of those who leave for the product do so for failures."""
    strong = {"failures": FAILURES["failures"] | {"rate": 0.15, "second_factor": 1.0}}
    found = year(strong)
    check_year(found, {"s": 0.22})


def test_where_nobody_is_observed_to_leave_a_mechanism_that_makes_some_leave_is_refused(rough):
    segments = {"s": {"annual_churn": 0.22, "share": 0.5}, "loyal": {"annual_churn": 0.0, "share": 0.5}}
    said = refused(FAILURES, segments)
    assert "segments.loyal.annual_churn: of 0.0% observed, 0.0% may leave for product" in said
    assert "mechanisms.failures" in said


def test_a_client_that_nobody_expects_to_leave_may_be_driven_away(rough):
    """Named clients are outside calibration, whatever their churn."""
    found = year(FAILURES, n=1000, accounts=[{"name": "A", "segment": "s", "annual_churn": 0.0}])
    assert found.report["economics"]["retention_12m_expected"]["s"] == pytest.approx(0.78, abs=3e-3)


# How it is worked out


def probed(today, bases, batch):
    """Return a batch of calibration: customers, and leavings by segment and reason, fed by bases and by mechanisms."""
    run = today.run.model_copy(update={"months": 12})
    one = today.model_copy(update={"run": run, "pool": today.pool.model_copy(update={"customers": 20_000})})
    start = Setup(one, Arm(), Timeline(one, Arm()), bases)
    return expectation.probe_batch(start, np.ones_like(bases.hazards), batch)[:3]


@pytest.mark.parametrize("mechanisms", [FAILURES, PERCEPTION, PAYMENTS, FAILURES | PERCEPTION | KEY], ids=["failures", "perception", "payments", "three"])  # fmt: skip
@pytest.mark.parametrize("law", ["plain", "gamma", "falling"])
def test_what_is_expected_to_leave_is_what_does_on_the_same_luck(mechanisms, law, monkeypatch):
    """The difference of a count and its compensator has the variance of the count."""
    segments = {"a": {"annual_churn": 0.2, **LAWS[law]}, "b": {"annual_churn": 0.4, "share": 2.0}}
    today = scenario(segments=segments, reasons=SHARES, calibrate=True, customers=100, mechanisms=mechanisms).parameters
    bases = raw_bases(today)
    expected = [probed(today, bases, batch) for batch in range(3)]

    class Counted(Census):
        def __init__(self, pool, hazards, durations, *, is_counted):
            assert not is_counted
            super().__init__(pool, hazards, durations, is_counted=True)

    monkeypatch.setattr(expectation, "Census", Counted)
    counted = [probed(today, bases, batch) for batch in range(3)]
    assert all((e[0] == c[0]).all() for e, c in zip(expected, counted, strict=True))
    one, two = (sum(base + other for _, base, other in found) for found in (expected, counted))
    for place in np.ndindex(one.shape):
        check(two[place], one[place], math.sqrt(max(one[place], 1.0)), f"leavings {place}")
    bases_share = [sum(f[1] for f in found).sum() / sum((f[1] + f[2]) for f in found).sum() for found in (expected, counted)]  # fmt: skip
    check(bases_share[1], bases_share[0], 0.5 / math.sqrt(one.sum()), "share of leavings that bases feed")


def test_a_warm_cache_gives_the_same_bases_and_simulates_nothing(rough, monkeypatch, tmp_path):
    today = scenario(
        segments={"s": {"annual_churn": 0.22, "frailty": {"kind": "beta", "a": 0.8}}}, reasons=SHARES, calibrate=True,
        customers=100, mechanisms=FAILURES,
    ).parameters  # fmt: skip
    cold = calibrate(today)
    with monkeypatch.context() as patch:
        patch.setattr(expectation, "_probe", lambda *_: pytest.fail("simulated again"))
        warm = calibrate(today)
    assert np.array_equal(cold.bases.hazards, warm.bases.hazards)
    assert cold.bases.frailties == warm.bases.frailties
    assert np.array_equal(cold.retention, warm.retention)
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path / "elsewhere"))
    again = calibrate(today)
    assert np.array_equal(cold.bases.hazards, again.bases.hazards)
    assert np.array_equal(cold.retention, again.retention)


@pytest.mark.parametrize(
    "change",
    [
        {"mechanisms": {"failures": FAILURES["failures"] | {"rate": 0.11}}},
        {"segments": {"s": {"annual_churn": 0.22, "frailty": {"kind": "gamma", "variance": 0.1}}}},
        {"tenure": "new"},
    ],
    ids=["settings", "law", "tenure"],
)
def test_another_firm_is_not_taken_for_one_known(change, rough):
    tables = {"segments": {"s": {"annual_churn": 0.22}}, "mechanisms": FAILURES, "tenure": "settled"}
    firms = [
        scenario(**(tables | more), reasons=SHARES, calibrate=True, customers=100).parameters for more in ({}, change)
    ]
    one, two = (calibrate(today).bases for today in firms)
    assert one.hazards[0, REASONS.index("product")] != two.hazards[0, REASONS.index("product")]


def test_the_size_of_the_pool_does_not_matter_where_nobody_waits_for_another(rough):
    tables = {"segments": {"s": {"annual_churn": 0.22}}, "mechanisms": FAILURES, "reasons": SHARES, "calibrate": True}
    one, two = (calibrate(scenario(customers=n, **tables).parameters).bases for n in (50, 100_000))
    assert np.array_equal(one.hazards, two.hazards)


def test_named_clients_are_no_part_of_it(rough):
    tables = {"segments": {"s": {"annual_churn": 0.22}}, "mechanisms": FAILURES, "reasons": SHARES, "calibrate": True}
    client = {"name": "A", "segment": "s", "annual_churn": 0.9}
    without, with_it = (
        calibrate(scenario(customers=100, accounts=accounts, **tables).parameters).bases for accounts in ([], [client])
    )
    common = [with_it.reasons.index(reason) for reason in without.reasons]
    assert with_it.hazards[0, common] == pytest.approx(without.hazards[0], rel=1e-9)
    assert with_it.hazards[1].sum() == pytest.approx(-math.log(0.1) / 12)


def test_what_happens_on_a_date_or_by_chance_is_on_top_of_what_was_observed(rough):
    breach = {"breach": {"at_month": 3, "leave_at_once": 0.3}}
    tables = {"segments": {"s": {"annual_churn": 0.22}}, "reasons": SHARES, "calibrate": True, "customers": 100}
    without, with_it = (
        calibrate(scenario(mechanisms=FAILURES | more, **tables).parameters).bases for more in ({}, breach)
    )
    common = [with_it.reasons.index(reason) for reason in without.reasons]
    assert np.array_equal(with_it.hazards[:, common], without.hazards)
