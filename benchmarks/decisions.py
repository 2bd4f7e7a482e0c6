"""Decisions: how long the questions take that are asked as commands, in processes of their own, start-up included.

python benchmarks/decisions.py [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def timed(*words: str) -> float:
    """Return the seconds that a command takes in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "retainsim", *words, "--quiet"], cwd=folder, check=True, capture_output=True
        )
        return time.perf_counter() - start


def isoprofit() -> tuple[float, float]:
    """The iso-profit map, 9 x 9."""
    return timed("sweep", str(SCENARIOS / "five_points.toml"), "--map", "--arm", "retention"), 120.0


def optimise() -> tuple[float, float]:
    """The best spend on advertising; no bar is set."""
    lever = "acquisition.advertising.spend=9000:90000"
    return timed("optimise", str(SCENARIOS / "five_points.toml"), "--vary", lever), float("inf")


QUESTIONS = {"isoprofit": isoprofit, "optimise": optimise}


def main() -> None:
    """Time the questions named, or all of them."""
    for name in sys.argv[1:] or QUESTIONS:
        seconds, bar = QUESTIONS[name]()
        print(f"{name:12} {seconds:6.1f} s (bar: {bar:.0f} s)")


if __name__ == "__main__":
    main()
