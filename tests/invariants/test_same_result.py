"""One result: for any number of processes, any order of arms, any interruption."""

import json
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import date

import pandas as pd
import pytest
import tomli_w
from unit.making import SEGMENT

import retainsim
from retainsim.results import TABLES
from retainsim.study import runs, workers

BASE = {
    "title": "Same",
    "run": {"months": 6, "replications": 7, "seed": 5},
    "pool": {"customers": 120},
    "segments": {
        "small": SEGMENT | {"share": 0.7, "frailty": {"kind": "gamma", "variance": 0.5}},
        "large": SEGMENT | {"share": 0.3, "price": {"uniform": [100.0, 200.0]}, "term_months": 6.0},
    },
    "churn": {"reasons": {"price": 1.0, "service": 2.0}},
    "acquisition": {
        "ads": {"spend": 300.0, "joins": 4.0, "ceiling": 9.0},
        "web": {"joins": 2.0, "cost_per_join": 10.0},
    },
    "mechanisms": {"breach": {"per_year": 2.0}, "referrals": {"rate": 0.02, "extra_margin": 0.0}},
}
ARMS = {
    "baseline": {"title": "As it is"},
    "retention": {"retention": {"points": 5.0, "cost": {"per_customer_month": 0.2}}},
    "ads": {"change": [{"set": "acquisition.ads.spend", "times": 1.5, "from_month": 2.5}]},
    "machine": {"investment": [{"at_month": 3.0, "amount": 100.0}]},
}


def scenario(arms=("baseline", "retention", "ads"), **run):
    tree = BASE | {"arms": {name: ARMS[name] for name in arms}}
    return retainsim.loads(tomli_w.dumps(tree | {"run": BASE["run"] | run}))


def told(results):
    """Return the report as JSON, times left out."""
    report = json.loads(json.dumps(results.report))
    del report["run"]["seconds"]
    return report


def assert_same(one, two):
    assert told(one) == told(two)
    assert json.dumps(told(one)) == json.dumps(told(two))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)


@pytest.fixture(scope="module")
def wanted():
    return retainsim.run(scenario(), jobs=1)


def test_the_same_run_gives_the_same_result(wanted):
    assert_same(wanted, retainsim.run(scenario(), jobs=1))


def test_any_number_of_processes_gives_the_same_result(wanted):
    assert_same(wanted, retainsim.run(scenario(), jobs=2))


@pytest.mark.parametrize("threads", [1, 3])
def test_any_executor_gives_the_same_result(wanted, threads):
    with ThreadPoolExecutor(threads) as executor:
        assert_same(wanted, retainsim.run(scenario(), jobs=executor))


class Backwards(Executor):
    """Finishes what it is given last first, once it has been given so much."""

    def __init__(self, count):
        self.count, self.given = count, []

    def submit(self, fn, /, *args):
        self.given.append((Future(), fn, args))
        if len(self.given) == self.count:
            for future, play, batch in reversed(self.given):
                future.set_result(play(*batch))
        return self.given[-1][0]


def test_batches_that_finish_out_of_order_are_put_in_order(wanted, monkeypatch):
    monkeypatch.setattr(workers, "BATCH_SECONDS", 0.0)  # one replication each; the first is played here
    executor = Backwards(6)
    assert_same(wanted, retainsim.run(scenario(), jobs=executor))
    assert len(executor.given) == 6


def test_fewer_replications_are_the_first_of_more(wanted):
    few = retainsim.run(scenario(), replications=5, jobs=1).outcomes
    many = wanted.outcomes[wanted.outcomes["replication"] < 5].reset_index(drop=True)
    order = ["arm", "replication"]
    pd.testing.assert_frame_equal(
        few.sort_values(order, ignore_index=True), many.sort_values(order, ignore_index=True), check_exact=True
    )


@pytest.mark.parametrize(
    "arms", [("ads", "retention", "baseline"), ("retention", "ads"), ("machine", "ads", "retention")]
)
def test_an_arm_is_the_same_whatever_others_there_are_and_in_whatever_order(wanted, arms):
    found = retainsim.run(scenario(arms), jobs=1)
    for name in ("retention", "ads"):
        assert found.report["arms"][name] == wanted.report["arms"][name]
    for table in TABLES:
        one, two = getattr(wanted, table), getattr(found, table)
        for name in ("baseline", "retention", "ads"):
            mine, theirs = (t[t["arm"] == name].drop(columns="arm").reset_index(drop=True) for t in (one, two))
            common = [column for column in mine if column in theirs]  # another arm may bring another line
            pd.testing.assert_frame_equal(plain(mine[common]), plain(theirs[common]), check_exact=True)


