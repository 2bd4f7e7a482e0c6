"""Workers: where pieces of a study are played: in this process, in several, or wherever an executor takes them."""

from __future__ import annotations

import platform
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)  # fmt: skip
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from retainsim.errors import LostError, UsageError
from retainsim.parallel import LOSSES, at_most, lost, processes
from retainsim.version import changes, program

Piece = TypeVar("Piece")
Found = TypeVar("Found")
Batch = tuple[float, list[Any]]
"""Seconds that pieces took, and what came of each."""

BATCH_SECONDS = 0.3
"""How long a batch takes: long enough to be worth sending, short enough to see progress."""
INLINE_SECONDS = 3.0
"""Work shorter than this is done before other processes would have started."""
AHEAD = 3
"""Batches given out per worker, so that none waits for the next one and sizes can still be mended."""


class Courier(Protocol):
    """What lets pieces be played where this process's files cannot be seen."""

    @property
    def afar(self) -> Callable[[Any], Any]:
        """Return what plays a parcel there."""

    def knows(self, piece: Any) -> bool:
        """Tell whether all of a piece is known here."""

    def pack(self, piece: Any) -> Any:
        """Return a parcel: a piece with what is known of it."""

    def unpack(self, brought: Any) -> Any:
        """Keep what is new in what was brought back, and return what came of the piece."""


class Workers(Generic[Piece, Found]):
    """Where pieces of work are done: in this process while that is quick enough, else in several.

    Parameters
    ----------
    work
        What is done with a piece; it and all it holds must be fit to be sent to another process.
    jobs
        Processes, or an executor that takes the batches; default: one process per processor, or none beside this one
        where the work is short.
    courier
        How work that reads and writes files is done by an executor that may be on other machines.
    """

    def __init__(
        self, work: Callable[[Piece], Found], jobs: int | Executor | None, courier: Courier | None = None
    ) -> None:
        self._executor = jobs if isinstance(jobs, Executor) else None
        self._jobs = None if isinstance(jobs, Executor) else jobs
        if self._jobs is not None and self._jobs < 1:
            raise UsageError(f"jobs: {jobs} (at least 1)")
        is_near = self._executor is None or isinstance(self._executor, (ThreadPoolExecutor, ProcessPoolExecutor))
        self._work = work
        self._is_near, self._courier = is_near, None if is_near else courier
        self._seconds: float | None = None
        self._size = 1

    def play(self, pieces: list[Piece]) -> Iterator[tuple[Piece, Found]]:
        """Yield pieces with what came of them, as they are finished.

        Raises
        ------
        LostError
            If processes were lost several times in a row, without anything played in between.
        """
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
        """Yield what comes back from elsewhere; what is lost with a process is given out again."""
        left, losses = deque(pieces), 0
        waiting: dict[Future[Batch], list[Piece]] = {}
        try:
            while left or waiting:
                if self._courier and left and self._courier.knows(left[0]):
                    yield left[0], self._work(left.popleft())
                    continue
                error = self._give_out(left, waiting)
                for future in _finished(waiting):
                    batch, found = waiting.pop(future), _failure(future)
                    if found is None:
                        losses = 0
                        yield from self._brought(batch, future.result())
                    elif _is_loss(found):
                        error = found
                        left.extendleft(reversed(batch))
                    else:
                        future.result()  # raises it
                losses += error is not None
                if error is not None and losses == LOSSES:
                    raise LostError(lost(losses, error)) from error
        finally:
            for future in waiting:
                future.cancel()

    def _give_out(self, left: deque[Piece], waiting: dict[Future[Batch], list[Piece]]) -> BaseException | None:
        """Submit batches of what is left, as many as may wait; return what hindered it, where processes are lost."""
        executor = self._executor or processes(self._jobs)
        workers: int | None = getattr(executor, "_max_workers", None)  # what all pools of the standard library have
        if workers is None and not waiting:
            self._size = self._fitting(self._seconds or 0.0)
        work = self._courier.afar if self._courier else self._work
        while left and (workers is None or len(waiting) < AHEAD * workers):
            batch = [left.popleft() for _ in range(min(self._size, len(left)))]
            parcels = [self._courier.pack(piece) for piece in batch] if self._courier else batch
            try:
                with _interrupts_ignored_by_children():
                    future = executor.submit(_batch, work, parcels, None if self._is_near else program())
            except BrokenExecutor as error:
                left.extendleft(reversed(batch))
                return error
            waiting[future] = batch
        return None

    def _brought(self, batch: list[Piece], found: Batch) -> Iterator[tuple[Piece, Found]]:
        """Yield pieces with what came of them; make later batches as long as they should be, step by step."""
        seconds, each = found
        self._size = min(self._fitting(seconds / len(batch)), 2 * len(batch))
        yield from zip(batch, map(self._courier.unpack, each) if self._courier else each, strict=True)

    @staticmethod
    def _fitting(seconds: float) -> int:
        """Return how many pieces of so many seconds make a batch."""
        return max(1, int(BATCH_SECONDS / max(seconds, 1e-3)))


def _finished(waiting: Collection[Future[Batch]]) -> list[Future[Batch]]:
    """Return, in order, what is finished once something is; with a pool that broke, all of it is."""
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    if any(isinstance(_failure(future), BrokenExecutor) for future in done):
        done, _ = wait(waiting)
    return [future for future in waiting if future in done]


def _failure(future: Future[Batch]) -> BaseException | None:
    """Return what a finished batch failed of; a cluster that goes away gives back what it has not done."""
    return CancelledError("they gave back their work") if future.cancelled() else future.exception()


def _is_loss(error: BaseException) -> bool:
    """Tell whether a batch failed because its process was lost, here or on a cluster."""
    return isinstance(error, (BrokenExecutor, CancelledError)) or type(error).__name__ == "KilledWorker"


def _batch(work: Callable[[Any], Any], pieces: list[Any], wanted: dict[str, str] | None) -> Batch:
    """Do pieces of work one after another, in this process alone; `wanted` is the program that must do it."""
    if wanted is not None and (other := changes(wanted)):
        text = f"the worker on {platform.node()} has another program: {', '.join(other)}; install the same there"
        raise UsageError(text)
    start = time.perf_counter()
    with at_most(1):
        found = [work(piece) for piece in pieces]
    return time.perf_counter() - start, found


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
