"""Workers: where pieces of a study are played: in this process, in several, or wherever an executor takes them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from retainsim.errors import UsageError
from retainsim.parallel import processes

Piece = TypeVar("Piece")
Found = TypeVar("Found")

BATCH_SECONDS = 0.3
"""How long a batch takes: long enough to be worth sending, short enough to see progress."""
INLINE_SECONDS = 3.0
"""Work shorter than this is done before other processes would have started."""


class Workers(Generic[Piece, Found]):
    """Where pieces of work are done: in this process while that is quick enough, else in several.

    Parameters
    ----------
    work
        What is done with a piece; it and all it holds must be fit to be sent to another process.
    jobs
        Processes, or an executor that takes the batches; default: one process per processor, or none beside this one
        where the work is short.
    """

    def __init__(self, work: Callable[[Piece], Found], jobs: int | Executor | None) -> None:
        self._executor = jobs if isinstance(jobs, Executor) else None
        self._jobs = None if isinstance(jobs, Executor) else jobs
        if self._jobs is not None and self._jobs < 1:
            raise UsageError(f"jobs: {jobs} (at least 1)")
        self._work = work
        self._seconds: float | None = None

    def play(self, pieces: list[Piece]) -> Iterator[tuple[Piece, Found]]:
        """Yield pieces with what came of them, as they are finished."""
        pieces = list(pieces)
        while pieces and (self._seconds is None or self._is_inline(len(pieces))):
            start = time.perf_counter()
            piece = pieces.pop(0)
            yield piece, self._work(piece)
            self._seconds = time.perf_counter() - start
        if pieces:
            yield from self._spread(pieces)

    def _is_inline(self, left: int) -> bool:
        if self._executor is not None:
            return False
        return self._jobs == 1 or (self._jobs is None and left * (self._seconds or 0.0) < INLINE_SECONDS)

    def _spread(self, pieces: list[Piece]) -> Iterator[tuple[Piece, Found]]:
        size = max(1, min(len(pieces), int(BATCH_SECONDS / max(self._seconds or 0.0, 1e-3))))
        batches = [pieces[i : i + size] for i in range(0, len(pieces), size)]
        executor = self._executor or processes(self._jobs)
        with _interrupts_ignored_by_children():
            waiting: set[Future[Any]] = {executor.submit(_batch, self._work, batch) for batch in batches}
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        finally:
            for future in waiting:
                future.cancel()


def _batch(work: Callable[[Piece], Found], pieces: list[Piece]) -> list[tuple[Piece, Found]]:
    return [(piece, work(piece)) for piece in pieces]


@contextmanager
def _interrupts_ignored_by_children() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, so that the parent alone sees it and keeps what is finished."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