def plain(table):
    return table.astype({name: str for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)})


def test_another_seed_gives_another_result(wanted):
    assert told(retainsim.run(scenario(seed=6), jobs=1))["arms"] != told(wanted)["arms"]


# Interruption


class Interrupt:
    """Press Ctrl-C once so many replications are done."""

    def __init__(self, after):
        self.after, self.seen = after, []

    def __call__(self, done, of):
        self.seen.append((done, of))
        if done == self.after:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_is_finished_and_says_so():
    found = retainsim.run(scenario(), jobs=1, progress=(press := Interrupt(5)))
    assert found.interrupted
    assert press.seen == [(n, 7) for n in range(1, 6)]
    assert found.report["run"]["replications"] == 5
    assert any("interrupted: 5 of 7" in warning for warning in found.report["warnings"])
    whole = retainsim.run(scenario(), jobs=1, replications=5)
    assert found.report["arms"] == whole.report["arms"]
    assert not whole.interrupted


def test_ctrl_c_with_several_processes_keeps_what_is_finished():
    found = retainsim.run(scenario(), jobs=2, progress=Interrupt(4))
    assert found.interrupted
    assert found.report["run"]["replications"] >= 4


@pytest.mark.parametrize("after", [1])
def test_ctrl_c_before_there_is_an_interval_gives_nothing(after):
    with pytest.raises(KeyboardInterrupt):
        retainsim.run(scenario(), jobs=1, progress=Interrupt(after))


# Precision


def precise(share, **run):
    tree = BASE | {"arms": {"retention": ARMS["retention"]}, "mechanisms": {}}
    run = {k: v for k, v in BASE["run"].items() if k != "replications"} | {"precision": share} | run
    return retainsim.loads(tomli_w.dumps(tree | {"run": run}))


def test_a_run_stops_once_it_is_precise_enough():
    found = retainsim.run(precise(0.5), jobs=1)
    gain = found.report["arms"]["retention"]["versus_baseline"]["npv"]
    done = found.report["run"]["replications"]
    assert found.precision_reached
    assert done % runs.CHECK_EVERY == 0
    assert done < runs.MOST
    assert (gain["high"] - gain["low"]) / 2 <= 0.5 * abs(gain["mean"])
    assert not any("precision" in warning for warning in found.report["warnings"])


def test_a_run_that_is_not_precise_enough_goes_on_and_the_first_replications_stay():
    rough, fine = (retainsim.run(precise(share), jobs=1) for share in (0.5, 0.1))
    few, many = (r.outcomes.set_index(["arm", "replication"]) for r in (rough, fine))
    assert len(many) > len(few)
    pd.testing.assert_frame_equal(few, many.loc[few.index], check_exact=True)


def test_a_precision_that_cannot_be_reached_is_flagged(monkeypatch):
    monkeypatch.setattr(runs, "MOST", 20)
    found = retainsim.run(precise(1e-6), jobs=1)
    assert not found.precision_reached
    assert found.report["run"]["replications"] == 20
    assert any("precision asked for was not reached after 20" in warning for warning in found.report["warnings"])


def test_an_explicit_number_of_replications_overrides_the_precision():
    assert retainsim.run(precise(1e-6), jobs=1, replications=3).report["run"]["replications"] == 3


@pytest.mark.parametrize(("more", "complaint"), [({"replications": 1}, "at least 2"), ({"jobs": 0}, "at least 1")])
def test_a_run_that_cannot_be_meant_is_refused(more, complaint):
    with pytest.raises(retainsim.UsageError, match=complaint):
        retainsim.run(scenario(), **more)


def test_a_month_has_a_date_only_where_the_scenario_has_a_start(wanted):
    assert wanted.monthly["date"].isna().all()
    dated = retainsim.run(scenario(start=date(2026, 11, 1)), jobs=1, replications=2).monthly
    assert dated["date"][:3].tolist() == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
