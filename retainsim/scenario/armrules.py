"""Armrules: what the changes of arms and pieces may do to a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from retainsim.scenario import deskrules, keys
from retainsim.scenario.arms import changed, steps
from retainsim.scenario.finding import Problem, got, number
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.scenario.interplay import table, tables
from retainsim.scenario.messages import translate
from retainsim.scenario.rules import is_raw_beta, mixes
from retainsim.scenario.schema import Change, Parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retainsim.scenario.positions import Path

SHARED = {"run", "pool", "pieces", "arms"}
SHAPING = {"share", "frailty", "duration", "term_months", "billing", "customer_for_months"}


@dataclass(frozen=True)
class Placed:
    """A change and where it is written."""

    path: Path
    change: Change

    @property
    def end(self) -> float:
        """Return the month at which it ends; infinity if it does not."""
        return float("inf") if self.change.until_month is None else self.change.until_month


def check(tree: Any) -> Iterator[Problem]:
    """Check which keys are changed, and that no arm has two hands on the same one."""
    for path, raw in _written(tree):
        if isinstance(raw.get("set"), str) and (wrong := wrong_target(raw["set"], tree)):
            yield Problem((*path, "set"), wrong)
    seen = set()
    for name in tables(tree, "arms"):
        for problem in (*_twice_included(tree, name), *_two_levers(tree, name), *_collisions(tree, name)):
            if problem not in seen:
                seen.add(problem)
                yield problem


def _written(tree: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    for group in ("pieces", "arms"):
        for name, part in tables(tree, group).items():
            yield from _changes((group, name), part)


def _changes(path: Path, part: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    listed = part.get("change")
    for index, raw in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(raw, dict):
            yield (*path, "change", index), raw


def _parts(tree: Any, arm: str) -> dict[Path, dict[str, Any]]:
    """Return the pieces that an arm includes and the arm itself, by where they are written."""
    include = table(tree, "arms", arm).get("include")
    words = [word for word in (include if isinstance(include, list) else []) if isinstance(word, str)]
    paths = [*(("pieces", word) for word in words), ("arms", arm)]
    return {path: table(tree, *path) for path in paths}


def _placed(tree: Any, arm: str) -> list[Placed]:
    """Return the changes of an arm, those of its pieces first; what the schema refuses is left out."""
    found = []
    for path, part in _parts(tree, arm).items():
        for where, raw in _changes(path, part):
            try:
                found.append(Placed(where, Change.model_validate(raw)))
            except ValidationError:
                continue  # reported with the rest of what the schema finds
    return found


def _twice_included(tree: Any, arm: str) -> Iterator[Problem]:
    include = table(tree, "arms", arm).get("include")
    words = include if isinstance(include, list) else []
    for index, word in enumerate(words):
        if isinstance(word, str) and word in words[:index]:
            yield Problem(("arms", arm, "include", index), f"included twice (got {got(word)}); name it once")


def _two_levers(tree: Any, arm: str) -> Iterator[Problem]:
    levers = [path for path, part in _parts(tree, arm).items() if "retention" in part]
    for path in levers[1:]:
        text = f"a second retention lever in the arm {arm} (the first: {keys.dotted(levers[0])}); keep one"
        yield Problem((*path, "retention"), text)


def _collisions(tree: Any, arm: str) -> Iterator[Problem]:
    """Find changes of one key whose times overlap."""
    by_start = sorted(_placed(tree, arm), key=lambda placed: placed.change.from_month)
    last: dict[str, Placed] = {}
    for placed in by_start:
        earlier = last.get(placed.change.set)
        if earlier and placed.change.from_month < earlier.end:
            yield Problem((*placed.path, "set"), _collision(arm, earlier, placed))
        if earlier is None or placed.end > earlier.end:
            last[placed.change.set] = placed


def _collision(arm: str, earlier: Placed, later: Placed) -> str:
    return (
        f"the arm {arm} sets {got(later.change.set)} twice at month {later.change.from_month:g} "
        f"(also: {keys.dotted(earlier.path)}); end one before the other starts, with until_month"
    )


def wrong_target(target: str, tree: Any) -> str | None:
    """Return why an arm cannot change a key, by dotted path, or None where it can."""
    path = tuple(steps(target, tree))
    if wrong := _nowhere(path, tree):
        return wrong
    if path[0] in SHARED or path == ("churn", "target_annual") or _shapes_pool(path):
        remedy = f"it is the same in all arms; use --set {target}=... or another scenario"
        return f"an arm cannot change {target}: {remedy}"
    key = keys.find(path, tree)
    if key is None or not (key.is_number or key.is_whole):
        noun = keys.nouns(key) if key else "nothing"
        return f"only a number can change (got {target}: {noun}); give the path of a key that holds one"
    value = keys.value_at(tree, path)
    return _unchangeable(path, key.default if value is None else value, tree)


def _shapes_pool(path: Path) -> bool:
    return path[0] in ("segments", "plans", "accounts") and len(path) > 2 and path[2] in SHAPING


def _nowhere(path: Path, tree: Any) -> str | None:
    """Say at which part a path leaves the scenario, or return None where it does not."""
    key, node = keys.ROOT, tree
    for index, part in enumerate(path):
        inner, known = keys.step(key, part, node), _names(key, node)
        if inner is None or str(part) not in known:
            within = f" in {keys.dotted(path[:index])}" if index else ""
            remedy = f"give one of {listing(known, 20)}" if known else "write it into the file first"
            return f"there is no {got(str(part))}{within}; {remedy}{did_you_mean(str(part)[:40], known)}"
        key, node = inner, keys.child(node, part)
        if node is None and path[0] == "mechanisms" and index == 1:
            name = keys.dotted(path[:2])
            return f"{name} is not switched on, so nothing in it can change; add the table [{name}]"
    return None


def _names(key: keys.Key, node: Any) -> list[str]:
    """Return what may follow in a path: keys of the schema, names in the file, or places in a list."""
    if isinstance(node, dict) and key.holds(dict):
        return [*key.allowed(node), *map(str, node)]
    if isinstance(node, list) and key.holds(list):
        return [str(index) for index in range(len(node))]
    return list(key.allowed(node))


def _unchangeable(path: Path, value: Any, tree: Any) -> str | None:
    target = keys.dotted(path)
    if value is None:
        return f"{target} has no value in this scenario, so nothing can change; {_where_else(path, tree)}"
    is_churn = path[0] in ("segments", "accounts") and path[2:] == ("annual_churn",)
    if is_churn and path[0] == "segments" and is_raw_beta(tree, table(tree, "segments", str(path[1]))):
        return f"{target} is not used: churn comes from the beta frailty; change nothing, or calibrate"
    if (is_churn or path[:2] == ("churn", "reasons")) and number(value) == 0:
        return f"{target} is 0, and a hazard of 0 cannot be scaled; give it a value above 0 in the file"
    return None


def _where_else(path: Path, tree: Any) -> str:
    plan = keys.value_at(tree, (*path[:2], "plan"))
    if path[0] == "segments" and path[-1] == "price" and isinstance(plan, str):
        return f"it comes from plans.{plan}.price: set that"
    return "give it one in the file"


def limits(parameters: Parameters, tree: Any) -> Iterator[Problem]:
    """Check that the arms' changes, at full strength, leave every key within its limits.

    What a ramp passes through lies between two values that are within them.
    """
    seen = set()
    for name in parameters.arms:
        placed = _placed(tree, name)
        turns = {0.0, *(p.change.from_month for p in placed), *(p.end for p in placed)}
        for time in sorted(turn for turn in turns if turn < parameters.run.months):
            active = [p for p in placed if p.change.from_month <= time < p.end]
            for problem in _broken(parameters, active):
                if problem not in seen:
                    seen.add(problem)
                    yield problem


def _broken(parameters: Parameters, active: list[Placed]) -> Iterator[Problem]:
    if not active:
        return
    tree = changed(parameters, [(placed.change, 1.0) for placed in active])
    found = [*mixes(tree), *deskrules.shares(tree)]
    try:
        Parameters.model_validate(tree)
    except ValidationError as error:
        found += translate(error.errors(include_url=False), tree)
    for problem in found:
        culprit = _culprit(problem.path, active, tree)
        yield Problem(culprit.path, f"once changed, {keys.dotted(problem.path)}: {problem.unhinted}")


def _culprit(path: Path, active: list[Placed], tree: Any) -> Placed:
    """Return the last change that touched what is wrong."""
    touching = [p for p in active if tuple(steps(p.change.set, tree))[: len(path)] == path]
    return (touching or active)[-1]
