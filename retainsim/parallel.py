"""Parallel: play independent pieces of work in several processes, and hand the results over in order.

What comes of it does not depend on the number of processes, nor does where whoever takes the results stops.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Result = TypeVar("Result")

INLINE_SECONDS = 0.1
"""Pieces shorter than this are not worth sending to another process."""
_JOBS: ContextVar[int | None] = ContextVar("jobs", default=None)
_IS_LONG: ContextVar[bool] = ContextVar("is_long", default=False)
"""True once a piece was worth sending: processes that are there take the first piece of what comes next, too."""


@contextmanager
def at_most(jobs: int | None) -> Iterator[None]:
    """Let no more than so many processes be used within; None for one per processor."""
    token = _JOBS.set(jobs)
    try:
        yield
    finally:
        _JOBS.reset(token)


def in_order(function: Callable[[int], Result], count: int) -> Iterator[Result]:
    """Yield `function(0)`, `function(1)`, ...: in this process while that is quick, else in several."""
    jobs, done = _jobs(), 0
    if count and (jobs == 1 or not _IS_LONG.get()):
        start, done = time.perf_counter(), 1
        result = function(0)
        _IS_LONG.set(time.perf_counter() - start >= INLINE_SECONDS)
        yield result
    if jobs == 1 or not _IS_LONG.get():
        yield from (function(index) for index in range(done, count))
        return
    from loky import get_reusable_executor

    executor, waiting = get_reusable_executor(max_workers=jobs), deque[object]()
    ahead = iter(range(done, count))
    try:
        for _ in range(jobs):
            waiting.extend(executor.submit(function, index) for index in _next(ahead))
        while waiting:
            future = waiting.popleft()
            waiting.extend(executor.submit(function, index) for index in _next(ahead))
            yield future.result()  # type: ignore[attr-defined]
    finally:
        for future in waiting:
            future.cancel()  # type: ignore[attr-defined]


def _next(ahead: Iterator[int]) -> list[int]:
    return [index for index in [next(ahead, None)] if index is not None]


def _jobs() -> int:
    """Return how many processes may be used; one where this is itself a process of somebody else's."""
    if multiprocessing.parent_process() is not None:
        return 1
    from loky import cpu_count

    return _JOBS.get() or int(cpu_count())
