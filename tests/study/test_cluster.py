"""A cluster gives the same numbers, whatever happens to its workers; what is wrong with it is told."""

import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest
from invariants.test_same_result import assert_same, scenario

import retainsim
from retainsim import version
from retainsim.errors import LostError, UsageError
from retainsim.study import cluster, workers
from retainsim.study.store import Store

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A cluster of two workers that share no folder with this process."""
    place = tmp_path_factory.mktemp("elsewhere")
    settings = {"dashboard_address": ":0", "n_workers": 2, "threads_per_worker": 1, "local_directory": str(place)}
    with contextlib.chdir(place), distributed.LocalCluster(**settings, host="127.0.0.1") as found:
        yield found


@pytest.fixture
def pieces_one_by_one(monkeypatch):
    monkeypatch.setattr(workers, "BATCH_SECONDS", 0.0)


@pytest.fixture(scope="module")
def wanted():
    return retainsim.run(scenario(), jobs=1)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.long
def test_a_cluster_gives_the_same_result_and_what_it_finds_is_stored_here(two, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = [path for path in files(two.workers[0].local_directory) if path.endswith(".entry")]
    with cluster.connected(two.scheduler_address) as executor:
        assert str(executor) == f"cluster {two.scheduler_address}: 2 workers, 2 at a time"
        found = retainsim.run(scenario(), jobs=executor, store=Store.of_run(Path("one")))
        again = retainsim.run(scenario(), jobs=executor, store=Store.of_run(Path("one")))
    assert_same(wanted, found)
    assert_same(wanted, again)
    assert (found.recalled, again.recalled) == (0, 21)
    assert len(list(Path("one/store").iterdir())) == 21
    assert elsewhere == []


@pytest.mark.long
def test_an_arm_that_is_added_is_the_only_one_a_cluster_plays(two, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    retainsim.run(scenario(("baseline", "retention")), jobs=1, store=Store.of_run(Path("one")))
    with distributed.Client(two, set_as_default=False) as client:  # the executor of a client, as Dask gives it
        executor = client.get_executor(pure=False)
        found = retainsim.run(scenario(), jobs=executor, store=Store.of_run(Path("two")))
    assert_same(wanted, found)
    assert found.recalled == 14


@pytest.mark.long
@pytest.mark.usefixtures("pieces_one_by_one")
def test_a_worker_that_is_killed_loses_nothing(two, wanted, tmp_path):
    killed = []

    def kill(done, _of):
        if done == 3 and not killed:
            killed.extend(executor._client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    with cluster.connected(two.scheduler_address) as executor:
        found = retainsim.run(scenario(), jobs=executor, progress=kill, store=Store.of_run(tmp_path / "one"))
    assert len(killed) == 2
    assert_same(wanted, found)


@pytest.mark.long
@pytest.mark.usefixtures("pieces_one_by_one")
def test_a_cluster_that_goes_away_is_told_and_what_was_played_is_kept(wanted, tmp_path):
    settings = {"dashboard_address": ":0", "n_workers": 1, "threads_per_worker": 1, "processes": False}
    with (
        distributed.LocalCluster(**settings) as gone,
        cluster.connected(gone.scheduler_address) as executor,
        pytest.raises(LostError, match="what was kept is not played again"),
    ):
        retainsim.run(
            scenario(), jobs=executor, store=Store.of_run(tmp_path / "one"),
            progress=lambda done, _of: gone.close() if done == 3 else None,
        )  # fmt: skip
    found = retainsim.run(scenario(), jobs=1, store=Store.of_run(tmp_path / "one"))
    assert found.recalled >= 9
    assert_same(wanted, found)


def test_without_dask_the_command_to_install_it_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "retainsim\[cluster\]"'), cluster.connected("tcp://x:1"):
        pass


def test_an_address_where_nobody_answers_is_told():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(UsageError, match=r"no cluster answers .*dask scheduler"), cluster.connected(address, 0.5):
            pass


@pytest.mark.parametrize("address", ["nowhere", "tcp://", "http://127.0.0.1:1", "tcp://127.0.0.1:notaport", ""])
def test_what_is_no_address_is_told(address):
    with pytest.raises(UsageError, match="no cluster answers"), cluster.connected(address, 0.5):
        pass


class Fake:
    def __init__(self, **found):
        self.found = found

    def run(self, function, on_error):
        assert function() == version.program()
        assert on_error == "return"
        return self.found


def test_workers_with_another_program_or_none_are_all_named():
    ours = version.program()
    cluster._check(Fake(one=ours))
    other = Fake(
        one=ours,
        two={**ours, "retainsim": "0.0.9"},
        three=ModuleNotFoundError("retainsim"),
        four={**ours, "numpy": "1.0"},
    )
    with pytest.raises(UsageError) as caught:
        cluster._check(other)
    lines = str(caught.value).split("\n")
    assert lines[0].startswith("two: retainsim 0.0.9 (here: ")
    assert lines[1] == "three: retainsim is not installed"
    assert lines[2].startswith("four: numpy 1.0 (here: ")
    assert lines[3].endswith(f"pip install retainsim=={ours['retainsim']}")


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "tcp://host", "", "tcp://host:8786/status"])
def test_what_is_no_address_does_not_reach_dask_which_would_wait_and_print_a_traceback(address, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match="an address looks like tcp://"), cluster.connected(address, 0.5):
        pass
