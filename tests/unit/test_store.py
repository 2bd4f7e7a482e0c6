"""The store gives back what was put into it to the last bit, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from retainsim.errors import UsageError
from retainsim.study.archive import pack, unpack
from retainsim.study.store import Store, fingerprint
from unit.making import arm, differing, parameters, play

KEY, OTHER = fingerprint(["one"]), fingerprint(["other"])
ARRAYS = {
    "whole": np.arange(7),
    "real": np.array([[0.1, np.nan, -0.0], [np.inf, 1e-300, 2.0]]),
    "words": np.array(["a", "ä ü", ""]),
    "one": np.asarray(3.5),
    "none": np.zeros((0, 4), np.uint64),
}


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "run" / "store")
    found.put(KEY, ARRAYS)
    return found


def same(one, two):
    return list(one) == list(two) and all(
        one[name].dtype == two[name].dtype and one[name].tobytes() == two[name].tobytes() for name in one
    )


def entry(store):
    return next(path for path in store.folder.iterdir() if KEY in path.name)


def test_what_is_put_comes_back_to_the_last_bit(store):
    assert same(store.get(KEY), ARRAYS)


def test_what_was_never_put_is_not_there(store):
    assert store.get(OTHER) is None
    assert OTHER not in store


@pytest.mark.parametrize("cut", [0, 1, 30, -1, -30])
def test_a_truncated_entry_is_as_good_as_none_and_is_named(store, cut):
    entry(store).write_bytes(entry(store).read_bytes()[:cut])
    assert store.get(KEY) is None
    assert store.damaged == [entry(store)]


def test_no_flipped_bit_changes_a_number_unnoticed(store):
    whole = entry(store).read_bytes()
    for place in range(len(whole)):
        entry(store).write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        found = store.get(KEY)
        assert found is None or same(found, ARRAYS)


def test_an_entry_of_another_name_is_not_taken_for_this_one(store):
    entry(store).rename(store.folder / f"{OTHER}.entry")
    assert Store(store.folder).get(OTHER) is None


def test_a_link_is_not_followed(store, tmp_path):
    elsewhere = tmp_path / "elsewhere.entry"
    entry(store).rename(elsewhere)
    (store.folder / f"{KEY}.entry").symlink_to(elsewhere)
    assert store.get(KEY) is None
    assert Store(tmp_path / "new", [store.folder]).get(KEY) is None


def test_a_damaged_entry_is_put_anew(store):
    entry(store).write_bytes(b"")
    store.put(KEY, ARRAYS)
    assert same(store.get(KEY), ARRAYS)


def test_what_another_run_has_is_taken_over_and_outlives_it(store, tmp_path):
    new = Store.of_run(tmp_path / "second")
    assert same(new.get(KEY), ARRAYS)
    entry(store).unlink()
    assert same(Store(tmp_path / "second" / "store").get(KEY), ARRAYS)


def test_a_folder_that_may_not_be_looked_into_is_passed_over(store, tmp_path, monkeypatch):
    (tmp_path / "closed" / "store").mkdir(parents=True)
    original = type(tmp_path).is_dir

    def is_dir(path):
        if "closed" in path.parts:
            raise PermissionError(path)
        return original(path)

    monkeypatch.setattr(type(tmp_path), "is_dir", is_dir)
    assert same(Store.of_run(tmp_path / "second").get(KEY), ARRAYS)


def test_an_array_of_objects_is_never_written(store):
    with pytest.raises(ValueError, match="allow_pickle"):
        store.put(OTHER, {"objects": np.array([{}, None], dtype=object)})
    assert OTHER not in store
    assert len(list(store.folder.iterdir())) == 1


def test_numbers_by_name_come_back_in_their_order(store):
    table = {3: {"npv": 0.1, "left": 2.0}, 1: {"npv": -1e9, "left": np.inf}}
    store.put_table(OTHER, table)
    assert store.get_table(OTHER) == table
    assert list(store.get_table(OTHER)) == [3, 1]


def test_another_content_has_another_name():
    names = {fingerprint(c) for c in (["a"], ["b"], ["a", 0], ["a", 1], ["a", 1.5], [["a"], 1], {"a": 1})}
    assert len(names) == 7


def test_an_outcome_is_unpacked_as_it_was_packed(tmp_path):
    today = parameters(
        mechanisms={"service_desk": {"agents": 1}, "failures": {}},
        acquisition={"ads": {"spend": 300.0, "joins": 4.0, "ceiling": 9.0}},
    )
    outcome = play(today, arm(investment=[{"at_month": 3.0, "amount": 100.0}]))
    store = Store(tmp_path)
    store.put(KEY, pack(outcome))
    found = unpack(store.get(KEY))
    assert not differing(outcome, found)
    assert found.observed == outcome.observed
    assert len(found.observed) > 0
    assert [type(value) for value in vars(found).values()] == [type(value) for value in vars(outcome).values()]


def test_a_store_stays_where_it_is_when_one_works_in_another_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = Store(Path("store"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.put(KEY, ARRAYS)
    assert (tmp_path / "store").is_dir()
    assert same(store.get(KEY), ARRAYS)


def test_a_store_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "store").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="store is a link"):
        Store.of_run(tmp_path / "mine")
