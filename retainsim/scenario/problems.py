"""Problems: whether a scenario is right, and if it is not, everything that is wrong with it at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from retainsim.errors import ScenarioError
from retainsim.scenario import armrules, dates, distributions, keys, limits, rules
from retainsim.scenario.arms import steps
from retainsim.scenario.distributions import substitute
from retainsim.scenario.finding import Problem
from retainsim.scenario.messages import translate
from retainsim.scenario.schema import Parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from retainsim.scenario.distributions import Distribution
    from retainsim.scenario.document import Document
    from retainsim.scenario.positions import Path

MOST = 200  # problems that one message lists
JOINT = 6  # distributions in one table whose ends are tried in every combination; more of them pair by pair


@dataclass(frozen=True)
class Checked:
    """A scenario that is right.

    Attributes
    ----------
    tree
        The values of the file, dates as months of the run, distributions as written.
    distributions
        By path.
    parameters
        The file with every distribution at its mean.
    """

    tree: dict[str, Any]
    distributions: dict[Path, Distribution]
    parameters: Parameters


def check(document: Document) -> Checked:
    """Check a document against the schema and all rules.

    Raises
    ------
    ScenarioError
        If anything is wrong; one line for each problem, in the order of the file.
    """
    found, misdrawn = distributions.find(document.tree)
    if too_much := limits.find(document, found):
        raise _error(too_much, document)
    months, misdated = dates.find(document.tree)
    tree = substitute(document.tree, months)
    nominal = substitute(tree, {path: law.mean for path, law in found.items()})
    parameters, misfits = _validated(nominal)
    early = [*misdrawn, *misdated]
    problems = [*early, *_apart_from(misfits, early), *rules.check(nominal), *armrules.check(nominal)]
    if parameters is None or problems:
        raise _error(problems, document)
    late = [*armrules.limits(parameters, nominal), *_ends(tree, nominal, found)]
    if late:
        raise _error(late, document)
    return Checked(tree, found, parameters)


def _validated(tree: Any) -> tuple[Parameters | None, list[Problem]]:
    try:
        return Parameters.model_validate(tree), []
    except ValidationError as error:
        return None, list(translate(error.errors(include_url=False), tree))


def _apart_from(problems: list[Problem], known: Collection[Problem]) -> list[Problem]:
    """Leave out what the schema says about values that are known to be wrong already."""
    paths = {problem.path for problem in known}
    return [p for p in problems if not any(p.path[:end] in paths for end in range(len(p.path) + 1))]


def _error(problems: list[Problem], document: Document) -> ScenarioError:
    """Make the error that lists the problems by place."""
    order = {name: index for index, name in enumerate(document.sources)}
    placed = [(document.place(problem.path), problem) for problem in _without_echoes(problems)]
    placed.sort(key=lambda pair: (order.get(pair[0].file, -1), pair[0].line, pair[0].column))
    lines = [problem.line(place) for place, problem in placed[:MOST]]
    more = len(placed) - len(lines)
    return ScenarioError([*lines, f"... and {more} more problems; mend these first"] if more else lines)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Leave out that a key is missing where a mistyped one is taken for it."""
    meant = set()
    for problem in problems:
        hint = re.search(r'; did you mean "([^"]*)"\?$', problem.text)
        if hint and problem.text.startswith("unknown key"):
            meant.add((*problem.path[:-1], hint[1]))
    return [p for p in problems if not (p.path in meant and p.text.startswith("missing"))]


def _ends(tree: Any, nominal: Any, found: Mapping[Path, Distribution]) -> Iterator[Problem]:
    """Check that nothing a distribution can draw breaks a limit, so that no draw ever fails.

    Limits are ranges and comparisons, so it is enough to try the ends: all combinations of those that meet in
    one table, the others at their means.
    """
    seen: set[Path] = set()
    for group in _groups(nominal, found):
        for corner in _corners(group, found):
            means = {path: law.mean for path, law in found.items()}
            drawn = substitute(tree, means | corner)
            parameters, problems = _validated(drawn)
            if parameters is not None and parameters.arms:
                problems = list(armrules.limits(parameters, drawn))
            for problem in problems:
                if problem.path not in seen:
                    seen.add(problem.path)
                    yield _drawn(problem, corner, found)


def _groups(nominal: Any, found: Mapping[Path, Distribution]) -> list[list[Path]]:
    """Return the distributions by the table they meet in; that of an arm's change is where its key stands."""
    groups: dict[Path, list[Path]] = {}
    for path in found:
        target = keys.value_at(nominal, (*path[:-1], "set"))
        place = tuple(steps(target, nominal)) if "change" in path and isinstance(target, str) else path
        while isinstance(place[-1], int):
            place = place[:-1]
        groups.setdefault(place[:-1], []).append(path)
    return list(groups.values())


def _corners(group: list[Path], found: Mapping[Path, Distribution]) -> Iterator[dict[Path, float]]:
    for together in [tuple(group)] if len(group) <= JOINT else combinations(group, 2):
        for values in product(*(found[path].ends for path in together)):
            yield dict(zip(together, values, strict=True))


def _drawn(problem: Problem, corner: Mapping[Path, float], found: Mapping[Path, Distribution]) -> Problem:
    """Add to a problem which draws lead to it, and report it where the distribution stands."""
    if problem.path in corner:
        low, high = found[problem.path].ends
        reach = f"{found[problem.path]} reaches from {low:.4g} to {high:.4g}; narrow it"
        return Problem(problem.path, f"{problem.unhinted}; {reach}")
    draws = [f"{keys.dotted(path)} = {value:.4g} of {found[path]}" for path, value in corner.items()]
    return Problem(problem.path, f"{problem.unhinted}; so drawn: {', '.join(draws)}; narrow the distribution")
