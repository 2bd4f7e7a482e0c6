"""Deskrules: whether the desks of a service desk share all calls among them, and have somebody to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.scenario.finding import Problem, got, number
from retainsim.scenario.interplay import table, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = ("mechanisms", "service_desk")
_HAIR = 1e-6


def check(tree: Any) -> Iterator[Problem]:
    """Check desks, one or several."""
    for rule in (shares, _unserved, _empty, _helps):
        yield from rule(tree)


def desks(tree: Any) -> dict[str, dict[str, Any]]:
    """Return the tables of several desks by name; none where there is one."""
    return tables(tree, *PLACE, "desks")


def shares(tree: Any) -> Iterator[Problem]:
    """Check that the shares of every segment's calls come to 1, or to less where a desk takes the rest."""
    if any(not _names_known(desk, tree) for desk in desks(tree).values()):
        return  # another rule tells so, and what the shares come to is beside the point
    for segment in table(tree, "segments"):
        serving = {name: desk for name, desk in desks(tree).items() if _serves(desk, segment)}
        given = {name: number(desk["share"]) for name, desk in serving.items() if desk.get("share") is not None}
        known = [share for share in given.values() if share is not None and 0 <= share <= 1]
        if not given or len(known) < len(given):
            continue
        total, last = sum(known), list(given)[-1]
        if total > 1 + _HAIR or (len(given) == len(serving) and total < 1 - _HAIR):
            which = ", ".join(f"{name} {share:g}" for name, share in given.items())
            rest = "leave one out: it takes the rest" if len(given) > 1 else "leave it out: the desk takes all"
            text = f"the desks' shares of the calls of {segment} come to {total:g} ({which}); make it 1, or {rest}"
            yield Problem((*PLACE, "desks", last, "share"), text)
            return


def _serves(desk: dict[str, Any], segment: str) -> bool:
    served = desk.get("segments")
    return not isinstance(served, list) or segment in served


def _names_known(desk: dict[str, Any], tree: Any) -> bool:
    served = desk.get("segments")
    return not isinstance(served, list) or all(segment in table(tree, "segments") for segment in served)


def _unserved(tree: Any) -> Iterator[Problem]:
    """Check that somebody's calls do not go to no desk at all."""
    for segment in table(tree, "segments"):
        if desks(tree) and not any(_serves(desk, segment) for desk in desks(tree).values()):
            text = f"no desk answers the calls of {segment}; name it in the segments of a desk, or give a desk none"
            yield Problem((*PLACE, "desks"), text)


def _empty(tree: Any) -> Iterator[Problem]:
    """Check that where somebody may call, somebody answers."""
    if table(tree, *PLACE).get("contacts", 0.3) == 0:
        return
    if table(tree, *PLACE).get("agents") == 0:
        text = "nobody answers, so everybody who calls hangs up (got 0); give agents at least 1, or contacts = 0"
        yield Problem((*PLACE, "agents"), text)
    helped = {other for desk in desks(tree).values() if desk.get("agents") != 0 for other in _helped(desk)}
    for name, desk in desks(tree).items():
        if desk.get("agents") == 0 and desk.get("share") != 0 and name not in helped:
            text = (
                "nobody answers the calls of this desk (got 0); give agents at least 1, share = 0 or a desk that helps"
            )
            yield Problem((*PLACE, "desks", name, "agents"), text)


def _helped(desk: dict[str, Any]) -> list[Any]:
    helps = desk.get("helps")
    return [name for name in helps if isinstance(name, str)] if isinstance(helps, list) else []


def _helps(tree: Any) -> Iterator[Problem]:
    for name, desk in desks(tree).items():
        for index, other in enumerate(_helped(desk)):
            if other == name:
                text = f"a desk cannot help itself (got {got(other)}); name another, or leave it out"
                yield Problem((*PLACE, "desks", name, "helps", index), text)
