"""Calibration: the observed churn and the observed shares of reasons come out of a run, by count.

The bars of DESIGN.md section 10, 0.2 points of churn and 1 point of shares, are beyond 3 standard errors
where half a million customers are simulated; those tests are long.
"""

import numpy as np
import pytest
from experiment import check, check_shares, heads, leavings, play

from retainsim import ScenarioError, theory

SHARES = {"product": 0.5, "competition": 0.3, "involuntary": 0.2}
REASONS = sorted(SHARES)
WANTED = np.array([SHARES[r] for r in REASONS])
LAWS = {
    "plain": {},
    "gamma": {"frailty": {"kind": "gamma", "variance": 0.5}},
    "power_falling": {"duration": {"kind": "power", "power": 0.6}},
    "power_rising": {"duration": {"kind": "power", "power": 1.5}},
    "term": {"term_months": 12},
    "gamma_term": {"frailty": {"kind": "gamma", "variance": 0.9}, "term_months": 12},
    "power_short_term": {"duration": {"kind": "power", "power": 0.7}, "term_months": 5},
    "beta": {"frailty": {"kind": "beta", "a": 0.8}},
    "beta_term": {"frailty": {"kind": "beta", "a": 0.8}, "term_months": 12},
    "beta_power": {"frailty": {"kind": "beta", "a": 1.2}, "duration": {"kind": "power", "power": 1.3}},
    "steps": {"duration": {"kind": "steps", "months": [6, 24], "factors": [2.0, 1.0, 0.5]}},
}
CHURN = dict(zip(LAWS, [0.05, 0.22, 0.22, 0.15, 0.22, 0.3, 0.22, 0.22, 0.2, 0.35, 0.22], strict=True))
SEGMENTS = {name: {"annual_churn": CHURN[name], **settings} for name, settings in LAWS.items()}


@pytest.fixture(autouse=True)
def _fresh(tmp_path, monkeypatch):
    """Measure by simulation what is measured so, and recall nothing of an earlier version of the code."""
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))


def check_year(found, churn, *, bar=False):
    """Check the first year by segment: churn by count against the file's, leavings by reason against its shares."""
    there = heads(found)
    table = found.detail
    left = table[(table["arm"] == "baseline") & (table["left"] > 0) & (table["month"] <= 12)]
    left = left.groupby(["segment", "reason"], observed=True)["left"].sum()
    for name, rate in churn.items():
        n, counts = there[name][0], left[name][REASONS].to_numpy()
        check_shares([n - there[name][12]], [rate], n, f"churn of {name}, n = {n}")
        check_shares(counts, WANTED, counts.sum(), f"reasons of {name}, n = {counts.sum()}")
        if bar:
            assert abs(1 - there[name][12] / n - rate) < 0.002
            assert np.abs(counts / counts.sum() - WANTED).max() < 0.01


