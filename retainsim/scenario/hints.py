"""Hints: what a message adds for someone who mistyped a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean "x"?` for the allowed word most like `word`, in any case, or an empty string."""
    from difflib import get_close_matches  # here, because a scenario without a mistake never needs it

    by_lower = {candidate.lower(): candidate for candidate in allowed}
    close = get_close_matches(word.lower(), by_lower, n=1)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""


def listing(words: Iterable[str], limit: int = 8) -> str:
    """Return `a, b or c`; beyond `limit` words `a, b, ... (7 more)`, and `nothing` if there is none."""
    known = list(words)
    if len(known) > limit:
        return f"{', '.join([*known[:limit], '...'])} ({len(known) - limit} more)"
    if len(known) < 2:
        return known[0] if known else "nothing"
    return f"{', '.join(known[:-1])} or {known[-1]}"
