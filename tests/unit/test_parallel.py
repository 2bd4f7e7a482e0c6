"""Parallel: pieces of work come back in order, wherever they were done."""

import os
import time

import pytest

from retainsim.parallel import INLINE_SECONDS, at_most, in_order


def long_piece(index):
    time.sleep(1.2 * INLINE_SECONDS)
    return index, os.getpid()


def short_piece(index):
    return index, os.getpid()


@pytest.fixture
def processes():
    with at_most(2):
        yield


def test_pieces_come_back_in_order_and_short_ones_are_done_here(processes, monkeypatch):
    monkeypatch.setattr("retainsim.parallel.IDLE_SECONDS", -1.0)  # as if no processes were there
    assert list(in_order(short_piece, 20)) == [(index, os.getpid()) for index in range(20)]
    assert list(in_order(short_piece, 0)) == []


def test_the_first_piece_is_tried_here_unless_processes_are_there(processes, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("retainsim.parallel.IDLE_SECONDS", -1.0)
        tried = list(in_order(long_piece, 4))
    again = list(in_order(long_piece, 4))
    assert [index for index, _ in tried] == [index for index, _ in again] == [0, 1, 2, 3]
    assert [process == os.getpid() for _, process in tried] == [True, False, False, False]
    assert not any(process == os.getpid() for _, process in again)


def test_one_process_does_all_itself():
    with at_most(1):
        assert {process for _, process in in_order(long_piece, 3)} == {os.getpid()}
