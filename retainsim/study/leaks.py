"""Leaks: what closing each reason for leaving, and each mechanism that drives customers away, would be worth.

Every leak is closed in a run of its own on the luck of the baseline: those it spares stay until another reason takes
them, as they would. Closing is taken to cost nothing, so it is the most one could pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retainsim.engine import Outcome
from retainsim.hazards import Closed
from retainsim.ledger import exact_sum
from retainsim.scenario.schema import Parameters
from retainsim.study.compare import estimate

KINDS = ("reason", "mechanism")
COLUMNS = ("kind", "leak", "left", "saved", "elsewhere", "npv", "low", "high", "npv_to_horizon", "p_better")


@dataclass(frozen=True)
class Leak:
    """A reason for leaving, or a mechanism that feeds reasons."""

    kind: str
    name: str

    @property
    def closed(self) -> Closed:
        """Return what is closed in its run."""
        names = frozenset({self.name})
        return Closed(reasons=names) if self.kind == "reason" else Closed(mechanisms=names)


@dataclass(frozen=True)
class Spared:
    """What one replication comes to with a leak closed, less the baseline, and who left through the leak there.

    Parameters
    ----------
    left
        Leavings of the baseline through the leak.
    fewer
        Fewer leavings in all.
    saved
        Customers present at the horizon who left by then in the baseline.
    npv, npv_to_horizon
        Money gained, with closing value where the scenario has it, and without.
    """

    left: float
    fewer: float
    saved: float
    npv: float
    npv_to_horizon: float


def leaks_of(today: Parameters) -> list[Leak]:
    """Return the leaks a scenario has: every reason, and every mechanism that feeds one."""
    feeding = [name for name in today.on if getattr(today.mechanisms, name).drives_away()]
    return [Leak("reason", name) for name in today.reasons] + [Leak("mechanism", name) for name in feeding]


def spared(leak: Leak, baseline: Outcome, closed: Outcome, reasons: Sequence[str], *, with_closing: bool) -> Spared:
    """Compare a replication with a leak closed with the baseline on the same luck."""
    gain = closed.npv_to_horizon - baseline.npv_to_horizon
    later = exact_sum(closed.closing) - exact_sum(baseline.closing) if with_closing else 0.0
    return Spared(
        left=_left_through(leak, baseline, reasons),
        fewer=float(baseline.left.sum() - closed.left.sum()),
        saved=saved(closed, baseline),
        npv=gain + later,
        npv_to_horizon=gain,
    )


def saved(outcome: Outcome, baseline: Outcome) -> float:
    """Count those present at the horizon who have left by then in the baseline, and not come back."""
    return float(np.isin(lost(baseline), outcome.present[0]).sum())


def lost(outcome: Outcome) -> np.ndarray:
    """Return the names of those who have left by the horizon and not come back, sorted."""
    gone = np.unique(np.asarray(outcome.departed[0])) if outcome.departed else np.zeros(0, np.uint64)
    return gone if not outcome.present else np.setdiff1d(gone, outcome.present[0], assume_unique=True)


def _left_through(leak: Leak, outcome: Outcome, reasons: Sequence[str]) -> float:
    if leak.kind == "reason":
        return float(outcome.left[..., list(reasons).index(leak.name)].sum())
    return exact_sum(outcome.fed.get(leak.name, np.zeros(1)))


def table(found: Mapping[Leak, Sequence[Spared]]) -> pd.DataFrame:
    """Tabulate the leaks, one row each, the most valuable first within its kind.

    `left` is how many leave through it; `saved` how many of all who left are still there at the horizon if it is
    closed; `elsewhere` the share of those it spares who leave for something else by then; `npv` with `low` and `high`
    (95 % interval of the mean) what closing it is worth.
    """
    rows = [_row(leak, parts) for leak, parts in found.items()]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = frame["kind"].map({kind: index for index, kind in enumerate(KINDS)})
    return (
        frame.assign(order=order)
        .sort_values(["order", "npv"], ascending=[True, False], ignore_index=True)
        .drop(columns="order")
    )


def _row(leak: Leak, parts: Sequence[Spared]) -> dict[str, object]:
    gains = np.array([part.npv for part in parts])
    npv = estimate(gains)
    left, fewer = (float(np.mean([getattr(part, key) for part in parts])) for key in ("left", "fewer"))
    return {
        "kind": leak.kind,
        "leak": leak.name,
        "left": left,
        "saved": float(np.mean([part.saved for part in parts])),
        "elsewhere": 1.0 - fewer / left if left else 0.0,
        **{key: npv[value] for key, value in (("npv", "mean"), ("low", "low"), ("high", "high"))},
        "npv_to_horizon": float(np.mean([part.npv_to_horizon for part in parts])),
        "p_better": float((gains > 0).mean()),
    }
