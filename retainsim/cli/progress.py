"""Progress: how many replications are done and how long the rest takes, on stderr."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retainsim.cli.screen import Screen

EVERY_SECONDS = 10.0
"""Time between two lines where there is no terminal."""
LONG_SECONDS = 60.0
"""A run that takes longer says so."""
SURE_SECONDS = 3.0
"""For so long after the first replication processes start up; watched for as long again, the speed is known."""

Tell = Callable[[str], None]


@dataclass
class Tally:
    """Replications done and wanted, and how long the rest takes.

    Parameters
    ----------
    tell
        Called once with a sentence where the run turns out to be long.
    clock
        Returns seconds.
    last
        What is done once all replications are.
    """

    tell: Tell
    clock: Callable[[], float] = time.monotonic
    last: str = "adding up"
    done: int = 0
    wanted: int = 0
    _marks: list[tuple[float, int]] = field(default_factory=list)
    _has_told: bool = False

    def __call__(self, done: int, wanted: int) -> None:
        """Note how far the run is."""
        self.done, self.wanted = done, wanted
        now = self.clock()
        if len(self._marks) < 2 and (not self._marks or now - self._marks[0][0] >= SURE_SECONDS):
            self._marks.append((now, done))
        left = self.left()
        if left and len(self._marks) == 2 and now - self._marks[1][0] >= SURE_SECONDS and not self._has_told:
            self._has_told = True
            if left > LONG_SECONDS:
                self.tell(f"this takes about {spell(left)} more; Ctrl-C keeps what is finished by then")

    def left(self) -> float | None:
        """Return the seconds that the rest takes at the speed so far; None before it can be known."""
        if not self._marks or self.done == self._marks[-1][1]:
            return None
        time, done = self._marks[-1]
        return (self.wanted - self.done) * (self.clock() - time) / (self.done - done)

    def __str__(self) -> str:
        if not self.wanted:
            return "calibrating"
        if self.done >= self.wanted:
            return f"{self.done} of {self.wanted} replications, {self.last}"
        left = self.left()
        rest = f", about {spell(left)} left" if left is not None else ""
        return f"{self.done} of {self.wanted} replications{rest}"


def spell(seconds: float) -> str:
    """Write a time: 40 s, 5 min, 1 h 20 min."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@contextmanager
def watch(screen: Screen, last: str = "adding up") -> Iterator[Callable[[int, int], None] | None]:
    """Yield what a run is to call after every batch: a bar on a terminal, else a line every 10 s.

    `last` says what is done once all replications are.
    """
    if screen.quiet:
        yield None
    elif screen.err.is_terminal:
        with _bar(screen, last) as told:
            yield told
    else:
        with _lines(Tally(screen.note, last=last), screen.note) as told:
            yield told


@contextmanager
def _lines(tally: Tally, tell: Tell) -> Iterator[Tally]:
    """Tell how far a tally is, every 10 s, from a thread, since a replication may take longer."""
    stopped = threading.Event()

    def repeat() -> None:
        while not stopped.wait(EVERY_SECONDS):
            tell(str(tally))

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield tally
    finally:
        stopped.set()
        thread.join()


@contextmanager
def _bar(screen: Screen, last: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=screen.err, transient=True, expand=True) as bar:
        task = bar.add_task("calibrating", total=None, start=False)
        tally = Tally(screen.note)

        def told(done: int, wanted: int) -> None:
            if not tally.wanted:
                bar.start_task(task)
            bar.update(task, description="replications" if done < wanted else last, completed=done, total=wanted)
            tally(done, wanted)

        yield told
