"""What is known from an earlier run is not computed again, and changes nothing."""

import pytest

import retainsim
from invariants.test_same_result import ARMS, BASE, assert_same, scenario
from retainsim.study import task
from retainsim.study.store import Store

N = BASE["run"]["replications"]


@pytest.fixture
def played(monkeypatch):
    """Return the list to which every arm that is played is added."""
    found = []
    original = task.replicate

    def note(setup, luck, **more):
        found.append(setup.arm.title)
        return original(setup, luck, **more)

    monkeypatch.setattr(task, "replicate", note)
    return found


def run(scene, folder, **more):
    return retainsim.run(scene, jobs=1, store=Store.of_run(folder), **more)


def test_a_run_with_a_store_is_the_same_as_one_without(tmp_path):
    assert_same(retainsim.run(scenario(), jobs=1), run(scenario(), tmp_path / "one"))


def test_the_same_run_again_plays_nothing_and_says_the_same(tmp_path, played):
    first = run(scenario(), tmp_path / "one")
    played.clear()
    again = run(scenario(), tmp_path / "two")
    assert played == []
    assert again.recalled == 3 * N
    assert_same(first, again)


def test_an_arm_that_is_added_is_the_only_one_played_and_stays_paired(tmp_path, played):
    run(scenario(("baseline", "retention")), tmp_path / "one")
    played.clear()
    more = run(scenario(("baseline", "retention", "ads")), tmp_path / "two")
    assert played == ["Ads"] * N
    assert_same(retainsim.run(scenario(("baseline", "retention", "ads")), jobs=1), more)


def test_an_arm_that_is_changed_is_the_only_one_played(tmp_path, played):
    run(scenario(), tmp_path / "one")
    played.clear()
    changed = scenario().replace({"arms.retention.retention.points": 4.0})
    found = run(changed, tmp_path / "two")
    assert played == ["Retention"] * N
    assert_same(retainsim.run(changed, jobs=1), found)


def test_another_title_plays_nothing(tmp_path, played):
    run(scenario(), tmp_path / "one")
    played.clear()
    found = run(scenario().replace({"arms.retention.title": "Keep them", "title": "Other"}), tmp_path / "two")
    assert played == []
    assert found.arms["retention"] == "Keep them"


def test_another_business_or_seed_plays_everything(tmp_path, played):
    run(scenario(), tmp_path / "one")
    for key, value in {"run.seed": 6, "segments.small.price": 51.0, "pool.customers": 121}.items():
        played.clear()
        changed = scenario().replace({key: value})
        assert_same(retainsim.run(changed, jobs=1), run(changed, tmp_path / key))
        assert len(played) == 2 * 3 * N


def test_more_replications_play_only_those_that_are_new(tmp_path, played):
    run(scenario(), tmp_path / "one", replications=4)
    played.clear()
    found = run(scenario(), tmp_path / "two", replications=6)
    assert len(played) == 3 * 2
    assert_same(retainsim.run(scenario(), jobs=1, replications=6), found)


def test_a_changed_baseline_counts_anew_whom_the_others_save(tmp_path):
    run(scenario(), tmp_path / "one")
    ads = ARMS["ads"]["change"]
    changed = scenario().replace({"arms.baseline.change": ads})
    assert_same(retainsim.run(changed, jobs=1), run(changed, tmp_path / "two"))


def test_leaks_and_lives_are_the_same_from_the_store(tmp_path, played):
    asked = {"leaks": True, "customers": True}
    first = run(scenario(), tmp_path / "one", **asked)
    played.clear()
    again = run(scenario(), tmp_path / "two", **asked)
    assert played == []
    assert first.leaks.equals(again.leaks)
    assert first.customers.equals(again.customers)
    without = run(scenario(), tmp_path / "three")
    assert without.customers is None


def test_a_damaged_entry_is_computed_again(tmp_path, played):
    first = run(scenario(), tmp_path / "one")
    victim = sorted((tmp_path / "one" / "store").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-5])
    played.clear()
    store = Store.of_run(tmp_path / "one")
    again = retainsim.run(scenario(), jobs=1, store=store)
    assert_same(first, again)
    assert len(played) == 1
    assert again.damaged == (victim,)
