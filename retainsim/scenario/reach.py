"""Reach: the folder that `extends` may not lead out of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WITHIN: ContextVar[str | None] = ContextVar("within", default=None)
"""The folder, where one is named; otherwise that of the outermost file."""


@contextmanager
def reading_within(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Let `extends` lead to any file in a folder or below, instead of in the folder of the outermost file or below."""
    token = WITHIN.set(os.fspath(folder))
    try:
        yield
    finally:
        WITHIN.reset(token)
