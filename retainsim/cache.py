"""Cache: numbers that took long to work out, kept on disk by the content they follow from.

Kept in the folder named by RETAINSIM_CACHE, else in the user's cache folder. A cache that cannot be read or written
costs time, never a result, so such failures are passed over.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np

from retainsim.draws import Floats


def folder() -> Path:
    """Return where cached numbers are kept."""
    if os.environ.get("RETAINSIM_CACHE"):
        return Path(os.environ["RETAINSIM_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "retainsim" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "retainsim"


def recall(content: object, compute: Callable[[], list[Floats]]) -> list[Floats]:
    """Return the arrays that follow from `content`, from the cache or by computing and keeping them.

    `content` must tell everything they follow from, the version of the program included, and turn into JSON.
    """
    name = sha256(json.dumps(content, sort_keys=True, default=repr).encode()).hexdigest()
    place = folder() / f"{name}.json"
    with suppress(OSError, ValueError, TypeError):
        return [np.array(values, dtype=np.float64) for values in json.loads(place.read_text(encoding="utf-8"))]
    arrays = compute()
    with suppress(OSError):
        _keep(place, json.dumps([array.tolist() for array in arrays]))
    return arrays


def _keep(place: Path, text: str) -> None:
    """Write the file whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(place)
