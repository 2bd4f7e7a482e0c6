"""Interplay: what named clients, events and mechanisms must find in the rest of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from retainsim import mechanisms
from retainsim.mechanisms.accounts import RELEASED
from retainsim.mechanisms.reasons import PRESETS
from retainsim.scenario import keys
from retainsim.scenario.account import MOST_GIVEN
from retainsim.scenario.finding import Problem, got
from retainsim.scenario.hints import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from retainsim.mechanism import Event
    from retainsim.scenario.positions import Path

KERNEL_TOUCHES = {"join", "return", "leave", "move"}
"""Touches that need no mechanism."""


def check(tree: Any) -> Iterator[Problem]:
    """Check clients, events, the touches that mechanisms listen to, and what they are told of others."""
    for rule in (_clients, _client_names, _events, _touches, _named_tables, _empty_capacity):
        yield from rule(tree)


def table(tree: Any, *path: str) -> dict[str, Any]:
    """Return the table at a path; an empty one if it is missing or not a table."""
    found = keys.value_at(tree, path)
    return found if isinstance(found, dict) else {}


def tables(tree: Any, *path: str) -> dict[str, dict[str, Any]]:
    """Return the tables in the table at a path, by name; what is not a table is left out."""
    return {name: value for name, value in table(tree, *path).items() if isinstance(value, dict)}


def unknown(path: Path, word: str, what: str, known: Collection[str]) -> Problem:
    """Report a name that nothing bears."""
    remedy = f"give {listing(known, 12)}" if known else f"this scenario has no {what}"
    return Problem(path, f"no such {what} (got {got(word)}); {remedy}{did_you_mean(word[:40], known)}")


def reasons(tree: Any) -> set[str]:
    """Return the reasons there are: those listed or of the preset, and those that anything else brings along."""
    churn = table(tree, "churn")
    preset = churn.get("preset", "keaveney-1995")
    listed = churn.get("reasons", PRESETS.get(preset) if isinstance(preset, str) else None)
    if not isinstance(listed, dict):
        return set()
    fed = {reason for name, raw in tables(tree, "mechanisms").items() for reason in _fed(name, raw)}
    dropouts = [table(segment, "purchases", "dropout") for segment in tables(tree, "segments").values()]
    lapsed = [each.get("reason", "lapsed") for each in dropouts if each]
    return {*listed, *fed, *(r for r in lapsed if isinstance(r, str)), *([RELEASED] if tree.get("accounts") else [])}


def _fed(name: str, raw: dict[str, Any]) -> tuple[str, ...]:
    """Return the reasons a mechanism feeds; what its table leaves to be wrong is not this rule's."""
    if name not in mechanisms.NAMES:
        return ()
    try:
        found: tuple[str, ...] = mechanisms.module(name).Settings.model_validate(raw).feeds()
    except ValidationError:
        reason = raw.get("reason")
        return (reason,) if isinstance(reason, str) else ()
    return found


