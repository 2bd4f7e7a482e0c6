"""Workers: where replications are played: in this process, in several, or wherever an executor takes them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from retainsim.errors import UsageError

if TYPE_CHECKING:
    from retainsim.study.runs import Played, Task

BATCH_SECONDS = 0.3
"""How long a batch of replications takes: long enough to be worth sending, short enough to see progress."""
INLINE_SECONDS = 3.0
"""Work shorter than this is done before other processes would have started."""


class Workers:
    """Where replications are played: in this process while that is quick enough, else in several."""

    def __init__(self, task: Task, jobs: int | None, executor: Executor | None) -> None:
        if jobs is not None and jobs < 1:
            raise UsageError(f"jobs: {jobs} (at least 1)")
        self._task, self._jobs, self._executor = task, jobs, executor
        self._seconds: float | None = None

    def play(self, indices: list[int]) -> Iterator[tuple[int, Played]]:
        """Yield replications as they are finished."""
        while indices and (self._seconds is None or self._is_inline(len(indices))):
            start = time.perf_counter()
            index = indices.pop(0)
            yield index, self._task.play(index)
            self._seconds = time.perf_counter() - start
        if indices:
            yield from self._spread(indices)

    def _is_inline(self, left: int) -> bool:
        if self._executor is not None:
            return False
        return self._jobs == 1 or (self._jobs is None and left * (self._seconds or 0.0) < INLINE_SECONDS)

    def _spread(self, indices: list[int]) -> Iterator[tuple[int, Played]]:
        size = max(1, min(len(indices), int(BATCH_SECONDS / max(self._seconds or 0.0, 1e-3))))
        batches = [indices[i : i + size] for i in range(0, len(indices), size)]
        executor = self._executor or _processes(self._jobs)
        with _interrupts_ignored_by_children():
            waiting: set[Future[Any]] = {executor.submit(self._task.batch, batch) for batch in batches}
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        finally:
            for future in waiting:
                future.cancel()


def _processes(jobs: int | None) -> Executor:
    from loky import cpu_count, get_reusable_executor

    executor: Executor = get_reusable_executor(max_workers=jobs or cpu_count())
    return executor


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
