"""Version: which program computes something, and on what, since numbers follow from both."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

_SEEN = ("cli", "charts", "present")
"""Parts of the package that only show what was computed."""
_BELOW = ("numpy", "scipy")
"""Libraries whose arithmetic results follow from."""


@cache
def code() -> str:
    """Return a fingerprint of the code that results follow from: its version and its text, line ends aside."""
    package = Path(__file__).parent
    files = sorted(p for p in package.rglob("*.py") if p.relative_to(package).parts[0] not in _SEEN)
    digest = sha256(metadata.version("retainsim").encode())
    for path in files:
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def program() -> dict[str, str]:
    """Return the versions of all that a result follows from; `code` tells two programs of one version apart."""
    ours = {"retainsim": metadata.version("retainsim"), "code": code()[:12]}
    return ours | {name: metadata.version(name) for name in _BELOW}


def versions() -> dict[str, str]:
    """Return the versions of the program and of Python."""
    return program() | {"python": platform.python_version()}


def changes(old: Mapping[str, str]) -> list[str]:
    """Return in words what of the program is not as it was, old version first."""
    now = program()
    return [f"{name} {old.get(name, '?')} (here: {now[name]})" for name in now if old.get(name) != now[name]]
