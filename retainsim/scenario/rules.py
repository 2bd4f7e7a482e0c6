"""Rules: what must fit together across the tables of a scenario, beyond the limits of each key.

The rules read the tree as the file gives it, not the models made from it: they look at names and at which
keys are there, pass over whatever has the wrong type, and so can report together with what the schema finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.scenario import deskrules, interplay, keys
from retainsim.scenario.finding import Problem, number
from retainsim.scenario.interplay import reasons, table, tables, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retainsim.scenario.keys import Key
    from retainsim.scenario.positions import Path


def check(tree: Any) -> Iterator[Problem]:
    """Check everything that concerns more than one table, the arms' changes left to `armrules`."""
    for rule in (_shares, _plans, _prices, _churn, _moves, mixes, _existing, _nobody, _precision, _curves, _names):
        yield from rule(tree)
    yield from interplay.check(tree)
    yield from deskrules.check(tree)


def _shares(tree: Any) -> Iterator[Problem]:
    shares = [number(segment.get("share", 1.0)) for segment in tables(tree, "segments").values()]
    if shares and all(share == 0 for share in shares):
        yield Problem(("segments",), "the shares of the segments sum to zero; give at least one above 0")


def _plans(tree: Any) -> Iterator[Problem]:
    for group in ("segments", "acquisition"):
        for name, entry in tables(tree, group).items():
            plan = entry.get("plan")
            if isinstance(plan, str) and plan not in table(tree, "plans"):
                yield unknown((group, name, "plan"), plan, "plan", table(tree, "plans"))


def _prices(tree: Any) -> Iterator[Problem]:
    if "margin_by_year" in table(tree, "mechanisms", "growth"):
        return
    plans = table(tree, "plans")
    for name, segment in tables(tree, "segments").items():
        plan = segment.get("plan")
        on = plans.get(plan, {"price": "of a plan that is not there"}) if isinstance(plan, str) else {}
        is_subscription = segment.get("buying", "subscription") == "subscription"
        if is_subscription and "price" not in segment and isinstance(on, dict) and "price" not in on:
            remedy = "give money per customer-month, here or in a plan that the segment is on"
            yield Problem(("segments", name, "price"), f"missing; {remedy}")


def _churn(tree: Any) -> Iterator[Problem]:
    for name, segment in tables(tree, "segments").items():
        drops_out = "dropout" in table(segment, "purchases")
        if "annual_churn" not in segment and not is_raw_beta(tree, segment) and not drops_out:
            remedy = (
                "give the observed 12-month churn (share a year); only beta frailty with "
                "churn.calibrate = false does without"
            )
            yield Problem(("segments", name, "annual_churn"), f"missing; {remedy}")


def is_raw_beta(tree: Any, segment: dict[str, Any]) -> bool:
    """Tell whether a segment's churn comes from a beta frailty alone, so that `annual_churn` is not used."""
    return _kind(segment) == "beta" and table(tree, "churn").get("calibrate") is False


def _kind(segment: dict[str, Any]) -> Any:
    return table(segment, "frailty").get("kind", "none")


def _moves(tree: Any) -> Iterator[Problem]:
    segments = table(tree, "segments")
    for name, segment in tables(tree, "segments").items():
        for target in table(segment, "moves"):
            path = ("segments", name, "moves", target)
            if target not in segments:
                yield unknown(path, target, "segment", [other for other in segments if other != name])
            elif target == name:
                yield Problem(path, f"a move from {name} to itself; name another segment or leave it out")
            elif (_kind(segment) == "beta") != (_kind(table(segments, target)) == "beta"):
                yield Problem(path, _mixed_kinds(name, target))


def _mixed_kinds(name: str, target: str) -> str:
    return (
        f"a move between a segment with beta frailty and one with another kind (got {name} to {target}); "
        "give both beta frailty, or neither"
    )


def mixes(tree: Any) -> Iterator[Problem]:
    """Check that every channel's mix names segments and has somebody in it."""
    segments = table(tree, "segments")
    for name, channel in tables(tree, "acquisition").items():
        mix = channel.get("mix")
        for segment in table(channel, "mix"):
            if segment not in segments:
                yield unknown(("acquisition", name, "mix", segment), segment, "segment", segments)
        if isinstance(mix, dict) and all(number(share) == 0 for share in mix.values()):
            text = "the shares of the mix sum to zero; give at least one above 0"
            yield Problem(("acquisition", name, "mix"), text)


def _existing(tree: Any) -> Iterator[Problem]:
    if "existing" in table(tree, "acquisition"):
        text = 'no channel may be called "existing": so are the customers of month 0; give another name'
        yield Problem(("acquisition", "existing"), text)


def _nobody(tree: Any) -> Iterator[Problem]:
    if (
        number(table(tree, "pool").get("customers", 0)) == 0
        and tree.get("acquisition", {}) == {}
        and not tree.get("accounts")
    ):
        text = "no customers and no channel, so nothing to simulate; give customers, or [acquisition.<name>]"
        yield Problem(("pool",), text)


def _precision(tree: Any) -> Iterator[Problem]:
    if {"precision", "replications"} <= set(table(tree, "run")):
        text = "precision and replications are both given; give one: how exact, or how often"
        yield Problem(("run", "precision"), text)


def _curves(tree: Any) -> Iterator[Problem]:
    """Check that today's point fixes every response curve; what is decided later may well be no spend at all."""
    for name, channel in tables(tree, "acquisition").items():
        if number(channel.get("spend")) == 0 and (number(channel.get("joins")) or 0) > 0:
            text = "joins come at spend = 0, so the curve is unknown; leave spend out for free joins"
            yield Problem(("acquisition", name, "spend"), text)
    programme = table(tree, "mechanisms", "retention_programme")
    is_free = number(programme.get("spend_per_customer", 0)) == 0 and "effect_at" not in programme
    if programme and is_free and (number(programme.get("effect")) or 0) > 0:
        text = "with spend_per_customer = 0 the curve is unknown; say at which spend the effect holds: effect_at"
        yield Problem(("mechanisms", "retention_programme", "effect"), text)


def _names(tree: Any) -> Iterator[Problem]:
    """Check the reasons, segments, desks and pieces that arms and mechanisms name."""
    known = {"reasons": reasons(tree), "segments": set(table(tree, "segments")), "desks": set(deskrules.desks(tree))}
    for group in ("arms", "pieces", "mechanisms"):
        for path, key, word in _words(table(tree, group), (group,), keys.find((group,), tree)):
            names = known.get(key.unit)
            if names and word not in names:
                yield unknown(path, word, key.unit.removesuffix("s"), sorted(names))
    for name, arm in tables(tree, "arms").items():
        include = arm.get("include")
        for index, piece in enumerate(include if isinstance(include, list) else []):
            if isinstance(piece, str) and piece not in table(tree, "pieces"):
                yield unknown(("arms", name, "include", index), piece, "piece", table(tree, "pieces"))


def _words(node: Any, path: Path, key: Key | None) -> Iterator[tuple[Path, Key, str]]:
    """Yield every text in a list below `path`, with what may stand there."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for part, value in parts:
        inner = keys.step(key, part, node) if key else None
        if inner is not None and isinstance(part, int) and isinstance(value, str):
            yield (*path, part), inner, value
        elif inner is not None:
            yield from _words(value, (*path, part), inner)
