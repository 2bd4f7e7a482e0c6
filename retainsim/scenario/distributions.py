"""Distributions: what may stand in place of a number whose value is not known.

A table with exactly one key, such as `{ normal = [0.22, 0.02] }`, is drawn once per replication. Every law is
cut to its central 99.98 %, so that it has two ends, which can be checked against the limits of the key before
anything runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retainsim.scenario import keys
from retainsim.scenario.finding import Problem, got
from retainsim.scenario.quantiles import LAWS, TAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retainsim.scenario.keys import Key
    from retainsim.scenario.positions import Path

FORMS = {
    "normal": "[mean, sd]",
    "uniform": "[low, high]",
    "triangular": "[low, mode, high]",
    "lognormal": "[median, sigma]",
    "beta": "[a, b] or [a, b, low, high]",
}
TIMING = ("from_month", "until_month", "ramp_months", "at_month")  # of arms: when is decided, not unknown


@dataclass(frozen=True)
class Distribution:
    """A law for one number, by its kind and its numbers in the order of `FORMS`.

    Raises
    ------
    ValueError
        If the kind is unknown, the numbers are too many or too few, not finite or out of range, or if the
        ends of the law are beyond what a computer can hold.
    """

    kind: str
    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        law = LAWS.get(self.kind)
        if law is None or len(self.numbers) not in law.counts or not all(map(math.isfinite, self.numbers)):
            raise ValueError(f"a distribution of this kind is {self.kind} = {FORMS.get(self.kind, '')}")
        if not law.is_sound(*self.numbers):
            raise ValueError(f"{self.kind} = {FORMS[self.kind]} needs {law.needs}")
        low, high = self.ends
        if not -math.inf < low <= self.mean <= high < math.inf:
            raise ValueError("its tails are too long to be drawn from; narrow it")

    def __str__(self) -> str:
        return f"{self.kind} = [{', '.join(f'{number:g}' for number in self.numbers)}]"

    @property
    def ends(self) -> tuple[float, float]:
        """Return the lowest and highest value that can be drawn."""
        return self.quantile(0.0), self.quantile(1.0)

    @property
    def mean(self) -> float:
        """Return the mean of the whole law; that of the draws differs by less than 5 % (tested)."""
        return LAWS[self.kind].mean(*self.numbers)

    def quantile(self, u: float) -> float:
        """Return the value below which a share `u` in [0, 1] of the draws lies."""
        return LAWS[self.kind].quantile(TAIL + u * (1 - 2 * TAIL), *self.numbers)


def find(tree: Any) -> tuple[dict[Path, Distribution], list[Problem]]:
    """Find the distributions of a scenario's tree, and what is wrong with some of them."""
    found, problems = {}, []
    for path, spec in _specs(tree, (), keys.ROOT):
        if not _may_be_drawn(path, tree):
            text = f"no distribution may stand here (got {_written(spec)}); give a number"
            problems.append(Problem(path, text))
            continue
        try:
            found[path] = _read(spec)
        except ValueError as error:
            problems.append(Problem(path, f"{error} (got {_written(spec)})"))
    return found, problems


def substitute(tree: Any, values: Mapping[Path, float], path: Path = ()) -> Any:
    """Return a copy of the part of a tree at `path`, with a number at each path of `values`."""
    if path in values:
        return values[path]
    if isinstance(tree, dict):
        return {key: substitute(value, values, (*path, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [substitute(value, values, (*path, index)) for index, value in enumerate(tree)]
    return tree


def _specs(node: Any, path: Path, key: Key) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every table that stands where a number should, and has the one key of a distribution."""
    is_number = key.is_number or key.is_whole
    if is_number and isinstance(node, dict) and len(node) == 1 and set(node) <= set(FORMS):
        yield path, node
        return
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for part, value in parts:
        inner = keys.step(key, part, node)
        if inner is not None:
            yield from _specs(value, (*path, part), inner)


def _may_be_drawn(path: Path, tree: Any) -> bool:
    key = keys.find(path, tree)
    is_timing = path[0] in ("arms", "pieces") and path[-1] in TIMING
    return key is not None and key.is_number and path[0] != "run" and not is_timing


def _read(spec: dict[str, Any]) -> Distribution:
    (kind, numbers), *_ = spec.items()
    if not isinstance(numbers, list) or not all(type(number) in (int, float) for number in numbers):
        raise ValueError(f"a distribution of this kind is {kind} = {FORMS[kind]}")
    if any(abs(number) > 1e300 for number in numbers):
        raise ValueError("its numbers are too large for a computer")
    return Distribution(kind, tuple(float(number) for number in numbers))


def _written(spec: dict[str, Any]) -> str:
    (kind, numbers), *_ = spec.items()
    return f"{kind} = {got(numbers)}"
