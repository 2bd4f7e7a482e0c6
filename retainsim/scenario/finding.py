"""Finding: one thing wrong with a scenario, and how a message writes paths and values."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.scenario.hints import listing

if TYPE_CHECKING:
    from retainsim.scenario.positions import Path

LONGEST = 60  # characters of a value or key that a message repeats


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario: where, and a sentence with the value and the remedy."""

    path: Path
    text: str

    @property
    def unhinted(self) -> str:
        """Return the sentence without a guess at what was meant, where nobody wrote the value."""
        return self.text.partition("; did you mean")[0]

    def line(self, place: object) -> str:
        """Return the whole line of a message; whatever could break the line is escaped."""
        where = ".".join(map(_part, self.path))
        line = f"{place} {where}: {self.text}" if where else f"{place}: {self.text}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def number(value: Any) -> float | None:
    """Return a finite number as a float, and None for anything else."""
    if type(value) not in (int, float) or abs(value) > 1e300 or math.isnan(value):
        return None
    return float(value)


def _part(part: str | int) -> str:
    word = str(part)
    if re.fullmatch(r"[\w-]{1,60}", word):
        return word
    return json.dumps(_cut(word), ensure_ascii=False)


def got(value: Any) -> str:
    """Write a value as a scenario would, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(_cut(value), ensure_ascii=False)
    if isinstance(value, dict):
        return f"a table with {_cut(listing(map(str, value), 4))}" if value else "an empty table"
    if isinstance(value, list):
        text = f"[{', '.join(got(item) for item in value[:8])}]"
        return text if len(text) <= LONGEST and len(value) <= 8 else f"a list of {len(value)}"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a huge number"  # Python refuses to write one of more than 4,300 digits
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
