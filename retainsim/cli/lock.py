"""Lock: a folder in which one process at a time works; it is free again once that process is gone, however it ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class Lock:
    """A hold on a folder, until it is let go or this process ends.

    Where folders cannot be locked (Windows, some network drives) all are free: two processes in one folder then do
    the same work twice, and write the same.
    """

    def __init__(self, handle: int | None) -> None:
        self._handle = handle

    def let_go(self) -> None:
        """Let another process have the folder."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @classmethod
    def on(cls, folder: Path) -> Lock | None:
        """Take hold of a folder; None where another process, or another part of this one, holds it.

        Raises
        ------
        OSError
            If there is no such folder, or it may not be read.
        """
        if sys.platform == "win32":
            return cls(None)
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            os.close(handle)
            return cls(None)
        return cls(handle)


def is_held(folder: Path) -> bool:
    """Tell whether a process works in a folder."""
    lock = Lock.on(folder)
    if lock is not None:
        lock.let_go()
    return lock is None
