"""Benchmarks: this engine beside the models one would write by hand, in one run, as ratios.

    python benchmarks/run.py            cases S and M, coupling, time to verdict, scale (some minutes)
    python benchmarks/run.py --quick    case S, coupling and time to verdict only
    python benchmarks/run.py --write    all of it, also into benchmarks/results.txt, which the README quotes

All models play the same business (`rivals.case_s`, `rivals.case_m`); those in `frameworks` are played where they are
installed. The engine also keeps its full books: by month, segment, channel, cohort and reason, nominal and discounted.
Rivals and engine are timed in turn, in one process on one core, and the fastest of several plays counts, because what
else a machine does only ever adds. Read ratios, not seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import everything
import frameworks
import rivals

from retainsim.calibration import calibrate, solve_lever
from retainsim.draws import Luck
from retainsim.engine import Outcome, replicate
from retainsim.scenario.arms import Timeline
from retainsim.scenario.schema import Arm, Change, Parameters, Retention
from retainsim.world import Setup


def parameters(case: rivals.Case, *, months: int = 60, scale: float = 1.0, closing: bool = False) -> Parameters:
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
            "pool": {"customers": round(case.customers * scale), "tenure": "new"},
            "segments": segments,
            "churn": {"calibrate": False, "reasons": dict(zip(case.reasons, case.reason_shares, strict=True))},
            "acquisition": {"all": channel},
        }
    )


def setup(today: Parameters, arm: Arm | None = None, factor: float = 1.0) -> Setup:
    """Make ready one arm."""
    arm = arm or Arm()
    return Setup(today, arm, Timeline(today, arm), calibrate(today).bases, factor)


def timed(plays: dict[str, Callable[[int], object]], times: dict[str, int]) -> dict[str, float]:
    """Return the least seconds of `times` plays of each, played in turn after one to warm up."""
    least = {}
    for name, play in plays.items():
        if times[name] > 1:
            play(0)
    for seed in range(1, max(times.values()) + 1):
        for name, play in plays.items():
            if seed <= times[name]:
                start = time.perf_counter()
                play(seed)
                least[name] = min(least.get(name, float("inf")), time.perf_counter() - start)
    return least


ENGINE = "retainsim, full books"
NAIVE = "naive SimPy, a process per customer"
LOOPS = {
    "numpy month loop, hazards fixed for good": rivals.numpy_month_loop,
    "numpy month loop, hazards free to change": rivals.numpy_open_loop,
}
FRAMES = {
    "mesa": "Mesa, an agent per customer, monthly",
    "starsim": "Starsim, arrays, monthly",
    "numba": "event loop compiled by numba, no books",
}


def speed(label: str, case: rivals.Case, naive_times: int) -> float:
    """Time the engine and its rivals on one case; return how many times as long the naive model takes."""
    ready = setup(parameters(case))
    plays: dict[str, Callable[[int], object]] = {ENGINE: lambda seed: replicate(ready, Luck(1, seed))}
    plays |= {name: partial(loop, case) for name, loop in LOOPS.items()}
    plays |= {FRAMES[name]: partial(frameworks.play, name, case) for name in frameworks.installed()}
    plays[NAIVE] = partial(rivals.naive_simpy, case)
    slow = {NAIVE: naive_times, FRAMES["mesa"]: naive_times, FRAMES["starsim"]: max(2, naive_times)}
    seconds = timed(plays, {name: slow.get(name, 15) for name in plays})
    print(f"\nCase {label}: {case.customers:,} customers, {case.joins_per_month:,} joins a month, {case.months} months")
    print(f"  {'model':44s} {'seconds':>9s} {'x retainsim':>12s}")
    for name in plays:
        print(f"  {name:44s} {seconds[name]:9.4f} {seconds[name] / seconds[ENGINE]:12.2f}")
    for name in FRAMES.keys() - frameworks.installed():
        print(f"  {FRAMES[name]:44s} not installed: pip install {name}")
    return seconds[NAIVE] / seconds[ENGINE]


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


def coupling(case: rivals.Case, replications: int, faster: float) -> None:
    """Print variance of the NPV difference, independent over coupled arms, and the time to a verdict.

    To tell an arm from the baseline to the same width, independent runs need as many times the replications as their
    variance is larger, and a model that is slower takes as many times longer for each.
    """
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
    print(f"\nCoupling on case S, {replications} replications: variance of the NPV difference, independent / coupled,")
    print(f"and time to the same verdict: that x {faster:.1f}, the naive SimPy model's time / retainsim's")
    print(f"  {'':30s} {'to horizon':^27s} {'with closing':^27s}")
    print(f"  {'arm':30s}" + f" {'variance':>13s} {'time':>13s}" * 2)
    for name, ready in arms.items():
        played = [replicate(ready, Luck(5, r)) for r in range(replications)]
        ratios = []
        for closing in (False, True):
            arm, same, free = (np.array([npv(o, closing) for o in x]) for x in (played, base, other))
            ratios.append((arm - free).var(ddof=1) / (arm - same).var(ddof=1))
        print(f"  {name:30s}" + "".join(f" {ratio:13,.0f} {ratio * faster:13,.0f}" for ratio in ratios))


def scale(customers: int) -> None:
    """Play one large replication in this process and print time and memory (called in a process of its own)."""
    case = rivals.case_m()
    ready = setup(parameters(case, months=120, scale=customers / case.customers))
    start = time.perf_counter()
    outcome = replicate(ready, Luck(1, 0))
    seconds = time.perf_counter() - start
    print(f"  {customers:12,} {int(outcome.pool[-1].sum()):12,} {seconds:9.2f} {_gigabytes():9.2f}")


def scale_everything(customers: int) -> None:
    """Play everything.toml with a larger pool in this process and print time and memory."""
    today = everything.scaled(customers)
    ready = Setup(today, Arm(), Timeline(today, Arm()), calibrate(today).bases)
    start = time.perf_counter()
    outcome = replicate(ready, Luck(1, 0))
    seconds = time.perf_counter() - start
    print(f"  {customers:12,} {int(outcome.pool[-1].sum()):12,} {seconds:9.2f} {_gigabytes():9.2f}")


def _gigabytes() -> float:
    """Return the most memory this process has held; a child's own `ru_maxrss` would start at its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def scales() -> None:
    """Print time and memory by size of the pool."""
    head = f"  {'opening pool':>12s} {'pool at end':>12s} {'seconds':>9s} {'GB':>9s}"
    print(f"\nScale: case M scaled, 120 months, one replication, one core\n{head}")
    for size in (1_000, 10_000, 100_000, 1_000_000):
        _alone("--scale", size)
    print(f"\nScale: everything.toml, every mechanism on, 60 months, one replication, one core\n{head}")
    for size in (10_000, 200_000):
        _alone("--scale-everything", size)


