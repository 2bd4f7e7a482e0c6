"""Work is spread, sized and given out again where a process is lost, and never done another way than here."""

import os
import signal
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from retainsim import parallel, version
from retainsim.errors import LostError, UsageError
from retainsim.study import workers
from retainsim.study.workers import BATCH_SECONDS, Workers


class Here(Executor):
    """Does at once what it is given, and remembers how much that was."""

    def __init__(self, width=2):
        self._max_workers, self.sizes = width, []

    def submit(self, fn, /, work, pieces, wanted):
        self.sizes.append(len(pieces))
        future = Future()
        future.set_result(fn(work, pieces, wanted))
        return future


class Clock:
    """A time that passes only where pieces are played."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(workers.time, "perf_counter", lambda: self.now)

    def piece(self, seconds):
        def work(piece):
            self.now += seconds(piece)
            return piece

        return work


@pytest.mark.parametrize("seconds", [0.01, 0.07, 0.2])
def test_batches_grow_until_they_take_between_a_fifth_and_half_a_second(monkeypatch, seconds):
    executor = Here()
    found = list(Workers(Clock(monkeypatch).piece(lambda piece: seconds), executor).play(list(range(900))))
    assert sorted(found) == [(index, index) for index in range(900)]
    late = executor.sizes[-7:-1]
    assert all(0.1 <= size * seconds <= 0.5 for size in late), late
    assert all(b <= 2 * a for a, b in zip(executor.sizes, executor.sizes[1:], strict=False))


def test_batches_shrink_where_pieces_turn_out_to_take_longer(monkeypatch):
    """The first of a run that goes on are known, and take no time."""
    executor = Here()
    list(
        Workers(Clock(monkeypatch).piece(lambda piece: 0.001 if piece < 300 else 0.25), executor).play(
            list(range(1500))
        )
    )
    assert max(executor.sizes) > 10
    assert executor.sizes[-5:] == [1] * 5


def test_no_more_is_given_out_than_keeps_workers_busy():
    class Slow(Here):
        def submit(self, fn, /, work, pieces, wanted):
            future = super().submit(fn, work, pieces, wanted)
            open_ones.append(future)
            assert len(open_ones) <= workers.AHEAD * self._max_workers
            return future

    open_ones = []
    for _ in Workers(lambda piece: open_ones.clear(), Slow(3)).play(list(range(50))):
        pass


def die_once(place_and_piece):
    """Kill the process that does the fifth piece, the first time."""
    place, piece = place_and_piece
    if piece == 5 and not Path(place).exists():
        Path(place).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return piece


def die(piece):
    if piece >= 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece


def test_what_a_killed_process_had_in_hand_is_played_again(tmp_path):
    pieces = [(str(tmp_path / "dead"), index) for index in range(20)]
    found = dict(Workers(die_once, 2).play(pieces))
    assert found == {piece: piece[1] for piece in pieces}
    assert (tmp_path / "dead").exists()


def test_a_piece_that_kills_every_process_ends_the_work_with_what_to_do():
    found = []
    with pytest.raises(LostError, match=r"lost 3 times in a row .*--jobs 1\); what was kept is not played again"):
        found.extend(Workers(die, 2).play(list(range(4))))
    assert parallel.processes(2).submit(abs, -1).result() == 1


def test_a_pool_of_the_users_own_that_broke_is_told(tmp_path):
    with ProcessPoolExecutor(1) as executor, pytest.raises(LostError, match="processes were lost"):
        list(Workers(die, executor).play(list(range(4))))


def test_pieces_in_order_are_played_again_too_where_a_process_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "INLINE_SECONDS", 0.0)

    with parallel.at_most(2):
        assert list(parallel.in_order(partial(_numbered, str(tmp_path / "dead")), 12)) == list(range(12))
        with pytest.raises(LostError):
            list(parallel.in_order(die, 4))
    assert (tmp_path / "dead").exists()


def _numbered(place, index):
    return die_once((place, index))


def threads(_piece):
    return {name: os.environ.get(name) for name in parallel.THREADS}


def test_processes_compute_in_one_thread_each():
    found = dict(Workers(threads, 2).play([0, 1]))
    assert found[1] == dict.fromkeys(parallel.THREADS, "1")


def count(_piece):
    return parallel._jobs()


def test_a_process_that_plays_starts_no_others():
    assert dict(Workers(count, Here()).play([0, 1]))[1] == 1


def test_a_worker_with_another_program_is_refused(monkeypatch):
    monkeypatch.setattr(workers, "program", lambda: {**version.program(), "retainsim": "0.0.9"})
    with pytest.raises(UsageError, match=r"has another program: retainsim 0.0.9 \(here: .*install the same there"):
        list(Workers(abs, Here()).play([1, 2, 3]))


def test_a_failure_of_the_work_itself_is_not_tried_again():
    tried = []

    def fail(piece):
        tried.append(piece)
        if piece:
            raise UsageError("no")
        return piece

    with pytest.raises(UsageError, match="no"):
        list(Workers(fail, Here()).play([0, 1]))
    assert tried == [0, 1]


def test_a_batch_aims_at_what_the_design_says():
    assert 0.2 <= BATCH_SECONDS <= 0.5
