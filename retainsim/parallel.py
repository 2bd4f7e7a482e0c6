"""Parallel: play independent pieces of work in several processes, and hand the results over in order.

What comes of it does not depend on the number of processes, nor does where whoever takes the results stops.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Result = TypeVar("Result")

INLINE_SECONDS = 0.1
"""Pieces shorter than this are not worth sending to another process."""
_JOBS: ContextVar[int | None] = ContextVar("jobs", default=None)
_SENT: ContextVar[float] = ContextVar("sent", default=float("-inf"))
"""When processes were last given work (seconds, of the clock of performance)."""
LASTING_SECONDS, IDLE_SECONDS = 60.0, 50.0
"""After how long processes without work end, and for how long they are sure to be there still."""


@contextmanager
def at_most(jobs: int | None) -> Iterator[None]:
    """Let no more than so many processes be used within; None for one per processor."""
    token = _JOBS.set(jobs)
    try:
        yield
    finally:
        _JOBS.reset(token)


def in_order(function: Callable[[int], Result], count: int) -> Iterator[Result]:
    """Yield `function(0)`, `function(1)`, ...: in this process while that is quick, else in several.

    Where processes are there already, they take the first piece too: while this one plays it, they would be idle.
    """
    jobs, done, start = _jobs(), 0, time.perf_counter()
    is_inline = jobs == 1 or start - _SENT.get() > IDLE_SECONDS
    if count and is_inline:
        result, done = function(0), 1
        is_inline = jobs == 1 or time.perf_counter() - start < INLINE_SECONDS
        yield result
    if is_inline:
        yield from (function(index) for index in range(done, count))
        return
    executor, waiting = processes(jobs), deque[Future[Result]]()
    ahead = iter(range(done, count))
    try:
        for _ in range(jobs):
            waiting.extend(executor.submit(function, index) for index in _next(ahead))
        while waiting:
            future = waiting.popleft()
            waiting.extend(executor.submit(function, index) for index in _next(ahead))
            result = future.result()
            _SENT.set(time.perf_counter())
            yield result
    finally:
        for future in waiting:
            future.cancel()


def processes(jobs: int | None = None) -> Executor:
    """Return the pool of processes, the same for all work of this one; one process per processor by default."""
    from loky import cpu_count, get_reusable_executor

    executor: Executor = get_reusable_executor(max_workers=jobs or cpu_count(), timeout=LASTING_SECONDS)
    return executor


def _next(ahead: Iterator[int]) -> list[int]:
    return [index for index in [next(ahead, None)] if index is not None]


def _jobs() -> int:
    """Return how many processes may be used; one where this is itself a process of somebody else's."""
    if multiprocessing.parent_process() is not None:
        return 1
    from loky import cpu_count

    return _JOBS.get() or int(cpu_count())
