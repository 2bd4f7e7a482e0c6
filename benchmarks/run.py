"""Benchmarks: this engine beside the models one would write by hand, in one run, as ratios.

    python benchmarks/run.py            cases S and M, coupling, scale (some minutes)
    python benchmarks/run.py --quick    case S and coupling only

All models play the same business (`rivals.case_s`, `rivals.case_m`). The engine also keeps its full books: by
month, segment, channel, cohort and reason, nominal and discounted. Times are medians; these machines are noisy, so
read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import rivals

from retainsim.calibration import calibrate, solve_lever
from retainsim.draws import Luck
from retainsim.engine import Outcome, replicate
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Change, Parameters, Retention
from retainsim.world import Setup


def parameters(case: rivals.Case, *, months: int = 60, scale: int = 1, closing: bool = False) -> Parameters:
    """Write a case as a scenario."""
    segments = {
        name: {
            "share": case.shares[i],
            "annual_churn": case.annual_churn[i],
            "price": case.price[i],
            "gross_margin": case.gross_margin[i],
            "cost_to_serve": case.cost_to_serve[i],
            "frailty": {"kind": "gamma", "variance": case.frailty_variance},
        }
        for i, name in enumerate(case.segments)
    }
    channel = {
        "joins": float(case.joins_per_month * scale),
        "cost_per_join": case.cost_per_join,
        "mix": dict(zip(case.segments, case.shares, strict=True)),
    }
    return Parameters.model_validate(
        {
            "run": {
                "months": months,
                "discount_rate": case.discount_rate,
                "closing_value": "expected" if closing else "none",
            },
            "pool": {"customers": case.customers * scale, "tenure": "new"},
            "segments": segments,
            "churn": {"calibrate": False, "reasons": dict(zip(case.reasons, case.reason_shares, strict=True))},
            "acquisition": {"all": channel},
        }
    )


def setup(today: Parameters, arm: Arm | None = None, factor: float = 1.0) -> Setup:
    """Make ready one arm."""
    arm = arm or Arm()
    return Setup(today, arm, Timeline(today, arm), calibrate(today).bases, factor)


def timed(play: Callable[[int], object], times: int) -> float:
    """Return the median seconds of `times` plays after one to warm up."""
    play(0)
    seconds = []
    for seed in range(1, times + 1):
        start = time.perf_counter()
        play(seed)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def speed(label: str, case: rivals.Case, naive_times: int) -> None:
    """Time the engine and its rivals on one case."""
    ready = setup(parameters(case))
    engine = timed(lambda seed: replicate(ready, Luck(1, seed)), 9)
    rows = [
        ("retainsim, full books", engine),
        ("numpy month loop, hazards fixed for good", timed(lambda s: rivals.numpy_month_loop(case, s), 9)),
        ("numpy month loop, hazards free to change", timed(lambda s: rivals.numpy_open_loop(case, s), 9)),
        ("naive SimPy, a process per customer", timed(lambda s: rivals.naive_simpy(case, s), naive_times)),
    ]
    print(f"\nCase {label}: {case.customers:,} customers, {case.joins_per_month:,} joins a month, {case.months} months")
    print(f"  {'model':44s} {'seconds':>9s} {'x retainsim':>12s}")
    for name, seconds in rows:
        print(f"  {name:44s} {seconds:9.3f} {seconds / engine:12.2f}")


def agreement(case: rivals.Case, replications: int) -> None:
    """Compare the engine with each rival: pool at the end, leavings, NPV, in standard errors."""
    ready = setup(parameters(case))
    mine = [replicate(ready, Luck(3, seed)) for seed in range(replications)]
    ours = np.array([[o.pool[-1].sum(), o.left.sum(), o.npv_to_horizon] for o in mine], dtype=float)
    print(f"\nAgreement on case S, {replications} replications each (difference in standard errors)")
    print(f"  {'rival':44s} {'pool':>7s} {'left':>7s} {'NPV':>7s}")
    for rival in (rivals.numpy_month_loop, rivals.numpy_open_loop, rivals.naive_simpy):
        theirs = np.array([[o.pool[-1], o.left, o.npv] for o in (rival(case, s) for s in range(replications))])
        gap = ours.mean(axis=0) - theirs.mean(axis=0)
        error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / replications)
        print(f"  {rival.__name__:44s} " + " ".join(f"{z:7.2f}" for z in gap / error))


def npv(outcome: Outcome, closing: bool) -> float:
    """Return the NPV of a replication."""
    return outcome.npv_to_horizon + (float(outcome.closing.sum()) if closing else 0.0)


def coupling(case: rivals.Case, replications: int) -> None:
    """Print variance of the NPV difference, independent over coupled arms."""
    today = parameters(case, closing=True)
    five = Retention(points=5.0)
    factor = solve_lever(today, calibrate(today), five, "benchmark").factor
    joins = Arm(change=[Change(set="acquisition.all.joins", times=1.05)])
    arms = {
        "all hazards x 0.95": setup(today, Arm(retention=Retention(churn=0.95)), 0.95),
        "five points more retention": setup(today, Arm(retention=five), factor),
        "5 % more joins": setup(today, joins),
    }
    base = [replicate(setup(today), Luck(5, r)) for r in range(replications)]
    other = [replicate(setup(today), Luck(6, r)) for r in range(replications)]
    print(f"\nCoupling on case S, {replications} replications: variance of the NPV difference, independent / coupled")
    print(f"  {'arm':44s} {'to horizon':>12s} {'with closing':>12s}")
    for name, ready in arms.items():
        played = [replicate(ready, Luck(5, r)) for r in range(replications)]
        ratios = []
        for closing in (False, True):
            arm, same, free = (np.array([npv(o, closing) for o in x]) for x in (played, base, other))
            ratios.append((arm - free).var(ddof=1) / (arm - same).var(ddof=1))
        print(f"  {name:44s} {ratios[0]:12,.0f} {ratios[1]:12,.0f}")


def scale(customers: int) -> None:
    """Play one large replication in this process and print time and memory (called in a process of its own)."""
    case = rivals.case_m()
    ready = setup(parameters(case, months=120, scale=customers // case.customers))
    start = time.perf_counter()
    outcome = replicate(ready, Luck(1, 0))
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"  {customers:12,} {int(outcome.pool[-1].sum()):12,} {seconds:9.2f} {memory:9.2f}")


def scales() -> None:
    """Print time and memory by size of the pool."""
    print("\nScale: case M scaled, 120 months, one process, one core")
    print(f"  {'opening pool':>12s} {'pool at end':>12s} {'seconds':>9s} {'GB':>9s}", flush=True)
    for size in (20_000, 100_000, 1_000_000):
        subprocess.run([sys.executable, __file__, "--scale", str(size)], check=True)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="case S and coupling only")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.scale:
        scale(arguments.scale)
        return
    speed("S", rivals.case_s(), 3)
    agreement(rivals.case_s(), 20 if arguments.quick else 60)
    coupling(rivals.case_s(), 60 if arguments.quick else 200)
    if not arguments.quick:
        speed("M", rivals.case_m(), 1)
        scales()


if __name__ == "__main__":
    main()
