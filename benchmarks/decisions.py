"""Decisions: how long each question takes on the shipped scenarios, from the command line, in seconds.

python benchmarks/decisions.py              all questions
python benchmarks/decisions.py breakeven    some of them
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def timed(*words: str) -> float:
    """Run a command in an empty folder, without charts, and return its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "retainsim", *words, "--no-charts", "--quiet", "--json"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start


def breakeven() -> float:
    """Seek the advertising that buys what five points of retention give: there is none, which takes longest."""
    words = ("--vary", "acquisition.advertising.spend", "--match", "retention")
    return timed("breakeven", str(SCENARIOS / "five_points.toml"), *words)


QUESTIONS = {"breakeven": breakeven}


def main() -> None:
    """Time what is asked for."""
    for name in sys.argv[1:] or QUESTIONS:
        print(f"{name:16s} {QUESTIONS[name]():8.1f} s", flush=True)


if __name__ == "__main__":
    main()
