"""Leaks: who is spared where one is closed, what that is worth, and that nothing else changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import retainsim
from retainsim.draws import Luck
from retainsim.engine import replicate
from retainsim.hazards import Closed
from retainsim.results import open_run
from retainsim.study.leaks import COLUMNS, Leak, Spared, leaks_of, spared, table
from unit.making import SEGMENT, parameters, setup

REASONS = {"boredom": 0.0, "price": 1.0, "service": 3.0}
DRIVING = {
    "failures": {"rate": 0.3, "strain": 0.05, "reason": "service"},
    "involuntary_churn": {"rate": 0.05, "recover_share": 0.4},
    "breach": {"at_month": 5.5, "leave_at_once": 0.2, "wary": 0.05},
    "price_only_buyers": {"share": 0.5},
}
ADS = {"ads": {"joins": 8.0, "cost_per_join": 40.0, "mix": {"small": 1.0}}}


def firm(*names, **more):
    tables = {"churn": {"reasons": REASONS}, "acquisition": ADS, "mechanisms": {name: DRIVING[name] for name in names}}
    return parameters(**(tables | more))


def both(today, closed, seed=5):
    """Play one replication as it is and with something closed."""
    start = setup(today)
    luck = Luck(seed, 0)
    return replicate(start, luck), replicate(replace(start, closed=closed), luck), list(start.bases.reasons)


def leavers(outcome, *reasons):
    """Return when those who left for one of these reasons (by number) did, by name."""
    names, _, times, _, _, why, _ = outcome.departed
    return {who: when for who, when, reason in zip(names, times, why, strict=True) if reason in reasons}


# -- who is spared ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["price", "service"])
def test_nobody_leaves_for_a_closed_reason(reason):
    open_, closed, reasons = both(firm("failures", "price_only_buyers"), Leak("reason", reason).closed)
    index = reasons.index(reason)
    assert open_.left[..., index].sum() > 0
    assert closed.left[..., index].sum() == 0


def test_those_spared_may_leave_for_another_reason_and_no_sooner():
    open_, closed, reasons = both(firm(), Leak("reason", "service").closed)
    price, service = reasons.index("price"), reasons.index("service")
    before, after = leavers(open_, service), leavers(closed, price)
    again = before.keys() & after.keys()
    assert 0 < len(again) < len(before)
    assert all(after[who] > before[who] for who in again)


def test_those_who_leave_for_another_reason_do_so_at_the_same_moment():
    open_, closed, reasons = both(firm(), Leak("reason", "service").closed)
    price = reasons.index("price")
    after = leavers(closed, price)
    assert all(after[who] == pytest.approx(when) for who, when in leavers(open_, price).items())


@pytest.mark.parametrize("name", DRIVING)
def test_a_closed_mechanism_drives_nobody_away(name):
    open_, closed, _ = both(firm(name), Leak("mechanism", name).closed)
    assert open_.fed[name].sum() > 0
    assert closed.fed.get(name, np.zeros(1)).sum() == 0
    assert closed.left.sum() < open_.left.sum()


def test_a_closed_mechanism_does_everything_else_as_before():
    dear = {"failures": DRIVING["failures"] | {"cost": 9.0}}
    today = firm(mechanisms=dear)
    _, closed, _ = both(today, Leak("mechanism", "failures").closed)
    assert closed.lines["failures"].sum() > 0


def test_closing_nothing_changes_nothing():
    open_, closed, _ = both(firm(*DRIVING), Closed())
    assert np.array_equal(open_.left, closed.left)
    assert open_.npv_to_horizon == closed.npv_to_horizon


@pytest.mark.parametrize("names", [(), ("failures",), tuple(DRIVING)], ids=["none", "one", "all"])
def test_what_feeds_a_reason_adds_up_to_those_who_leave_for_it_month_by_month(names):
    outcome, _, _ = both(firm(*names), Closed())
    fed = sum(outcome.fed.values())
    assert fed == pytest.approx(outcome.left.sum(axis=(1, 2)).astype(float), abs=1e-9)
    assert all((table >= 0).all() for table in outcome.fed.values())


# -- what it is worth -------------------------------------------------------------------------------------------


def worth(today, leak, **more):
    open_, closed, reasons = both(today, leak.closed, **more)
    return spared(leak, open_, closed, reasons, with_closing=True), open_, closed


def test_closing_a_reason_nobody_leaves_for_is_worth_nothing():
    found, _, _ = worth(firm("failures"), Leak("reason", "boredom"))
    assert found == Spared(left=0.0, fewer=0.0, saved=0.0, npv=0.0, npv_to_horizon=0.0)


def test_the_numbers_of_one_replication_by_hand():
    found, open_, closed = worth(firm(), Leak("reason", "service"))
    lost, there = set(open_.departed[0].tolist()), set(closed.present[0].tolist())
    assert found.left == open_.left[..., 2].sum()
    assert found.fewer == open_.left.sum() - closed.left.sum()
    assert found.saved == len(lost & there)
    assert found.npv_to_horizon == closed.npv_to_horizon - open_.npv_to_horizon > 0
    assert found.npv == pytest.approx(found.npv_to_horizon + closed.closing.sum() - open_.closing.sum())


def test_without_closing_value_only_the_horizon_counts():
    open_, closed, reasons = both(firm(), Leak("reason", "service").closed)
    found = spared(Leak("reason", "service"), open_, closed, reasons, with_closing=False)
    assert found.npv == found.npv_to_horizon


def test_who_is_fewer_to_leave_is_more_to_be_there():
    """Where everybody comes once, customers not lost are customers present."""
    found, open_, closed = worth(firm(), Leak("reason", "service"))
    assert found.fewer == found.saved == len(closed.present[0]) - len(open_.present[0])


def test_a_mechanisms_leak_is_what_it_fed():
    found, open_, _ = worth(firm("failures"), Leak("mechanism", "failures"))
    assert found.left == pytest.approx(open_.fed["failures"].sum())


def test_nobody_leaves_through_a_mechanism_that_fed_nothing():
    found, _, _ = worth(firm(), Leak("mechanism", "failures"))
    assert found.left == found.npv == 0.0


# -- the table --------------------------------------------------------------------------------------------------


def part(npv, left=10.0, fewer=6.0):
    return Spared(left=left, fewer=fewer, saved=4.0, npv=npv, npv_to_horizon=npv / 2)


def test_a_firm_has_a_leak_for_every_reason_and_for_every_mechanism_that_feeds_one():
    today = firm("failures", "involuntary_churn")
    found = leaks_of(today)
    assert [leak.name for leak in found if leak.kind == "reason"] == list(today.reasons)
    assert [leak.name for leak in found if leak.kind == "mechanism"] == ["failures", "involuntary_churn"]


def test_a_mechanism_that_feeds_no_reason_is_no_leak():
    programme = {"retention_programme": {"spend_per_customer": 2.0, "effect": 0.2, "ceiling": 0.5}}
    assert all(leak.kind == "reason" for leak in leaks_of(firm(mechanisms=programme)))


def test_the_table_has_reasons_first_and_of_each_kind_the_most_valuable_first():
    worths = {("mechanism", "a"): 900.0, ("reason", "b"): 20.0, ("reason", "c"): 500.0, ("mechanism", "d"): -4.0}
    found = table({Leak(*leak): [part(worth), part(worth + 2)] for leak, worth in worths.items()})
    assert list(found) == list(COLUMNS)
    assert list(zip(found["kind"], found["leak"], strict=True)) == [
        ("reason", "c"), ("reason", "b"), ("mechanism", "a"), ("mechanism", "d"),
    ]  # fmt: skip


def test_a_row_is_the_mean_of_its_replications_with_its_interval():
    found = table({Leak("reason", "a"): [part(-10.0, 8.0, 8.0), part(30.0, 12.0, 2.0), part(40.0, 10.0, 5.0)]}).iloc[0]
    assert found["npv"] == 20.0
    assert found["npv_to_horizon"] == 10.0
    assert found["low"] < 0 < found["npv"] < found["high"]
    assert found["npv"] - found["low"] == pytest.approx(4.302653 * np.std([-10, 30, 40], ddof=1) / np.sqrt(3), rel=1e-6)
    assert (found["left"], found["saved"]) == (10.0, 4.0)
    assert found["elsewhere"] == pytest.approx(0.5)
    assert found["p_better"] == pytest.approx(2 / 3)


def test_nobody_left_through_it_nobody_goes_elsewhere():
    assert table({Leak("reason", "a"): [part(0.0, 0.0, 0.0)] * 2}).iloc[0]["elsewhere"] == 0.0


# -- a run ------------------------------------------------------------------------------------------------------

SCENARIO = f"""
title = "Leaks"
currency = "EUR"
[run]
months = 12
seed = 4
[pool]
customers = 120
[segments.small]
price = {SEGMENT["price"]}
gross_margin = 0.8
annual_churn = 0.3
[churn.reasons]
price = 1
service = 3
[mechanisms.failures]
rate = 0.08
reason = "service"
[arms.keep]
retention = {{ churn = 0.8 }}
"""


@pytest.fixture(scope="module")
def found():
    return retainsim.run(retainsim.loads(SCENARIO), replications=3, jobs=1, leaks=True, trace=True)


def test_a_run_finds_out_only_what_it_is_asked_for(found):
    plain = retainsim.run(retainsim.loads(SCENARIO), replications=3, jobs=1)
    assert plain.leaks is None
    assert plain.events is None
    assert "leaks" not in plain.report
    pd.testing.assert_frame_equal(plain.outcomes, found.outcomes)


def test_the_report_holds_the_table(found):
    pd.testing.assert_frame_equal(pd.DataFrame(found.report["leaks"]), found.leaks)
    assert set(found.leaks["leak"]) == {"price", "service", "failures"}


def test_attribution_adds_up_to_those_who_left_for_each_reason(found):
    fed = found.attribution.groupby(["arm", "replication", "reason"])["left"].sum().unstack()
    left = found.outcomes.set_index(["arm", "replication"])[["left_price", "left_service"]]
    assert fed.to_numpy() == pytest.approx(left.sort_index().to_numpy(), abs=1e-9)


def test_left_through_a_leak_is_what_the_run_says_left(found):
    arm = found.report["arms"]["baseline"]
    by_leak = found.leaks.set_index("leak")["left"]
    assert by_leak["service"] == pytest.approx(arm["left_by_reason"]["service"]["mean"])
    assert by_leak["failures"] == pytest.approx(arm["left_by_mechanism"]["failures"]["mean"])


def test_the_verdict_names_the_first_reason_and_the_first_mechanism(found):
    said = [sentence for sentence in found.verdict if "leak most worth closing" in sentence or "mechanisms" in sentence]
    assert said[0].startswith("The leak most worth closing is service: EUR ")
    assert said[0].endswith("of those it spares would leave for something else within one year.")
    assert said[1].startswith("First of the mechanisms is failures: EUR ")


def test_a_run_keeps_its_leaks_and_events_in_its_folder_and_loses_them_when_it_is_run_without(found, tmp_path):
    again = open_run(found.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(again.leaks, found.leaks)
    pd.testing.assert_frame_equal(again.events, found.events)
    replace(found, leaks=None, events=None).save(tmp_path / "run", force=True)
    assert open_run(tmp_path / "run").leaks is None
    assert not (tmp_path / "run" / "events.parquet").exists()


def test_where_nobody_leaves_there_is_no_leak_to_name():
    nobody = SCENARIO.replace("annual_churn = 0.3", "annual_churn = 0.0").replace("rate = 0.08", "rate = 0.0")
    nobody = nobody[: nobody.index("[arms")]
    found = retainsim.run(retainsim.loads(nobody), replications=2, jobs=1, leaks=True)
    assert not any("leak most" in sentence for sentence in found.verdict)
    assert found.leaks["npv"].tolist() == [0.0] * len(found.leaks)
    assert found.attribution.empty
    assert found.report["arms"]["baseline"]["left_by_mechanism"] == {}
