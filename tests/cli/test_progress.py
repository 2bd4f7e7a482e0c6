"""Progress: what is said of a run that takes its time."""

import time

import pytest

from retainsim.cli import progress
from retainsim.cli.progress import Tally, spell
from retainsim.cli.screen import Screen


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def tally_at(done_at, wanted):
    """Return a tally after replications were done at some seconds, and what it told."""
    clock, told = Clock(), []
    tally = Tally(told.append, clock)
    for second, done in done_at:
        clock.now = second
        tally(done, wanted)
    return tally, told


def test_nothing_is_said_of_the_time_left_before_it_can_be_known():
    assert str(tally_at([], 30)[0]) == "calibrating"
    assert str(tally_at([(1, 1)], 30)[0]) == "1 of 30 replications"


def test_what_is_left_to_do_after_the_last_replication_is_said():
    assert str(tally_at([(0, 1), (2, 30)], 30)[0]) == "30 of 30 replications, adding up"
    assert str(Tally(print, last="logging", done=3, wanted=3)) == "3 of 3 replications, logging"


def test_the_time_left_follows_the_speed():
    assert str(tally_at([(0, 1), (2, 11)], 31)[0]) == "11 of 31 replications, about 4 s left"


def test_starting_up_processes_does_not_count_as_slowness():
    tally, told = tally_at([(0, 1), (1, 2), (6, 3), (9.5, 73)], 83)
    assert tally.left() == pytest.approx(0.5)
    assert told == []


def test_a_long_run_is_announced_once():
    _, told = tally_at([(0, 1), (4, 2), (8, 3), (12, 4), (16, 5)], 100)
    assert told == ["this takes about 6 min more; Ctrl-C keeps what is finished by then"]


def test_a_short_run_is_not_announced():
    assert tally_at([(0, 1), (4, 10), (8, 20)], 30)[1] == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59.5, "60 s"), (89, "89 s"), (300, "5 min"), (4800, "1 h 20 min")]
)
def test_a_time_is_spelled_in_the_unit_one_would_say(seconds, text):
    assert spell(seconds) == text


def test_lines_come_at_their_interval_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.05)
    with progress.watch(Screen()) as told:
        told(2, 10)
        time.sleep(0.12)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert set(lines) == {"2 of 10 replications"}


def test_a_quick_run_says_nothing(play):
    assert "replications" not in play("run", "quick.toml", "--no-charts").stderr


def test_quiet_watches_nothing():
    with progress.watch(Screen(quiet=True)) as told:
        assert told is None
