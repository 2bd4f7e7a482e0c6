"""Making: small scenarios, worlds and outcomes, as the tests of all folders need them."""

import dataclasses
from typing import Any

import numpy as np
from hypothesis import settings

from retainsim import engine
from retainsim.bases import Bases
from retainsim.calibration import raw_bases
from retainsim.churn import Churn
from retainsim.draws import Luck, key, name
from retainsim.laws import Duration, Frailty
from retainsim.mechanisms import module
from retainsim.pool import Pool
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Parameters
from retainsim.world import Setup, World

SEGMENT = {"price": 50.0, "gross_margin": 0.8, "cost_to_serve": 5.0, "annual_churn": 0.3}
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)
"""The same examples every time, on however slow a machine."""


def parameters(**tables: Any) -> Parameters:
    """Return the parameters of a small firm, with other tables in the place of its own."""
    tree = {
        "run": {"months": 24},
        "pool": {"customers": 300},
        "segments": {"small": SEGMENT},
        "churn": {"reasons": {"price": 1.0, "service": 3.0}},
    }
    return Parameters.model_validate(tree | tables)


def setup(today: Parameters, arm: Arm | None = None, *, factor: float = 1.0, bases: Bases | None = None) -> Setup:
    """Return what a world starts from, hazards taken raw unless bases are given."""
    arm = arm or Arm()
    return Setup(today, arm, Timeline(today, arm), bases or raw_bases(today), factor)


def arm(**tables: Any) -> Arm:
    return Arm.model_validate(tables)


def world(today: Parameters, each: Arm | None = None, *, seed: int = 0, replication: int = 0, **more: Any) -> World:
    return engine.build(setup(today, each, **more), Luck(seed, replication))


def play(
    today: Parameters, each: Arm | None = None, *, seed: int = 0, replication: int = 0, eager: bool = False, **more: Any
) -> engine.Outcome:
    """Play one replication of one arm."""
    return engine.replicate(setup(today, each, **more), Luck(seed, replication), eager=eager)


def play_in_order(names: list[str], start: Setup, luck: Luck, monkeypatch: Any) -> engine.Outcome:
    """Play one replication with exactly these mechanisms, attached in this order."""

    def build(start: Setup, luck: Luck, **more: bool) -> World:
        return World(start, luck, [module(name).Mechanism() for name in names], **more)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "build", build)
        return engine.replicate(start, luck)


def flattened(value: Any, path: str = "") -> dict[str, bytes]:
    """Return every number of an outcome as bytes, by its path."""
    if dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: v for name, part in value.items() for k, v in flattened(part, f"{path}.{name}").items()}
    if isinstance(value, (list, tuple)):
        return {k: v for i, part in enumerate(value) for k, v in flattened(part, f"{path}.{i}").items()}
    array = np.asarray(value)
    return {path.lstrip("."): array.dtype.str.encode() + repr(array.shape).encode() + array.tobytes()}


def differing(one: Any, two: Any) -> list[str]:
    """Return the paths at which two outcomes differ in any byte, or that only one of them has."""
    left, right = flattened(one), flattened(two)
    return sorted(path for path in {*left, *right} if left.get(path) != right.get(path))


def firm_of(
    count: int, *, hazards: Any, durations: tuple[Duration, ...] = (Duration(),), luck: Luck | None = None,
    reasons: tuple[str, ...] = ("a", "b"), term: float = np.inf, segments: Any = 0, frailty: Any = 1.0,
) -> tuple[Pool, Churn]:  # fmt: skip
    """Return `count` newcomers of month 0 and the churn they are subject to: the kernel and nothing else."""
    pool, luck = Pool(len(durations)), luck or Luck(1, 0)
    churn = Churn(pool, luck, reasons=reasons, durations=durations, origins=1)
    churn.terms[:] = term
    rows = pool.append(count)
    pool["name"][rows] = name(key("test"), np.arange(count))
    pool["segment"][rows] = segments
    pool.place(rows, pool["segment"][rows])
    pool["frailty"][rows] = frailty
    churn.light(rows)
    table = np.broadcast_to(np.asarray(hazards, dtype=float), (len(durations), len(reasons)))
    for index, reason in enumerate(reasons):
        churn.add("reasons", reason, table[:, index])
    churn.open(rows, table)
    churn.hold(0.0)
    return pool, churn


def fuses(pool: Pool, churn: Churn) -> np.ndarray:
    """Return what is left of every fuse, shape (reasons, rows)."""
    return np.array([pool[f"fuse.{index}"] for index in range(len(churn.reasons))])


def bases_of(
    hazards: Any, *, frailties: tuple[Frailty, ...] = (Frailty(),), durations: tuple[Duration, ...] = (Duration(),),
    terms: tuple[float, ...] = (np.inf,), segments: tuple[str, ...] = ("small",), reasons: tuple[str, ...] = ("a",),
) -> Bases:  # fmt: skip
    return Bases(segments, reasons, np.asarray(hazards, dtype=float), frailties, durations, terms)
