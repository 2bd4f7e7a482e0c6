"""Cluster: workers on other machines (dask.distributed), as an executor like any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from typing import Any

from retainsim.errors import UsageError
from retainsim.version import changes, program

WAIT_SECONDS = 10.0
"""How long a scheduler may take to answer, and to have a worker."""
_ADDRESS = re.compile(r"((tcp|tls|ucx|wss?)://)?[^\s/]+:\d+|inproc://\S+")
"""Given anything else, dask.distributed waits for itself and then prints a traceback of its own."""


class Cluster(Executor):
    """The workers of a Dask scheduler; what they are given is played anew each time, never recalled by its name."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self.address = client, address
        self._executor, self._threads = client.get_executor(pure=False), 1

    @property
    def _max_workers(self) -> int:
        """Return how many pieces may be played at the same time, now."""
        with suppress(OSError, RuntimeError):  # a scheduler that is gone is told when it is given something
            self._threads = max(1, sum(self._client.nthreads().values()))
        return self._threads

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a call to the cluster; where that is gone, what is returned has failed already."""
        with suppress(OSError, RuntimeError):
            if self._client.status == "running":
                found: Future[Any] = self._executor.submit(fn, *args, **kwargs)
                return found
        failed: Future[Any] = Future()
        failed.set_exception(BrokenExecutor(f"the cluster at {self.address} is gone"))
        return failed

    def __str__(self) -> str:
        return f"cluster {self.address}: {len(self._client.nthreads())} workers, {self._max_workers} at a time"


@contextmanager
def connected(address: str, seconds: float = WAIT_SECONDS) -> Iterator[Cluster]:
    """Yield the workers of the scheduler that answers at an address such as tcp://host:8786.

    Raises
    ------
    UsageError
        If dask.distributed is missing, nobody answers in time, there is no worker, or one has another program.
    """
    if not _ADDRESS.fullmatch(address):
        why = "an address looks like tcp://host:8786"
        raise UsageError(f"{address}: no cluster answers ({why}); start one: dask scheduler --port 8786")
    try:
        from distributed import Client
    except ImportError:
        raise UsageError('a cluster takes dask.distributed; install it: pip install "retainsim[cluster]"') from None
    try:
        client: Any = Client(address, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        why = str(error).split("\n")[0] or type(error).__name__
        raise UsageError(f"{address}: no cluster answers ({why}); start one: dask scheduler --port 8786") from None
    with client:
        _await_worker(client, address, seconds)
        _check(client)
        yield Cluster(client, address)


def _await_worker(client: Any, address: str, seconds: float) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except OSError:  # of which a timeout is one
        text = f"{address}: the cluster has no workers after {seconds:.0f} s; start some: dask worker {address}"
        raise UsageError(text) from None


def _check(client: Any) -> None:
    """Find every worker to have this very program."""

    def asked() -> dict[str, str]:  # within a function, so that its text is sent, not its name
        from retainsim.version import program

        return program()

    wrong = []
    for worker, found in client.run(asked, on_error="return").items():
        if isinstance(found, ImportError):
            wrong.append(f"{worker}: retainsim is not installed")
        elif isinstance(found, BaseException):
            wrong.append(f"{worker}: {type(found).__name__}: {found}")
        elif other := changes(found):
            wrong.append(f"{worker}: {', '.join(other)}")
    if wrong:
        same = f"pip install retainsim=={program()['retainsim']}"
        raise UsageError("\n".join([*wrong, f"numbers would differ; have the same on all workers: {same}"]))


@contextmanager
def opened(jobs: int | str | None) -> Iterator[int | Cluster | None]:
    """Yield where to play: a number of processes or None as it is, the workers of a cluster for its address.

    Raises
    ------
    UsageError
        As `connected`.
    """
    if isinstance(jobs, str):
        with connected(jobs) as cluster:
            yield cluster
    else:
        yield jobs
