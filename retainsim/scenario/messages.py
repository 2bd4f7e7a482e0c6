"""Messages: what pydantic found wrong, in the words of someone who writes scenarios."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from retainsim.scenario import keys
from retainsim.scenario.distributions import FORMS
from retainsim.scenario.finding import Problem, got
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.scenario.schema import Retention

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retainsim.scenario.keys import Key
    from retainsim.scenario.positions import Path

WRONG = {
    "greater_than": "out of range",
    "greater_than_equal": "out of range",
    "less_than": "out of range",
    "less_than_equal": "out of range",
    "finite_number": "not a finite number",
    "too_short": "too few",
    "too_long": "too many",
    "string_too_long": "too long",
    "string_pattern_mismatch": "not of the right form",
}
PER_CENT = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(?:%|per cent|percent|points?|pp)?\s*")


def translate(errors: Iterable[Any], tree: Any) -> Iterator[Problem]:
    """Turn the errors of a `ValidationError` about `tree` into problems, without repeating any."""
    seen = set()
    for error in errors:
        path, is_branch = _locate(error["loc"], tree)
        value = keys.value_at(tree, path)
        if is_branch and isinstance(value, dict) and error["type"] != "value_error":
            continue  # a table was meant, so that it is no word either is beside the point
        problem = _problem(error, path, value, tree)
        if problem not in seen:
            seen.add(problem)
            yield problem


def _locate(loc: tuple[str | int, ...], tree: Any) -> tuple[Path, bool]:
    """Return the path that `loc` means, and whether `loc` ends in a tag.

    Pydantic puts a tag into `loc` wherever it had to choose between types, and "[key]" after a bad name.
    """
    path: Path = ()
    key: Key | None = keys.ROOT
    is_tag = is_tag_next = False
    for part in loc:
        is_tag, is_tag_next = is_tag_next, False
        if not is_tag and part != "[key]":
            key = keys.step(key, part, tree) if key else None
            tree, path = keys.child(tree, part), (*path, part)
            is_tag_next = key is not None and len(key.kinds) > 1
    return path, is_tag


def _problem(error: Any, path: Path, value: Any, tree: Any) -> Problem:
    kind, key = error["type"], keys.find(path, tree)
    if kind == "value_error":
        return Problem(path, str(error["ctx"]["error"]))
    if error["loc"][-1:] == ("[key]",):
        if kind == "literal_error":
            return Problem(path, f"unknown key (got {got(path[-1])}); give one of {error['ctx']['expected']}")
        return Problem(path, f"not a name (got {got(path[-1])}); give letters, digits, _ and -, at most 40")
    if kind.startswith("union_tag"):
        return _wrong_kind(path, key, value)
    if key is None:
        return _unknown(path, tree)
    if kind == "missing":
        return Problem(path, f"missing; give {keys.expected(key)}")
    if Retention in key.models and not isinstance(value, dict):
        return Problem(path, _readings(value))
    wrong = WRONG.get(kind) or f"not {_expected_in_short(key)}"
    return Problem(path, f"{wrong} (got {got(value)}); give {keys.expected(key)}{_hint(key, path, value)}")


def _expected_in_short(key: Key) -> str:
    if key.tags:
        return "a table"
    nouns = keys.nouns(key).partition(" (")[0]
    return "one of the choices" if '"' in nouns else nouns


def _unknown(path: Path, tree: Any) -> Problem:
    around = keys.find(path[:-1], tree)
    allowed = around.allowed(keys.value_at(tree, path[:-1])) if around else ()
    hint = did_you_mean(str(path[-1])[:40], allowed)
    return Problem(path, f"unknown key (got {got(path[-1])}); give one of {listing(allowed, 40)}{hint}")


def _wrong_kind(path: Path, key: Key | None, value: Any) -> Problem:
    tags = key.tags if key else ()
    word = value.get("kind") if isinstance(value, dict) else None
    wrong = "missing" if word is None else f"not one of the kinds (got {got(word)})"
    hint = did_you_mean(word[:40], [tag.strip('"') for tag in tags]) if isinstance(word, str) else ""
    return Problem((*path, "kind"), f"{wrong}; give {listing(tags)}{hint}")


def _readings(value: Any) -> str:
    """Say what a bare `retention = 5` could mean."""
    said = PER_CENT.fullmatch(str(value)) if isinstance(value, (str, int, float)) else None
    points = float(said[1]) if said else 5.0
    points = points * 100 if 0 < points < 1 else points
    points = points if 0 < points < 100 else 5.0
    relative, churn = f"{1 + points / 100:g}", f"{1 - points / 100:g}"
    return (
        f"{got(value)} is ambiguous; write {{ points = {points:g} }} for {points:g} percentage points, "
        f"{{ relative = {relative} }} for retention x {relative} or {{ churn = {churn} }} for churn x {churn}"
    )


def _hint(key: Key, path: Path, value: Any) -> str:
    """Guess what was meant: another word, a share instead of per cent, points instead of a share."""
    if isinstance(value, str) and any(noun.startswith('"') for noun in keys.nouns(key).split(" or ")):
        return did_you_mean(value[:40], re.findall(r'"([^"]*)"', keys.nouns(key)))
    if key.is_number and isinstance(value, dict):
        return _distribution_hint(value)
    meant = _meant_number(key, path, value)
    return "" if meant is None else f"; did you mean {meant:.6g}?"


def _distribution_hint(value: dict[str, Any]) -> str:
    forms = ", ".join(f"{kind} = {form}" for kind, form in FORMS.items())
    hint = did_you_mean(str(next(iter(value), ""))[:40], FORMS) if len(value) == 1 else ""
    return f" or a distribution, a table with exactly one of {forms}{hint}"


def _meant_number(key: Key, path: Path, value: Any) -> float | None:
    said = PER_CENT.fullmatch(value) if isinstance(value, str) else None
    stated = float(said[1]) if said else value
    if isinstance(stated, bool) or not isinstance(stated, (int, float)):
        return None
    if path[-1] == "points" and 0.001 <= stated < 0.1:
        return stated * 100
    if path[-1] == "relative" and 0 < stated < 1:
        return 1 + stated
    if key.unit.startswith("share") and ((said and "%" in value) or 1 < stated <= 100):
        return stated / 100
    return stated if said and key.is_number and "%" not in value else None
