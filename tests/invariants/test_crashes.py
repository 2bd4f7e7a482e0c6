"""Whatever stops a run, and whatever lies in its folder, nothing that was played is lost and no number changes."""

import contextlib
import errno
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import retainsim
from invariants.command import play
from invariants.test_same_result import assert_same, scenario
from retainsim import results
from retainsim.study.store import Store, _checksum

SMALL = """\
[run]
months = 12
replications = 6
seed = 3
[pool]
customers = 100
[segments.small]
price = 60.0
annual_churn = 0.22
[acquisition.web]
joins = 2
cost_per_join = 30
[arms.retention]
retention = { points = 5, cost = { per_customer_month = 1.5 } }
"""
RUN = ("run", "small.toml", "--no-charts", "--jobs", "1", "--quiet")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of the run that nothing disturbed."""
    place = tmp_path_factory.mktemp("whole")
    (place / "small.toml").write_text(SMALL, encoding="utf-8")
    with contextlib.chdir(place):
        play(*RUN, "-o", "run")
    return place / "run"


def summary(folder):
    found = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
    del found["run"]["seconds"]
    return json.dumps(found)


# -- power cuts ---------------------------------------------------------------------------------------------------

KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from retainsim.cli import main

RUN = {run}

def play(*words):
    main([*RUN, *words], standalone_mode=False)

play("-o", "warm/whole")
start = time.process_time()
play("-o", "whole/whole")
seconds, luck = time.process_time() - start, random.Random(20)
for number in range(20):
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, luck.random() * 1.1 * seconds)  # whose signal kills, wherever it is then
        play("-o", f"{{number}}/run")
        os._exit(0)
    luck.random()
    os.waitpid(child, 0)
    told = Path(f"{{number}}/run/run.json")
    print(number, told.is_file() and "done" in told.read_text(), len(list(told.parent.glob("store/*.entry"))), file=sys.stderr)
    play("-o", f"{{number}}/run", "--force")  # for those that were finished in time
"""


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_run_killed_at_any_of_20_moments_and_played_again_is_the_run_that_was_not(here):
    code = KILLED.format(run=RUN)
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole = summary("whole/whole")
    for number in range(20):
        assert summary(f"{number}/run") == whole, number
    kept = [int(line.split()[2]) for line in done.stderr.splitlines() if line[:1].isdigit()]
    assert len(kept) == 20
    assert sum(0 < count < 12 for count in kept) >= 3, done.stderr  # some were killed while they played


@pytest.mark.long
def test_a_run_in_several_processes_loses_only_what_was_in_flight_when_killed_and_leaves_no_process(here):
    (here / "small.toml").write_text(SMALL.replace("customers = 100", "customers = 30000"), encoding="utf-8")
    words = [sys.executable, "-m", "retainsim", "run", "small.toml", "--no-charts", "--jobs", "2", "-o", "mine"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    limit = time.monotonic() + 120
    while len(list(Path("mine").glob("store/*.entry"))) < 4 and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = len(list(Path("mine").glob("store/*.entry")))
    again = play("run", "--resume", "mine", "--no-charts", "--jobs", "1")
    known = int(again.stderr.split(" of 12 outcomes were known")[0].split("\n")[-1])
    assert 4 <= kept <= known <= 12
    assert json.loads((Path("mine") / "run.json").read_text(encoding="utf-8"))["status"] == "done"


# -- what may lie in a store --------------------------------------------------------------------------------------


class Evil:
    def __reduce__(self):
        return (Path("executed").touch, ())


def zipped(**parts):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def saved(array):
    file = BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


HUGE = (
    b"\x93NUMPY\x01\x00v\x00"
    + f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**15},), }}".encode().ljust(117)
    + b"\n"
)
FOREIGN = {
    "nothing": b"",
    "text": b"not an archive",
    "no arrays": zipped(),
    "other arrays": zipped(pool=saved(np.zeros(3))),
    "pickle": zipped(pool=saved(np.array([Evil()], dtype=object))),
    "bare pickle": pickle.dumps(Evil()),
    "pickle as array": zipped(pool=pickle.dumps(Evil())),
    "bomb": zipped(pool=saved(np.zeros(2**25))),
    "endless array": zipped(pool=HUGE),
    "path": zipped(**{"../../executed": saved(np.zeros(3))}),
}


@pytest.fixture(scope="module")
def first():
    """What comes of a run without a store."""
    return retainsim.run(scenario(replications=2), jobs=1)


@pytest.mark.parametrize("name", FOREIGN)
def test_an_entry_made_by_somebody_else_is_named_and_computed_again_and_runs_nothing(here, first, monkeypatch, name):
    """It carries the right checksum, as anybody can make one."""
    asked, get = [], Store.get

    def plant(store, key):
        store.folder.mkdir(parents=True, exist_ok=True)
        asked.append(store.folder / f"{key}.entry")
        asked[-1].write_bytes(_checksum(key, FOREIGN[name]) + FOREIGN[name])
        return get(store, key)

    monkeypatch.setattr(Store, "get", plant)
    found = retainsim.run(scenario(replications=2), jobs=1, store=Store.of_run(here / "one"))
    assert_same(first, found)
    assert found.recalled == 0
    assert found.damaged == tuple(sorted(asked))
    assert not list(here.rglob("*executed*"))


