"""Uncertainty: how much of an answer's spread is luck and how much ignorance, and which number to measure first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from retainsim.draws import Floats, Ints
from retainsim.errors import UsageError
from retainsim.study.answer import Answer, report_of
from retainsim.study.compare import BASELINE
from retainsim.study.doubt import verdict
from retainsim.study.indices import LUCK, Design, design, indices
from retainsim.study.information import evpi, expected, partial_evpi
from retainsim.study.input import Input, concerns
from retainsim.study.pair import pair
from retainsim.study.range import describe
from retainsim.study.trials import Effort, Piece, Trials
from retainsim.study.variance import Estimated, bounded, components, jackknife

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

POINTS = 640
"""Points played unless draws are given: about as many as take 30 s on two cores with the shipped scenario."""
_FEWEST, _MOST = 16, 4096
_USUAL = (32, 256)


@dataclass(frozen=True)
class Sample:
    """What was played: the difference between two arms at every point of the design."""

    plan: Design
    inputs: tuple[Input, ...]
    at: Floats
    """Values of the inputs, shape (points, inputs)."""
    difference: Floats
    """Shape (points,)."""

    @property
    def options(self) -> Floats:
        """Return what each option comes to, the rival being zero, shape (points, 2)."""
        return np.column_stack([np.zeros_like(self.difference), self.difference])

    @cached_property
    def is_ahead(self) -> bool:
        """True where the arm is the advice: its mean is above its rival's."""
        return bool(self.difference.mean() > 0.0)

    def points(self, draws: Ints) -> Ints:
        """Return the places of the points that follow from some draws."""
        return (draws[:, None] * self.plan.block + np.arange(self.plan.block)).ravel()

    def estimate(self, draws: Ints) -> Floats:
        """Return mean, luck, ignorance, P(right), EVPI and the EVPI of every input, from some of the draws."""
        points = self.points(draws)
        options, at = self.options[points], self.at[points]
        luck, ignorance = components(self.plan.pairs(self.difference)[draws])
        known = expected(at, options)
        right = (known[:, 1] > 0.0) == self.is_ahead
        whole = evpi(known)
        parts = [min(partial_evpi(at[:, i], options), whole) for i in range(at.shape[1])]
        return np.array([options[:, 1].mean(), luck, ignorance, right.mean(), whole, *parts])


def uncertainty(
    scenario: Scenario, arm: str | None = None, *, against: str = BASELINE, draws: int | None = None,
    **effort: Unpack[Effort],
) -> Answer:  # fmt: skip
    """Split the spread of the difference between two arms into luck and ignorance, and say what to measure first.

    Parameters
    ----------
    scenario
        What `load` returned; what is not known in it is a distribution.
    arm, against
        The two arms; default: the one the headline is about, and the baseline.
    draws
        Draws of all that is not known (at least 16); each is played at inputs + 3 points. Default: as many, 32 to 256,
        as make about 640 points.
    effort
        `jobs`, `progress` and `store`, as `Trials` takes them; replications do not count here.

    Raises
    ------
    UsageError
        If nothing is unknown in the scenario, an arm is unknown, or draws are out of range.
    ScenarioError
        If the observed churn cannot be reproduced, or what may be drawn is not allowed.
    """
    own = pair(scenario, arm, against)
    inputs = _unknown(scenario, own, against)
    count = _draws(draws, len(inputs))
    effort.pop("replications", None)
    trials = Trials(scenario, **effort)
    sample = _played(trials, inputs, (own, against), design([each.key for each in inputs], count, _seed(scenario)))
    content = _content(sample) | {"arm": own, "against": against, "measure": "npv"}
    content["advice"] = own if sample.is_ahead else against
    report = report_of("uncertainty", scenario, 2 * count, verdict(scenario, content, inputs), content)
    tables = {"indices": _table(content["indices"]), "draws": _drawn(sample)}
    return Answer("uncertainty", scenario, report, tables, ("uncertainty",))


def _unknown(scenario: Scenario, arm: str, against: str) -> tuple[Input, ...]:
    keys = [key for key in scenario.distributions if any(concerns(scenario, key, name) for name in (arm, against))]
    if not keys:
        name = next(iter(scenario.parameters.segments))
        churn = scenario.parameters.segments[name].annual_churn
        value = 0.2 if churn is None else churn
        raise UsageError(
            "nothing is unknown in this scenario: no number of it that matters to these arms is a distribution. Write "
            f"one in its place, such as annual_churn = {{ normal = [{value:g}, {value / 10:g}] }} (mean and standard "
            f"deviation) in [segments.{name}], or give it with "
            f"--set 'segments.{name}.annual_churn={{normal=[{value:g},{value / 10:g}]}}'"
        )
    return tuple(describe(scenario, key) for key in keys)