@pytest.mark.parametrize("tenure", ["settled", "new", {"months": 18}], ids=["settled", "new", "18 months"])
def test_churn_of_each_segment_and_shares_of_reasons_come_out_as_observed(tenure):
    churn = {name: rate for name, rate in CHURN.items() if tenure != {"months": 18} or name != "steps"}
    segments = {name: SEGMENTS[name] for name in churn}
    found = play(
        months=12,
        customers=15_000 * len(segments),
        tenure=tenure,
        segments=segments,
        reasons=SHARES,
        calibrate=True,
        run={"seed": 41},
    )
    check_year(found, churn)
    expected = found.report["economics"]["retention_12m_expected"]
    assert expected == pytest.approx({name: 1 - rate for name, rate in churn.items()}, abs=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("law", LAWS)
def test_half_a_million_customers_lose_what_was_observed_to_0_2_points(law):
    found = play(
        months=12,
        customers=250_000,
        tenure="settled",
        segments={law: SEGMENTS[law]},
        reasons=SHARES,
        calibrate=True,
        run={"seed": 42},
    )
    check_year(found, {law: CHURN[law]}, bar=True)


def test_where_the_pool_is_empty_the_churn_is_that_of_newcomers():
    """Those who join in the first year of three, a year after they joined."""
    rate = 0.3
    for settings in ({"duration": {"kind": "power", "power": 0.6}}, {"frailty": {"kind": "gamma", "variance": 1.0}}):
        found = play(
            months=24,
            segments={"s": {"annual_churn": rate, **settings}},
            acquisition={"web": {"joins": 4000}},
            calibrate=True,
            run={"seed": 43},
        )
        n = int(heads(found, measure="joined")["s"].loc[:12].sum())
        stayed = found.outcomes["retention_12m"].mean()
        check(stayed, 1 - rate, theory.binomial_se(rate, n), f"newcomers a year on, n = {n}")


@pytest.mark.parametrize("term", [12, 6])
def test_newcomers_under_contracts_who_leave_at_their_first_anniversary_have_not_stayed_for_a_year(term):
    """As the opening pool counts: who leaves at month 12 is not there at month 12."""
    rate = 0.3
    found = play(
        months=24,
        segments={"s": {"annual_churn": rate, "term_months": term}},
        acquisition={"web": {"joins": 4000}},
        calibrate=True,
        run={"seed": 44},
    )
    n = int(heads(found, measure="joined")["s"].loc[:12].sum())
    check(found.outcomes["retention_12m"].mean(), 1 - rate, theory.binomial_se(rate, n), f"term {term}, n = {n}")


def test_base_hazards_of_a_plain_segment_are_its_churn_and_nothing_else():
    """Nobody differs and nothing ages: the hazard is -ln(1 - churn) whatever the tenure."""
    found = play(months=36, customers=100_000, tenure="settled", segments={"s": {"annual_churn": 0.22}}, calibrate=True)
    months = np.array([1, 6, 12, 24, 36])
    check_shares(heads(found)["s"][months], 0.78 ** (months / 12), 200_000, "plain, calibrated, n = 200,000")


# Standing mechanisms


PROGRAMME = {"spend_per_customer": 2.0, "effect": 0.4, "effect_at": 2.0, "ceiling": 0.6}


def with_programme(laws, aims_at, n=40_000):
    """Play a year with a programme that everyone is in, and one in which it is stopped."""
    programme = PROGRAMME | ({"aims_at": aims_at} if aims_at else {})
    return play(
        months=12,
        customers=n * len(laws) // 2,
        tenure="settled",
        segments={name: SEGMENTS[name] for name in laws},
        reasons=SHARES,
        calibrate=True,
        mechanisms={"retention_programme": programme},
        run={"seed": 45},
        arms={"stopped": {"change": [{"set": "mechanisms.retention_programme.spend_per_customer", "to": 0}]}},
    )


@pytest.mark.parametrize("aims_at", [["product"], None], ids=["one reason", "all but involuntary"])
def test_a_standing_programme_is_part_of_what_was_observed(aims_at):
    laws = ["plain", "gamma", "power_falling", "beta"]
    check_year(with_programme(laws, aims_at), {name: CHURN[name] for name in laws})


@pytest.mark.parametrize("aims_at", [["product"], None], ids=["one reason", "all but involuntary"])
def test_a_standing_programme_is_part_of_what_was_observed_under_contracts(aims_at):
    """Notice given before month 0 was given with the programme on, as it is after."""
    laws = ["term", "gamma_term"]
    check_year(with_programme(laws, aims_at), {name: CHURN[name] for name in laws})


def test_a_programme_that_stops_gives_back_all_that_it_prevented():
    """In plain hazards: what it aims at grows by 1 / (1 - effect), the rest stays."""
    found = with_programme(["plain"], ["product"], n=200_000)
    b = -np.log(1 - CHURN["plain"])
    rates = b * WANTED / np.where(np.array(REASONS) == "product", 0.6, 1.0)
    counts = leavings(found, arm="stopped")[REASONS].sum()
    check_shares(counts, theory.cumulative_incidence(rates, 1.0), 200_000, "without the programme, n = 200,000")


SELECTIVE = {"random": {"effect": 0.5, "ceiling": 0.7}, "most_at_risk": {"effect": 0.8, "ceiling": 0.9}}


def selective(targets, churn, *, variance, customers):
    """Return the tables of a settled pool with a programme that reaches three in ten."""
    programme = {"spend_per_customer": 2.0, "targets": targets, "reach": 0.3, **SELECTIVE[targets]}
    return {
        "months": 12,
        "customers": customers,
        "tenure": "settled",
        "segments": {"a": {"annual_churn": churn, "frailty": {"kind": "gamma", "variance": variance}}},
        "reasons": SHARES,
        "calibrate": True,
        "mechanisms": {"retention_programme": programme},
        "run": {"seed": 46},
    }


@pytest.mark.long
@pytest.mark.parametrize("targets", SELECTIVE)
def test_a_programme_for_some_is_part_of_what_was_observed(targets):
    """Who is reached depends on who is there: those who have left count, in the run as in calibration."""
    found = play(**selective(targets, 0.22, variance=0.8, customers=500_000))
    check_year(found, {"a": 0.22}, bar=True)


def test_a_churn_that_no_hazard_gives_under_a_programme_is_refused(monkeypatch):
    """A settled pool of very different people, the frailest of whom are kept: fewer trials than in earnest."""
    monkeypatch.setattr("retainsim.expectation.PROBED", 50_000)
    with pytest.raises(ScenarioError):
        play(**selective("most_at_risk", 0.2, variance=2.0, customers=100))


# Moves


@pytest.mark.long
@pytest.mark.parametrize("term", [None, 12], ids=["free", "under contract"])
def test_where_customers_move_the_opening_pool_loses_what_was_observed(term):
    """A customer counts in the segment where it was at month 0, wherever it is when it leaves.

    Results tell the segment at leaving, so the two segments are checked together, and each in expectation.
    """
    bound = {"term_months": term} if term else {}
    n = 1_000_000
    found = play(
        months=12,
        customers=n // 2,
        tenure="settled",
        reasons=SHARES,
        calibrate=True,
        segments={
            "a": {"annual_churn": 0.08, "share": 0.5, "moves": {"b": 0.03}, **bound},
            "b": {"annual_churn": 0.35, "share": 0.5, "moves": {"a": 0.01}, **bound},
        },
        run={"seed": 47},
    )
    gone = leavings(found).loc[:12].sum()
    share, counts = gone.sum() / n, gone[REASONS].to_numpy()
    check(share, 0.215, theory.binomial_se(0.215, n), f"churn of both segments, n = {n}")
    assert abs(share - 0.215) < 0.002
    check_shares(counts, WANTED, counts.sum(), f"reasons where customers move, n = {counts.sum()}")
    assert np.abs(counts / counts.sum() - WANTED).max() < 0.01
    assert found.report["economics"]["retention_12m_expected"] == pytest.approx({"a": 0.92, "b": 0.65}, abs=2e-3)
