"""Parallel: play independent pieces of work in several processes, and hand the results over in order.

What comes of it does not depend on the number of processes, nor does where whoever takes the results stops.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from retainsim.errors import LostError

Result = TypeVar("Result")

INLINE_SECONDS = 0.1
"""Pieces shorter than this are not worth sending to another process."""
_JOBS: ContextVar[int | None] = ContextVar("jobs", default=None)
_SENT: ContextVar[float] = ContextVar("sent", default=float("-inf"))
"""When processes were last given work (seconds, of the clock of performance)."""
LASTING_SECONDS, IDLE_SECONDS = 60.0, 50.0
"""After how long processes without work end, and for how long they are sure to be there still."""
LOSSES = 3
"""After so many losses in a row, without anything played in between, whoever lost them gives up."""
THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)  # fmt: skip
"""What tells libraries of linear algebra in how many threads to compute."""


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
    yield from _by_others(function, range(done, count), jobs)


def _by_others(function: Callable[[int], Result], indices: range, jobs: int) -> Iterator[Result]:
    """Yield what other processes make of each index; what is lost with one of them is given to others."""
    waiting: deque[Future[Result]] = deque()
    index, last, losses = indices.start, indices.stop, 0
    try:
        while index < last:
            try:
                ahead = range(index + len(waiting), min(last, index + jobs + 1))
                waiting.extend(processes(jobs).submit(function, each) for each in ahead)
                result = waiting.popleft().result()
            except BrokenExecutor as error:
                waiting.clear()
                losses += 1
                if losses == LOSSES:
                    raise LostError(lost(losses, error)) from error
                continue
            _SENT.set(time.perf_counter())
            yield result
            index, losses = index + 1, 0
    finally:
        for future in waiting:
            future.cancel()


def lost(times: int, error: BaseException) -> str:
    """Return what is said where processes were lost so many times in a row."""
    why = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
    remedy = "if memory is short, give fewer processes (--jobs 1); what was kept is not played again"
    return f"processes were lost {times} times in a row before they had played anything ({why}); {remedy}"


def processes(jobs: int | None = None) -> Executor:
    """Return the pool of processes, the same for all work of this one; one process per processor by default.

    Each of them computes in one thread, lest they be in one another's way; a pool that was lost is started anew.
    """
    from loky import cpu_count, get_reusable_executor

    threads = dict.fromkeys(THREADS, "1")
    executor: Executor = get_reusable_executor(max_workers=jobs or cpu_count(), timeout=LASTING_SECONDS, env=threads)
    return executor


def _jobs() -> int:
    """Return how many processes may be used; one where this is itself a process of somebody else's."""
    if multiprocessing.parent_process() is not None:
        return 1
    from loky import cpu_count

    return _JOBS.get() or int(cpu_count())