@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "swapped", "link"])
def test_a_damaged_store_changes_no_number(here, whole, how):
    shutil.copytree(whole, "one")
    luck, places = random.Random(5), sorted(Path("one/store").iterdir())
    contents = [path.read_bytes() for path in places]
    for path, content, other in zip(places, contents, contents[1:] + contents[:1], strict=True):
        place = luck.randrange(len(content))
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        path.unlink()
        if how == "link":
            path.symlink_to(here / "small.toml")
        else:
            path.write_bytes({"empty": b"", "cut": content[:place], "flipped": flipped, "swapped": other}[how])
    said = play("run", "small.toml", "--no-charts", "--jobs", "1", "-o", "two")
    assert summary(whole) == summary("two")
    assert said.stderr.count("was damaged; it was computed again") == (0 if how == "link" else 12)


def test_a_store_that_is_a_link_is_not_looked_into(here, whole):
    Path("one").mkdir()
    Path("one/store").symlink_to(whole / "store", target_is_directory=True)
    assert "were known" not in play("run", "small.toml", "--no-charts", "--jobs", "1", "-o", "two").stderr


# -- disks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(monkeypatch):
    """A disk on which so many files can still be written."""
    left, original = [10**9], results.write_whole

    def write(path, fill):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(path, fill)

    monkeypatch.setattr(results, "write_whole", write)
    monkeypatch.setattr("retainsim.study.store.write_whole", write)
    return left


@pytest.mark.parametrize(("room", "is_kept"), [(0, False), (1, False), (2, True), (8, True), (16, True)])
def test_a_full_disk_is_told_and_what_was_played_is_kept(here, whole, disk, room, is_kept):
    disk[0] = room  # two files say what is played, twelve are outcomes, the others tables
    said = play(*RUN, "-o", "mine", code=2).stderr
    assert "cannot be written to (No space left on device)" in said
    assert ("what was played is kept in mine, and the same command goes on from there" in said) == is_kept
    assert Path("mine").exists() == is_kept
    disk[0] = 10**9
    again = play("run", "small.toml", "--no-charts", "--jobs", "1", "-o", "mine")
    assert ("going on with mine" in again.stderr) == is_kept
    assert room < 8 or f"{min(room - 2, 12)} of 12 outcomes were known" in again.stderr
    assert summary("mine") == summary(whole)


def test_a_full_disk_leaves_the_run_that_was_there(here, disk):
    play(*RUN, "-o", "mine")
    before = {path: path.read_bytes() for path in Path("mine").rglob("*") if path.is_file()}
    disk[0] = 0
    play(*RUN, "-o", "mine", "--force", "--seed", "9", code=2)
    assert {path: path.read_bytes() for path in Path("mine").rglob("*") if path.is_file()} == before


@pytest.fixture
def tiny(here):
    """A real disk of 100 kB."""
    (here / "disk").mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", "disk"], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("no disk can be mounted here")
    yield here / "disk"
    subprocess.run(["umount", "disk"], cwd=here, check=True)


@pytest.mark.skipif(
    shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root"
)
def test_a_run_goes_on_once_there_is_room_on_a_real_disk(whole, tiny):
    said = play(*RUN, "-o", "disk/mine", code=2).stderr
    assert "disk/mine cannot be written to (No space left on device); make room there; what was played is kept" in said
    assert not [path for path in tiny.rglob("*") if path.name.startswith(".")]
    subprocess.run(["mount", "-o", "remount,size=50m", "disk"], check=True)
    play("run", "--resume", "disk/mine", "--no-charts", "--quiet")
    assert summary("disk/mine") == summary(whole)


def test_a_folder_that_may_not_be_written_to_is_told_before_anything_is_played(here, monkeypatch):
    def refuse(path, *_args, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)  # root may write anywhere
    monkeypatch.setattr("retainsim.study.runs.run", lambda *_, **__: pytest.fail("it was played"))
    assert "runs cannot be written to (Permission denied); choose another place" in play(*RUN, code=2).stderr


# -- two at once --------------------------------------------------------------------------------------------------


def test_two_runs_started_at_once_do_not_collide(here):
    words = [sys.executable, "-m", "retainsim", *RUN]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    one, two = sorted(Path("runs").iterdir())
    assert summary(one) == summary(two)


def test_two_runs_started_at_once_in_one_folder_leave_one_whole_run(here, whole):
    words = [sys.executable, "-m", "retainsim", *RUN, "-o", "mine"]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert sorted(process.returncode for process in both) == [0, 2], said
    assert (
        "mine is being written by another run" in said[0][1] + said[1][1] or "exists already" in said[0][1] + said[1][1]
    )
    assert summary("mine") == summary(whole)