def _listed(tree: Any, *path: str) -> list[dict[str, Any]]:
    found = keys.value_at(tree, path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _clients(tree: Any) -> Iterator[Problem]:
    segments = table(tree, "segments")
    for index, client in enumerate(_listed(tree, "accounts")):
        segment = client.get("segment")
        if isinstance(segment, str) and segment not in segments:
            yield unknown(("accounts", index, "segment"), segment, "segment", segments)
        elif isinstance(segment, str) and table(segments, segment).get("buying") == "purchases":
            text = f"a named client pays by the month, but {segment} buys purchase by purchase; give another segment"
            yield Problem(("accounts", index, "segment"), text)
        elif isinstance(segment, str) and _is_raw_beta(table(segments, segment)) and "annual_churn" not in client:
            text = f"missing; give the chance that it leaves within a year: {segment} has no annual_churn to take"
            yield Problem(("accounts", index, "annual_churn"), text)


def _is_raw_beta(segment: dict[str, Any]) -> bool:
    return "annual_churn" not in segment and table(segment, "frailty").get("kind") == "beta"


def _client_names(tree: Any) -> Iterator[Problem]:
    taken = {str(name): "a segment" for name in table(tree, "segments")}
    for index, client in enumerate(_listed(tree, "accounts")):
        name = client.get("name")
        if not isinstance(name, str) or not name:
            continue
        if name in taken:
            yield Problem(("accounts", index, "name"), f"so is called {taken[name]} (got {got(name)}); give another")
        taken[name] = "another client"


def _events(tree: Any) -> Iterator[Problem]:
    """Check that the mechanism an event belongs to is on, and that the client it names is there and can accept."""
    kinds = {kind: name for name in _every() for kind in _kinds_of(name)}
    clients = {c["name"]: c for c in _listed(tree, "accounts") if isinstance(c.get("name"), str) and c["name"]}
    for group in ("pieces", "arms"):
        for name in tables(tree, group):
            for index, event in enumerate(_listed(tree, group, name, "event")):
                path: Path = (group, name, "event", index)
                owner = kinds.get(str(event.get("kind")))
                if owner in mechanisms.NAMES and owner not in table(tree, "mechanisms"):
                    text = f"this event needs a mechanism that is not on; add the table [mechanisms.{owner}]"
                    yield Problem((*path, "kind"), text)
                seats, seat = table(tree, "mechanisms", "account_managers").get("managers"), event.get("seat")
                if isinstance(seats, int) and isinstance(seat, int) and seat >= seats:
                    text = f"there is no such seat (got {seat}, counted from 0); give one below {seats}"
                    yield Problem((*path, "seat"), text)
                client = event.get("account")
                if isinstance(client, str) and client not in clients:
                    yield unknown((*path, "account"), client, "named client", clients)
                elif isinstance(client, str) and (wrong := _too_generous(event, clients[client])):
                    yield Problem((*path, "discount"), wrong)


def _too_generous(offer: dict[str, Any], client: dict[str, Any]) -> str | None:
    """Say that an offer would leave a client next to nothing to pay, if it would."""
    given = [offer.get("discount"), client.get("rebate", 0.0)]
    is_each_a_share = all(type(share) in (int, float) and 0 <= share <= 1 for share in given)
    if not is_each_a_share or sum(given) <= MOST_GIVEN:
        return None
    return f"with its rebate of {got(given[1])} the client would be given {sum(given):g} of the price; at most 0.95"


def _every() -> tuple[str, ...]:
    return (*mechanisms.ALWAYS_ON, *mechanisms.NAMES)


def _kinds_of(name: str) -> list[str]:
    events: tuple[type[Event], ...] = getattr(mechanisms.module(name), "EVENTS", ())
    return [get_args(event.model_fields["kind"].annotation)[0] for event in events]


def _named_tables(tree: Any) -> Iterator[Problem]:
    """Check that tables of mechanisms by segment or by channel bear names that are there."""
    brings = {"referrals"} & set(table(tree, "mechanisms"))
    known = {
        "segments": ("segment", sorted(table(tree, "segments"))),
        "channels": ("channel", sorted({"existing", *table(tree, "acquisition"), *brings})),
    }
    for name in tables(tree, "mechanisms"):
        for key, (what, names) in known.items():
            for word in table(tree, "mechanisms", name, key):
                if word not in names:
                    yield unknown(("mechanisms", name, key, word), str(word), what, names)


def _empty_capacity(tree: Any) -> Iterator[Problem]:
    """Check that who has customers to look after has time for some of them, and that the market holds them."""
    if table(tree, "mechanisms", "account_managers").get("managers") == 0:
        text = "nobody looks after anybody (got 0); give managers at least 1, or leave the table out"
        yield Problem(("mechanisms", "account_managers", "managers"), text)
    here = table(tree, "pool").get("customers", 0)
    size = table(tree, "mechanisms", "market").get("size")
    clients = len(_listed(tree, "accounts"))
    if isinstance(here, int) and isinstance(size, int | float) and size is not True and 0 < size < here + clients:
        text = f"smaller than the pool at month 0 ({here:_} customers, got {got(size)}); give at least as many"
        yield Problem(("mechanisms", "market", "size"), text)
    buys = [name for name, segment in tables(tree, "segments").items() if segment.get("buying") == "purchases"]
    if buys and "margin_by_year" in table(tree, "mechanisms", "growth"):
        text = f"margins by year are of who pays by the month, but {buys[0]} buys purchase by purchase; leave it out"
        yield Problem(("mechanisms", "growth", "margin_by_year"), text)
    if table(tree, "mechanisms", "follow_up").get("capacity_per_month") == 0:
        text = "nobody would ever be called (got 0); give capacity_per_month above 0, or leave the table out"
        yield Problem(("mechanisms", "follow_up", "capacity_per_month"), text)


def _touches(tree: Any) -> Iterator[Problem]:
    """Check that the touches a mechanism is told to listen to are emitted by something that is on."""
    on = table(tree, "mechanisms")
    emitters = {touch: name for name in _every() for touch in mechanisms.module(name).Mechanism.touches}
    buys = any(segment.get("buying") == "purchases" for segment in tables(tree, "segments").values())
    for name, raw in tables(tree, "mechanisms").items():
        for key, value in raw.items():
            declared = keys.find(("mechanisms", name, key), tree)
            if declared is None or declared.unit != "touches" or not isinstance(value, list):
                continue
            for index, touch in enumerate(value):
                path: Path = ("mechanisms", name, key, index)
                if isinstance(touch, str) and (wrong := _unheard(touch, emitters, on, buys=buys)):
                    yield Problem(path, wrong)


def _unheard(touch: str, emitters: dict[str, str], on: dict[str, Any], *, buys: bool) -> str | None:
    if touch in KERNEL_TOUCHES or (touch == "purchase" and buys):
        return None
    known = sorted({*emitters, *KERNEL_TOUCHES})
    owner = emitters.get(touch)
    if owner is None:
        return f"no such touch (got {got(touch)}); give {listing(known, 30)}{did_you_mean(touch[:40], known)}"
    if touch == "purchase":
        return 'nobody emits purchase here; give a segment buying = "purchases", or another touch'
    if owner in mechanisms.NAMES and owner not in on:
        return f"nobody emits {touch} here; add the table [mechanisms.{owner}], or name another touch"
    return None