def _draws(asked: int | None, inputs: int) -> int:
    """Return how many draws to make: a power of two, which the points of Sobol need to be spread evenly."""
    if asked is None:
        asked = min(max(POINTS // (inputs + 3), _USUAL[0]), _USUAL[1])
    elif not _FEWEST <= asked <= _MOST:
        raise UsageError(f"draws: {asked} (at least {_FEWEST}, at most {_MOST:,})")
    return int(2 ** math.floor(math.log2(asked)))


def _seed(scenario: Scenario) -> int:
    return scenario.parameters.run.seed % 2**32


def _played(trials: Trials, inputs: tuple[Input, ...], arms: tuple[str, str], plan: Design) -> Sample:
    """Play both arms at every point: its inputs, and its luck."""
    laws = [trials.scenario.distributions[each.key] for each in inputs]
    at = np.array([[law.quantile(rank) for law, rank in zip(laws, row, strict=True)] for row in plan.ranks.tolist()])
    pieces: list[Piece] = []
    for arm in arms:
        mine = [i for i, each in enumerate(inputs) if concerns(trials.scenario, each.key, arm)]
        variants = [trials.variant(arm, assumed={inputs[i].key: row[i] for i in mine}) for row in at.tolist()]
        pieces += zip(variants, plan.luck.tolist(), strict=True)
    found = trials.each(pieces)
    return Sample(plan, inputs, at, found[: len(at)] - found[len(at) :])


def _content(sample: Sample) -> dict[str, Any]:
    mean, luck, ignorance, right, whole, *parts = jackknife(sample.plan.draws, sample.estimate)
    found = indices(sample.plan, sample.difference)
    of_luck, share = _share(sample), 1.0 - (found[LUCK]["total"]["mean"] or 0.0)
    is_seen = share > 0.0 and (of_luck["high"] or 0.0) < 1.0
    rows = [
        _row(each, found[each.key], share if is_seen else None, part)
        for each, part in zip(sample.inputs, parts, strict=True)
    ]
    spread = [bounded(luck), bounded(ignorance)]
    return {
        "difference": {**mean, **_percentiles(sample.difference)},
        "variance": {"luck": spread[0], "ignorance": spread[1], "share_of_luck": of_luck},
        "indices": sorted(rows, key=lambda row: (-row["evpi"]["mean"], -(row["total"]["mean"] or 0.0))),
        "p_right": bounded(right, high=1.0),
        "evpi": bounded(whole),
        "budget": {"draws": sample.plan.draws, "points": len(sample.difference), "luck": 2 * sample.plan.draws},
    }


def _share(sample: Sample) -> Estimated:
    """Estimate the share of luck in the variance of the difference."""

    def share(draws: Ints) -> Floats:
        luck, ignorance = components(sample.plan.pairs(sample.difference)[draws])
        return np.array([luck / (luck + ignorance) if luck + ignorance > 0.0 else float(luck > 0.0)])

    return bounded(jackknife(sample.plan.draws, share)[0], high=1.0)


def _percentiles(difference: Floats) -> dict[str, float]:
    p05, p95 = np.quantile(difference, [0.05, 0.95]).tolist()
    return {"p05": p05, "p95": p95}


def _row(asked: Input, found: dict[str, Estimated], share: float | None, part: Estimated) -> dict[str, Any]:
    """Return one input: its indices as shares of ignorance, and what knowing it exactly would be worth.

    None of the former where ignorance has no share that can be told from none beside luck.
    """
    scaled = {
        kind: {end: None if share is None else (value or 0.0) / share for end, value in each.items()}
        for kind, each in found.items()
    }
    return {
        "key": asked.key, "title": asked.title, "unit": asked.unit, "today": asked.today, "low": asked.low,
        "high": asked.high, **scaled, "evpi": bounded(part),
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    plain, estimates = ("key", "title", "unit", "today", "low", "high"), ("first", "total", "evpi")
    return pd.DataFrame(
        {key: row[key] for key in plain} | {f"{kind}_{end}": row[kind][end] for kind in estimates for end in row[kind]}
        for row in rows
    )


def _drawn(sample: Sample) -> pd.DataFrame:
    """Tabulate every point: its inputs, whose luck, and the difference."""
    columns = {each.key: sample.at[:, i] for i, each in enumerate(sample.inputs)}
    return pd.DataFrame({**columns, LUCK: sample.plan.luck, "difference": sample.difference})
