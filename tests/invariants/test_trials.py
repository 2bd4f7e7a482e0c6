"""A variant is what an arm or a file that says the same would be, and is played once."""

import dataclasses

import numpy as np
import pytest

import retainsim
from invariants.test_same_result import BASE, scenario
from retainsim.errors import ScenarioError, UsageError
from retainsim.study import trials
from retainsim.study.trials import Trials

N = BASE["run"]["replications"]
SPEND, PRICE = "acquisition.ads.spend", "segments.small.price"


@pytest.fixture
def lab():
    return Trials(scenario(), jobs=1)


def npv_of(scene, arm):
    found = retainsim.run(scene, jobs=1).outcomes
    return found[found["arm"] == arm]["npv"].to_numpy()


def test_an_arm_without_other_values_is_the_arm(lab):
    for arm in ("baseline", "retention", "ads"):
        assert np.array_equal(lab.values(lab.variant(arm)), npv_of(scenario(), arm))


def test_a_value_decided_is_a_change_from_month_0(lab):
    change = {"arms.other.change": [{"set": SPEND, "to": 450.0}, {"set": PRICE, "to": 55.0}]}
    found = lab.values(lab.variant("baseline", {PRICE: 55.0, SPEND: 450.0}))
    assert np.array_equal(found, npv_of(scenario().replace(change), "other"))
    assert not np.array_equal(found, npv_of(scenario(), "baseline"))


def test_relative_changes_of_the_arm_start_from_the_value_decided(lab):
    change = {
        "arms.other.change": [
            {"set": SPEND, "to": 400.0, "until_month": 2.5},
            {"set": SPEND, "to": 600.0, "from_month": 2.5},
        ]
    }
    found = lab.values(lab.variant("ads", {SPEND: 400.0}))  # x 1.5 from month 2.5 on
    np.testing.assert_allclose(found, npv_of(scenario().replace(change), "other"), rtol=1e-12)


def test_a_key_decided_instead_of_the_arms_own_change_is_what_is_in_force(lab):
    own = dataclasses.replace(lab.variant("ads", {SPEND: 450.0}), instead=(SPEND,))
    assert np.array_equal(lab.values(own), lab.values(lab.variant("baseline", {SPEND: 450.0})))
    assert not np.array_equal(lab.values(own), lab.values(lab.variant("ads", {SPEND: 450.0})))


def test_a_value_assumed_is_a_fact_the_file_did_not_know(lab):
    found = lab.values(lab.variant("retention", assumed={PRICE: 55.0}))
    assert np.array_equal(found, npv_of(scenario().replace({PRICE: 55.0}), "retention"))


def test_what_no_arm_can_change_is_assumed(lab):
    variant = lab.variant("retention", {"arms.retention.retention.points": 3, SPEND: 450, "run.months": 7.0})
    assert variant.decided == ((SPEND, 450.0),)
    assert dict(variant.assumed) == {"arms.retention.retention.points": 3.0, "run.months": 7}
    changed = scenario().replace({"arms.retention.retention.points": 3.0})
    assert np.array_equal(
        lab.values(lab.variant("retention", {"arms.retention.retention.points": 3})), npv_of(changed, "retention")
    )


def test_values_as_they_are_change_nothing(lab):
    today = {key: lab.scenario.value(key) for key in (SPEND, PRICE, "pool.customers", "segments.large.price")}
    assert not lab.difference(
        lab.variant("baseline", {SPEND: today[SPEND], PRICE: today[PRICE]}), lab.variant("baseline")
    ).any()
    assert not lab.difference(lab.variant("baseline", {"pool.customers": 120}), lab.variant("baseline")).any()


def test_any_number_of_processes_gives_the_same_values():
    found = [
        Trials(scenario(), jobs=jobs).table(lab.variant("ads", {SPEND: 450.0}))
        for jobs in (1, 2)
        for lab in [Trials(scenario())]
    ]
    assert found[0].equals(found[1])


def test_nothing_is_played_twice_and_a_store_is_asked_first(tmp_path, monkeypatch):
    played, original = [], trials.replicate
    monkeypatch.setattr(trials, "replicate", lambda *words: played.append(1) or original(*words))
    lab = Trials(scenario(), jobs=1, store=tmp_path / "store")
    one, two = lab.variant("baseline"), lab.variant("baseline", {SPEND: 450.0})
    first = lab.difference(two, one)
    assert len(played) == 2 * N
    lab.difference(two, one, "left")
    lab.table(one)
    assert len(played) == 2 * N
    again = Trials(scenario(), jobs=1, store=tmp_path / "store")
    assert np.array_equal(again.difference(two, one), first)
    assert again.table(two).equals(lab.table(two))
    assert len(played) == 2 * N


def test_progress_counts_what_is_played(monkeypatch):
    told = []
    lab = Trials(scenario(), jobs=1, progress=lambda done, wanted: told.append((done, wanted)))
    lab.play([lab.variant("baseline"), lab.variant("ads"), lab.variant("ads")])
    lab.play([lab.variant("retention"), lab.variant("ads")])
    assert told == [(i + 1, 2 * N) for i in range(2 * N)] + [(2 * N + i + 1, 3 * N) for i in range(N)]


def test_what_is_wrong_is_said(lab):
    with pytest.raises(UsageError, match=r"no measure 'nvp'.*did you mean \"npv\""):
        lab.values(lab.variant("baseline"), "nvp")
    with pytest.raises(UsageError, match="no arm 'nobody'; the arms are baseline, retention, ads"):
        lab.variant("nobody")
    with pytest.raises(UsageError, match=r"acquisition.ads.spent|spent"):
        lab.variant("baseline", {"acquisition.ads.spent": 3})
    with pytest.raises(ScenarioError, match="as decided"):
        lab.values(lab.variant("baseline", {SPEND: -1.0}))
    with pytest.raises(ScenarioError, match="ask for at most"):
        lab.values(lab.variant("retention", {"arms.retention.retention.points": 99}))
    with pytest.raises(UsageError, match="at least 2"):
        Trials(scenario(), replications=1)