def _alone(flag: str, size: int) -> None:
    """Run this file again for one measurement, so that its memory is its own."""
    done = subprocess.run([sys.executable, __file__, flag, str(size)], check=True, capture_output=True, text=True)
    print(done.stdout, end="")


def jobs() -> None:
    """Print how time falls with processes, replications of case S spread over them."""
    from retainsim import run
    from retainsim.scenario import load

    scenario = load(Path(__file__).parents[1] / "scenarios" / "five_points.toml")
    print(f"\nProcesses: five_points.toml, {_MANY} replications of {len(scenario.arms)} arms, {os.cpu_count()} cores")
    print(f"  {'jobs':>12s} {'seconds':>9s} {'x faster':>9s}")
    first = 0.0
    for number in (1, 2):
        run(scenario, replications=4, jobs=number)  # starts the processes and calibrates
        start = time.perf_counter()
        run(scenario, replications=_MANY, jobs=number)
        seconds = time.perf_counter() - start
        first = first or seconds
        print(f"  {number:12d} {seconds:9.2f} {first / seconds:9.2f}")


_MANY = 60


def measure(*, quick: bool) -> None:
    """Run the benchmarks and print their tables."""
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores")
    faster = speed("S", rivals.case_s(), 3)
    agreement(rivals.case_s(), 20 if quick else 60)
    coupling(rivals.case_s(), 60 if quick else 200, faster)
    if not quick:
        speed("M", rivals.case_m(), 1)
        scales()
        jobs()


class _Copy(io.StringIO):
    """Keeps what is printed and shows it."""

    def write(self, text: str) -> int:
        sys.__stdout__.write(text)  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]
        return super().write(text)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="case S, coupling and time to verdict only")
    parser.add_argument("--write", action="store_true", help="also write benchmarks/results.txt")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--scale-everything", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.scale:
        scale(arguments.scale)
    elif arguments.scale_everything:
        scale_everything(arguments.scale_everything)
    elif arguments.write:
        with contextlib.redirect_stdout(_Copy()) as copy:
            measure(quick=arguments.quick)
        (Path(__file__).parent / "results.txt").write_text(copy.getvalue(), encoding="utf-8")
    else:
        measure(quick=arguments.quick)


if __name__ == "__main__":
    main()
