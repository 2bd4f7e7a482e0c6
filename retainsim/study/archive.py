"""Archive: the outcome of a replication as plain arrays, and back, to the last bit."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from retainsim.engine import Outcome
from retainsim.study.store import Arrays

TABLES = ("lines", "values", "segment_values", "fed")
"""Fields that hold an array for each name."""
ROWS = ("present", "departed", "movers", "worths")
"""Fields that hold one array per column."""
_OBSERVED = ("mechanism", "month", "measure", "value")


def pack(outcome: Outcome) -> Arrays:
    """Return an outcome as arrays; a trace is left out."""
    found: Arrays = {}
    for field in fields(Outcome):
        value = getattr(outcome, field.name)
        if field.name in TABLES:
            found |= {f"{field.name}.{name}": table for name, table in value.items()}
        elif field.name in ROWS:
            found |= {f"{field.name}.{number}": column for number, column in enumerate(value)}
        elif field.name == "classes":
            found["classes"] = np.array([f"{line} {kind}" for line, kind in value.items()])
        elif field.name == "observed":
            columns = zip(_OBSERVED, zip(*value, strict=True), strict=True) if value else ()
            found |= {f"observed.{name}": np.array(column) for name, column in columns}
        elif field.name != "trace":
            found[field.name] = np.asarray(value)
    return found


def unpack(arrays: Arrays) -> Outcome:
    """Return the outcome that was packed."""
    content: dict[str, Any] = {}
    for field in fields(Outcome):
        name = field.name
        if name in TABLES:
            content[name] = {key: arrays[f"{name}.{key}"] for key in _under(arrays, name)}
        elif name in ROWS:
            content[name] = tuple(arrays[f"{name}.{n}"] for n in range(len(_under(arrays, name))))
        elif name == "classes":
            content[name] = dict(each.split(" ") for each in arrays[name].tolist())
        elif name == "observed":
            columns = [arrays[f"observed.{key}"].tolist() for key in _OBSERVED if _under(arrays, name)]
            content[name] = tuple(zip(*columns, strict=True))
        elif name != "trace":
            value = arrays[name]
            content[name] = value if value.ndim else value.item()
    return Outcome(**content)


def _under(arrays: Arrays, name: str) -> list[str]:
    """Return the names of the parts of a field, in the order they were packed."""
    return [key.removeprefix(f"{name}.") for key in arrays if key.startswith(f"{name}.")]
